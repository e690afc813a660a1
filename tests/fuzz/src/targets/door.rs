//! The door of tunnels: an HTTP request and WebSocket frames inside TLS, from anybody.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{Door, Guests, Identity};
use aldis_trust::Pinned;
use anyhow::{Context as _, Result};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Target;

/// A request for a tunnel, as RFC 6455 wants it.
const REQUEST: &[u8] = b"GET /tunnel HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n\
Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// How long the door may take to answer; only what it waits for in vain takes so long.
const ANSWER: Duration = Duration::from_millis(20);

/// How long it may take where it must answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A door, and the way to it.
struct Scene {
    runtime: Runtime,
    _door: JoinHandle<()>,
    at: SocketAddr,
    tls: TlsConnector,
}

/// The first byte says whether the rest comes in the place of the request, or after one.
pub(super) fn door() -> Result<Target> {
    let scene = Scene::open()?;
    let masked = |first: u8, body: &[u8]| {
        let length = 0x80 | body.len() as u8;
        [&[1, first, length, 0, 0, 0, 0][..], body].concat()
    };
    let seeds = vec![
        [&[0][..], REQUEST].concat(),
        masked(0x82, &[0, 0x40, 1, 2, 3]),
        masked(0x82, &[1, 1, 2, 3]),
        masked(0x89, b"ping"),
        masked(0x88, &[3, 0xe8]),
        [masked(0x02, &[0, 9]), masked(0x80, &[9]).split_off(1)].concat(),
    ];
    let mut target = Target::new("door", seeds, move |bytes| scene.feed(bytes));
    target.most = 16 << 10;
    Ok(target)
}

impl Scene {
    fn open() -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let identity = Identity::generate()?;
        let udp = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let at = TcpListener::bind(udp(0))?.local_addr()?;
        // Nobody listens at these: what goes through the door is lost behind it.
        let mut door = Door::new(&identity, udp(9), udp(9), Guests::default());
        let listening = runtime.block_on(async { door.listen(at) });
        listening?;
        let provider = Arc::new(ring::default_provider());
        let pinned = Pinned::new(identity.hash(), Arc::clone(&provider));
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let running = runtime.spawn(door.run());
        Ok(Self {
            runtime,
            _door: running,
            at,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Whether the door took it for what its own apps say.
    fn feed(&self, bytes: &[u8]) -> bool {
        let Some((how, rest)) = bytes.split_first() else {
            return false;
        };
        let fed = self.runtime.block_on(async {
            let mut stream = self.knock().await?;
            if how % 2 == 0 {
                stream.write_all(rest).await.ok();
            } else {
                stream.write_all(REQUEST).await?;
                let yes = timeout(PATIENCE, answer(&mut stream)).await?;
                anyhow::ensure!(yes, "a right request is answered");
                stream.write_all(rest).await.ok();
            }
            stream.flush().await.ok();
            // A whole request has an answer, whatever it says.
            let whole = how % 2 == 0 && rest.windows(4).any(|end| end == b"\r\n\r\n");
            let patience = if whole { PATIENCE } else { ANSWER };
            let yes = timeout(patience, answer(&mut stream)).await;
            // After a request there is nothing to be heard but that it is over.
            anyhow::Ok(yes.unwrap_or(false) || how % 2 != 0)
        });
        fed.unwrap_or_else(|error| panic!("the door is shut: {error}"))
    }

    async fn knock(&self) -> Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("aldis")?;
        let stream = TcpStream::connect(self.at).await?;
        let greeted = timeout(PATIENCE, self.tls.connect(name, stream)).await;
        greeted?.context("the door's key")
    }
}

/// Whether the answer is that the tunnel is there.
async fn answer(stream: &mut TlsStream<TcpStream>) -> bool {
    let mut heard = [0; 512];
    let length = stream.read(&mut heard).await.unwrap_or(0);
    heard[..length].starts_with(b"HTTP/1.1 101")
}
