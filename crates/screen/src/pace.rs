//! When the next update may go.
//!
//! An update is made from the newest picture, so the later it is made the better, as long as the
//! link does not stand idle meanwhile.
//! What the viewer has shown so far tells how many bytes a second reach his screen, and so when
//! those that are under way will have left; shortly before then the next update goes.

use std::collections::VecDeque;
use std::time::Duration;

/// The most updates under way, however small they are.
const MAX_UPDATES: usize = 6;

/// Smaller updates say nothing about the link's rate.
const TELLING: usize = 4 * 1024;

/// Of how many bytes the usual rate tells; older ones count for half.
const RECENT: f64 = 1e6;

/// How long a rate counts.
const LATE: Duration = Duration::from_secs(5);

/// How long before the link is free the next update goes, at least.
const AHEAD: Duration = Duration::from_millis(2);

/// How much longer than expected an answer may take before nothing more goes.
const PATIENCE: Duration = Duration::from_millis(50);

/// The updates under way to one viewer.
#[derive(Debug, Default)]
pub struct Pace {
    flying: VecDeque<Flight>,
    /// Bytes a second that reached the viewer's screen, and when that was seen; the best first,
    /// and then those that will be the best once it no longer counts.
    rates: VecDeque<(Duration, f64)>,
    /// Bytes that were shown lately, and how many seconds the link had them.
    carried: (f64, f64),
    /// The shortest time from an update's sending to its answer.
    trip: Option<Duration>,
    /// When the last answer came.
    answered: Duration,
    /// When everything that is under way will have left.
    free: Duration,
    /// How long the newest update takes to leave.
    takes: Duration,
    /// The shortest time between two updates, if the viewer wishes for one.
    distance: Duration,
    last: Option<Duration>,
}

/// One update under way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    sequence: u32,
    bytes: usize,
    sent: Duration,
}

impl Pace {
    /// Nothing is under way.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many updates a second; `None` for as many as the link carries.
    pub fn limit(&mut self, a_second: Option<u8>) {
        let a_second = a_second.filter(|it| *it > 0).map(u32::from);
        self.distance = a_second.map_or(Duration::ZERO, |it| Duration::from_secs(1) / it);
    }

    /// The update with this number goes out now, with so many bytes of coded pixels.
    pub fn sent(&mut self, sequence: u32, bytes: usize, now: Duration) {
        self.last = Some(now);
        self.takes = self.time_for(bytes);
        self.free = self.free.max(now) + self.takes;
        self.flying.push_back(Flight {
            sequence,
            bytes,
            sent: now,
        });
    }

