//! Systems on which nobody has written this.

use super::HotkeyError;

#[derive(Debug)]
pub(super) struct Listener;

impl Listener {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the same signature as elsewhere"
    )]
    pub(super) fn start(_: Box<dyn Fn() + Send>) -> Result<Self, HotkeyError> {
        Err(HotkeyError::Unsupported)
    }
}
