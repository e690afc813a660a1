//! Sessions where networks block UDP.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "packets travel in real time, and how long it took is told"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aldis_host::Stage;
use aldis_links::{BLUE, Customer, GREEN, Office, Painter, Scene, Supporter, play, play_with};
use aldis_netlab::{Firewall, Lab, Nat, Site};
use aldis_viewer::{Kind, SessionStage};
use anyhow::{Context as _, Result, ensure};

/// Within this a customer waits in the queue who double-clicked behind such a firewall.
const SOON: Duration = Duration::from_secs(3);

/// Where the proxy of these tests is: the first computer of its lab.
const PROXY: &str = "http://ana:secret@45.80.1.18:3128";

fn behind(lab: &Lab, name: &str, firewall: &Firewall) -> Result<Site> {
    let site = lab.site(name, Nat::PortRestricted)?;
    site.router().set_firewall(firewall)?;
    Ok(site)
}

/// The picture goes there, and the session goes on.
fn goes_on(scene: &Scene, painter: &Painter, colour: u32) -> Result<()> {
    let took = scene.sees(painter, colour)?;
    println!("seen after {} ms", took.as_millis());
    scene.supporter.until_live()?;
    let stage = scene.customer.view().stage;
    ensure!(matches!(stage, Stage::Live { .. }), "{stage:?}");
    Ok(())
}

#[test]
fn a_customer_without_udp_waits_within_3_s_and_is_helped_by_who_has_it() -> Result<()> {
    let name = "a_customer_without_udp_waits_within_3_s_and_is_helped_by_who_has_it";
    play(name, |lab, painter| {
        let home = behind(lab, "home", &Firewall::NoUdp)?;
        let shop = lab.site("shop", Nat::PortRestricted)?;
        let office = Office::open(lab.public("server")?)?;
        let supporter = Supporter::sign_in(&shop, &office.name)?;
        let code = supporter.new_case()?;
        let start = Instant::now();
        let customer = Customer::join(&home, &office.name, code)?;
        let took = start.elapsed();
        println!("waiting after {} ms", took.as_millis());
        ensure!(took < SOON, "{took:?}");
        drop((customer, supporter));
        let scene = Scene::begin_at(office, painter, &home, &shop)?;
        goes_on(&scene, painter, BLUE)?;
        ensure!(scene.supporter.kind() == Some(Kind::Relay));
        Ok(())
    })
}

#[test]
fn two_without_udp_meet_over_tcp_and_go_back_to_udp_when_it_works() -> Result<()> {
    let name = "two_without_udp_meet_over_tcp_and_go_back_to_udp_when_it_works";
    play(name, |lab, painter| {
        let home = behind(lab, "home", &Firewall::NoUdp)?;
        let shop = behind(lab, "shop", &Firewall::NoUdp)?;
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        ensure!(scene.supporter.kind() == Some(Kind::TcpRelay));
        goes_on(&scene, painter, BLUE)?;
        for site in [&home, &shop] {
            site.router().set_firewall(&Firewall::Open)?;
        }
        scene
            .supporter
            .until_kind("UDP", |kind| kind != Kind::TcpRelay)?;
        goes_on(&scene, painter, GREEN)
    })
}

#[test]
fn udp_that_is_blocked_in_a_session_does_not_end_it() -> Result<()> {
    let name = "udp_that_is_blocked_in_a_session_does_not_end_it";
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::Symmetric)?;
        let shop = lab.site("shop", Nat::Symmetric)?;
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        ensure!(scene.supporter.kind() == Some(Kind::Relay));
        for site in [&home, &shop] {
            site.router().set_firewall(&Firewall::NoUdp)?;
        }
        goes_on(&scene, painter, BLUE)?;
        let is_tcp = |kind| kind == Kind::TcpRelay;
        scene.supporter.until_kind("TCP", is_tcp)?;
        goes_on(&scene, painter, GREEN)
    })
}

#[test]
fn where_only_tcp_443_passes_everything_goes_there() -> Result<()> {
    let name = "where_only_tcp_443_passes_everything_goes_there";
    play(name, |lab, painter| {
        let narrow = Firewall::OnlyTcpTo(vec![443]);
        let (home, shop) = (behind(lab, "home", &narrow)?, behind(lab, "shop", &narrow)?);
        let office = Office::open_with(lab.public("server")?, &[443])?;
        let start = Instant::now();
        let supporter = Supporter::sign_in(&shop, &office.name)?;
        ensure!(start.elapsed() < SOON, "{:?}", start.elapsed());
        drop(supporter);
        let scene = Scene::begin_at(office, painter, &home, &shop)?;
        ensure!(scene.supporter.kind() == Some(Kind::TcpRelay));
        goes_on(&scene, painter, BLUE)
    })
}

