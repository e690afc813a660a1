//! What changes while people talk.

use std::thread;
use std::time::Duration;

use aldis_netlab::{Direction, Lab, Nat};
use anyhow::{Result, ensure};

use crate::sockets::{at, bind, bind6, hear, reaches, seen, send_until_heard, until};

#[test]
fn a_cut_loses_everything_until_it_is_restored() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (server, home) = (
        lab.public("server")?,
        lab.site("home", Nat::PortRestricted)?,
    );
    let (there, inside) = (bind(server.host())?, bind(home.host())?);
    let address = at(server.host(), &there)?;
    let mapped = seen(&inside, &there, address)?;
    home.link().cut();
    inside.send_to(b"lost", address)?;
    there.send_to(b"lost", mapped)?;
    until("both are lost", || {
        let lost = |direction| home.link().tally(direction).cut;
        lost(Direction::Up) == 1 && lost(Direction::Down) == 1
    })?;
    home.link().restore();
    inside.send_to(b"after", address)?;
    ensure!(
        hear(&there)? == ("after".to_owned(), mapped),
        "the same mapping"
    );
    there.send_to(b"back", mapped)?;
    ensure!(hear(&inside)?.0 == "back");

    let pause = Duration::from_millis(200);
    home.link().cut_for(pause);
    let (_, took) = send_until_heard(&inside, &there, address)?;
    ensure!(took + Duration::from_millis(5) > pause, "{took:?}");
    Ok(())
}

#[test]
fn a_nat_that_forgets_lets_nobody_in_until_somebody_sends() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let server = lab.public("server")?;
    let friend = bind(server.host())?;
    let address = at(server.host(), &friend)?;
    for nat in [
        Nat::FullCone,
        Nat::AddressRestricted,
        Nat::PortRestricted,
        Nat::Symmetric,
    ] {
        let home = lab.site("home", nat)?;
        let inside = bind(home.host())?;
        let mapped = seen(&inside, &friend, address)?;
        home.router().forget_mappings()?;
        let before = home.link().tally(Direction::Down).packets_out;
        friend.send_to(b"forgotten", mapped)?;
        until("it is at the router", || {
            home.link().tally(Direction::Down).packets_out > before
        })?;
        let again = seen(&inside, &friend, address)?;
        ensure!(
            (again == mapped) == (nat != Nat::Symmetric),
            "{nat:?}: {mapped}, {again}"
        );
        friend.send_to(b"known again", again)?;
        ensure!(hear(&inside)?.0 == "known again", "{nat:?}");
    }
    Ok(())
}

#[test]
fn a_mapping_that_is_silent_for_too_long_is_gone() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (server, home) = (lab.public("server")?, lab.site("home", Nat::Symmetric)?);
    home.router().set_mapping_lifetime(Duration::from_secs(1))?;
    let (there, inside) = (bind(server.host())?, bind(home.host())?);
    let address = at(server.host(), &there)?;
    let mapped = seen(&inside, &there, address)?;
    // Not to wait for something: the silence is what is tried.
    thread::sleep(Duration::from_millis(1_500));
    ensure!(seen(&inside, &there, address)? != mapped, "a new mapping");
    Ok(())
}

#[test]
fn a_site_gets_another_address() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (server, other) = (lab.public("server")?, lab.public("other")?);
    let home = lab.site("home", Nat::PortRestricted.and_ipv6())?;
    let laptop = home.add_host("laptop")?;
    let (there, stranger) = (bind(server.host())?, bind(other.host())?);
    let there6 = bind6(server.host())?;
    let address = at(server.host(), &there)?;
    let (inside, six) = (bind(home.host())?, bind6(&laptop)?);
    let before = seen(&inside, &there, address)?;
    let before6 = seen(&six, &there6, at(server.host(), &there6)?)?;
    home.renumber()?;
    let after = seen(&inside, &there, address)?;
    ensure!(after.ip() != before.ip() && after.ip() == home.public_address());
    ensure!(!reaches(home.link(), &inside, after, &there, &stranger)?);
    let after6 = seen(&six, &there6, at(server.host(), &there6)?)?;
    ensure!(after6.ip() != before6.ip() && Some(after6) == at(&laptop, &six).ok());

    // A server moves, too.
    let old = server.address();
    server.renumber()?;
    ensure!(server.address() != old);
    seen(&inside, &there, at(server.host(), &there)?)?;
    Ok(())
}

#[test]
fn a_computer_is_carried_to_another_network_and_its_sockets_live() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let server = lab.public("server")?;
    let (home, hotel) = (
        lab.site("home", Nat::PortRestricted)?,
        lab.site("hotel", Nat::Symmetric)?,
    );
    let laptop = home.add_host("laptop")?;
    let (there, inside) = (bind(server.host())?, bind(&laptop)?);
    let address = at(server.host(), &there)?;
    let before = seen(&inside, &there, address)?;
    ensure!(before.ip() == home.public_address());
    laptop.move_to(&hotel)?;
    let (after, took) = send_until_heard(&inside, &there, address)?;
    ensure!(after.ip() == hotel.public_address(), "{after}");
    ensure!(took < Duration::from_secs(2), "{took:?}");
    there.send_to(b"back", after)?;
    ensure!(hear(&inside)?.0 == "back");
    laptop.move_to(&home)?;
    let (back, _) = send_until_heard(&inside, &there, address)?;
    ensure!(back.ip() == home.public_address());
    Ok(())
}
