//! Routers that give ports to whoever asks for them (UPnP).

#![expect(clippy::disallowed_methods, reason = "packets travel in real time")]

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use aldis_link::{Identity, Mapping, Node, RouterPort};
use aldis_links::{BLUE, GREEN, Scene, play, soon};
use aldis_netlab::{Host, Lab, Nat, PortGiver, Runtime, Site, Unavailable};
use aldis_viewer::Kind;
use anyhow::{Context as _, Result, ensure};

/// Has this site's router give ports, or says why the test is skipped.
fn gives_ports(site: &Site) -> Result<Option<PortGiver>> {
    match site.router().give_ports() {
        Ok(giver) => Ok(Some(giver)),
        Err(error) if error.is::<Unavailable>() => {
            writeln!(io::stderr(), "\nskipped: {error}; `cargo xtask setup`")?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A node on this computer that has asked for a port, and what came of it.
fn asked(runtime: &Runtime) -> Result<(Node, Option<RouterPort>, Mapping)> {
    runtime.block_on(async {
        let node = Node::bind_any(Arc::new(Identity::generate()?))?;
        let mut port = Some(RouterPort::ask(&node));
        let mapping = soon("the router's word", RouterPort::changed(&mut port)).await?;
        Ok((node, port, mapping))
    })
}

#[test]
fn between_two_symmetric_routers_a_port_of_the_customers_makes_it_straight() -> Result<()> {
    let name = "between_two_symmetric_routers_a_port_of_the_customers_makes_it_straight";
    straight_by_a_port(name, true)
}

#[test]
fn between_two_symmetric_routers_a_port_of_the_supporters_makes_it_straight() -> Result<()> {
    let name = "between_two_symmetric_routers_a_port_of_the_supporters_makes_it_straight";
    straight_by_a_port(name, false)
}

fn straight_by_a_port(name: &str, customers: bool) -> Result<()> {
    play(name, |lab, painter| {
        let home = lab.site("home", Nat::Symmetric)?;
        let shop = lab.site("shop", Nat::Symmetric)?;
        let giving = if customers { &home } else { &shop };
        let Some(_giver) = gives_ports(giving)? else {
            return Ok(());
        };
        let scene = Scene::begin(lab, painter, &home, &shop)?;
        scene
            .supporter
            .until_kind("a straight way", Kind::is_direct)?;
        scene.sees(painter, BLUE)?;
        ensure!(scene.supporter.kind() == Some(Kind::Direct));
        ensure!(giving.router().given_ports()?.len() == 1);
        scene.sees(painter, GREEN)?;
        Ok(())
    })
}

#[test]
fn a_port_is_asked_for_once_kept_and_given_back() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let home = lab.site("home", Nat::Symmetric)?;
    let Some(_giver) = gives_ports(&home)? else {
        return Ok(());
    };
    let runtime = home.runtime()?;
    let (node, port, mapping) = asked(&runtime)?;
    let at = mapping.address().with_context(|| format!("{mapping:?}"))?;
    ensure!(at == SocketAddr::from((home.public_address(), node.local_addr()?.port())));
    // From outside it leads to the node.
    let elsewhere = lab.site("elsewhere", Nat::Symmetric)?;
    let stranger = elsewhere.runtime()?;
    let visitor = stranger
        .block_on(async { anyhow::Ok(Node::bind_any(Arc::new(Identity::generate()?))?) })?;
    node.expect_peers(&[visitor.identity().hash()]);
    let door = node.clone();
    runtime.handle().spawn(async move {
        while let Some(incoming) = door.accept().await {
            if let Ok(connection) = incoming.await {
                connection.closed().await;
            }
        }
    });
    let key = node.identity().hash();
    let dialled = stranger.block_on(visitor.dial_peer(&[at], key));
    ensure!(dialled.is_ok(), "{:?}", home.router().given_ports()?);
    // A neighbour who sends from the same port gets another one.
    let neighbour = home.add_host("neighbour")?.runtime()?;
    let (their_node, their_port, theirs) = neighbour.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, at.port()));
        let node = Node::bind(Arc::new(Identity::generate()?), address)?;
        let mut port = Some(RouterPort::ask(&node));
        let mapping = soon("the router's word", RouterPort::changed(&mut port)).await?;
        anyhow::Ok((node, port, mapping))
    })?;
    let other = theirs.address().with_context(|| format!("{theirs:?}"))?;
    ensure!(other.ip() == at.ip() && other.port() != at.port());
    ensure!(home.router().given_ports()?.len() == 2);
    for (runtime, port, at) in [(&runtime, port, at), (&neighbour, their_port, other)] {
        let start = Instant::now();
        runtime.block_on(port.context("a port")?.close());
        let left = home.router().given_ports()?;
        let is_kept = left
            .iter()
            .any(|it| it.contains(&format!("dport {} ", at.port())));
        ensure!(
            !is_kept,
            "{at} is kept after {:?}: {left:#?}",
            start.elapsed()
        );
    }
    drop(their_node);
    Ok(())
}

