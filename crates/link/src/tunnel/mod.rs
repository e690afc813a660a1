//! A way for datagrams where networks let no UDP pass: a WebSocket over TLS over TCP.
//!
//! Both ends speak UDP to their own side only. An app's end is a socket on the loopback, to which
//! the app sends what is for the server; the server's end has a socket on the loopback for each of
//! the server's ports. So nobody else knows of tunnels: QUIC connections and the relay work as ever,
//! with their own keys, and the TLS around them only has to look like any other TLS.
//!
//! ```text
//! app ─UDP─▶ [ours ══ TCP: TLS: WebSocket ══ Door] ─UDP─▶ the server's port, or the relay's
//! ```
//!
//! One binary message is one datagram behind a byte that says which [`Port`] it is for. TCP never
//! loses anything, so what cannot go now waits here, and the oldest is given up first: QUIC notices
//! and slows down, as on any narrow link.

mod carry;
mod client;
mod door;
mod guests;
mod proxy;
mod queue;

use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub(crate) use client::{HTTPS, Opener, Tunnel};
pub use door::Door;
pub use guests::Guests;

/// Where tunnels are asked for.
const PATH: &str = "/tunnel";

/// What TLS calls it, as any web server does.
const ALPN: &[u8] = b"http/1.1";

/// The longest datagram.
const LONGEST: usize = 1500;

/// Bytes that the WebSocket and TLS may each gather in one direction.
const BUFFER: usize = 8 << 10;

/// Bytes that the system may keep which it has not sent yet.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT: u32 = 16 << 10;

/// Which of the server's two UDP ports a datagram is for, or from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Server = 0,
    Relay = 1,
}

impl Port {
    const ALL: [Self; 2] = [Self::Server, Self::Relay];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|port| *port as u8 == byte)
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(BUFFER + 4 * LONGEST)
        .max_message_size(Some(1 + LONGEST))
        .max_frame_size(Some(1 + LONGEST))
}

/// Packets that wait in the system's buffers are late, and nobody can give them up there.
fn hasten(stream: &TcpStream) {
    // Where the system refuses, everything works, only later.
    drop(stream.set_nodelay(true));
    #[cfg(any(target_os = "android", target_os = "linux"))]
    drop(socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT));
}
