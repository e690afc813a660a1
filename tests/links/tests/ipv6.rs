//! Customers whose network has IPv6 and nothing else, at a server that has both.

use aldis_links::{BLUE, GREEN, Office, Scene, play};
use aldis_netlab::{Firewall, Nat, Plan};
use aldis_viewer::Kind;
use anyhow::{Result, ensure};

#[test]
fn who_has_only_ipv4_helps_a_customer_with_only_ipv6_through_the_relay() -> Result<()> {
    let name = "who_has_only_ipv4_helps_a_customer_with_only_ipv6_through_the_relay";
    play(name, |lab, painter| {
        let home = lab.site("home", Plan::ONLY_IPV6)?;
        let shop = lab.site("shop", Nat::PortRestricted)?;
        let office = Office::open(lab.public("server")?)?;
        let theirs = office.name_over_ipv6()?;
        let mut scene = Scene::begin_by(office, painter, (&home, &theirs), &shop)?;
        scene.sees(painter, BLUE)?;
        ensure!(scene.supporter.kind() == Some(Kind::Relay));
        // The relay finds both again.
        scene.office.kill();
        scene.office.start_again()?;
        scene.sees(painter, GREEN)?;
        Ok(())
    })
}

#[test]
fn who_has_both_reaches_a_customer_with_only_ipv6_directly() -> Result<()> {
    let name = "who_has_both_reaches_a_customer_with_only_ipv6_directly";
    play(name, |lab, painter| {
        let home = lab.site("home", Plan::ONLY_IPV6)?;
        // Over IPv4 nobody would find him.
        let shop = lab.site("shop", Nat::Symmetric.and_ipv6())?;
        let office = Office::open(lab.public("server")?)?;
        let theirs = office.name_over_ipv6()?;
        let scene = Scene::begin_by(office, painter, (&home, &theirs), &shop)?;
        scene
            .supporter
            .until_kind("a straight way", Kind::is_direct)?;
        scene.sees(painter, BLUE)?;
        ensure!(scene.supporter.kind() == Some(Kind::Direct));
        Ok(())
    })
}

#[test]
fn between_two_symmetric_routers_ipv6_is_the_straight_way() -> Result<()> {
    let name = "between_two_symmetric_routers_ipv6_is_the_straight_way";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::Symmetric.and_ipv6())?;
        let shop = lab.site("shop", Nat::Symmetric.and_ipv6())?;
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        scene
            .supporter
            .until_kind("a straight way", Kind::is_direct)?;
        let tried = scene.supporter.tried();
        let up = tried
            .iter()
            .find(|it| it.kind == Kind::Direct && it.after.is_some());
        // Whoever was dialled may have been quicker; then nothing of ours was up.
        let is_ipv6 = up.and_then(|it| it.at).is_none_or(|at| at.is_ipv6());
        ensure!(is_ipv6, "{tried:?}");
        scene.sees(painter, BLUE)?;
        Ok(())
    })
}

#[test]
fn where_only_ipv6_is_there_and_udp_is_blocked_tcp_carries_the_session() -> Result<()> {
    let name = "where_only_ipv6_is_there_and_udp_is_blocked_tcp_carries_the_session";
    play(name, |lab, painter| {
        let home = lab.site("home", Plan::ONLY_IPV6)?;
        home.router().set_firewall(&Firewall::NoUdp)?;
        let shop = lab.site("shop", Nat::PortRestricted)?;
        let office = Office::open(lab.public("server")?)?;
        let theirs = office.name_over_ipv6()?;
        let scene = Scene::begin_by(office, painter, (&home, &theirs), &shop)?;
        scene.sees(painter, BLUE)?;
        Ok(())
    })
}
