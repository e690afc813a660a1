//! What was elsewhere before: a scrolled page, a dragged window.
//!
//! The vectors of the last frames are tried first, for whoever scrolls goes on scrolling.
//! Otherwise *anchors* vote.
//! An anchor is a place where two neighbours differ and have a hash that begins with a few zeros, so
//! both pictures choose the same places wherever their content lies; one whose next pixels occur
//! once in each picture votes for the way from here to there.
//! No vote is believed: a block counts as moved only if its pixels are equal one by one.

use crate::diff::join;
use crate::frame::Frame;
use crate::region::{Rect, Shift};

/// A block's side in pixels.
const BLOCK: u32 = 16;

/// Pixels that an anchor's hash covers: several letters, for single ones are everywhere.
const SPAN: usize = 32;

/// One in so many places with an edge is an anchor; a power of two, by its logarithm.
const ONE_IN: u32 = 4;

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

/// A vector must explain this many blocks.
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
    anchors: Anchors,
}

impl Finder {
    pub(crate) fn new() -> Self {
        Self {
            recent: Vec::new(),
            anchors: Anchors::new(),
        }
    }

    /// The moves that bring `old` nearer to `new` inside `boxes`, exact in every pixel, and the boxes
    /// that they say nothing about.
    ///
    /// All are to be read from `old` before the first is written.
    pub(crate) fn find(
        &mut self,
        new: &Frame,
        old: &Frame,
        boxes: &[Rect],
    ) -> (Vec<Shift>, Vec<Rect>) {
        let mut blocks = Blocks::new(new, boxes);
        let all = blocks.left;
        let mut shifts = Vec::new();
        let mut used = Vec::new();
        for vector in std::mem::take(&mut self.recent) {
            // A vector that still holds explains more than what happens to be alike.
            let worth = (all / 8).max(MIN_BLOCKS);
            if let Some(found) = blocks.explain(new, old, vector, worth) {
                shifts.extend(found);
                used.push(vector);
            }
        }
        // A page that scrolls on leaves a strip that is new; nobody needs to vote about that.
        if blocks.left >= MIN_BLOCKS && blocks.left > all / 2 {
            for vector in self.vote(new, old, &blocks, boxes) {
                if used.len() == MAX_VECTORS {
                    break;
                }
                if let Some(found) = blocks.explain(new, old, vector, MIN_BLOCKS) {
                    shifts.extend(found);
                    used.push(vector);
                }
            }
        }
        self.recent = used;
        let rest = join(&blocks.open, blocks.columns).into_iter();
        (shifts, rest.map(|rect| pixels(rect, new)).collect())
    }

