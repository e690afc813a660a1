//! From a frame and its damage to coded parts.
//!
//! The encoder keeps a mirror of what the viewer shows.
//! Inside the damage it looks for the tiles that really differ, joins them into boxes, shrinks
//! these to the pixels that differ, and codes each box without loss.
//! Damage is only a hint: pixels that did not change are never sent.

use aldis_wire::peer::{Coding, MAX_PART_RAW, ScreenPart};
use thiserror::Error;

use crate::frame::{Frame, FrameError};
use crate::region::{Rect, Region};

/// A tile's width in pixels; wide, because text grows sideways.
const TILE_WIDTH: u32 = 64;

/// A tile's height in pixels.
const TILE_HEIGHT: u32 = 16;

/// zstd's fastest ordinary level; the link is seldom slower than a higher one would be.
const LEVEL: i32 = 1;

/// Turns frames into coded parts.
pub struct Encoder {
    mirror: Frame,
    sequence: u32,
    zstd: zstd::bulk::Compressor<'static>,
    raw: Vec<u8>,
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
    Zstd(#[source] std::io::Error),
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
        let mut zstd = zstd::bulk::Compressor::new(LEVEL).map_err(EncodeError::Zstd)?;
        // The decoder takes only frames whose window is their content.
        zstd.window_log(MAX_PART_RAW.ilog2())
            .map_err(EncodeError::Zstd)?;
        Ok(Self {
            mirror: Frame::default(),
            sequence: 0,
            zstd,
            raw: Vec::new(),
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
        let boxes = if self.mirror.bounds() == frame.bounds() {
            self.changed_boxes(frame, damage)
        } else {
            self.mirror = Frame::new(frame.width(), frame.height())?;
            vec![frame.bounds()]
        };
        if boxes.is_empty() {
            return Ok(Vec::new());
        }
        self.sequence = self.sequence.wrapping_add(1);
        let mut parts = Vec::new();
        for whole in boxes {
            let rows_a_part = (MAX_PART_RAW as u32 / (whole.width * 4)).max(1);
            let mut y = whole.y;
            while y < whole.bottom() {
                let height = rows_a_part.min(whole.bottom() - y);
                let rect = Rect::new(whole.x, y, whole.width, height);
                parts.push(self.part(frame, rect)?);
                y += height;
            }
        }
        if let Some(part) = parts.last_mut() {
            part.last = true;
        }
        Ok(parts)
    }

    /// Codes one box and brings the mirror up to date there.
    fn part(&mut self, frame: &Frame, rect: Rect) -> Result<ScreenPart, EncodeError> {
        self.raw.clear();
        for y in rect.y..rect.bottom() {
            let row = frame.row(rect, y);
            self.raw.extend_from_slice(row);
            self.mirror.row_mut(rect, y).copy_from_slice(row);
        }
        let first = [self.raw[0], self.raw[1], self.raw[2]];
        let solid = self.raw.chunks_exact(4).all(|pixel| pixel[..3] == first);
        let (coding, data) = if solid {
            (Coding::Solid, first.to_vec())
        } else {
            (
                Coding::Zstd,
                self.zstd.compress(&self.raw).map_err(EncodeError::Zstd)?,
            )
        };
        Ok(ScreenPart {
            sequence: self.sequence,
            last: false,
            screen_width: frame.width() as u16,
            screen_height: frame.height() as u16,
            x: rect.x as u16,
            y: rect.y as u16,
            width: rect.width as u16,
            height: rect.height as u16,
            coding,
            data,
        })
    }

    /// The boxes inside `damage` whose pixels differ from the mirror; they do not overlap.
    fn changed_boxes(&self, frame: &Frame, damage: &Region) -> Vec<Rect> {
        let columns = frame.width().div_ceil(TILE_WIDTH);
        let rows = frame.height().div_ceil(TILE_HEIGHT);
        let mut changed = vec![false; (columns * rows) as usize];
        for rect in damage.rects() {
            let rect = rect.intersection(frame.bounds());
            if rect.is_empty() {
                continue;
            }
            for row in rect.y / TILE_HEIGHT..=(rect.bottom() - 1) / TILE_HEIGHT {
                for column in rect.x / TILE_WIDTH..=(rect.right() - 1) / TILE_WIDTH {
                    let mark = &mut changed[(row * columns + column) as usize];
                    *mark = *mark || self.differs(frame, tile(column, row, frame));
                }
            }
        }
        join(&changed, columns)
            .into_iter()
            .map(|tiles| self.shrink(frame, tiles_to_pixels(tiles, frame)))
            .collect()
    }

    fn differs(&self, frame: &Frame, rect: Rect) -> bool {
        (rect.y..rect.bottom()).any(|y| frame.row(rect, y) != self.mirror.row(rect, y))
    }

    /// The smallest rectangle in `rect` around the pixels that differ; at least one does.
    fn shrink(&self, frame: &Frame, rect: Rect) -> Rect {
        let mut tight = Rect::default();
        for y in rect.y..rect.bottom() {
            let new = frame.row(rect, y).chunks_exact(4);
            let old = self.mirror.row(rect, y).chunks_exact(4);
            let differs = |(new, old): (&[u8], &[u8])| new != old;
            let Some(left) = new.clone().zip(old.clone()).position(differs) else {
                continue;
            };
            let right = new.zip(old).rposition(differs).unwrap_or(left);
            let span = Rect::new(rect.x + left as u32, y, (right - left + 1) as u32, 1);
            tight = tight.union(span);
        }
        tight
    }
}

fn tile(column: u32, row: u32, frame: &Frame) -> Rect {
    tiles_to_pixels(Rect::new(column, row, 1, 1), frame)
}

fn tiles_to_pixels(tiles: Rect, frame: &Frame) -> Rect {
    Rect::new(
        tiles.x * TILE_WIDTH,
        tiles.y * TILE_HEIGHT,
        tiles.width * TILE_WIDTH,
        tiles.height * TILE_HEIGHT,
    )
    .intersection(frame.bounds())
}

/// Joins marked tiles to runs, and runs of the same columns to boxes, in tile units.
fn join(changed: &[bool], columns: u32) -> Vec<Rect> {
    let mut done: Vec<Rect> = Vec::new();
    let mut open: Vec<Rect> = Vec::new();
    for (row, marks) in (0_u32..).zip(changed.chunks_exact(columns as usize)) {
        let mut grown: Vec<Rect> = Vec::new();
        let mut column = 0;
        while column < columns {
            if !marks[column as usize] {
                column += 1;
                continue;
            }
            let start = column;
            while column < columns && marks[column as usize] {
                column += 1;
            }
            let width = column - start;
            let above = open
                .iter()
                .position(|run| (run.x, run.width) == (start, width));
            grown.push(match above {
                Some(index) => {
                    let run = open.swap_remove(index);
                    Rect {
                        height: run.height + 1,
                        ..run
                    }
                }
                None => Rect::new(start, row, width, 1),
            });
        }
        done.append(&mut open);
        open = grown;
    }
    done.append(&mut open);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Decoder;

    /// A small xorshift, so that a failure can be repeated.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> u32 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 32) as u32
        }
    }

