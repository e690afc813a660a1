//! The engine's clock.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aldis_wire::Millis;

static START: LazyLock<Instant> = LazyLock::new(instant);

#[expect(clippy::disallowed_methods, reason = "this is the shell's one clock")]
fn instant() -> Instant {
    Instant::now()
}

/// The time since the engine started; never goes back.
pub(crate) fn elapsed() -> Duration {
    instant().saturating_duration_since(*START)
}

/// The same in milliseconds.
pub(crate) fn now() -> Millis {
    u64::try_from(elapsed().as_millis()).unwrap_or(Millis::MAX)
}

/// Milliseconds since 1970, by this machine's idea of it.
pub(crate) fn unix() -> Millis {
    #[expect(clippy::disallowed_methods, reason = "this is the shell's one clock")]
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// A number that no other message of this person bears.
pub(crate) fn mark() -> u64 {
    getrandom::u64().unwrap_or_else(|_| unix())
}

/// Waits until [`now`] is `at`; forever if there is no such moment.
pub(crate) async fn sleep_until(at: Option<Millis>) {
    match at {
        Some(at) => tokio::time::sleep(Duration::from_millis(at.saturating_sub(now()))).await,
        None => std::future::pending().await,
    }
}
