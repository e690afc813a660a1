//! Windows: desktop duplication tells what changed on a monitor, and gives its pixels.
//!
//! What its records mean is decided here, where any system can test it; `dxgi` only calls Windows.
//!
//! A moved rectangle counts as changed where it comes to lie, and is read like any other.
//! The surface always holds the whole newest picture, so nothing depends on the order in which Windows lists moves
//! that it has put together, and moving the pixels in our own picture would not be faster than reading them.

use std::time::Duration;

use aldis_screen::{Rect, Region};

use crate::feed::tap::{Open, PointerAt, Refusal, Surface, Tap, Update};
use crate::pixels::{Layout, Rows, Turn};

use self::shape::RawShape;

#[cfg(windows)]
mod dxgi;
#[cfg(test)]
pub(crate) mod fake;
#[cfg(windows)]
mod machine;
mod shape;
#[cfg(test)]
mod tests;

#[cfg(windows)]
pub(crate) use self::machine::{check, open};

/// The most bytes of records that are read; where there are more, everything counts as changed.
const MAX_RECORDS: u32 = 1 << 20;

/// The most bytes that a pointer may have.
const MAX_SHAPE: u32 = 1 << 22;

/// A monitor that is duplicated. A frame that was acquired is let go of by the next acquiring.
trait Duplication {
    /// What makes the surface stand upright.
    fn turn(&self) -> Turn;

    /// Waits for a frame up to `limit`.
    fn acquire(&mut self, limit: Duration) -> Result<Option<FrameInfo>, Refusal>;

    /// Width and height in memory of the surface acquired last.
    fn size(&self) -> (u32, u32);

    /// What was moved, in `bytes` of records at most, and before anything was drawn.
    fn moves(&mut self, bytes: u32) -> Result<Vec<Edges>, Refusal>;

    /// What was drawn, in `bytes` of records at most.
    fn dirty(&mut self, bytes: u32) -> Result<Vec<Edges>, Refusal>;

    /// The pointer's new looks, of `bytes` bytes.
    fn shape(&mut self, bytes: u32) -> Result<RawShape, Refusal>;

    /// Shows the pixels of these parts of the surface acquired last.
    fn read(&mut self, parts: &[Rect], show: &mut dyn FnMut(&dyn Rows)) -> Result<(), Refusal>;
}

/// What Windows says about a frame.
#[derive(Clone, Copy, Debug, Default)]
struct FrameInfo {
    /// There are new pixels; otherwise only the pointer is new.
    presented: bool,
    /// How many bytes of records tell what was moved and drawn.
    records: u32,
    /// The pointer's new place.
    pointer: Option<PointerPlace>,
    /// How many bytes the pointer's new looks have; 0 if they are the old ones.
    shape: u32,
}

/// Where the pointer is.
#[derive(Clone, Copy, Debug)]
struct PointerPlace {
    /// It is on this monitor, and apart from its pixels.
    visible: bool,
    /// The shape's corner on the upright monitor.
    corner: (i32, i32),
}

/// A rectangle as Windows gives it: in a surface's pixels, which need not have all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edges {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

impl Edges {
    /// What of it is on a surface of this size.
    fn within(self, (width, height): (u32, u32)) -> Rect {
        let clip = |edge: i32, size: u32| u32::try_from(edge).unwrap_or(0).min(size);
        let (x, y) = (clip(self.left, width), clip(self.top, height));
        let right = clip(self.right, width).max(x);
        let bottom = clip(self.bottom, height).max(y);
        Rect::new(x, y, right - x, bottom - y)
    }
}

/// Understands a duplication.
struct Duplicated<D> {
    duplication: D,
    /// The pointer's column and row that point.
    hot: (i32, i32),
    first: First,
}

/// How much has come of the first picture.
///
/// The first frame may tell of the pointer alone; its surface then mostly has the whole picture already, but that is
/// not promised. On a screen that rests nothing better may come for a long while, so it is shown until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Nothing,
    /// A surface that was not said to be new.
    Unsaid,
    Whole,
}

impl<D: Duplication> Duplicated<D> {
    fn new(duplication: D) -> Self {
        Self {
            duplication,
            hot: (0, 0),
            first: First::Nothing,
        }
    }

