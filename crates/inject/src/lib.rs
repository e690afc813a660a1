//! The customer's mouse and keyboard, moved by a supporter who was allowed to.
//!
//! [`open`] gives an [`Injector`] for this machine.
//!
//! **Invariant:** nothing moves without a live [`ControlToken`]: it is checked on every call, and
//! in a text before every character.
//! What is typed is never logged.

use std::fmt;

use aldis_session::ControlToken;
use aldis_wire::input::Input;
use thiserror::Error;

#[cfg(target_os = "macos")]
mod enigo;
#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
mod unsupported;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod wheel;
#[cfg(windows)]
mod win32;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "macos")]
use crate::enigo as system;
#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
use crate::unsupported as system;
#[cfg(windows)]
use crate::win32 as system;
#[cfg(target_os = "linux")]
use crate::x11 as system;

#[cfg(target_os = "linux")]
pub use crate::x11::open_display;

/// The most keys that are held down at a time; a press beyond is ignored.
pub const MAX_HELD_KEYS: usize = 32;

/// The picture's place on the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MonitorPlace {
    /// Left edge on the desktop, in pixels.
    pub x: i32,
    /// Top edge on the desktop, in pixels.
    pub y: i32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How many pixels of the desktop one of the picture's stands for, on each axis; 0 counts as 1.
    pub shrink: u32,
}

impl MonitorPlace {
    /// Where one of the picture's pixels is on the desktop; one outside is moved to the edge.
    pub fn on_desktop(self, x: u16, y: u16) -> (i32, i32) {
        let shrink = self.shrink.max(1);
        let inside = |value: u16, size: u32| {
            let middle = u32::from(value).saturating_mul(shrink) + (shrink - 1) / 2;
            i32::try_from(middle.min(size.saturating_sub(1))).unwrap_or(0)
        };
        (
            self.x.saturating_add(inside(x, self.width)),
            self.y.saturating_add(inside(y, self.height)),
        )
    }
}

/// Something that moves a mouse and types: this machine's desktop, or a test's.
///
/// Dropping it lets go of everything that it holds down.
pub trait Injector: Send + fmt::Debug {
    /// Does one thing, if `token` is live; pointer positions are counted from `monitor`'s corner.
    ///
    /// Fails with [`InjectError::Revoked`] once the token is not live, and then lets go of
    /// everything.
    /// A long text blocks for a moment (a few milliseconds for each character that the keyboard
    /// layout lacks), and stops at the first character after a revocation.
    fn apply(
        &mut self,
        token: &ControlToken,
        input: &Input,
        monitor: MonitorPlace,
    ) -> Result<(), InjectError>;

    /// Lets go of every key and button that this injector holds down.
    ///
    /// It needs no token: letting go is always right.
    fn release_all(&mut self) -> Result<(), InjectError>;
}

/// Why something could not be done with mouse or keyboard.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InjectError {
    /// The customer, or the end of the session, took the right away.
    #[error("remote control was ended")]
    Revoked,
    /// There is no graphical desktop.
    #[error(
        "there is no display to control; start Aldis from a graphical desktop session \
         (on X11, DISPLAY must name it)"
    )]
    NoDisplay,
    /// The desktop is a Wayland one.
    #[error("Aldis cannot control a Wayland desktop yet; log in with an X11 (Xorg) session")]
    Wayland,
    /// The system wants to be asked for permission first.
    #[error(
        "the system does not let Aldis control the computer; allow it in System Settings, Privacy \
         & Security, Accessibility, then start Aldis again"
    )]
    Refused,
    /// The X server lacks something.
    #[error("the X server lacks the {0} extension, without which it cannot be controlled")]
    MissingExtension(&'static str),
    /// The keyboard layout lacks a character and has no unused key to lend.
    #[error("the keyboard layout has no unused key for a character that it lacks")]
    NoSpareKey,
    /// The display is gone: the session ended or its server died.
    #[error("the connection to the display was lost")]
    Lost,
    /// The system refused something else.
    #[error("mouse and keyboard cannot be controlled: {0}")]
    System(String),
    /// Nobody taught Aldis this system.
    #[error("Aldis cannot control mouse and keyboard of this operating system yet")]
    Unsupported,
}

/// Opens this machine's mouse and keyboard.
pub fn open() -> Result<Box<dyn Injector>, InjectError> {
    system::open()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_outside_the_monitor_is_moved_to_its_edge() {
        let place = MonitorPlace {
            x: -1920,
            y: 10,
            width: 1920,
            height: 1080,
            shrink: 1,
        };
        assert_eq!(place.on_desktop(5, 6), (-1915, 16));
        assert_eq!(place.on_desktop(u16::MAX, u16::MAX), (-1, 1089));
        let place = MonitorPlace { shrink: 4, ..place };
        assert_eq!(place.on_desktop(5, 6), (-1899, 35));
        assert_eq!(place.on_desktop(u16::MAX, u16::MAX), (-1, 1089));
        assert_eq!(MonitorPlace::default().on_desktop(7, 7), (0, 0));
    }
}
