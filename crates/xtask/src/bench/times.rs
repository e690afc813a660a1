//! Many times, told in a few figures.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// The value that this part of the sorted times does not exceed.
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Result<Duration> {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().context("at least one time")
}

pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_hundred_are_the_fiftieth_and_the_ninety_fifth() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(
            percentile(&times, 50).expect("median"),
            Duration::from_millis(50)
        );
        assert_eq!(
            percentile(&times, 95).expect("p95"),
            Duration::from_millis(95)
        );
        assert!(percentile(&[], 50).is_err());
    }
}
