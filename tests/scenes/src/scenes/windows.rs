//! What people do with windows.

use std::rc::Rc;

use aldis_screen::{Frame, Rect};

use super::{DARK, FULL, LIGHT, Scene, Theme, desktop, empty, page, window};
use crate::canvas::{cut, fill, put, write};
use crate::glyphs::Glyphs;

/// A browser's page goes up, then down again, at 30 frames a second for three seconds.
pub(super) fn scroll(
    name: &'static str,
    size: (u32, u32),
    theme: Theme,
    glyphs: &Rc<Glyphs>,
) -> Scene {
    let glyphs = Rc::clone(glyphs);
    let place = Rect::new(size.0 / 16, 30, size.0 * 7 / 8, size.1 - 100);
    let text = page(place.width - 20, size.1 + 4_000, theme, &glyphs, 11);
    Scene {
        name,
        size,
        frames: 90,
        pace: 33,
        draw: Box::new(move |number, frame| {
            let inside = Rect::new(
                place.x + 1,
                place.y + 31,
                place.width - 20,
                place.height - 32,
            );
            if number == 0 {
                desktop(frame, theme, &glyphs);
                window(frame, place, theme, &glyphs, "Reading");
            }
            // The wheel turns by 53 pixels; the finger is not that even.
            let at = |number: usize| match number {
                0..60 => number as u32 * 53,
                _ => 59 * 53 - (number as u32 - 59) * 61,
            };
            let part = Rect::new(0, at(number), inside.width, inside.height);
            cut(frame, inside.x, inside.y, &text, part);
            let bar = Rect::new(inside.right() + 4, inside.y, 10, inside.height);
            fill(frame, bar, theme.bar);
            let thumb = Rect::new(bar.x, bar.y + at(number) / 6, 10, 120);
            fill(frame, thumb, theme.ink);
            vec![if number == 0 {
                frame.bounds()
            } else {
                inside.union(bar)
            }]
        }),
    }
}

fn document(theme: Theme, size: (u32, u32), glyphs: &Glyphs, title: &str, seed: u64) -> Frame {
    let mut frame = empty(size.0, size.1);
    let bounds = frame.bounds();
    let inside = window(&mut frame, bounds, theme, glyphs, title);
    let text = page(inside.width, inside.height, theme, glyphs, seed);
    put(&mut frame, inside.x, inside.y, &text);
    frame
}

/// A window is dragged across another one and the desktop, at 30 frames a second for three
/// seconds.
pub(super) fn drag(glyphs: &Rc<Glyphs>) -> Scene {
    let glyphs = Rc::clone(glyphs);
    let mut ground = empty(FULL.0, FULL.1);
    desktop(&mut ground, LIGHT, &glyphs);
    let below = document(LIGHT, (1000, 700), &glyphs, "Below", 31);
    put(&mut ground, 700, 200, &below);
    let dragged = document(DARK, (800, 600), &glyphs, "Dragged", 37);
    Scene {
        name: "window drag",
        size: FULL,
        frames: 90,
        pace: 33,
        draw: Box::new(move |number, frame| {
            let place = |number: usize| {
                let step = number as f32;
                let x = 60.0 + step * 10.3;
                let y = 120.0 + (step / 12.0).sin() * 90.0 + step;
                Rect::new(x as u32, y as u32, 800, 600)
            };
            if number == 0 {
                put(frame, 0, 0, &ground);
            }
            let old = place(number.saturating_sub(1)).intersection(frame.bounds());
            cut(frame, old.x, old.y, &ground, old);
            let new = place(number);
            put(frame, new.x, new.y, &dragged);
            vec![if number == 0 {
                frame.bounds()
            } else {
                old.union(new)
            }]
        }),
    }
}

/// A menu is opened and closed, again and again.
pub(super) fn menu(glyphs: &Rc<Glyphs>) -> Scene {
    let glyphs = Rc::clone(glyphs);
    let mut ground = empty(FULL.0, FULL.1);
    desktop(&mut ground, LIGHT, &glyphs);
    let below = document(LIGHT, (1500, 900), &glyphs, "Document", 41);
    put(&mut ground, 150, 60, &below);
    Scene {
        name: "menu",
        size: FULL,
        frames: 20,
        pace: 500,
        draw: Box::new(move |number, frame| {
            let place = Rect::new(403, 155, 310, 520);
            if number == 0 {
                put(frame, 0, 0, &ground);
                return vec![frame.bounds()];
            }
            if number.is_multiple_of(2) {
                cut(frame, place.x, place.y, &ground, place);
            } else {
                let inside = window(frame, place, LIGHT, &glyphs, "Edit");
                for (row, name) in (0..).zip(["Undo", "Redo", "Cut", "Copy", "Paste", "Find"]) {
                    let y = inside.y + 12 + row * 80;
                    write(frame, &glyphs, (inside.x + 20, y), name, LIGHT.ink);
                    write(frame, &glyphs, (inside.x + 220, y), "Ctrl+X", LIGHT.ink);
                }
            }
            vec![place]
        }),
    }
}

/// Two windows that cover each other come to the front in turns.
pub(super) fn switch(glyphs: &Rc<Glyphs>) -> Scene {
    let glyphs = Rc::clone(glyphs);
    let one = document(LIGHT, (1500, 900), &glyphs, "One", 43);
    let other = document(DARK, (1400, 850), &glyphs, "Other", 47);
    Scene {
        name: "window switch",
        size: FULL,
        frames: 10,
        pace: 1000,
        draw: Box::new(move |number, frame| {
            if number == 0 {
                desktop(frame, LIGHT, &glyphs);
                put(frame, 300, 120, &other);
            }
            if number.is_multiple_of(2) {
                put(frame, 100, 50, &one);
            } else {
                put(frame, 300, 120, &other);
            }
            vec![if number == 0 {
                frame.bounds()
            } else {
                Rect::new(100, 50, 1600, 920)
            }]
        }),
    }
}
