//! The connection with the customer's machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{DialError, InLane, Incoming, Keep, Node, OutLane, VarInt, close};
use aldis_session::held::{self, Held};
use aldis_wire::peer::{
    EndReason, Grant, MAX_POINTER_SIDE, MAX_SEATS, Monitor, NoHands, NoPicture, Recording,
    ScreenPart, Seat, ToHost, ToViewer,
};
use aldis_wire::signal::{Distrust, MAX_NAME};
use aldis_wire::{Millis, SessionId};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::meter::Link;
use crate::picture::{Changed, Picture};
use crate::ways::{Begun, Lanes, NotBegun, Way, WayNews, Ways};

/// The most inputs and answers that wait for the stream.
const CONTROL: usize = 256;

/// The most parts that wait for the decoder.
const PARTS: usize = 4;

/// The longest sentence of the customer's machine that is shown, in characters.
const MAX_SENTENCE: usize = 400;

/// How often the customer's machine is told that we live while something is held down.
const SIGN_OF_LIFE: Duration = Duration::from_millis(held::SIGN_OF_LIFE);

/// How long the last word may take to arrive.
const FAREWELL: Duration = Duration::from_millis(800);

/// What happens in a session.
#[derive(Debug)]
pub(crate) enum PeerNews {
    /// The two sides are connected.
    Up(Peer, Grant, Millis),
    /// The supporter reads these digits out.
    Digits(String),
    /// The customer's machine does not believe that this is the supporter.
    Distrusted(Distrust),
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
    NoHands(NoHands),
    NoPicture(Option<NoPicture>),
    InputIgnored,
    /// Nothing comes any more; it is being mended.
    Away,
    /// It goes on.
    Back,
    Ended(EndReason),
    /// The connection is gone without a word.
    Lost,
}

impl From<NotBegun> for PeerNews {
    fn from(why: NotBegun) -> Self {
        match why {
            NotBegun::Unreachable(error) => Self::Failed(error),
            NotBegun::Distrusted(why) => Self::Distrusted(why),
        }
    }
}

/// The customer's machine, connected; dropping it cuts the connections.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) link: Link,
    pub(crate) picture: Arc<Picture>,
    pub(crate) control: mpsc::Sender<ToHost>,
    /// Says that nobody wants the session any more.
    wanted: oneshot::Sender<()>,
}

impl Peer {
    /// Says that the session is over and lets the word arrive.
    pub(crate) async fn close(mut self) {
        if self.control.send(ToHost::End).await.is_ok() {
            drop(timeout(FAREWELL, self.wanted.closed()).await);
        }
    }
}

/// Connects and carries the session until it ends; everything is told to `news`.
///
/// `changed` is called when there is something new to paint; `offers` are this machine's addresses,
/// and `visits` are connections that came to them.
pub(crate) async fn run(
    node: Node,
    way: Way,
    news: mpsc::Sender<(SessionId, PeerNews)>,
    changed: Arc<dyn Fn(Changed) + Send + Sync>,
    mut offers: watch::Receiver<Vec<SocketAddr>>,
    mut visits: mpsc::Receiver<Incoming>,
) {
    let session = way.session;
    let tell = |told| {
        let news = news.clone();
        async move { news.send((session, told)).await.is_ok() }
    };
    let (lanes, mut hearing, coming) = open_lanes();
    let link = Link::default();
    let beats = Arc::new(Notify::new());
    let digits = |digits| tell(PeerNews::Digits(digits));
    let begun = Ways::begin(
        node,
        way,
        Arc::clone(&lanes),
        link.clone(),
        Arc::clone(&beats),
        digits,
    )
    .await;
    let Begun {
        mut ways,
        grant,
        since,
    } = match begun {
        Ok(begun) => begun,
        Err(why) => {
            tell(why.into()).await;
            return;
        }
    };
    let (control, waiting) = mpsc::channel(CONTROL);
    let (shown, showing) = watch::channel(None);
    let picture = Arc::new(Picture::new(shown));
    let (wanted, mut unwanted) = oneshot::channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(write(Arc::clone(&lanes), waiting, showing, beats));
    let mut decoder = decode(coming, Arc::clone(&picture), Arc::clone(&changed));
    let offering = control.clone();
    let peer = Peer {
        link,
        picture: Arc::clone(&picture),
        control,
        wanted,
    };
    if !tell(PeerNews::Up(peer, grant, since)).await {
        return;
    }
    loop {
        let told = tokio::select! {
            // The host's last word comes before it closes the connection.
            biased;
            _ = &mut unwanted => return,
            Some(message) = hearing.recv() => match message {
                ToViewer::Candidates(offered) => {
                    ways.offered(offered);
                    continue;
                }
                ToViewer::Beat => continue,
                ToViewer::Received { control } => match lanes.control.confirm(control) {
                    Ok(()) => continue,
                    Err(_never_said) => PeerNews::Lost,
                },
                message => match heard_news(message, &picture, &*changed) {
                    Some(told) => told,
                    None => continue,
                },
            },
            way = ways.next() => match way {
                WayNews::Away => PeerNews::Away,
                WayNews::Back => PeerNews::Back,
                WayNews::Lost => PeerNews::Lost,
                WayNews::Malformed => {
                    ways.close(close::MALFORMED);
                    PeerNews::Lost
                }
            },
            Some(incoming) = visits.recv() => {
                ways.incoming(incoming);
                continue;
            }
            Ok(()) = offers.changed() => {
                let offer = offers.borrow_and_update().clone();
                drop(offering.try_send(ToHost::Candidates(offer)));
                // He tries to reach us there, and only who tries as well is reached.
                ways.look_straight();
                continue;
            }
            broken = &mut decoder => {
                if let Ok(reason) = broken {
                    ways.close(reason);
                }
                PeerNews::Lost
            }
        };
        let over = matches!(told, PeerNews::Ended(_) | PeerNews::Lost);
        if !tell(told).await || over {
            return;
        }
    }
}

