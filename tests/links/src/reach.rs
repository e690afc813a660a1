//! Who reaches whom, and how a session moves and comes back.

use std::thread;
use std::time::{Duration, Instant};

use aldis_links::{BLUE, Customer, Echo, Office, Painter, RED, Scene, Supporter, Ticker, shows};
use aldis_netlab::{Conditions, Firewall, Lab, Nat, Site};
use aldis_viewer::Kind;
use anyhow::{Context as _, Result, ensure};

use crate::figure::Figure;
use crate::typing::press;
use crate::watch::longest_gap;

/// The routers that are paired. The open one would make every pair with it direct.
const ROUTERS: [(Nat, &str); 4] = [
    (Nat::FullCone, "full cone"),
    (Nat::AddressRestricted, "address-restricted"),
    (Nat::PortRestricted, "port-restricted"),
    (Nat::Symmetric, "symmetric"),
];

/// How long a server is away that is restarted.
const AWAY: Duration = Duration::from_secs(2);

/// How soon a session should go straight.
const SOON: Duration = Duration::from_secs(5);

fn tenths(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn milliseconds(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// A home and a shop at good lines of the same city.
fn city(lab: &Lab, nat: Nat) -> Result<(Site, Site)> {
    let line = Conditions {
        delay: Duration::from_millis(5),
        ..Conditions::default()
    };
    let (home, shop) = (lab.site("home", nat)?, lab.site("shop", nat)?);
    home.link().set(line);
    shop.link().set(line);
    Ok((home, shop))
}

/// Every router with every other, on both sides.
pub(crate) fn routers(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let (mut connected, mut direct, mut firsts) = (0, 0, Vec::new());
    let mut relayed = Vec::new();
    for (ours, our_name) in ROUTERS {
        for (theirs, their_name) in ROUTERS {
            let line = Conditions {
                delay: Duration::from_millis(5),
                ..Conditions::default()
            };
            let (home, shop) = (lab.site("home", ours)?, lab.site("shop", theirs)?);
            home.link().set(line);
            shop.link().set(line);
            let (scene, first) = first_picture(lab, painter, &home, &shop)?;
            connected += 1;
            firsts.push(first);
            let start = Instant::now();
            let is_direct = loop {
                if scene.supporter.kind().is_some_and(Kind::is_direct) {
                    break true;
                }
                if start.elapsed() > SOON {
                    break false;
                }
                thread::sleep(Duration::from_millis(5));
            };
            println!("{our_name} × {their_name}: direct {is_direct}, first picture {first:?}");
            if is_direct {
                direct += 1;
            } else {
                relayed.push(format!("{our_name} × {their_name}"));
            }
        }
    }
    firsts.sort_unstable();
    let slowest = firsts.last().copied().unwrap_or_default();
    let relayed = if relayed.is_empty() {
        String::new()
    } else {
        format!(" (not {})", relayed.join(", "))
    };
    Ok(vec![
        Figure::new(
            "16 pairs of routers: connected",
            connected.to_string(),
            "16",
            connected == 16,
        ),
        Figure::new(
            "the same: direct within 5 s",
            format!("{direct}{relayed}"),
            "13",
            direct >= 13,
        ),
        Figure::new(
            "the same: Allow → first picture, the slowest",
            milliseconds(slowest),
            "1500 ms",
            slowest <= Duration::from_millis(1500),
        ),
    ])
}

/// A session, and how long its first picture took after the yes.
fn first_picture(
    lab: &Lab,
    painter: &Painter,
    home: &Site,
    shop: &Site,
) -> Result<(Scene, Duration)> {
    let office = Office::open(lab.public("server")?)?;
    let supporter = Supporter::sign_in(shop, &office.name)?;
    let code = supporter.new_case()?;
    let customer = Customer::join(home, &office.name, code)?;
    painter.fill_all(RED)?;
    supporter.connect(code);
    let start = customer.allow()?;
    let seen = supporter.until_seen("the first picture", shows(RED))?;
    let scene = Scene {
        office,
        customer,
        supporter,
    };
    Ok((scene, seen - start))
}

/// Two behind firewalls that let no UDP through.
pub(crate) fn no_udp(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let (home, shop) = city(lab, Nat::PortRestricted)?;
    for site in [&home, &shop] {
        site.router().set_firewall(&Firewall::NoUdp)?;
    }
    let office = Office::open(lab.public("server")?)?;
    let supporter = Supporter::sign_in(&shop, &office.name)?;
    let code = supporter.new_case()?;
    let start = Instant::now();
    let customer = Customer::join(&home, &office.name, code)?;
    let waits = start.elapsed();
    painter.fill_all(RED)?;
    supporter.connect(code);
    let start = customer.allow()?;
    let seen = supporter.until_seen("the first picture", shows(RED))?;
    let is_tcp = supporter.kind() == Some(Kind::TcpRelay);
    let limit = Duration::from_secs(3);
    Ok(vec![
        Figure::new(
            "UDP is blocked: the customer waits, over TCP, after",
            tenths(waits),
            "3 s",
            waits <= limit,
        ),
        Figure::new(
            "the same on both sides: Allow → first picture over TCP",
            tenths(seen - start),
            "3 s",
            is_tcp && seen - start <= limit,
        ),
    ])
}

/// From the relay to the straight way while a key goes down every 50 ms.
pub(crate) fn hand_over(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    const KEYS: usize = 100;
    let (home, shop) = city(lab, Nat::PortRestricted)?;
    let (scene, _) = first_picture(lab, painter, &home, &shop)?;
    let was_relayed = scene.supporter.kind() == Some(Kind::Relay);
    let (echo, _ticker) = (Echo::open()?, Ticker::open()?);
    let mut pressed = 0;
    let mut next = Instant::now();
    let (gap, _) = longest_gap(&scene.supporter, || {
        if Instant::now() >= next && pressed < KEYS {
            press(&scene);
            pressed += 1;
            next += Duration::from_millis(50);
        }
        pressed == KEYS && scene.supporter.kind().is_some_and(Kind::is_direct)
    });
    let last = Echo::colour(pressed);
    drop(scene.supporter.until_seen("the last key", shows(last)));
    let (down, up) = echo.keys();
    let what = if was_relayed {
        "relay → direct: longest still picture"
    } else {
        "relay → direct, which was over before it was watched: longest still picture"
    };
    Ok(vec![
        Figure::new(
            what,
            milliseconds(gap),
            "100 ms",
            was_relayed && gap <= Duration::from_millis(100),
        ),
        Figure::new(
            format!("the same: of {pressed} keys went down, up"),
            format!("{down}, {up}"),
            "all, once",
            (down, up) == (pressed, pressed),
        ),
    ])
}

/// The customer's line is cut for half a minute.
pub(crate) fn cut(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let (home, shop) = city(lab, Nat::PortRestricted)?;
    let scene = Scene::begin(lab, painter, &home, &shop)?;
    scene
        .supporter
        .until_kind("a straight way", Kind::is_direct)?;
    home.link().cut();
    painter.fill_all(BLUE)?;
    thread::sleep(Duration::from_secs(30));
    let start = Instant::now();
    home.link().restore();
    let seen = scene.supporter.until_seen("the picture", shows(BLUE))?;
    let took = seen - start;
    let what = "a cut of 30 s: the picture moves again after";
    let is_met = took <= Duration::from_secs(3);
    Ok(vec![Figure::new(what, tenths(took), "3 s", is_met)])
}

/// The customer's provider gives him another address.
pub(crate) fn address(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let (home, shop) = city(lab, Nat::PortRestricted)?;
    let scene = Scene::begin(lab, painter, &home, &shop)?;
    scene
        .supporter
        .until_kind("a straight way", Kind::is_direct)?;
    home.renumber().context("another address")?;
    let took = scene.sees(painter, BLUE)?;
    let what = "another address: the picture moves again after";
    let is_met = took <= Duration::from_secs(3);
    Ok(vec![Figure::new(what, tenths(took), "3 s", is_met)])
}

/// Server and relay die under a relayed session and are started anew.
pub(crate) fn restart(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let gap = gap_at_restart(lab, painter, Nat::Symmetric)?;
    Ok(vec![Figure::new(
        "the relay is away for 2 s: longest still picture",
        milliseconds(gap),
        "5 s",
        gap <= Duration::from_secs(5),
    )])
}

/// The same under a direct one.
pub(crate) fn restart_direct(lab: &Lab, painter: &Painter) -> Result<Vec<Figure>> {
    let gap = gap_at_restart(lab, painter, Nat::PortRestricted)?;
    Ok(vec![Figure::new(
        "the same, direct session: longest still picture",
        milliseconds(gap),
        "no gap: 100 ms",
        gap <= Duration::from_millis(100),
    )])
}

/// How long the picture stands still when the server is away for [`AWAY`].
fn gap_at_restart(lab: &Lab, painter: &Painter, nat: Nat) -> Result<Duration> {
    let (home, shop) = city(lab, nat)?;
    let mut scene = Scene::begin(lab, painter, &home, &shop)?;
    let is_direct = nat != Nat::Symmetric;
    scene
        .supporter
        .until_kind("its way", |kind| kind.is_direct() == is_direct)?;
    let _ticker = Ticker::open()?;
    let start = Instant::now();
    let mut is_back = false;
    let mut failed = Ok(());
    scene.office.kill();
    let Scene {
        office, supporter, ..
    } = &mut scene;
    let (gap, pictures) = longest_gap(supporter, || {
        if !is_back && start.elapsed() > AWAY {
            is_back = true;
            failed = office.start_again();
        }
        start.elapsed() > Duration::from_secs(30)
    });
    failed?;
    ensure!(pictures > 50, "{pictures} pictures, and none for {gap:?}");
    Ok(gap)
}
