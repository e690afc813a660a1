//! Words as a window draws them: smooth letters of the typeface that the apps use.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider as _};
use vello_cpu::color::AlphaColor;
use vello_cpu::kurbo::BezPath;
use vello_cpu::{Pixmap, RenderContext, Resources};

use crate::canvas::{Canvas, mix};

const TYPEFACE: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");

/// One letter: how much of each pixel it covers.
#[derive(Debug)]
struct Letter {
    cover: Vec<u8>,
    advance: usize,
}

/// The letters of one size.
#[derive(Debug)]
pub(crate) struct Letters {
    letters: BTreeMap<char, Letter>,
    /// Width and height of a letter's cell, the base line at three quarters.
    side: usize,
}

impl Letters {
    /// Draws every printable letter of ASCII once.
    pub(crate) fn new(size: u16) -> Result<Self> {
        let side = size * 2;
        let font = FontRef::new(TYPEFACE).context("the typeface")?;
        let (points, place) = (Size::new(f32::from(size)), LocationRef::default());
        let (names, outlines) = (font.charmap(), font.outline_glyphs());
        let metrics = font.glyph_metrics(points, place);
        let mut letters = BTreeMap::new();
        for letter in ' '..='~' {
            let Some(glyph) = names.map(letter) else {
                continue;
            };
            let mut pen = Pen {
                path: BezPath::new(),
                base: f64::from(side) * 0.75,
            };
            if let Some(outline) = outlines.get(glyph) {
                outline
                    .draw(DrawSettings::unhinted(points, place), &mut pen)
                    .with_context(|| format!("drawing {letter:?}"))?;
            }
            let mut context = RenderContext::new(side, side);
            context.set_paint(AlphaColor::from_rgba8(0, 0, 0, 255));
            context.fill_path(&pen.path);
            context.flush();
            let mut pixels = Pixmap::new(side, side);
            context.render(&mut pixels, &mut Resources::new());
            letters.insert(
                letter,
                Letter {
                    cover: pixels
                        .take_unpremultiplied()
                        .iter()
                        .map(|it| it.a)
                        .collect(),
                    advance: metrics.advance_width(glyph).unwrap_or_default().round() as usize,
                },
            );
        }
        Ok(Self {
            letters,
            side: usize::from(side),
        })
    }

    /// How far the pen moves for a letter.
    pub(crate) fn advance(&self, letter: char) -> usize {
        self.letters.get(&letter).map_or(0, |it| it.advance)
    }

    /// Draws a line of words with its base line at `base`; gives where the pen ends.
    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas,
        words: &str,
        (mut x, base): (usize, usize),
        colour: u32,
    ) -> usize {
        let top = base.saturating_sub(self.side * 3 / 4);
        for letter in words.chars().filter_map(|it| self.letters.get(&it)) {
            for (at, cover) in letter.cover.iter().enumerate().filter(|it| *it.1 > 0) {
                let place = (x + at % self.side, top + at / self.side);
                canvas.set(place.0, place.1, |below| mix(below, colour, *cover));
            }
            x += letter.advance;
        }
        x
    }
}

/// Takes a letter's outline, the right way up for pixels.
struct Pen {
    path: BezPath,
    base: f64,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f64, f64) {
        (f64::from(x), self.base - f64::from(y))
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.at(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.at(x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.path.quad_to(self.at(cx, cy), self.at(x, y));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        let (a, b, end) = (self.at(ax, ay), self.at(bx, by), self.at(x, y));
        self.path.curve_to(a, b, end);
    }

    fn close(&mut self) {
        self.path.close_path();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_leave_ink_and_a_space_only_moves_on() {
        let letters = Letters::new(16).expect("letters");
        let mut canvas = Canvas::new(60, 40, 0x00ff_ffff);
        let end = letters.draw(&mut canvas, " ", (4, 30), 0);
        assert!(end > 4 && canvas == Canvas::new(60, 40, 0x00ff_ffff));
        letters.draw(&mut canvas, "M", (4, 30), 0);
        assert!((0..40).any(|y| canvas.row(y).contains(&0)), "ink");
    }
}
