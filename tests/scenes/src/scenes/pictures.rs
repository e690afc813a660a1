//! What a camera has seen.

use std::rc::Rc;

use aldis_screen::Rect;

use super::{FULL, LIGHT, Scene, desktop, empty};
use crate::canvas::{photograph, put, write};
use crate::glyphs::Glyphs;

/// A film of 640x360 pixels on a page, at 30 frames a second for four seconds: a slow pan with the
/// grain of a sensor.
pub(super) fn film() -> Scene {
    Scene {
        name: "film",
        size: FULL,
        frames: 120,
        pace: 33,
        draw: Box::new(move |number, frame| {
            let place = Rect::new(403, 211, 640, 360);
            let at = number as f32;
            if number == 0 {
                let bounds = frame.bounds();
                crate::canvas::fill(frame, bounds, LIGHT.ground);
            }
            photograph(frame, place, 3, (at * 1.7, at * 0.6), 4);
            vec![if number == 0 { frame.bounds() } else { place }]
        }),
    }
}

/// Five slides full of pictures, and the same five once more.
pub(super) fn slides(glyphs: &Rc<Glyphs>) -> Scene {
    let glyphs = Rc::clone(glyphs);
    let slides: Vec<_> = (0..5_u64)
        .map(|number| {
            let mut slide = empty(FULL.0, FULL.1);
            let bounds = slide.bounds();
            photograph(&mut slide, bounds, 100 + number, (0.0, 0.0), 1);
            for row in 0..8_u32 {
                let text = "A slide says little, and says it in large letters";
                let y = 300 + row * 40;
                write(&mut slide, &glyphs, (200, y), text, [255, 255, 255]);
            }
            slide
        })
        .collect();
    Scene {
        name: "slides",
        size: FULL,
        frames: 10,
        pace: 2000,
        draw: Box::new(move |number, frame| {
            if number == 0 {
                desktop(frame, LIGHT, &glyphs);
            } else {
                put(frame, 0, 0, &slides[(number - 1) % 5]);
            }
            vec![frame.bounds()]
        }),
    }
}
