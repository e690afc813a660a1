//! The screen path without screens: drawn desktops through encoder and decoder.

use anyhow::Result;
use clap::Args;

use crate::run::{cargo, step};
use crate::setup::{self, Consent, Purpose};

/// What to measure, and beside what.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
    /// Only scenes whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Leaves out what others make of the same pixels.
    #[arg(long)]
    alone: bool,
    /// Measures openh264 as well, whose C++ source is built for that.
    #[arg(long)]
    h264: bool,
    /// What codecs may send, in thousands of bits a second at 30 frames a second.
    #[arg(long, default_value_t = 8_000)]
    kilobits: u32,
    /// Uses the debug build, for trying the measurement itself.
    #[arg(long)]
    debug: bool,
}

/// Builds and runs the measurement.
pub(super) fn run(options: &Options) -> Result<()> {
    if !options.alone {
        setup::offer(Purpose::Codecs, options.consent);
    }
    let mut measure = cargo();
    measure.args(["run", "--package", "aldis-scenes"]);
    if !options.debug {
        measure.arg("--release");
    }
    if options.h264 {
        measure.args(["--features", "h264"]);
    }
    measure.args(["--", "measure", "--only", &options.only]);
    measure.args(["--kilobits", &options.kilobits.to_string()]);
    if options.alone {
        measure.arg("--alone");
    }
    step("drawn desktops", &mut measure)
}
