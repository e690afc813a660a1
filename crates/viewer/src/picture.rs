//! The customer's screen on this machine, between the decoder and the window.
//!
//! The decoder paints into it from its own thread; the window looks at what changed when it paints,
//! and only then may the customer's machine send the next update.
//! A hidden window looks at nothing, so nothing is sent to it.

use std::time::{Duration, Instant};

use aldis_screen::decode::{DecodeError, Decoder};
use aldis_screen::{Frame, Live, Rect, Region};
use aldis_wire::peer::{PointerShape, ScreenPart};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

/// The customer's screen and pointer.
#[derive(Debug)]
pub struct Picture {
    state: Mutex<State>,
    shown: watch::Sender<Option<u32>>,
}

/// What there is to be painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Pixels of the customer's screen, and nothing else.
    Picture,
    /// Anything else.
    View,
}

/// The customer's pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer {
    /// What it looks like; `None` until the first shape came.
    pub shape: Option<PointerShape>,
    /// Counts the shapes.
    pub shape_number: u64,
    /// Where it is on the shared monitor.
    pub place: Option<(u16, u16)>,
}

/// What went through so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PictureStats {
    /// Updates shown.
    pub updates: u64,
    /// Bytes of pixels received, coded.
    pub bytes: u64,
    /// Time spent decoding.
    pub decoding: Duration,
    /// Time that decoded updates waited for the window.
    pub queued: Duration,
}

#[derive(Debug, Default)]
struct State {
    decoder: Decoder,
    dirty: Region,
    complete: Option<(u32, Instant)>,
    pointer: Pointer,
    stats: PictureStats,
}

#[expect(
    clippy::disallowed_methods,
    reason = "an adapter-side stopwatch of the shell"
)]
fn now() -> Instant {
    Instant::now()
}

impl Picture {
    /// An empty picture; the number of the update that was shown last goes to `shown`.
    pub(crate) fn new(shown: watch::Sender<Option<u32>>) -> Self {
        Self {
            state: Mutex::default(),
            shown,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Paints a part; `true` if an update is complete with it.
    pub(crate) fn paint(&self, part: &ScreenPart) -> Result<bool, DecodeError> {
        let mut state = self.state();
        let started = now();
        let State { decoder, dirty, .. } = &mut *state;
        decoder.decode(part, dirty)?;
        let ended = now();
        state.stats.decoding += ended.saturating_duration_since(started);
        state.stats.bytes += part.payload() as u64;
        if part.last {
            state.complete = Some((part.sequence, ended));
        }
        // The next part is often there already; a window that waits goes first.
        MutexGuard::unlock_fair(state);
        Ok(part.last)
    }

    pub(crate) fn point(&self, change: impl FnOnce(&mut Pointer)) {
        change(&mut self.state().pointer);
    }

    /// The pointer as it is now.
    pub fn pointer(&self) -> Pointer {
        self.state().pointer.clone()
    }

    /// What went through so far.
    pub fn stats(&self) -> PictureStats {
        self.state().stats
    }
}

impl Live for Picture {
    fn size(&self) -> Option<(u32, u32)> {
        let state = self.state();
        let frame = state.decoder.frame();
        (!frame.bounds().is_empty()).then(|| (frame.width(), frame.height()))
    }

    /// That it was shown is told to the customer's machine, which may then send the next update.
    fn look(&self, show: &mut dyn FnMut(&Frame, &[Rect]) -> bool) {
        let mut guard = self.state();
        let state = &mut *guard;
        if state.decoder.frame().bounds().is_empty()
            || !show(state.decoder.frame(), state.dirty.rects())
        {
            return;
        }
        state.dirty.clear();
        if let Some((sequence, decoded)) = state.complete.take() {
            state.stats.updates += 1;
            state.stats.queued += now().saturating_duration_since(decoded);
            self.shown.send_replace(Some(sequence));
        }
    }
}
