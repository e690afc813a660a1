//! Whole sessions over real networks: NATs, cuts, loss, queues and slow lines.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, step};
use crate::setup::{self, Consent, Purpose};

/// What to measure.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
    /// Only rows whose name contains this; a name that there is not shows them all.
    #[arg(long, default_value = "")]
    only: String,
    /// Uses the debug build, for trying the measurement itself.
    #[arg(long)]
    debug: bool,
}

/// Builds and runs the measurement.
pub(super) fn run(options: &Options) -> Result<()> {
    let purposes = [Purpose::Build, Purpose::Run, Purpose::Test];
    setup::ensure(&purposes, options.consent)?;
    let mut measure = cargo();
    measure.args(["run", "--package", "aldis-links"]);
    if !options.debug {
        measure.arg("--release");
    }
    measure.args(["--", "measure", "--only", &options.only]);
    step("sessions over real networks", &mut measure)
}
