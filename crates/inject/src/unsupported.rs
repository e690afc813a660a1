//! Systems that nobody has written an injection for.

use crate::{InjectError, Injector};

pub(crate) fn open() -> Result<Box<dyn Injector>, InjectError> {
    Err(InjectError::Unsupported)
}
