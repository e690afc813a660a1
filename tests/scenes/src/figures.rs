//! Times and differences in figures.

use std::time::Duration;

use aldis_screen::{Frame, Rect};

/// Times of one stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The median and the 95th percentile in milliseconds.
    pub(crate) fn figures(&self) -> String {
        format!("{:.2} / {:.2}", self.percentile(50), self.percentile(95))
    }

    /// The median in milliseconds.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted
            .get(place)
            .map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// The likeness of so many samples with such a sum of squared errors; `None` if they are the same.
pub(crate) fn decibels(error: u64, samples: u64) -> Option<f64> {
    (error > 0).then(|| 10.0 * (255.0 * 255.0 * samples as f64 / error as f64).log10())
}

/// A likeness for people.
pub(crate) fn spoken(likeness: Option<f64>) -> String {
    likeness.map_or_else(
        || "exact".to_owned(),
        |likeness| format!("{likeness:.1} dB"),
    )
}

/// The squared errors and the samples of what changed, in bands of 64 rows.
pub(crate) fn bands(before: &Frame, source: &Frame, shown: &Frame) -> Vec<(u64, u64)> {
    let bounds = source.bounds();
    let mut bands = Vec::new();
    for top in (0..bounds.height).step_by(64) {
        let (mut error, mut samples) = (0, 0);
        for y in top..(top + 64).min(bounds.height) {
            let row = Rect::new(0, y, bounds.width, 1);
            let old = before.row(row, y).as_chunks::<4>().0;
            let new = source.row(row, y).as_chunks::<4>().0;
            let seen = shown.row(row, y).as_chunks::<4>().0;
            for ((old, new), seen) in old.iter().zip(new).zip(seen) {
                if old != new {
                    samples += 3;
                    let levels = new.iter().zip(seen);
                    error += levels
                        .map(|(new, seen)| u64::from(new.abs_diff(*seen)).pow(2))
                        .sum::<u64>();
                }
            }
        }
        bands.push((error, samples));
    }
    bands
}
