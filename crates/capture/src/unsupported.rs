//! Systems that nobody has written a capture for.

use crate::{CaptureError, Source};

pub(crate) fn open() -> Result<Box<dyn Source>, CaptureError> {
    Err(CaptureError::Unsupported)
}

pub(crate) fn check() -> Result<(), CaptureError> {
    Err(CaptureError::Unsupported)
}