    /// The viewer shows the update with this number, and so every earlier one.
    pub fn shown(&mut self, sequence: u32, now: Duration) {
        let Some(at) = self.flying.iter().position(|it| it.sequence == sequence) else {
            return;
        };
        let shown: Vec<Flight> = self.flying.drain(..=at).collect();
        let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
            return;
        };
        let took = now.saturating_sub(last.sent);
        self.trip = Some(self.trip.map_or(took, |trip| trip.min(took)));
        let bytes: usize = shown.iter().map(|it| it.bytes).sum();
        // If it had to wait for the one before, only the time since that one's answer is its own.
        let own = now.saturating_sub(first.sent.max(self.answered));
        if bytes >= TELLING {
            let idle = first.sent > self.answered;
            let way = self.trip.filter(|_| idle).unwrap_or_default();
            self.carried.0 += bytes as f64;
            self.carried.1 += own.saturating_sub(way).as_secs_f64().max(1e-4);
            if self.carried.0 > RECENT {
                self.carried = (self.carried.0 / 2.0, self.carried.1 / 2.0);
            }
        }
        if bytes >= TELLING || self.rates.is_empty() {
            let rate = bytes.max(TELLING) as f64 / own.as_secs_f64().max(1e-4);
            while self.rates.back().is_some_and(|(_, older)| *older <= rate) {
                self.rates.pop_back();
            }
            self.rates.push_back((now, rate));
        }
        while self.rates.len() > 1
            && self
                .rates
                .front()
                .is_some_and(|(at, _)| now.saturating_sub(*at) > LATE)
        {
            self.rates.pop_front();
        }
        self.answered = now;
        let flying = self.flying.iter().map(|it| it.bytes).sum();
        self.free = self.free.min(now + self.time_for(flying));
    }

    /// Whether the update with this number is still under way.
    pub fn is_flying(&self, sequence: u32) -> bool {
        self.flying.iter().any(|it| it.sequence == sequence)
    }

    /// How many bytes the link carries in this time, as far as is known.
    pub fn bytes_in(&self, time: Duration) -> Option<usize> {
        let (_, rate) = self.rates.front()?;
        Some((rate * time.as_secs_f64()) as usize)
    }

    /// How many bytes a second the link usually carries, as far as is known.
    ///
    /// The best rate, by which [`bytes_in`](Self::bytes_in) goes, is too high where answers come in
    /// heaps.
    pub fn usual_rate(&self) -> Option<usize> {
        let (bytes, seconds) = self.carried;
        (seconds > 0.0).then(|| (bytes / seconds) as usize)
    }

    /// When the next update may go: now or at a later moment; `None` until something was shown.
    pub fn may_send(&self, now: Duration) -> Option<Duration> {
        self.free_at(now).map(|at| self.after_distance(at))
    }

    /// When the link is about to be free, however few updates are wished for; `None` until
    /// something was shown.
    pub fn free_at(&self, now: Duration) -> Option<Duration> {
        let Some(oldest) = self.flying.front() else {
            return Some(now);
        };
        let trip = self.trip?;
        let expected = trip + self.time_for(oldest.bytes);
        let overdue = now.saturating_sub(oldest.sent) > 2 * expected + PATIENCE;
        if overdue || self.flying.len() >= MAX_UPDATES {
            return None;
        }
        let ahead = (self.takes / 4).max(AHEAD);
        Some(now.max(self.free.saturating_sub(ahead)))
    }

    fn after_distance(&self, at: Duration) -> Duration {
        self.last.map_or(at, |last| at.max(last + self.distance))
    }

    /// How long so many bytes take to leave.
    fn time_for(&self, bytes: usize) -> Duration {
        let rate = self.rates.front().map_or(f64::INFINITY, |(_, rate)| *rate);
        Duration::from_secs_f64((bytes as f64 / rate).min(60.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link that carries so much a second, with this round trip, and plays for so long.
    ///
    /// Every `every` there is an update of `bytes`, if it may go; gives how many were shown, and
    /// how long one took at most once the link was known.
    fn play(rate: f64, trip: Duration, bytes: usize, every: Duration) -> (usize, Duration) {
        let mut pace = Pace::new();
        let mut pipe: VecDeque<(u32, Duration, Duration)> = VecDeque::new();
        let (mut free, mut now, mut next) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let (mut shown, mut worst, mut sequence) = (0, Duration::ZERO, 0);
        while now < Duration::from_secs(4) {
            while let Some((number, _, sent)) = pipe.pop_front_if(|(_, at, _)| *at <= now) {
                pace.shown(number, now);
                shown += 1;
                if now > Duration::from_secs(2) {
                    worst = worst.max(now.saturating_sub(sent));
                }
            }
            if now >= next && pace.may_send(now) == Some(now) {
                sequence += 1;
                free = free.max(now) + Duration::from_secs_f64(bytes as f64 / rate);
                pipe.push_back((sequence, free + trip, now));
                pace.sent(sequence, bytes, now);
                next = now + every;
            }
            now += Duration::from_micros(500);
        }
        (shown, worst)
    }

    const EVERY: Duration = Duration::from_millis(33);

    #[test]
    fn a_round_trip_does_not_slow_down_what_the_link_can_carry() {
        let (shown, worst) = play(2.5e6, Duration::from_millis(40), 8_000, EVERY);
        assert!(shown >= 115, "{shown} of 120");
        assert!(worst < Duration::from_millis(50), "{worst:?}");
    }

    #[test]
    fn a_full_link_carries_all_it_can_and_nothing_piles_up() {
        // 100 kB take 133 ms on this link, and 50 more until the answer.
        let (shown, worst) = play(0.75e6, Duration::from_millis(50), 100_000, EVERY);
        assert!(shown >= 27, "{shown} of 29");
        assert!(worst < Duration::from_millis(230), "{worst:?}");
    }

    #[test]
    fn a_viewer_who_shows_nothing_is_sent_nothing_more() {
        let mut pace = Pace::new();
        for number in 0..3_u32 {
            let now = Duration::from_millis(10) * number;
            pace.sent(number, 10, now);
            pace.shown(number, now + Duration::from_millis(1));
        }
        let mut sent = 0;
        for number in 100..1_000_u32 {
            let now = Duration::from_millis(number.into());
            if pace.may_send(now) == Some(now) {
                pace.sent(number, 10, now);
                sent += 1;
            }
        }
        assert_eq!(sent, MAX_UPDATES);
    }

    #[test]
    fn letters_say_nothing_of_the_link() {
        let mut pace = Pace::new();
        let mut now = Duration::ZERO;
        for number in 0..200 {
            pace.sent(number, 70, now);
            pace.shown(number, now + Duration::from_millis(40));
            now += Duration::from_millis(100);
        }
        pace.sent(1_000, 300_000, now);
        now += Duration::from_millis(300);
        pace.shown(1_000, now);
        assert_eq!(pace.may_send(now), Some(now));
    }

    #[test]
    fn answers_in_heaps_do_not_raise_the_usual_rate() {
        let (rate, trip) = (0.75e6, Duration::from_millis(50));
        let mut pace = Pace::new();
        pace.sent(0, 100, Duration::ZERO);
        pace.shown(0, trip);
        let mut free = Duration::ZERO;
        let mut answers = VecDeque::new();
        // A millisecond each; what arrives is shown and answered at every sixtieth.
        let (mut sequence, mut best) = (0, 0.0_f64);
        for now in (100..5_000).map(Duration::from_millis) {
            while let Some((number, _)) = answers.pop_front_if(|(_, at)| *at <= now) {
                pace.shown(number, now);
            }
            best = best.max(pace.bytes_in(Duration::from_secs(1)).unwrap_or(0) as f64);
            if pace.may_send(now) == Some(now) {
                sequence += 1;
                let bytes: u32 = [26_000, 38_000, 9_000, 60_000][sequence as usize % 4];
                free = free.max(now) + Duration::from_secs_f64(f64::from(bytes) / rate);
                let frames = (free + trip / 2).as_millis() / 17 + 1;
                let seen = Duration::from_millis(frames as u64 * 17);
                answers.push_back((sequence, seen + trip / 2));
                pace.sent(sequence, bytes as usize, now);
            }
        }
        let usual = pace.usual_rate().unwrap() as f64;
        assert!(
            (0.8..1.25).contains(&(usual / rate)),
            "{usual}, best {best}"
        );
    }

    #[test]
    fn a_limit_keeps_the_distance() {
        let mut pace = Pace::new();
        pace.limit(Some(10));
        pace.sent(1, 10, Duration::ZERO);
        pace.shown(1, Duration::from_millis(2));
        let at = pace.may_send(Duration::from_millis(5));
        assert_eq!(at, Some(Duration::from_millis(100)));
    }
}
