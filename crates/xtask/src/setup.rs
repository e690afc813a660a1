//! Installs what the machine lacks.

mod managers;
mod needs;

use std::env;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use managers::Manager;
use needs::{NEEDS, Need, Package};

use crate::run;

/// What to install and whether to ask.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For what.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Purpose::Build, Purpose::Run, Purpose::Test])]
    purposes: Vec<Purpose>,
    #[command(flatten)]
    consent: Consent,
}

/// Whether installing was agreed to beforehand.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Consent {
    /// Installs what is missing without asking.
    #[arg(long)]
    yes: bool,
}

/// What something is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    /// Compiling for this machine.
    Build,
    /// Opening the apps' windows.
    Run,
    /// Running the tests and the demo on virtual displays.
    Test,
    /// Compiling for Windows and running it under wine.
    Windows,
    /// A compiler with the library's source, where rustup has no Windows target to offer.
    WindowsCompiler,
    /// Other programs that show a screen elsewhere, to be measured beside ours.
    Peers,
    /// Codecs for films, to be measured beside how we code a screen.
    Codecs,
}

/// The task `setup`.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure(&options.purposes, options.consent)?;
    println!("set-up: nothing is missing for {:?}", options.purposes);
    Ok(())
}

/// Installs what is missing for these purposes, after asking.
pub(crate) fn ensure(purposes: &[Purpose], consent: Consent) -> Result<()> {
    let needs = NEEDS.iter().filter(|need| purposes.contains(&need.purpose));
    install(&needs.collect::<Vec<_>>(), consent)
}

/// Installs what it can for this purpose, after asking, and says what it cannot: nothing depends on it.
pub(crate) fn offer(purpose: Purpose, consent: Consent) {
    for need in NEEDS.iter().filter(|need| need.purpose == purpose) {
        if let Err(error) = install(&[need], consent) {
            println!("{}: {error:#}", need.what);
        }
    }
}

fn install(wanted: &[&Need], consent: Consent) -> Result<()> {
    let needs = || wanted.iter().copied();
    let Some(manager) = Manager::find() else {
        let names: Vec<&str> = needs().map(|need| need.what).collect();
        println!(
            "no package manager that is known here; these must be there already: {}",
            names.join(", ")
        );
        return Ok(());
    };
    for need in needs() {
        if let Package::NotAvailable(why) = need.package(manager) {
            println!("{}: not from {manager}: {why}", need.what);
        }
    }
    let wanted: Vec<&str> = needs()
        .flat_map(|need| need.package(manager).names())
        .collect();
    let missing = manager.missing(&wanted)?;
    if missing.is_empty() {
        return Ok(());
    }
    let command = manager.install_command(&missing, is_root()?);
    if !manager.is_tried() {
        println!("the names for {manager} have not been tried; please tell us if one is wrong");
    }
    println!("missing: {}", missing.join(" "));
    if !agreed(consent, &command)? {
        bail!(
            "not installed; install them yourself with: {}",
            command.join(" ")
        );
    }
    for words in manager
        .refresh_command(is_root()?)
        .into_iter()
        .chain([command])
    {
        let (program, arguments) = words.split_first().context("a command has a program")?;
        let mut command = std::process::Command::new(program);
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        run::step(&words.join(" "), &mut command)?;
    }
    let still = manager.missing(&wanted)?;
    if !still.is_empty() {
        bail!("still missing after installing: {}", still.join(" "));
    }
    Ok(())
}

/// Whether the person, or whoever runs the machine, agrees to this command.
fn agreed(consent: Consent, command: &[String]) -> Result<bool> {
    if consent.yes || env::var_os("CI").is_some() {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        bail!(
            "nobody can be asked here; run again with --yes, or install them with: {}",
            command.join(" ")
        );
    }
    print!("run `{}`? [y/N] ", command.join(" "));
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Whether this process may install packages as it is.
fn is_root() -> Result<bool> {
    let output = std::process::Command::new("id")
        .arg("-u")
        .output()
        .context("asking who runs this")?;
    Ok(output.stdout.trim_ascii() == b"0")
}
