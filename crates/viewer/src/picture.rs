//! The customer's screen on this machine, between the decoder and the window.
//!
//! The decoder paints into it from its own thread; the window looks at what changed when it paints,
//! and only then may the customer's machine send the next update.
//! A hidden window looks at nothing, so nothing is sent to it; unless the session is recorded.

use std::time::{Duration, Instant};

use aldis_screen::decode::{DecodeError, Decoder};
use aldis_screen::{Frame, Live, Pointer, Rect, Region};
use aldis_wire::peer::{Op, ScreenPart};
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::watch;

/// The customer's screen and pointer.
#[derive(Debug)]
pub struct Picture {
    state: Mutex<State>,
    shown: watch::Sender<Option<u32>>,
    /// Wakes whoever copies the picture.
    fresh: Condvar,
}

/// What has become of a copy.
#[derive(Debug)]
pub(crate) enum Copied {
    /// It is like the picture again; the pointer as it is now.
    Changed(Pointer),
    /// It still is.
    Same,
    /// Nobody wants a copy any more.
    Ended,
}

/// What there is to be painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Pixels of the customer's screen, and nothing else.
    Picture,
    /// Anything else.
    View,
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
    /// Some of an update is painted, and some is not.
    torn: bool,
    copy: Option<Copy>,
}

/// What a copy lacks.
#[derive(Debug, Default)]
struct Copy {
    dirty: Region,
    pointer: bool,
}

/// For so long the window may let an update wait before the one who copies counts as its viewer.
const WINDOW_IS_LATE: Duration = Duration::from_millis(200);

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
            fresh: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Paints a part; `true` if an update is complete with it.
    pub(crate) fn paint(&self, part: &ScreenPart) -> Result<bool, DecodeError> {
        let mut state = self.state();
        let started = now();
        let State {
            decoder,
            dirty,
            copy,
            ..
        } = &mut *state;
        if let Some(copy) = copy {
            let mut changed = Region::new();
            decoder.decode(part, &mut changed)?;
            if matches!(part.op, Op::Start { .. }) {
                dirty.clear();
                copy.dirty.clear();
            }
            dirty.extend(&changed);
            copy.dirty.extend(&changed);
        } else {
            decoder.decode(part, dirty)?;
        }
        let ended = now();
        state.stats.decoding += ended.saturating_duration_since(started);
        state.stats.bytes += part.payload() as u64;
        state.torn = !part.last;
        if part.last {
            state.complete = Some((part.sequence, ended));
            self.fresh.notify_all();
        }
        // The next part is often there already; a window that waits goes first.
        MutexGuard::unlock_fair(state);
        Ok(part.last)
    }

    pub(crate) fn point(&self, change: impl FnOnce(&mut Pointer)) {
        let mut state = self.state();
        change(&mut state.pointer);
        if let Some(copy) = &mut state.copy {
            copy.pointer = true;
            self.fresh.notify_all();
        }
    }

    /// From now on the picture can be copied, until [`end_copy`](Self::end_copy).
    pub(crate) fn begin_copy(&self) {
        let mut state = self.state();
        let mut copy = Copy {
            pointer: true,
            ..Copy::default()
        };
        copy.dirty.add(state.decoder.frame().bounds());
        state.copy = Some(copy);
    }

    /// Whoever copies is told that he no longer needs to.
    pub(crate) fn end_copy(&self) {
        self.state().copy = None;
        self.fresh.notify_all();
    }

    /// Waits from one moment on, and until another, for something that the copy lacks, and brings
    /// it up to date.
    pub(crate) fn copy(
        &self,
        frame: &mut Frame,
        damage: &mut Region,
        (from, until): (Instant, Instant),
    ) -> Copied {
        let mut guard = self.state();
        loop {
            let time = now();
            self.count_as_shown(&mut guard, time);
            let state = &mut *guard;
            let Some(copy) = &mut state.copy else {
                return Copied::Ended;
            };
            let lacks = copy.pointer || !copy.dirty.is_empty();
            if lacks && time >= from && (!state.torn || time >= until) {
                frame.follow(state.decoder.frame(), copy.dirty.rects());
                std::mem::swap(damage, &mut copy.dirty);
                copy.dirty.clear();
                copy.pointer = false;
                return Copied::Changed(state.pointer.clone());
            }
            if time >= until {
                return Copied::Same;
            }
            let wake = if time < from { from } else { until };
            self.fresh.wait_until(&mut guard, wake);
        }
    }

    /// A window that is hidden must not stop what is being recorded.
    fn count_as_shown(&self, state: &mut State, time: Instant) {
        let late = |(_, decoded): &mut (u32, Instant)| {
            time.saturating_duration_since(*decoded) >= WINDOW_IS_LATE
        };
        if let Some((sequence, _)) = state.complete.take_if(late) {
            self.shown.send_replace(Some(sequence));
        }
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
