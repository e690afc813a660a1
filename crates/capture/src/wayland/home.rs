//! The one share of the desktop that this process has, whoever looks.
//!
//! The person is asked once: every [`Screen`](super::Screen) looks at the same share, and when the last of them is gone
//! the share ends, so that the desktop's own sign goes out.
//! With the portal's token it comes back without a question.
//! A portal that gives no token would ask again; there the share stays for a while, at rest.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::board::{Board, Viewer};
use super::layout::Place;
use super::pipewire::{self, Remote};
use super::portal::{Allowed, Portal, Session};
use crate::CaptureError;

/// How long the first picture is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it may take to agree on pictures at all.
const LIMIT: Duration = Duration::from_secs(10);

/// How long a share without a token outlives its last viewer: as long as a supporter may come back without a question.
const KEPT: Duration = Duration::from_mins(10);

static HOME: Mutex<Home> = Mutex::new(Home {
    portal: None,
    token: None,
    share: Weak::new(),
    refused: None,
});

#[derive(Debug)]
struct Home {
    /// The portal gives its tokens to one connection only.
    portal: Option<Arc<Portal>>,
    token: Option<String>,
    share: Weak<Share>,
    /// When the person last said no.
    refused: Option<Instant>,
}

/// The desktop's monitors, as far as the person lets us see them.
///
/// The fields are dropped in this order: pictures end before the desktop is told that they are no longer needed.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) board: Arc<Board>,
    remote: Remote,
    _session: Session,
    /// Nobody will be asked again when this comes back.
    has_token: bool,
}

/// Whether this desktop could be asked.
pub(super) fn check() -> Result<(), CaptureError> {
    if !pipewire::is_there() {
        return Err(CaptureError::NoPipeWire);
    }
    HOME.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .portal()
        .map(drop)
}

/// The share that there is, or a new one; then the person is asked, and whoever else wants it waits here, too.
#[expect(
    clippy::disallowed_methods,
    reason = "a question belongs to whoever came before its answer"
)]
pub(super) fn share() -> Result<Arc<Share>, CaptureError> {
    let came = Instant::now();
    if !pipewire::is_there() {
        return Err(CaptureError::NoPipeWire);
    }
    let mut home = HOME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(share) = home.share.upgrade().filter(|it| !it.board.is_lost()) {
        return Ok(share);
    }
    if home.refused.is_some_and(|refused| refused > came) {
        // The same question would be put once more to a person who has just said no.
        return Err(CaptureError::Declined);
    }
    let portal = home.portal()?;
    let opened = Share::open(&portal, &mut home.token);
    if matches!(
        opened,
        Err(CaptureError::Declined | CaptureError::Unanswered)
    ) {
        home.refused = Some(Instant::now());
    }
    let share = Arc::new(opened?);
    home.share = Arc::downgrade(&share);
    Ok(share)
}

impl Home {
    fn portal(&mut self) -> Result<Arc<Portal>, CaptureError> {
        if let Some(portal) = self.portal.as_ref().filter(|it| !it.is_gone()) {
            return Ok(Arc::clone(portal));
        }
        let portal = Portal::connect()?;
        self.token = None;
        self.portal = Some(Arc::clone(&portal));
        Ok(portal)
    }
}

impl Share {
    fn open(portal: &Arc<Portal>, token: &mut Option<String>) -> Result<Self, CaptureError> {
        // A token is good for one use; the next one comes with the answer.
        let Allowed {
            session,
            monitors,
            socket,
            token: next,
        } = portal.ask(token.take().as_deref())?;
        tracing::debug!(?monitors, "the desktop shares");
        let has_token = next.is_some();
        *token = next;
        let places: Vec<_> = monitors
            .iter()
            .map(|it| Place {
                corner: it.corner,
                size: it.size.unwrap_or_default(),
            })
            .collect();
        let nodes: Vec<u32> = monitors.iter().map(|it| it.node).collect();
        let board = Arc::new(Board::new(&places));
        session.tell(&board);
        let remote = Remote::connect(socket, &nodes, &board)?;
        Ok(Self {
            board,
            remote,
            _session: session,
            has_token,
        })
    }

    /// Somebody starts to look, and sees something.
    pub(super) fn enter(&self, feed: usize) -> Result<Viewer, CaptureError> {
        let viewer = self.board.enter();
        self.board.select(viewer, std::iter::once(feed));
        self.watch();
        if let Err(error) = self.board.wait_picture(feed, PATIENCE, LIMIT) {
            self.leave(viewer);
            return Err(error);
        }
        Ok(viewer)
    }

    /// Somebody looks no more.
    pub(super) fn leave(&self, viewer: Viewer) {
        self.board.leave(viewer);
        self.watch();
    }

    /// Gets pictures of what somebody looks at, and of nothing else.
    pub(super) fn watch(&self) {
        self.remote.watch(&self.board.audience());
    }
}

/// Lets go of a share after its viewer has left.
pub(super) fn let_go(share: Arc<Share>) {
    if share.has_token || share.board.is_lost() {
        return;
    }
    let last = Arc::strong_count(&share) == 1;
    // At rest it costs nothing but the desktop's sign.
    let kept = move || {
        std::thread::sleep(KEPT);
        drop(share);
    };
    if last
        && let Err(error) = std::thread::Builder::new()
            .name("share".to_owned())
            .spawn(kept)
    {
        tracing::debug!(%error, "the share is not kept");
    }
}
