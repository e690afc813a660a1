//! Feeds every decoder that reads bytes from the network what no honest program sends.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, step};

/// How long, and where to start.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For how long, everything together.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the dice start; the same seed breaks the same streams in the same order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The task `fuzz`; with the checks of a debug build. A third of the time goes to whole streams of
/// the screen, the rest is shared by everything else.
pub(crate) fn run(options: &Options) -> Result<()> {
    let seed = options.seed.to_string();
    let streams = options.seconds / 3;
    let rest = (options.seconds - streams).to_string();
    let mut screen = cargo();
    screen.args(["run", "--package", "aldis-scenes", "--", "fuzz"]);
    screen.args(["--seconds", &streams.to_string(), "--seed", &seed]);
    step("broken streams", &mut screen)?;
    let mut bytes = cargo();
    bytes.args(["run", "--package", "aldis-fuzz", "--"]);
    bytes.args(["--seconds", &rest, "--seed", &seed]);
    step("broken bytes", &mut bytes)
}
