//! What was elsewhere before: a scrolled page, a dragged window.
//!
//! The vectors of the last frames are tried first, for whoever scrolls goes on scrolling.
//! Otherwise *anchors* vote.
//! An anchor is a place whose next eight pixels have a hash that ends in a few zeros, so both
//! pictures choose the same places wherever their content lies; one that occurs once in each
//! picture votes for the way from here to there.
//! No vote is believed: a block counts as moved only if its pixels are equal one by one.

use crate::diff::join;
use crate::frame::Frame;
use crate::region::{Rect, Shift};

/// A block's side in pixels.
const BLOCK: u32 = 16;

/// Pixels that an anchor's hash covers.
const SPAN: usize = 8;

/// One in this many of the places with an edge is an anchor.
const ONE_IN: u64 = 8;

/// In the new picture anchors are looked for in every row that is a multiple of this.
const EVERY: u32 = 4;

/// The most anchors that are remembered of a picture.
const MAX_ANCHORS: usize = 1 << 14;

/// Slots for them.
const SLOTS: usize = 2 * MAX_ANCHORS;

/// Fewer anchors than this do not make a vector worth a try.
const MIN_VOTES: u32 = 3;

/// The most vectors that one frame is searched for.
const MAX_VECTORS: usize = 4;

/// A vector must explain this many blocks that changed.
const MIN_BLOCKS: usize = 6;

/// The most rectangles that one vector may leave behind.
const MAX_SHIFTS: usize = 48;

/// From where something was to where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Vector {
    x: i32,
    y: i32,
}

/// Looks for moves; remembers the last vectors.
#[derive(Debug)]
pub(crate) struct Finder {
    recent: Vec<Vector>,
    before: Anchors,
    after: Anchors,
}

impl Finder {
    pub(crate) fn new() -> Self {
        Self {
            recent: Vec::new(),
            before: Anchors::new(),
            after: Anchors::new(),
        }
    }

    /// The moves that bring `old` nearer to `new` inside `boxes`, exact in every pixel.
    ///
    /// All are to be read from `old` before the first is written.
    pub(crate) fn find(&mut self, new: &Frame, old: &Frame, boxes: &[Rect]) -> Vec<Shift> {
        let mut blocks = Blocks::new(new, old, boxes);
        let mut shifts = Vec::new();
        let mut used = Vec::new();
        for vector in std::mem::take(&mut self.recent) {
            if let Some(found) = blocks.explain(new, old, vector) {
                shifts.extend(found);
                used.push(vector);
            }
        }
        if blocks.changed >= MIN_BLOCKS * 8 {
            for vector in self.vote(new, old, &blocks, boxes) {
                if used.len() == MAX_VECTORS {
                    break;
                }
                if let Some(found) = blocks.explain(new, old, vector) {
                    shifts.extend(found);
                    used.push(vector);
                }
            }
        }
        self.recent = used;
        shifts
    }

    /// The vectors that anchors vote for, the likeliest first.
    fn vote(&mut self, new: &Frame, old: &Frame, blocks: &Blocks, boxes: &[Rect]) -> Vec<Vector> {
        self.before.clear();
        self.after.clear();
        for rect in boxes {
            for y in rect.y..rect.bottom() {
                self.before.scan(old.row(*rect, y), rect.x, y, |_| true);
                if y.is_multiple_of(EVERY) {
                    let open = |x| blocks.open(x, y);
                    self.after.scan(new.row(*rect, y), rect.x, y, open);
                }
            }
        }
        let mut votes: Vec<Vector> = self
            .after
            .iter()
            .filter_map(|(hash, x, y)| {
                let (from_x, from_y) = self.before.find(hash)?;
                Some(Vector {
                    x: x.cast_signed() - from_x.cast_signed(),
                    y: y.cast_signed() - from_y.cast_signed(),
                })
            })
            .filter(|vector| *vector != Vector { x: 0, y: 0 })
            .collect();
        votes.sort_unstable();
        let mut counted: Vec<(u32, Vector)> = Vec::new();
        for vector in votes {
            match counted.last_mut() {
                Some((count, last)) if *last == vector => *count += 1,
                _ => counted.push((1, vector)),
            }
        }
        counted.retain(|(count, _)| *count >= MIN_VOTES);
        counted.sort_unstable_by_key(|(count, vector)| (std::cmp::Reverse(*count), *vector));
        counted.truncate(MAX_VECTORS);
        counted.into_iter().map(|(_, vector)| vector).collect()
    }
}

