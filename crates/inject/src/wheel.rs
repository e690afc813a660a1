//! Small turns of the wheel add up to notches.

use aldis_wire::input::NOTCH;

/// The most notches that one event may make, so that none can flood the desktop.
const MAX_NOTCHES: i16 = 50;

/// One axis of the wheel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wheel {
    rest: i16,
}

impl Wheel {
    /// Adds a turn, in [`NOTCH`]ths, and gives the whole notches that are due.
    pub(crate) fn turn(&mut self, by: i16) -> i16 {
        // A change of direction starts afresh, or its first notch would come late.
        if (by > 0) != (self.rest > 0) && by != 0 {
            self.rest = 0;
        }
        let sum = self.rest.saturating_add(by);
        self.rest = sum % NOTCH;
        (sum / NOTCH).clamp(-MAX_NOTCHES, MAX_NOTCHES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_turns_add_up_and_a_new_direction_starts_afresh() {
        let mut wheel = Wheel::default();
        assert_eq!([50, 50, 50].map(|by| wheel.turn(by)), [0, 0, 1]);
        assert_eq!([-119, -1].map(|by| wheel.turn(by)), [0, -1]);
        assert_eq!(wheel.turn(360), 3);
        assert_eq!(wheel.turn(i16::MAX), 50);
        assert_eq!(wheel.turn(i16::MIN), -50);
    }
}
