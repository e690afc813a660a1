//! Feeds the screen's decoder what no encoder makes.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, step};

/// How long, and where to start.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For how long.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the dice start; the same seed breaks the same streams in the same order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The task `fuzz`; with the checks of a debug build.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut fuzz = cargo();
    fuzz.args(["run", "--package", "aldis-scenes", "--", "fuzz"]);
    fuzz.args(["--seconds", &options.seconds.to_string()]);
    fuzz.args(["--seed", &options.seed.to_string()]);
    step("broken streams", &mut fuzz)
}
