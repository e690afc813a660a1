//! Random work of several people on a real server, held against a reference model: one claimer per
//! case, nothing vanishes, and every client shows the same statuses.
//!
//! [`reference`](mod@reference) says in the plainest way what a desk is and who may do what,
//! [`step`] what people do, and [`floor`] does it with real apps on real sockets.
//! What goes wrong is shrunk to the shortest sequence of steps that still goes wrong, and printed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test are test code"
)]

mod floor;
mod reference;
mod step;

use proptest::test_runner::{Config, RngSeed};
use proptest_state_machine::{StateMachineTest, prop_state_machine};

use crate::floor::Floor;
use crate::reference::Desk;
use crate::step::Step;

/// How many lives of a desk are played through, unless `ALDIS_LIVES` says otherwise.
const LIVES: u32 = 10;

/// How long a failure may be shrunk, in milliseconds; what is found by then is printed.
const SHRINK_MS: u32 = 120_000;

/// So many steps are taken from one comparison of all clients to the next.
const TOGETHER: usize = 3;

/// The same lives in every run; who asks for a number of them gets others every time.
fn config() -> Config {
    let wanted = std::env::var("ALDIS_LIVES").ok();
    let lives = wanted.as_ref().map(|lives| lives.parse().unwrap());
    Config {
        cases: lives.unwrap_or(LIVES),
        rng_seed: match wanted {
            Some(_) => RngSeed::Random,
            None => RngSeed::Fixed(14),
        },
        failure_persistence: None,
        max_shrink_iters: 500,
        max_shrink_time: SHRINK_MS,
        ..Config::default()
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn whatever_people_do_every_client_shows_what_the_model_says(sequential 60..140 => Floor);
}

impl StateMachineTest for Floor {
    type SystemUnderTest = Self;
    type Reference = Desk;

    fn init_test(_desk: &Desk) -> Self {
        Self::open()
    }

    fn apply(mut floor: Self, desk: &Desk, step: Step) -> Self {
        floor.take(desk, step);
        if floor.taken().is_multiple_of(TOGETHER) {
            floor.compare(desk);
        }
        floor
    }

    fn teardown(mut floor: Self, desk: Desk) {
        floor.compare(&desk);
        floor.compare_at_rest(&desk);
    }
}
