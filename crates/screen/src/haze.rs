//! Where the viewer's picture is not exact yet.
//!
//! Blocks are marked with the step by which they were coded, and a block counts as exact only when
//! nothing in it is not. Some of [`PARTLY`] is exact, and must not be coded by any step again.

use crate::diff::join;
use crate::frame::Frame;
use crate::region::{Rect, Shift};

/// A block's side in pixels.
pub(crate) const BLOCK: u32 = 16;

/// The mark of a block of which a part is exact.
const PARTLY: u8 = 1;

/// The marks of a picture.
#[derive(Debug, Default)]
pub(crate) struct Haze {
    columns: u32,
    /// The coarsest step of each block's pixels; 0 is exact.
    marks: Vec<u8>,
    count: usize,
}

impl Haze {
    /// No haze on a picture of this size.
    pub(crate) fn new(frame: &Frame) -> Self {
        let columns = frame.width().div_ceil(BLOCK);
        Self {
            columns,
            marks: vec![0; (columns * frame.height().div_ceil(BLOCK)) as usize],
            count: 0,
        }
    }

    /// Whether everything is exact.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many pixels are not exact, of those blocks that `wanted` says yes to.
    pub(crate) fn pixels(&self, mut wanted: impl FnMut(Rect) -> bool) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let marked = (0_u32..).zip(&self.marks).filter(|(index, step)| {
            **step > 0 && wanted(block(index % self.columns, index / self.columns))
        });
        marked.count() as u64 * u64::from(BLOCK * BLOCK)
    }

    /// Pixels of `rect`, a part of `area`, are no longer exact, but coded by this step; what is
    /// beyond the area may be.
    pub(crate) fn add(&mut self, rect: Rect, area: Rect, step: u8, frame: &Frame) {
        let (whole, blocks) = (covered(area, frame), touched(rect));
        for row in blocks.y..blocks.bottom() {
            for column in blocks.x..blocks.right() {
                let one = Rect::new(column, row, 1, 1);
                let mark = if whole.intersection(one).is_empty() {
                    PARTLY
                } else {
                    step
                };
                // Two areas may share a block.
                self.set(one, |known| {
                    if known == PARTLY {
                        PARTLY
                    } else {
                        known.max(mark)
                    }
                });
            }
        }
    }

    /// All pixels of `rect` are exact, and so a part of the blocks that reach out of it.
    pub(crate) fn remove(&mut self, rect: Rect, frame: &Frame) {
        if !self.is_empty() {
            self.set(touched(rect), |mark| mark.min(PARTLY));
            self.set(covered(rect, frame), |_| 0);
        }
    }

    /// Whether some pixel of `rect` may not be exact.
    pub(crate) fn touches(&self, rect: Rect) -> bool {
        !self.is_empty() && self.range(touched(rect)).1 > 0
    }

    /// Goes along with pixels that move.
    pub(crate) fn shift(&mut self, shifts: &[Shift], frame: &Frame) {
        if self.is_empty() {
            return;
        }
        // All are read before the first is written, and where two write, the worse one counts.
        let mut hazy = Vec::new();
        for shift in shifts {
            let to = touched(shift.to);
            for row in to.y..to.bottom() {
                for column in to.x..to.right() {
                    let block = block(column, row).intersection(shift.to);
                    let source = Rect {
                        x: block.x - shift.to.x + shift.x,
                        y: block.y - shift.to.y + shift.y,
                        ..block
                    };
                    let (least, worst) = self.range(touched(source));
                    if worst > 0 {
                        let step = if least > PARTLY { worst } else { PARTLY };
                        hazy.push((block, shift.to, step));
                    }
                }
            }
        }
        for shift in shifts {
            self.remove(shift.to, frame);
        }
        for (block, area, step) in hazy {
            self.add(block, area, step, frame);
        }
    }

    /// Boxes of those marked blocks that `wanted` says yes to, told a block and its step.
    pub(crate) fn boxes(
        &self,
        frame: &Frame,
        mut wanted: impl FnMut(Rect, u8) -> bool,
    ) -> Vec<Rect> {
        if self.is_empty() {
            return Vec::new();
        }
        let marks: Vec<bool> = (0_u32..)
            .zip(&self.marks)
            .map(|(index, step)| {
                *step > 0 && wanted(block(index % self.columns, index / self.columns), *step)
            })
            .collect();
        join(&marks, self.columns)
            .into_iter()
            .map(|blocks| {
                Rect::new(
                    blocks.x * BLOCK,
                    blocks.y * BLOCK,
                    blocks.width * BLOCK,
                    blocks.height * BLOCK,
                )
                .intersection(frame.bounds())
            })
            .collect()
    }

    /// The lowest and the highest mark of these blocks.
    fn range(&self, blocks: Rect) -> (u8, u8) {
        let marks = (blocks.y..blocks.bottom()).flat_map(|row| {
            let start = (row * self.columns + blocks.x) as usize;
            &self.marks[start..start + blocks.width as usize]
        });
        marks.fold((u8::MAX, 0), |(least, most), mark| {
            (least.min(*mark), most.max(*mark))
        })
    }

    fn set(&mut self, blocks: Rect, value: impl Fn(u8) -> u8) {
        for row in blocks.y..blocks.bottom() {
            let start = (row * self.columns + blocks.x) as usize;
            for mark in &mut self.marks[start..start + blocks.width as usize] {
                let value = value(*mark);
                self.count = self.count + usize::from(value > 0) - usize::from(*mark > 0);
                *mark = value;
            }
        }
    }
}

