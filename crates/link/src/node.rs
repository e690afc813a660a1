//! One UDP socket, and the QUIC connections made and taken on it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aldis_trust::{Pinned, key_hash};
use aldis_wire::KeyHash;
use aldis_wire::peer::MAX_SEATS;
use aldis_wire::relay::{NONCE, Packet};
use aldis_wire::signal::MAX_CANDIDATES;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, EndpointConfig, Incoming, ServerConfig,
    TokioRuntime, TransportConfig, VarInt,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use socket2::{Domain, Socket, Type};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::congestion::Flows;
use crate::identity::Identity;
use crate::relay::RelaySocket;
use crate::reset;
use crate::socket::PlainSocket;

/// How long one dial may take.
const DIAL: Duration = Duration::from_secs(5);

/// How often a silent connection says that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(8);

/// How long a connection may be silent before it counts as lost.
const IDLE: Duration = Duration::from_secs(16);

/// How often a silent connection through the relay says that it lives: often enough for the
/// networks on the way, and seldom because most of the time it only stands by.
const KEEP_RELAYED: Duration = Duration::from_secs(20);

/// How long a connection through the relay may be silent before it counts as lost.
const IDLE_RELAYED: Duration = Duration::from_secs(45);

/// Bytes that a peer may have under way on one stream.
const STREAM_WINDOW: u32 = 4 << 20;

/// After so many later packets that arrived one counts as lost: some networks let packets overtake
/// each other, and QUIC's three are few for that (RFC 9002, section 6.1.1).
const OVERTAKEN: u32 = 64;

/// After so many round trips without an answer, while later packets have one, a packet is lost.
const LATE: f32 = 1.25;

/// Bytes that may wait in the system for this process, while others have the processor.
const WAITING: usize = 2 << 20;

/// The most streams of a kind that a peer may have open.
const STREAMS: u32 = 4;

/// The conversation that a connection carries; TLS makes sure that both ends mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// An app with the rendezvous server.
    Signal,
    /// A supporter's viewer with a customer's machine.
    Peer,
}

impl Protocol {
    fn alpn(self) -> Vec<Vec<u8>> {
        let name: &[u8] = match self {
            Self::Signal => b"aldis-signal/1",
            Self::Peer => b"aldis-peer/1",
        };
        vec![name.to_vec()]
    }
}

/// One UDP socket with its QUIC endpoint.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) endpoint: Endpoint,
    identity: Arc<Identity>,
    pub(crate) provider: Arc<CryptoProvider>,
    /// The same socket, for what is not QUIC; a node behind the relay has none of its own.
    raw: Option<Arc<UdpSocket>>,
    pub(crate) relay: Option<Arc<RelaySocket>>,
    /// Each lives as long as the connection in it.
    pub(crate) tunnels: Arc<Mutex<JoinSet<()>>>,
}

/// The socket could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another program has the port.
    #[error("port {0} is in use; stop the other program or choose another port with --listen")]
    InUse(u16),
    /// Another program has the TCP port.
    #[error("TCP port {0} is in use; stop the other program or choose another port with --tcp")]
    TcpInUse(u16),
    /// The system refused.
    #[error("cannot listen on {address}: {source}")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
}

/// No connection came about.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DialError {
    /// The host's name has no address.
    #[error("{0} cannot be found; check the server's name and your network")]
    UnknownHost(String),
    /// Nobody answered.
    #[error("{0} answers neither over UDP nor over TCP; check the address and your network")]
    NoAnswer(String),
    /// The relay of the server at this place does not answer.
    #[error(
        "the relay of {0} answers neither over UDP nor over TCP; ask your administrator to let it \
         through"
    )]
    NoRelay(String),
    /// Somebody answered with another key.
    #[error("{0} has another key than expected; do not connect, ask your administrator")]
    WrongKey(String),
    /// The other end refused, or speaks something else.
    #[error("{0} refused the connection; it may run another version")]
    Refused(String),
}

