//! Letters as small grey pictures, drawn from the font that the apps bring along.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider as _};

static INTER: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");

/// Samples on each axis of a pixel.
const FINE: usize = 4;

/// A letter's picture: how much ink each pixel has, 0 to 255.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) ink: Vec<u8>,
    /// How far the next letter is away.
    pub(crate) advance: u32,
}

/// The letters of one size.
#[derive(Debug)]
pub(crate) struct Glyphs {
    glyphs: BTreeMap<char, Glyph>,
    /// From one line to the next.
    pub(crate) line: u32,
}

impl Glyphs {
    /// Draws the printable ASCII letters at so many pixels an em.
    pub(crate) fn new(size: u32) -> Result<Self> {
        let font = FontRef::new(INTER).context("the font")?;
        let outlines = font.outline_glyphs();
        let map = font.charmap();
        let metrics = font.glyph_metrics(Size::new(size as f32), LocationRef::default());
        let mut glyphs = BTreeMap::new();
        for letter in ' '..='~' {
            let id = map.map(letter).context("a letter of the font")?;
            let advance = metrics.advance_width(id).unwrap_or(0.0).round() as u32;
            let mut pen = Pen::default();
            if let Some(outline) = outlines.get(id) {
                let settings =
                    DrawSettings::unhinted(Size::new(size as f32), LocationRef::default());
                outline
                    .draw(settings, &mut pen)
                    .context("a letter's shape")?;
            }
            let (width, height) = (advance + 2, size * 5 / 4);
            let ink = pen.ink(width, height, size as f32);
            glyphs.insert(
                letter,
                Glyph {
                    width,
                    height,
                    ink,
                    advance,
                },
            );
        }
        Ok(Self {
            glyphs,
            line: size * 3 / 2,
        })
    }

    /// The picture of a letter; of a question mark for what there is none of.
    pub(crate) fn get(&self, letter: char) -> &Glyph {
        &self.glyphs[if self.glyphs.contains_key(&letter) {
            &letter
        } else {
            &'?'
        }]
    }
}

/// Takes a shape as straight lines.
#[derive(Debug, Default)]
struct Pen {
    lines: Vec<[f32; 4]>,
    start: (f32, f32),
    last: (f32, f32),
}

impl Pen {
    fn line(&mut self, x: f32, y: f32) {
        self.lines.push([self.last.0, self.last.1, x, y]);
        self.last = (x, y);
    }

    /// Counts the samples inside the shape, whose baseline is at `base`.
    fn ink(&self, width: u32, height: u32, base: f32) -> Vec<u8> {
        let (columns, rows) = (width as usize * FINE, height as usize * FINE);
        let mut counts = vec![0_u16; (width * height) as usize];
        for row in 0..rows {
            let y = base - (row as f32 + 0.5) / FINE as f32;
            let mut crossings: Vec<(f32, i32)> = self
                .lines
                .iter()
                .filter(|[_, from, _, to]| (*from <= y) != (*to <= y))
                .map(|[x0, y0, x1, y1]| {
                    let x = x0 + (y - y0) / (y1 - y0) * (x1 - x0);
                    (x, if y1 > y0 { 1 } else { -1 })
                })
                .collect();
            crossings.sort_by(|one, other| one.0.total_cmp(&other.0));
            for column in 0..columns {
                let x = (column as f32 + 0.5) / FINE as f32 - 1.0;
                let before = crossings.iter().take_while(|(at, _)| *at < x);
                let winding: i32 = before.map(|(_, way)| way).sum();
                let pixel = row / FINE * width as usize + column / FINE;
                counts[pixel] += u16::from(winding != 0);
            }
        }
        let full = (FINE * FINE) as u16;
        counts
            .into_iter()
            .map(|count| (count * 255 / full) as u8)
            .collect()
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = (x, y);
        self.last = (x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.line(x, y);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (x0, y0) = self.last;
        for step in 1..=8_u8 {
            let t = f32::from(step) / 8.0;
            let u = 1.0 - t;
            self.line(
                u * u * x0 + 2.0 * u * t * cx + t * t * x,
                u * u * y0 + 2.0 * u * t * cy + t * t * y,
            );
        }
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        let (x0, y0) = self.last;
        for step in 1..=8_u8 {
            let t = f32::from(step) / 8.0;
            let u = 1.0 - t;
            let mixed = |start: f32, first: f32, second: f32, end: f32| {
                u * u * u * start
                    + 3.0 * u * u * t * first
                    + 3.0 * u * t * t * second
                    + t * t * t * end
            };
            self.line(mixed(x0, ax, bx, x), mixed(y0, ay, by, y));
        }
    }

    fn close(&mut self) {
        let (x, y) = self.start;
        self.line(x, y);
    }
}
