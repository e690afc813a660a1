//! A UDP socket with nothing special, for systems on which QUIC's own socket cannot be set up.
//!
//! quinn asks Windows for congestion marks (`IP_RECVECN`), which Windows has since version 10 and
//! wine has not. They are an improvement and no condition: without them packet loss alone tells
//! of congestion.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// A plain socket as quinn takes it.
#[derive(Debug)]
pub(crate) struct PlainSocket {
    io: UdpSocket,
}

#[derive(Debug)]
struct Writable(Arc<PlainSocket>);

impl PlainSocket {
    /// Wraps a bound socket; must be called inside a tokio runtime.
    pub(crate) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            io: UdpSocket::from_std(socket)?,
        })
    }
}

impl UdpPoller for Writable {
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.io.poll_send_ready(cx)
    }
}

impl AsyncUdpSocket for PlainSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable(self))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        match self.io.try_send_to(transmit.contents, transmit.destination) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            // A packet that cannot be sent is a lost packet, and QUIC sends it again.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (buffers.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        let mut read = ReadBuf::new(buffer);
        let addr = ready!(self.io.poll_recv_from(cx, &mut read))?;
        let len = read.filled().len();
        *meta = RecvMeta {
            addr,
            len,
            stride: len,
            ecn: None,
            dst_ip: None,
        };
        Poll::Ready(Ok(1))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use quinn::{Endpoint, EndpointConfig, TokioRuntime};

    use super::*;

    #[tokio::test]
    async fn quinn_sends_and_receives_on_it() {
        let socket = PlainSocket::new(std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let (config, runtime) = (EndpointConfig::default(), Arc::new(TokioRuntime));
        let endpoint =
            Endpoint::new_with_abstract_socket(config, None, Arc::new(socket), runtime).unwrap();
        // A long header of a version that nobody speaks must be answered (RFC 9000, section 6.1).
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut packet = vec![0; 1200];
        packet[..15].copy_from_slice(&[0xc0, 0xa, 0xa, 0xa, 0xa, 4, 1, 2, 3, 4, 4, 5, 6, 7, 8]);
        endpoint.set_server_config(Some(server()));
        stranger.send_to(&packet, address).await.unwrap();
        let mut answer = [0; 1500];
        let (length, from) = stranger.recv_from(&mut answer).await.unwrap();
        assert_eq!(from, address);
        assert!(
            length > 7 && answer[1..5] == [0, 0, 0, 0],
            "a version negotiation packet"
        );
    }

    fn server() -> quinn::ServerConfig {
        let identity = crate::Identity::generate().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(identity.chain(), identity.private_key())
            .unwrap();
        let tls = quinn::crypto::rustls::QuicServerConfig::try_from(tls).unwrap();
        quinn::ServerConfig::with_crypto(Arc::new(tls))
    }
}
