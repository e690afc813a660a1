//! A page of text is scrolled with a wheel.

use anyhow::Result;

use super::{Act, SECOND, Scene, Sight, beat};
use crate::canvas::{Area, Canvas};
use crate::clock::milliseconds;
use crate::marker;
use crate::page::{Hand, PAPER};
use crate::random::Random;
use crate::source::{Kept, Source};

/// How long it is scrolled.
const SECONDS: u64 = 3;

/// Pixels of a step.
const STEP: usize = 48;

struct Scroll {
    page: Kept,
    paper: Area,
    markers: Vec<(usize, usize)>,
}

/// Makes the scene.
pub(super) fn make(source: &mut Source, hand: &Hand, rate: u64) -> Result<Scene> {
    let frames = (SECONDS * rate) as usize;
    let (mut first, paper) = hand.program(source.size());
    let mut page = Canvas::new(paper.width, paper.height + frames * STEP, PAPER);
    let text = Area::new(60, 20, paper.width - 120, page.height() - 40);
    hand.write(&mut page, text, &mut Random::new(23));
    for y in 0..paper.height {
        for (x, pixel) in page.row(y).iter().enumerate() {
            first.set(paper.x + x, paper.y + y, |_| *pixel);
        }
    }
    // One above and one below, so that a frame counts only when it is there from top to bottom.
    let below = paper.y + paper.height + 20;
    let markers = vec![(320, 32), (320, below)];
    for marker in &markers {
        marker::draw(&mut first, 0, *marker);
    }
    let act = Scroll {
        page: source.keep(&page)?,
        paper,
        markers: markers.clone(),
    };
    Ok(Scene {
        first,
        cue: beat(frames, SECOND / rate),
        act: Box::new(act),
        sight: Sight::Markers(vec![markers]),
        rest: milliseconds(1_000),
    })
}

impl Act for Scroll {
    fn show(&mut self, source: &mut Source, number: usize) -> Result<u64> {
        let paper = self.paper;
        let part = Area::new(0, (number + 1) * STEP, paper.width, paper.height);
        let number = number as u32 + 1;
        let markers: Vec<_> = self.markers.iter().map(|at| (number, *at)).collect();
        source.show(self.page, part, (paper.x, paper.y), &markers)
    }
}
