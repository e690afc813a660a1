//! The relay on real sockets: what it passes on, what it does not, and what it survives.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and its tasks end with it"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{Connection, Guests, Identity, Node, Place, Relay, RelayKey};
use aldis_trust::{Fingerprint, ServerName};
use aldis_wire::SessionId;
use aldis_wire::relay::{self, Packet, Side, Ticket};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The server's clock in these tests.
const NOW: u64 = 1_000_000;

const SESSION: SessionId = [5; 16];

fn any() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

struct Office {
    key: RelayKey,
    relay: Relay,
    at: SocketAddr,
    running: JoinHandle<()>,
}

impl Office {
    fn open() -> Self {
        let key = RelayKey::of(&Identity::generate().unwrap());
        Self::at(key, any())
    }

    fn at(key: RelayKey, at: SocketAddr) -> Self {
        let relay = Relay::bind(key.clone(), at, Guests::default()).unwrap();
        let (runs, at) = (relay.clone(), relay.local_addr().unwrap());
        let running = tokio::spawn(async move { runs.run(|| NOW).await });
        Self {
            key,
            relay,
            at,
            running,
        }
    }

    fn ticket(&self, side: Side) -> Ticket {
        self.key.ticket(SESSION, side, NOW)
    }

    /// A server whose relay this is; nobody serves there else.
    fn place(&self) -> Place {
        Place {
            name: ServerName {
                host: self.at.ip().to_string(),
                port: self.at.port(),
                fingerprint: Fingerprint([0; 32]),
                organisation: None,
            },
            address: Some(self.at.ip()),
            by_tunnel: false,
        }
    }

    fn way(&self, side: Side) -> relay::Relay {
        relay::Relay {
            port: self.at.port(),
            ticket: self.ticket(side),
        }
    }

    /// Ends as a killed process does, and begins again at the same port.
    async fn restart(self) -> Self {
        let Self {
            key,
            relay,
            at,
            running,
        } = self;
        running.abort();
        drop(running.await);
        drop(relay);
        Self::at(key, at)
    }
}

fn node() -> Node {
    Node::bind(Arc::new(Identity::generate().unwrap()), any()).unwrap()
}

async fn soon<T>(what: &str, act: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), act).await.expect(what)
}

/// The two sides, connected through the relay.
async fn connected(office: &Office) -> (Connection, Connection) {
    let (host, viewer) = (node(), node());
    let hosted = host
        .through_relay(&office.place(), &office.way(Side::Host))
        .await
        .unwrap();
    hosted.expect_peers(&[viewer.identity().hash()]);
    let viewing = viewer
        .through_relay(&office.place(), &office.way(Side::Viewer))
        .await
        .unwrap();
    let (accepted, dialled) = tokio::join!(
        async { hosted.accept().await.unwrap().await.unwrap() },
        viewing.dial_relayed(host.identity().hash())
    );
    (accepted, dialled.unwrap())
}

async fn says(from: &Connection, to: &Connection, bytes: &[u8]) {
    let sends = async {
        let mut send = from.open_uni().await.unwrap();
        send.write_all(bytes).await.unwrap();
        send.finish().unwrap();
        drop(send.stopped().await);
    };
    let hears = async {
        let mut receive = to.accept_uni().await.unwrap();
        receive.read_to_end(1 << 24).await.unwrap()
    };
    let ((), heard) = soon("the bytes", async { tokio::join!(sends, hears) }).await;
    assert!(heard == bytes);
}

#[tokio::test]
async fn both_sides_of_a_session_meet_and_nothing_is_lost() {
    let office = Office::open();
    let (host, viewer) = connected(&office).await;
    let much: Vec<u8> = (0..3_000_000_u32).map(|byte| byte as u8).collect();
    says(&host, &viewer, &much).await;
    says(&viewer, &host, b"and back").await;
    assert_eq!(office.relay.bound(), 2);
}

#[tokio::test]
async fn a_restarted_relay_is_bound_again_by_who_goes_on_talking() {
    let office = Office::open();
    let (host, viewer) = connected(&office).await;
    let office = office.restart().await;
    assert_eq!(office.relay.bound(), 0);
    says(&host, &viewer, b"still here").await;
    assert_eq!(office.relay.bound(), 2);
}

#[tokio::test]
async fn without_a_good_ticket_nobody_is_bound() {
    let office = Office::open();
    let good = office.ticket(Side::Host);
    let other = RelayKey::of(&Identity::generate().unwrap());
    let mut flipped = good;
    flipped.session[0] ^= 1;
    let late = office.key.ticket(SESSION, Side::Host, 0);
    let late = Ticket { until: NOW, ..late };
    let socket = UdpSocket::bind(any()).await.unwrap();
    for bad in [other.ticket(SESSION, Side::Host, NOW), flipped, late] {
        socket
            .send_to(&Packet::Bind(bad).encode(), office.at)
            .await
            .unwrap();
    }
    // The answer that comes is to the only good one, and it comes after those before it.
    socket
        .send_to(&Packet::Bind(good).encode(), office.at)
        .await
        .unwrap();
    let nonce = challenge(&socket).await;
    // A challenge is for the address that it was sent to, and for that ticket.
    let elsewhere = UdpSocket::bind(any()).await.unwrap();
    let viewer = office.ticket(Side::Viewer);
    for (from, ticket, nonce) in [
        (&elsewhere, good, nonce),
        (&socket, viewer, nonce),
        (&socket, good, [0; 32]),
    ] {
        let proof = Packet::Prove(ticket, nonce).encode();
        from.send_to(&proof, office.at).await.unwrap();
    }
    let proof = Packet::Prove(good, nonce).encode();
    socket.send_to(&proof, office.at).await.unwrap();
    let mut answer = [0; 100];
    let (length, _) = soon("the yes", socket.recv_from(&mut answer))
        .await
        .unwrap();
    assert_eq!(Packet::decode(&answer[..length]), Some(Packet::Bound));
    assert_eq!(office.relay.bound(), 1);
}

async fn challenge(socket: &UdpSocket) -> [u8; 32] {
    let mut answer = [0; 100];
    let (length, _) = soon("the challenge", socket.recv_from(&mut answer))
        .await
        .unwrap();
    match Packet::decode(&answer[..length]) {
        Some(Packet::Challenge(nonce)) => nonce,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn strangers_get_one_byte_and_nothing_is_passed_on_for_them() {
    let office = Office::open();
    let (host, viewer) = connected(&office).await;
    let before = (
        host.stats().udp_rx.datagrams,
        viewer.stats().udp_rx.datagrams,
    );
    let stranger = UdpSocket::bind(any()).await.unwrap();
    stranger.send_to(&[0x40; 1200], office.at).await.unwrap();
    let mut answer = [0; 100];
    let (length, _) = soon("the no", stranger.recv_from(&mut answer))
        .await
        .unwrap();
    assert_eq!(Packet::decode(&answer[..length]), Some(Packet::Unbound));
    assert_eq!(length, 1);
    let after = (
        host.stats().udp_rx.datagrams,
        viewer.stats().udp_rx.datagrams,
    );
    assert!(
        after.0 <= before.0 + 4 && after.1 <= before.1 + 4,
        "only their own"
    );
}

#[tokio::test]
async fn a_probe_is_seen_where_it_comes_from() {
    let office = Office::open();
    let node = node();
    assert_eq!(office.relay.seen(&[3; 32]), None);
    node.probe(office.at, [3; 32]);
    let seen = soon("the probe", async {
        loop {
            if let Some(seen) = office.relay.seen(&[3; 32]) {
                return seen;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(seen.await, node.local_addr().unwrap());
}
