//! Every decoder that reads bytes from the network, fed what no honest program sends.
//!
//! A panic is a failure, and so is memory that the sender alone sized: each target says how much
//! it may take, beside what grows with the bytes that really came.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a run ends by the clock and prints what it has found"
)]

mod dice;
mod memory;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Parser;
use data_encoding::HEXLOWER;

use dice::{Dice, broken};
use targets::Target;

/// Feeds every decoder what no honest program sends.
#[derive(Debug, Parser)]
struct Arguments {
    /// For how long, all targets together.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the dice start.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only targets whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

/// What a byte that came may take in memory, for messages of many small parts.
const A_BYTE: usize = 256;

/// The most inputs that are kept because something new was understood in them.
const KEPT: usize = 400;

/// Some thread has panicked.
static PANICKED: AtomicBool = AtomicBool::new(false);

fn main() -> Result<()> {
    let Arguments {
        seconds,
        seed,
        only,
    } = Arguments::parse();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |told| {
        PANICKED.store(true, Ordering::SeqCst);
        before(told);
    }));
    run(Duration::from_secs(seconds), seed, &only)
}

/// Feeds all targets for so long, each for its share.
fn run(time: Duration, seed: u64, only: &str) -> Result<()> {
    let mut targets = targets::all()?;
    targets.retain(|target| target.name.contains(only));
    let count = u32::try_from(targets.len())?;
    for (number, mut target) in (0..).zip(targets) {
        let mut dice = Dice(seed.wrapping_add(number));
        let (fed, understood) = feed(&mut target, time / count, &mut dice)?;
        println!(
            "{}: {fed} fed, {understood} understood, no panic",
            target.name
        );
    }
    Ok(())
}

/// Feeds one target; gives how often, and how often it understood something.
fn feed(target: &mut Target, time: Duration, dice: &mut Dice) -> Result<(u64, u64)> {
    let (mut fed, mut understood) = (0, 0);
    let end = Instant::now() + time;
    // What real programs send must be understood, or nothing behind it is ever reached.
    for seed in target.seeds.clone() {
        if !try_one(target, &seed)? {
            bail!("{}: a seed is not understood: {}", target.name, hex(&seed));
        }
    }
    let seeds = target.seeds.len();
    while Instant::now() < end {
        let bytes = broken(&target.seeds, target.most, dice);
        fed += 1;
        if try_one(target, &bytes)? {
            understood += 1;
            let is_new = |known: &Vec<u8>| known.get(..4) != bytes.get(..4);
            if target.seeds.len() < seeds + KEPT && target.seeds.iter().all(is_new) {
                target.seeds.push(bytes);
            }
        }
    }
    Ok((fed, understood))
}

/// Feeds one input; whether it was understood.
fn try_one(target: &mut Target, bytes: &[u8]) -> Result<bool> {
    let feed = AssertUnwindSafe(|| (target.feed)(bytes));
    let (outcome, taken) = memory::counted(|| catch_unwind(feed));
    let room = target.room + A_BYTE * bytes.len();
    match outcome {
        Ok(_) if PANICKED.load(Ordering::SeqCst) => {}
        Ok(understood) if taken <= room => return Ok(understood),
        Ok(_) => bail!(
            "{}: {taken} bytes of memory where {room} are allowed, for {}",
            target.name,
            hex(bytes)
        ),
        Err(_) => {}
    }
    bail!("{}: a panic, for {}", target.name, hex(bytes))
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_understands_its_seeds_and_survives_a_while() {
        run(Duration::from_secs(4), 7, "").unwrap();
    }

    #[test]
    fn a_panic_and_a_waste_of_memory_are_found() {
        let greedy = |bytes: &[u8]| {
            let length = bytes.first().map_or(0, |first| usize::from(*first)) << 20;
            vec![1_u8; length].iter().all(|byte| *byte == 1)
        };
        let mut target = Target::new("greedy", vec![vec![1]], greedy);
        target.room = 2 << 20;
        let found = feed(&mut target, Duration::from_secs(5), &mut Dice(1)).unwrap_err();
        assert!(found.to_string().contains("bytes of memory"), "{found}");
        let weak = |bytes: &[u8]| {
            assert!(bytes.first() != Some(&0xff), "the weak spot");
            true
        };
        let mut target = Target::new("weak", vec![vec![1, 2, 3]], weak);
        let found = feed(&mut target, Duration::from_secs(5), &mut Dice(1)).unwrap_err();
        assert!(found.to_string().contains("a panic, for ff"), "{found}");
    }
}
