//! The connection with the customer's machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{Connection, DialError, FrameReceiver, FrameSender, Node, close};
use aldis_wire::peer::{
    EndReason, Grant, MAX_POINTER_SIDE, MAX_SEATS, Monitor, NoPicture, Recording, ScreenPart, Seat,
    ToHost, ToViewer,
};
use aldis_wire::signal::MAX_NAME;
use aldis_wire::{KeyHash, Millis, SessionId, VERSION};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::picture::{Changed, Picture};

/// How long the customer's machine may take to say welcome.
const WELCOME: Duration = Duration::from_secs(5);

/// The most inputs and answers that wait for the stream.
const CONTROL: usize = 256;

/// The most parts that wait for the decoder.
const PARTS: usize = 4;

/// The longest sentence of the customer's machine that is shown, in characters.
const MAX_SENTENCE: usize = 400;

/// Input goes before everything.
const CONTROL_PRIORITY: i32 = 10;

/// What happens in a session.
#[derive(Debug)]
pub(crate) enum PeerNews {
    /// The two sides are connected.
    Up(Peer, Grant, Millis),
    /// They never will be.
    Failed(DialError),
    Grant(Grant),
    Seats(Vec<Seat>, Option<String>),
    Recording(Recording),
    Monitors {
        list: Vec<Monitor>,
        shared: u32,
        all: bool,
    },
    NoHands(String),
    NoPicture(Option<NoPicture>),
    InputIgnored,
    Ended(EndReason),
    /// The connection is gone without a word.
    Lost,
}

/// Measures of a connection.
#[derive(Clone, Debug)]
pub struct Link {
    connection: Connection,
}

impl Link {
    /// The round trip's estimate.
    pub fn rtt(&self) -> Duration {
        self.connection.rtt()
    }

    /// Bytes received and sent in UDP packets so far.
    pub fn bytes(&self) -> (u64, u64) {
        let stats = self.connection.stats();
        (stats.udp_rx.bytes, stats.udp_tx.bytes)
    }
}

/// The customer's machine, connected; dropping it cuts the connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) link: Link,
    pub(crate) picture: Arc<Picture>,
    pub(crate) control: mpsc::Sender<ToHost>,
    tasks: JoinSet<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.link.connection.close(close::DONE, b"");
    }
}

impl Peer {
    /// Says that the session is over and lets the word arrive.
    pub(crate) async fn close(mut self) {
        let said = self.control.send(ToHost::End).await;
        if said.is_ok() {
            let ended = self.link.connection.closed();
            drop(timeout(Duration::from_millis(800), ended).await);
        }
        self.tasks.abort_all();
    }
}

/// Where a session is to be had.
pub(crate) struct Way {
    pub(crate) session: SessionId,
    pub(crate) key: KeyHash,
    pub(crate) candidates: Vec<SocketAddr>,
}

/// Connects and carries the session until it ends; everything is told to `news`.
///
/// `changed` is called when there is something new to paint.
pub(crate) async fn run(
    node: Node,
    way: Way,
    news: mpsc::Sender<(SessionId, PeerNews)>,
    changed: Arc<dyn Fn(Changed) + Send + Sync>,
) {
    let session = way.session;
    let tell = |told| {
        let news = news.clone();
        async move { news.send((session, told)).await.is_ok() }
    };
    let connection = match node.dial_peer(&way.candidates, way.key).await {
        Ok(connection) => connection,
        Err(error) => {
            tell(PeerNews::Failed(error)).await;
            return;
        }
    };
    let Ok(Some((send, mut receive, grant, since))) =
        timeout(WELCOME, introduce(&connection, session)).await
    else {
        connection.close(close::DONE, b"");
        let refused = DialError::Refused("the customer's computer".to_owned());
        tell(PeerNews::Failed(refused)).await;
        return;
    };
    let (control, waiting) = mpsc::channel(CONTROL);
    let (shown, showing) = watch::channel(None);
    let picture = Arc::new(Picture::new(shown));
    let mut tasks = JoinSet::new();
    tasks.spawn(write(send, waiting, showing));
    tasks.spawn(watch(
        connection.clone(),
        Arc::clone(&picture),
        Arc::clone(&changed),
    ));
    let link = Link {
        connection: connection.clone(),
    };
    let peer = Peer {
        link,
        picture: Arc::clone(&picture),
        control,
        tasks,
    };
    if !tell(PeerNews::Up(peer, grant, since)).await {
        return;
    }
    loop {
        let told = match receive.recv().await {
            Ok(Some(ToViewer::Grant(grant))) => PeerNews::Grant(grant),
            Ok(Some(ToViewer::Seats { list, joining })) => seats(list, joining.as_deref()),
            Ok(Some(ToViewer::Recording(told))) => PeerNews::Recording(told),
            Ok(Some(ToViewer::Monitors { list, shared, all })) => {
                PeerNews::Monitors { list, shared, all }
            }
            Ok(Some(ToViewer::PointerShape(shape))) => {
                let side = 1..=MAX_POINTER_SIDE;
                let pixels = usize::from(shape.width) * usize::from(shape.height);
                if side.contains(&shape.width)
                    && side.contains(&shape.height)
                    && shape.rgba.len() == pixels * 4
                {
                    picture.point(|pointer| {
                        pointer.shape = Some(shape);
                        pointer.shape_number += 1;
                    });
                    changed(Changed::View);
                }
                continue;
            }
            Ok(Some(ToViewer::PointerMoved(place))) => {
                picture.point(|pointer| pointer.place = place);
                changed(Changed::View);
                continue;
            }
            Ok(Some(ToViewer::InputIgnored)) => PeerNews::InputIgnored,
            Ok(Some(ToViewer::NoHands(why))) => PeerNews::NoHands(sentence(&why)),
            Ok(Some(ToViewer::NoPicture(why))) => PeerNews::NoPicture(why.map(no_picture)),
            Ok(Some(ToViewer::Ended(reason))) => PeerNews::Ended(reason),
            Ok(Some(ToViewer::Welcome { .. } | ToViewer::Refused) | None) | Err(_) => {
                PeerNews::Lost
            }
        };
        let over = matches!(told, PeerNews::Ended(_) | PeerNews::Lost);
        if !tell(told).await || over {
            return;
        }
    }
}

