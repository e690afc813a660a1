//! A share beside somebody who fills the queue, as CUBIC has it (RFC 9438).

use std::time::Duration;

use super::{FALL, WAIT};

/// How much of its window, in hundredths, a loss leaves to a flow; as CUBIC's.
pub(super) const LEFT: u64 = 70;

/// The rounds between two looks whether the rival is still there.
const ROUNDS: u32 = 16;

/// After so many looks at an empty queue, one after another, he is gone.
const EMPTY_LOOKS: u32 = 2;

/// After so many looks at the same round trip it is the path's own.
const SAME_LOOKS: u32 = 4;

/// How fast CUBIC grows, in packets and seconds (RFC 9438, section 5).
const CUBIC: f64 = 0.4;

/// By how many hundredths of a packet Reno grows with every round trip, if it is to have on average
/// what it would have with a cut to the half (RFC 9438, section 4.3).
const RENO: u64 = 53;

/// What is known of a rival, and how the window grows beside him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rivalry {
    /// Since the last look whether the rival is still there.
    rounds: u32,
    /// Rounds without a wait, one after another.
    calm: u32,
    /// The window at the last loss, if that tells how much is too much.
    most: Option<u64>,
    /// When that was.
    since: Duration,
    /// The window that Reno would have since then.
    reno: u64,
    looks: Looks,
    /// Looks that found the queue empty, one after another.
    empty: u32,
    /// The longest round trip since the window was cut that lasted for more than a round.
    longest: Duration,
    /// The one of the round before.
    before: Duration,
}

impl Rivalry {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            rounds: 0,
            calm: 0,
            most: None,
            since: now,
            reno: 0,
            looks: Looks::NONE,
            empty: 0,
            longest: Duration::ZERO,
            before: Duration::ZERO,
        }
    }

    /// Takes in the shortest round trip of a round, and whether the queue was empty.
    pub(super) fn hear(&mut self, trip: Duration, is_empty: bool) {
        self.rounds += 1;
        self.calm = if is_empty { self.calm + 1 } else { 0 };
        let lasting = trip.min(self.before);
        self.before = trip;
        self.longest = self.longest.max(lasting);
        if 100 * trip < FALL * self.longest {
            // He had more than half of the path, and let go.
            self.longest = trip;
            self.most = None;
        }
    }

    /// Whether nobody else fills the queue any more.
    pub(super) fn is_over(&self) -> bool {
        self.calm > ROUNDS || self.empty >= EMPTY_LOOKS
    }

    /// `most` was too much, and `left` is left of it.
    pub(super) fn cut(&mut self, now: Duration, most: u64, left: u64) {
        (self.most, self.since, self.reno) = (Some(most), now, left);
        (self.longest, self.before) = (Duration::ZERO, Duration::ZERO);
    }

    /// The next window: CUBIC's, or Reno's where that is larger. Where nothing tells how much is too
    /// much, or a rival left more than half of the path, a quarter more.
    pub(super) fn grow(&mut self, now: Duration, window: u64, packet: u64) -> u64 {
        let Some(most) = self.most else {
            return window * 5 / 4;
        };
        let most = most as f64 / packet as f64;
        let time = now.saturating_sub(self.since).as_secs_f64();
        let turn = (most * (100 - LEFT) as f64 / 100.0 / CUBIC).cbrt();
        let cubic = (CUBIC * (time - turn).powi(3) + most).max(0.0) * packet as f64;
        self.reno += packet * RENO / 100;
        let aim = (cubic as u64).max(self.reno);
        aim.clamp(window, window * 3 / 2)
    }

    /// Whether it is time for a look, each of which costs some of our share.
    pub(super) fn takes_a_look(&mut self) -> bool {
        let rounds = if self.empty > 0 {
            ROUNDS / 4
        } else if self.looks.differed && self.looks.count == 1 {
            2 * ROUNDS
        } else {
            ROUNDS
        };
        let is_time = self.rounds > rounds;
        if is_time {
            self.rounds = 0;
        }
        is_time
    }

    /// Takes in what a look showed: whether that was the same often enough to be the path's own delay.
    pub(super) fn has_same_looks(&mut self, trip: Duration) -> bool {
        self.looks = self.looks.with(trip);
        self.looks.count >= SAME_LOOKS
    }

    /// Takes in whether a look found the queue empty.
    pub(super) fn end_look(&mut self, is_empty: bool) {
        self.empty = if is_empty { self.empty + 1 } else { 0 };
    }
}

/// The shortest round trips of looks, one after another, that were nearly the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Looks {
    least: Duration,
    most: Duration,
    count: u32,
    /// There were others before.
    differed: bool,
}

impl Looks {
    const NONE: Self = Self {
        least: Duration::MAX,
        most: Duration::ZERO,
        count: 0,
        differed: false,
    };

    fn with(self, trip: Duration) -> Self {
        let (least, most) = (self.least.min(trip), self.most.max(trip));
        let is_same = most.abs_diff(least) < WAIT / 5;
        Self {
            least: if is_same { least } else { trip },
            most: if is_same { most } else { trip },
            count: if is_same { self.count + 1 } else { 1 },
            differed: self.differed || !is_same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: u64 = 1_200;

    const fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    #[test]
    fn a_cut_window_comes_back_slowly_at_first_and_goes_on_beyond() {
        let mut rivalry = Rivalry::new(ms(0));
        let (most, left) = (100 * PACKET, 70 * PACKET);
        rivalry.cut(ms(0), most, left);
        let mut window = left;
        let mut at = |time| {
            for _ in 0..10 {
                window = rivalry.grow(ms(time), window, PACKET);
            }
            window / PACKET
        };
        // It is where it was after the cube root of 30 / 0.4 seconds.
        assert_eq!(at(0), 75, "Reno's, of ten round trips");
        assert_eq!(at(2_000), 95);
        assert_eq!(at(4_218), 100);
        assert_eq!(at(8_436), 130);
    }

    #[test]
    fn a_rival_who_lets_go_of_most_leaves_room() {
        let mut rivalry = Rivalry::new(ms(0));
        rivalry.cut(ms(0), 100 * PACKET, 70 * PACKET);
        for trip in [150, 160, 170, 170, 160] {
            rivalry.hear(ms(trip), false);
            assert!(rivalry.most.is_some());
        }
        rivalry.hear(ms(140), false);
        assert_eq!(rivalry.grow(ms(100), 80 * PACKET, PACKET), 100 * PACKET);
    }

    #[test]
    fn a_stall_of_one_round_is_no_rivals() {
        let mut rivalry = Rivalry::new(ms(0));
        rivalry.cut(ms(0), 100 * PACKET, 70 * PACKET);
        for trip in [150, 150, 300, 150] {
            rivalry.hear(ms(trip), false);
            assert!(rivalry.most.is_some());
        }
    }

    #[test]
    fn a_rival_is_gone_when_the_queue_stays_empty() {
        let mut rivalry = Rivalry::new(ms(0));
        rivalry.end_look(true);
        rivalry.end_look(false);
        rivalry.end_look(true);
        assert!(!rivalry.is_over());
        rivalry.end_look(true);
        assert!(rivalry.is_over());
    }

    #[test]
    fn looks_must_be_the_same_and_not_only_the_last_two() {
        let mut rivalry = Rivalry::new(ms(0));
        for trip in [100, 104, 108, 112, 116, 120] {
            assert!(!rivalry.has_same_looks(ms(trip)));
        }
        for (trip, is_same) in [(150, false), (151, false), (149, false), (150, true)] {
            assert_eq!(rivalry.has_same_looks(ms(trip)), is_same);
        }
    }
}