    fn paint(frame: &mut Frame, rect: Rect, noise: &mut Noise) {
        for y in rect.y..rect.bottom() {
            for pixel in frame.row_mut(rect, y).chunks_exact_mut(4) {
                let [blue, green, red, _] = noise.next().to_le_bytes();
                pixel.copy_from_slice(&[blue, green, red, 255]);
            }
        }
    }

    fn whole(frame: &Frame) -> Region {
        let mut region = Region::new();
        region.add(frame.bounds());
        region
    }

    #[test]
    fn whatever_changes_the_viewer_shows_it_exactly() {
        let mut noise = Noise(0x5eed);
        let mut frame = Frame::new(301, 203).unwrap();
        let mut encoder = Encoder::new().unwrap();
        let mut decoder = Decoder::new();
        for round in 0..200 {
            let mut damage = Region::new();
            for _ in 0..round % 4 {
                let (x, y) = (noise.next() % 301, noise.next() % 203);
                let (width, height) = (noise.next() % 120, noise.next() % 90);
                let rect = Rect::new(x, y, width, height).intersection(frame.bounds());
                paint(&mut frame, rect, &mut noise);
                damage.add(rect);
            }
            let parts = encoder.encode(&frame, &damage).unwrap();
            for (index, part) in parts.iter().enumerate() {
                assert_eq!(part.last, index + 1 == parts.len());
                decoder.decode(part).unwrap();
            }
            assert_eq!(decoder.frame().data(), frame.data(), "round {round}");
        }
    }

    #[test]
    fn damage_without_a_change_sends_nothing() {
        let frame = Frame::new(100, 100).unwrap();
        let mut encoder = Encoder::new().unwrap();
        assert!(!encoder.encode(&frame, &whole(&frame)).unwrap().is_empty());
        assert!(encoder.encode(&frame, &whole(&frame)).unwrap().is_empty());
    }

    #[test]
    fn one_changed_pixel_is_one_small_part() {
        let mut frame = Frame::new(1920, 1080).unwrap();
        let mut encoder = Encoder::new().unwrap();
        encoder.encode(&frame, &whole(&frame)).unwrap();
        let dot = Rect::new(777, 555, 1, 1);
        frame.row_mut(dot, 555).copy_from_slice(&[1, 2, 3, 255]);
        let parts = encoder.encode(&frame, &whole(&frame)).unwrap();
        assert_eq!(parts.len(), 1);
        let part = &parts[0];
        assert_eq!((part.x, part.y, part.width, part.height), (777, 555, 1, 1));
        assert_eq!(
            (part.coding, part.data.as_slice()),
            (Coding::Solid, &[1, 2, 3][..])
        );
    }

    #[test]
    fn a_large_noisy_picture_travels_in_parts_within_their_bound() {
        let mut noise = Noise(1);
        let mut frame = Frame::new(1920, 1080).unwrap();
        let bounds = frame.bounds();
        paint(&mut frame, bounds, &mut noise);
        let parts = Encoder::new()
            .unwrap()
            .encode(&frame, &whole(&frame))
            .unwrap();
        assert!(parts.len() > 1);
        let mut decoder = Decoder::new();
        for part in &parts {
            assert!(aldis_wire::encode(part).is_ok());
            decoder.decode(part).unwrap();
        }
        assert_eq!(decoder.frame().data(), frame.data());
    }
}