/// The lanes of a session, and where what is heard on them comes out.
fn open_lanes() -> (
    Arc<Lanes>,
    mpsc::Receiver<ToViewer>,
    mpsc::Receiver<ScreenPart>,
) {
    let (heard, hearing) = mpsc::channel(CONTROL);
    let (parts, coming) = mpsc::channel(PARTS);
    let lanes = Lanes {
        control: OutLane::patient(CONTROL),
        heard: InLane::new(heard),
        screen: InLane::new(parts),
    };
    (Arc::new(lanes), hearing, coming)
}

/// What the engine must know of a message; the pointer is only painted.
fn heard_news(
    message: ToViewer,
    picture: &Picture,
    changed: &(dyn Fn(Changed) + Send + Sync),
) -> Option<PeerNews> {
    Some(match message {
        ToViewer::Grant(grant) => PeerNews::Grant(grant),
        ToViewer::Seats { list, joining } => seats(list, joining.as_deref()),
        ToViewer::Recording(told) => PeerNews::Recording(told),
        ToViewer::Monitors { list, shared, all } => PeerNews::Monitors { list, shared, all },
        ToViewer::PointerShape(shape) => {
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
            return None;
        }
        ToViewer::PointerMoved(place) => {
            picture.point(|pointer| pointer.place = place);
            changed(Changed::View);
            return None;
        }
        ToViewer::InputIgnored => PeerNews::InputIgnored,
        ToViewer::NoHands(why) => PeerNews::NoHands(no_hands(why)),
        ToViewer::NoPicture(why) => PeerNews::NoPicture(why.map(no_picture)),
        ToViewer::Ended(reason) => PeerNews::Ended(reason),
        // They belong at the beginning of a stream and nowhere else, or are dealt with before.
        ToViewer::Welcome { .. }
        | ToViewer::Resumed { .. }
        | ToViewer::Received { .. }
        | ToViewer::Beat
        | ToViewer::Candidates(_)
        | ToViewer::Refused
        | ToViewer::Prove { .. }
        | ToViewer::Distrusted(_) => PeerNews::Lost,
    })
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

fn no_hands(why: NoHands) -> NoHands {
    match why {
        NoHands::Failed(why) => NoHands::Failed(sentence(&why)),
        why => why,
    }
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

/// Sends what waits, which update was shown, and what has come; of the latter two only the newest
/// counts.
async fn write(
    lanes: Arc<Lanes>,
    mut waiting: mpsc::Receiver<ToHost>,
    mut showing: watch::Receiver<Option<u32>>,
    beats: Arc<Notify>,
) {
    let (mut heard, mut seen) = (lanes.heard.confirmed(), lanes.screen.confirmed());
    let mut held = Held::default();
    loop {
        let message = tokio::select! {
            () = sleep(SIGN_OF_LIFE), if !held.is_empty() => Some(ToHost::Beat),
            message = waiting.recv() => message,
            Ok(()) = showing.changed() => {
                let shown = *showing.borrow_and_update();
                shown.map(|sequence| ToHost::FrameDone { sequence })
            }
            () = beats.notified() => Some(ToHost::Beat),
            Ok(()) = heard.changed() => Some(received(&lanes)),
            Ok(()) = seen.changed() => Some(received(&lanes)),
        };
        let Some(message) = message else { return };
        let keep = match &message {
            // Keys and clicks are for the picture that he sees now.
            ToHost::Input(input) => {
                held.handle(input);
                Keep::WhileConnected
            }
            ToHost::Beat => Keep::WhileConnected,
            _ => Keep::Always,
        };
        if lanes.control.send(&message, keep).await.is_err() {
            return;
        }
    }
}

fn received(lanes: &Lanes) -> ToHost {
    ToHost::Received {
        control: lanes.heard.lacking(),
        screen: lanes.screen.lacking(),
    }
}

/// Decodes the screen on a thread of its own: pixels must not delay control. Tells with which word
/// the connection ends if they cannot be decoded.
fn decode(
    mut parts: mpsc::Receiver<ScreenPart>,
    picture: Arc<Picture>,
    changed: Arc<dyn Fn(Changed) + Send + Sync>,
) -> oneshot::Receiver<VarInt> {
    let (broken, breaks) = oneshot::channel();
    let decoder = std::thread::Builder::new()
        .name("decode".to_owned())
        .spawn(move || {
            while let Some(part) = parts.blocking_recv() {
                match picture.paint(&part) {
                    Ok(true) => changed(Changed::Picture),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::info!(%error, "the customer's screen cannot be decoded");
                        // Nobody waits for it once the session is over.
                        return broken.send(close::MALFORMED).unwrap_or_default();
                    }
                }
            }
        });
    if let Err(error) = decoder {
        tracing::warn!(%error, "no thread for the decoder");
    }
    breaks
}
