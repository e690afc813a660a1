//! The connection with one supporter's viewer.

use std::time::Duration;

use aldis_link::{Connection, FrameReceiver, FrameSender, close, peer_key};
use aldis_session::ControlToken;
use aldis_session::host::Roster;
use aldis_wire::peer::{Grant, Look, Recording, ScreenPart, ToHost, ToViewer};
use aldis_wire::{KeyHash, Millis, SessionId, VERSION};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::hands::{Act, Hands, Place};

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
    pub(crate) key: KeyHash,
    pub(crate) send: FrameSender<ToViewer>,
    pub(crate) receive: FrameReceiver<ToHost>,
}

/// What the supporter's side tells the engine; input is not among it.
pub(crate) enum PeerNews {
    Shown(u32),
    Select(u32),
    Look(Look),
    HandControl(u32),
    Remove(u32),
    AskControl,
    /// The system lets nobody read the screen; its sentence.
    NoScreen(String),
    Record(bool),
    /// Input came without a live right to it.
    Unauthorised,
    End,
    Gone,
}

/// What a supporter's side tells, and in which session; a late word of an earlier one is void.
pub(crate) type Told = (SessionId, PeerNews);

/// How a supporter stands; the newest is told, however slowly he reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    pub(crate) grant: Grant,
    pub(crate) recording: Recording,
    pub(crate) roster: Roster,
}

/// What the engine keeps telling the tasks of one supporter's connection.
pub(crate) struct Lines {
    pub(crate) standing: watch::Receiver<Standing>,
    /// The right to inject, while he has it.
    pub(crate) gate: watch::Receiver<Option<ControlToken>>,
    pub(crate) hands: Option<Hands>,
    /// The monitor that he sees.
    pub(crate) place: Place,
    pub(crate) news: mpsc::Sender<Told>,
}

/// A supporter inside; dropping it cuts the connection.
pub(crate) struct Peer {
    connection: Connection,
    pub(crate) control: mpsc::Sender<ToViewer>,
    tasks: JoinSet<()>,
}

/// Takes a connection and hears which session it is for.
pub(crate) async fn receive(incoming: aldis_link::Incoming) -> Option<Visitor> {
    let connection = incoming.await.ok()?;
    let key = peer_key(&connection)?;
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
            key,
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
    pub(crate) fn admit(self, since: Millis, lines: Lines) -> Peer {
        let Self {
            connection,
            session,
            key: _,
            send,
            receive,
        } = self;
        let (control, waiting) = mpsc::channel(CONTROL);
        let mut tasks = JoinSet::new();
        let standing = lines.standing.clone();
        tasks.spawn(write(send, since, standing, waiting, connection.clone()));
        tasks.spawn(read(session, receive, lines));
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
        let said = async {
            drop(self.control.send(word).await);
            self.connection.closed().await;
        };
        // A supporter who reads nothing is not waited for.
        drop(timeout(FAREWELL, said).await);
        self.connection.close(close::DONE, b"");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.connection.close(close::DONE, b"");
    }
}

/// Sends the welcome, how the supporter stands whenever that changes, and what waits.
async fn write(
    mut send: FrameSender<ToViewer>,
    since: Millis,
    mut standing: watch::Receiver<Standing>,
    mut waiting: mpsc::Receiver<ToViewer>,
    connection: Connection,
) {
    let mut told = Standing {
        grant: standing.borrow().grant,
        recording: Recording::Off,
        roster: Roster::default(),
    };
    let welcome = ToViewer::Welcome {
        version: VERSION,
        grant: told.grant,
        since,
    };
    if send.send(&welcome).await.is_err() {
        return;
    }
    loop {
        let now = standing.borrow_and_update().clone();
        if now.grant != told.grant && send.send(&ToViewer::Grant(now.grant)).await.is_err() {
            return;
        }
        if now.roster != told.roster {
            let Roster { list, joining } = now.roster.clone();
            if send.send(&ToViewer::Seats { list, joining }).await.is_err() {
                return;
            }
        }
        let recording = ToViewer::Recording(now.recording);
        if now.recording != told.recording && send.send(&recording).await.is_err() {
            return;
        }
        told = now;
        let message = tokio::select! {
            biased;
            Ok(()) = standing.changed() => continue,
            message = waiting.recv() => message,
        };
        let Some(message) = message else { return };
        let last = matches!(message, ToViewer::Ended(_));
        if send.send(&message).await.is_err() {
            return;
        }
        if last {
            send.finish();
            send.delivered().await;
            return connection.close(close::DONE, b"");
        }
    }
}

/// Input goes straight from the stream to the hands, and waits here when they are slow;
/// whether it may is looked up for every single one.
async fn read(session: SessionId, mut receive: FrameReceiver<ToHost>, lines: Lines) {
    let Lines {
        standing: _,
        gate,
        hands,
        place,
        news,
    } = lines;
    loop {
        let told = match receive.recv().await {
            Ok(Some(ToHost::Input(input))) => {
                let token = gate.borrow().clone().filter(ControlToken::is_live);
                match (token, &hands) {
                    (Some(token), Some(hands)) => {
                        let act = Act::Do(token, input, Place::clone(&place));
                        if hands.send(act).await.is_err() {
                            tracing::debug!("the hands are gone");
                        }
                        continue;
                    }
                    _ => PeerNews::Unauthorised,
                }
            }
            Ok(Some(ToHost::FrameDone { sequence })) => PeerNews::Shown(sequence),
            Ok(Some(ToHost::SelectMonitor(id))) => PeerNews::Select(id),
            Ok(Some(ToHost::Look(look))) => PeerNews::Look(look),
            Ok(Some(ToHost::HandControl { seat })) => PeerNews::HandControl(seat),
            Ok(Some(ToHost::RemoveSeat { seat })) => PeerNews::Remove(seat),
            Ok(Some(ToHost::AskControl)) => PeerNews::AskControl,
            Ok(Some(ToHost::Record(wish))) => PeerNews::Record(wish),
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
