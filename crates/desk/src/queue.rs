//! The order in which customers are served, and what each is told about it.

use std::cmp::Reverse;

use aldis_wire::signal::Priority;
use aldis_wire::{Code, Millis};

use crate::case::Case;

/// How far back waits are looked at: one hour.
pub const RECENT: Millis = 60 * 60 * 1000;

/// The fewest waits that say something.
pub const ENOUGH: usize = 3;

/// What waits are compared by: the urgent first, then who came first.
pub type Turn = (Reverse<Priority>, Millis, Code);

/// A waiting case's turn.
pub fn turn(case: &Case) -> Turn {
    let came = case.customer_joined_at.unwrap_or(case.created_at);
    (Reverse(case.facts.priority), came, case.code)
}

/// The median of the waits that ended in the last hour (`(when it ended, how long it was)`), or
/// `None` if there were too few to promise anything.
pub fn usual_wait(waits: impl Iterator<Item = (Millis, Millis)>, now: Millis) -> Option<Millis> {
    let recent = |(ended, _): &(Millis, Millis)| now.saturating_sub(*ended) <= RECENT;
    let mut waits: Vec<Millis> = waits.filter(recent).map(|(_, wait)| wait).collect();
    if waits.len() < ENOUGH {
        return None;
    }
    let middle = waits.len() / 2;
    let (_, median, _) = waits.select_nth_unstable(middle);
    Some(*median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_the_median_of_the_last_hour_or_nothing() {
        let now = 10 * RECENT;
        let waits = [
            (now - 1, 60),
            (now - 2, 1000),
            (now - 3, 30),
            (now - RECENT - 1, 5),
        ];
        assert_eq!(usual_wait(waits.into_iter(), now), Some(60));
        assert_eq!(
            usual_wait(waits.into_iter().skip(1), now),
            None,
            "two are too few"
        );
    }
}
