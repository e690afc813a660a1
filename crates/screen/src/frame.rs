//! A picture in memory.

use thiserror::Error;

use crate::region::{Rect, Shift};

/// The most pixels a frame may have on one axis.
pub const MAX_SIDE: u32 = 16_384;

/// The most pixels a frame may have altogether (an 8K monitor has half of that).
const MAX_PIXELS: u32 = 1 << 26;

/// A picture: rows of pixels, each four bytes: blue, green, red, unused (always 255).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frame {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

/// The frame would be empty or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a picture of {width}×{height} pixels is not supported")]
pub struct FrameError {
    /// The width asked for.
    pub width: u32,
    /// The height asked for.
    pub height: u32,
}

impl Frame {
    /// Whether a frame may have this size.
    pub fn fits(width: u32, height: u32) -> bool {
        let sides = 1..=MAX_SIDE;
        sides.contains(&width) && sides.contains(&height) && width * height <= MAX_PIXELS
    }

    /// A black picture of this size.
    pub fn new(width: u32, height: u32) -> Result<Self, FrameError> {
        if !Self::fits(width, height) {
            return Err(FrameError { width, height });
        }
        let mut data = vec![0; width as usize * height as usize * 4];
        for pixel in data.chunks_exact_mut(4) {
            pixel[3] = 255;
        }
        Ok(Self {
            width,
            height,
            data,
        })
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The whole picture's rectangle.
    pub fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.width, self.height)
    }

    /// Every row's bytes, one after the other.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Every row's bytes, for writing; the fourth byte of each pixel must stay 255.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// The bytes of `rect`'s part of row `y`; `rect` must lie within the picture.
    pub fn row(&self, rect: Rect, y: u32) -> &[u8] {
        &self.data[self.span(rect, y)]
    }

    /// The bytes of `rect`'s part of row `y`, for writing.
    pub fn row_mut(&mut self, rect: Rect, y: u32) -> &mut [u8] {
        let span = self.span(rect, y);
        &mut self.data[span]
    }

    /// Gives every pixel of `rect` this blue, green and red.
    pub(crate) fn fill(&mut self, rect: Rect, [blue, green, red]: [u8; 3]) {
        for y in rect.y..rect.bottom() {
            for pixel in self.row_mut(rect, y).chunks_exact_mut(4) {
                pixel.copy_from_slice(&[blue, green, red, 255]);
            }
        }
    }

    /// Takes over the pixels of `rect` from `rows`, which follow each other without a gap.
    pub(crate) fn put(&mut self, rect: Rect, rows: &[u8]) {
        for (y, row) in (rect.y..rect.bottom()).zip(rows.chunks_exact(rect.width as usize * 4)) {
            self.row_mut(rect, y).copy_from_slice(row);
        }
    }

    /// Takes over the pixels of `rect` from a picture of the same size.
    pub(crate) fn put_from(&mut self, rect: Rect, other: &Self) {
        for y in rect.y..rect.bottom() {
            self.row_mut(rect, y).copy_from_slice(other.row(rect, y));
        }
    }

    /// Becomes the same picture as `other`, from which it differs at most inside `rects`, unless
    /// it has another size.
    pub fn follow(&mut self, other: &Self, rects: &[Rect]) {
        if self.bounds() == other.bounds() {
            for rect in rects {
                self.put_from(*rect, other);
            }
        } else {
            self.clone_from(other);
        }
    }

    /// Takes over the brightness of `rect` from a picture of the same size.
    pub(crate) fn put_grey(&mut self, rect: Rect, other: &Self) {
        for y in rect.y..rect.bottom() {
            let (pixels, _) = other.row(rect, y).as_chunks::<4>();
            let (greys, _) = self.row_mut(rect, y).as_chunks_mut::<4>();
            for (grey, &[blue, green, red, _]) in greys.iter_mut().zip(pixels) {
                let [blue, green, red] = [blue, green, red].map(u32::from);
                // The shares of Rec. 601 in 256ths.
                let level = ((blue * 29 + green * 150 + red * 77) >> 8) as u8;
                *grey = [level, level, level, 255];
            }
        }
    }

    /// Appends the pixels of `rect` to `rows`.
    pub(crate) fn get(&self, rect: Rect, rows: &mut Vec<u8>) {
        rows.reserve(rect.area() as usize * 4);
        for y in rect.y..rect.bottom() {
            rows.extend_from_slice(self.row(rect, y));
        }
    }

    /// Becomes what `rect` of another picture is; it is not empty and lies within.
    pub(crate) fn cut(&mut self, other: &Self, rect: Rect) {
        (self.width, self.height) = (rect.width, rect.height);
        self.data.clear();
        other.get(rect, &mut self.data);
    }

    /// Moves pixels; all are read before the first is written.
    ///
    /// Every rectangle must lie within the picture, before and after.
    pub(crate) fn shift(&mut self, shifts: &[Shift], scratch: &mut Vec<u8>) {
        if let &[Shift { x, y, to }] = shifts {
            // The order of the rows keeps what is still to be read.
            let down = to.y > y;
            for step in 0..to.height {
                let row = if down { to.height - 1 - step } else { step };
                let source = self.span(Rect::new(x, y, to.width, to.height), y + row);
                let target = self.span(to, to.y + row).start;
                self.data.copy_within(source, target);
            }
            return;
        }
        scratch.clear();
        for shift in shifts {
            self.get(shift.source(), scratch);
        }
        let mut rest = scratch.as_slice();
        for shift in shifts {
            let (rows, others) = rest.split_at(shift.to.area() as usize * 4);
            self.put(shift.to, rows);
            rest = others;
        }
    }

    fn span(&self, rect: Rect, y: u32) -> std::ops::Range<usize> {
        let start = (y as usize * self.width as usize + rect.x as usize) * 4;
        start..start + rect.width as usize * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture in which no two pixels are alike.
    fn numbered(width: u32, height: u32) -> Frame {
        let mut frame = Frame::new(width, height).unwrap();
        for (number, pixel) in (0_u32..).zip(frame.data.chunks_exact_mut(4)) {
            pixel[..3].copy_from_slice(&number.to_le_bytes()[..3]);
        }
        frame
    }

    #[test]
    fn overlapping_pixels_move_as_if_from_a_copy_of_the_picture() {
        for (x, y) in [(3, 3), (5, 3), (1, 3), (3, 5), (3, 1), (5, 5), (1, 1)] {
            let before = numbered(20, 16);
            let shift = Shift {
                x,
                y,
                to: Rect::new(3, 3, 10, 8),
            };
            let mut after = before.clone();
            after.shift(&[shift], &mut Vec::new());
            // The same among others, which takes the way over the scratch space.
            let mut again = before.clone();
            again.shift(&[shift, shift], &mut Vec::new());
            assert_eq!(after, again);
            for row in 0..8 {
                let (from, to) = (shift.source(), shift.to);
                assert_eq!(before.row(from, y + row), after.row(to, 3 + row), "{x} {y}");
            }
        }
    }

    #[test]
    fn two_rectangles_can_change_places() {
        let before = numbered(8, 4);
        let mut after = before.clone();
        let (left, right) = (Rect::new(0, 0, 4, 4), Rect::new(4, 0, 4, 4));
        let shifts = [
            Shift {
                x: 4,
                y: 0,
                to: left,
            },
            Shift {
                x: 0,
                y: 0,
                to: right,
            },
        ];
        after.shift(&shifts, &mut Vec::new());
        assert_eq!(after.row(left, 2), before.row(right, 2));
        assert_eq!(after.row(right, 3), before.row(left, 3));
    }
}
