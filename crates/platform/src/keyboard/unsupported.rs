//! Systems on which nobody has written this.

use raw_window_handle::{RawDisplayHandle, RawWindowHandle};

use super::GrabError;

#[derive(Debug)]
pub(super) struct Grab;

impl Grab {
    pub(super) fn new(_: RawWindowHandle, _: RawDisplayHandle) -> Result<Self, GrabError> {
        Err(GrabError::Unsupported)
    }
}
