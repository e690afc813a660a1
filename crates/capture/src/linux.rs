//! Linux has two kinds of desktop.
//!
//! An X server under Wayland (Xwayland) draws only the X11 programs of its desktop, and its root is black; so `x11`
//! refuses one, and the desktop's own way is taken.
//! A real X server is taken wherever `DISPLAY` names one: the mouse and the keyboard that are controlled are its own.

use crate::{CaptureError, Source, wayland, x11};

/// Opens the screen of the desktop that this program was started on.
pub(crate) fn open() -> Result<Box<dyn Source>, CaptureError> {
    match x11::open() {
        Err(error) if is_wayland(&error) => wayland::open(),
        other => other,
    }
}

/// Whether that could work, without asking anybody.
pub(crate) fn check() -> Result<(), CaptureError> {
    match x11::open() {
        Err(error) if is_wayland(&error) => wayland::check(),
        other => other.map(drop),
    }
}

/// Whether there was no screen of X11's own because the desktop is a Wayland one.
fn is_wayland(error: &CaptureError) -> bool {
    match error {
        CaptureError::Wayland => true,
        CaptureError::NoDisplay => {
            std::env::var_os("XDG_SESSION_TYPE").is_some_and(|kind| kind == "wayland")
        }
        _ => false,
    }
}
