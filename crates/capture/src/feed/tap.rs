//! What a system has to give so that its screen can be shared.

use std::fmt;
use std::time::Duration;

use aldis_screen::{Rect, Region};

use crate::pixels::{Layout, Rows, Turn};
use crate::{CaptureError, Monitor, PointerShape};

/// A computer with monitors.
pub(crate) trait Machine: Send + fmt::Debug {
    /// The monitors as they are now; never none.
    fn monitors(&mut self) -> Result<Vec<Monitor>, CaptureError>;

    /// Starts to read this monitor, in the thread that calls what this gives.
    fn opens(&self, monitor: &Monitor) -> Open;

    /// Where the pointer is on the desktop, and what it looks like.
    fn pointer(&mut self) -> (Option<(i32, i32)>, Option<PointerShape>);
}

/// Starts to read a monitor, at first and again.
pub(crate) type Open = Box<dyn FnMut() -> Result<Box<dyn Tap>, Refusal> + Send>;

/// A monitor that is read.
pub(crate) trait Tap {
    /// Waits for something new up to `limit`.
    ///
    /// The first surface counts as changed all over, whatever it says.
    fn acquire(&mut self, limit: Duration) -> Result<Option<Update>, Refusal>;

    /// Shows the pixels of at least these parts of the surface that was acquired last.
    fn read(&mut self, parts: &[Rect], show: &mut dyn FnMut(&dyn Rows)) -> Result<(), Refusal>;
}

/// What is new on a monitor.
#[derive(Debug, Default)]
pub(crate) struct Update {
    /// New pixels.
    pub(crate) surface: Option<Surface>,
    /// Where the pointer went.
    pub(crate) pointer: Option<PointerAt>,
    /// The pointer's new looks.
    pub(crate) shape: Option<PointerShape>,
}

/// Where the pointer is, as one monitor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointerAt {
    /// Here on the upright monitor.
    Here(i32, i32),
    /// Not on this monitor, or hidden.
    Away,
}

impl PointerAt {
    /// Where it is on the monitor.
    pub(crate) fn here(self) -> Option<(i32, i32)> {
        match self {
            Self::Here(x, y) => Some((x, y)),
            Self::Away => None,
        }
    }
}

/// A monitor's pixels as the system keeps them.
#[derive(Debug)]
pub(crate) struct Surface {
    /// Width and height in memory.
    pub(crate) size: (u32, u32),
    /// What makes it stand upright.
    pub(crate) turn: Turn,
    /// The order of a pixel's bytes.
    pub(crate) layout: Layout,
    /// What changed, within the surface; `None` if that is not known.
    pub(crate) damage: Option<Region>,
}

/// Why a monitor cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has to be opened anew: another mode, another desktop.
    Lost,
    /// The desktop is one that no program may see.
    Denied,
    /// The system cannot do that, on this machine or now.
    #[cfg_attr(
        target_os = "macos",
        expect(dead_code, reason = "macOS has one way only")
    )]
    Unsupported(String),
    /// There is no such monitor.
    Gone,
    /// The system refused something.
    Failed(String),
}
