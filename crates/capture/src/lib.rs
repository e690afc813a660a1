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

mod compose;
#[cfg(any(windows, test))]
mod duplication;
#[cfg(any(windows, target_os = "macos", test))]
mod feed;
#[cfg(target_os = "linux")]
mod linux;
mod pixels;
#[cfg(all(feature = "scrap", target_os = "linux"))]
mod scrap;
mod shrink;
#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
mod unsupported;
#[cfg(target_os = "linux")]
mod wayland;
#[cfg(target_os = "linux")]
mod x11;
#[cfg(any(windows, target_os = "macos"))]
mod xcap;

#[cfg(windows)]
use crate::duplication as system;
#[cfg(target_os = "linux")]
use crate::linux as system;
#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
use crate::unsupported as system;
#[cfg(target_os = "macos")]
use crate::xcap as system;

#[cfg(target_os = "linux")]
pub use crate::x11::open_display;

/// The most pixels a [`PointerShape`] has on one axis; larger ones are cut.
pub const MAX_POINTER_SIDE: u16 = 256;

/// The most that a picture is shrunk.
const MAX_SHRINK: u32 = 16;

/// The id that stands for all monitors in one picture; no monitor has it.
pub const ALL: u32 = u32::MAX - 1;

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

/// The part of the desktop that the picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// Left edge on the desktop, in pixels.
    pub x: i32,
    /// Top edge on the desktop, in pixels.
    pub y: i32,
    /// Width on the desktop, in pixels.
    pub width: u32,
    /// Height on the desktop, in pixels.
    pub height: u32,
    /// How many pixels of the desktop one of the picture's stands for, on each axis; at least 1.
    ///
    /// More than 1 where the desktop has more pixels than a [`Frame`] may have.
    pub shrink: u32,
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
    /// A handle that ends waits by calling this.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(wake))
    }

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

    /// The id of the monitor that is captured, or [`ALL`]; at first the primary one.
    fn shared(&self) -> u32;

    /// What of the desktop the picture shows.
    fn place(&self) -> Place {
        let id = self.shared();
        let shared = self.monitors().iter().find(|monitor| monitor.id == id);
        shared.map_or_else(Place::default, Monitor::place)
    }

    /// Whether [`ALL`] can be selected.
    fn has_all(&self) -> bool {
        false
    }

    /// Captures another monitor from now on, or [`ALL`]; all of it counts as changed.
    ///
    /// Fails with [`CaptureError::UnknownMonitor`] and keeps the old one if there is no such id.
    fn select(&mut self, id: u32) -> Result<(), CaptureError>;

    /// A handle that ends waits.
    fn waker(&self) -> Waker;

    /// Blocks until something changed, a waker was used or the time is up.
    ///
    /// The first wait reports the screen, the pointer and its shape at once.
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Changes, CaptureError>;

    /// Asks the system for a sign of life; does not come back from one that hangs.
    fn check(&mut self) -> Result<(), CaptureError> {
        Ok(())
    }

    /// Brings `frame` up to date and adds what may have changed to `damage`, in the picture's
    /// pixels.
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
    /// The X server draws only a part of a Wayland desktop.
    #[error("this X display shows only a part of a Wayland desktop")]
    Wayland,
    /// A Wayland desktop cannot be asked for its screen.
    #[error(
        "this Wayland desktop cannot share its screen: it has no screen-sharing portal; install \
         xdg-desktop-portal with the part for your desktop, or log in with an X11 (Xorg) session"
    )]
    NoPortal,
    /// A Wayland desktop's pictures cannot be received.
    #[error(
        "sharing a Wayland desktop needs PipeWire; install libpipewire-0.3 or log in with an X11 \
         (Xorg) session"
    )]
    NoPipeWire,
    /// The person said no to the desktop's own question.
    #[error("the desktop asked which screen to share, and the answer was none")]
    Declined,
    /// The person said nothing to the desktop's own question.
    #[error("the desktop asked which screen to share, and nobody answered")]
    Unanswered,
    /// The desktop shares, but shows nothing.
    #[error("the desktop shares its screen but sends no picture")]
    NoPicture,
    /// A Wayland desktop refused, or did something unexpected.
    #[error("the desktop does not share its screen: {0}")]
    Desktop(String),
    /// The sharing was ended at the desktop.
    #[error("the desktop has ended the sharing of its screen")]
    Stopped,
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
    /// The screen is locked, or the system asks something that no program may see.
    #[error("the screen is locked, or the system asks something that no program may see")]
    Locked,
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

impl CaptureError {
    /// Whether it may be another time; otherwise somebody has to do something first.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Locked | Self::Lost | Self::System(_) | Self::UnknownMonitor(_)
        )
    }
}

impl Monitor {
    /// The id of the main one of these, or else of the first; 0 where there is none.
    pub fn primary(monitors: &[Self]) -> u32 {
        let monitor = monitors
            .iter()
            .find(|monitor| monitor.primary)
            .or_else(|| monitors.first());
        monitor.map_or(0, |monitor| monitor.id)
    }

    /// The monitor as a picture of its own.
    pub fn place(&self) -> Place {
        Place {
            x: self.x,
            y: self.y,
            width: self.width,
            height: self.height,
            shrink: 1,
        }
    }
}

impl Place {
    /// What a picture of this monitor shows, or of [`ALL`]; `None` if there is no such monitor.
    pub fn of(monitors: &[Monitor], id: u32) -> Option<Self> {
        if id == ALL {
            return Some(Self::around(monitors).shrunk());
        }
        let monitor = monitors.iter().find(|monitor| monitor.id == id)?;
        Some(monitor.place().shrunk())
    }

    /// The least place around all monitors.
    pub fn around(monitors: &[Monitor]) -> Self {
        let left = monitors.iter().map(|monitor| monitor.x).min();
        let top = monitors.iter().map(|monitor| monitor.y).min();
        let (left, top) = (left.unwrap_or(0), top.unwrap_or(0));
        let end = |start: i32, size: u32, from: i32| {
            u32::try_from(i64::from(start) + i64::from(size) - i64::from(from)).unwrap_or(0)
        };
        let right = monitors.iter().map(|it| end(it.x, it.width, left)).max();
        let bottom = monitors.iter().map(|it| end(it.y, it.height, top)).max();
        Self {
            x: left,
            y: top,
            width: right.unwrap_or(0),
            height: bottom.unwrap_or(0),
            shrink: 1,
        }
    }

    /// The same part of the desktop in as few pixels as a [`Frame`] takes.
    pub fn shrunk(self) -> Self {
        let fits = |shrink: &u32| {
            let (width, height) = Self {
                shrink: *shrink,
                ..self
            }
            .picture();
            Frame::fits(width, height)
        };
        let shrink = (1..=MAX_SHRINK).find(fits).unwrap_or(MAX_SHRINK);
        Self { shrink, ..self }
    }

    /// The picture's width and height in its own pixels.
    pub fn picture(&self) -> (u32, u32) {
        let shrink = self.shrink.max(1);
        (self.width.div_ceil(shrink), self.height.div_ceil(shrink))
    }
}

/// Whether this machine's screen could be shared; asks nobody and shows nothing.
pub fn check() -> Result<(), CaptureError> {
    system::check()
}

/// Opens this machine's screen.
///
/// A Wayland desktop asks the person at it first, once for the time that this program runs; until then this waits.
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
