//! What is a photograph, and what is text and surfaces.
//!
//! In what people draw on a screen most pixels equal their left neighbour, and the others are far
//! from it; in what a camera took hardly any is equal, and where it is soft, as the sky is, many
//! are near. The boundary is wide, so a few rows of each cell are enough to tell.

#![expect(
    clippy::inline_always,
    reason = "it is compiled anew for wide instructions wherever it is inlined"
)]

use crate::diff::join;
use crate::frame::Frame;
use crate::region::Rect;
use crate::wide;

/// A cell's side in pixels: a whole number of the photograph coder's blocks.
const CELL: u32 = 32;

/// A photograph has fewer equal neighbours than this, in percent.
const EQUAL: usize = 35;

/// Or else more neighbours that are near than this, in percent, and hardly any that is far.
const NEAR: usize = 25;

/// How many are near for each that is far, there.
const NEAR_FOR_FAR: usize = 4;

/// How much the channels of near neighbours differ at most.
const APART: u8 = 3;

/// Every row with this distance is looked at.
const EVERY: usize = 2;

/// Fewer pairs of neighbours say nothing.
const MIN_PAIRS: usize = 96;

/// A smaller photograph is sent like text, in pixels.
const MIN_AREA: u64 = 4096;

/// Boxes by what they show.
#[derive(Debug)]
pub(crate) struct Split {
    /// Photographs, with their edges on cells or the picture's edge.
    pub(crate) photos: Vec<Rect>,
    /// Everything else.
    pub(crate) rest: Vec<Rect>,
}

/// Splits boxes by what they show.
pub(crate) fn split(frame: &Frame, boxes: &[Rect]) -> Split {
    let columns = frame.width().div_ceil(CELL);
    let mut marks = vec![false; (columns * frame.height().div_ceil(CELL)) as usize];
    for rect in boxes {
        for (column, row) in cells(*rect) {
            let part = cell(column, row).intersection(*rect);
            let mark = &mut marks[(row * columns + column) as usize];
            *mark = *mark
                || wide::run(
                    #[inline(always)]
                    || is_photo(frame, part),
                );
        }
    }
    let mut photos = Vec::new();
    for cells in join(&marks, columns) {
        let rect = pixels(cells).intersection(frame.bounds());
        if rect.area() >= MIN_AREA {
            photos.push(rect);
            continue;
        }
        for row in cells.y..cells.bottom() {
            let start = (row * columns + cells.x) as usize;
            marks[start..start + cells.width as usize].fill(false);
        }
    }
    if photos.is_empty() {
        return Split {
            photos,
            rest: boxes.to_vec(),
        };
    }
    let mut rest = Vec::new();
    let mut left = vec![false; marks.len()];
    for rect in boxes {
        left.fill(false);
        for (column, row) in cells(*rect) {
            let index = (row * columns + column) as usize;
            left[index] = !marks[index];
        }
        let parts = join(&left, columns);
        rest.extend(
            parts
                .into_iter()
                .map(|cells| pixels(cells).intersection(*rect)),
        );
    }
    Split { photos, rest }
}

#[inline(always)]
fn is_photo(frame: &Frame, rect: Rect) -> bool {
    let (pairs, equal) = count(frame, rect, |one, other| one == other);
    if pairs < MIN_PAIRS {
        return false;
    }
    if equal * 100 < pairs * EQUAL {
        return true;
    }
    let others = pairs - equal;
    if others * 100 < pairs * NEAR {
        return false;
    }
    // The dearer look, and seldom needed. Equal ones are near as well.
    let (_, near) = count(frame, rect, |one, other| {
        are_near(one.to_le_bytes(), other.to_le_bytes())
    });
    let (near, far) = (near - equal, pairs - near);
    near * 100 >= pairs * NEAR && near >= far * NEAR_FOR_FAR
}

/// How many pairs of neighbours are looked at, and of how many that is true.
#[inline(always)]
fn count(frame: &Frame, rect: Rect, is_true: impl Fn(u32, u32) -> bool) -> (usize, usize) {
    let (mut pairs, mut counted) = (0, 0);
    for y in (rect.y..rect.bottom()).step_by(EVERY) {
        let (pixels, _) = frame.row(rect, y).as_chunks::<4>();
        pairs += pixels.len() - 1;
        let ones = pixels.iter().zip(&pixels[1..]).map(|(one, other)| {
            u32::from(is_true(
                u32::from_le_bytes(*one),
                u32::from_le_bytes(*other),
            ))
        });
        counted += ones.sum::<u32>() as usize;
    }
    (pairs, counted)
}

/// No branches: the compiler takes several pixels at once.
#[inline(always)]
fn are_near(one: [u8; 4], other: [u8; 4]) -> bool {
    let apart = |channel: usize| one[channel].abs_diff(other[channel]);
    apart(0).max(apart(1)).max(apart(2)) <= APART
}

/// The cells that a box touches.
fn cells(rect: Rect) -> impl Iterator<Item = (u32, u32)> {
    let columns = rect.x / CELL..rect.right().div_ceil(CELL);
    let rows = rect.y / CELL..rect.bottom().div_ceil(CELL);
    rows.flat_map(move |row| columns.clone().map(move |column| (column, row)))
}

fn cell(column: u32, row: u32) -> Rect {
    pixels(Rect::new(column, row, 1, 1))
}

fn pixels(cells: Rect) -> Rect {
    Rect::new(
        cells.x * CELL,
        cells.y * CELL,
        cells.width * CELL,
        cells.height * CELL,
    )
}
