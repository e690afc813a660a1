//! Keeps a monitor being read: opens it, and opens it anew when the system takes it away.

use std::time::Duration;

use aldis_screen::{Frame, Rect, Region};

use super::tap::{Open, Refusal, Surface, Tap, Update};
use super::{Feed, Loss};
use crate::pixels;

/// How long after a refusal the next try is.
const PAUSE: Duration = Duration::from_millis(50);

/// How often in a row it may go wrong: a change of mode takes its time, a locked screen far longer.
const TRIES: u32 = 10;

/// What a feed's thread does, one step after the other.
pub(super) struct Keeper {
    open: Open,
    tap: Option<Box<dyn Tap>>,
    /// How often in a row it went wrong.
    failed: u32,
    /// All of the next picture counts as changed.
    missed: bool,
    scratch: Vec<u8>,
}

/// What comes after a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The next one.
    On,
    /// The next one, after a while.
    Pause(Duration),
    /// Nothing.
    End(Loss),
}

impl Keeper {
    pub(super) fn new(open: Open) -> Self {
        Self {
            open,
            tap: None,
            failed: 0,
            missed: true,
            scratch: Vec::new(),
        }
    }

    /// Lets go of the system.
    pub(super) fn let_go(&mut self) {
        self.tap = None;
    }

    /// Opens the monitor if it is not open, and waits up to `limit` for what is new there.
    pub(super) fn step(&mut self, feed: &Feed, limit: Duration) -> Step {
        match self.follow(feed, limit) {
            Ok(()) => {
                self.failed = 0;
                Step::On
            }
            Err(refusal) => {
                self.let_go();
                if self.failed == 0 {
                    feed.tell_layout();
                }
                self.failed += 1;
                match refusal {
                    Refusal::Gone => Step::End(Loss::Gone),
                    _ if self.failed < TRIES => Step::Pause(PAUSE),
                    Refusal::Lost | Refusal::Denied => Step::End(Loss::Locked),
                    Refusal::Unsupported(reason) | Refusal::Failed(reason) => {
                        Step::End(Loss::Failed(reason))
                    }
                }
            }
        }
    }

    fn follow(&mut self, feed: &Feed, limit: Duration) -> Result<(), Refusal> {
        let tap = if let Some(tap) = &mut self.tap {
            tap
        } else {
            self.missed = true;
            self.tap.insert((self.open)()?)
        };
        let Some(update) = tap.acquire(limit)? else {
            return Ok(());
        };
        let Update {
            surface,
            pointer,
            shape,
        } = update;
        if let Some(shape) = shape {
            feed.shape(shape);
        }
        if let Some(pointer) = pointer {
            feed.point(pointer);
        }
        let Some(surface) = surface.filter(|it| self.missed || !it.is_same()) else {
            return Ok(());
        };
        // Until the pixels are here.
        let all = std::mem::replace(&mut self.missed, true);
        feed.paint(|picture| copy(&mut **tap, surface, all, picture, &mut self.scratch))?;
        self.missed = false;
        Ok(())
    }
}

impl Surface {
    /// Whether nothing of it changed.
    fn is_same(&self) -> bool {
        self.damage.as_ref().is_some_and(|damage| damage.is_empty())
    }
}

/// Copies what changed, and says what that was on the upright picture; `None` for all of it.
fn copy(
    tap: &mut dyn Tap,
    surface: Surface,
    all: bool,
    picture: &mut Frame,
    scratch: &mut Vec<u8>,
) -> Result<Option<Vec<Rect>>, Refusal> {
    let Surface {
        size: (width, height),
        turn,
        layout,
        damage,
    } = surface;
    let upright = turn.size(width, height);
    let resized = (picture.width(), picture.height()) != upright;
    if resized {
        let fresh = Frame::new(upright.0, upright.1);
        *picture = fresh.map_err(|error| Refusal::Failed(error.to_string()))?;
    }
    let whole = [Rect::new(0, 0, width, height)];
    let damage = damage.filter(|_| !all && !resized);
    let parts = damage.as_ref().map_or(&whole[..], |damage| damage.rects());
    tap.read(parts, &mut |rows| {
        for part in parts {
            let to = turn.rect(*part, width, height);
            pixels::copy(rows, layout, turn, to, picture, scratch);
        }
    })?;
    let turned = |damage: &Region| {
        let rects = damage.rects().iter();
        rects.map(|it| turn.rect(*it, width, height)).collect()
    };
    Ok(damage.as_ref().map(turned))
}
