//! Times and differences in figures.

use std::time::Duration;

#[cfg(feature = "h264")]
use aldis_screen::Frame;

/// Times of one stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The median and the 95th percentile in milliseconds.
    pub(crate) fn figures(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted
                .get(place)
                .map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        format!("{:.2} / {:.2}", at(50), at(95))
    }
}

/// The likeness of two pictures in decibels; `None` if they are the same.
#[cfg(feature = "h264")]
pub(crate) fn likeness(one: &Frame, other: &Frame) -> Option<f64> {
    let pairs = one.data().iter().zip(other.data());
    let error: u64 = pairs
        .map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2))
        .sum();
    decibels(error, one.bounds().area() * 3)
}

/// The likeness of so many samples with such a sum of squared errors.
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
