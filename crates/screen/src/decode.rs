//! From coded parts back to pixels, on the supporter's machine.
//!
//! The customer's machine may be hostile, so every size is checked per axis before memory is
//! taken, and the decompressor is written in safe Rust.

use aldis_wire::peer::{Coding, MAX_PART_RAW, ScreenPart};
use ruzstd::decoding::FrameDecoder;
use thiserror::Error;

use crate::frame::{Frame, FrameError};
use crate::region::Rect;

/// Turns coded parts into a picture.
pub struct Decoder {
    frame: Frame,
    zstd: FrameDecoder,
    raw: Vec<u8>,
}

/// A part that no honest encoder makes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The picture's size is not supported.
    #[error(transparent)]
    Size(#[from] FrameError),
    /// The rectangle is empty, too large or outside the picture.
    #[error("a part of the picture lies outside of it")]
    Outside,
    /// The pixels cannot be unpacked.
    #[error("a part of the picture is damaged")]
    Damaged,
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
            zstd: FrameDecoder::new(),
            raw: Vec::new(),
        }
    }

    /// The picture as it is now.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Puts a part into the picture; returns the rectangle that it changed.
    pub fn decode(&mut self, part: &ScreenPart) -> Result<Rect, DecodeError> {
        let [width, height] = [part.screen_width, part.screen_height].map(u32::from);
        if (self.frame.width(), self.frame.height()) != (width, height) {
            self.frame = Frame::new(width, height)?;
        }
        let [x, y, width, height] = [part.x, part.y, part.width, part.height].map(u32::from);
        let rect = Rect::new(x, y, width, height);
        let size = width as usize * height as usize * 4;
        let row = width as usize * 4;
        if rect.is_empty()
            || !self.frame.bounds().contains(rect)
            || size > MAX_PART_RAW && part.coding == Coding::Zstd && height > 1
        {
            return Err(DecodeError::Outside);
        }
        match part.coding {
            Coding::Solid => {
                let &[blue, green, red] = part.data.as_slice() else {
                    return Err(DecodeError::Damaged);
                };
                for y in rect.y..rect.bottom() {
                    for pixel in self.frame.row_mut(rect, y).chunks_exact_mut(4) {
                        pixel.copy_from_slice(&[blue, green, red, 255]);
                    }
                }
            }
            Coding::Zstd => {
                self.unpack(&part.data, size)?;
                for (y, source) in (rect.y..).zip(self.raw.chunks_exact(row)) {
                    self.frame.row_mut(rect, y).copy_from_slice(source);
                }
            }
        }
        Ok(rect)
    }

    fn unpack(&mut self, data: &[u8], size: usize) -> Result<(), DecodeError> {
        if single_segment_size(data) != Some(size as u64) {
            return Err(DecodeError::Damaged);
        }
        self.raw.resize(size, 0);
        match self.zstd.decode_all(data, &mut self.raw) {
            Ok(written) if written == size => Ok(()),
            Ok(_) | Err(_) => Err(DecodeError::Damaged),
        }
    }
}

/// The content size that a zstd frame announces, if its window is just that content.
///
/// The decompressor takes memory for the window before it reads a block, so a frame that could
/// ask for a larger one is not let in (RFC 8878, section 3.1.1.1).
fn single_segment_size(data: &[u8]) -> Option<u64> {
    let (magic, rest) = data.split_first_chunk::<4>()?;
    let (&descriptor, rest) = rest.split_first()?;
    let (single_segment, dictionary) = (descriptor & 0x20 != 0, descriptor & 0x03);
    if u32::from_le_bytes(*magic) != 0xFD2F_B528 || !single_segment || dictionary != 0 {
        return None;
    }
    match descriptor >> 6 {
        0 => rest.first().map(|size| u64::from(*size)),
        1 => rest
            .first_chunk()
            .map(|size| u64::from(u16::from_le_bytes(*size)) + 256),
        2 => rest
            .first_chunk()
            .map(|size| u64::from(u32::from_le_bytes(*size))),
        _ => rest.first_chunk().map(|size| u64::from_le_bytes(*size)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Encoder;
    use crate::region::Region;

    fn good() -> ScreenPart {
        let mut frame = Frame::new(64, 32).unwrap();
        for (index, byte) in frame.data_mut().iter_mut().enumerate() {
            *byte = if index % 4 == 3 {
                255
            } else {
                (index * 7 % 251) as u8
            };
        }
        let mut damage = Region::new();
        damage.add(frame.bounds());
        Encoder::new()
            .unwrap()
            .encode(&frame, &damage)
            .unwrap()
            .remove(0)
    }

    #[test]
    fn a_part_outside_the_picture_is_refused() {
        let mut part = good();
        assert!(Decoder::new().decode(&part).is_ok());
        part.x = 1;
        assert_eq!(Decoder::new().decode(&part), Err(DecodeError::Outside));
        part = good();
        part.width = 0;
        assert_eq!(Decoder::new().decode(&part), Err(DecodeError::Outside));
    }

    #[test]
    fn a_picture_too_large_for_memory_is_refused() {
        let mut part = good();
        part.screen_width = u16::MAX;
        part.screen_height = u16::MAX;
        assert!(matches!(
            Decoder::new().decode(&part),
            Err(DecodeError::Size(_))
        ));
    }

    #[test]
    fn damaged_pixels_are_refused_and_never_panic() {
        let seed = good();
        for position in 0..seed.data.len() {
            for flip in [1, 0x20, 0x80, 0xff] {
                let mut part = seed.clone();
                part.data[position] ^= flip;
                drop(Decoder::new().decode(&part));
            }
        }
        for end in 0..seed.data.len() {
            let mut part = seed.clone();
            part.data.truncate(end);
            assert_eq!(
                Decoder::new().decode(&part),
                Err(DecodeError::Damaged),
                "{end}"
            );
        }
    }

    #[test]
    fn a_window_larger_than_the_part_is_refused() {
        let mut part = good();
        // Clears the single-segment flag: the next byte now announces a window of the peer's choice.
        part.data[4] &= !0x20;
        part.data[5] = 0xff;
        assert_eq!(Decoder::new().decode(&part), Err(DecodeError::Damaged));
    }
}