/// The blocks that a frame's changes touch.
struct Blocks {
    columns: u32,
    /// Not explained by a vector yet.
    open: Vec<bool>,
    /// Open, and not what it was.
    dirty: Vec<bool>,
    /// How many are open and not what they were.
    changed: usize,
}

impl Blocks {
    fn new(new: &Frame, old: &Frame, boxes: &[Rect]) -> Self {
        let columns = new.width().div_ceil(BLOCK);
        let count = (columns * new.height().div_ceil(BLOCK)) as usize;
        let mut blocks = Self {
            columns,
            open: vec![false; count],
            dirty: vec![false; count],
            changed: 0,
        };
        for rect in boxes.iter().filter(|rect| !rect.is_empty()) {
            for row in rect.y / BLOCK..=(rect.bottom() - 1) / BLOCK {
                for column in rect.x / BLOCK..=(rect.right() - 1) / BLOCK {
                    let index = (row * columns + column) as usize;
                    if !blocks.open[index] {
                        blocks.open[index] = true;
                        let pixels = pixels(column, row, new);
                        let here = Shift {
                            x: pixels.x,
                            y: pixels.y,
                            to: pixels,
                        };
                        blocks.dirty[index] = !equal(new, old, here);
                        blocks.changed += usize::from(blocks.dirty[index]);
                    }
                }
            }
        }
        blocks
    }

    /// Whether the block with this pixel still wants an explanation.
    fn open(&self, x: u32, y: u32) -> bool {
        self.dirty[(y / BLOCK * self.columns + x / BLOCK) as usize]
    }

    /// The rectangles that `vector` explains, if they are worth it; their blocks are done then.
    fn explain(&mut self, new: &Frame, old: &Frame, vector: Vector) -> Option<Vec<Shift>> {
        let mut moved = vec![false; self.open.len()];
        let mut gain = 0;
        for (index, moved) in moved.iter_mut().enumerate() {
            if !self.open[index] {
                continue;
            }
            let (column, row) = (index as u32 % self.columns, index as u32 / self.columns);
            let to = pixels(column, row, new);
            *moved = shift(vector, to, new).is_some_and(|shift| equal(new, old, shift));
            gain += usize::from(*moved && self.dirty[index]);
        }
        if gain < MIN_BLOCKS {
            return None;
        }
        let mut shifts = Vec::new();
        for blocks in self.largest(&moved) {
            let to = Rect::new(
                blocks.x * BLOCK,
                blocks.y * BLOCK,
                blocks.width * BLOCK,
                blocks.height * BLOCK,
            )
            .intersection(new.bounds());
            shifts.extend(grow(new, old, vector, to));
            for row in blocks.y..blocks.bottom() {
                for column in blocks.x..blocks.right() {
                    let index = (row * self.columns + column) as usize;
                    self.changed -= usize::from(self.dirty[index]);
                    self.open[index] = false;
                    self.dirty[index] = false;
                }
            }
        }
        Some(shifts)
    }

    /// Rectangles of moved blocks that hold something changed, the most rewarding first.
    fn largest(&self, moved: &[bool]) -> Vec<Rect> {
        let mut gains: Vec<(usize, Rect)> = join(moved, self.columns)
            .into_iter()
            .map(|rect| {
                let rows = (rect.y..rect.bottom()).map(|row| {
                    let start = (row * self.columns + rect.x) as usize;
                    &self.dirty[start..start + rect.width as usize]
                });
                let gain = rows.flatten().filter(|dirty| **dirty).count();
                (gain, rect)
            })
            .filter(|(gain, _)| *gain > 0)
            .collect();
        gains.sort_unstable_by_key(|(gain, rect)| (std::cmp::Reverse(*gain), rect.y, rect.x));
        gains.truncate(MAX_SHIFTS);
        gains.into_iter().map(|(_, rect)| rect).collect()
    }
}

fn pixels(column: u32, row: u32, frame: &Frame) -> Rect {
    Rect::new(column * BLOCK, row * BLOCK, BLOCK, BLOCK).intersection(frame.bounds())
}

/// The move to `to` along `vector`, if it begins within the picture.
fn shift(vector: Vector, to: Rect, frame: &Frame) -> Option<Shift> {
    let x = to.x.checked_add_signed(-vector.x)?;
    let y = to.y.checked_add_signed(-vector.y)?;
    let shift = Shift { x, y, to };
    frame.bounds().contains(shift.source()).then_some(shift)
}

