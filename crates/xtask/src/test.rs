//! Checks and tests everything on this machine.

use std::time::Duration;

use aldis_e2e::wait::Stopwatch;
use anyhow::Result;
use clap::Args;

use crate::run::{build_apps, cargo, step, works};
use crate::setup::{self, Consent, Purpose};
use crate::table::Table;
use crate::tidy;

/// What to test.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
    /// Leaves out the tests on virtual displays.
    #[arg(long)]
    no_screens: bool,
}

/// The task `test`.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::ensure(
        &[Purpose::Build, Purpose::Run, Purpose::Test],
        options.consent,
    )?;
    let mut times = Table::default();
    let mut timed = |name: &str, work: &mut dyn FnMut() -> Result<()>| {
        let clock = Stopwatch::start();
        work()?;
        times.row(name, seconds(clock.elapsed()));
        anyhow::Ok(())
    };
    timed("format", &mut || {
        step("format", cargo().args(["fmt", "--all", "--check"]))
    })?;
    timed("tidy", &mut || {
        println!("── tidy");
        tidy::run()
    })?;
    timed("lints", &mut || {
        let lints = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        step("lints", cargo().args(lints))
    })?;
    // The tests on screens start these programs.
    timed("build", &mut || build_apps(false).map(drop))?;
    timed("tests", &mut || tests(options.no_screens))?;
    timed("scrap", &mut scrap)?;
    println!("{}", times.text(("step", "time")));
    let screens = if options.no_screens {
        "without the tests on virtual displays"
    } else {
        "on virtual displays too"
    };
    println!("test: format, tidy, lints, build and all tests passed, {screens}");
    Ok(())
}

/// Runs the tests of the whole workspace.
fn tests(no_screens: bool) -> Result<()> {
    let mut command = cargo();
    if works("cargo-nextest", &["nextest", "--version"]) {
        command.args(["nextest", "run", "--workspace"]);
    } else {
        // As many at once as nextest's configuration allows.
        command.args(["test", "--workspace", "--no-fail-fast"]);
    }
    if no_screens {
        command.args(["--exclude", "aldis-e2e"]);
    }
    if command.get_args().any(|it| it == "test") {
        command.args(["--", "--test-threads", "2"]);
    }
    step("tests", &mut command)
}

/// Builds and tries the optional way of reading the screen; only `capture` is compiled once more for it.
fn scrap() -> Result<()> {
    let package = [
        "-p",
        "aldis-capture",
        "--features",
        "scrap",
        "--test",
        "scrap",
    ];
    step(
        "lints of scrap",
        cargo()
            .arg("clippy")
            .args(package)
            .args(["--", "-D", "warnings"]),
    )?;
    step("test of scrap", cargo().arg("test").args(package))
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