/// No more seats and no longer names than there can be, whatever the peer says.
fn seats(mut list: Vec<Seat>, joining: Option<&str>) -> PeerNews {
    let short = |name: &str| name.chars().take(MAX_NAME).collect();
    list.truncate(MAX_SEATS);
    for seat in &mut list {
        seat.name = short(&seat.name);
    }
    PeerNews::Seats(list, joining.map(short))
}

fn no_picture(why: NoPicture) -> NoPicture {
    match why {
        NoPicture::Failed(why) => NoPicture::Failed(sentence(&why)),
        why => why,
    }
}

/// No longer sentence than people read.
fn sentence(said: &str) -> String {
    said.chars().take(MAX_SENTENCE).collect()
}

type Streams = (FrameSender<ToHost>, FrameReceiver<ToViewer>, Grant, Millis);

async fn introduce(connection: &Connection, session: SessionId) -> Option<Streams> {
    let (send, receive) = connection.open_bi().await.ok()?;
    let (mut send, mut receive) = (
        FrameSender::new(send, CONTROL_PRIORITY),
        FrameReceiver::new(receive),
    );
    send.send(&ToHost::Hello {
        version: VERSION,
        session,
    })
    .await
    .ok()?;
    match receive.recv().await {
        Ok(Some(ToViewer::Welcome {
            version: VERSION,
            grant,
            since,
        })) => Some((send, receive, grant, since)),
        _ => None,
    }
}

/// Sends what waits, and which update was shown; of that only the newest counts.
async fn write(
    mut send: FrameSender<ToHost>,
    mut waiting: mpsc::Receiver<ToHost>,
    mut showing: watch::Receiver<Option<u32>>,
) {
    loop {
        let message = tokio::select! {
            message = waiting.recv() => message,
            Ok(()) = showing.changed() => {
                let shown = *showing.borrow_and_update();
                shown.map(|sequence| ToHost::FrameDone { sequence })
            }
        };
        let Some(message) = message else { return };
        if send.send(&message).await.is_err() {
            return;
        }
    }
}

/// Receives the screen and hands it to a thread that decodes: pixels must not delay control.
async fn watch(
    connection: Connection,
    picture: Arc<Picture>,
    changed: Arc<dyn Fn(Changed) + Send + Sync>,
) {
    let Ok(stream) = connection.accept_uni().await else {
        return;
    };
    let mut receive = FrameReceiver::<ScreenPart>::new(stream);
    let (parts, mut waiting) = mpsc::channel::<ScreenPart>(PARTS);
    let malformed = connection.clone();
    let decoder = std::thread::Builder::new()
        .name("decode".to_owned())
        .spawn(move || {
            while let Some(part) = waiting.blocking_recv() {
                match picture.paint(&part) {
                    Ok(true) => changed(Changed::Picture),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::info!(%error, "the customer's screen cannot be decoded");
                        return malformed.close(close::MALFORMED, b"");
                    }
                }
            }
        });
    if decoder.is_err() {
        return connection.close(close::FULL, b"");
    }
    loop {
        match receive.recv().await {
            Ok(Some(part)) => {
                if parts.send(part).await.is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(aldis_link::RecvError::Malformed(_)) => {
                return connection.close(close::MALFORMED, b"");
            }
            Err(_) => return,
        }
    }
}
