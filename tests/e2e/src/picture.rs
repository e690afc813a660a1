//! What a screen shows, pixel by pixel.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use image::RgbImage;

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl Rect {
    /// The square reaching `reach` pixels from a point to each side.
    pub fn around(x: i32, y: i32, reach: i32) -> Self {
        Self {
            x: x - reach,
            y: y - reach,
            width: 2 * reach,
            height: 2 * reach,
        }
    }

    /// Its middle.
    pub fn middle(self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }

    fn contains(self, x: usize, y: usize) -> bool {
        let inside = |from: i32, length: i32, at: usize| {
            i64::try_from(at).is_ok_and(|at| {
                (i64::from(from)..i64::from(from) + i64::from(length)).contains(&at)
            })
        };
        inside(self.x, self.width, x) && inside(self.y, self.height, y)
    }
}

/// A picture in memory, `0x00RRGGBB` per pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}×{})", self.width, self.height)
    }
}

impl Picture {
    /// A picture from its pixels, row by row.
    pub fn new(width: usize, height: usize, pixels: Vec<u32>) -> Result<Self> {
        ensure!(
            pixels.len() == width * height,
            "{} pixels are no {width}×{height} picture",
            pixels.len()
        );
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// A picture of `kind` made from `seed`: flat rectangles, fine noise and a gradient, as real screens mix them.
    pub fn random(width: usize, height: usize, seed: u64) -> Self {
        let mut random = SplitMix(seed);
        let mut pixels = vec![random.colour(); width * height];
        for y in 0..height {
            for x in 0..width {
                let gradient =
                    ((x * 255 / width.max(1)) as u32) << 8 | (y * 255 / height.max(1)) as u32;
                if let (Some(pixel), true) = (pixels.get_mut(y * width + x), x > width / 2) {
                    *pixel = gradient;
                }
            }
        }
        for shape in 0..24 {
            let (left, top) = (random.below(width), random.below(height));
            let (right, bottom) = (
                (left + 8 + random.below(120)).min(width),
                (top + 8 + random.below(90)).min(height),
            );
            let flat = random.colour();
            for y in top..bottom {
                for x in left..right {
                    let colour = if shape % 3 == 0 {
                        random.colour()
                    } else {
                        flat
                    };
                    if let Some(pixel) = pixels.get_mut(y * width + x) {
                        *pixel = colour;
                    }
                }
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The same, some rows further up; what comes from below is what left above.
    pub fn scrolled(&self, rows: usize) -> Self {
        let mut pixels = self.pixels.clone();
        pixels.rotate_left(rows.min(self.height) * self.width);
        Self { pixels, ..*self }
    }

    /// How many pixels of `other` this part of it does not show.
    pub fn hidden(&self, other: &Self, part: Rect) -> usize {
        let (Ok(left), Ok(top)) = (usize::try_from(part.x), usize::try_from(part.y)) else {
            return usize::MAX;
        };
        let places = (0..other.height).flat_map(|y| (0..other.width).map(move |x| (x, y)));
        let others = places.filter(|(x, y)| other.pixel(*x, *y) != self.pixel(left + x, top + y));
        others.count()
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// One pixel, or black outside.
    pub fn pixel(&self, x: usize, y: usize) -> u32 {
        if x < self.width {
            self.pixels
                .get(y * self.width + x)
                .copied()
                .unwrap_or_default()
        } else {
            0
        }
    }

    /// How many different colours there are: one for a window that drew nothing.
    pub fn colours(&self) -> usize {
        let mut all = self.pixels.clone();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// The pixels of this picture that `other` shows differently at the same place, except inside `masks`.
    pub fn differences(&self, other: &Self, masks: &[Rect]) -> Vec<(usize, usize)> {
        let mut different = Vec::new();
        for y in 0..self.height {
            for x in 0..self.width {
                let same =
                    y < other.height && x < other.width && self.pixel(x, y) == other.pixel(x, y);
                if !same && !masks.iter().any(|mask| mask.contains(x, y)) {
                    different.push((x, y));
                }
            }
        }
        different
    }

    /// Saves it as a PNG file.
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        self.to_image()
            .save(path)
            .with_context(|| format!("saving {}", path.display()))
    }

    /// The picture as the `image` crate has it.
    pub fn to_image(&self) -> RgbImage {
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let [_, red, green, blue] = self.pixel(x as usize, y as usize).to_be_bytes();
            image::Rgb([red, green, blue])
        })
    }
}

/// Steele and others' generator: seeded, so that a failing picture can be drawn again.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn colour(&mut self) -> u32 {
        (self.next() & 0x00FF_FFFF) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_changed_pixel_is_found_and_a_mask_hides_it() {
        let a = Picture::random(40, 30, 7);
        let mut b = a.clone();
        b.pixels[5 * 40 + 9] ^= 1;
        assert_eq!(a.differences(&b, &[]), [(9, 5)]);
        assert!(a.differences(&b, &[Rect::around(9, 5, 1)]).is_empty());
        assert!(a.differences(&a, &[]).is_empty());
    }

    #[test]
    fn a_smaller_picture_differs() {
        let a = Picture::random(10, 10, 1);
        let b = Picture::random(10, 9, 1);
        assert!(a.differences(&b, &[]).len() >= 10);
    }

    #[test]
    fn seeds_make_different_pictures() {
        assert_ne!(Picture::random(64, 64, 1), Picture::random(64, 64, 2));
        assert!(Picture::random(64, 64, 1).colours() > 50);
    }
}
