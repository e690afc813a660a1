//! A film in a part of a page.

use std::sync::OnceLock;

use anyhow::Result;

use super::{Act, SECOND, Scene, Sight, beat};
use crate::canvas::{Area, Canvas};
use crate::clock::milliseconds;
use crate::marker;
use crate::page::{Hand, PAPER};
use crate::photo::Film;
use crate::random::Random;
use crate::source::{Kept, Source};

/// How long it runs.
const SECONDS: u64 = 4;

const FRAMED: Area = Area::new(640, 300, 640, 360);

/// Above and below within the picture, so that a frame counts only when all of it is there.
const MARKERS: [(usize, usize); 2] = [
    (8, 8),
    (
        FRAMED.width - marker::WIDTH - 8,
        FRAMED.height - marker::HEIGHT - 8,
    ),
];

/// The frames, drawn once: they take a second.
static SHOT: OnceLock<Vec<Canvas>> = OnceLock::new();

fn shoot(count: usize) -> Vec<Canvas> {
    let film = Film::new(31);
    let mut frames = Vec::new();
    for number in 0..=count {
        let mut frame = film.frame(number, FRAMED.width, FRAMED.height);
        for at in MARKERS {
            marker::draw(&mut frame, number as u32, at);
        }
        frames.push(frame);
    }
    frames
}

struct Video {
    /// Two in turn: one is shown while the other is written.
    turns: [Kept; 2],
    frames: &'static [Canvas],
}

/// Makes the scene.
pub(super) fn make(source: &mut Source, hand: &Hand, rate: u64) -> Result<Scene> {
    let (mut first, paper) = hand.program(source.size());
    let text = Area::new(paper.x + 60, paper.y, paper.width - 120, paper.height);
    hand.write(&mut first, text, &mut Random::new(29));
    let around = Area::new(
        FRAMED.x - 30,
        FRAMED.y - 30,
        FRAMED.width + 60,
        FRAMED.height + 60,
    );
    first.fill(around, PAPER);
    let count = (SECONDS * rate) as usize;
    let frames = SHOT.get_or_init(|| shoot(count));
    for y in 0..FRAMED.height {
        for (x, pixel) in frames[0].row(y).iter().enumerate() {
            first.set(FRAMED.x + x, FRAMED.y + y, |_| *pixel);
        }
    }
    let turns = [source.keep(&frames[0])?, source.keep(&frames[0])?];
    let markers = MARKERS.map(|(x, y)| (FRAMED.x + x, FRAMED.y + y)).to_vec();
    Ok(Scene {
        first,
        cue: beat(count, SECOND / rate),
        act: Box::new(Video { turns, frames }),
        sight: Sight::Markers(vec![markers]),
        rest: milliseconds(1_000),
    })
}

impl Act for Video {
    fn prepare(&mut self, source: &mut Source, number: usize) -> Result<()> {
        source.put(self.turns[number % 2], &self.frames[number + 1], (0, 0))
    }

    fn show(&mut self, source: &mut Source, number: usize) -> Result<u64> {
        let whole = Area::new(0, 0, FRAMED.width, FRAMED.height);
        source.show(self.turns[number % 2], whole, (FRAMED.x, FRAMED.y), &[])
    }
}
