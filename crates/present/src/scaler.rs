//! The customer's screen, made larger or smaller.
//!
//! Every pixel of the window is the mean of what it covers of the customer's screen, weighted by
//! how much of each it covers; where it covers less than one, the mean of the two nearest.
//! Rows are summed first, then columns; a weight is a 256th.
//! At whole multiples every pixel is just repeated.

use aldis_screen::Frame;

use crate::area::Area;

/// Where the customer's screen lies in the window: how one axis' pixels are reckoned.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    /// The window's first pixel, which may lie outside of the window.
    start: f32,
    /// Pixels of the window for one of the customer's.
    factor: f32,
    /// The customer's pixels.
    count: u32,
}

/// The customer's screen at its place in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placed {
    across: Axis,
    down: Axis,
}

/// The customer's pixels that one of the window's shows.
#[derive(Clone, Debug, Default)]
struct Taps {
    first: usize,
    weights: Vec<u16>,
}

impl Axis {
    fn new(from: f32, to: f32, count: u32) -> Self {
        let factor = (to - from) / count as f32;
        // A hair's breadth from a whole multiple is the multiple, and sharp.
        let whole = factor.round();
        let factor = if whole >= 1.0 && (factor - whole).abs() * (count as f32) < 1.0 {
            whole
        } else {
            factor
        };
        Self {
            start: from.round(),
            factor,
            count,
        }
    }

    /// Whether each pixel is repeated just so often.
    #[expect(clippy::float_cmp, reason = "it was rounded to a whole number")]
    fn is_exact(self, times: u16) -> bool {
        self.factor == f32::from(times)
    }

    /// The window's pixels that may look different once the customer's from `from` to before `to`
    /// do.
    fn shows(self, from: u32, to: u32) -> (i32, i32) {
        if self.factor.fract() == 0.0 {
            let place = |it: u32| (self.start + it as f32 * self.factor) as i32;
            return (place(from), place(to));
        }
        let place = |it: f32| self.start + it * self.factor;
        let (from, to) = (place(from as f32 - 1.0), place(to as f32 + 1.0));
        (from.floor() as i32, to.ceil() as i32)
    }

    fn taps(self, at: i32) -> Taps {
        let last = self.count - 1;
        let (from, to) = (
            (at as f32 - self.start) / self.factor,
            (at as f32 + 1.0 - self.start) / self.factor,
        );
        if self.factor.fract() == 0.0 {
            let only = (from.max(0.0) as u32).min(last);
            return Taps {
                first: only as usize,
                weights: vec![256],
            };
        }
        // Larger: between the centres of the two nearest. Smaller: everything that is covered.
        let (from, to) = if self.factor > 1.0 {
            let middle = f32::midpoint(from, to);
            (middle - 0.5, middle + 0.5)
        } else {
            (from, to)
        };
        let limit = |it: f32| (it.max(0.0) as u32).min(last);
        let (first, end) = (limit(from.floor()), limit(to.ceil() - 1.0));
        let cover = |it: u32| {
            let (left, right) = (it as f32, it as f32 + 1.0);
            // What would lie beyond the edge is the edge.
            let left = if it == 0 { f32::MIN } else { left };
            let right = if it == last { f32::MAX } else { right };
            (right.min(to) - left.max(from)).max(0.0)
        };
        // What is rounded is the sum so far: together they are always the whole.
        let mut covered = 0.0;
        let mut given = 0;
        let weights = (first..=end).map(|it| {
            covered += cover(it) / (to - from);
            let sum = ((covered * 256.0).round() as u16).min(256);
            let sum = if it == end { 256 } else { sum };
            let weight = sum - given;
            given = sum;
            weight
        });
        let weights = weights.collect();
        Taps {
            first: first as usize,
            weights,
        }
    }
}