#[test]
fn a_router_without_a_public_address_is_of_no_use() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let carrier = lab.carrier("carrier", Nat::PortRestricted)?;
    let home = carrier.site("home", Nat::PortRestricted)?;
    let Some(_giver) = gives_ports(&home)? else {
        return Ok(());
    };
    let (_node, _port, mapping) = asked(&home.runtime()?)?;
    ensure!(mapping.address().is_none(), "{mapping:?}");
    ensure!(home.router().given_ports()?.is_empty());
    Ok(())
}

/// What somebody in the customer's network says who is no router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// The description lies at another computer.
    Elsewhere,
    /// The public address is this one.
    Address(IpAddr),
    /// The description never ends.
    Endless,
    /// It is silent once it was asked.
    Silence,
}

/// Tells it; gives how many have asked for the description.
fn tell(liar: &Host, lie: Lie, elsewhere: SocketAddr) -> Result<Arc<AtomicUsize>> {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let own = liar.ipv4().context("an address")?;
    let (socket, listener) = liar.run(|| -> io::Result<_> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 1900))?;
        socket.join_multicast_v4(&Ipv4Addr::new(239, 255, 255, 250), &own)?;
        Ok((socket, TcpListener::bind((own, 5000))?))
    })??;
    let at = if lie == Lie::Elsewhere {
        elsewhere
    } else {
        (own, 5000).into()
    };
    let mut buffer = [0; 2000];
    thread::Builder::new().spawn(move || {
        while let Ok((_, from)) = socket.recv_from(&mut buffer) {
            let said = format!("HTTP/1.1 200 OK\r\nLOCATION: http://{at}/x\r\n\r\n");
            drop(socket.send_to(said.as_bytes(), from));
        }
    })?;
    thread::Builder::new().spawn(move || {
        for stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
            drop(thread::Builder::new().spawn(move || drop(answer(stream, lie))));
        }
    })?;
    Ok(asked)
}

fn answer(mut stream: TcpStream, lie: Lie) -> io::Result<()> {
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request)?;
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    match lie {
        Lie::Elsewhere => {}
        Lie::Silence => {
            // Until the other side has gone.
            stream.read_exact(&mut [0])?;
        }
        Lie::Endless => {
            stream.write_all(ok.as_bytes())?;
            loop {
                stream.write_all(b"<a>")?;
            }
        }
        Lie::Address(address) => {
            let body = if request.starts_with("POST") {
                format!(
                    "<s:Envelope xmlns:s=\"x\"><s:Body><u:GetExternalIPAddressResponse \
                     xmlns:u=\"y\"><NewExternalIPAddress>{address}</NewExternalIPAddress>\
                     </u:GetExternalIPAddressResponse></s:Body></s:Envelope>"
                )
            } else if request.starts_with("GET /schema") {
                "<scpd><actionList><action><name>AddPortMapping</name><argumentList/></action>\
                 </actionList></scpd>"
                    .to_owned()
            } else {
                "<root><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1\
                 </deviceType><serviceList><service><serviceType>\
                 urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>\
                 <SCPDURL>/schema</SCPDURL><controlURL>/control</controlURL></service>\
                 </serviceList></device></root>"
                    .to_owned()
            };
            stream.write_all(format!("{ok}{body}").as_bytes())?;
        }
    }
    Ok(())
}

#[test]
fn who_is_no_router_is_not_believed_and_costs_three_seconds_at_most() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    for (lie, expected) in [
        (Lie::Elsewhere, Mapping::NoRouter),
        (Lie::Endless, Mapping::NoRouter),
        (Lie::Silence, Mapping::NoRouter),
        (Lie::Address([127, 0, 0, 1].into()), Mapping::Hidden),
        (Lie::Address([10, 0, 0, 1].into()), Mapping::Hidden),
        (Lie::Address([224, 0, 0, 1].into()), Mapping::Hidden),
        // It is public, but no port is given.
        (Lie::Address([45, 80, 9, 9].into()), Mapping::Refused),
    ] {
        let home = lab.site("home", Nat::PortRestricted)?;
        let (liar, victim) = (home.add_host("liar")?, home.add_host("victim")?);
        let at = SocketAddr::from((victim.ipv4().context("an address")?, 5000));
        let visited = victim.run(|| TcpListener::bind(at))??;
        visited.set_nonblocking(true)?;
        let asks = tell(&liar, lie, at)?;
        let start = Instant::now();
        let (_node, _port, mapping) = asked(&home.runtime()?)?;
        let took = start.elapsed();
        ensure!(mapping == expected, "{lie:?}: {mapping:?}");
        // Three for the search, and three for what is said then.
        ensure!(took < Duration::from_millis(6_500), "{lie:?}: {took:?}");
        ensure!(
            visited.accept().is_err(),
            "{lie:?}: somebody else was asked"
        );
        let was_asked = asks.load(Ordering::Relaxed) > 0;
        ensure!(was_asked == (lie != Lie::Elsewhere), "{lie:?}: not asked");
    }
    Ok(())
}
