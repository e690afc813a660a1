//! Somebody types a line into a page of text.

use anyhow::Result;

use super::{Act, Cue, Patch, Scene, Sight};
use crate::canvas::{Area, Canvas};
use crate::clock::milliseconds;
use crate::page::{Hand, INK, PAPER};
use crate::random::Random;
use crate::source::{Kept, Source};

const TYPED: &str = "The quick brown fox jumps over the lazy dog, and packs five dozen jugs too";

/// Height of a letter's cell.
const CELL: usize = 22;

struct Typing {
    line: Kept,
    cells: Vec<Area>,
    shown: Area,
}

/// Makes the scene.
pub(super) fn make(source: &mut Source, hand: &Hand) -> Result<Scene> {
    let (mut first, paper) = hand.program(source.size());
    let text = Area::new(
        paper.x + 60,
        paper.y + 40,
        paper.width - 120,
        paper.height - 160,
    );
    hand.write(&mut first, text, &mut Random::new(3));
    let top = paper.y + paper.height - 90;
    let shown = Area::new(text.x, top, text.width, CELL);
    first.fill(shown, PAPER);
    let mut line = Canvas::new(shown.width, CELL, PAPER);
    let mut cells = Vec::new();
    let mut x = 0;
    for letter in TYPED.chars() {
        let end = hand.text.draw(&mut line, &letter.to_string(), (x, 16), INK);
        if letter != ' ' {
            cells.push(Area::new(x, 0, end - x, CELL));
        }
        x = end;
    }
    let mut random = Random::new(5);
    let mut due = 0;
    let mut times = Vec::new();
    for _ in &cells {
        times.push(due);
        // Uneven as fingers are, so that no beat of the programs is met or missed every time.
        due += milliseconds(90) + random.next() % milliseconds(50);
    }
    let patches = cells
        .iter()
        .map(|cell| Patch {
            area: Area::new(shown.x + cell.x, shown.y, cell.width, CELL),
            before: Canvas::new(cell.width, CELL, PAPER),
            after: line.part(*cell),
        })
        .collect();
    let line = source.keep(&line)?;
    Ok(Scene {
        first,
        cue: Cue::Times(times),
        act: Box::new(Typing { line, cells, shown }),
        sight: Sight::Patches(patches),
        rest: milliseconds(1_000),
    })
}

impl Act for Typing {
    fn show(&mut self, source: &mut Source, number: usize) -> Result<u64> {
        let cell = self.cells[number];
        source.show(self.line, cell, (self.shown.x + cell.x, self.shown.y), &[])
    }
}
