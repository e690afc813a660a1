//! Each NAT maps and filters as it is named.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use aldis_netlab::{Firewall, Lab, Nat, Plan, Site};
use anyhow::{Context as _, Result, ensure};

use crate::sockets::{LIMIT, at, bind, bind6, hear, reaches, seen, until};

/// What a NAT does, as seen from outside.
#[derive(Debug, PartialEq, Eq)]
struct Behaviour {
    /// Two servers see the same port.
    one_mapping: bool,
    /// Somebody who was never asked is let in.
    any_address: bool,
    /// Another port of an address that was asked is let in.
    any_port: bool,
}

fn behaviour(site: &Site, servers: [&Site; 3]) -> Result<Behaviour> {
    let inside = bind(site.host())?;
    let [one, two, never] = servers;
    let (first, other_port) = (bind(one.host())?, bind(one.host())?);
    let (second, stranger) = (bind(two.host())?, bind(never.host())?);
    let mapped = seen(&inside, &first, at(one.host(), &first)?)?;
    let elsewhere = seen(&inside, &second, at(two.host(), &second)?)?;
    ensure!(
        mapped.ip() == site.public_address() && elsewhere.ip() == mapped.ip(),
        "{mapped} is not {}",
        site.public_address()
    );
    let reaches = |who| reaches(site.link(), &inside, mapped, &first, who);
    Ok(Behaviour {
        one_mapping: mapped == elsewhere,
        any_address: reaches(&stranger)?,
        any_port: reaches(&other_port)?,
    })
}

#[test]
fn every_nat_behaves_as_it_is_named() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let [one, two, never] = ["one", "two", "never"].map(|name| lab.public(name));
    let (one, two, never) = (one?, two?, never?);
    for nat in Nat::ALL {
        let site = lab.site("home", nat)?;
        let (one_mapping, any_address, any_port) = match nat {
            Nat::Open | Nat::FullCone => (true, true, true),
            Nat::AddressRestricted => (true, false, true),
            Nat::PortRestricted => (true, false, false),
            Nat::Symmetric => (false, false, false),
        };
        let wanted = Behaviour {
            one_mapping,
            any_address,
            any_port,
        };
        assert_eq!(behaviour(&site, [&one, &two, &never])?, wanted, "{nat:?}");
    }
    Ok(())
}

#[test]
fn a_packet_that_comes_too_early_does_not_spoil_the_port() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (left, right) = (
        lab.site("left", Nat::PortRestricted)?,
        lab.site("right", Nat::PortRestricted)?,
    );
    let (server, one, two) = (
        lab.public("server")?,
        bind(left.host())?,
        bind(right.host())?,
    );
    let asked = bind(server.host())?;
    let address = at(server.host(), &asked)?;
    let (one_at, two_at) = (seen(&one, &asked, address)?, seen(&two, &asked, address)?);
    // The left one's punch comes to a door that is still closed; the right one's opens both.
    let before = right
        .link()
        .tally(aldis_netlab::Direction::Down)
        .packets_out;
    one.send_to(b"punch", two_at)?;
    until("the punch is at the right one's router", || {
        right
            .link()
            .tally(aldis_netlab::Direction::Down)
            .packets_out
            > before
    })?;
    ensure!(seen(&two, &one, one_at)? == two_at, "through the same port");
    ensure!(seen(&one, &two, two_at)? == one_at, "and back");
    Ok(())
}

#[test]
fn sites_of_one_carrier_share_an_address_and_two_nats_are_as_strict_as_the_stricter() -> Result<()>
{
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let carrier = lab.carrier("carrier", Nat::Symmetric)?;
    let [one, two] = ["one", "two"].map(|name| carrier.site(name, Nat::FullCone));
    let (one, two) = (one?, two?);
    let (server, other) = (lab.public("server")?, lab.public("other")?);
    let (here, there) = (bind(server.host())?, bind(other.host())?);
    let (at_here, at_there) = (at(server.host(), &here)?, at(other.host(), &there)?);
    let (first, second) = (bind(one.host())?, bind(two.host())?);
    let first_at = seen(&first, &here, at_here)?;
    let second_at = seen(&second, &here, at_here)?;
    ensure!(first_at.ip() == carrier.router().address());
    ensure!(first_at.ip() == second_at.ip() && first_at != second_at);
    ensure!(seen(&first, &there, at_there)? != first_at, "symmetric");
    ensure!(one.public_address() != two.public_address() && first_at.ip() != one.public_address());

    let landlord = lab.carrier("landlord", Nat::PortRestricted)?;
    let flat = landlord.site("flat", Nat::PortRestricted)?;
    let inside = bind(flat.host())?;
    let mapped = seen(&inside, &here, at_here)?;
    ensure!(mapped.ip() == landlord.router().address());
    ensure!(
        seen(&inside, &there, at_there)? == mapped,
        "one mapping through two cones"
    );
    let stranger = bind(other.host())?;
    let link = landlord.router().link();
    ensure!(!reaches(link, &inside, mapped, &here, &stranger)?);
    Ok(())
}

