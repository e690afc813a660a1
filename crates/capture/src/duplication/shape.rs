//! The pointer's looks, in the three kinds that desktop duplication tells.

use crate::{MAX_POINTER_SIDE, PointerShape};

/// The kinds' numbers in Windows.
const MONOCHROME: u32 = 1;
const COLOUR: u32 = 2;
const MASKED_COLOUR: u32 = 4;

/// What a pixel shows where the pointer inverts what is under it, as text pointers do: black, as if it lay on white.
const INVERTING: [u8; 4] = [0, 0, 0, 255];

/// A pointer's looks as Windows gives them.
#[derive(Clone, Debug, Default)]
pub(super) struct RawShape {
    pub(super) kind: u32,
    pub(super) width: u32,
    /// Rows in memory: a monochrome one has two pictures above each other.
    pub(super) height: u32,
    /// Bytes of a row in memory.
    pub(super) pitch: u32,
    /// The column and the row that point.
    pub(super) hot: (i32, i32),
    pub(super) bytes: Vec<u8>,
}

impl RawShape {
    /// The pointer, cut to [`MAX_POINTER_SIDE`]; `None` if the bytes make none.
    pub(super) fn shape(&self) -> Option<PointerShape> {
        let rows = match self.kind {
            MONOCHROME => self.height / 2,
            COLOUR | MASKED_COLOUR => self.height,
            _ => return None,
        };
        let cut = |size: u32| {
            u16::try_from(size)
                .unwrap_or(u16::MAX)
                .min(MAX_POINTER_SIDE)
        };
        let (width, height) = (cut(self.width), cut(rows));
        let mut rgba = Vec::with_capacity(usize::from(width) * usize::from(height) * 4);
        for y in 0..u32::from(height) {
            for x in 0..u32::from(width) {
                let pixel = match self.kind {
                    MONOCHROME => monochrome((self.bit(x, y)?, self.bit(x, y + rows)?)),
                    COLOUR => premultiplied(self.bgra(x, y)?),
                    _ => masked(self.bgra(x, y)?),
                };
                rgba.extend(pixel);
            }
        }
        let hot = |at: i32, size: u16| {
            let last = size.saturating_sub(1);
            u16::try_from(at.max(0)).unwrap_or(last).min(last)
        };
        Some(PointerShape {
            width,
            height,
            hot_x: hot(self.hot.0, width),
            hot_y: hot(self.hot.1, height),
            rgba,
        })
    }

    fn bit(&self, x: u32, y: u32) -> Option<bool> {
        let byte = self.bytes.get(self.start(y)? + x as usize / 8)?;
        Some(byte >> (7 - x % 8) & 1 == 1)
    }

    fn bgra(&self, x: u32, y: u32) -> Option<[u8; 4]> {
        let start = self.start(y)? + x as usize * 4;
        let pixel = self.bytes.get(start..)?.first_chunk()?;
        Some(*pixel)
    }

    fn start(&self, row: u32) -> Option<usize> {
        (row as usize).checked_mul(self.pitch as usize)
    }
}

/// The first mask keeps what is under the pointer, the second one inverts it or makes it white.
fn monochrome(masks: (bool, bool)) -> [u8; 4] {
    match masks {
        (true, false) => [0; 4],
        (false, true) => [255; 4],
        (false, false) => [0, 0, 0, 255],
        (true, true) => INVERTING,
    }
}

fn premultiplied([blue, green, red, alpha]: [u8; 4]) -> [u8; 4] {
    let part = |part: u8| (u16::from(part) * u16::from(alpha) / 255) as u8;
    [part(red), part(green), part(blue), alpha]
}

/// The fourth byte says whether the colour replaces what is under the pointer, or is combined with it.
fn masked([blue, green, red, mask]: [u8; 4]) -> [u8; 4] {
    match (mask, [blue, green, red]) {
        (0, _) => [red, green, blue, 255],
        (_, [0, 0, 0]) => [0; 4],
        _ => INVERTING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: [u8; 4] = [0, 0, 0, 255];
    const CLEAR: [u8; 4] = [0; 4];

    fn pixels(raw: &RawShape) -> Vec<[u8; 4]> {
        raw.shape().unwrap().rgba.as_chunks().0.to_vec()
    }

    #[test]
    fn two_masks_make_a_pointer_of_half_their_height() {
        let raw = RawShape {
            kind: MONOCHROME,
            width: 10,
            height: 2,
            pitch: 2,
            hot: (3, 9),
            // Keep 1100…, invert 1010….
            bytes: vec![0b1100_0000, 0, 0b1010_0000, 0b0100_0000],
        };
        let shape = raw.shape().unwrap();
        assert_eq!((shape.width, shape.height), (10, 1));
        assert_eq!((shape.hot_x, shape.hot_y), (3, 0), "within the pointer");
        let shown = pixels(&raw);
        assert_eq!(shown[..4], [INVERTING, CLEAR, [255; 4], BLACK]);
        assert_eq!(shown[8..], [BLACK, [255; 4]], "the second byte of a row");
    }

    #[test]
    fn colours_are_premultiplied_and_rows_may_have_a_gap() {
        let raw = RawShape {
            kind: COLOUR,
            width: 1,
            height: 2,
            pitch: 8,
            bytes: vec![10, 20, 200, 128, 9, 9, 9, 9, 1, 2, 3, 255],
            ..RawShape::default()
        };
        assert_eq!(pixels(&raw), [[100, 10, 5, 128], [3, 2, 1, 255]]);
    }

    #[test]
    fn a_masked_colour_replaces_keeps_or_inverts() {
        let raw = RawShape {
            kind: MASKED_COLOUR,
            width: 3,
            height: 1,
            pitch: 12,
            bytes: vec![1, 2, 3, 0, 0, 0, 0, 255, 255, 255, 255, 255],
            ..RawShape::default()
        };
        assert_eq!(pixels(&raw), [[3, 2, 1, 255], CLEAR, INVERTING]);
    }

    #[test]
    fn a_shape_without_all_its_bytes_or_of_another_kind_is_none() {
        let whole = RawShape {
            kind: COLOUR,
            width: 4,
            height: 4,
            pitch: 16,
            hot: (-1, 0),
            bytes: vec![255; 64],
        };
        assert_eq!(whole.shape().unwrap().hot_x, 0);
        let torn = |change: fn(&mut RawShape)| {
            let mut raw = whole.clone();
            change(&mut raw);
            raw.shape()
        };
        assert_eq!(torn(|raw| raw.bytes.truncate(63)), None);
        assert_eq!(torn(|raw| raw.kind = 3), None);
        assert_eq!(torn(|raw| raw.pitch = u32::MAX), None);
        assert_eq!(
            torn(|raw| (raw.width, raw.height) = (u32::MAX, u32::MAX)),
            None
        );
    }
}
