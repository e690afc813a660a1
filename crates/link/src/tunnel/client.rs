//! An app's end of a tunnel.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_trust::{Pinned, ServerName};
use rustls::crypto::CryptoProvider;
use rustls::pki_types;
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::carry::carry;
use super::{ALPN, BUFFER, PATH, Port, config, hasten, proxy};
use crate::node::DialError;

/// The port that networks let through when they let nothing else through.
pub(crate) const HTTPS: u16 = 443;

/// How much earlier the server's own port is tried.
const HEAD_START: Duration = Duration::from_millis(500);

/// How long one try may take.
const TRY: Duration = Duration::from_secs(5);

/// Opens tunnels to one server.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    server: ServerName,
    provider: Arc<CryptoProvider>,
}

/// A tunnel; dropping it closes it.
#[derive(Debug)]
pub(crate) struct Tunnel {
    at: SocketAddr,
    task: JoinSet<()>,
}

type Stream = WebSocketStream<TlsStream<TcpStream>>;

impl Opener {
    pub(crate) fn new(server: ServerName, provider: Arc<CryptoProvider>) -> Self {
        Self { server, provider }
    }

    /// Whether a proxy stands between, which may know names that we do not.
    pub(crate) fn has_proxy(&self) -> bool {
        proxy::is_needed(&self.server.address())
    }

    /// The proxy that stands between, as `HOST:PORT`.
    pub(crate) fn proxy(&self) -> Option<String> {
        proxy::name(&self.server.address())
    }

    /// Whether the server answers on this TCP port; what was opened for that is closed again.
    pub(crate) async fn answers(&self, port: u16) -> Result<(), DialError> {
        Box::pin(self.ask(port)).await.map(drop)
    }

    /// Opens a tunnel to this port of the server for the socket of ours at `ours`; nobody else's
    /// datagrams enter it.
    pub(crate) async fn open(&self, port: Port, ours: SocketAddr) -> Result<Tunnel, DialError> {
        let stream = self.connect().await?;
        let no_socket = |_| DialError::NoAnswer(self.server.address());
        let socket = std::net::UdpSocket::bind(SocketAddr::new(ours.ip(), 0)).map_err(no_socket)?;
        socket.connect(ours).map_err(no_socket)?;
        socket.set_nonblocking(true).map_err(no_socket)?;
        let at = socket.local_addr().map_err(no_socket)?;
        let socket = Arc::new(UdpSocket::from_std(socket).map_err(no_socket)?);
        let mut task = JoinSet::new();
        task.spawn(carry(stream, Some((port, socket)), |_other| None));
        tracing::info!(?port, "a tunnel over TCP is open");
        Ok(Tunnel { at, task })
    }

    /// Asks at the server's own port and, a moment later, at that of the web.
    async fn connect(&self) -> Result<Stream, DialError> {
        // TLS and WebSocket are large while they begin.
        let mut own = Box::pin(self.ask(self.server.port));
        if self.server.port == HTTPS {
            return own.await;
        }
        let mut webs = Box::pin(async {
            sleep(HEAD_START).await;
            self.ask(HTTPS).await
        });
        tokio::select! {
            asked = &mut own => match asked {
                Ok(stream) => Ok(stream),
                // Whoever has another key there is nobody whom to ask again.
                Err(error @ DialError::WrongKey(_)) => Err(error),
                Err(error) => webs.await.map_err(|_often_a_web_site| error),
            },
            asked = &mut webs => match asked {
                Ok(stream) => Ok(stream),
                // Often somebody else's web site, so it tells nothing.
                Err(_) => own.await,
            },
        }
    }

    async fn ask(&self, port: u16) -> Result<Stream, DialError> {
        let server = ServerName {
            port,
            ..self.server.clone()
        };
        let who = self.server.address();
        match timeout(TRY, self.shake_hands(&server.address())).await {
            Ok(asked) => asked.map_err(|failure| match failure {
                Failure::NoAnswer => DialError::NoAnswer(who),
                Failure::WrongKey => DialError::WrongKey(who),
                Failure::Refused => DialError::Refused(who),
            }),
            Err(_late) => Err(DialError::NoAnswer(who)),
        }
    }

    async fn shake_hands(&self, place: &str) -> Result<Stream, Failure> {
        let stream = proxy::connect(place).await.ok_or(Failure::NoAnswer)?;
        hasten(&stream);
        let key = self.server.fingerprint.0;
        let pinned = Arc::new(Pinned::new(key, Arc::clone(&self.provider)));
        let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(pinned)
            .with_no_client_auth();
        tls.alpn_protocols = vec![ALPN.to_vec()];
        tls.resumption = rustls::client::Resumption::disabled();
        // Only for those on the way who look for a name; the key is what counts.
        let name = pki_types::ServerName::try_from(self.server.host.clone())
            .or_else(|_odd| pki_types::ServerName::try_from("aldis"))
            .map_err(|_odd| Failure::NoAnswer)?;
        let connector = TlsConnector::from(Arc::new(tls));
        let stream = connector.connect(name, stream).await;
        let mut stream = stream.map_err(|error| failure(&error))?;
        stream.get_mut().1.set_buffer_limit(Some(BUFFER));
        let request = format!("ws://{place}{PATH}");
        let shaken = client_async_with_config(request, stream, Some(config())).await;
        shaken
            .map(|(stream, _)| stream)
            .map_err(|_no_tunnel| Failure::Refused)
    }
}

enum Failure {
    NoAnswer,
    WrongKey,
    Refused,
}

fn failure(error: &std::io::Error) -> Failure {
    let inner = error.get_ref();
    match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => Failure::WrongKey,
        Some(_) => Failure::Refused,
        None => Failure::NoAnswer,
    }
}

impl Tunnel {
    /// Where the server is to be found now, on this machine.
    pub(crate) fn at(&self) -> SocketAddr {
        self.at
    }

    /// Comes back when it leads nowhere any more.
    pub(crate) async fn ended(&mut self) {
        self.task.join_next().await;
    }
}
