//! One UDP socket, and the QUIC connections made and taken on it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use aldis_trust::{Pinned, ServerName, key_hash};
use aldis_wire::KeyHash;
use aldis_wire::peer::MAX_SEATS;
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

use crate::identity::Identity;
use crate::reset;
use crate::socket::PlainSocket;

/// How long one dial may take.
const DIAL: Duration = Duration::from_secs(5);

/// How often a silent connection says that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(8);

/// How long a connection may be silent before it counts as lost.
const IDLE: Duration = Duration::from_secs(16);

/// Bytes that a peer may have under way on one stream.
const STREAM_WINDOW: u32 = 4 << 20;

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
    endpoint: Endpoint,
    identity: Arc<Identity>,
    provider: Arc<CryptoProvider>,
}

/// The socket could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another program has the port.
    #[error("port {0} is in use; stop the other program or choose another port with --listen")]
    InUse(u16),
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
    #[error("{0} does not answer; check the address, and that UDP reaches it")]
    NoAnswer(String),
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
        let endpoint = open_endpoint(socket, &reset::config(&identity))
            .map_err(|source| BindError::Refused { address, source })?;
        Ok(Self {
            endpoint,
            identity,
            provider,
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
        config.transport_config(Arc::new(transport(protocol)));
        config
    }

    /// The next connection attempt; `None` once the node is closed.
    pub async fn accept(&self) -> Option<Incoming> {
        self.endpoint.accept().await
    }

    /// Connects to the server of this name and no other.
    pub async fn dial_server(&self, server: &ServerName) -> Result<Connection, DialError> {
        let place = server.address();
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host(&place)
            .await
            .map_err(|_resolver| DialError::UnknownHost(server.host.clone()))?
            .take(MAX_CANDIDATES)
            .collect();
        self.dial(&addresses, server.fingerprint.0, Protocol::Signal, &place)
            .await
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

    async fn dial(
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
        config.transport_config(Arc::new(transport(protocol)));
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

fn open_socket(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn transport(protocol: Protocol) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(Some(IDLE.try_into().expect("16 s fit a QUIC timeout")))
        .initial_rtt(Duration::from_millis(100))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(2 * STREAM_WINDOW))
        .send_window(u64::from(2 * STREAM_WINDOW));
    // The control stream, and the screen from the customer's side.
    transport.max_concurrent_bidi_streams(VarInt::from_u32(1));
    transport.max_concurrent_uni_streams(VarInt::from_u32(match protocol {
        Protocol::Signal => 0,
        Protocol::Peer => 1,
    }));
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
fn worse(first: DialError, second: DialError) -> DialError {
    let weight = |error: &DialError| match error {
        DialError::WrongKey(_) => 3,
        DialError::Refused(_) => 2,
        DialError::UnknownHost(_) => 1,
        DialError::NoAnswer(_) => 0,
    };
    if weight(&second) > weight(&first) {
        second
    } else {
        first
    }
}
