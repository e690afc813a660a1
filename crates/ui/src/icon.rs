//! The program's icon, and how many wait written on it.
//!
//! Drawn as large as title bars and task bars want it at most; they make it smaller, so the number
//! fills as much of it as it can.

use egui::{Color32, IconData};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider as _};
use vello_cpu::color::AlphaColor;
use vello_cpu::kurbo::{Affine, BezPath, Circle, Point, RoundedRect, Shape as _};
use vello_cpu::{Pixmap, RenderContext, Resources};

use crate::{fonts, theme};

/// Width and height in pixels.
const SIDE: u16 = 128;

/// The disc that the number is on.
const DISC: Circle = Circle {
    center: Point { x: 77.0, y: 77.0 },
    radius: 51.0,
};

/// How far the paths may be from true curves, in pixels.
const TOLERANCE: f64 = 0.1;

/// The icon; a number other than zero stands on a disc in the corner, from ten on as `9+`.
pub fn icon(count: usize) -> IconData {
    let tokens = theme::LIGHT;
    let mut context = RenderContext::new(SIDE, SIDE);
    let side = f64::from(SIDE);
    let ground = RoundedRect::new(0.0, 0.0, side, side, 28.0);
    fill(&mut context, &ground.to_path(TOLERANCE), tokens.accent);
    // The letter makes room for the number.
    let (size, middle) = match count {
        0 => (104.0, (64.0, 64.0)),
        _ => (64.0, (31.0, 29.0)),
    };
    fill(&mut context, &words("A", size, middle), tokens.on_accent);
    if count > 0 {
        let ring = Circle::new(DISC.center, DISC.radius);
        fill(&mut context, &ring.to_path(TOLERANCE), tokens.on_accent);
        let disc = Circle::new(DISC.center, DISC.radius - 4.0);
        fill(&mut context, &disc.to_path(TOLERANCE), tokens.bad);
        let (number, size) = match count {
            1..=9 => (count.to_string(), 88.0),
            _ => ("9+".to_owned(), 68.0),
        };
        let middle = (DISC.center.x, DISC.center.y);
        fill(
            &mut context,
            &words(&number, size, middle),
            tokens.on_accent,
        );
    }
    let mut pixels = Pixmap::new(SIDE, SIDE);
    context.flush();
    context.render(&mut pixels, &mut Resources::new());
    let pixels = pixels.take_unpremultiplied();
    IconData {
        rgba: pixels
            .into_iter()
            .flat_map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a])
            .collect(),
        width: SIDE.into(),
        height: SIDE.into(),
    }
}

fn fill(context: &mut RenderContext, path: &BezPath, colour: Color32) {
    let [r, g, b, a] = colour.to_srgba_unmultiplied();
    context.set_paint(AlphaColor::from_rgba8(r, g, b, a));
    context.fill_path(path);
}

/// The outlines of letters of this size around this place; nothing for letters that we lack.
fn words(text: &str, size: f32, (x, y): (f64, f64)) -> BezPath {
    let mut pen = Pen::default();
    if let Ok(font) = FontRef::new(fonts::SEMI_BOLD) {
        let (size, location) = (Size::new(size), LocationRef::default());
        let (letters, outlines) = (font.charmap(), font.outline_glyphs());
        let metrics = font.glyph_metrics(size, location);
        for letter in text.chars().filter_map(|letter| letters.map(letter)) {
            if let Some(outline) = outlines.get(letter) {
                // What is drawn before an error is drawn.
                drop(outline.draw(DrawSettings::unhinted(size, location), &mut pen));
            }
            pen.left += f64::from(metrics.advance_width(letter).unwrap_or_default());
        }
    }
    let middle = pen.path.bounding_box().center();
    let mut path = pen.path;
    path.apply_affine(Affine::translate((x - middle.x, y - middle.y)));
    path
}

/// Draws the outlines of letters from left to right, the right way up for pixels.
#[derive(Default)]
struct Pen {
    path: BezPath,
    /// Where the letter begins.
    left: f64,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> Point {
        Point::new(self.left + f64::from(x), -f64::from(y))
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

    /// The colour of the icon's pixel.
    fn pixel(icon: &IconData, x: u32, y: u32) -> [u8; 4] {
        let start = ((y * icon.width + x) * 4) as usize;
        icon.rgba[start..start + 4].try_into().unwrap()
    }

    #[test]
    fn the_number_is_on_the_icon_only_while_somebody_waits() {
        let plain = icon(0);
        assert_eq!(plain.rgba.len(), usize::from(SIDE) * usize::from(SIDE) * 4);
        let bad = theme::LIGHT.bad.to_srgba_unmultiplied();
        let red = |icon: &IconData| icon.rgba.chunks(4).filter(|pixel| **pixel == bad).count();
        assert_eq!(red(&plain), 0);
        assert_eq!(pixel(&plain, 0, 0)[3], 0, "round corners");
        for count in [1, 9, 10, 500] {
            assert!(red(&icon(count)) > 1000, "{count}");
        }
        assert!(icon(1) != icon(2) && icon(9) != icon(10));
        assert!(icon(10) == icon(500), "9+ is all it says");
    }
}