    /// What changed on the surface, if that is known.
    fn damage(&mut self, records: u32) -> Result<Option<Region>, Refusal> {
        if records == 0 || records > MAX_RECORDS {
            return Ok(None);
        }
        let size = self.duplication.size();
        let mut region = Region::new();
        let Some(moved) = known(self.duplication.moves(records))? else {
            return Ok(None);
        };
        let Some(dirty) = known(self.duplication.dirty(records))? else {
            return Ok(None);
        };
        for edges in moved.into_iter().chain(dirty) {
            region.add(edges.within(size));
        }
        Ok(Some(region))
    }
}

/// What could be found out, unless the duplication itself has ended.
fn known<T>(found: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Refusal::Failed(reason) | Refusal::Unsupported(reason)) => {
            tracing::debug!(%reason, "a frame does not tell everything");
            Ok(None)
        }
        Err(ended) => Err(ended),
    }
}

impl<D: Duplication> Tap for Duplicated<D> {
    fn acquire(&mut self, limit: Duration) -> Result<Option<Update>, Refusal> {
        let Some(frame) = self.duplication.acquire(limit)? else {
            return Ok(None);
        };
        let mut update = Update::default();
        if (1..=MAX_SHAPE).contains(&frame.shape)
            && let Some(raw) = known(self.duplication.shape(frame.shape))?
        {
            self.hot = raw.hot;
            update.shape = raw.shape();
        }
        update.pointer = frame.pointer.map(|PointerPlace { visible, corner }| {
            let (x, y) = (
                corner.0.saturating_add(self.hot.0),
                corner.1.saturating_add(self.hot.1),
            );
            if visible {
                PointerAt::Here(x, y)
            } else {
                PointerAt::Away
            }
        });
        if frame.presented || self.first == First::Nothing {
            let damage = if self.first == First::Whole {
                self.damage(frame.records)?
            } else {
                None
            };
            self.first = if frame.presented {
                First::Whole
            } else {
                First::Unsaid
            };
            update.surface = Some(Surface {
                size: self.duplication.size(),
                turn: self.duplication.turn(),
                layout: Layout::Bgr,
                damage,
            });
        }
        Ok(Some(update))
    }

    fn read(&mut self, parts: &[Rect], show: &mut dyn FnMut(&dyn Rows)) -> Result<(), Refusal> {
        self.duplication.read(parts, show)
    }
}

/// Duplicates where that is supported, and otherwise reads the monitor in the other way.
fn with_fallback(
    mut duplicate: impl FnMut() -> Result<Box<dyn Tap>, Refusal> + Send + 'static,
    mut fall_back: impl FnMut() -> Result<Box<dyn Tap>, Refusal> + Send + 'static,
) -> Open {
    let mut told = None;
    Box::new(move || match duplicate() {
        Err(Refusal::Unsupported(reason) | Refusal::Failed(reason)) => {
            if told.as_ref() != Some(&reason) {
                tracing::info!(%reason, "a monitor cannot be duplicated, so it is polled");
                told = Some(reason);
            }
            fall_back()
        }
        outcome => outcome,
    })
}

/// What a failure of Windows means.
fn refusal(code: u32, reason: String) -> Refusal {
    match code {
        // DXGI: access lost, mode change in progress, device removed, hung or reset, not found.
        0x887A_0026 | 0x887A_0025 | 0x887A_0005 | 0x887A_0006 | 0x887A_0007 | 0x887A_0002 => {
            Refusal::Lost
        }
        // E_ACCESSDENIED; DXGI: access denied, session disconnected.
        0x8007_0005 | 0x887A_002B | 0x887A_0028 => Refusal::Denied,
        // E_NOTIMPL, E_NOINTERFACE, E_INVALIDARG (this process duplicates it already); DXGI: unsupported, not
        // currently available.
        0x8000_4001 | 0x8000_4002 | 0x8007_0057 | 0x887A_0004 | 0x887A_0022 => {
            Refusal::Unsupported(reason)
        }
        _ => Refusal::Failed(reason),
    }
}