    /// The vectors that anchors vote for, the likeliest first.
    fn vote(&mut self, new: &Frame, old: &Frame, blocks: &Blocks, boxes: &[Rect]) -> Vec<Vector> {
        self.anchors.clear();
        let mut looked_at = Vec::new();
        for rect in boxes {
            let mut rows = rect.y..rect.bottom();
            // What follows would be left out anyway.
            while !self.anchors.is_full()
                && let Some(y) = rows.next()
            {
                scan(old.row(*rect, y), |x, hash| {
                    self.anchors.leave(hash, rect.x + x, y);
                });
            }
            let height = rows.start - rect.y;
            looked_at.push(Rect { height, ..*rect });
        }
        for rect in looked_at {
            for y in (rect.y.next_multiple_of(EVERY)..rect.bottom()).step_by(EVERY as usize) {
                scan(new.row(rect, y), |x, hash| {
                    if blocks.open(rect.x + x, y) {
                        self.anchors.meet(hash, rect.x + x, y);
                    }
                });
            }
        }
        let mut votes: Vec<Vector> = self
            .anchors
            .met()
            .map(|((from_x, from_y), (x, y))| Vector {
                x: x.cast_signed() - from_x.cast_signed(),
                y: y.cast_signed() - from_y.cast_signed(),
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
    /// Not blank: blank ground fits every vector and speaks for none.
    rich: Vec<bool>,
    /// How many are open and rich.
    left: usize,
    /// The blocks in rows: rectangles one block high.
    bands: Vec<Rect>,
}

impl Blocks {
    fn new(frame: &Frame, boxes: &[Rect]) -> Self {
        let columns = frame.width().div_ceil(BLOCK);
        let mut open = vec![false; (columns * frame.height().div_ceil(BLOCK)) as usize];
        let mut rich = open.clone();
        for band in bands(boxes) {
            let start = (band.y * columns + band.x) as usize;
            open[start..start + band.width as usize].fill(true);
            rich_blocks(frame, band, &mut rich[start..start + band.width as usize]);
        }
        // Ground between the boxes may join what moved, if it is not too much.
        let around = boxes.iter().copied().fold(Rect::default(), Rect::union);
        let inside: u64 = boxes.iter().map(|rect| rect.area()).sum();
        let bands = if around.area() < 2 * inside {
            bands(&[around])
        } else {
            bands(boxes)
        };
        Self {
            columns,
            left: rich.iter().filter(|rich| **rich).count(),
            open,
            rich,
            bands,
        }
    }

    /// Whether the block with this pixel still wants an explanation.
    fn open(&self, x: u32, y: u32) -> bool {
        self.open[(y / BLOCK * self.columns + x / BLOCK) as usize]
    }

    fn holds_open(&self, blocks: Rect) -> bool {
        (blocks.y..blocks.bottom()).any(|row| {
            let start = (row * self.columns + blocks.x) as usize;
            self.open[start..start + blocks.width as usize].contains(&true)
        })
    }

    /// The rectangles that `vector` explains, if they have so many rich blocks; these are done then.
    fn explain(
        &mut self,
        new: &Frame,
        old: &Frame,
        vector: Vector,
        worth: usize,
    ) -> Option<Vec<Shift>> {
        let mut moved = vec![false; self.open.len()];
        for band in &self.bands {
            let start = (band.y * self.columns + band.x) as usize;
            let marks = &mut moved[start..start + band.width as usize];
            marks.fill(true);
            equal_blocks(new, old, *band, vector, marks);
        }
        let both = moved.iter().zip(&self.rich);
        let gain = |((moved, rich), open): &((&bool, &bool), &bool)| **moved && **rich && **open;
        if both.zip(&self.open).filter(gain).count() < worth {
            return None;
        }
        let mut rects = join(&moved, self.columns);
        rects.retain(|rect| self.holds_open(*rect));
        rects.sort_unstable_by_key(|rect| (std::cmp::Reverse(rect.area()), rect.y, rect.x));
        rects.truncate(MAX_SHIFTS);
        let mut shifts = Vec::new();
        for rect in rects {
            shifts.extend(grow(new, old, vector, pixels(rect, new)));
            for row in rect.y..rect.bottom() {
                let start = (row * self.columns + rect.x) as usize;
                for index in start..start + rect.width as usize {
                    self.left -= usize::from(self.open[index] && self.rich[index]);
                    self.open[index] = false;
                }
            }
        }
        Some(shifts)
    }
}

/// The pixels of a rectangle of blocks.
fn pixels(blocks: Rect, frame: &Frame) -> Rect {
    Rect::new(
        blocks.x * BLOCK,
        blocks.y * BLOCK,
        blocks.width * BLOCK,
        blocks.height * BLOCK,
    )
    .intersection(frame.bounds())
}

/// The blocks that boxes touch, in rows that do not overlap.
fn bands(boxes: &[Rect]) -> Vec<Rect> {
    let mut bands: Vec<Rect> = Vec::new();
    for rect in boxes.iter().filter(|rect| !rect.is_empty()) {
        let (x, right) = (rect.x / BLOCK, rect.right().div_ceil(BLOCK));
        for row in rect.y / BLOCK..rect.bottom().div_ceil(BLOCK) {
            bands.push(Rect::new(x, row, right - x, 1));
        }
    }
    bands.sort_unstable_by_key(|band| (band.y, band.x));
    bands.dedup_by(|next, band| {
        let touches = next.y == band.y && next.x <= band.right();
        if touches {
            *band = band.union(*next);
        }
        touches
    });
    bands
}

/// Marks those blocks side by side in `band` that have more than one colour, as far as every fourth
/// row tells.
fn rich_blocks(frame: &Frame, band: Rect, marks: &mut [bool]) {
    const BYTES: usize = BLOCK as usize * 4;
    let rect = pixels(band, frame);
    for y in (rect.y..rect.bottom()).step_by(4) {
        let blocks = frame.row(rect, y).chunks(BYTES);
        for (block, mark) in blocks.zip(marks.iter_mut()) {
            // A row of one colour equals itself a pixel further.
            *mark = *mark || block[4..] != block[..block.len() - 4];
        }
    }
}

/// Clears the marks of those blocks side by side in `band` that are not what is `vector` away.
fn equal_blocks(new: &Frame, old: &Frame, band: Rect, vector: Vector, marks: &mut [bool]) {
    const BYTES: usize = BLOCK as usize * 4;
    let to = pixels(band, new);
    let Some(shift) = shift(vector, to, new) else {
        // A part of the way leads out of the picture; block by block some may do.
        if band.width == 1 {
            marks.fill(false);
            return;
        }
        for (x, mark) in (band.x..).zip(marks) {
            let block = Rect {
                x,
                width: 1,
                ..band
            };
            equal_blocks(new, old, block, vector, std::slice::from_mut(mark));
        }
        return;
    };
    let from = shift.source();
    for row in 0..to.height {
        let (new, old) = (new.row(to, to.y + row), old.row(from, from.y + row));
        // A whole row is compared faster than its blocks, and most rows are equal.
        if new == old {
            continue;
        }
        let blocks = new.chunks(BYTES).zip(old.chunks(BYTES));
        let mut any = false;
        for ((new, old), mark) in blocks.zip(marks.iter_mut()) {
            *mark = *mark && new == old;
            any |= *mark;
        }
        if !any {
            return;
        }
    }
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

/// Calls `found` with the place and the hash of every anchor in a row.
fn scan(row: &[u8], mut found: impl FnMut(u32, u64)) {
    let (pixels, _) = row.as_chunks::<4>();
    let mut last = None;
    for (index, pixel) in pixels.iter().enumerate() {
        let pixel = u32::from_le_bytes(*pixel);
        // Flat ground has no anchors.
        let edge = last.replace(pixel).filter(|last| *last != pixel);
        let Some(last) = edge else { continue };
        let mixed = (pixel ^ last.rotate_left(15)).wrapping_mul(0x9E37_79B1);
        if mixed >> (32 - ONE_IN) != 0 {
            continue;
        }
        if let Some(span) = row.get(index * 4..(index + SPAN) * 4) {
            found(index as u32, hash(span));
        }
    }
}

/// The anchors of the old picture by their hash, and where the new one has them.
#[derive(Debug)]
struct Anchors {
    /// Apart from all else, so that looking for one touches little memory; no hash is 0.
    hashes: Vec<u64>,
    /// What else is known of each; nothing where there is no hash.
    ways: Vec<Anchor>,
    count: usize,
    /// The slots of those that the new picture has as well.
    met: Vec<usize>,
}

/// Where a hash was found.
#[derive(Clone, Copy, Debug, Default)]
struct Anchor {
    from: (u32, u32),
    to: Option<(u32, u32)>,
    /// One of the pictures has it more than once.
    twice: bool,
}

impl Anchors {
    fn new() -> Self {
        Self {
            hashes: Vec::new(),
            ways: Vec::new(),
            count: 0,
            met: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.hashes.clear();
        self.hashes.resize(SLOTS, 0);
        self.ways.resize(SLOTS, Anchor::default());
        self.count = 0;
        self.met.clear();
    }

    fn is_full(&self) -> bool {
        self.count == MAX_ANCHORS
    }

    /// The old picture has an anchor here.
    fn leave(&mut self, hash: u64, x: u32, y: u32) {
        let slot = self.slot(hash);
        if self.hashes[slot] == hash {
            self.ways[slot].twice = true;
        } else if self.count < MAX_ANCHORS {
            self.count += 1;
            self.hashes[slot] = hash;
            self.ways[slot] = Anchor {
                from: (x, y),
                ..Anchor::default()
            };
        }
    }

    /// The new picture has one here.
    fn meet(&mut self, hash: u64, x: u32, y: u32) {
        let slot = self.slot(hash);
        if self.hashes[slot] != hash {
            return;
        }
        let anchor = &mut self.ways[slot];
        if anchor.to.replace((x, y)).is_some() {
            anchor.twice = true;
        } else {
            self.met.push(slot);
        }
    }

    /// From where to where those went that each picture has once.
    fn met(&self) -> impl Iterator<Item = ((u32, u32), (u32, u32))> {
        let anchors = self.met.iter().map(|slot| self.ways[*slot]);
        let once = anchors.filter(|anchor| !anchor.twice);
        once.filter_map(|anchor| Some((anchor.from, anchor.to?)))
    }

    /// The slot of a hash, or the free one where it would go; half of them are free at least.
    fn slot(&self, hash: u64) -> usize {
        let mut index = (hash >> 40) as usize % SLOTS;
        while self.hashes[index] != 0 && self.hashes[index] != hash {
            index = (index + 1) % SLOTS;
        }
        index
    }
}

/// A quick hash, never 0; what it says is verified before it is believed.
fn hash(pixels: &[u8]) -> u64 {
    const LANES: usize = 4;
    let mix =
        |mixed: u64, word: u64| (mixed.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (words, _) = pixels.as_chunks::<8>();
    let (groups, _) = words.as_chunks::<LANES>();
    // One lane would wait for each multiplication.
    let mut lanes = [0_u64; LANES];
    for group in groups {
        for (lane, word) in lanes.iter_mut().zip(group) {
            *lane = mix(*lane, u64::from_le_bytes(*word));
        }
    }
    let mixed = lanes.into_iter().fold(0, mix);
    (mixed ^ mixed >> 32) | 1
}