impl Node {
    /// Opens the socket on `address`; port 0 takes any.
    ///
    /// Must be called inside a tokio runtime.
    pub fn bind(identity: Arc<Identity>, address: SocketAddr) -> Result<Self, BindError> {
        let socket = open_socket(address).map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => BindError::InUse(address.port()),
            _ => BindError::Refused { address, source },
        })?;
        let provider = Arc::new(ring::default_provider());
        let refused = |source| BindError::Refused { address, source };
        let raw = Some(Arc::new(socket.try_clone().map_err(refused)?));
        let endpoint = open_endpoint(socket, &reset::config(&identity)).map_err(refused)?;
        Ok(Self {
            endpoint,
            identity,
            provider,
            raw,
            relay: None,
            tunnels: Arc::default(),
        })
    }

    /// The same node at the relay's socket.
    pub(crate) fn at_relay(&self, socket: Arc<RelaySocket>) -> std::io::Result<Self> {
        let config = reset::config(&self.identity);
        let (relay, runtime) = (Some(Arc::clone(&socket)), Arc::new(TokioRuntime));
        Ok(Self {
            endpoint: Endpoint::new_with_abstract_socket(config, None, socket, runtime)?,
            identity: Arc::clone(&self.identity),
            provider: Arc::clone(&self.provider),
            raw: None,
            relay,
            tunnels: Arc::default(),
        })
    }

    /// Opens a socket for an app: any port, IPv6 and IPv4 where the system has both.
    pub fn bind_any(identity: Arc<Identity>) -> Result<Self, BindError> {
        let any = |ip: IpAddr| SocketAddr::new(ip, 0);
        Self::bind(Arc::clone(&identity), any(Ipv6Addr::UNSPECIFIED.into()))
            .or_else(|_no_ipv6| Self::bind(identity, any(Ipv4Addr::UNSPECIFIED.into())))
    }

    /// The key this node proves to hold.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the socket is bound.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// From now on connections are taken from anyone who proves nothing: for the server, which
    /// knows its callers by password and token.
    pub fn serve_anyone(&self) {
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has TLS 1.3")
            .with_no_client_auth();
        self.endpoint
            .set_server_config(Some(self.server_config(builder, Protocol::Signal)));
    }

    /// From now on connections are taken from the peers that hold these keys, at most
    /// [`MAX_SEATS`], and from nobody else.
    pub fn expect_peers(&self, keys: &[KeyHash]) {
        let keys = keys.get(..MAX_SEATS).unwrap_or(keys);
        let config = (!keys.is_empty()).then(|| {
            let pinned = Pinned::any_of(keys.to_vec(), Arc::clone(&self.provider));
            let pinned = Arc::new(pinned);
            let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&self.provider))
                .with_protocol_versions(&[&rustls::version::TLS13])
                .expect("the provider has TLS 1.3")
                .with_client_cert_verifier(pinned);
            self.server_config(builder, Protocol::Peer)
        });
        self.endpoint.set_server_config(config);
    }

    fn server_config(
        &self,
        builder: rustls::ConfigBuilder<rustls::ServerConfig, rustls::server::WantsServerCert>,
        protocol: Protocol,
    ) -> ServerConfig {
        let mut tls = builder
            .with_single_cert(self.identity.chain(), self.identity.private_key())
            .expect("our own certificate fits our own key");
        tls.alpn_protocols = protocol.alpn();
        tls.send_tls13_tickets = 0;
        tls.max_early_data_size = 0;
        let tls = QuicServerConfig::try_from(tls).expect("the provider has QUIC's first suite");
        let mut config = ServerConfig::with_crypto(Arc::new(tls));
        config.transport_config(Arc::new(transport(protocol, self.relay.is_some())));
        config
    }

    /// The next connection attempt; `None` once the node is closed.
    pub async fn accept(&self) -> Option<Incoming> {
        self.endpoint.accept().await
    }

    /// Connects to the peer that holds `key`, at whichever of its addresses answers first.
    pub async fn dial_peer(
        &self,
        candidates: &[SocketAddr],
        key: KeyHash,
    ) -> Result<Connection, DialError> {
        let candidates = &candidates[..candidates.len().min(MAX_CANDIDATES)];
        self.dial(candidates, key, Protocol::Peer, "the customer's computer")
            .await
    }

    pub(crate) async fn dial(
        &self,
        addresses: &[SocketAddr],
        key: KeyHash,
        protocol: Protocol,
        who: &str,
    ) -> Result<Connection, DialError> {
        let config = self.client_config(key, protocol);
        let mut dials = JoinSet::new();
        let mut outcome = DialError::NoAnswer(who.to_owned());
        for address in addresses {
            // An address this socket cannot reach (IPv6 on an IPv4 machine) is just no candidate.
            if let Ok(dial) = self
                .endpoint
                .connect_with(config.clone(), *address, "aldis")
            {
                dials.spawn(timeout(DIAL, dial));
            }
        }
        while let Some(ended) = dials.join_next().await {
            match ended {
                Ok(Ok(Ok(connection))) => return Ok(connection),
                Ok(Ok(Err(error))) => outcome = worse(outcome, dial_error(&error, who)),
                Ok(Err(_)) | Err(_) => {}
            }
        }
        Err(outcome)
    }

    fn client_config(&self, key: KeyHash, protocol: Protocol) -> ClientConfig {
        let pinned = Arc::new(Pinned::new(key, Arc::clone(&self.provider)));
        let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(pinned);
        let mut tls = match protocol {
            Protocol::Signal => builder.with_no_client_auth(),
            Protocol::Peer => builder
                .with_client_auth_cert(self.identity.chain(), self.identity.private_key())
                .expect("our own certificate fits our own key"),
        };
        tls.alpn_protocols = protocol.alpn();
        tls.resumption = rustls::client::Resumption::disabled();
        let tls = QuicClientConfig::try_from(tls).expect("the provider has QUIC's first suite");
        let mut config = ClientConfig::new(Arc::new(tls));
        config.transport_config(Arc::new(transport(protocol, self.relay.is_some())));
        config
    }

    /// Where a peer may reach this socket: the machine's own addresses, at most
    /// [`MAX_CANDIDATES`], the network's before the loopback.
    pub fn candidates(&self) -> Vec<SocketAddr> {
        let Ok(local) = self.endpoint.local_addr() else {
            return Vec::new();
        };
        let mut addresses: Vec<IpAddr> = if_addrs::get_if_addrs()
            .unwrap_or_default()
            .iter()
            .map(if_addrs::Interface::ip)
            .filter(|ip| local.is_ipv6() || ip.is_ipv4())
            // A link-local IPv6 address means nothing without its interface.
            .filter(|ip| !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local()))
            .collect();
        addresses.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
        addresses.truncate(MAX_CANDIDATES);
        addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, local.port()))
            .collect()
    }

    /// Sends a few bytes that mean nothing from this node's own socket, so that the networks on the
    /// way let through what comes back from there.
    pub fn punch(&self, addresses: &[SocketAddr]) {
        // Too short to be taken for QUIC, and our peers' sockets drop it.
        self.send_raw(&[0; 4], addresses);
    }

    /// Sends a packet to the relay's port, by which the server sees this node from there.
    pub fn probe(&self, relay: SocketAddr, mark: [u8; NONCE]) {
        self.send_raw(&Packet::Probe(mark).encode(), &[relay]);
    }

    fn send_raw(&self, packet: &[u8], addresses: &[SocketAddr]) {
        let (Some(raw), Ok(local)) = (&self.raw, self.endpoint.local_addr()) else {
            return;
        };
        for address in addresses {
            let to = match address {
                SocketAddr::V4(v4) if local.is_ipv6() => {
                    SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
                }
                to => *to,
            };
            if let Err(error) = raw.send_to(packet, to) {
                tracing::trace!(%error, "an address cannot be sent to");
            }
        }
    }

    /// Closes every connection and waits, briefly, until the peers know.
    pub async fn close(&self) {
        self.endpoint.close(crate::close::DONE, b"");
        drop(timeout(Duration::from_millis(500), self.endpoint.wait_idle()).await);
    }
}