impl Placed {
    /// All of the customer's screen between these edges, in the window's pixels.
    pub(crate) fn new(rect: egui::Rect, [width, height]: [u32; 2]) -> Self {
        Self {
            across: Axis::new(rect.left(), rect.right(), width),
            down: Axis::new(rect.top(), rect.bottom(), height),
        }
    }

    /// The window's pixels that are the customer's screen.
    pub(crate) fn covers(&self) -> Area {
        let edges = |axis: Axis| {
            let end = axis.start + axis.count as f32 * axis.factor;
            (axis.start as i32, end.round() as i32)
        };
        let ((left, right), (top, bottom)) = (edges(self.across), edges(self.down));
        Area {
            left,
            top,
            right,
            bottom,
        }
    }

    /// The window's pixels in which these of the customer's are seen.
    pub(crate) fn shows(&self, rect: aldis_screen::Rect) -> Area {
        let (left, right) = self.across.shows(rect.x, rect.right());
        let (top, bottom) = self.down.shows(rect.y, rect.bottom());
        Area {
            left,
            top,
            right,
            bottom,
        }
    }

    /// The pixels of `area`, row by row, each given to `put` with its number.
    pub(crate) fn rows(&self, frame: &Frame, area: Area, mut put: impl FnMut(i32, &[u8])) {
        let (across, down) = (self.across, self.down);
        if (frame.width(), frame.height()) != (across.count, down.count) || area.is_empty() {
            return;
        }
        let bounds = frame.bounds();
        if across.is_exact(1) && down.is_exact(1) {
            let left = (area.left as f32 - across.start) as u32;
            let part = aldis_screen::Rect::new(left, 0, area.width(), bounds.height);
            for y in area.top..area.bottom {
                put(
                    y,
                    frame.row(part.intersection(bounds), (y as f32 - down.start) as u32),
                );
            }
            return;
        }
        let columns: Vec<Taps> = (area.left..area.right).map(|x| across.taps(x)).collect();
        let from = columns.first().map_or(0, |taps| taps.first);
        let to = columns
            .last()
            .map_or(0, |taps| taps.first + taps.weights.len());
        let part = aldis_screen::Rect::new(from as u32, 0, (to - from) as u32, bounds.height);
        let mut sums = vec![0_u16; (to - from) * 4];
        let mut row = vec![0_u8; columns.len() * 4];
        let mut last = None;
        for y in area.top..area.bottom {
            let taps = down.taps(y);
            let same = (taps.weights.len() == 1).then_some(taps.first);
            if same.is_none() || last != same {
                sums.fill(0);
                for (line, weight) in (taps.first as u32..).zip(&taps.weights) {
                    // 256 times 255 just fits.
                    for (sum, byte) in sums.iter_mut().zip(frame.row(part, line)) {
                        *sum += u16::from(*byte) * weight;
                    }
                }
                for (pixel, taps) in row.chunks_exact_mut(4).zip(&columns) {
                    let sums = sums[(taps.first - from) * 4..].chunks_exact(4);
                    let mut mixed = [0_u32; 4];
                    for (sums, weight) in sums.zip(&taps.weights) {
                        for (mixed, sum) in mixed.iter_mut().zip(sums) {
                            *mixed += u32::from(*sum) * u32::from(*weight);
                        }
                    }
                    for (byte, mixed) in pixel.iter_mut().zip(mixed) {
                        *byte = ((mixed + 0x8000) >> 16) as u8;
                    }
                }
            }
            last = same;
            put(y, &row);
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::{Rect, pos2};

    use super::*;

    fn frame(width: u32, height: u32) -> Frame {
        let mut frame = Frame::new(width, height).unwrap();
        for (index, byte) in frame.data_mut().iter_mut().enumerate() {
            if index % 4 != 3 {
                *byte = ((index * 2_654_435_761) >> 13) as u8;
            }
        }
        frame
    }

    fn shown(frame: &Frame, rect: Rect, area: Area) -> Vec<Vec<u8>> {
        let placed = Placed::new(rect, [frame.width(), frame.height()]);
        let mut rows = Vec::new();
        placed.rows(frame, area, |_, row| rows.push(row.to_vec()));
        rows
    }

    fn whole(rect: Rect) -> Area {
        Area {
            left: rect.left().round() as i32,
            top: rect.top().round() as i32,
            right: rect.right().round() as i32,
            bottom: rect.bottom().round() as i32,
        }
    }

    #[test]
    fn one_to_one_and_whole_multiples_are_exact() {
        let frame = frame(31, 17);
        for factor in 1..4_u32 {
            let size = egui::vec2((31 * factor) as f32, (17 * factor) as f32);
            let rect = Rect::from_min_size(pos2(5.0, 7.0), size);
            let rows = shown(&frame, rect, whole(rect));
            assert_eq!(rows.len() as u32, 17 * factor);
            for (y, row) in (0..).zip(rows) {
                for (x, pixel) in (0..).zip(row.chunks_exact(4)) {
                    let at = aldis_screen::Rect::new(x / factor, 0, 1, 17);
                    assert_eq!(pixel, frame.row(at, y / factor), "{x} {y} times {factor}");
                }
            }
        }
    }

    #[test]
    fn a_part_looks_as_it_does_in_the_whole() {
        let frame = frame(64, 48);
        for size in [[40.0, 30.0], [100.0, 75.0], [64.5, 48.4], [13.0, 9.75]] {
            let rect = Rect::from_min_size(pos2(3.0, 2.0), egui::vec2(size[0], size[1]));
            let all = whole(rect);
            let rows = shown(&frame, rect, all);
            let part = Area {
                left: all.left + 5,
                top: all.top + 3,
                right: all.right - 2,
                bottom: all.bottom - 1,
            };
            for (y, row) in (3..).zip(shown(&frame, rect, part)) {
                assert_eq!(row[..], rows[y][5 * 4..][..row.len()], "{size:?} {y}");
            }
        }
    }

    #[test]
    fn one_colour_stays_that_colour_at_every_size() {
        let mut frame = Frame::new(1500, 600).unwrap();
        for pixel in frame.data_mut().chunks_exact_mut(4) {
            pixel.copy_from_slice(&[7, 130, 255, 255]);
        }
        for percent in [1, 2, 3, 5].into_iter().chain((10..310).step_by(7)) {
            let factor = percent as f32 / 100.0;
            let rect = Rect::from_min_size(pos2(0.0, 0.0), egui::vec2(1500.0, 600.0) * factor);
            for row in shown(&frame, rect, whole(rect)) {
                assert!(
                    row.chunks_exact(4).all(|it| it == [7, 130, 255, 255]),
                    "{percent} %"
                );
            }
        }
    }

    #[test]
    fn what_changes_is_inside_what_is_painted_again() {
        let before = frame(60, 45);
        let changed = aldis_screen::Rect::new(17, 11, 5, 3);
        let mut after = before.clone();
        for y in changed.y..changed.bottom() {
            for byte in after.row_mut(changed, y) {
                *byte = 255 - *byte;
            }
        }
        for percent in (15..305).step_by(5) {
            let factor = percent as f32 / 100.0;
            let rect = Rect::from_min_size(pos2(4.0, 6.0), egui::vec2(60.0, 45.0) * factor);
            let all = whole(rect);
            let area = Placed::new(rect, [60, 45]).shows(changed);
            let (old, new) = (shown(&before, rect, all), shown(&after, rect, all));
            for (y, (old, new)) in (all.top..).zip(old.iter().zip(&new)) {
                let pairs = old.chunks_exact(4).zip(new.chunks_exact(4));
                for (x, (old, new)) in (all.left..).zip(pairs) {
                    let inside = (area.left..area.right).contains(&x)
                        && (area.top..area.bottom).contains(&y);
                    assert!(old == new || inside, "{x} {y} at {percent} %: {area:?}");
                }
            }
        }
    }
}
