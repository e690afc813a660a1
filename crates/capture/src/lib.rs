//! The customer's screen: its monitors, its pixels, what changed, and the pointer.
//!
//! [`open`] gives a [`Source`] for this machine.
//! The owner loops: [`wait`](Source::wait) until something changed,
//! then [`grab`](Source::grab) the changed pixels into a [`Frame`].
//!
//! **Invariant:** pixels leave this crate only through [`Source::grab`] and
//! [`Changes::pointer_shape`]; none is ever logged.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aldis_screen::{Frame, FrameError, Region};
use thiserror::Error;

#[cfg(all(feature = "scrap", target_os = "linux"))]
mod scrap;
#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
mod unsupported;
#[cfg(target_os = "linux")]
mod x11;
#[cfg(any(windows, target_os = "macos"))]
mod xcap;

#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
use crate::unsupported as system;
#[cfg(target_os = "linux")]
use crate::x11 as system;
#[cfg(any(windows, target_os = "macos"))]
use crate::xcap as system;

#[cfg(target_os = "linux")]
pub use crate::x11::open_display;

/// The most pixels a [`PointerShape`] has on one axis; larger ones are cut.
pub const MAX_POINTER_SIDE: u16 = 256;

/// A monitor and its place on the desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitor {
    /// Stays the same while the monitor is there.
    pub id: u32,
    /// The system's name for it, as `DP-1`.
    pub name: String,
    /// Left edge on the desktop, in pixels.
    pub x: i32,
    /// Top edge on the desktop, in pixels.
    pub y: i32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether the system calls it the main one.
    pub primary: bool,
}

/// What the mouse pointer looks like.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PointerShape {
    /// Width in pixels, at most [`MAX_POINTER_SIDE`].
    pub width: u16,
    /// Height in pixels, at most [`MAX_POINTER_SIDE`].
    pub height: u16,
    /// The column of the pixel that points.
    pub hot_x: u16,
    /// The row of the pixel that points.
    pub hot_y: u16,
    /// Rows of premultiplied red, green, blue, alpha.
    pub rgba: Vec<u8>,
}

/// What happened during a [`Source::wait`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Changes {
    /// Pixels changed; said once, and not again before the next [`Source::grab`].
    pub screen: bool,
    /// [`Source::monitors`] has a new answer; the shared monitor may be another one.
    pub monitors: bool,
    /// The pointer's new looks.
    pub pointer_shape: Option<PointerShape>,
    /// Where the pointer went, in desktop pixels.
    pub pointer: Option<(i32, i32)>,
    /// A [`Waker`] ended the wait.
    pub woken: bool,
}

impl Changes {
    /// Whether nothing happened, so that the time was up.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Ends a [`Source::wait`] from another thread.
#[derive(Clone)]
pub struct Waker(Arc<dyn Fn() + Send + Sync>);

impl Waker {
    /// Ends the wait that runs, or else the next one, at once.
    pub fn wake(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}

/// Something that shows monitors: this machine's screen, or a test's.
pub trait Source: Send + fmt::Debug {
    /// Every monitor, the shared one among them; never empty.
    fn monitors(&self) -> &[Monitor];

    /// The id of the monitor that is captured; at first the primary one.
    fn shared(&self) -> u32;

    /// Captures another monitor from now on; all of it counts as changed.
    ///
    /// Fails with [`CaptureError::UnknownMonitor`] and keeps the old one if there is no such id.
    fn select(&mut self, id: u32) -> Result<(), CaptureError>;

    /// A handle that ends waits.
    fn waker(&self) -> Waker;

    /// Blocks until something changed, a waker was used or the time is up.
    ///
    /// The first wait reports the screen, the pointer and its shape at once.
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Changes, CaptureError>;

    /// Brings `frame` up to date and adds what may have changed to `damage`, in the shared
    /// monitor's pixels.
    ///
    /// The caller keeps passing the same frame; one of another size is replaced and counts as
    /// changed all over.
    fn grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError>;
}

/// Why the screen cannot be captured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// There is no graphical desktop.
    #[error(
        "there is no display to share; start Aldis from a graphical desktop session \
         (on X11, DISPLAY must name it)"
    )]
    NoDisplay,
    /// The desktop is a Wayland one.
    #[error("Aldis cannot share a Wayland desktop yet; log in with an X11 (Xorg) session")]
    Wayland,
    /// The system wants to be asked for permission first.
    #[error(
        "the system does not let Aldis record the screen; allow it in System Settings, Privacy & \
         Security, Screen Recording, then start Aldis again"
    )]
    Refused,
    /// The X server lacks something.
    #[error("the X server lacks the {0} extension, without which its screen cannot be shared")]
    MissingExtension(&'static str),
    /// The screen's pixels are of a kind that is not supported.
    #[error(
        "the screen's pixels ({depth} bits deep, {bits} bits each) are not supported; set the \
         display to 24 bits of colour"
    )]
    Format {
        /// Significant bits of a pixel.
        depth: u8,
        /// Bits that a pixel takes in memory.
        bits: u8,
    },
    /// [`Source::select`] was given an id that no monitor has.
    #[error("there is no monitor number {0}")]
    UnknownMonitor(u32),
    /// The monitor is larger than a picture may be.
    #[error(transparent)]
    Size(#[from] FrameError),
    /// The display is gone: the session ended or its server died.
    #[error("the connection to the display was lost")]
    Lost,
    /// The system refused something else.
    #[error("the screen cannot be captured: {0}")]
    System(String),
    /// Nobody taught Aldis this system.
    #[error("Aldis cannot share the screen of this operating system yet")]
    Unsupported,
}

/// Opens this machine's screen.
///
/// With the feature `scrap`, an X11 screen that cannot be read in the usual way is read by that.
pub fn open() -> Result<Box<dyn Source>, CaptureError> {
    match system::open() {
        #[cfg(all(feature = "scrap", target_os = "linux"))]
        Err(error) if scrap::may_help(&error) => scrap::open().map_err(|other| {
            tracing::debug!(%other, "scrap cannot read the screen either");
            error
        }),
        result => result,
    }
}
