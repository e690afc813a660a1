//! Plays what people do on one display, and notes when another display shows it.
//!
//! The other display is a viewer's, of whichever program: every scene recognises its own changes in the pixels.
//! What is told are moments of one clock; who asked makes figures of them.
#![expect(
    clippy::print_stdout,
    reason = "what was measured goes to whoever started this"
)]

mod canvas;
mod clock;
mod eye;
mod fidelity;
mod letters;
mod marker;
mod page;
mod perform;
mod photo;
mod poll;
mod random;
mod scenes;
mod source;
mod watch;
mod wire;

use std::io::{self, BufRead as _, Write as _};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use perform::Stage;
use wire::Link;

#[derive(Debug, Parser)]
#[command(about = "Plays what people do on one display, and notes when another display shows it")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Obeys lines of standard input: `prepare SCENE`, `play`, `hide`; each is answered by a line of JSON.
    Perform {
        /// The display that scenes are played on.
        #[arg(long)]
        source: String,
        /// The display that the viewer is on.
        #[arg(long)]
        viewer: String,
        /// How often a second scrolled pages, dragged windows and films change.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=120))]
        rate: u64,
    },
    /// Is the cable between two network devices, as slow and as long as it is told.
    Wire(Link),
    /// Names all scenes.
    Scenes,
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Perform {
            source,
            viewer,
            rate,
        } => perform(Stage::open(&source, &viewer, rate)?),
        Task::Wire(link) => link.carry(),
        Task::Scenes => {
            println!("{}", scenes::NAMES.join(" "));
            Ok(())
        }
    }
}

/// Does what it is told until nobody tells any more.
fn perform(mut stage: Stage) -> Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line.context("reading what to do")?;
        let answer = match line.split_once(' ').unwrap_or((&line, "")) {
            ("prepare", name) => stage.prepare(name),
            ("play", _) => stage.play(),
            ("hide", _) => stage.hide().map(|()| Value::Null),
            _ => Ok(json!({ "scenes": scenes::NAMES })),
        };
        let answer = match answer {
            Ok(value) => json!({ "done": value }),
            Err(error) => json!({ "failed": format!("{error:#}") }),
        };
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}
