//! A menu is opened and closed over a page, again and again.

use anyhow::Result;

use super::{Act, Patch, Scene, Sight, beat};
use crate::canvas::{Area, Canvas};
use crate::clock::milliseconds;
use crate::page::{Hand, INK, word};
use crate::random::Random;
use crate::source::{Kept, Source};

const MENU: Area = Area::new(720, 90, 320, 480);

/// Openings and closings.
const CHANGES: usize = 20;

struct Menu {
    looks: [Kept; 2],
}

/// Makes the scene.
pub(super) fn make(source: &mut Source, hand: &Hand) -> Result<Scene> {
    let (mut first, paper) = hand.program(source.size());
    let text = Area::new(paper.x + 60, paper.y, paper.width - 120, paper.height);
    hand.write(&mut first, text, &mut Random::new(37));
    let closed = first.part(MENU);
    let mut open = Canvas::new(MENU.width, MENU.height, 0x00f6_f7f9);
    let mut random = Random::new(41);
    for row in 0..MENU.height / 32 {
        let words = format!("{} {}", word(&mut random), word(&mut random));
        hand.text.draw(&mut open, &words, (20, row * 32 + 22), INK);
    }
    let looks = [closed, open];
    let patches = (0..CHANGES)
        .map(|number| Patch {
            area: MENU,
            before: looks[number % 2].clone(),
            after: looks[(number + 1) % 2].clone(),
        })
        .collect();
    let looks = [source.keep(&looks[0])?, source.keep(&looks[1])?];
    Ok(Scene {
        first,
        cue: beat(CHANGES, milliseconds(310)),
        act: Box::new(Menu { looks }),
        sight: Sight::Turns(patches),
        rest: milliseconds(1_000),
    })
}

impl Act for Menu {
    fn show(&mut self, source: &mut Source, number: usize) -> Result<u64> {
        let whole = Area::new(0, 0, MENU.width, MENU.height);
        source.show(self.looks[(number + 1) % 2], whole, (MENU.x, MENU.y), &[])
    }
}
