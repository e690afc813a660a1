//! The project's tasks: `cargo xtask …`.
//!
//! Each task does all the set-up it needs, says what it does, and ends with a plain line of what it did.
//! This program itself needs no system library, so that it runs on a bare machine with only Rust.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of the command line talks there"
)]

mod bench;
mod demo;
mod fuzz;
mod platforms;
mod run;
mod setup;
mod shots;
mod soak;
mod table;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Shows the whole thing: a supporter helps a customer. On a desktop to try, elsewhere as pictures.
    Demo(demo::Options),
    /// Checks and tests everything on this machine.
    Test(test::Options),
    /// Builds for Windows and tries it under wine; type-checks for macOS.
    Platforms(platforms::Options),
    /// Measures and prints a table.
    Bench(bench::Options),
    /// Takes pictures of every window, light and dark, in every language.
    Shots(shots::Options),
    /// Feeds every decoder that reads bytes from the network what no honest program sends.
    Fuzz(fuzz::Options),
    /// Kills the server in the middle of its work, again and again.
    Soak(soak::Options),
    /// Installs what the other tasks need.
    Setup(setup::Options),
    /// Checks the rules of the house that no compiler knows.
    Tidy,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match perform(&arguments.task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &Task) -> Result<()> {
    match task {
        Task::Demo(options) => demo::run(options),
        Task::Test(options) => test::run(options),
        Task::Platforms(options) => platforms::run(options),
        Task::Bench(options) => bench::run(options),
        Task::Shots(options) => shots::run(options),
        Task::Fuzz(options) => fuzz::run(options),
        Task::Soak(options) => soak::run(options),
        Task::Setup(options) => setup::run(options),
        Task::Tidy => tidy::run(),
    }
}
