//! X11: a core grab on the window's own connection, because the server gives a grabbed keyboard's
//! events only to the client that grabbed it.
//!
//! winit 0.30 hears core `KeyPress` events, which the grab delivers, and takes every `XI_FocusOut`
//! for a loss of focus without looking at its mode.
//! A grab of the window that has the focus makes no such event (the test of this crate selects
//! what winit selects and sees none); a grab of a window without focus would, so the viewer takes
//! it only while focused.

use std::ffi::c_ulong;
use std::ptr::NonNull;

use raw_window_handle::{RawDisplayHandle, RawWindowHandle};
use x11_dl::xlib::{self, CurrentTime, Display, GrabModeAsync, True, Xlib};

use super::GrabError;

/// A grab that is in force.
pub(super) struct Grab {
    xlib: Xlib,
    display: NonNull<Display>,
}

impl std::fmt::Debug for Grab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grab").finish_non_exhaustive()
    }
}

impl Grab {
    pub(super) fn new(
        window: RawWindowHandle,
        display: RawDisplayHandle,
    ) -> Result<Self, GrabError> {
        let (window, display) = match (window, display) {
            (RawWindowHandle::Xlib(window), RawDisplayHandle::Xlib(display)) => {
                (window.window, display.display)
            }
            (RawWindowHandle::Wayland(_), _) => return Err(GrabError::Wayland),
            _ => return Err(GrabError::Unsupported),
        };
        let display = display.ok_or(GrabError::Unsupported)?.cast();
        let xlib = Xlib::open().map_err(|error| GrabError::System(error.to_string()))?;
        let grab = Self { xlib, display };
        let answer = grab.take(window);
        if answer == xlib::GrabSuccess {
            return Ok(grab);
        }
        // Nothing was taken, so there is nothing for `drop` to give back; an ungrab of nothing does
        // no harm.
        Err(match answer {
            xlib::AlreadyGrabbed | xlib::GrabFrozen => GrabError::Busy,
            xlib::GrabNotViewable => GrabError::NotVisible,
            other => GrabError::System(format!("the X server answered {other}")),
        })
    }

    /// `owner_events` is true, so that another window of ours that has the focus is not robbed.
    #[expect(unsafe_code, reason = "Xlib is a C library")]
    fn take(&self, window: c_ulong) -> i32 {
        // SAFETY: the caller of `KeyboardGrab::new` vouches for the display, which winit opened
        // after XInitThreads, and the function is the one that Xlib exports; a window that is gone
        // is an X error, which winit's handler takes.
        unsafe {
            (self.xlib.XGrabKeyboard)(
                self.display.as_ptr(),
                window,
                True,
                GrabModeAsync,
                GrabModeAsync,
                CurrentTime,
            )
        }
    }
}

impl Drop for Grab {
    #[expect(unsafe_code, reason = "Xlib is a C library")]
    fn drop(&mut self) {
        // SAFETY: as in `take`; the caller keeps the display open until this is dropped.
        unsafe {
            (self.xlib.XUngrabKeyboard)(self.display.as_ptr(), CurrentTime);
            (self.xlib.XFlush)(self.display.as_ptr());
        }
    }
}
