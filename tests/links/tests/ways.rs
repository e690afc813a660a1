//! How sessions come about, move and come back, in real networks.

#![expect(clippy::disallowed_methods, reason = "packets travel in real time")]

use std::time::{Duration, Instant};

use aldis_host::Stage;
use aldis_links::{BLUE, GREEN, Scene, play, shows};
use aldis_netlab::Nat;
use aldis_viewer::{Kind, SessionStage};
use aldis_wire::input::{Input, Key, NamedKey};
use anyhow::{Context as _, Result, ensure};

#[test]
fn behind_two_home_routers_a_session_begins_on_the_relay_and_moves_to_a_straight_way() -> Result<()>
{
    let name = "behind_two_home_routers_a_session_begins_on_the_relay_and_moves_to_a_straight_way";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::PortRestricted)?;
        let shop = lab.site("shop", Nat::PortRestricted)?;
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        scene
            .supporter
            .until_kind("a straight way", Kind::is_direct)?;
        scene.sees(painter, BLUE)?;
        ensure!(scene.supporter.kind() == Some(Kind::Direct));
        Ok(())
    })
}

#[test]
fn behind_two_symmetric_routers_a_session_stays_on_the_relay() -> Result<()> {
    let name = "behind_two_symmetric_routers_a_session_stays_on_the_relay";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::Symmetric)?;
        let shop = lab.site("shop", Nat::Symmetric)?;
        let mut scene = Scene::begin(lab, painter, &home, &shop)?;
        scene.sees(painter, BLUE)?;
        ensure!(scene.supporter.kind() == Some(Kind::Relay));
        // The relay dies with its server, and both come back.
        scene.office.kill();
        scene.office.start_again()?;
        scene.sees(painter, GREEN)?;
        ensure!(matches!(scene.customer.view().stage, Stage::Live { .. }));
        Ok(())
    })
}

#[test]
fn a_server_that_is_gone_ends_no_session_that_goes_straight() -> Result<()> {
    let name = "a_server_that_is_gone_ends_no_session_that_goes_straight";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::PortRestricted)?;
        let shop = lab.site("shop", Nat::PortRestricted)?;
        let mut scene = Scene::begin(lab, painter, &home, &shop)?;
        scene
            .supporter
            .until_kind("a straight way", Kind::is_direct)?;
        scene.office.kill();
        scene.sees(painter, BLUE)?;
        Ok(())
    })
}

#[test]
fn a_relay_that_dies_again_and_again_takes_no_session_with_it() -> Result<()> {
    let name = "a_relay_that_dies_again_and_again_takes_no_session_with_it";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::Symmetric)?;
        let shop = lab.site("shop", Nat::Symmetric)?;
        let mut scene = Scene::begin(lab, painter, &home, &shop)?;
        for (away, colour) in [0, 300, 800, 1600, 2400, 3200]
            .into_iter()
            .zip([BLUE, GREEN].into_iter().cycle())
        {
            scene.office.kill();
            std::thread::sleep(Duration::from_millis(away));
            scene.office.start_again()?;
            let took = scene.sees(painter, colour)?;
            println!("away for {away} ms, seen {} ms later", took.as_millis());
            ensure!(
                took < Duration::from_secs(10),
                "away for {away} ms: {took:?}"
            );
            scene.supporter.until_live()?;
            scene.customer.until("the supporter to be there", |view| {
                matches!(&view.stage, Stage::Live { people, .. } if people.iter().all(|it| !it.away))
            })?;
        }
        Ok(())
    })
}

#[test]
fn a_session_comes_back_by_itself_after_a_long_cut() -> Result<()> {
    let name = "a_session_comes_back_by_itself_after_a_long_cut";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::PortRestricted)?;
        let shop = lab.site("shop", Nat::PortRestricted)?;
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        scene
            .supporter
            .until_kind("a straight way", Kind::is_direct)?;
        home.link().cut();
        painter.fill_all(BLUE)?;
        scene
            .supporter
            .until_session("the word that it is cut off", |session| {
                session.stage == SessionStage::Returning
            })?;
        scene
            .customer
            .until("the supporter to be missed", |view| match &view.stage {
                Stage::Live { people, .. } => people.iter().all(|person| person.away),
                _ => false,
            })?;
        let start = Instant::now();
        home.link().restore();
        let seen = scene.supporter.until_seen("the picture", shows(BLUE))?;
        println!("seen {} ms after the cut", (seen - start).as_millis());
        scene.supporter.until_live()?;
        scene.sees(painter, GREEN)?;
        let stage = scene.customer.view().stage;
        ensure!(
            matches!(&stage, Stage::Live { people, .. } if !people[0].away),
            "{stage:?}"
        );
        Ok(())
    })
}

#[test]
fn a_customer_whose_address_changes_is_followed() -> Result<()> {
    let name = "a_customer_whose_address_changes_is_followed";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::PortRestricted)?;
        let shop = lab.site("shop", Nat::PortRestricted)?;
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        scene
            .supporter
            .until_kind("a straight way", Kind::is_direct)?;
        home.renumber().context("another address")?;
        let took = scene.sees(painter, BLUE)?;
        println!("seen {} ms after the change", took.as_millis());
        Ok(())
    })
}

#[test]
fn a_key_that_is_held_when_the_link_dies_is_let_go_and_not_pressed_again() -> Result<()> {
    let name = "a_key_that_is_held_when_the_link_dies_is_let_go_and_not_pressed_again";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::PortRestricted)?;
        let shop = lab.site("shop", Nat::PortRestricted)?;
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        scene
            .supporter
            .until_kind("a straight way", Kind::is_direct)?;
        let shift = |pressed| Input::Key {
            key: Key::Named(NamedKey::Shift),
            pressed,
        };
        scene.supporter.input(shift(true));
        painter.until_key(true)?;
        // As long as the link lives, it stays down.
        std::thread::sleep(Duration::from_secs(5));
        ensure!(painter.keys()? == (0, 0), "let go of a key that is held");
        home.link().cut();
        // What he does before anybody can know of it is not done later, either.
        for pressed in [true, false, true, false] {
            scene.supporter.input(shift(pressed));
        }
        painter.until_key(false)?;
        // What he did while he was cut off is not done later.
        scene
            .supporter
            .until_session("the word that it is cut off", |session| {
                session.stage == SessionStage::Returning
            })?;
        scene.supporter.input(shift(false));
        for pressed in [true, false] {
            scene.supporter.input(shift(pressed));
        }
        home.link().restore();
        scene.supporter.until_live()?;
        scene.sees(painter, BLUE)?;
        ensure!(painter.keys()? == (0, 0), "keys of the past");
        for pressed in [true, false] {
            scene.supporter.input(shift(pressed));
            painter.until_key(pressed)?;
        }
        Ok(())
    })
}
