//! Measures what a person would feel, and what the apps cost.

mod desk;
mod links;
mod peers;
mod process;
mod screen;
mod scroll;
mod session;
mod times;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::setup::Consent;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Clone, Debug, Subcommand)]
enum Subject {
    /// Thousands of customers who wait on one server, and a window that scrolls through as many cases; release builds.
    Desk {
        #[command(flatten)]
        consent: Consent,
        /// How many customers wait.
        #[arg(long, default_value_t = 5_000)]
        customers: u32,
        /// The server's data goes into this folder, to try another disk.
        #[arg(long)]
        data: Option<PathBuf>,
        /// How many cases the window lists.
        #[arg(long, default_value_t = 5_000)]
        rows: u32,
        /// Leaves the crowd out: only the window is measured.
        #[arg(long)]
        window_only: bool,
        /// Uses the debug build, for trying the measurement itself.
        #[arg(long)]
        debug: bool,
    },
    /// Whole sessions over real networks within this machine: NATs, cuts, loss, queues; release build.
    Links(links::Options),
    /// Ours beside other programs that show a screen elsewhere, on two virtual displays; release builds.
    Peers(peers::Options),
    /// Drawn desktops through the screen's encoder and decoder, release build.
    Screen(screen::Options),
    /// One session between two virtual displays on this machine, release builds.
    Session {
        #[command(flatten)]
        consent: Consent,
        /// How many keys to press.
        #[arg(long, default_value_t = 100)]
        keys: u32,
        /// Uses the debug build, for trying the measurement itself.
        #[arg(long)]
        debug: bool,
    },
}

/// The task `bench`.
pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.subject {
        Subject::Desk {
            consent,
            customers,
            data,
            rows,
            window_only,
            debug,
        } => {
            let crowd = (!window_only).then_some(*customers);
            desk::run(*consent, crowd, data.as_deref(), *rows, !debug)
        }
        Subject::Links(options) => links::run(options),
        Subject::Peers(options) => peers::run(options),
        Subject::Screen(options) => screen::run(options),
        Subject::Session {
            consent,
            keys,
            debug,
        } => session::run(*consent, *keys, !debug),
    }
}
