//! The customer's screen on this machine, between the decoder and the window.
//!
//! The decoder paints into it from its own thread; the window takes what changed, once a repaint,
//! and only then may the customer's machine send the next update.
//! A hidden window takes nothing, so nothing is sent to it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aldis_screen::decode::{DecodeError, Decoder};
use aldis_screen::{Frame, Rect, Region};
use aldis_wire::peer::{PointerShape, ScreenPart, ToHost};
use tokio::sync::mpsc;

/// The customer's screen and pointer.
#[derive(Debug)]
pub struct Picture {
    state: Mutex<State>,
    answers: mpsc::Sender<ToHost>,
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
    complete: Option<(u32, Option<Instant>)>,
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
    /// An empty picture; answers to updates go to `answers`.
    pub(crate) fn new(answers: mpsc::Sender<ToHost>) -> Self {
        Self {
            state: Mutex::default(),
            answers,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
            state.complete = Some((part.sequence, Some(ended)));
        }
        Ok(part.last)
    }

    pub(crate) fn point(&self, change: impl FnOnce(&mut Pointer)) {
        change(&mut self.state().pointer);
    }

    /// Shows `show` the picture and the rectangles that changed since the last call, if any did;
    /// with `whole` the one rectangle of the whole picture, for a texture that is made anew.
    ///
    /// To be called while painting: the customer's machine may then send the next update.
    /// Both happen under one lock, so nothing that the decoder paints meanwhile is missed.
    pub fn take(&self, whole: bool, show: impl FnOnce(&Frame, &[Rect])) {
        let mut guard = self.state();
        let state = &mut *guard;
        if state.decoder.frame().bounds().is_empty() {
            return;
        }
        if whole {
            state.dirty.add(state.decoder.frame().bounds());
        }
        if !state.dirty.is_empty() {
            show(state.decoder.frame(), state.dirty.rects());
            state.dirty.clear();
        }
        if let Some((sequence, decoded)) = state.complete {
            if let Some(decoded) = decoded {
                state.stats.updates += 1;
                state.stats.queued += now().saturating_duration_since(decoded);
            }
            // A full queue empties soon, and the window repaints when it does not.
            let told = self.answers.try_send(ToHost::FrameDone { sequence });
            state.complete = told.is_err().then_some((sequence, None));
        }
    }

    /// The pointer as it is now.
    pub fn pointer(&self) -> Pointer {
        self.state().pointer.clone()
    }

    /// Width and height of the shared monitor in pixels, once a picture has come.
    pub fn size(&self) -> Option<(u32, u32)> {
        let state = self.state();
        let frame = state.decoder.frame();
        (!frame.bounds().is_empty()).then(|| (frame.width(), frame.height()))
    }

    /// What went through so far.
    pub fn stats(&self) -> PictureStats {
        self.state().stats
    }
}