#[test]
fn a_blocked_relay_port_is_gone_around() -> Result<()> {
    let name = "a_blocked_relay_port_is_gone_around";
    play(name, |lab, painter| {
        let no_relay = Firewall::NoUdpTo(vec![4748]);
        let home = lab.site("home", Nat::Symmetric)?;
        let shop = lab.site("shop", Nat::Symmetric)?;
        for site in [&home, &shop] {
            site.router().set_firewall(&no_relay)?;
        }
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        ensure!(scene.supporter.kind() == Some(Kind::TcpRelay));
        goes_on(&scene, painter, BLUE)
    })
}

#[test]
fn a_server_that_was_restarted_has_its_tunnels_again() -> Result<()> {
    let name = "a_server_that_was_restarted_has_its_tunnels_again";
    play(name, |lab, painter| {
        let home = behind(lab, "home", &Firewall::NoUdp)?;
        let shop = behind(lab, "shop", &Firewall::NoUdp)?;
        let mut scene = Scene::begin(lab, painter, &home, &shop)?;
        scene.office.kill();
        scene.office.start_again()?;
        goes_on(&scene, painter, BLUE)?;
        scene
            .customer
            .until("the server again", |view| view.online)?;
        ensure!(scene.supporter.kind() == Some(Kind::TcpRelay));
        goes_on(&scene, painter, GREEN)
    })
}

#[test]
fn a_session_over_tcp_comes_back_after_a_cut() -> Result<()> {
    let name = "a_session_over_tcp_comes_back_after_a_cut";
    play(name, |lab, painter| {
        let home = behind(lab, "home", &Firewall::NoUdp)?;
        let shop = behind(lab, "shop", &Firewall::NoUdp)?;
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        home.link().cut();
        painter.fill_all(BLUE)?;
        scene.supporter.until_session("the word of it", |session| {
            session.stage == SessionStage::Returning
        })?;
        home.link().restore();
        goes_on(&scene, painter, GREEN)?;
        // The address changes, and TCP with the old one hears no word of it.
        home.renumber().context("another address")?;
        goes_on(&scene, painter, BLUE)
    })
}

/// A proxy that lets who knows the password through to any place, and counts them.
fn serve_as_proxy(at: &Site) -> Result<Arc<AtomicUsize>> {
    let listener = at.run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 3128)))??;
    let connected = Arc::new(AtomicUsize::new(0));
    let (runtime, counts) = (at.runtime()?, Arc::clone(&connected));
    std::thread::Builder::new()
        .name("proxy".to_owned())
        .spawn(move || {
            for stream in listener.incoming().flatten() {
                let counts = Arc::clone(&counts);
                runtime
                    .handle()
                    .spawn_blocking(move || relay(stream, &counts));
            }
        })?;
    Ok(connected)
}

fn relay(mut app: TcpStream, counts: &AtomicUsize) -> Result<()> {
    let mut head = BufReader::new(app.try_clone()?);
    let (mut first, mut is_known) = (String::new(), false);
    head.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        head.read_line(&mut line)?;
        // "ana:secret" in base 64.
        is_known |= line.trim_end() == "Proxy-Authorization: Basic YW5hOnNlY3JldA==";
        if line.trim_end().is_empty() {
            break;
        }
    }
    let place = first.strip_prefix("CONNECT ").context("CONNECT")?;
    let place = place.split(' ').next().context("a place")?;
    if !is_known {
        app.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")?;
        return Ok(());
    }
    let server = TcpStream::connect(place)?;
    counts.fetch_add(1, Ordering::Relaxed);
    app.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut up, mut down) = (server.try_clone()?, app.try_clone()?);
    let back = std::thread::Builder::new().spawn(move || {
        let mut server = server;
        drop(std::io::copy(&mut server, &mut down));
        drop(down.shutdown(std::net::Shutdown::Both));
    })?;
    drop(std::io::copy(&mut app, &mut up));
    drop(up.shutdown(std::net::Shutdown::Both));
    drop(back.join());
    Ok(())
}

#[test]
fn where_only_a_proxy_leads_out_it_is_asked() -> Result<()> {
    let name = "where_only_a_proxy_leads_out_it_is_asked";
    play_with(name, &[("HTTPS_PROXY", PROXY)], |lab, painter| {
        let proxy = lab.public("proxy")?;
        ensure!(
            PROXY.contains(&proxy.public_address().to_string()),
            "{proxy:?}"
        );
        let connected = serve_as_proxy(&proxy)?;
        let narrow = Firewall::OnlyTcpTo(vec![3128]);
        let (home, shop) = (behind(lab, "home", &narrow)?, behind(lab, "shop", &narrow)?);
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        ensure!(scene.supporter.kind() == Some(Kind::TcpRelay));
        goes_on(&scene, painter, BLUE)?;
        ensure!(connected.load(Ordering::Relaxed) >= 4);
        Ok(())
    })
}
