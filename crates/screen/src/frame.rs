//! A picture in memory.

use thiserror::Error;

use crate::region::Rect;

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
    /// A black picture of this size.
    pub fn new(width: u32, height: u32) -> Result<Self, FrameError> {
        let sides = 1..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) || width * height > MAX_PIXELS {
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

    fn span(&self, rect: Rect, y: u32) -> std::ops::Range<usize> {
        let start = (y as usize * self.width as usize + rect.x as usize) * 4;
        start..start + rect.width as usize * 4
    }
}
