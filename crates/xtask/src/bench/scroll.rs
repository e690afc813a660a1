//! A supporter's window that scrolls through thousands of cases, on a machine without a graphics card.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aldis_e2e::{
    Binaries, DeskOptions, PASSWORD, Program, SUPPORTER, Server, Supporter, containing, wait,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::times::{milliseconds, percentile};
use crate::run::step;
use crate::table::Table;

/// The name of the measurement's folders.
const BENCH: &str = "bench-scroll";

/// The screens that the window fills.
const SIZES: [(u16, u16); 2] = [(1280, 720), (2560, 1440)];

/// A frame must not take longer: 60 a second.
const GOAL: Duration = Duration::from_millis(16);

/// One notch of a wheel that was given a good push comes this long after the one before.
const PACE: Duration = Duration::from_millis(4);

/// Fills a server with so many cases, and lets the real app scroll through them.
pub(super) fn run(folder: &Path, crowd: &Path, rows: u32) -> Result<()> {
    let binaries = Binaries::at(folder);
    let server = Server::start(BENCH, &binaries)?;
    server.add_user(SUPPORTER, PASSWORD)?;
    let mut fill = Command::new(crowd);
    fill.args(["fill", "--server", server.name()])
        .args(["--user", SUPPORTER, "--password", PASSWORD])
        .args(["--cases", &rows.to_string()]);
    step(&format!("{rows} cases are made"), &mut fill)?;
    let mut table = Table::default();
    for (width, height) in SIZES {
        println!("── {rows} rows on {width}x{height}");
        let options = DeskOptions {
            width,
            height,
            ..DeskOptions::default()
        };
        let desk = format!("{width}x{height}");
        let supporter = Supporter::start_at(BENCH, &desk, &binaries, options)?;
        supporter.login(server.name(), SUPPORTER, PASSWORD)?;
        for reader in [false, true] {
            let times = scroll(&supporter, &binaries, rows, reader)?;
            let listener = if reader {
                ", a screen reader listens"
            } else {
                ""
            };
            for percent in [50, 95, 99] {
                table.row(
                    &format!("{rows} rows scroll, {desk}{listener}: p{percent} of a frame"),
                    milliseconds(percentile(&times, percent)?),
                );
            }
            let late = times.iter().filter(|time| **time > GOAL).count();
            table.row(
                &format!("{rows} rows scroll, {desk}{listener}: frames over 16 ms"),
                format!("{late} of {}", times.len()),
            );
        }
    }
    println!("{}", table.text(("measurement", "value")));
    println!(
        "bench desk: a frame is logic, layout, tessellation, painting and handing over; \
         the wheel, the X server and the app share this machine"
    );
    Ok(())
}

/// Scrolls from the first to the last row; gives the sorted times of the frames meanwhile.
fn scroll(
    supporter: &Supporter,
    binaries: &Binaries,
    rows: u32,
    reader: bool,
) -> Result<Vec<Duration>> {
    let (desk, display) = (supporter.desk(), supporter.desk().display());
    let file = desk.logs().join(format!("frames-{reader}.jsonl"));
    let mut command = desk.command(binaries.supporter()?);
    command
        .args(["--language", "en", "--frame-times"])
        .arg(&file);
    if !reader {
        // Without this bus nobody asks the window what is in it, as on most people's computers.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    }
    let mut window = desk.start_program("aldis", &command)?;
    wait::until("the window", wait::STEP, || {
        window.check_running()?;
        Ok(display.maximize_window("Aldis").ok())
    })?;
    if reader {
        desk.find(&containing(&format!("All {rows}")))?;
    }
    loaded(&mut window, &file)?;
    let first = display.picture_at_rest()?;
    let (width, height) = (i32::from(display.width()), i32::from(display.height()));
    display.point(width / 2, height * 2 / 5)?;
    let before = frames(&file)?.len();
    // A notch is forty points and a row with its gap 38.
    display.spin(rows, PACE)?;
    let last = display.picture_at_rest()?;
    ensure!(
        !first.differences(&last, &[]).is_empty(),
        "the wheel moved nothing"
    );
    last.save(&desk.logs().join(format!("end-{reader}.png")))?;
    let mut times = frames(&file)?.split_off(before);
    times.sort_unstable();
    Ok(times)
}

/// Waits until the window has been at rest for a while: what the server tells at the start is told.
fn loaded(window: &mut Program, file: &Path) -> Result<()> {
    const QUIET: u32 = 100;
    let (mut seen, mut quiet) = (0, 0);
    wait::until("a window at rest", wait::STEP, || {
        window.check_running()?;
        let count = frames(file)?.len();
        quiet = if count == seen && count > 0 {
            quiet + 1
        } else {
            0
        };
        seen = count;
        Ok((quiet >= QUIET).then_some(()))
    })
}

/// How long each frame so far took.
fn frames(file: &Path) -> Result<Vec<Duration>> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| text.split_at(end).0);
    let took = |line: &str| {
        let line: Value = serde_json::from_str(line)?;
        let took = line.get("took_ms").and_then(Value::as_f64);
        let seconds = took.context("a frame's time")? / 1000.0;
        Ok(Duration::from_secs_f64(seconds))
    };
    whole.lines().map(took).collect()
}
