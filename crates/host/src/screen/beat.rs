//! Whether a thread's call into the system comes back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long after its time a call may come back.
const LATE: Duration = Duration::from_millis(1_400);

/// What is known of the call that runs.
#[derive(Debug, Default)]
pub(super) struct Beat(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the call should come back; `None` while there is none.
    due: Option<Duration>,
    /// It ends when it is woken.
    waits: bool,
    /// The next wait ends at once.
    woken: bool,
    given_up: bool,
}

impl Beat {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins that should come back at once.
    pub(super) fn call(&self, now: Duration) {
        let mut state = self.state();
        (state.due, state.waits) = (Some(now), false);
    }

    /// A wait begins: it ends at this time, or when it is woken.
    pub(super) fn wait(&self, now: Duration, until: Duration) {
        let mut state = self.state();
        let woken = std::mem::take(&mut state.woken);
        (state.due, state.waits) = (Some(if woken { now } else { until }), true);
    }

    /// The wait was asked to end.
    pub(super) fn wake(&self, now: Duration) {
        let mut state = self.state();
        if state.waits {
            state.due = Some(state.due.map_or(now, |due| due.min(now)));
        } else {
            state.woken = true;
        }
    }

    /// The call came back; `false` if it was given up meanwhile.
    #[must_use]
    pub(super) fn back(&self) -> bool {
        let mut state = self.state();
        (state.due, state.waits) = (None, false);
        !state.given_up
    }

    /// Gives the call up if it is late.
    pub(super) fn give_up_if_late(&self, now: Duration) -> bool {
        let mut state = self.state();
        state.given_up |= state.due.is_some_and(|due| due + LATE <= now);
        state.given_up
    }
}

#[cfg(test)]
mod tests {
    use super::{Beat, LATE};
    use std::time::Duration;

    const NOW: Duration = Duration::from_secs(100);

    #[test]
    fn a_call_is_given_up_when_it_does_not_come_back() {
        let beat = Beat::default();
        beat.call(NOW);
        assert!(!beat.give_up_if_late(NOW + LATE / 2));
        assert!(beat.back());
        assert!(!beat.give_up_if_late(NOW + LATE * 2), "nothing runs");
        beat.call(NOW);
        assert!(beat.give_up_if_late(NOW + LATE));
        assert!(!beat.back(), "it comes too late");
    }

    #[test]
    fn a_wait_ends_when_it_is_woken_or_its_time_is_up() {
        let beat = Beat::default();
        beat.wait(NOW, NOW * 100);
        assert!(!beat.give_up_if_late(NOW * 100));
        beat.wake(NOW);
        beat.wake(NOW * 2);
        assert!(beat.give_up_if_late(NOW + LATE));
        let beat = Beat::default();
        beat.wait(NOW / 2, NOW);
        assert!(!beat.give_up_if_late(NOW + LATE / 2));
        assert!(beat.give_up_if_late(NOW + LATE));
        let beat = Beat::default();
        beat.wake(NOW / 2);
        beat.wait(NOW, NOW * 100);
        assert!(
            beat.give_up_if_late(NOW + LATE),
            "it was woken before it began"
        );
    }
}
