//! Taking the whole keyboard for the supporter's viewer, so that Alt+Tab and the Super key go to
//! the customer's desktop instead of the supporter's own.

use raw_window_handle::{RawDisplayHandle, RawWindowHandle};
use thiserror::Error;

#[cfg(not(any(target_os = "linux", windows)))]
mod unsupported;
#[cfg(windows)]
mod win32;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(not(any(target_os = "linux", windows)))]
use self::unsupported as system;
#[cfg(windows)]
use self::win32 as system;
#[cfg(target_os = "linux")]
use self::x11 as system;

/// Gives a window every key that is pressed, until it is dropped.
///
/// Take it when the viewer's window got the focus, drop it when the window loses it or the
/// supporter wants their own desktop back.
/// Drop it before the window and its event loop: it uses their connection to the display.
#[derive(Debug)]
pub struct KeyboardGrab {
    _grab: system::Grab,
}

/// Why the keyboard was not taken; the viewer works without, but system shortcuts stay here.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GrabError {
    /// The desktop is a Wayland one.
    #[error(
        "the keyboard cannot be grabbed on Wayland yet; system shortcuts stay on this computer"
    )]
    Wayland,
    /// Another program holds it, perhaps an open menu.
    #[error("another program holds the keyboard; close its menus and try again")]
    Busy,
    /// The window is not on the screen yet.
    #[error("the window is not visible yet; try again when it is")]
    NotVisible,
    /// Nobody taught Aldis this system.
    #[error("the keyboard cannot be grabbed on this system yet; system shortcuts stay here")]
    Unsupported,
    /// The system refused something else.
    #[error("the keyboard cannot be grabbed: {0}")]
    System(String),
}

impl KeyboardGrab {
    /// Takes the keyboard for this window.
    ///
    /// The handles must be those of a living window and its display, and must stay so until this
    /// is dropped.
    pub fn new(window: RawWindowHandle, display: RawDisplayHandle) -> Result<Self, GrabError> {
        Ok(Self {
            _grab: system::Grab::new(window, display)?,
        })
    }
}
