//! Feeds every decoder that reads bytes from the network what no honest program sends.

use std::process::Command;

use aldis_e2e::binaries;
use anyhow::Result;
use clap::Args;

use crate::run::{cargo, step};

/// The program that breaks streams of the screen.
const SCREEN: &str = "aldis-scenes";

/// The program that breaks everything else.
const REST: &str = "aldis-fuzz";

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
    // Of the whole workspace, or what the tests have compiled is compiled anew with fewer features.
    let mut build = cargo();
    build.args(["build", "--workspace", "--bin", SCREEN, "--bin", REST]);
    step("build the fuzzers", &mut build)?;
    let program = |name| Command::new(binaries::target().join("debug").join(name));
    let mut screen = program(SCREEN);
    screen.args(["fuzz", "--seconds", &streams.to_string(), "--seed", &seed]);
    step("broken streams", &mut screen)?;
    let mut bytes = program(REST);
    bytes.args(["--seconds", &rest, "--seed", &seed]);
    step("broken bytes", &mut bytes)
}