fn block(column: u32, row: u32) -> Rect {
    Rect::new(column * BLOCK, row * BLOCK, BLOCK, BLOCK)
}

/// The blocks that have a pixel in `rect`, which is not empty.
fn touched(rect: Rect) -> Rect {
    let (x, y) = (rect.x / BLOCK, rect.y / BLOCK);
    let right = rect.right().div_ceil(BLOCK);
    let bottom = rect.bottom().div_ceil(BLOCK);
    Rect::new(x, y, right - x, bottom - y)
}

/// The blocks that have all their pixels in `rect`.
fn covered(rect: Rect, frame: &Frame) -> Rect {
    let (x, y) = (rect.x.div_ceil(BLOCK), rect.y.div_ceil(BLOCK));
    // The last blocks of a row or column end with the picture.
    let end = |end: u32, side: u32| {
        if end == side {
            end.div_ceil(BLOCK)
        } else {
            end / BLOCK
        }
    };
    let right = end(rect.right(), frame.width());
    let bottom = end(rect.bottom(), frame.height());
    Rect::new(x, y, right.saturating_sub(x), bottom.saturating_sub(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn haze_goes_along_with_what_moves() {
        let frame = Frame::new(100, 100).unwrap();
        let mut haze = Haze::new(&frame);
        let hazy = Rect::new(5, 5, 20, 20);
        haze.add(hazy, hazy, 9, &frame);
        let shift = Shift {
            x: 0,
            y: 0,
            to: Rect::new(50, 50, 30, 30),
        };
        haze.shift(&[shift], &frame);
        assert!(haze.touches(Rect::new(60, 60, 1, 1)));
        assert!(haze.touches(Rect::new(5, 5, 1, 1)));
        assert!(!haze.touches(Rect::new(90, 90, 5, 5)));
        // What comes from elsewhere over it clears it.
        let back = Shift {
            x: 68,
            y: 0,
            to: Rect::new(0, 0, 32, 32),
        };
        haze.shift(&[back], &frame);
        assert!(!haze.touches(Rect::new(0, 0, 32, 32)));
    }

    #[test]
    fn haze_ends_only_where_all_of_a_block_is_exact() {
        let frame = Frame::new(100, 100).unwrap();
        let mut haze = Haze::new(&frame);
        haze.add(frame.bounds(), frame.bounds(), 9, &frame);
        haze.remove(Rect::new(1, 1, 40, 40), &frame);
        assert_eq!(
            haze.boxes(&frame, |_, _| true)
                .iter()
                .map(|rect| rect.area())
                .sum::<u64>(),
            10_000 - 256
        );
        haze.remove(Rect::new(0, 0, 100, 100), &frame);
        assert!(haze.is_empty());
    }

    #[test]
    fn what_is_partly_exact_is_not_coded_by_a_step_again() {
        let frame = Frame::new(96, 96).unwrap();
        let again = |haze: &Haze| {
            let boxes = haze.boxes(&frame, |_, step| step > PARTLY);
            boxes.iter().map(|rect| rect.area()).sum::<u64>()
        };
        let mut haze = Haze::new(&frame);
        haze.add(frame.bounds(), frame.bounds(), 9, &frame);
        assert_eq!(again(&haze), 96 * 96);
        // Text over the photograph: one block is its own, the eight around share pixels with it.
        haze.remove(Rect::new(24, 24, 32, 32), &frame);
        assert_eq!(again(&haze), 96 * 96 - 9 * 256);
        // A photograph that reaches into a block of something else.
        let mut haze = Haze::new(&frame);
        let photo = Rect::new(0, 0, 40, 32);
        haze.add(photo, photo, 9, &frame);
        assert_eq!(again(&haze), 32 * 32);
        // It moves by half a block, so its edges share blocks with what is exact.
        let shift = Shift {
            x: 0,
            y: 0,
            to: Rect::new(8, 32, 32, 32),
        };
        haze.shift(&[shift], &frame);
        assert!(haze.touches(Rect::new(8, 40, 1, 1)));
        let moved = Rect::new(0, 32, 96, 64);
        let boxes = haze.boxes(&frame, |block, step| {
            step > PARTLY && !block.intersection(moved).is_empty()
        });
        assert!(
            boxes.iter().all(|rect| rect.x >= 16 && rect.right() <= 32),
            "{boxes:?}"
        );
    }
}
