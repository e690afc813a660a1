//! Looks for the router in the machine's own private networks.
//!
//! The crate that speaks UPnP takes an answer from anybody who sends one, so the question is asked
//! here, and it hears on the loopback only what passes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use igd_next::aio::Gateway;
use igd_next::aio::tokio::{Tokio, search_gateway};
use igd_next::{GatewayIpVersion, SearchOptions};
use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::Network;

/// Where routers hear such questions (UPnP Device Architecture 1.1, section 1.3.2).
const ROUTERS: (Ipv4Addr, u16) = (Ipv4Addr::new(239, 255, 255, 250), 1900);

/// What is looked for; a router answers to one of them.
const KINDS: [&str; 4] = [
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
];

/// How often the question is asked: packets to many are lost easily.
const ASK_AGAIN: Duration = Duration::from_millis(900);

/// How long a router may take to describe itself.
const DESCRIPTION: Duration = Duration::from_secs(2);

/// The most networks in which is asked.
const NETWORKS: usize = 4;

/// The most who are heard in one network.
const ANSWERS: usize = 4;

/// The longest answer.
const LONGEST: usize = 1500;

/// The first router that is found; whoever calls bounds the time.
pub(super) async fn router() -> Option<Gateway<Tokio>> {
    let mut searches = JoinSet::new();
    for network in networks() {
        searches.spawn(router_in(network));
    }
    while let Some(found) = searches.join_next().await {
        if let Ok(Some(gateway)) = found {
            return Some(gateway);
        }
    }
    None
}

/// This machine's address in the private network that the router is in.
pub(super) fn own_address(router: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V4(router) = router else {
        return None;
    };
    let network = networks().into_iter().find(|it| it.holds(router));
    network.map(|network| network.own)
}

fn networks() -> Vec<Network> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let mut networks = Vec::new();
    for interface in all {
        if let if_addrs::IfAddr::V4(v4) = interface.addr
            && v4.ip.is_private()
            && networks.len() < NETWORKS
        {
            networks.push(Network {
                own: v4.ip,
                mask: v4.netmask.into(),
            });
        }
    }
    networks
}

async fn router_in(network: Network) -> Option<Gateway<Tokio>> {
    let socket = asking(network.own).ok()?;
    let mut again = interval(ASK_AGAIN);
    let mut heard: Vec<Ipv4Addr> = Vec::new();
    let mut described = JoinSet::new();
    let mut buffer = [0; LONGEST];
    loop {
        tokio::select! {
            _ = again.tick() => for kind in KINDS {
                let question = format!(
                    "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\
                     MAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {kind}\r\n\r\n"
                );
                drop(socket.send_to(question.as_bytes(), ROUTERS).await);
            },
            came = socket.recv_from(&mut buffer) => {
                let Ok((length, SocketAddr::V4(from))) = came else { continue };
                let from = *from.ip();
                if network.holds(from)
                    && from.is_private()
                    && heard.len() < ANSWERS
                    && !heard.contains(&from)
                    && let Some(place) = place_at(&buffer[..length], from)
                {
                    heard.push(from);
                    described.spawn(describe(place, from));
                }
            }
            Some(router) = described.join_next() => if let Ok(Some(router)) = router {
                return Some(router);
            },
        }
    }
}

/// A socket that asks in the network in which the machine has this address, and nowhere else.
fn asking(own: Ipv4Addr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_multicast_if_v4(&own)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((own, 0)).into())?;
    UdpSocket::from_std(socket.into())
}

/// Where the description lies that an answer tells of, if it is at the address of whoever answers.
fn place_at(answer: &[u8], from: Ipv4Addr) -> Option<String> {
    let answer = std::str::from_utf8(answer).ok()?;
    let places = answer.lines().filter_map(|line| {
        let (name, place) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case("location")
            .then(|| place.trim())
    });
    let mut places = places.filter(|place| place.bytes().all(|byte| byte.is_ascii_graphic()));
    let place = places.next()?;
    let (host, path) = place.strip_prefix("http://")?.split_once('/')?;
    let (ip, port) = host.split_once(':').unwrap_or((host, "80"));
    let port: u16 = port.parse().ok()?;
    // The same in other letters would be read by somebody else as something else.
    (ip == from.to_string() && port != 0).then(|| format!("http://{ip}:{port}/{path}"))
}

/// Has a router describe itself.
async fn describe(place: String, router: Ipv4Addr) -> Option<Gateway<Tokio>> {
    let us = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let speaker = UdpSocket::bind(us).await.ok()?;
    let mut options = SearchOptions::default();
    options.bind_addr = us;
    options.broadcast_address = speaker.local_addr().ok()?;
    options.timeout = Some(DESCRIPTION);
    options.gateway_ip_version = GatewayIpVersion::V4;
    options.allowed_gateway_ips = vec![router.into()];
    let answer = format!("HTTP/1.1 200 OK\r\nLOCATION: {place}\r\n\r\n");
    let speak = async {
        let mut question = [0; LONGEST];
        loop {
            if let Ok((_, from)) = speaker.recv_from(&mut question).await {
                drop(speaker.send_to(answer.as_bytes(), from).await);
            }
        }
    };
    let found = tokio::select! {
        found = search_gateway(options) => found.ok()?,
        () = speak => return None,
    };
    (found.addr.ip() == IpAddr::V4(router)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

    fn place(location: &str) -> Option<String> {
        let answer = format!("HTTP/1.1 200 OK\r\nST: x\r\nLocation: {location}\r\n\r\n");
        place_at(answer.as_bytes(), ROUTER)
    }

    #[test]
    fn a_router_describes_itself_at_its_own_address_or_nowhere() {
        let fine = "http://192.168.1.1:5000/rootDesc.xml";
        assert_eq!(place(fine).as_deref(), Some(fine));
        assert_eq!(
            place("http://192.168.1.1/x").as_deref(),
            Some("http://192.168.1.1:80/x")
        );
        for odd in [
            "http://192.168.1.2:5000/x",
            "http://127.0.0.1:5000/x",
            "http://localhost/x",
            "http://192.168.1.1@127.0.0.1/x",
            "http://192.168.1.1:5000@127.0.0.1/x",
            "http://192.168.1.1\\@127.0.0.1/x",
            "http://192.168.001.1/x",
            "http://3232235777/x",
            "http://192.168.1.1:0/x",
            "http://192.168.1.1:99999/x",
            "https://192.168.1.1/x",
            "http://192.168.1.1",
            "",
        ] {
            assert_eq!(place(odd), None, "{odd}");
        }
        assert_eq!(place_at(b"\xff\xfe", ROUTER), None);
    }

    #[test]
    fn only_others_of_the_own_network_are_asked() {
        let network = Network {
            own: Ipv4Addr::new(192, 168, 1, 2),
            mask: 0xffff_ff00,
        };
        assert!(network.holds(ROUTER));
        for other in ["192.168.2.1", "192.168.1.2", "45.80.1.1", "127.0.0.1"] {
            assert!(!network.holds(other.parse().unwrap()), "{other}");
        }
    }
}
