//! The engine's clock.

use std::sync::{LazyLock, Mutex, PoisonError};
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

/// Milliseconds that have passed, those in which the machine slept included; never goes back.
///
/// What a person has allowed for ten minutes must not be allowed still when he opens his laptop the
/// next morning.
pub(crate) fn now() -> Millis {
    static PASSED: LazyLock<Mutex<Passed>> = LazyLock::new(Mutex::default);
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    passed.until(elapsed(), since_1970())
}

/// Milliseconds since 1970, by this machine's idea of it.
pub(crate) fn unix() -> Millis {
    u64::try_from(since_1970().as_millis()).unwrap_or(Millis::MAX)
}

fn since_1970() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "this is the shell's one clock")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The clock that never goes back stands still on most systems while the machine sleeps, and the
/// calendar's may be set: so many more it must have moved to have been asleep.
const ASLEEP: Duration = Duration::from_secs(2);

/// What has passed by two clocks, of which one sleeps with the machine and the other may be set.
#[derive(Debug, Default)]
struct Passed {
    /// What both showed when they were looked at last.
    before: Option<(Duration, Duration)>,
    slept: Duration,
}

impl Passed {
    fn until(&mut self, awake: Duration, calendar: Duration) -> Millis {
        if let Some((awake_before, calendar_before)) = self.before {
            let awake = awake.saturating_sub(awake_before);
            let calendar = calendar.saturating_sub(calendar_before);
            let more = calendar.saturating_sub(awake);
            if more > ASLEEP {
                self.slept += more;
            }
        }
        self.before = Some((awake, calendar));
        u64::try_from((awake + self.slept).as_millis()).unwrap_or(Millis::MAX)
    }
}

/// A number that no other message of this person bears.
pub(crate) fn mark() -> u64 {
    getrandom::u64().unwrap_or_else(|_| unix())
}

/// How often it is looked whether the machine has slept, while that matters to somebody.
const LOOK: Duration = Duration::from_secs(2);

/// Waits until [`now`] is `at`, or less where somebody is `watched`: time in which the machine
/// sleeps is no time to who waits here.
pub(crate) async fn sleep_until(at: Option<Millis>, watched: bool) {
    let left = at.map(|at| Duration::from_millis(at.saturating_sub(now())));
    let look = watched.then_some(LOOK);
    match left.into_iter().chain(look).min() {
        Some(left) => tokio::time::sleep(left).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_asleep_has_passed_and_a_calendar_that_is_set_back_changes_nothing() {
        let seconds = Duration::from_secs;
        let mut passed = Passed::default();
        assert_eq!(passed.until(seconds(5), seconds(1_000)), 5_000);
        assert_eq!(passed.until(seconds(6), seconds(1_001)), 6_000);
        // A little is what clocks are set by every day.
        assert_eq!(passed.until(seconds(7), seconds(1_003)), 7_000);
        assert_eq!(passed.until(seconds(8), seconds(30_000)), 29_004_000);
        assert_eq!(passed.until(seconds(9), seconds(10)), 29_005_000);
        assert_eq!(passed.until(seconds(10), seconds(11)), 29_006_000);
    }
}