fn equal(new: &Frame, old: &Frame, shift: Shift) -> bool {
    let from = shift.source();
    (0..shift.to.height)
        .all(|row| new.row(shift.to, shift.to.y + row) == old.row(from, shift.y + row))
}

/// The move with its edges pushed outward while that explains more pixels: what moves seldom ends
/// where a block does.
fn grow(new: &Frame, old: &Frame, vector: Vector, mut to: Rect) -> Option<Shift> {
    let useful = |strip: Rect| {
        let here = Shift {
            x: strip.x,
            y: strip.y,
            to: strip,
        };
        new.bounds().contains(strip)
            && shift(vector, strip, new).is_some_and(|moved| equal(new, old, moved))
            && !equal(new, old, here)
    };
    let sides: [fn(Rect) -> Option<Rect>; 4] = [
        |to| Some(Rect::new(to.x, to.y.checked_sub(1)?, to.width, 1)),
        |to| Some(Rect::new(to.x, to.bottom(), to.width, 1)),
        |to| Some(Rect::new(to.x.checked_sub(1)?, to.y, 1, to.height)),
        |to| Some(Rect::new(to.right(), to.y, 1, to.height)),
    ];
    for side in sides {
        for _ in 1..BLOCK {
            match side(to) {
                Some(strip) if useful(strip) => to = to.union(strip),
                _ => break,
            }
        }
    }
    shift(vector, to, new)
}

/// A picture's anchors by their hash.
#[derive(Debug)]
struct Anchors {
    slots: Vec<Anchor>,
    count: usize,
}

/// Where a hash was found; no hash is 0.
#[derive(Clone, Copy, Debug, Default)]
struct Anchor {
    hash: u64,
    x: u32,
    y: u32,
    twice: bool,
}

impl Anchors {
    fn new() -> Self {
        Self {
            slots: Vec::new(),
            count: 0,
        }
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.slots.resize(SLOTS, Anchor::default());
        self.count = 0;
    }

    /// Adds a row's anchors where `wanted` says so; the row begins at `left`.
    fn scan(&mut self, row: &[u8], left: u32, y: u32, wanted: impl Fn(u32) -> bool) {
        let mut last: &[u8] = &[];
        for (x, eight) in (left..).zip(row.windows(SPAN * 4).step_by(4)) {
            let pixel = &eight[..4];
            // Flat ground has no anchors.
            if pixel == last || last.is_empty() {
                last = pixel;
                continue;
            }
            last = pixel;
            let hash = hash(eight);
            if hash.is_multiple_of(ONE_IN) && hash != 0 && wanted(x) {
                self.add(hash, x, y);
            }
        }
    }

    fn add(&mut self, hash: u64, x: u32, y: u32) {
        let index = self.slot(hash);
        let slot = &mut self.slots[index];
        if slot.hash == hash {
            slot.twice = true;
        } else if self.count < MAX_ANCHORS {
            self.count += 1;
            *slot = Anchor {
                hash,
                x,
                y,
                twice: false,
            };
        }
    }

    /// Where a hash is, if it is there once.
    fn find(&self, hash: u64) -> Option<(u32, u32)> {
        let slot = self.slots[self.slot(hash)];
        (slot.hash == hash && !slot.twice).then_some((slot.x, slot.y))
    }

    /// All that are there once.
    fn iter(&self) -> impl Iterator<Item = (u64, u32, u32)> {
        let once = self
            .slots
            .iter()
            .filter(|slot| slot.hash != 0 && !slot.twice);
        once.map(|slot| (slot.hash, slot.x, slot.y))
    }

    /// The slot of a hash, or the free one where it would go; a quarter is free at least.
    fn slot(&self, hash: u64) -> usize {
        let mut index = (hash >> 40) as usize % SLOTS;
        while self.slots[index].hash != 0 && self.slots[index].hash != hash {
            index = (index + 1) % SLOTS;
        }
        index
    }
}

/// A quick hash of eight pixels; what it says is verified before it is believed.
fn hash(pixels: &[u8]) -> u64 {
    let (words, _) = pixels.as_chunks::<8>();
    let mixed = words.iter().fold(0_u64, |mixed, word| {
        (mixed.rotate_left(23) ^ u64::from_le_bytes(*word)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    mixed ^ mixed >> 32
}
