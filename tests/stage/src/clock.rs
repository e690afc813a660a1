//! The clock that both displays are measured with.

use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// `CLOCK_MONOTONIC` in nanoseconds, the same for every process of this machine.
pub(crate) fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * SECOND + time.tv_nsec.unsigned_abs()
}

/// Milliseconds as nanoseconds.
pub(crate) const fn milliseconds(count: u64) -> u64 {
    count * 1_000_000
}

/// Sleeps until this moment, unless it is over.
pub(crate) fn sleep_until(moment: u64) {
    let left = moment.saturating_sub(now());
    if left > 0 {
        thread::sleep(Duration::from_nanos(left));
    }
}
