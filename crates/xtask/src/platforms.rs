//! The other two systems, as far as this machine can check them.

mod macos;
mod windows;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::run::works;
use crate::setup::Consent;

/// Which systems to check.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
    /// Only this one.
    #[arg(long, value_enum)]
    only: Option<System>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum System {
    Windows,
    Macos,
}

/// The task `platforms`.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut done = Vec::new();
    if options.only != Some(System::Macos) {
        done.push(windows::check(options.consent)?);
    }
    if options.only != Some(System::Windows) {
        done.push(macos::check(options.consent)?);
    }
    println!("platforms: {}", done.join("; "));
    Ok(())
}

/// How to compile for another system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Library {
    /// rustup has its library.
    Installed,
    /// Its library is compiled from source by a compiler that comes with it.
    FromSource,
}

impl Library {
    /// Prefers rustup's; where it has none to offer, the distribution's compiler with source.
    fn find(target: &str) -> Self {
        println!("── library for {target}");
        if works("rustup", &["target", "add", target]) {
            println!("from rustup");
            Self::Installed
        } else {
            println!("rustup has none to offer here; compiling it from the distribution's source");
            Self::FromSource
        }
    }

    /// Tells cargo.
    fn apply(self, command: &mut std::process::Command) {
        if self == Self::FromSource {
            // The distribution's compiler is a released one; the variable lets it compile its own library.
            command
                .env("RUSTC", "/usr/bin/rustc")
                .env("RUSTC_BOOTSTRAP", "1")
                .arg("-Zbuild-std=std,panic_unwind");
        }
    }
}
