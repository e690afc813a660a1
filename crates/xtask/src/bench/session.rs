//! One session, from double-click to an idle minute.

use std::thread;
use std::time::Duration;

use aldis_e2e::keys::F5;
use aldis_e2e::wait::{self, Stopwatch};
use aldis_e2e::{Binaries, Customer, Lamp, Rect, SUPPORTER, Scene, SceneOptions, Viewer};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::process::{cpu_seconds, memory_mib};
use super::times::{milliseconds, percentile};
use crate::run::build_apps;
use crate::setup::{self, Consent, Purpose};
use crate::table::Table;

/// How finely the viewer's pixel is watched; part of every measured time.
const LOOK: Duration = Duration::from_micros(200);

/// How long the idle session is watched.
const IDLE: Duration = Duration::from_mins(1);

/// The place on both screens that the measurements watch.
const SPOT: Rect = Rect {
    x: 500,
    y: 350,
    width: 120,
    height: 120,
};

/// Builds, measures, prints.
pub(super) fn run(consent: Consent, keys: u32, release: bool) -> Result<()> {
    setup::ensure(&[Purpose::Build, Purpose::Run, Purpose::Test], consent)?;
    let folder = build_apps(release)?;
    let mut table = Table::default();
    let options = SceneOptions {
        binaries: Binaries::at(&folder),
        ..SceneOptions::usual()?
    };
    let mut scene = Scene::start_with("bench", &options)?;
    scene.login()?;

    let clock = Stopwatch::start();
    let code = scene.waiting_customer("Emma")?;
    table.row(
        "double-click → waiting for a supporter",
        milliseconds(clock.elapsed()),
    );

    let lamp = Lamp::open(scene.customer.desk().display(), SPOT)?;
    let viewer = scene.supporter.connect(&code, &["--fullscreen"])?;
    scene.customer.wait_question(SUPPORTER)?;
    let clock = Stopwatch::start();
    scene.customer.answer("Allow")?;
    wait_spot(&scene, &lamp, clock)?;
    table.row("Allow → first picture", milliseconds(clock.elapsed()));
    scene.customer.wait_banner(SUPPORTER, "Full control")?;

    let times = key_times(&scene, &lamp, keys)?;
    table.row(
        &format!("key press → changed pixel, median of {keys}"),
        milliseconds(percentile(&times, 50)?),
    );
    table.row(
        &format!("key press → changed pixel, p95 of {keys}"),
        milliseconds(percentile(&times, 95)?),
    );

    idle(&mut scene.customer, &viewer, &mut table)?;
    drop(lamp);
    for name in ["aldis", "aldis-sos", "aldis-server"] {
        let bytes = std::fs::metadata(folder.join(name))?.len();
        let build = if release { "release" } else { "debug" };
        table.row(
            &format!("size of {name} ({build})"),
            format!("{:.1} MB", bytes as f64 / 1e6),
        );
    }
    println!("{}", table.text(("measurement", "value")));
    println!("bench session: two virtual displays and all three programs on this machine");
    Ok(())
}

/// Waits until the viewer shows the lamp as it is on the customer's screen.
fn wait_spot(scene: &Scene, lamp: &Lamp, clock: Stopwatch) -> Result<()> {
    let (x, y) = lamp.middle();
    let colour = scene.customer.desk().display().pixel(x, y)?;
    while scene.supporter.desk().display().pixel(x, y)? != colour {
        ensure!(
            clock.elapsed() < wait::STEP,
            "the viewer never showed the lamp"
        );
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Presses a key at the supporter's and waits for the customer's answer in the viewer, again and again.
fn key_times(scene: &Scene, lamp: &Lamp, keys: u32) -> Result<Vec<Duration>> {
    let display = scene.supporter.desk().display();
    let (x, y) = lamp.middle();
    // The customer's answer took the focus from the lamp; as a person would, click into it.
    display.click(x, y)?;
    wait::until("the lamp to have the focus", wait::STEP, || {
        Ok(lamp.has_focus()?.then_some(()))
    })?;
    let mut times = Vec::new();
    for number in 0..keys {
        let before = display.pixel(x, y)?;
        let clock = Stopwatch::start();
        display.key_at(F5, true)?;
        while display.pixel(x, y)? == before {
            ensure!(
                clock.elapsed() < wait::STEP,
                "key {number} changed nothing in the viewer"
            );
            thread::sleep(LOOK);
        }
        times.push(clock.elapsed());
        display.key_at(F5, false)?;
        // Uneven, so that no beat of the programs is met or missed every time.
        thread::sleep(Duration::from_millis(80 + u64::from(number * 37 % 50)));
    }
    times.sort_unstable();
    Ok(times)
}

/// Watches the session while nobody does anything.
fn idle(customer: &mut Customer, viewer: &Viewer, table: &mut Table) -> Result<()> {
    let (ours, theirs) = (viewer.program.id(), customer.window()?.id());
    // What the last key caused must be over.
    settle(viewer);
    let lines = viewer.stats().len();
    let clock = Stopwatch::start();
    let before = (cpu_seconds(ours)?, cpu_seconds(theirs)?);
    wait::until("an idle minute", IDLE * 2, || {
        Ok((clock.elapsed() >= IDLE).then_some(()))
    })?;
    let share = |used: f64| {
        format!(
            "{:.2} % of a core",
            100.0 * used / clock.elapsed().as_secs_f64()
        )
    };
    let after = (cpu_seconds(ours)?, cpu_seconds(theirs)?);

    let stats = viewer.stats();
    let minute = stats.get(lines.saturating_sub(1)..).unwrap_or_default();
    ensure!(
        minute.len() > 30,
        "a line of statistics a second, not {} in a minute",
        minute.len()
    );
    for (label, key) in [
        ("screen bytes", "screen_bytes"),
        ("bytes to the supporter", "bytes_in"),
    ] {
        table.row(
            &format!("{label} in an idle minute"),
            format!("{:.0}", during(minute, key)?),
        );
    }
    table.row("CPU of the viewer, idle session", share(after.0 - before.0));
    table.row(
        "CPU of the customer's app, idle session",
        share(after.1 - before.1),
    );
    table.row(
        "memory of the viewer (PSS)",
        format!("{:.0} MiB", memory_mib(ours)?),
    );
    table.row(
        "memory of the customer's app (PSS)",
        format!("{:.0} MiB", memory_mib(theirs)?),
    );
    Ok(())
}

/// Waits until two lines of statistics running tell of no new screen bytes.
fn settle(viewer: &Viewer) {
    let mut seen = viewer.stats().len();
    let mut quiet = 0;
    let result = wait::until("a quiet session", wait::STEP, || {
        let stats = viewer.stats();
        if stats.len() > seen {
            let from = seen.saturating_sub(1);
            quiet = if during(stats.get(from..).unwrap_or_default(), "screen_bytes")? == 0.0 {
                quiet + 1
            } else {
                0
            };
            seen = stats.len();
        }
        Ok((quiet >= 2).then_some(()))
    });
    if result.is_err() {
        println!("the session never became quiet; the idle minute says how loud it is");
    }
}

/// How much a counter grew from the first to the last of these lines.
fn during(lines: &[Value], key: &str) -> Result<f64> {
    let at = |line: Option<&Value>| line.and_then(|it| it.get(key)).and_then(Value::as_f64);
    let first = at(lines.first()).with_context(|| format!("{key} in the statistics"))?;
    let last = at(lines.last()).with_context(|| format!("{key} in the statistics"))?;
    Ok(last - first)
}