#[test]
fn computers_of_one_home_meet_without_the_router() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let home = lab.site("home", Nat::PortRestricted)?;
    let laptop = home.add_host("laptop")?;
    home.link().cut();
    home.router().set_firewall(&Firewall::NoUdp)?;
    let (one, two) = (bind(home.host())?, bind(&laptop)?);
    let peer = seen(&one, &two, at(&laptop, &two)?)?;
    ensure!(peer == at(home.host(), &one)?, "{peer}");
    // Another home has the same addresses, and they are not these computers.
    let other = lab.site("other", Nat::PortRestricted)?;
    ensure!(other.address() == home.address());
    Ok(())
}

#[test]
fn firewalls_let_through_what_they_say() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (server, office) = (
        lab.public("server")?,
        lab.site("office", Nat::PortRestricted)?,
    );
    let [web, other] = [443, 4_747].map(|port| server.run(|| TcpListener::bind(("0.0.0.0", port))));
    let (web, other) = (web??, other??);
    let (udp, blocked) = (bind(server.host())?, bind(server.host())?);
    let (udp_at, blocked_at) = (at(server.host(), &udp)?, at(server.host(), &blocked)?);
    let socket = bind(office.host())?;
    let firewall = |it| office.router().set_firewall(&it);
    seen(&socket, &udp, udp_at)?;

    // P is open, P+1 is not: what was sent first would have come first.
    firewall(Firewall::NoUdpTo(vec![blocked_at.port()]))?;
    socket.send_to(b"lost", blocked_at)?;
    let mapped = seen(&socket, &udp, udp_at)?;
    socket.send_to(b"lost", blocked_at)?;
    firewall(Firewall::Open)?;
    ensure!(seen(&socket, &blocked, blocked_at)? == mapped);

    // Not even a mapping that lives helps, in either direction.
    firewall(Firewall::NoUdp)?;
    let before = office
        .link()
        .tally(aldis_netlab::Direction::Down)
        .packets_out;
    socket.send_to(b"lost", udp_at)?;
    udp.send_to(b"lost", mapped)?;
    until("the packet is at the router", || {
        office
            .link()
            .tally(aldis_netlab::Direction::Down)
            .packets_out
            > before
    })?;
    talk(&office, &web, (server.address(), 443).into())?;
    talk(&office, &other, (server.address(), 4_747).into())?;

    firewall(Firewall::OnlyTcpTo(vec![443]))?;
    talk(&office, &web, (server.address(), 443).into())?;
    socket.send_to(b"lost", udp_at)?;
    let closed = (server.address(), 4_747).into();
    let short = std::time::Duration::from_millis(300);
    let refused = office.run(|| TcpStream::connect_timeout(&closed, short))?;
    ensure!(refused.is_err(), "only 443 is open");

    firewall(Firewall::Open)?;
    seen(&socket, &udp, udp_at)?;
    udp.send_to(b"first", mapped)?;
    ensure!(
        hear(&socket)?.0 == "first",
        "nothing came through meanwhile"
    );
    Ok(())
}

#[test]
fn ipv6_has_no_nat_and_a_site_may_have_it_alone() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (server, other) = (lab.public("server")?, lab.public("other")?);
    let (home, mobile) = (
        lab.site("home", Nat::PortRestricted.and_ipv6())?,
        lab.site("mobile", Plan::ONLY_IPV6)?,
    );
    let flat = lab
        .carrier("carrier", Nat::Symmetric)?
        .site("flat", Nat::PortRestricted.and_ipv6())?;
    let (asked, stranger) = (bind6(server.host())?, bind6(other.host())?);
    let address = at(server.host(), &asked)?;
    for site in [&home, &mobile, &flat] {
        let inside = bind6(site.host())?;
        let mapped = seen(&inside, &asked, address)?;
        ensure!(mapped == at(site.host(), &inside)?, "its own address");
        ensure!(!reaches(site.link(), &inside, mapped, &asked, &stranger)?);
    }
    ensure!(mobile.host().ipv4().is_none() && mobile.address().is_ipv6());
    let (one, two) = (bind6(home.host())?, bind6(mobile.host())?);
    // Both must have asked before either is heard.
    one.send_to(b"punch", at(mobile.host(), &two)?)?;
    seen(&two, &one, at(home.host(), &one)?)?;
    let socket = mobile.run(|| std::net::UdpSocket::bind("0.0.0.0:0"))??;
    ensure!(
        socket
            .send_to(b"no way", (server.public_address(), 9))
            .is_err()
    );
    Ok(())
}

/// A word there and back over TCP.
fn talk(site: &Site, listener: &TcpListener, address: SocketAddr) -> Result<()> {
    let mut out = site
        .run(|| TcpStream::connect_timeout(&address, LIMIT))?
        .context("over TCP")?;
    let (mut there, _) = listener.accept()?;
    there.write_all(b"hello")?;
    let mut word = [0; 5];
    out.read_exact(&mut word)?;
    ensure!(&word == b"hello");
    Ok(())
}
