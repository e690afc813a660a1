//! What differs between two pictures of one size, as boxes.

use crate::frame::Frame;
use crate::region::Rect;

/// A tile's width in pixels; wide, because text grows sideways.
const TILE_WIDTH: u32 = 64;

/// A tile's height in pixels.
const TILE_HEIGHT: u32 = 16;

/// Boxes around the pixels that differ, looking only inside `within`; they do not overlap.
///
/// What differs just outside of `within` may be found as well.
pub(crate) fn changed(new: &Frame, old: &Frame, within: &[Rect]) -> Vec<Rect> {
    let columns = new.width().div_ceil(TILE_WIDTH) as usize;
    let rows = new.height().div_ceil(TILE_HEIGHT) as usize;
    let mut marks = vec![false; columns * rows];
    for rect in tiles(new, within) {
        let first = (rect.x / TILE_WIDTH) as usize;
        let last = first + rect.width.div_ceil(TILE_WIDTH) as usize;
        for y in (rect.y..rect.bottom()).step_by(TILE_HEIGHT as usize) {
            let start = (y / TILE_HEIGHT) as usize * columns;
            let height = TILE_HEIGHT.min(rect.bottom() - y);
            let band = Rect { y, height, ..rect };
            mark(
                new,
                old,
                band,
                TILE_WIDTH,
                &mut marks[start + first..start + last],
            );
        }
    }
    join(&marks, columns as u32)
        .into_iter()
        .map(|tiles| shrink(new, old, tiles_to_pixels(tiles, new)))
        .collect()
}

/// Which blocks of `rect` differ, row by row; they have this side, but at the right and bottom edge.
pub(crate) fn changed_blocks(new: &Frame, old: &Frame, rect: Rect, side: u32) -> Vec<bool> {
    let columns = rect.width.div_ceil(side) as usize;
    let mut marks = vec![false; columns * rect.height.div_ceil(side) as usize];
    for (y, marks) in (rect.y..)
        .step_by(side as usize)
        .zip(marks.chunks_mut(columns))
    {
        let height = side.min(rect.bottom() - y);
        mark(new, old, Rect { y, height, ..rect }, side, marks);
    }
    marks
}

/// The tiles that [`changed`] looks into, as boxes that may overlap.
pub(crate) fn tiles(frame: &Frame, within: &[Rect]) -> Vec<Rect> {
    let rects = within.iter().map(|rect| rect.intersection(frame.bounds()));
    rects
        .filter(|rect| !rect.is_empty())
        .map(|rect| {
            let (x, y) = (rect.x / TILE_WIDTH, rect.y / TILE_HEIGHT);
            let right = rect.right().div_ceil(TILE_WIDTH);
            let bottom = rect.bottom().div_ceil(TILE_HEIGHT);
            tiles_to_pixels(Rect::new(x, y, right - x, bottom - y), frame)
        })
        .collect()
}

/// Marks which of the tiles side by side in `band`, each so many pixels wide, differ.
fn mark(new: &Frame, old: &Frame, band: Rect, width: u32, marks: &mut [bool]) {
    let bytes = width as usize * 4;
    for y in band.y..band.bottom() {
        let (new, old) = (new.row(band, y), old.row(band, y));
        // A whole row is compared faster than its tiles, and most rows are equal.
        if new == old {
            continue;
        }
        let mut open = false;
        let tiles = new.chunks(bytes).zip(old.chunks(bytes));
        for ((new, old), mark) in tiles.zip(marks.iter_mut()) {
            *mark = *mark || new != old;
            open |= !*mark;
        }
        if !open {
            return;
        }
    }
}

/// The smallest rectangle in `rect` around the pixels that differ; at least one does.
fn shrink(new: &Frame, old: &Frame, rect: Rect) -> Rect {
    let differs = |y: &u32| new.row(rect, *y) != old.row(rect, *y);
    let mut rows = rect.y..rect.bottom();
    let Some(top) = rows.find(differs) else {
        return Rect::default();
    };
    let bottom = rows.rfind(differs).unwrap_or(top) + 1;
    let (mut left, mut right) = (rect.width as usize, 0);
    for y in top..bottom {
        let (new, old) = (new.row(rect, y), old.row(rect, y));
        // Only what could widen the box is looked at.
        if let Some(first) = first_difference(&new[..left * 4], &old[..left * 4]) {
            left = first;
        }
        if let Some(last) = last_difference(&new[right * 4..], &old[right * 4..]) {
            right += last + 1;
        }
    }
    Rect::new(
        rect.x + left as u32,
        top,
        (right - left) as u32,
        bottom - top,
    )
}

/// The first pixel that differs.
fn first_difference(new: &[u8], old: &[u8]) -> Option<usize> {
    let differs = |(new, old): (&[u8], &[u8])| new != old;
    new.chunks_exact(4)
        .zip(old.chunks_exact(4))
        .position(differs)
}

/// The last pixel that differs.
fn last_difference(new: &[u8], old: &[u8]) -> Option<usize> {
    let differs = |(new, old): (&[u8], &[u8])| new != old;
    new.chunks_exact(4)
        .zip(old.chunks_exact(4))
        .rposition(differs)
}

fn tiles_to_pixels(tiles: Rect, frame: &Frame) -> Rect {
    Rect::new(
        tiles.x * TILE_WIDTH,
        tiles.y * TILE_HEIGHT,
        tiles.width * TILE_WIDTH,
        tiles.height * TILE_HEIGHT,
    )
    .intersection(frame.bounds())
}

/// Joins marked cells to runs, and runs of the same columns to boxes, in cell units.
pub(crate) fn join(marks: &[bool], columns: u32) -> Vec<Rect> {
    let mut done: Vec<Rect> = Vec::new();
    let mut open: Vec<Rect> = Vec::new();
    for (row, marks) in (0_u32..).zip(marks.chunks_exact(columns as usize)) {
        let mut grown: Vec<Rect> = Vec::new();
        let mut column = 0;
        while column < columns {
            if !marks[column as usize] {
                column += 1;
                continue;
            }
            let start = column;
            while column < columns && marks[column as usize] {
                column += 1;
            }
            let width = column - start;
            let above = open
                .iter()
                .position(|run| (run.x, run.width) == (start, width));
            grown.push(match above {
                Some(index) => {
                    let run = open.swap_remove(index);
                    Rect::new(run.x, run.y, width, run.height + 1)
                }
                None => Rect::new(start, row, width, 1),
            });
        }
        done.append(&mut open);
        open = grown;
    }
    done.append(&mut open);
    done.sort_unstable_by_key(|tiles| (tiles.y, tiles.x));
    done
}
