//! A key that the customer can press anywhere, whatever program is in front.

use std::io;

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

/// The keys that end a session, as people write them.
pub const STOP_KEYS: &str = "Ctrl+Shift+F12";

/// Hears [`STOP_KEYS`] until it is dropped.
#[derive(Debug)]
pub struct Hotkey {
    _listener: system::Listener,
}

/// Why the hot key does not work.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HotkeyError {
    /// There is no graphical desktop.
    #[error("there is no X11 display on which {STOP_KEYS} could be heard")]
    NoDisplay,
    /// Another program has it.
    #[error("another program already uses {STOP_KEYS}; end the session with the button instead")]
    Taken,
    /// The keyboard has no such key.
    #[error("the keyboard has no F12 key; end the session with the button instead")]
    NoKey,
    /// Nobody taught Aldis this system.
    #[error("{STOP_KEYS} does not work on this system yet; end the session with the button")]
    Unsupported,
    /// The system refused something else.
    #[error("{STOP_KEYS} cannot be heard ({0}); end the session with the button instead")]
    System(#[from] io::Error),
}

impl Hotkey {
    /// Calls `on_press` on a thread of its own each time [`STOP_KEYS`] are pressed.
    ///
    /// One registration at a time is of use; `on_press` must return soon.
    pub fn register(on_press: impl Fn() + Send + 'static) -> Result<Self, HotkeyError> {
        Ok(Self {
            _listener: system::Listener::start(Box::new(on_press))?,
        })
    }

    /// As [`register`](Self::register), on the X11 display with this name, as `:1`.
    #[cfg(target_os = "linux")]
    pub fn register_on_display(
        display: &str,
        on_press: impl Fn() + Send + 'static,
    ) -> Result<Self, HotkeyError> {
        let listener = system::Listener::start_on(Some(display), Box::new(on_press))?;
        Ok(Self {
            _listener: listener,
        })
    }
}
