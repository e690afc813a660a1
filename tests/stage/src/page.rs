//! Pages, windows and desktops as offices have them.

use anyhow::Result;

use crate::canvas::{Area, Canvas, mix};
use crate::letters::Letters;
use crate::random::Random;

pub(crate) const PAPER: u32 = 0x00ff_ffff;
pub(crate) const INK: u32 = 0x0020_2428;
const LINK: u32 = 0x0010_58c0;
const FRAME: u32 = 0x00e9_ecf1;
const RULE: u32 = 0x00c8_ced8;

const SYLLABLES: &[&str] = &[
    "ra", "ten", "lo", "mi", "ser", "vi", "ca", "pol", "den", "tu", "hal", "gro", "net", "ki",
    "sa", "bor", "we", "fin", "ju", "pla", "cor", "mes", "tri", "du", "on",
];

/// The letters of all sizes.
#[derive(Debug)]
pub(crate) struct Hand {
    /// Running text.
    pub(crate) text: Letters,
    /// Headings.
    pub(crate) heading: Letters,
}

impl Hand {
    /// Draws all letters once.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            text: Letters::new(15)?,
            heading: Letters::new(24)?,
        })
    }

    /// Fills an area with text, as long as it is, in lines that a reader takes for a language.
    pub(crate) fn write(&self, canvas: &mut Canvas, area: Area, random: &mut Random) {
        const LINE: usize = 24;
        let mut base = area.y + LINE;
        while base + LINE / 3 < area.y + area.height {
            if random.below(11) == 0 {
                base += LINE;
                if base + LINE < area.y + area.height {
                    let words = words(random, 4);
                    self.heading.draw(canvas, &words, (area.x, base), INK);
                }
                base += LINE * 2;
                continue;
            }
            // The last line of a paragraph is shorter.
            let width = if random.below(5) == 0 {
                area.width / 3
            } else {
                area.width
            };
            let mut x = area.x;
            loop {
                let word = word(random);
                let wide: usize = word.chars().map(|it| self.text.advance(it)).sum();
                if x + wide > area.x + width {
                    break;
                }
                let colour = if random.below(40) == 0 { LINK } else { INK };
                x = self.text.draw(canvas, &word, (x, base), colour) + self.text.advance(' ');
            }
            base += LINE;
        }
    }

    /// A program that fills the screen: a bar above, lists at both sides, a line below, paper between.
    pub(crate) fn program(&self, (width, height): (usize, usize)) -> (Canvas, Area) {
        let (left, right, top, bottom) = (300, 420, 80, 100);
        let mut canvas = Canvas::new(width, height, PAPER);
        for bar in [
            Area::new(0, 0, width, top),
            Area::new(0, top, left, height - top),
            Area::new(width - right, top, right, height - top),
            Area::new(0, height - bottom, width, bottom),
        ] {
            canvas.fill(bar, FRAME);
        }
        canvas.fill(Area::new(0, top - 1, width, 1), RULE);
        for x in [left - 1, width - right] {
            canvas.fill(Area::new(x, top, 1, height - top - bottom), RULE);
        }
        let mut random = Random::new(7);
        for row in 0..(height - top - bottom) / 34 {
            let words = words(&mut random, 2);
            let base = top + 26 + row * 34;
            self.text.draw(&mut canvas, &words, (24, base), INK);
            let word = word(&mut random);
            self.text
                .draw(&mut canvas, &word, (width - right + 40, base), INK);
        }
        for place in 0..9 {
            let at = (700 + place * 120, 48);
            self.text.draw(&mut canvas, &word(&mut random), at, INK);
        }
        let paper = Area::new(left, top, width - left - right, height - top - bottom);
        (canvas, paper)
    }

    /// A window to be moved about.
    pub(crate) fn window(&self, width: usize, height: usize) -> Canvas {
        let mut canvas = Canvas::new(width, height, PAPER);
        canvas.fill(Area::new(0, 0, width, 36), 0x0030_5a9c);
        canvas.fill(Area::new(0, height - 36, width, 36), FRAME);
        self.text
            .draw(&mut canvas, "Statement of accounts", (320, 24), PAPER);
        let inside = Area::new(24, 44, width - 48, height - 88);
        self.write(&mut canvas, inside, &mut Random::new(11));
        let edges = [
            Area::new(0, 0, 1, height),
            Area::new(width - 1, 0, 1, height),
            Area::new(0, height - 1, width, 1),
        ];
        for edge in edges {
            canvas.fill(edge, 0x0060_6870);
        }
        canvas
    }

    /// A desktop with a picture, icons, and a program that covers a part of it.
    pub(crate) fn desktop(&self, (width, height): (usize, usize)) -> Canvas {
        let mut canvas = Canvas::from_fn(width, height, |x, y| {
            let along = (x + 2 * y) * 255 / (width + 2 * height);
            mix(0x0024_3a5e, 0x0060_88a8, along as u8)
        });
        let mut random = Random::new(13);
        for row in 0..8 {
            let (x, y) = (40, 40 + row * 120);
            let colour = [0x00d8_a030, 0x0040_a060, 0x00c0_5040][row % 3];
            canvas.fill(Area::new(x + 10, y, 48, 48), colour);
            let words = word(&mut random);
            self.text.draw(&mut canvas, &words, (x, y + 72), PAPER);
        }
        let program = self.window(960, 700);
        for y in 0..program.height() {
            for (x, pixel) in program.row(y).iter().enumerate() {
                canvas.set(width - 1040 + x, 220 + y, |_| *pixel);
            }
        }
        canvas
    }
}

/// Some words.
fn words(random: &mut Random, count: usize) -> String {
    let words: Vec<String> = (0..count).map(|_| word(random)).collect();
    words.join(" ")
}

/// A word that could be one.
pub(crate) fn word(random: &mut Random) -> String {
    let syllables = 1 + random.below(4);
    let mut word: String = (0..syllables)
        .filter_map(|_| SYLLABLES.get(random.below(SYLLABLES.len())))
        .copied()
        .collect();
    match random.below(12) {
        0 => word.push(','),
        1 => word.push('.'),
        2 => word = format!("{}", random.below(100_000)),
        _ => {}
    }
    word
}
