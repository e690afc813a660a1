//! From a frame and its damage to coded parts.
//!
//! The encoder keeps a mirror of what the viewer shows.
//! Damage is only a hint: pixels that did not change are never sent.

use std::io;

use aldis_wire::peer::{MAX_AREAS, MAX_PART_RAW, Op, ScreenPart};
use thiserror::Error;

use crate::diff;
use crate::frame::{Frame, FrameError};
use crate::moves::Finder;
use crate::region::{Rect, Region, Shift};
use crate::stream::Packer;

/// Changes of fewer pixels are sent sooner than a search for moves would take.
const MOVES_FROM: u64 = 16_000;

/// Turns frames into coded parts.
pub struct Encoder {
    mirror: Frame,
    sequence: u32,
    packer: Packer,
    finder: Finder,
    raw: Vec<u8>,
    scratch: Vec<u8>,
}

/// A frame could not be coded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The frame's size is not supported.
    #[error(transparent)]
    Size(#[from] FrameError),
    /// zstd refused; its own words.
    #[error("a picture could not be compressed")]
    Zstd(#[from] io::Error),
}

/// A step of [`Encoder::encode_watched`] that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What differs is known.
    Diff,
    /// What moved is known.
    Moves,
    /// The parts are made.
    Pack,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder")
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder whose viewer shows nothing yet.
    pub fn new() -> Result<Self, EncodeError> {
        Ok(Self {
            mirror: Frame::default(),
            sequence: 0,
            packer: Packer::new()?,
            finder: Finder::new(),
            raw: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Forgets what the viewer shows: the next update carries the whole picture.
    pub fn restart(&mut self) {
        self.mirror = Frame::default();
    }

    /// The parts that bring the viewer from its picture to `frame`, looking only inside `damage`.
    ///
    /// No parts when nothing differs.
    pub fn encode(
        &mut self,
        frame: &Frame,
        damage: &Region,
    ) -> Result<Vec<ScreenPart>, EncodeError> {
        self.encode_watched(frame, damage, &mut |_| ())
    }

    /// The same; `watch` is called at the end of each stage, so that a caller with a clock can
    /// tell where the time goes.
    pub fn encode_watched(
        &mut self,
        frame: &Frame,
        damage: &Region,
        watch: &mut dyn FnMut(Stage),
    ) -> Result<Vec<ScreenPart>, EncodeError> {
        let mut ops = Vec::new();
        let boxes = if self.mirror.bounds() == frame.bounds() {
            diff::changed(frame, &self.mirror, damage.rects())
        } else {
            self.mirror = Frame::new(frame.width(), frame.height())?;
            self.packer.restart()?;
            ops.push(Op::Start {
                width: frame.width() as u16,
                height: frame.height() as u16,
            });
            diff::changed(frame, &self.mirror, &[frame.bounds()])
        };
        watch(Stage::Diff);
        let boxes = self.moved(frame, boxes, &mut ops);
        watch(Stage::Moves);
        self.pack(frame, &boxes, &mut ops)?;
        watch(Stage::Pack);
        Ok(self.update(ops))
    }

    /// Finds what moved; returns what differs still.
    fn moved(&mut self, frame: &Frame, boxes: Vec<Rect>, ops: &mut Vec<Op>) -> Vec<Rect> {
        if boxes.iter().map(|rect| rect.area()).sum::<u64>() < MOVES_FROM {
            return boxes;
        }
        let mut shifts = self.finder.find(frame, &self.mirror, &boxes);
        // The viewer takes no more than fits the picture.
        let mut room = frame.bounds().area();
        shifts.truncate(MAX_AREAS);
        shifts.retain(|shift| {
            let area = shift.to.area();
            let fits = area <= room;
            room -= if fits { area } else { 0 };
            fits
        });
        if shifts.is_empty() {
            return boxes;
        }
        self.mirror.shift(&shifts, &mut self.scratch);
        ops.push(Op::Move(shifts.iter().copied().map(Shift::into).collect()));
        diff::changed(frame, &self.mirror, &boxes)
    }

    /// Codes boxes and brings the mirror up to date there.
    fn pack(
        &mut self,
        frame: &Frame,
        boxes: &[Rect],
        ops: &mut Vec<Op>,
    ) -> Result<(), EncodeError> {
        let mut areas = Vec::new();
        self.raw.clear();
        for whole in boxes {
            self.mirror.put_from(*whole, frame);
            if let Some(colour) = single_colour(frame, *whole) {
                let area = (*whole).into();
                ops.push(Op::Fill { area, colour });
                continue;
            }
            let row = whole.width as usize * 4;
            let mut y = whole.y;
            while y < whole.bottom() {
                let room = (MAX_PART_RAW.saturating_sub(self.raw.len()) / row) as u32;
                if areas.len() == MAX_AREAS || room == 0 && !areas.is_empty() {
                    ops.push(self.pixels(&mut areas)?);
                    continue;
                }
                let height = room.max(1).min(whole.bottom() - y);
                let rect = Rect::new(whole.x, y, whole.width, height);
                frame.get(rect, &mut self.raw);
                areas.push(rect.into());
                y += height;
            }
        }
        if !areas.is_empty() {
            ops.push(self.pixels(&mut areas)?);
        }
        Ok(())
    }

    fn pixels(&mut self, areas: &mut Vec<aldis_wire::peer::Area>) -> Result<Op, EncodeError> {
        let data = self.packer.pack(&self.raw)?;
        self.raw.clear();
        Ok(Op::Pixels {
            areas: std::mem::take(areas),
            data,
        })
    }

    fn update(&mut self, ops: Vec<Op>) -> Vec<ScreenPart> {
        if ops.is_empty() {
            return Vec::new();
        }
        self.sequence = self.sequence.wrapping_add(1);
        let count = ops.len();
        (1..)
            .zip(ops)
            .map(|(number, op)| ScreenPart {
                sequence: self.sequence,
                last: number == count,
                op,
            })
            .collect()
    }
}

/// The one colour of all pixels in a box, if there is one.
fn single_colour(frame: &Frame, rect: Rect) -> Option<[u8; 3]> {
    let &[blue, green, red] = frame.row(rect, rect.y).first_chunk()?;
    let mut rows = (rect.y..rect.bottom()).map(|y| frame.row(rect, y).as_chunks::<4>().0);
    rows.all(|row| row.iter().all(|pixel| pixel[..3] == [blue, green, red]))
        .then_some([blue, green, red])
}

#[cfg(test)]
mod tests;
