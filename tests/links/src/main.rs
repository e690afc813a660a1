//! Measures sessions over real networks, and how they do beside what is wanted of them.
//!
//! Every row is a process of its own, with an X server, an internet and a session of its own.
#![expect(clippy::print_stdout, reason = "a measurement prints its table")]
#![expect(clippy::print_stderr, reason = "and says how far it is")]
#![expect(
    clippy::disallowed_methods,
    reason = "what is measured here is how long things take"
)]

mod bulk;
mod figure;
mod lossy;
mod reach;
mod rows;
mod typing;
mod watch;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use aldis_links::{Painter, Xvfb};
use aldis_netlab::Lab;
use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

use figure::{Figure, Table};
use rows::{ROWS, Row};

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Measures all rows and prints the table.
    Measure {
        /// Only rows whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Measures one row and prints its figures for another program.
    Row {
        /// Its name.
        name: String,
    },
}

fn main() -> Result<()> {
    // `RUST_LOG` says what a row's programs did; the table goes elsewhere.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match Arguments::parse().task {
        Task::Measure { only } => measure(&only),
        Task::Row { name } => {
            let row = ROWS.iter().find(|row| row.name == name);
            play(row.context("no row has this name")?)
        }
    }
}

/// Every chosen row in a process of its own, one after another.
fn measure(only: &str) -> Result<()> {
    let chosen: Vec<&Row> = ROWS.iter().filter(|row| row.name.contains(only)).collect();
    ensure!(
        !chosen.is_empty(),
        "no row is called {only}: {}",
        rows::names()
    );
    let as_root = as_root()?;
    let mut table = Table::default();
    for row in chosen {
        eprintln!("── {}: {}", row.name, row.about);
        let mut command = as_root.clone();
        command.push(std::env::current_exe()?.into_os_string());
        let (program, words) = command.split_first().context("a program")?;
        let mut child = Command::new(program)
            .args(words)
            .args(["row", row.name])
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().context("its output")?;
        for line in BufReader::new(out).lines() {
            let line = line?;
            if let Some(figure) = Figure::read(&line) {
                eprintln!("   {figure}");
                table.add(figure);
            } else {
                eprintln!("   {line}");
            }
        }
        if !child.wait()?.success() {
            table.add(Figure::failed(row.about));
        }
    }
    println!("{}", table.text());
    Ok(())
}

/// What a row's program must be started with to be allowed to make networks; an error where nothing helps.
fn as_root() -> Result<Vec<std::ffi::OsString>> {
    let Err(refused) = Lab::new() else {
        return Ok(Vec::new());
    };
    let unshare = ["unshare", "--user", "--map-root-user", "--"];
    let is_allowed = Command::new(unshare[0])
        .args(&unshare[1..])
        .arg("true")
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    ensure!(
        is_allowed,
        "nothing was measured: {refused:#}; it takes root or user namespaces"
    );
    Ok(unshare.map(Into::into).to_vec())
}

fn play(row: &Row) -> Result<()> {
    Xvfb::on_stage(&["row", row.name], &[], || {
        let (lab, painter) = (Lab::new()?, Painter::open()?);
        for figure in (row.measure)(&lab, &painter)? {
            println!("{}", figure.line());
        }
        Ok(())
    })
}