/// The key that the other end of this connection has proven to hold.
pub fn peer_key(connection: &Connection) -> Option<KeyHash> {
    let identity = connection.peer_identity()?;
    let chain = identity.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    key_hash(chain.first()?).ok()
}

fn open_endpoint(socket: UdpSocket, config: &EndpointConfig) -> std::io::Result<Endpoint> {
    let runtime = Arc::new(TokioRuntime);
    let plain = socket.try_clone()?;
    match Endpoint::new(config.clone(), None, socket, runtime.clone()) {
        Ok(endpoint) => Ok(endpoint),
        Err(error) => {
            tracing::info!(%error, "the system lacks what QUIC's own socket wants");
            let plain = Arc::new(PlainSocket::new(plain)?);
            Endpoint::new_with_abstract_socket(config.clone(), None, plain, runtime)
        }
    }
}

pub(crate) fn open_socket(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // The system may give less; then more is lost under load.
    drop(socket.set_recv_buffer_size(WAITING));
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn transport(protocol: Protocol, relayed: bool) -> TransportConfig {
    let (keep_alive, idle) = if relayed {
        (KEEP_RELAYED, IDLE_RELAYED)
    } else {
        (KEEP_ALIVE, IDLE)
    };
    let mut transport = TransportConfig::default();
    transport
        .keep_alive_interval(Some(keep_alive))
        .max_idle_timeout(Some(idle.try_into().expect("seconds fit a QUIC timeout")))
        .initial_rtt(Duration::from_millis(100))
        .datagram_receive_buffer_size(None)
        .congestion_controller_factory(Arc::new(Flows))
        .packet_threshold(OVERTAKEN)
        .time_threshold(LATE)
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(2 * STREAM_WINDOW))
        .send_window(u64::from(2 * STREAM_WINDOW));
    // The control stream, and the screen from the customer's side; while a session comes back to
    // a connection that it had left, the older ones may not be over yet.
    let (both_ways, one_way) = match protocol {
        Protocol::Signal => (1, 0),
        Protocol::Peer => (STREAMS, STREAMS),
    };
    transport.max_concurrent_bidi_streams(VarInt::from_u32(both_ways));
    transport.max_concurrent_uni_streams(VarInt::from_u32(one_way));
    transport
}

