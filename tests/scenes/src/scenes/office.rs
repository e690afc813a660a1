//! What people do with text and tables.

use std::rc::Rc;

use aldis_screen::Rect;

use super::{DARK, FULL, LIGHT, Scene, Theme, desktop, page, window};
use crate::canvas::{Dice, cut, fill, write};
use crate::glyphs::Glyphs;

/// Somebody types into a document.
pub(super) fn typing(
    name: &'static str,
    size: (u32, u32),
    theme: Theme,
    glyphs: &Rc<Glyphs>,
) -> Scene {
    let glyphs = Rc::clone(glyphs);
    let text = page(1400, 500, theme, &glyphs, 5);
    let mut dice = Dice(17);
    let words: String = (0..60).map(|_| dice.word() + " ").collect();
    Scene {
        name,
        size,
        frames: 200,
        pace: 120,
        draw: Box::new(move |number, frame| {
            let place = Rect::new(200, 80, 1500, 900);
            let from = (place.x + 60, place.y + 560);
            if number == 0 {
                desktop(frame, theme, &glyphs);
                window(frame, place, theme, &glyphs, "Letter - Writer");
                cut(frame, place.x + 40, place.y + 50, &text, text.bounds());
                return vec![frame.bounds()];
            }
            // Where the letter with this number stands.
            let (mut x, mut y) = from;
            let mut letters = words.chars();
            for letter in letters.by_ref().take(number - 1) {
                x += glyphs.get(letter).advance;
                if x > place.right() - 60 {
                    (x, y) = (from.0, y + glyphs.line);
                }
            }
            let Some(letter) = letters.next() else {
                return Vec::new();
            };
            let caret = Rect::new(x + 1, y, 2, glyphs.line);
            fill(frame, caret, theme.ground);
            let typed = write(frame, &glyphs, (x, y), &letter.to_string(), theme.ink);
            let after = Rect::new(x + glyphs.get(letter).advance + 1, y, 2, glyphs.line);
            fill(frame, after, theme.ink);
            vec![typed.union(caret).union(after)]
        }),
    }
}

/// A program prints line after line.
pub(super) fn terminal(glyphs: &Rc<Glyphs>) -> Scene {
    let glyphs = Rc::clone(glyphs);
    Scene {
        name: "terminal",
        size: FULL,
        frames: 90,
        pace: 33,
        draw: Box::new(move |number, frame| {
            let place = Rect::new(101, 67, 1203, 805);
            let mut inside = Rect::new(
                place.x + 1,
                place.y + 31,
                place.width - 2,
                place.height - 32,
            );
            if number == 0 {
                desktop(frame, DARK, &glyphs);
                inside = window(frame, place, DARK, &glyphs, "build");
            }
            let rows = inside.height / glyphs.line;
            let before = frame.clone();
            // Two lines a frame.
            let up = 2 * glyphs.line;
            let kept = Rect::new(
                inside.x,
                inside.y + up,
                inside.width,
                rows * glyphs.line - up,
            );
            cut(frame, inside.x, inside.y, &before, kept);
            for step in 0..2 {
                let y = inside.y + (rows - 2 + step) * glyphs.line;
                fill(
                    frame,
                    Rect::new(inside.x, y, inside.width, glyphs.line),
                    DARK.ground,
                );
                let mut dice = Dice(1 + (number as u64) * 2 + u64::from(step));
                dice.roll(9);
                let line = format!(
                    "[{:>4}/900] compiling {}-{} v{}.{}.{} ({})",
                    number * 2 + step as usize,
                    dice.word(),
                    dice.word(),
                    dice.roll(9),
                    dice.roll(30),
                    dice.roll(20),
                    dice.word(),
                );
                write(
                    frame,
                    &glyphs,
                    (inside.x + 8, y + 3),
                    &line,
                    [120, 220, 120],
                );
            }
            vec![if number == 0 { frame.bounds() } else { inside }]
        }),
    }
}

/// A table: cells are filled in, and it is scrolled sideways and down.
pub(super) fn spreadsheet(glyphs: &Rc<Glyphs>) -> Scene {
    let glyphs = Rc::clone(glyphs);
    let mut dice = Dice(23);
    let values: Vec<u32> = (0..40_000).map(|_| dice.roll(100_000)).collect();
    Scene {
        name: "spreadsheet",
        size: FULL,
        frames: 90,
        pace: 66,
        draw: Box::new(move |number, frame| {
            let place = Rect::new(60, 40, 1700, 960);
            let inside = Rect::new(
                place.x + 1,
                place.y + 31,
                place.width - 2,
                place.height - 32,
            );
            if number == 0 {
                desktop(frame, LIGHT, &glyphs);
                window(frame, place, LIGHT, &glyphs, "Numbers");
            }
            // Thirty rows down, thirty cells filled, thirty columns to the right.
            let (top, left) = (number.min(30) as u32, number.saturating_sub(60) as u32);
            let (wide, high) = (94, 25);
            let (columns, rows) = (inside.width / wide, inside.height / high);
            let filled = number.clamp(30, 60) as u32 - 30;
            let mut touched = Vec::new();
            for row in 0..rows {
                for column in 0..columns {
                    let cell = Rect::new(
                        inside.x + column * wide,
                        inside.y + row * high,
                        wide - 1,
                        high - 1,
                    );
                    let typing = (31..=60).contains(&number);
                    let fresh = typing && row == 8 && column == filled % columns;
                    if typing && !fresh {
                        continue;
                    }
                    fill(
                        frame,
                        Rect::new(cell.x, cell.y, wide, high),
                        [220, 220, 220],
                    );
                    fill(frame, cell, LIGHT.ground);
                    let index = (top + row) * 200 + left + column;
                    let mut value = values[index as usize % values.len()];
                    if fresh {
                        value += 1_000_000;
                    }
                    let text = format!("{}.{:02}", value / 100, value % 100);
                    write(frame, &glyphs, (cell.x + 6, cell.y + 4), &text, LIGHT.ink);
                    touched.push(cell);
                }
            }
            match number {
                0 => vec![frame.bounds()],
                31..=60 => touched,
                _ => vec![inside],
            }
        }),
    }
}
