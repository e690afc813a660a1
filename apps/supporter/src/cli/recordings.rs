//! The recordings on this machine, from scripts.

use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use aldis_viewer::record::{Listed, Player, film};
use aldis_wire::Millis;
use anyhow::Context as _;
use clap::Subcommand;
use serde::Serialize;

use super::Form;
use super::printed::iso;
use crate::settings::{self, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum Recordings {
    /// Shows all recordings, the newest first.
    List {
        #[command(flatten)]
        form: Form,
    },
    /// Makes a video file (AV1 in MP4) of a recording.
    Export {
        /// The recording.
        file: PathBuf,
        /// The video file; one that exists is not replaced.
        out: PathBuf,
    },
}

/// A recording as scripts read it.
#[derive(Serialize)]
struct Printed {
    path: String,
    case: String,
    customer: String,
    supporter: String,
    started_at: String,
    length_ms: Millis,
    bytes: u64,
    finished: bool,
}

pub(crate) fn run(recordings: Recordings) -> anyhow::Result<()> {
    match recordings {
        Recordings::List { form } => list(form),
        Recordings::Export { file, out } => export(&file, &out),
    }
}

fn list(form: Form) -> anyhow::Result<()> {
    let list = settings::shelf(&Settings::load())?.list();
    let list: Vec<Printed> = list.into_iter().map(Printed::from).collect();
    if form.json {
        println!("{}", serde_json::to_string(&list)?);
        return Ok(());
    }
    for it in list {
        let started = it.started_at.get(..16).unwrap_or_default();
        let seconds = it.length_ms / 1000;
        println!(
            "{}\t{}\t{started}\t{seconds} s\t{}",
            it.case, it.customer, it.path
        );
    }
    Ok(())
}

impl From<Listed> for Printed {
    fn from(listed: Listed) -> Self {
        let Listed {
            path,
            size,
            head,
            length,
            finished,
        } = listed;
        Self {
            path: path.display().to_string(),
            case: head.case,
            customer: head.customer,
            supporter: head.supporter,
            started_at: iso(head.started),
            length_ms: length,
            bytes: size,
            finished,
        }
    }
}

fn export(file: &Path, out: &Path) -> anyhow::Result<()> {
    let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let mut player = Player::open(opened)?;
    let mut terminal = std::io::stderr();
    let seen = terminal.is_terminal();
    film::export(&mut player, out, &mut |share| {
        if seen {
            // A progress that cannot be told is no reason to stop.
            drop(write!(terminal, "\r{:3.0} %", share * 100.0));
        }
        true
    })?;
    if seen {
        drop(writeln!(terminal));
    }
    println!("{}", out.display());
    Ok(())
}
