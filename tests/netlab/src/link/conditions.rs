//! How good or bad a way is.

use std::time::Duration;

/// What one direction of a [`Link`](crate::Link) does to its packets; the default does nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// How long a packet travels.
    pub delay: Duration,
    /// Up to how much longer it may travel. Packets keep their order: a late one delays those behind it.
    pub jitter: Duration,
    /// What is lost on the way.
    pub loss: Loss,
    /// What is overtaken.
    pub reorder: Reorder,
    /// The share of packets that arrive twice, from 0 to 1.
    pub duplicate: f64,
    /// Bits a second, headers of IP included; `None` is as fast as this machine.
    pub rate: Option<u64>,
    /// What waits before the slow link; it matters only with a rate.
    pub queue: Queue,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: Loss::NONE,
            reorder: Reorder {
                share: 0.0,
                by: Duration::ZERO,
            },
            duplicate: 0.0,
            rate: None,
            queue: Queue::default(),
        }
    }
}

/// Loss after Gilbert and Elliott: a good and a bad state, a chance to change at each packet, and a share that is
/// lost in each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// The chance that a packet finds the good state turned bad.
    pub to_bad: f64,
    /// The chance that a packet finds the bad state turned good.
    pub to_good: f64,
    /// The share that is lost in the good state.
    pub in_good: f64,
    /// The share that is lost in the bad state.
    pub in_bad: f64,
}

impl Loss {
    /// None.
    pub const NONE: Self = Self::random(0.0);

    /// This share, from 0 to 1, each packet by itself.
    pub const fn random(share: f64) -> Self {
        Self {
            to_bad: 0.0,
            to_good: 1.0,
            in_good: share,
            in_bad: share,
        }
    }

    /// This share, from 0 to below 1, in rows of so many packets on average.
    pub fn bursts(share: f64, length: f64) -> Self {
        let to_good = 1.0 / length.max(1.0);
        Self {
            to_bad: (share * to_good / (1.0 - share)).clamp(0.0, 1.0),
            to_good,
            in_good: 0.0,
            in_bad: 1.0,
        }
    }
}

/// Packets that later ones overtake.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reorder {
    /// The share of packets that is held back, from 0 to 1.
    pub share: f64,
    /// For how long.
    pub by: Duration,
}

/// What waits before a slow link: whatever comes when one of the bounds is reached is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// How long a packet may have to wait at the rate of its arrival.
    pub time: Duration,
    /// How many bytes may wait.
    pub bytes: usize,
}

impl Queue {
    /// Bounded by time alone, but for what this machine can keep.
    pub const fn of(time: Duration) -> Self {
        Self {
            time,
            bytes: Self::MOST,
        }
    }

    /// Bounded by bytes alone.
    pub const fn of_bytes(bytes: usize) -> Self {
        Self {
            time: Duration::MAX,
            bytes,
        }
    }

    /// More than any queue of a test.
    const MOST: usize = 64 << 20;
}

impl Default for Queue {
    fn default() -> Self {
        Self::of(Duration::from_millis(100))
    }
}
