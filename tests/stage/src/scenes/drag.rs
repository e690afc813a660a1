//! A window is dragged over a desktop.

use anyhow::Result;

use super::{Act, SECOND, Scene, Sight, beat};
use crate::canvas::{Area, Canvas};
use crate::clock::milliseconds;
use crate::marker;
use crate::page::Hand;
use crate::source::{Kept, Source};

/// How long it is dragged.
const SECONDS: u64 = 3;
const WIDTH: usize = 640;
const HEIGHT: usize = 440;

struct Drag {
    ground: Kept,
    window: Kept,
    back: Kept,
    frames: usize,
}

/// Where the window is in the frame of this number, of so many.
fn place(number: usize, frames: usize) -> Area {
    let time = number as f32 / frames as f32;
    let x = 60.0 + 980.0 * time;
    let y = 220.0 + 160.0 * (time * 7.0).sin();
    Area::new(x as usize, y as usize, WIDTH, HEIGHT)
}

/// In its title and in its lowest line.
fn markers(number: usize, frames: usize) -> Vec<(usize, usize)> {
    let at = place(number, frames);
    vec![
        (at.x + 16, at.y + 10),
        (at.x + WIDTH - marker::WIDTH - 16, at.y + HEIGHT - 26),
    ]
}

/// Makes the scene.
pub(super) fn make(source: &mut Source, hand: &Hand, rate: u64) -> Result<Scene> {
    let frames = (SECONDS * rate) as usize;
    let ground = hand.desktop(source.size());
    let window = hand.window(WIDTH, HEIGHT);
    let mut first: Canvas = ground.clone();
    let at = place(0, frames);
    for y in 0..HEIGHT {
        for (x, pixel) in window.row(y).iter().enumerate() {
            first.set(at.x + x, at.y + y, |_| *pixel);
        }
    }
    for marker in markers(0, frames) {
        marker::draw(&mut first, 0, marker);
    }
    let act = Drag {
        ground: source.keep(&ground)?,
        window: source.keep(&window)?,
        back: source.keep(&first)?,
        frames,
    };
    Ok(Scene {
        first,
        cue: beat(frames, SECOND / rate),
        act: Box::new(act),
        sight: Sight::Markers((0..=frames).map(|it| markers(it, frames)).collect()),
        rest: milliseconds(1_000),
    })
}

impl Act for Drag {
    fn prepare(&mut self, source: &mut Source, number: usize) -> Result<()> {
        let place = |number| place(number, self.frames);
        let (before, after) = (place(number), place(number + 1));
        let whole = Area::new(0, 0, WIDTH, HEIGHT);
        source.copy(self.ground, self.back, before, (before.x, before.y))?;
        source.copy(self.window, self.back, whole, (after.x, after.y))?;
        for marker in markers(number + 1, self.frames) {
            source.mark(self.back, number as u32 + 1, marker)?;
        }
        source.settle()
    }

    fn show(&mut self, source: &mut Source, number: usize) -> Result<u64> {
        let place = |number| place(number, self.frames);
        let both = place(number).with(place(number + 1));
        source.show(self.back, both, (both.x, both.y), &[])
    }
}
