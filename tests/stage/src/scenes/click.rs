//! A button that answers every press by looking different.

use anyhow::Result;

use super::{Act, Cue, Patch, Scene, Sight};
use crate::canvas::{Area, Canvas};
use crate::clock::milliseconds;
use crate::page::{Hand, PAPER};
use crate::random::Random;
use crate::source::{Kept, Source};

const BUTTON: Area = Area::new(760, 520, 240, 44);

/// What of it is looked at: where the pointer is, some viewers draw it.
const SEEN: usize = 140;

const CLICKS: usize = 25;

struct Click {
    faces: [Kept; 2],
}

/// Makes the scene.
pub(super) fn make(source: &mut Source, hand: &Hand) -> Result<Scene> {
    let (mut first, paper) = hand.program(source.size());
    let text = Area::new(paper.x + 60, paper.y + 40, paper.width - 120, 320);
    hand.write(&mut first, text, &mut Random::new(17));
    let face = |colour, label| {
        let mut face = Canvas::new(BUTTON.width, BUTTON.height, colour);
        hand.text.draw(&mut face, label, (16, 28), PAPER);
        face
    };
    let faces = [face(0x0030_5a9c, "Start"), face(0x00a0_4030, "Stop")];
    for y in 0..BUTTON.height {
        for (x, pixel) in faces[0].row(y).iter().enumerate() {
            first.set(BUTTON.x + x, BUTTON.y + y, |_| *pixel);
        }
    }
    let seen = Area::new(0, 0, SEEN, BUTTON.height);
    let looks = faces.each_ref().map(|face| face.part(seen));
    let patches = (0..CLICKS)
        .map(|number| Patch {
            area: Area::new(BUTTON.x, BUTTON.y, SEEN, BUTTON.height),
            before: looks[number % 2].clone(),
            after: looks[(number + 1) % 2].clone(),
        })
        .collect();
    let faces = [source.keep(&faces[0])?, source.keep(&faces[1])?];
    let pointer = (BUTTON.x + BUTTON.width - 30, BUTTON.y + BUTTON.height / 2);
    Ok(Scene {
        first,
        cue: Cue::Clicks(CLICKS, pointer),
        act: Box::new(Click { faces }),
        sight: Sight::Turns(patches),
        rest: milliseconds(1_000),
    })
}

impl Act for Click {
    fn show(&mut self, source: &mut Source, number: usize) -> Result<u64> {
        let face = self.faces[(number + 1) % 2];
        let whole = Area::new(0, 0, BUTTON.width, BUTTON.height);
        source.show(face, whole, (BUTTON.x, BUTTON.y), &[])
    }
}
