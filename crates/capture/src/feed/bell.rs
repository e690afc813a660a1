//! Where a [`Screen`](super::screen::Screen) sleeps, and what it hears when it is rung for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Loss;
use crate::{Changes, PointerShape};

/// A point that is on no monitor.
const NOWHERE: (i32, i32) = (i32::MIN, i32::MIN);

/// One for each viewer, whichever feeds they look at.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    heard: Mutex<Heard>,
    rings: Condvar,
}

/// What the viewer has not heard yet.
#[derive(Debug, Default)]
struct Heard {
    changes: Changes,
    /// That the screen changed has been said.
    told: bool,
    /// The monitors may have changed.
    layout: bool,
    /// The monitor that the pointer is on.
    pointed: Option<u32>,
    lost: Option<Loss>,
}

/// What ended a wait.
#[derive(Debug)]
pub(crate) enum Ring {
    /// This happened; nothing if the time was up.
    Changes(Changes),
    /// The monitors may have changed.
    Layout,
    /// There will be no more pictures.
    Lost(Loss),
}

impl Bell {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.heard());
        self.rings.notify_all();
    }

    /// Pixels changed; `false` if that was said and nobody has looked since.
    pub(crate) fn screen(&self) -> bool {
        let mut heard = self.heard();
        let before = std::mem::replace(&mut heard.told, true);
        if !before {
            heard.changes.screen = true;
            self.rings.notify_all();
        }
        !before
    }

    /// The pixels are being looked at; further changes are said again.
    pub(crate) fn looked(&self) {
        let mut heard = self.heard();
        heard.told = false;
        heard.changes.screen = false;
    }

    /// There are other monitors now.
    pub(crate) fn monitors(&self) {
        self.ring(|heard| heard.changes.monitors = true);
    }

    /// There may be other monitors now.
    pub(crate) fn layout(&self) {
        self.ring(|heard| heard.layout = true);
    }

    /// The pointer went to a place on the desktop that is on this monitor, or is no longer there.
    pub(crate) fn point(&self, monitor: u32, place: Option<(i32, i32)>) {
        self.ring(|heard| match place {
            Some(place) => {
                heard.pointed = Some(monitor);
                heard.changes.pointer = Some(place);
            }
            // Only the one that it was on can say that it left.
            None if heard.pointed == Some(monitor) => {
                heard.pointed = None;
                heard.changes.pointer = Some(NOWHERE);
            }
            None => {}
        });
    }

    /// The pointer is at this place on the desktop, whichever monitor that is.
    pub(crate) fn point_anywhere(&self, place: (i32, i32)) {
        self.ring(|heard| heard.changes.pointer = Some(place));
    }

    /// The pointer looks like this.
    pub(crate) fn shape(&self, shape: &PointerShape) {
        self.ring(|heard| heard.changes.pointer_shape = Some(shape.clone()));
    }

    /// The wait ends, or else the next one.
    pub(crate) fn wake(&self) {
        self.ring(|heard| heard.changes.woken = true);
    }

    /// There will be no more pictures.
    pub(crate) fn lose(&self, loss: &Loss) {
        self.ring(|heard| {
            heard.lost.get_or_insert_with(|| loss.clone());
        });
    }

    /// Sleeps until it is rung, or until then.
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's own loop keeps its time"
    )]
    pub(crate) fn wait(&self, until: Instant) -> Ring {
        let mut heard = self.heard();
        loop {
            if let Some(loss) = &heard.lost {
                return Ring::Lost(loss.clone());
            }
            if std::mem::take(&mut heard.layout) {
                return Ring::Layout;
            }
            let left = until.saturating_duration_since(Instant::now());
            if !heard.changes.is_empty() || left.is_zero() {
                return Ring::Changes(std::mem::take(&mut heard.changes));
            }
            let rung = self.rings.wait_timeout(heard, left);
            heard = rung.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
