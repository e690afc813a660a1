//! macOS: where the pointer is.
//!
//! Its shape is not read yet: the system gives it only to the main thread of an application.
//! The supporter's viewer shows an arrow instead.

use objc2_core_graphics::{CGEvent, CGPreflightScreenCaptureAccess, CGRequestScreenCaptureAccess};

use crate::{CaptureError, PointerShape};

/// Asks the system for the right to record the screen; the person is shown a dialog once.
pub(super) fn may_capture() -> Result<(), CaptureError> {
    if CGPreflightScreenCaptureAccess() || CGRequestScreenCaptureAccess() {
        Ok(())
    } else {
        Err(CaptureError::Refused)
    }
}

/// macOS goes on showing programs what they may see.
pub(super) fn is_locked() -> bool {
    false
}

/// The pointer as it was last seen.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    place: Option<(i32, i32)>,
}

impl Pointer {
    /// Says what changed since the last look.
    pub(super) fn look(&mut self) -> (Option<(i32, i32)>, Option<PointerShape>) {
        let event = CGEvent::new(None);
        let point = CGEvent::location(event.as_deref());
        let place = Some((point.x as i32, point.y as i32));
        if place == self.place {
            return (None, None);
        }
        self.place = place;
        (place, None)
    }
}
