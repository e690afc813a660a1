//! Waiting for something to become true, with a deadline.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a step may take before the stage gives up, on a machine as slow as a shared build machine.
pub const STEP: Duration = Duration::from_secs(20);

/// How often a condition outside this process is looked at again.
const POLL: Duration = Duration::from_millis(15);

/// Calls `attempt` until it gives a value, and fails after `limit` with what was waited for.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut attempt: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = attempt()? {
            return Ok(value);
        }
        if start.elapsed() > limit {
            bail!("waited {:.1} s for {what}", limit.as_secs_f32());
        }
        thread::sleep(POLL);
    }
}

/// Watches for `length` that `check` never fails, for things that must not happen.
pub fn throughout(length: Duration, mut check: impl FnMut() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < length {
        check()?;
        thread::sleep(POLL);
    }
    check()
}

/// A started clock, so that tests need not read one themselves.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
