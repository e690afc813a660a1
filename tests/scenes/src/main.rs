//! Desktops that were never anybody's: what the screen path costs for typing, scrolling, dragging,
//! films and slides, beside what others would make of the same pixels.
//!
//! The scenes are drawn here and always the same, so that two runs measure the same work.
//! Nothing is asserted: a busy machine would fail a timed test, and a person reads the table.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and prints its table"
)]

mod canvas;
mod figures;
mod fuzz;
mod glyphs;
mod ours;
mod rivals;
mod scenes;
mod threads;

use anyhow::Result;
use clap::{Parser, Subcommand};

use rivals::Rivals;

/// Measures the screen path with drawn desktops.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Prints what each scene costs.
    Measure {
        /// Only scenes whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
        /// Leaves the others out.
        #[arg(long)]
        alone: bool,
        /// How many threads code a photograph together.
        #[arg(long, default_value_t = 1)]
        threads: usize,
        /// What codecs may send, in thousands of bits a second at 30 frames a second.
        #[arg(long, default_value_t = 8_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        kilobits: u32,
    },
    /// Feeds the decoder what no encoder makes.
    Fuzz {
        /// For how long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Where the dice start.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Measure {
            only,
            alone,
            threads,
            kilobits,
        } => {
            let rivals = (!alone).then(|| Rivals::gather(kilobits * 1_000));
            measure(&only, threads, rivals.as_ref())
        }
        Task::Fuzz { seconds, seed } => fuzz::run(seconds, seed),
    }
}

fn measure(only: &str, threads: usize, rivals: Option<&Rivals>) -> Result<()> {
    let all = scenes::all()?;
    for scene in all.iter().filter(|scene| scene.name.contains(only)) {
        println!(
            "\n{}: {} frames of {}x{}",
            scene.name, scene.frames, scene.size.0, scene.size.1
        );
        let ours = ours::run(scene, threads)?;
        ours.print(scene);
        if let Some(rivals) = rivals {
            rivals.run(scene, &ours)?;
        }
    }
    Ok(())
}
