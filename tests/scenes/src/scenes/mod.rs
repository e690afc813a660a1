//! What happens on the drawn desktops.
//!
//! - [`office`]: what people do with text and tables.
//! - [`windows`]: what they do with windows.
//! - [`pictures`]: what a camera has seen.

mod office;
mod pictures;
mod windows;

use std::fmt;
use std::rc::Rc;

use aldis_screen::{Frame, Rect, Region};
use anyhow::Result;

use crate::canvas::{Colour, Dice, fill, write};
use crate::glyphs::Glyphs;

/// Draws the frame with this number over the one before, and says what it touched.
///
/// Number 0 is the picture that is there before anything happens.
type Draw = dyn Fn(usize, &mut Frame) -> Vec<Rect>;

/// A desktop on which something happens.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) size: (u32, u32),
    /// How many frames follow the first picture.
    pub(crate) frames: usize,
    /// How long each is there, in milliseconds.
    pub(crate) pace: u64,
    draw: Box<Draw>,
}

impl Scene {
    /// Draws the next frame; returns what it touched.
    pub(crate) fn draw(&self, number: usize, frame: &mut Frame) -> Region {
        let mut damage = Region::new();
        for rect in (self.draw)(number, frame) {
            damage.add(rect);
        }
        damage
    }
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Ground, ink and frame of a window.
#[derive(Clone, Copy, Debug)]
struct Theme {
    ground: Colour,
    ink: Colour,
    bar: Colour,
    desktop: Colour,
}

const LIGHT: Theme = Theme {
    ground: [255, 255, 255],
    ink: [40, 30, 30],
    bar: [230, 225, 222],
    desktop: [140, 100, 60],
};

const DARK: Theme = Theme {
    ground: [36, 30, 30],
    ink: [220, 215, 210],
    bar: [56, 48, 46],
    desktop: [50, 30, 20],
};

const FULL: (u32, u32) = (1920, 1080);

const LARGE: (u32, u32) = (3840, 2160);

/// All scenes.
pub(crate) fn all() -> Result<Vec<Scene>> {
    let glyphs = Rc::new(Glyphs::new(15)?);
    Ok(vec![
        office::typing("typing", FULL, LIGHT, &glyphs),
        office::typing("typing, dark", FULL, DARK, &glyphs),
        office::terminal(&glyphs),
        office::spreadsheet(&glyphs),
        windows::scroll("scroll", FULL, LIGHT, &glyphs),
        windows::scroll("scroll, dark", FULL, DARK, &glyphs),
        windows::scroll("scroll, 4K", LARGE, LIGHT, &glyphs),
        windows::drag(&glyphs),
        windows::menu(&glyphs),
        windows::switch(&glyphs),
        pictures::film(),
        pictures::slides(&glyphs),
    ])
}

/// A page of prose, as high as wished.
fn page(width: u32, height: u32, theme: Theme, glyphs: &Glyphs, seed: u64) -> Frame {
    let mut page = empty(width, height);
    fill(&mut page, Rect::new(0, 0, width, height), theme.ground);
    let mut dice = Dice(seed);
    let mut y = 20;
    while y + glyphs.line < height {
        if dice.roll(9) == 0 {
            y += glyphs.line;
            continue;
        }
        let mut line = String::new();
        let most = width / 8 - 12;
        let length = if dice.roll(6) == 0 { most / 2 } else { most };
        while (line.len() as u32) < length {
            line.push_str(&dice.word());
            line.push(' ');
        }
        write(&mut page, glyphs, (40, y), &line, theme.ink);
        y += glyphs.line;
    }
    page
}

/// A desktop with a bar at its bottom.
fn desktop(frame: &mut Frame, theme: Theme, glyphs: &Glyphs) {
    let (width, height) = (frame.width(), frame.height());
    for y in 0..height {
        let [blue, green, red] = theme.desktop;
        let shade = (y * 40 / height) as u8;
        let colour = [blue + shade, green + shade, red + shade];
        fill(frame, Rect::new(0, y, width, 1), colour);
    }
    fill(frame, Rect::new(0, height - 40, width, 40), theme.bar);
    let names = ["Start", "Files", "Mail", "Browser", "12:34"];
    for (x, name) in (20..).step_by(150).zip(names) {
        write(frame, glyphs, (x, height - 30), name, theme.ink);
    }
}

/// A window's frame and title; returns the rectangle inside.
fn window(frame: &mut Frame, rect: Rect, theme: Theme, glyphs: &Glyphs, title: &str) -> Rect {
    fill(frame, rect, theme.ink);
    let bar = Rect::new(rect.x + 1, rect.y + 1, rect.width - 2, 30);
    fill(frame, bar, theme.bar);
    write(frame, glyphs, (rect.x + 12, rect.y + 6), title, theme.ink);
    let inside = Rect::new(rect.x + 1, rect.y + 31, rect.width - 2, rect.height - 32);
    fill(frame, inside, theme.ground);
    inside
}

fn empty(width: u32, height: u32) -> Frame {
    Frame::new(width, height).unwrap_or_default()
}
