//! The connection with the supporter's viewer.

use std::time::Duration;

use aldis_link::{Connection, FrameReceiver, FrameSender, close};
use aldis_session::ControlToken;
use aldis_wire::peer::{ScreenPart, ToHost, ToViewer};
use aldis_wire::{SessionId, VERSION};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::hands::Hands;

/// How long a supporter may take to say which session he comes for.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// How long the last word may take to arrive.
const FAREWELL: Duration = Duration::from_millis(800);

/// The most messages that wait for the control stream.
const CONTROL: usize = 64;

/// Control and cursor go before pixels.
const CONTROL_PRIORITY: i32 = 10;

/// The screen's stream.
const SCREEN_PRIORITY: i32 = 0;

/// A supporter at the door: his key is proven, his session is said.
pub(crate) struct Visitor {
    pub(crate) connection: Connection,
    pub(crate) session: SessionId,
    pub(crate) send: FrameSender<ToViewer>,
    pub(crate) receive: FrameReceiver<ToHost>,
}

/// What the supporter's side tells the engine; input is not among it.
pub(crate) enum PeerNews {
    Shown(u32),
    Select(u32),
    /// Input came without a live right to it.
    Unauthorised,
    End,
    Gone,
}

/// What a supporter's side tells, and in which session; a late word of an earlier one is void.
pub(crate) type Told = (SessionId, PeerNews);

/// A supporter inside; dropping it cuts the connection.
pub(crate) struct Peer {
    connection: Connection,
    pub(crate) control: mpsc::Sender<ToViewer>,
    tasks: JoinSet<()>,
}

/// Takes a connection and hears which session it is for.
pub(crate) async fn receive(incoming: aldis_link::Incoming) -> Option<Visitor> {
    let connection = incoming.await.ok()?;
    let introduced = timeout(INTRODUCTION, async {
        let (send, receive) = connection.accept_bi().await.ok()?;
        let mut receive = FrameReceiver::new(receive);
        match receive.recv().await {
            Ok(Some(ToHost::Hello {
                version: VERSION,
                session,
            })) => Some((session, FrameSender::new(send, CONTROL_PRIORITY), receive)),
            _ => None,
        }
    });
    if let Ok(Some((session, send, receive))) = introduced.await {
        return Some(Visitor {
            connection,
            session,
            send,
            receive,
        });
    }
    connection.close(close::MALFORMED, b"no introduction");
    None
}

impl Visitor {
    /// Sends the visitor away.
    pub(crate) async fn refuse(mut self) {
        if self.send.send(&ToViewer::Refused).await.is_ok() {
            self.send.finish();
            drop(timeout(FAREWELL, self.send.delivered()).await);
        }
        self.connection.close(close::REFUSED, b"");
    }

    /// Lets the visitor in: from now on the streams run.
    pub(crate) fn admit(
        self,
        welcome: ToViewer,
        gate: watch::Receiver<Option<ControlToken>>,
        hands: Option<Hands>,
        news: mpsc::Sender<Told>,
    ) -> Peer {
        let Self {
            connection,
            session,
            send,
            receive,
        } = self;
        let (control, waiting) = mpsc::channel(CONTROL);
        let mut tasks = JoinSet::new();
        tasks.spawn(write(send, welcome, waiting, connection.clone()));
        tasks.spawn(read(session, receive, gate, hands, news));
        Peer {
            connection,
            control,
            tasks,
        }
    }
}

impl Peer {
    /// Sends the screen's parts as they come.
    pub(crate) fn send_screen(&mut self, mut parts: mpsc::Receiver<ScreenPart>) {
        let connection = self.connection.clone();
        self.tasks.spawn(async move {
            let Ok(stream) = connection.open_uni().await else {
                return;
            };
            let mut send = FrameSender::new(stream, SCREEN_PRIORITY);
            while let Some(part) = parts.recv().await {
                if send.send(&part).await.is_err() {
                    return;
                }
            }
            // An end of parts is no end of the session: the stream stays open.
            connection.closed().await;
        });
    }

    /// Says the last word and closes.
    pub(crate) async fn close(self, word: ToViewer) {
        drop(self.control.send(word).await);
        drop(timeout(FAREWELL, self.connection.closed()).await);
        self.connection.close(close::DONE, b"");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.connection.close(close::DONE, b"");
    }
}

async fn write(
    mut send: FrameSender<ToViewer>,
    welcome: ToViewer,
    mut waiting: mpsc::Receiver<ToViewer>,
    connection: Connection,
) {
    let mut next = Some(welcome);
    while let Some(message) = next {
        let last = matches!(message, ToViewer::Ended(_));
        if send.send(&message).await.is_err() {
            return;
        }
        if last {
            send.finish();
            send.delivered().await;
            return connection.close(close::DONE, b"");
        }
        next = waiting.recv().await;
    }
}

/// Input goes straight from the stream to the hands, and waits here when they are slow;
/// whether it may is looked up for every single one.
async fn read(
    session: SessionId,
    mut receive: FrameReceiver<ToHost>,
    gate: watch::Receiver<Option<ControlToken>>,
    hands: Option<Hands>,
    news: mpsc::Sender<Told>,
) {
    loop {
        let told = match receive.recv().await {
            Ok(Some(ToHost::Input(input))) => {
                let token = gate.borrow().clone().filter(ControlToken::is_live);
                match (token, &hands) {
                    (Some(token), Some(hands)) => {
                        if hands.send((token, input)).await.is_err() {
                            tracing::debug!("the hands are gone");
                        }
                        continue;
                    }
                    _ => PeerNews::Unauthorised,
                }
            }
            Ok(Some(ToHost::FrameDone { sequence })) => PeerNews::Shown(sequence),
            Ok(Some(ToHost::SelectMonitor(id))) => PeerNews::Select(id),
            Ok(Some(ToHost::End)) => PeerNews::End,
            // A second introduction, a malformed message and a lost link are all its end.
            Ok(Some(ToHost::Hello { .. }) | None) | Err(_) => PeerNews::Gone,
        };
        let gone = matches!(told, PeerNews::Gone);
        if news.send((session, told)).await.is_err() || gone {
            return;
        }
    }
}
