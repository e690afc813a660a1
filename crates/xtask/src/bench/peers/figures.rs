//! What was seen and what it cost, as figures.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::super::times::percentile;
use super::network::Bytes;

/// Which of two figures is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    Less,
    More,
}

use Better::{Less, More};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The scene that it comes from.
    pub(super) scene: &'static str,
    /// What it tells, with its unit.
    pub(super) label: &'static str,
    /// Which end is good.
    pub(super) better: Better,
    /// Digits behind the point.
    pub(super) digits: usize,
}

const fn row(scene: &'static str, label: &'static str, better: Better, digits: usize) -> Row {
    Row {
        scene,
        label,
        better,
        digits,
    }
}

/// All scenes, in the order in which they are measured.
pub(super) const SCENES: [&str; 9] = [
    "typing", "click", "scroll", "drag", "video", "slides", "again", "menu", "idle",
];

const P50: &str = "p50, ms";
const P95: &str = "p95, ms";
const SHOWN: &str = "frames shown a second";
const BYTES: &str = "kB";
const EACH: &str = "bytes each";
const EACH_TO_VIEWER: &str = "bytes each, to the viewer alone";
const BOTH: &str = "CPU of both sides, s";
const DISPLAYS: &str = "CPU of both X servers, s";
pub(super) const EXACT: &str = "exact, p50, ms";
const SOON: &str = "PSNR 0.4 s after, dB (99 is exact)";
const REST: &str = "PSNR at rest, dB";
const MISSED: &str = "never shown, %";
const SECOND: &str = "bytes a second";
const SOURCE: &str = "CPU of the source's side, %";
const VIEWER: &str = "CPU of the viewer's side, %";

/// All rows, in the order of the table.
pub(super) const ROWS: &[Row] = &[
    row("typing", P50, Less, 1),
    row("typing", P95, Less, 1),
    row("typing", EACH, Less, 0),
    row("typing", EACH_TO_VIEWER, Less, 0),
    row("typing", MISSED, Less, 0),
    row("typing", BOTH, Less, 2),
    row("click", P50, Less, 1),
    row("click", P95, Less, 1),
    row("scroll", SHOWN, More, 1),
    row("scroll", P50, Less, 1),
    row("scroll", P95, Less, 1),
    row("scroll", BYTES, Less, 0),
    row("scroll", BOTH, Less, 2),
    row("scroll", DISPLAYS, Less, 2),
    row("scroll", SOON, More, 1),
    row("scroll", REST, More, 1),
    row("drag", SHOWN, More, 1),
    row("drag", P50, Less, 1),
    row("drag", P95, Less, 1),
    row("drag", BYTES, Less, 0),
    row("drag", BOTH, Less, 2),
    row("drag", SOON, More, 1),
    row("drag", REST, More, 1),
    row("video", SHOWN, More, 1),
    row("video", P50, Less, 1),
    row("video", P95, Less, 1),
    row("video", BYTES, Less, 0),
    row("video", BOTH, Less, 2),
    row("video", SOON, More, 1),
    row("video", REST, More, 1),
    row("slides", P50, Less, 1),
    row("slides", EXACT, Less, 1),
    row("slides", MISSED, Less, 0),
    row("slides", BYTES, Less, 0),
    row("slides", BOTH, Less, 2),
    row("slides", SOON, More, 1),
    row("slides", REST, More, 1),
    row("again", P50, Less, 1),
    row("again", EACH, Less, 0),
    row("menu", P50, Less, 1),
    row("menu", EACH, Less, 0),
    row("menu", MISSED, Less, 0),
    row("idle", SECOND, Less, 0),
    row("idle", SOURCE, Less, 1),
    row("idle", VIEWER, Less, 1),
];

/// How the table calls a scene, in which what moves changes `rate` times a second.
pub(super) fn title(scene: &str, rate: u32) -> String {
    let title = match scene {
        "typing" => "typed glyph → screen",
        "click" => "click → echo on screen",
        "scroll" => return format!("scroll at {rate}/s for 3 s"),
        "drag" => return format!("window drag at {rate}/s for 3 s"),
        "video" => return format!("video 640×360 at {rate}/s for 4 s"),
        "slides" => "5 photographs, whole screen",
        "again" => "the same 5 shown again",
        "menu" => "menu opened or closed",
        other => other,
    };
    title.to_owned()
}

/// What a scene cost while it was played and for the rest after it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// On the wire.
    pub(super) bytes: Bytes,
    /// Processor seconds of the programs on the source's side.
    pub(super) source: f64,
    /// Processor seconds of the programs on the viewer's side.
    pub(super) viewer: f64,
    /// Processor seconds of both X servers.
    pub(super) displays: f64,
    /// How long it was watched.
    pub(super) seconds: f64,
}

/// The figures of one scene, by the labels of its rows.
pub(super) type Figures = BTreeMap<&'static str, f64>;

