//! How much a shown picture is like the real one.

use crate::canvas::{Area, Canvas};

/// What an exact picture is given, in dB.
pub(crate) const EXACT: f64 = 99.0;

/// The peak signal-to-noise ratio of two rows of pixels that belong to each other, summed up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noise {
    squares: u64,
    values: u64,
}

impl Noise {
    /// Counts these pixels in.
    pub(crate) fn add(&mut self, real: &[u32], shown: &[u32]) {
        for (real, shown) in real.iter().zip(shown) {
            let (real, shown) = (real.to_le_bytes(), shown.to_le_bytes());
            for (real, shown) in real.into_iter().zip(shown).take(3) {
                self.squares += u64::from(real.abs_diff(shown)).pow(2);
            }
        }
        self.values += 3 * real.len().min(shown.len()) as u64;
    }

    /// In dB; 99 is exact.
    pub(crate) fn decibels(self) -> f64 {
        if self.squares == 0 {
            return EXACT;
        }
        let mean = self.squares as f64 / self.values as f64;
        (10.0 * (255.0 * 255.0 / mean).log10()).min(EXACT)
    }
}

/// The ratio of two pictures of one size, without what lies under `mask`.
pub(crate) fn compare(real: &Canvas, shown: &Canvas, mask: Area) -> f64 {
    let mut noise = Noise::default();
    for y in 0..real.height().min(shown.height()) {
        let (real, shown) = (real.row(y), shown.row(y));
        if (mask.y..mask.y + mask.height).contains(&y) {
            noise.add(&real[..mask.x], &shown[..mask.x]);
            let right = (mask.x + mask.width).min(real.len());
            noise.add(&real[right..], &shown[right..]);
        } else {
            noise.add(real, shown);
        }
    }
    noise.decibels()
}

/// The worst tile of two sets of sampled rows, `columns` tiles wide and `rows` of samples high.
pub(crate) fn worst_tile(real: &Canvas, shown: &Canvas, columns: usize, rows: usize) -> f64 {
    let width = real.width() / columns;
    let mut worst = EXACT;
    for top in (0..real.height()).step_by(rows) {
        for left in (0..columns).map(|column| column * width) {
            let mut noise = Noise::default();
            for y in top..(top + rows).min(real.height()) {
                let span = left..left + width;
                noise.add(&real.row(y)[span.clone()], &shown.row(y)[span]);
            }
            worst = worst.min(noise.decibels());
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_everywhere_is_48_db_and_nothing_is_exact() {
        let (real, shown) = (
            Canvas::new(40, 40, 0x0010_1010),
            Canvas::new(40, 40, 0x0011_1111),
        );
        let nowhere = Area::new(0, 0, 0, 0);
        assert!((compare(&real, &shown, nowhere) - 48.13).abs() < 0.01);
        assert!(compare(&real, &real, nowhere) >= EXACT);
    }

    #[test]
    fn a_mask_hides_and_one_bad_tile_shows() {
        let real = Canvas::new(40, 40, 0);
        let mut shown = real.clone();
        shown.fill(Area::new(30, 30, 10, 10), 0x00ff_ffff);
        assert!(compare(&real, &shown, Area::new(30, 30, 10, 10)) >= EXACT);
        assert!(worst_tile(&real, &shown, 4, 10) < 1.0);
    }
}
