//! Tunnels on real sockets: what comes through them, and what does not.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may fail by panicking, and its tasks end with it"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_link::{
    Connection, DialError, Door, Guests, Identity, Kind, Node, Place, Relay, RelayKey,
};
use aldis_trust::{Fingerprint, Pinned, ServerName};
use aldis_wire::relay::{self, Side};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// The server's clock in these tests.
const NOW: u64 = 1_000_000;

fn any() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn soon<T>(what: &str, act: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), act).await.expect(what)
}

/// A server whose name leads to its TCP port only, as where UDP is blocked.
struct Office {
    node: Node,
    guests: Guests,
    key: RelayKey,
    relay: Relay,
    name: ServerName,
    _running: JoinSet<()>,
}

impl Office {
    fn open() -> Self {
        let identity = Arc::new(Identity::generate().unwrap());
        let node = Node::bind(Arc::clone(&identity), any()).unwrap();
        node.serve_anyone();
        let (guests, key) = (Guests::default(), RelayKey::of(&identity));
        let relay = Relay::bind(key.clone(), any(), guests.clone()).unwrap();
        let [server_at, relay_at] = [node.local_addr(), relay.local_addr()].map(Result::unwrap);
        let mut door = Door::new(&identity, server_at, relay_at, guests.clone());
        // Held until the door has it, so that its number is free for TCP and nobody's for UDP.
        let blocked = std::net::UdpSocket::bind(any()).unwrap();
        let at = blocked.local_addr().unwrap();
        door.listen(at).unwrap();
        let name = ServerName {
            host: at.ip().to_string(),
            port: at.port(),
            fingerprint: Fingerprint(identity.hash()),
            organisation: None,
        };
        let mut running = JoinSet::new();
        running.spawn(door.run());
        let (runs, hole) = (relay.clone(), blocked);
        running.spawn(async move {
            runs.run(|| NOW).await;
            drop(hole);
        });
        Self {
            node,
            guests,
            key,
            relay,
            name,
            _running: running,
        }
    }

    async fn tls(&self) -> TlsStream<TcpStream> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let pinned = Pinned::new(self.name.fingerprint.0, Arc::clone(&provider));
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned))
            .with_no_client_auth();
        let stream = TcpStream::connect(self.name.address()).await.unwrap();
        let name = "aldis".try_into().unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.unwrap()
    }

    async fn tunnel(&self) -> WebSocketStream<TlsStream<TcpStream>> {
        let url = format!("ws://{}/tunnel", self.name.address());
        client_async(url, self.tls().await).await.unwrap().0
    }

    /// What is answered to these bytes until the connection ends.
    async fn answer(&self, said: &[u8]) -> Vec<u8> {
        let mut stream = self.tls().await;
        // The server may be gone before all is said.
        drop(stream.write_all(said).await);
        let mut heard = Vec::new();
        drop(soon("the end", stream.read_to_end(&mut heard)).await);
        heard
    }
}

