//! The pictures that egui paints with: letters, avatars, icons.

use std::collections::HashMap;

use egui::epaint::ImageDelta;
use egui::{ImageData, TextureFilter, TextureId, TexturesDelta};

use crate::pixels::{between, pixel};

/// One picture.
#[derive(Debug, Default)]
pub(crate) struct Texture {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
    smooth: bool,
    /// Changes when pixels do that were painted already.
    pub(crate) version: u64,
}

/// All pictures that are in use.
#[derive(Debug, Default)]
pub(crate) struct Textures {
    known: HashMap<TextureId, Texture>,
    versions: u64,
}

impl Textures {
    pub(crate) fn get(&self, id: TextureId) -> Option<&Texture> {
        self.known.get(&id)
    }

    /// Brings the pictures up to date; to be called before a frame that uses them is painted.
    #[expect(clippy::iter_over_hash_type, reason = "no picture depends on another")]
    pub(crate) fn set(&mut self, delta: &mut TexturesDelta) {
        for (id, deltas) in delta.set.drain() {
            for delta in deltas {
                self.versions += 1;
                let texture = self.known.entry(id).or_default();
                // Letters are only ever added to the default picture, unless it is made anew.
                if delta.pos.is_none() || id != TextureId::default() {
                    texture.version = self.versions;
                }
                texture.set(&delta);
            }
        }
    }

    /// Forgets pictures; to be called after the frame that used them last.
    #[expect(clippy::iter_over_hash_type, reason = "no picture depends on another")]
    pub(crate) fn free(&mut self, delta: &mut TexturesDelta) {
        for id in delta.free.drain() {
            self.known.remove(&id);
        }
    }
}

impl Texture {
    fn set(&mut self, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let [width, height] = image.size;
        self.smooth = delta.options.magnification == TextureFilter::Linear;
        let Some([left, top]) = delta.pos else {
            self.width = width;
            self.height = height;
            self.pixels.clear();
            self.pixels.extend(image.pixels.iter().map(|it| pixel(*it)));
            return;
        };
        if left + width > self.width || top + height > self.height || width == 0 {
            tracing::warn!("a picture was to be changed outside of itself");
            return;
        }
        for (row, source) in image.pixels.chunks_exact(width).enumerate() {
            let start = (top + row) * self.width + left;
            let target = &mut self.pixels[start..start + width];
            for (target, source) in target.iter_mut().zip(source) {
                *target = pixel(*source);
            }
        }
    }

    /// Width and height in texels, as vectors are reckoned.
    pub(crate) fn size(&self) -> egui::Vec2 {
        egui::vec2(self.width as f32, self.height as f32)
    }

    /// A run of texels of a row, if all of it is in the picture.
    pub(crate) fn run(&self, x: i32, y: i32, length: usize) -> Option<&[u32]> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        let fits = x + length <= self.width && y < self.height;
        fits.then(|| &self.pixels[y * self.width + x..][..length])
    }

    /// The colour at a place counted in texels; the picture's edge goes on for ever.
    pub(crate) fn sample(&self, u: f32, v: f32) -> u32 {
        if self.pixels.is_empty() {
            return 0;
        }
        if !self.smooth {
            return self.texel(u.floor() as i32, v.floor() as i32);
        }
        let (u, v) = (u - 0.5, v - 0.5);
        let (left, top) = (u.floor(), v.floor());
        let share = |it: f32, whole: f32| ((it - whole) * 256.0) as u32;
        let (across, down) = (share(u, left), share(v, top));
        let (left, top) = (left as i32, top as i32);
        let row = |y| between(self.texel(left, y), self.texel(left + 1, y), across);
        between(row(top), row(top + 1), down)
    }

    fn texel(&self, x: i32, y: i32) -> u32 {
        let inside = |it: i32, count: usize| (it.max(0) as usize).min(count - 1);
        let (x, y) = (inside(x, self.width), inside(y, self.height));
        self.pixels[y * self.width + x]
    }
}
