//! Kills the server a thousand times while it works, and looks what is left.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, step};

/// How often the server is killed.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often the server is killed in the middle of its work.
    #[arg(long, default_value_t = 1_000)]
    kills: u32,
}

/// The task `soak`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut test = cargo();
    test.args(["test", "--package", "aldis-server", "--test", "durability"]);
    test.env("ALDIS_KILLS", options.kills.to_string());
    step(
        &format!("killing the server {} times", options.kills),
        &mut test,
    )?;
    println!(
        "soak: nothing acknowledged was lost or doubled in {} kills",
        options.kills
    );
    Ok(())
}
