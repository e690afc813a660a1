//! A supporter's view of the screen: what he wishes, and who sees to it that pictures keep coming.
//!
//! A thread watches the screen ([`watch`]). One that ends with an error is started again; one whose
//! call into the system does not come back is given up, and a new one opens the screen anew.
//! Meanwhile the supporter is told why there is no picture.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aldis_capture::{CaptureError, Source, Waker};
use aldis_wire::SessionId;
use aldis_wire::peer::{Look, NoPicture, ScreenPart, ToViewer};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::clock;
use crate::hands::Place;
use crate::peer::{PeerNews, Told};

use beat::Beat;
use watch::Watch;

mod beat;
#[cfg(test)]
mod tests;
mod threads;
mod watch;

/// The most parts that wait for the link.
const PARTS: usize = 4;

/// How often a thread's sign of life is looked for.
const CHECK: Duration = Duration::from_millis(250);

/// How long after a failure the screen is opened again; doubled with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A screen that was read for so long had been well.
const WELL: Duration = Duration::from_secs(30);

/// The most threads that may be stuck in the system; no further ones are started.
const STUCK: usize = 3;

/// Opens the screen; every thread opens one of its own.
pub(crate) type Open = Arc<dyn Fn() -> Result<Box<dyn Source>, CaptureError> + Send + Sync>;

/// Where what is seen and what is known goes.
pub(crate) struct Ends {
    /// What concerns pointer and monitors.
    pub(crate) control: mpsc::Sender<ToViewer>,
    /// The monitor that the supporter sees, for the hands.
    pub(crate) place: Place,
    /// The session, and where is told that its screen cannot be read at all.
    pub(crate) news: (SessionId, mpsc::Sender<Told>),
}

/// Controls the threads; dropping it ends them.
#[derive(Debug)]
pub(crate) struct Screen {
    shared: Arc<Shared>,
    /// Sees to it that a thread runs.
    _keeper: JoinSet<()>,
}

/// What the supporter's side and the threads share.
#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    shown: AtomicU32,
    wish: Mutex<Wish>,
    /// The supporter was told that there is no picture.
    missed: AtomicBool,
    /// The thread that watches now, once it has opened the screen.
    running: Mutex<Option<(Arc<Beat>, Waker)>>,
    control: mpsc::Sender<ToViewer>,
    place: Place,
    parts: mpsc::Sender<ScreenPart>,
}

/// What the supporter wishes to see.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Wish {
    /// `None` for the one that the system calls the main one.
    monitor: Option<u32>,
    look: Look,
}

/// How a thread ended.
#[derive(Debug)]
enum End {
    /// Nobody needs it any more.
    Done,
    /// The screen cannot be read.
    Failed(CaptureError),
}

impl Screen {
    /// Starts watching the screen; parts come out of the receiver.
    pub(crate) fn start(open: Open, ends: Ends) -> (Self, mpsc::Receiver<ScreenPart>) {
        let Ends {
            control,
            place,
            news,
        } = ends;
        let (parts, coded) = mpsc::channel(PARTS);
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            shown: AtomicU32::new(0),
            wish: Mutex::default(),
            missed: AtomicBool::new(false),
            running: Mutex::default(),
            control,
            place,
            parts,
        });
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(Arc::clone(&shared), open, news));
        let screen = Self {
            shared,
            _keeper: keeper,
        };
        (screen, coded)
    }

    /// The viewer shows the update with this number.
    pub(crate) fn shown(&self, sequence: u32) {
        self.shared.shown.store(sequence, Ordering::SeqCst);
        self.shared.wake();
    }

    /// The viewer wants another monitor.
    pub(crate) fn select(&self, monitor: u32) {
        locked(&self.shared.wish).monitor = Some(monitor);
        self.shared.wake();
    }

    /// The viewer wants the picture to look like this.
    pub(crate) fn look(&self, look: Look) {
        locked(&self.shared.wish).look = look;
        self.shared.wake();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.wake();
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst) || self.parts.is_closed()
    }

    fn wake(&self) {
        if let Some((beat, waker)) = &*locked(&self.running) {
            beat.wake(clock::elapsed());
            waker.wake();
        }
    }

    /// Tells why there is no picture.
    async fn miss(&self, why: NoPicture) {
        self.missed.store(true, Ordering::SeqCst);
        drop(self.control.send(ToViewer::NoPicture(Some(why))).await);
    }
}

/// Has a thread watch the screen as long as somebody wants to see it.
async fn keep(shared: Arc<Shared>, open: Open, news: (SessionId, mpsc::Sender<Told>)) {
    let mut stuck: Vec<Weak<Beat>> = Vec::new();
    let mut pause = FIRST_PAUSE;
    while !shared.is_over() {
        stuck.retain(|beat| beat.strong_count() > 0);
        if stuck.len() < STUCK {
            let began = clock::elapsed();
            let beat = Arc::new(Beat::default());
            match live(&shared, Arc::clone(&open), &beat).await {
                Some(End::Done) => return,
                Some(End::Failed(error)) => {
                    tracing::info!(%error, "the screen can no longer be read");
                    let why = no_picture(&error);
                    shared.miss(why).await;
                    if !error.may_pass() {
                        let (session, news) = news;
                        let told = (session, PeerNews::NoScreen(error.to_string()));
                        // Nobody hears it once the session is over.
                        drop(news.send(told).await);
                        return;
                    }
                }
                None => {
                    tracing::info!("the screen does not answer; it is opened anew");
                    stuck.push(Arc::downgrade(&beat));
                    shared.miss(NoPicture::Stuck).await;
                }
            }
            if clock::elapsed().saturating_sub(began) > WELL {
                pause = FIRST_PAUSE;
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Runs a thread until it ends, or `None` until it has to be given up.
async fn live(shared: &Arc<Shared>, open: Open, beat: &Arc<Beat>) -> Option<End> {
    let (ended, mut end) = oneshot::channel();
    let (ours, lives) = (Arc::clone(shared), Arc::clone(beat));
    let thread = std::thread::Builder::new()
        .name("screen".to_owned())
        .spawn(move || {
            let end = Watch::open(&*open, ours, lives).and_then(|mut watch| watch.run());
            let end = match end {
                Ok(()) => Some(End::Done),
                Err(watch::Stop::Failed(error)) => Some(End::Failed(error)),
                Err(watch::Stop::GivenUp) => None,
            };
            // Nobody listens to one that was given up.
            drop(ended.send(end));
        });
    if let Err(error) = thread {
        return Some(End::Failed(CaptureError::System(error.to_string())));
    }
    let end = loop {
        tokio::select! {
            end = &mut end => break end.unwrap_or_else(|_panicked| {
                Some(End::Failed(CaptureError::System("its reader broke".to_owned())))
            }),
            () = sleep(CHECK) => if beat.give_up_if_late(clock::elapsed()) {
                break None;
            },
        }
    };
    *locked(&shared.running) = None;
    end
}

fn no_picture(error: &CaptureError) -> NoPicture {
    match error {
        CaptureError::Locked => NoPicture::Locked,
        error => NoPicture::Failed(error.to_string()),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
