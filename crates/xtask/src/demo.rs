//! Shows the whole thing.
//!
//! On a desktop: the supporter's app as it would be installed, and a customer's computer in a window, to try by hand.
//! Elsewhere: a supporter and a customer on virtual displays go through a case by themselves, with pictures and times.

mod by_hand;
mod by_itself;

use std::env;

use anyhow::Result;
use clap::Args;

use crate::run::build_apps;
use crate::setup::{self, Consent, Purpose};

/// How to show it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
    /// Runs by itself and leaves pictures, even on a desktop.
    #[arg(long)]
    pictures: bool,
}

/// The task `demo`.
pub(crate) fn run(options: &Options) -> Result<()> {
    setup::ensure(
        &[Purpose::Build, Purpose::Run, Purpose::Test],
        options.consent,
    )?;
    build_apps(false)?;
    if options.pictures || !has_desktop() {
        by_itself::run()
    } else {
        by_hand::run()
    }
}

/// Whether a person sees what is opened here.
fn has_desktop() -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if env::var_os("CI").is_some() {
        return false;
    }
    if set("WAYLAND_DISPLAY") && !set("DISPLAY") {
        println!(
            "the customer's screen needs Xwayland, which is not running here; so the demo runs by itself"
        );
    }
    set("DISPLAY")
}
