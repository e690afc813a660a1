//! The server's clock, by which every time in a case is told.

use std::time::{SystemTime, UNIX_EPOCH};

use aldis_wire::Millis;

/// Now.
pub(crate) fn now() -> Millis {
    #[expect(clippy::disallowed_methods, reason = "this is the shell's one clock")]
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
