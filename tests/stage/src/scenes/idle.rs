//! Nothing happens.

use anyhow::{Result, bail};

use super::{Act, Cue, Scene, Sight};
use crate::canvas::Area;
use crate::clock::milliseconds;
use crate::page::Hand;
use crate::random::Random;
use crate::source::Source;

struct Idle;

/// Makes the scene.
pub(super) fn make(source: &mut Source, hand: &Hand) -> Scene {
    let (mut first, paper) = hand.program(source.size());
    let text = Area::new(paper.x + 60, paper.y, paper.width - 120, paper.height);
    hand.write(&mut first, text, &mut Random::new(43));
    Scene {
        first,
        cue: Cue::Times(Vec::new()),
        act: Box::new(Idle),
        sight: Sight::Patches(Vec::new()),
        rest: milliseconds(10_000),
    }
}

impl Act for Idle {
    fn show(&mut self, _source: &mut Source, _number: usize) -> Result<u64> {
        bail!("an idle screen shows nothing")
    }
}
