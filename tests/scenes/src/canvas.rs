//! Drawing on a frame: rectangles, text, and what a camera sees.

use aldis_screen::{Frame, Rect};

use crate::glyphs::Glyphs;

/// Blue, green, red.
pub(crate) type Colour = [u8; 3];

/// A small generator, so that every run draws the same.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % below
    }

    /// A word that nobody ever said.
    pub(crate) fn word(&mut self) -> String {
        let length = 2 + self.roll(4) + self.roll(5);
        let letters = b"etaoinshrdlucmfwypvbgk";
        (0..length)
            .map(|_| {
                let most = letters.len() as u32;
                let index = self.roll(most).min(self.roll(most));
                char::from(letters[index as usize])
            })
            .collect()
    }
}

pub(crate) fn fill(frame: &mut Frame, rect: Rect, [blue, green, red]: Colour) {
    let rect = rect.intersection(frame.bounds());
    for y in rect.y..rect.bottom() {
        for pixel in frame.row_mut(rect, y).chunks_exact_mut(4) {
            pixel.copy_from_slice(&[blue, green, red, 255]);
        }
    }
}

/// Copies a picture to a place; what lies outside is cut off.
pub(crate) fn put(frame: &mut Frame, x: u32, y: u32, picture: &Frame) {
    let to = Rect::new(x, y, picture.width(), picture.height()).intersection(frame.bounds());
    let from = Rect::new(0, 0, to.width, to.height);
    for row in 0..to.height {
        let source = picture.row(from, row);
        frame.row_mut(to, y + row).copy_from_slice(source);
    }
}

/// Copies a part of a picture to a place.
pub(crate) fn cut(frame: &mut Frame, x: u32, y: u32, picture: &Frame, part: Rect) {
    let to = Rect::new(x, y, part.width, part.height);
    for row in 0..part.height {
        let source = picture.row(part, part.y + row);
        frame.row_mut(to, y + row).copy_from_slice(source);
    }
}

/// Writes a line; returns the rectangle that it took.
pub(crate) fn write(
    frame: &mut Frame,
    glyphs: &Glyphs,
    (x, y): (u32, u32),
    text: &str,
    ink: Colour,
) -> Rect {
    let mut column = x;
    for letter in text.chars() {
        let glyph = glyphs.get(letter);
        for row in 0..glyph.height {
            for step in 0..glyph.width {
                let place = Rect::new(column + step, y + row, 1, 1);
                let amount = u32::from(glyph.ink[(row * glyph.width + step) as usize]);
                if amount == 0 || !frame.bounds().contains(place) {
                    continue;
                }
                let pixel = frame.row_mut(place, place.y);
                for (level, ink) in pixel.iter_mut().zip(ink) {
                    let mixed = u32::from(*level) * (255 - amount) + u32::from(ink) * amount;
                    *level = (mixed / 255) as u8;
                }
            }
        }
        column += glyph.advance;
    }
    let height = glyphs.get('?').height;
    Rect::new(x, y, column - x + 2, height).intersection(frame.bounds())
}

/// Smooth noise of several sizes: a landscape out of focus, at a place and time.
#[derive(Debug)]
pub(crate) struct Clouds {
    levels: Vec<f32>,
}

/// The side of the table of levels.
const TABLE: usize = 256;

impl Clouds {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        Self {
            levels: (0..TABLE * TABLE).map(|_| dice.roll(256) as f32).collect(),
        }
    }

    /// The level at a place, between 0 and 255; `octaves` of detail, the coarsest `size` wide.
    pub(crate) fn at(&self, x: f32, y: f32, size: f32, octaves: u32) -> f32 {
        let (mut sum, mut weight, mut total, mut scale) = (0.0, 1.0, 0.0, 1.0 / size);
        for octave in 0..octaves {
            let shift = (octave * 37) as f32;
            sum += weight * self.smooth(x * scale + shift, y * scale + shift);
            total += weight;
            weight *= 0.5;
            scale *= 2.0;
        }
        sum / total
    }

    fn smooth(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let ease = |part: f32| part * part * (3.0 - 2.0 * part);
        let (across, down) = (ease(x - left), ease(y - top));
        let level = |column: f32, row: f32| {
            let column = column.rem_euclid(TABLE as f32) as usize;
            let row = row.rem_euclid(TABLE as f32) as usize;
            self.levels[row * TABLE + column]
        };
        let upper = level(left, top) * (1.0 - across) + level(left + 1.0, top) * across;
        let lower = level(left, top + 1.0) * (1.0 - across) + level(left + 1.0, top + 1.0) * across;
        upper * (1.0 - down) + lower * down
    }
}

/// A photograph: three clouds mixed, sharp edges, and the grain of a sensor.
pub(crate) fn photograph(
    frame: &mut Frame,
    rect: Rect,
    seed: u64,
    (x0, y0): (f32, f32),
    grain: u32,
) {
    let (shape, light) = (Clouds::new(seed), Clouds::new(seed + 1000));
    let mut dice = Dice(seed * 77 + u64::from(x0.to_bits()) + 5);
    for y in rect.y..rect.bottom() {
        let row = frame.row_mut(rect, y).chunks_exact_mut(4);
        for (x, pixel) in (rect.x..).zip(row) {
            let (u, v) = ((x - rect.x) as f32 + x0, (y - rect.y) as f32 + y0);
            let hill = shape.at(u, v, 160.0, 6);
            let glow = light.at(u, v, 300.0, 4);
            // A ridge, as an outline against the sky.
            let edge = if hill > 135.0 { 0.55 } else { 1.0 };
            // The sum of three dice is near enough to the bell curve of a sensor.
            let noise = (dice.roll(grain + 1) + dice.roll(grain + 1) + dice.roll(grain + 1)) as f32
                - 1.5 * grain as f32;
            let level = |tint: f32, mix: f32| {
                ((hill * mix + glow * (1.0 - mix)) * tint * edge + noise).clamp(0.0, 255.0) as u8
            };
            pixel.copy_from_slice(&[level(1.1, 0.3), level(0.95, 0.6), level(1.0, 0.8), 255]);
        }
    }
}
