//! A customer's laptop that is closed in the middle of a session and opened again.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it sleeps in real time, and how long it took is told"
)]

use std::thread;
use std::time::{Duration, Instant};

use aldis_host::Stage;
use aldis_links::{BLUE, GREEN, Painter, Scene, play};
use aldis_netlab::{Lab, Nat, Site};
use aldis_viewer::{Kind, SessionStage};
use anyhow::{Result, bail, ensure};

/// Longer than connections, and than a router remembers who has sent.
const ASLEEP: Duration = Duration::from_secs(40);

/// Longer than that a person does not wait for his supporter.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_laptop_that_slept_goes_on_with_its_session() -> Result<()> {
    let name = "a_laptop_that_slept_goes_on_with_its_session";
    play(name, |lab, painter| sleeps(lab, painter, |_home| Ok(())))
}

#[test]
fn a_laptop_that_wakes_up_in_another_network_goes_on_with_its_session() -> Result<()> {
    let name = "a_laptop_that_wakes_up_in_another_network_goes_on_with_its_session";
    play(name, |lab, painter| {
        let cafe = lab.site("cafe", Nat::PortRestricted)?;
        sleeps(lab, painter, |home| home.host().move_to(&cafe))
    })
}

fn sleeps(lab: &Lab, painter: &Painter, meanwhile: impl Fn(&Site) -> Result<()>) -> Result<()> {
    let home = lab.site("home", Nat::PortRestricted)?;
    let shop = lab.site("shop", Nat::PortRestricted)?;
    let scene = Scene::begin(lab, painter, &home, &shop)?;
    let supporter = &scene.supporter;
    supporter.until_kind("a straight way", Kind::is_direct)?;
    let before = since(&scene)?;

    let asleep = scene.customer.runtime.freeze();
    let closed = Instant::now();
    meanwhile(&home)?;
    supporter.until_session("the word that he is cut off", |session| {
        session.stage == SessionStage::Returning
    })?;
    thread::sleep(ASLEEP.saturating_sub(closed.elapsed()));
    painter.fill_all(BLUE)?;
    let opened = Instant::now();
    drop(asleep);

    let seen = supporter.until_seen("the picture", aldis_links::shows(BLUE))?;
    println!("seen {} ms after waking up", (seen - opened).as_millis());
    ensure!(seen - opened < SOON);
    supporter.until_live()?;
    scene.sees(painter, GREEN)?;
    // The same session, and nobody was asked anything.
    ensure!(since(&scene)? == before);
    scene.customer.until("the supporter to be back", |view| {
        matches!(&view.stage, Stage::Live { people, .. } if people.iter().all(|it| !it.away))
    })?;
    supporter.until_kind("a straight way again", Kind::is_direct)
}

/// Since when the session runs.
fn since(scene: &Scene) -> Result<u64> {
    match scene.customer.view().stage {
        Stage::Live { since_unix, .. } => Ok(since_unix),
        other => bail!("no session: {other:?}"),
    }
}