/// Makes figures of the moments that the stage tells; what moved changed `rate` times a second.
pub(super) fn figures(scene: &str, rate: u32, played: &Value, cost: Cost) -> Result<Figures> {
    let mut figures = Figures::new();
    figures.insert(SECOND, cost.bytes.both_ways as f64 / cost.seconds);
    figures.insert(SOURCE, 100.0 * cost.source / cost.seconds);
    figures.insert(VIEWER, 100.0 * cost.viewer / cost.seconds);
    figures.insert(BYTES, cost.bytes.both_ways as f64 / 1000.0);
    figures.insert(BOTH, cost.source + cost.viewer);
    figures.insert(DISPLAYS, cost.displays);
    for (label, key) in [(SOON, "psnr_soon"), (REST, "psnr_rest")] {
        if let Some(value) = played.get(key).and_then(Value::as_f64) {
            figures.insert(label, value);
        }
    }
    let changed = moments(played, "changed");
    if changed.is_empty() {
        return Ok(figures);
    }
    let pressed = moments(played, "pressed");
    let since = if scene == "click" { &pressed } else { &changed };
    let ages = ages(since, &moments(played, "seen"));
    if ages.is_empty() {
        bail!(
            "none of {} changes was ever seen as a whole; {:.0} kB were sent, and at rest the picture had {:.1} dB",
            changed.len(),
            cost.bytes.both_ways as f64 / 1000.0,
            figures.get(REST).copied().unwrap_or_default()
        );
    }
    let count = changed.len() as f64;
    figures.insert(EACH, cost.bytes.both_ways as f64 / count);
    if let Some(bytes) = cost.bytes.to_viewer {
        figures.insert(EACH_TO_VIEWER, bytes as f64 / count);
    }
    figures.insert(P50, milliseconds(percentile(&ages, 50)?));
    figures.insert(P95, milliseconds(percentile(&ages, 95)?));
    figures.insert(MISSED, 100.0 * (1.0 - ages.len() as f64 / count));
    figures.insert(SHOWN, f64::from(rate) * ages.len() as f64 / count);
    let exact = self::ages(&changed, &moments(played, "exact"));
    if let Ok(exact) = percentile(&exact, 50) {
        figures.insert(EXACT, milliseconds(exact));
    }
    Ok(figures)
}

/// The middle of each figure over several runs.
pub(super) fn median(runs: &[Figures]) -> Figures {
    let mut all: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for (label, value) in runs.iter().flatten() {
        all.entry(label).or_default().push(*value);
    }
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let upper = values.get(values.len() / 2).copied().unwrap_or_default();
        let lower = values.get((values.len() - 1) / 2).copied();
        f64::midpoint(lower.unwrap_or(upper), upper)
    };
    all.into_iter()
        .map(|(label, values)| (label, middle(values)))
        .collect()
}

/// Sorted times from one list of moments to another; what was never seen has none.
fn ages(from: &[Option<u64>], to: &[Option<u64>]) -> Vec<Duration> {
    let pairs = from.iter().zip(to).filter_map(|(from, to)| from.zip(*to));
    let mut ages: Vec<Duration> = pairs
        .map(|(from, to)| Duration::from_nanos(to.saturating_sub(from)))
        .collect();
    ages.sort_unstable();
    ages
}

fn moments(played: &Value, key: &str) -> Vec<Option<u64>> {
    let list = played.get(key).and_then(Value::as_array);
    list.into_iter().flatten().map(Value::as_u64).collect()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The row's figure, if the scene has one.
pub(super) fn figure(row: &Row, figures: &Figures) -> Result<f64> {
    figures
        .get(row.label)
        .copied()
        .with_context(|| format!("no {} in {}", row.label, row.scene))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ages_count_what_was_seen() {
        let played = json!({
            "changed": [1_000_000, 2_000_000, 3_000_000],
            "seen": [2_000_000, null, 6_000_000],
            "exact": [null, null, null],
            "psnr_soon": 40.0,
            "psnr_rest": 99.0,
        });
        let cost = Cost {
            bytes: Bytes {
                both_ways: 3_000,
                to_viewer: Some(2_400),
            },
            seconds: 2.0,
            ..Cost::default()
        };
        let figures = figures("scroll", 30, &played, cost).expect("figures");
        let is = |label: &str, wanted: f64| {
            let value = figures.get(label).copied().unwrap_or(f64::NAN);
            assert!((value - wanted).abs() < 0.01, "{label}: {value}");
        };
        is(P50, 1.0);
        is(P95, 3.0);
        is(SHOWN, 20.0);
        is(EACH, 1000.0);
        is(EACH_TO_VIEWER, 800.0);
        is(SECOND, 1500.0);
        is(REST, 99.0);
        assert!(!figures.contains_key(EXACT), "never exact");
    }

    #[test]
    fn nothing_seen_is_a_failure() {
        let played = json!({ "changed": [1], "seen": [null] });
        let cost = Cost::default();
        assert!(figures("drag", 30, &played, cost).is_err());
    }

    #[test]
    fn the_median_of_runs_is_taken_row_by_row() {
        let run = |p50: f64, p95: f64| Figures::from([(P50, p50), (P95, p95)]);
        let middle = median(&[run(1.0, 9.0), run(3.0, 7.0), run(2.0, 8.0)]);
        assert_eq!(middle, run(2.0, 8.0));
        assert_eq!(median(&[run(1.0, 4.0), run(3.0, 6.0)]), run(2.0, 5.0));
    }

    #[test]
    fn every_row_is_of_a_scene() {
        for row in ROWS {
            assert!(SCENES.contains(&row.scene), "{}", row.scene);
        }
    }
}
