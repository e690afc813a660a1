//! What `aldis doctor` makes of real networks.

#![expect(clippy::disallowed_methods, reason = "packets travel in real time")]

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_link::doctor::{Finding, examine};
use aldis_link::outlook::{Blocked, Direct, Nothing, Outlook, Relayed, Shown};
use aldis_link::{Identity, Mapping, Node};
use aldis_links::Office;
use aldis_netlab::{Firewall, Lab, Nat, Plan, Site, Unavailable};
use aldis_trust::ServerName;
use anyhow::{Context as _, Result, ensure};

/// What `aldis doctor` promises.
const LIMIT: Duration = Duration::from_secs(15);

/// What is found out from this site, and what follows.
fn examined(site: &Site, server: &ServerName) -> Result<(Vec<Finding>, Outlook)> {
    let start = Instant::now();
    let (findings, outlook) = site.runtime()?.block_on(async {
        let mut findings = Vec::new();
        let node = Node::bind_any(Arc::new(Identity::generate()?))?;
        let outlook = examine(&node, server, |finding| findings.push(finding)).await;
        anyhow::Ok((findings, outlook))
    })?;
    ensure!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
    Ok((findings, outlook))
}

/// Checks what follows at a site with this router and firewall.
fn follows(lab: &Lab, office: &Office, nat: Nat, firewall: &Firewall, is: Outlook) -> Result<()> {
    let site = lab.site("site", nat)?;
    site.router().set_firewall(firewall)?;
    let (findings, outlook) = examined(&site, &office.name)?;
    ensure!(
        outlook == is,
        "{nat:?}, {firewall:?}: {outlook:?} of {findings:#?}"
    );
    Ok(())
}

#[test]
fn every_kind_of_network_is_told_from_the_others() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let office = Office::open_with(lab.public("server")?, &[443])?;
    let open = Firewall::Open;
    for (nat, firewall, outlook) in [
        (Nat::Open, &open, Outlook::Direct(Direct::Public)),
        (Nat::FullCone, &open, Outlook::Direct(Direct::OnePort)),
        (Nat::PortRestricted, &open, Outlook::Direct(Direct::OnePort)),
        (Nat::Symmetric, &open, Outlook::Relay(Relayed::ManyPorts)),
        (
            Nat::PortRestricted,
            &Firewall::NoUdp,
            Outlook::Tcp(Blocked::NoUdp),
        ),
        (
            Nat::PortRestricted,
            &Firewall::OnlyTcpTo(vec![443]),
            Outlook::Tcp(Blocked::NoUdp),
        ),
        (
            Nat::PortRestricted,
            &Firewall::NoUdpTo(vec![4748]),
            Outlook::Tcp(Blocked::NoRelay),
        ),
        (
            Nat::PortRestricted,
            &Firewall::NoUdpTo(vec![4747]),
            Outlook::Relay(Relayed::NotSeen),
        ),
        (
            Nat::PortRestricted,
            &Firewall::OnlyTcpTo(Vec::new()),
            Outlook::Nothing(Nothing::NoAnswer),
        ),
    ] {
        follows(&lab, &office, nat, firewall, outlook)?;
    }
    Ok(())
}

#[test]
fn a_router_that_gives_ports_is_told_and_given_its_port_back() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let office = Office::open(lab.public("server")?)?;
    let home = lab.site("home", Nat::Symmetric)?;
    let _giver = match home.router().give_ports() {
        Ok(giver) => giver,
        Err(error) if error.is::<Unavailable>() => {
            writeln!(io::stderr(), "\nskipped: {error}; `cargo xtask setup`")?;
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let (findings, outlook) = examined(&home, &office.name)?;
    ensure!(outlook == Outlook::Direct(Direct::Mapped), "{findings:#?}");
    let given = findings.iter().any(
        |it| matches!(it, Finding::Router(Mapping::At(at)) if at.ip() == home.public_address()),
    );
    ensure!(given, "{findings:#?}");
    ensure!(home.router().given_ports()?.is_empty());
    Ok(())
}

#[test]
fn where_only_ipv6_leads_out_no_router_is_between() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let office = Office::open(lab.public("server")?)?;
    let home = lab.site("home", Plan::ONLY_IPV6)?;
    let (findings, outlook) = examined(&home, &office.name_over_ipv6()?)?;
    ensure!(outlook == Outlook::Direct(Direct::Public), "{findings:#?}");
    let seen = findings.iter().find_map(|finding| match finding {
        Finding::Seen { here, shown, .. } => Some((*here, *shown)),
        _ => None,
    });
    let (here, shown) = seen.context("where it is seen")?;
    ensure!(here.map(|it| it.ip()) == Some(home.address()) && shown == Shown::AsItIs);
    Ok(())
}

#[test]
fn somebody_elses_key_is_told_from_silence() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let office = Office::open(lab.public("server")?)?;
    let home = lab.site("home", Nat::PortRestricted)?;
    let other = Identity::generate()?.hash();
    let other = ServerName {
        fingerprint: aldis_trust::Fingerprint(other),
        ..office.name
    };
    let (_, outlook) = examined(&home, &other)?;
    ensure!(outlook == Outlook::Nothing(Nothing::Stranger));
    Ok(())
}