fn dial_error(error: &ConnectionError, who: &str) -> DialError {
    /// QUIC reports a TLS alert as 0x100 and its number (RFC 9001, section 4.8).
    const ALERTS: std::ops::Range<u64> = 0x100..0x200;
    /// `no_application_protocol` of RFC 7301.
    const NO_PROTOCOL: u64 = 0x100 + 120;
    match error {
        ConnectionError::TransportError(error) => match u64::from(error.code) {
            NO_PROTOCOL => DialError::Refused(who.to_owned()),
            code if ALERTS.contains(&code) => DialError::WrongKey(who.to_owned()),
            _ => DialError::Refused(who.to_owned()),
        },
        ConnectionError::TimedOut | ConnectionError::LocallyClosed => {
            DialError::NoAnswer(who.to_owned())
        }
        _ => DialError::Refused(who.to_owned()),
    }
}

/// Of two failures the one that a person must know of.
pub(crate) fn worse(first: DialError, second: DialError) -> DialError {
    let weight = |error: &DialError| match error {
        DialError::WrongKey(_) => 3,
        DialError::Refused(_) => 2,
        DialError::UnknownHost(_) => 1,
        DialError::NoAnswer(_) | DialError::NoRelay(_) => 0,
    };
    if weight(&second) > weight(&first) {
        second
    } else {
        first
    }
}
