//! What both ends of a tunnel do: datagrams become messages, and messages datagrams.

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::stream::{SplitSink, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::queue::Queue;
use super::{LONGEST, Port};

/// How long nothing may come. QUIC connections and the relay's sockets speak more often.
const IDLE: Duration = Duration::from_secs(40);

/// The pause after an error of a socket, which may come again at once.
const PAUSE: Duration = Duration::from_millis(10);

/// Carries datagrams until the other end is gone, is silent, or sends what none of ours sends.
///
/// `known` is heard from the beginning; `open` gives the socket for another port when the first
/// datagram for it comes.
pub(super) async fn carry<S>(
    stream: WebSocketStream<S>,
    known: Option<(Port, Arc<UdpSocket>)>,
    mut open: impl FnMut(Port) -> Option<Arc<UdpSocket>>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sink, mut source) = stream.split();
    let queue = Arc::new(Queue::default());
    let mut tasks = JoinSet::new();
    tasks.spawn(send(sink, Arc::clone(&queue)));
    let mut sockets = Port::ALL.map(|_| None);
    if let Some((port, socket)) = known {
        tasks.spawn(hear(port, Arc::clone(&socket), Arc::clone(&queue)));
        sockets[port as usize] = Some(socket);
    }
    loop {
        let message = tokio::select! {
            message = timeout(IDLE, source.next()) => message,
            // TCP takes nothing more.
            Some(_ended) = tasks.join_next() => return,
        };
        match message {
            Ok(Some(Ok(Message::Binary(message)))) => {
                let Some((port, datagram)) = split(&message) else {
                    return;
                };
                let socket = &mut sockets[port as usize];
                if socket.is_none() {
                    let Some(opened) = open(port) else { return };
                    tasks.spawn(hear(port, Arc::clone(&opened), Arc::clone(&queue)));
                    *socket = Some(opened);
                }
                if let Some(socket) = socket {
                    // What is not taken is lost, as any datagram may be.
                    drop(socket.send(datagram).await);
                }
            }
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            _ => return,
        }
    }
}

fn split(message: &Bytes) -> Option<(Port, &[u8])> {
    let (port, datagram) = message.split_first()?;
    Some((Port::of(*port)?, datagram))
}

async fn send<S>(mut sink: SplitSink<WebSocketStream<S>, Message>, queue: Arc<Queue>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        // What waits together goes together.
        let mut next = Some(queue.pop().await);
        while let Some(message) = next {
            if sink.feed(Message::Binary(message)).await.is_err() {
                return;
            }
            next = queue.try_pop();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

/// Hears what a socket hears.
#[expect(clippy::infinite_loop, reason = "it ends with the tunnel that owns it")]
async fn hear(port: Port, socket: Arc<UdpSocket>, queue: Arc<Queue>) {
    let mut buffer = [0; 1 + LONGEST + 1];
    buffer[0] = port as u8;
    loop {
        match socket.recv(&mut buffer[1..]).await {
            Ok(length @ ..=LONGEST) => queue.push(Bytes::copy_from_slice(&buffer[..=length])),
            Ok(_too_long) => {}
            // About a datagram that was sent before, such as that nobody listens there.
            Err(_) => sleep(PAUSE).await,
        }
    }
}
