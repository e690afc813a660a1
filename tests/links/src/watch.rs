//! How long a picture stands still that should move.

use std::time::{Duration, Instant};

use aldis_links::{Supporter, Ticker, shows_at};

/// How often the picture is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// The longest time between two pictures of the ticker until `is_over` says so, and how many there
/// were.
pub(crate) fn longest_gap(
    supporter: &Supporter,
    mut is_over: impl FnMut() -> bool,
) -> (Duration, usize) {
    let (mut seen, mut since) = (None, Instant::now());
    let (mut longest, mut pictures) = (Duration::ZERO, 0);
    while !is_over() {
        let now = supporter.look(|frame| shows_at(frame, Ticker::SPOT));
        if now.is_some() && now != seen {
            if seen.is_some() {
                longest = longest.max(since.elapsed());
            }
            (seen, since) = (now, Instant::now());
            pictures += 1;
        }
        std::thread::sleep(LOOK);
    }
    (longest.max(since.elapsed()), pictures)
}
