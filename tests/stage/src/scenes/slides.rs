//! Photographs that fill the screen, one after the other.

use std::sync::OnceLock;

use anyhow::Result;

use super::{Act, Scene, Sight, beat};
use crate::canvas::{Area, Canvas};
use crate::clock::milliseconds;
use crate::eye::samples_of;
use crate::photo::photo;
use crate::source::{Kept, Source};

const SLIDES: usize = 5;

static PICTURES: OnceLock<Vec<Canvas>> = OnceLock::new();

struct Slides {
    kept: Vec<Kept>,
}

/// Makes the scene: the first round of pictures, or one in which each is shown again.
pub(super) fn make(source: &mut Source, round: usize) -> Result<Scene> {
    let (width, height) = source.size();
    let mut kept = Vec::new();
    let mut samples = Vec::new();
    // Drawn once: they take seconds.
    let pictures = PICTURES.get_or_init(|| {
        let seeds = (1..=SLIDES as u64).map(|number| 1_000 * number);
        seeds.map(|seed| photo(seed, width, height)).collect()
    });
    for picture in pictures {
        kept.push(source.keep(picture)?);
        samples.push(samples_of(picture));
    }
    Ok(Scene {
        // Dark in the first round and light in the second, as nothing else is.
        first: Canvas::new(width, height, 0x0020_2020 * round as u32),
        cue: beat(SLIDES, milliseconds(2_000)),
        act: Box::new(Slides { kept }),
        sight: Sight::Pictures(samples),
        rest: milliseconds(2_000),
    })
}

impl Act for Slides {
    fn show(&mut self, source: &mut Source, number: usize) -> Result<u64> {
        let (width, height) = source.size();
        let whole = Area::new(0, 0, width, height);
        source.show(self.kept[number], whole, (0, 0), &[])
    }
}
