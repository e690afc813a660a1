//! The server's ends of the tunnels.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse as _;
use tokio_tungstenite::tungstenite::handshake::server::{Request, create_response, write_response};
use tokio_tungstenite::tungstenite::protocol::Role;

use super::carry::carry;
use super::guests::{Guest, Guests};
use super::{ALPN, BUFFER, PATH, config, hasten};
use crate::identity::Identity;
use crate::node::BindError;

/// How long somebody may take to say what he wants.
const ARRIVAL: Duration = Duration::from_secs(10);

/// The longest request.
const REQUEST: usize = 8 << 10;

/// Connections that wait for us in the system.
const BACKLOG: i32 = 1024;

/// The pause when the system has nothing left for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What anybody gets who wants something else.
const NOT_FOUND: &[u8] =
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The TCP ports on which tunnels end, and the UDP ports to which they lead.
pub struct Door {
    listeners: Vec<TcpListener>,
    inner: Arc<Inner>,
}

struct Inner {
    tls: TlsAcceptor,
    guests: Guests,
    /// The server's port and the relay's.
    ports: [SocketAddr; 2],
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door")
            .field("ports", &self.inner.ports)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// A door to these two UDP ports of this machine, closed as yet.
    pub fn new(identity: &Identity, server: SocketAddr, relay: SocketAddr, guests: Guests) -> Self {
        let provider = Arc::new(ring::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(identity.chain(), identity.private_key())
            .expect("our own certificate fits our own key");
        tls.alpn_protocols = vec![ALPN.to_vec()];
        tls.send_tls13_tickets = 0;
        tls.max_early_data_size = 0;
        let inner = Inner {
            tls: TlsAcceptor::from(Arc::new(tls)),
            guests,
            ports: [server, relay].map(within),
        };
        Self {
            listeners: Vec::new(),
            inner: Arc::new(inner),
        }
    }

    /// Listens on one more TCP port.
    ///
    /// Must be called inside a tokio runtime.
    pub fn listen(&mut self, address: SocketAddr) -> Result<(), BindError> {
        let listener = listen(address).map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => BindError::TcpInUse(address.port()),
            _ => BindError::Refused { address, source },
        })?;
        self.listeners.push(listener);
        Ok(())
    }

    /// Lets apps in until it is dropped.
    pub async fn run(self) {
        let mut doors = JoinSet::new();
        for listener in self.listeners {
            doors.spawn(admit(listener, Arc::clone(&self.inner)));
        }
        while doors.join_next().await.is_some() {}
    }
}

/// How this machine itself reaches a port on which it listens.
fn within(port: SocketAddr) -> SocketAddr {
    if port.ip().is_unspecified() {
        SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port.port())
    } else {
        port
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // Else a restarted server would wait for the connections of the one before it. Windows means
    // something else by it, and needs it not.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

async fn admit(listener: TcpListener, inner: Arc<Inner>) {
    let mut tunnels = JoinSet::new();
    loop {
        tokio::select! {
            came = listener.accept() => match came {
                // Who is one too many is sent away without a word, which would cost something.
                Ok((stream, peer)) => if let Some(guest) = inner.guests.enter(peer) {
                    tunnels.spawn(serve(stream, guest, Arc::clone(&inner)));
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection was not taken");
                    sleep(PAUSE).await;
                }
            },
            Some(_ended) = tunnels.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, mut guest: Guest, inner: Arc<Inner>) {
    hasten(&stream);
    let arrival = timeout(ARRIVAL, async {
        let mut stream = inner.tls.accept(stream).await.ok()?;
        stream.get_mut().1.set_buffer_limit(Some(BUFFER));
        upgrade(stream).await
    });
    let Ok(Some(stream)) = arrival.await else {
        return;
    };
    guest.arrive();
    carry(stream, None, |port| {
        let socket = inside(inner.ports[port as usize]).ok()?;
        guest.is_seen_at(socket.local_addr().ok()?);
        Some(Arc::new(socket))
    })
    .await;
}

/// A socket that hears and reaches one of our own ports, and nothing else.
fn inside(port: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(SocketAddr::new(port.ip(), 0))?;
    socket.connect(port)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// Reads the request; whatever is no request for a tunnel is not found.
async fn upgrade(
    mut stream: TlsStream<TcpStream>,
) -> Option<WebSocketStream<TlsStream<TcpStream>>> {
    let mut read = Vec::new();
    let (length, request) = loop {
        if stream.read_buf(&mut read).await.ok()? == 0 || read.len() > REQUEST {
            return None;
        }
        match Request::try_parse(&read) {
            Ok(Some(parsed)) => break parsed,
            Ok(None) => {}
            Err(_) => return refuse(stream).await,
        }
    };
    let Ok(response) = create_response(&request) else {
        return refuse(stream).await;
    };
    if request.uri().path() != PATH {
        return refuse(stream).await;
    }
    let mut answer = Vec::new();
    write_response(&mut answer, &response).ok()?;
    stream.write_all(&answer).await.ok()?;
    stream.flush().await.ok()?;
    let rest = read.split_off(length);
    let socket = WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(config()));
    Some(socket.await)
}

async fn refuse<T>(mut stream: TlsStream<TcpStream>) -> Option<T> {
    stream.write_all(NOT_FOUND).await.ok()?;
    stream.shutdown().await.ok()?;
    None
}
