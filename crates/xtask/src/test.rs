//! Checks and tests everything on this machine.

use std::process::Command;
use std::time::Duration;

use aldis_e2e::wait::Stopwatch;
use anyhow::Result;
use clap::Args;

use crate::run::{cargo, step, works};
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
    // With the programs: each has tests of its own, and those on screens start them too.
    timed("build", &mut || {
        step("build", tests(options.no_screens).arg("--no-run"))
    })?;
    timed("tests", &mut || {
        let mut tests = tests(options.no_screens);
        if tests.get_args().any(|it| it == "test") {
            // As many at once as nextest's configuration allows.
            tests.args(["--", "--test-threads", "2"]);
        }
        step("tests", &mut tests)
    })?;
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

/// What runs the tests of the whole workspace.
fn tests(no_screens: bool) -> Command {
    let mut command = cargo();
    if works("cargo-nextest", &["nextest", "--version"]) {
        command.args(["nextest", "run", "--workspace"]);
    } else {
        command.args(["test", "--workspace", "--no-fail-fast"]);
    }
    if no_screens {
        command.args(["--exclude", "aldis-e2e"]);
    }
    command
}

/// Builds and tries the optional way of reading the screen.
///
/// The whole workspace is named so that all but `capture` is as it was compiled for the other tests.
fn scrap() -> Result<()> {
    let test = [
        "--workspace",
        "--features",
        "aldis-capture/scrap",
        "--test",
        "scrap",
    ];
    step(
        "lints of scrap",
        cargo()
            .arg("clippy")
            .args(test)
            .args(["--", "-D", "warnings"]),
    )?;
    step("test of scrap", cargo().arg("test").args(test))
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