fn node() -> Node {
    Node::bind(Arc::new(Identity::generate().unwrap()), any()).unwrap()
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
async fn where_udp_is_silent_the_server_is_reached_through_a_tunnel_and_knows_who_comes() {
    let (office, app) = (Office::open(), node());
    let start = Instant::now();
    let (accepted, dialled) = tokio::join!(
        async { office.node.accept().await.unwrap().await.unwrap() },
        app.dial_server(&office.name)
    );
    let (connection, place) = dialled.unwrap();
    assert!(start.elapsed() < Duration::from_secs(3));
    assert!(place.by_tunnel);
    assert_eq!(place.address, Some(any().ip()));
    let behind = office.guests.behind(accepted.remote_address());
    assert_eq!(behind.map(|it| it.ip()), Some(any().ip()));
    assert_eq!(office.guests.behind(app.local_addr().unwrap()), None);
    // The last words come through, and then the tunnel goes.
    connection.close(aldis_link::close::DONE, b"");
    soon("the last word", accepted.closed()).await;
    soon("the tunnel's end", async {
        while !office.guests.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(office.guests.behind(accepted.remote_address()), None);
}

#[tokio::test]
async fn without_its_tunnel_no_connection_is_waited_for() {
    let (office, app) = (Office::open(), node());
    let (accepted, dialled) = tokio::join!(
        async { office.node.accept().await.unwrap().await.unwrap() },
        app.dial_server(&office.name)
    );
    let (connection, _) = dialled.unwrap();
    drop(office);
    let start = Instant::now();
    soon("the end", connection.closed()).await;
    assert!(start.elapsed() < Duration::from_secs(5));
    drop(accepted);
}

#[tokio::test]
async fn a_session_over_tcp_on_both_sides_loses_nothing() {
    let office = Office::open();
    let place = Place {
        name: office.name.clone(),
        address: None,
        by_tunnel: true,
    };
    let [hosts, viewers] = [Side::Host, Side::Viewer].map(|side| relay::Relay {
        port: 0,
        ticket: office.key.ticket([5; 16], side, NOW),
    });
    let (host, viewer) = (node(), node());
    let hosted = host.through_relay(&place, &hosts).await.unwrap();
    hosted.expect_peers(&[viewer.identity().hash()]);
    let viewing = viewer.through_relay(&place, &viewers).await.unwrap();
    assert_eq!(viewing.relay_kind(), Kind::TcpRelay);
    let (accepted, dialled) = tokio::join!(
        async { hosted.accept().await.unwrap().await.unwrap() },
        viewing.dial_relayed(host.identity().hash())
    );
    let dialled = dialled.unwrap();
    let much: Vec<u8> = (0..3_000_000_u32).map(|byte| byte as u8).collect();
    says(&accepted, &dialled, &much).await;
    says(&dialled, &accepted, b"and back").await;
    assert_eq!(office.relay.bound(), 2);
}

#[tokio::test]
async fn another_key_than_the_pinned_one_is_refused_as_over_udp() {
    let (office, app) = (Office::open(), node());
    let mut name = office.name.clone();
    name.fingerprint = Fingerprint([1; 32]);
    let outcome = app.dial_server(&name).await.err();
    assert_eq!(outcome, Some(DialError::WrongKey(name.address())));
    assert!(office.guests.is_empty());
}

#[tokio::test]
async fn what_is_no_request_for_a_tunnel_is_not_found() {
    let office = Office::open();
    let upgrade = "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    for request in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET /tunnel HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org\r\n\r\n".to_owned(),
        "\0\u{1}\u{2}garbage\r\n\r\n".to_owned(),
        format!("GET /other HTTP/1.1\r\n{upgrade}"),
        format!("POST /tunnel HTTP/1.1\r\n{upgrade}"),
    ] {
        let answer = office.answer(request.as_bytes()).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{request}: {answer}");
    }
    // Nobody reads on for ever.
    let endless = [b"GET / HTTP/1.1\r\nX: ".to_vec(), vec![b'x'; 100_000]].concat();
    assert_eq!(office.answer(&endless).await, b"");
    assert!(office.guests.is_empty());
}

#[tokio::test]
async fn who_does_not_say_what_he_wants_is_sent_away() {
    let office = Office::open();
    let mut silent = TcpStream::connect(office.name.address()).await.unwrap();
    let mut slow = office.tls().await;
    slow.write_all(b"GET /tunnel HTTP/1.1\r\n").await.unwrap();
    let mut buffer = [0; 100];
    let ends = async {
        drop(silent.read(&mut buffer).await);
        drop(slow.read_to_end(&mut Vec::new()).await);
    };
    soon("both ends", ends).await;
    assert!(office.guests.is_empty());
    // So many at once, and no more, of one household.
    let mut crowd = Vec::new();
    for _ in 0..40 {
        crowd.push(TcpStream::connect(office.name.address()).await.unwrap());
    }
    let refused = async {
        for stream in crowd.iter_mut().skip(32) {
            assert!(matches!(stream.read(&mut buffer).await, Ok(0) | Err(_)));
        }
    };
    soon("the no", refused).await;
    assert_eq!(office.guests.len(), 32);
}

#[tokio::test]
async fn a_tunnel_leads_to_the_servers_two_ports_only() {
    let office = Office::open();
    let bad = [
        // A third port, no port, too long, and no datagram at all.
        Message::Binary(Bytes::from_static(&[2, 0, 0, 0])),
        Message::Binary(Bytes::new()),
        Message::Binary(Bytes::from(vec![1; 1502])),
        Message::Text("127.0.0.1:22".into()),
    ];
    for message in bad {
        let mut tunnel = office.tunnel().await;
        tunnel.send(message.clone()).await.unwrap();
        soon("the end", async {
            while let Some(Ok(heard)) = tunnel.next().await {
                assert!(heard.is_close(), "{message:?}: {heard:?}");
            }
        })
        .await;
    }
    // The relay does answer: nobody is bound there.
    let mut tunnel = office.tunnel().await;
    let datagram = [&[1, 0x40][..], &[0; 1499]].concat();
    tunnel.send(Message::Binary(datagram.into())).await.unwrap();
    let answer = soon("the answer", tunnel.next()).await.unwrap().unwrap();
    assert_eq!(answer, Message::Binary(Bytes::from_static(&[1, 5])));
}
