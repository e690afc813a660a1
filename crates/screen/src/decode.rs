//! From coded parts back to pixels, on the supporter's machine.
//!
//! The customer's machine may be hostile, so every size is checked per axis before memory is
//! taken, and every decompressor is written in safe Rust and stops where its part must end.

use aldis_wire::peer::{Area, MAX_AREAS, MAX_PART_RAW, Op, Run, ScreenPart};
use thiserror::Error;

use crate::cache::{self, Kept};
use crate::exact;
use crate::frame::{Frame, FrameError};
use crate::lines;
use crate::photo;
use crate::region::{Rect, Region, Shift};
use crate::unzstd::{Corrupt, Unpacker};

/// Turns coded parts into a picture.
pub struct Decoder {
    frame: Frame,
    unpacker: Unpacker,
    photos: Unpacker,
    kept: Kept,
    scratch: Vec<u8>,
}

/// A part that no honest encoder makes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The picture's size is not supported.
    #[error(transparent)]
    Size(#[from] FrameError),
    /// A rectangle is empty, too large or outside the picture.
    #[error("a part of the picture lies outside of it")]
    Outside,
    /// More than one part may stand for.
    #[error("a part of the picture is too large")]
    TooLarge,
    /// Pixels are to be shown that were never kept, or kept where there is no place.
    #[error("a part of the picture names what is not there")]
    NotKept,
    /// The pixels cannot be unpacked.
    #[error("a part of the picture is damaged")]
    Damaged,
}

impl From<Corrupt> for DecodeError {
    fn from(Corrupt: Corrupt) -> Self {
        Self::Damaged
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("bounds", &self.frame.bounds())
            .finish_non_exhaustive()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that shows nothing yet.
    pub fn new() -> Self {
        Self {
            frame: Frame::default(),
            unpacker: Unpacker::new(),
            photos: Unpacker::new(),
            kept: Kept::new(),
            scratch: Vec::new(),
        }
    }

    /// The picture as it is now.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Does what a part says; adds the rectangles that it changed to `changed`.
    ///
    /// After an error the picture is what it is, and no further part can be understood.
    pub fn decode(&mut self, part: &ScreenPart, changed: &mut Region) -> Result<(), DecodeError> {
        match &part.op {
            Op::Start { width, height } => {
                // The old picture makes room before the new one takes it.
                *self = Self::new();
                self.frame = Frame::new((*width).into(), (*height).into())?;
                changed.clear();
                changed.add(self.frame.bounds());
            }
            Op::Move(moves) => {
                let shifts: Vec<Shift> = moves.iter().copied().map(Shift::from).collect();
                let mut room = self.frame.bounds().area();
                if shifts.len() > MAX_AREAS {
                    return Err(DecodeError::TooLarge);
                }
                for shift in &shifts {
                    self.check(shift.to)?;
                    self.check(shift.source())?;
                    room = room
                        .checked_sub(shift.to.area())
                        .ok_or(DecodeError::TooLarge)?;
                }
                self.frame.shift(&shifts, &mut self.scratch);
                for shift in shifts {
                    changed.add(shift.to);
                }
            }
            Op::Fill { area, colour } => {
                let rect = self.check((*area).into())?;
                self.frame.fill(rect, *colour);
                changed.add(rect);
            }
            Op::Pixels { areas, data } => {
                let size = self.size(areas)?;
                let mut rest = self.unpacker.unpack(data, size)?;
                for rect in areas.iter().copied().map(Rect::from) {
                    let (columns, others) = rest.split_at(rect.area() as usize * 4);
                    lines::put(&mut self.frame, rect, columns);
                    changed.add(rect);
                    rest = others;
                }
            }
            Op::Photo {
                area,
                step,
                sizes,
                tokens,
                bits,
            } => {
                let rect = self.check((*area).into())?;
                self.size(&[*area])?;
                let coded = (sizes.as_slice(), tokens.as_slice(), bits.as_slice());
                photo::decode(&mut self.frame, rect, *step, coded, &mut self.photos)?;
                changed.add(rect);
            }
            Op::Exact { area, sizes, data } => {
                let rect = self.check((*area).into())?;
                self.size(&[*area])?;
                exact::decode(&mut self.frame, rect, sizes, data, &mut self.photos)?;
                changed.add(rect);
            }
            Op::Keep(runs) => {
                for (tile, slot) in self.tiles(runs)? {
                    let kept = self.kept.keep(slot, &self.frame, tile);
                    kept.ok_or(DecodeError::NotKept)?;
                }
            }
            Op::Show(runs) => {
                for (tile, slot) in self.tiles(runs)? {
                    let shown = self.kept.show(slot, &mut self.frame, tile);
                    shown.ok_or(DecodeError::NotKept)?;
                    changed.add(tile);
                }
            }
        }
        Ok(())
    }

    /// The tiles and slots of runs; never more than the picture has tiles.
    fn tiles(&self, runs: &[Run]) -> Result<Vec<(Rect, u16)>, DecodeError> {
        let mut tiles = Vec::new();
        let most = cache::count(&self.frame);
        for run in runs {
            for step in 0..run.count {
                let number = run.tile.checked_add(step).ok_or(DecodeError::Outside)?;
                let tile = cache::tile(&self.frame, number).ok_or(DecodeError::Outside)?;
                let slot = run.slot.checked_add(step).ok_or(DecodeError::NotKept)?;
                if tiles.len() == most {
                    return Err(DecodeError::TooLarge);
                }
                tiles.push((tile, slot));
            }
        }
        Ok(tiles)
    }

    /// The rectangle, if it has pixels and lies within the picture.
    fn check(&self, rect: Rect) -> Result<Rect, DecodeError> {
        if rect.is_empty() || !self.frame.bounds().contains(rect) {
            return Err(DecodeError::Outside);
        }
        Ok(rect)
    }

    /// How many bytes of raw pixels these rectangles stand for.
    fn size(&self, areas: &[Area]) -> Result<usize, DecodeError> {
        if areas.len() > MAX_AREAS {
            return Err(DecodeError::TooLarge);
        }
        let mut size = 0;
        for area in areas {
            size += self.check((*area).into())?.area() as usize * 4;
        }
        // A row is never split, and no row is that long.
        if size > MAX_PART_RAW {
            return Err(DecodeError::TooLarge);
        }
        Ok(size)
    }
}

#[cfg(test)]
mod tests;
