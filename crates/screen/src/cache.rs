//! What was on the screen before and is likely to come back: a window, a menu's background, a
//! slide.
//!
//! The picture is cut into tiles.
//! Before one that has rested is overwritten, the viewer is told to keep its pixels in a slot.
//! When the same pixels come back, the slot's number is all that travels.
//! The sender alone decides what goes into which slot, so it always knows what the viewer has:
//! it remembers a hash per slot where the viewer keeps pixels.

use std::collections::BTreeMap;

use crate::frame::Frame;
use crate::hash::{Hash, Hasher};
use crate::region::Rect;
use aldis_wire::peer::{Run, SLOTS, TILE};

/// A tile's side in pixels.
const SIDE: u32 = TILE as u32;

/// Every row with this distance is in a tile's scent.
const SCENT_ROWS: usize = 15;

/// The rectangle of a tile; `None` if the picture has no such tile.
pub(crate) fn tile(frame: &Frame, number: u16) -> Option<Rect> {
    let columns = columns(frame).max(1);
    let (column, row) = (u32::from(number) % columns, u32::from(number) / columns);
    let rect = Rect::new(column * SIDE, row * SIDE, SIDE, SIDE).intersection(frame.bounds());
    (!rect.is_empty()).then_some(rect)
}

/// The number of the tile with this pixel.
pub(crate) fn tile_at(frame: &Frame, x: u32, y: u32) -> u16 {
    (y / SIDE * columns(frame) + x / SIDE) as u16
}

/// How many tiles a picture has.
pub(crate) fn count(frame: &Frame) -> usize {
    (columns(frame) * frame.height().div_ceil(SIDE)) as usize
}

/// The numbers of the tiles that these boxes touch, in order.
pub(crate) fn touched(frame: &Frame, boxes: &[Rect]) -> Vec<u16> {
    let columns = columns(frame);
    let mut marks = vec![false; count(frame)];
    for rect in boxes.iter().filter(|rect| !rect.is_empty()) {
        for row in rect.y / SIDE..=(rect.bottom() - 1) / SIDE {
            let start = row * columns;
            let tiles = start + rect.x / SIDE..=start + (rect.right() - 1) / SIDE;
            tiles.for_each(|tile| marks[tile as usize] = true);
        }
    }
    let numbers = (0..).zip(marks).filter(|(_, marked)| *marked);
    numbers.map(|(number, _)| number).collect()
}

fn columns(frame: &Frame) -> u32 {
    frame.width().div_ceil(SIDE)
}

/// The sender's knowledge of what the viewer keeps.
pub(crate) struct Ledger {
    hasher: Hasher,
    /// What each slot holds.
    slots: Vec<Option<Print>>,
    /// Where to find a hash.
    known: BTreeMap<Hash, u16>,
    /// How many slots have a tile with this scent.
    scents: BTreeMap<Hash, u16>,
    /// The slot that is overwritten next.
    next: u16,
    /// What is known of each tile of the mirror as it is now.
    tiles: Vec<Tile>,
}

/// What is known of a tile.
#[derive(Clone, Copy)]
enum Tile {
    Unknown,
    /// It has one colour and is cheaper to send than to keep.
    Plain,
    Rich(Print),
}

/// A tile's pixels in short.
#[derive(Clone, Copy)]
struct Print {
    hash: Hash,
    scent: Hash,
}

impl Ledger {
    /// A ledger of empty slots; whoever does not know `seed` cannot make two pictures with one
    /// hash.
    pub(crate) fn new(seed: u128) -> Self {
        Self {
            hasher: Hasher::new(seed),
            slots: vec![None; SLOTS.into()],
            known: BTreeMap::new(),
            scents: BTreeMap::new(),
            next: 0,
            tiles: Vec::new(),
        }
    }

    /// Everything is forgotten; pictures have the size of `frame` from now on.
    pub(crate) fn clear(&mut self, frame: &Frame) {
        self.tiles.clear();
        self.tiles.resize(count(frame), Tile::Unknown);
        self.slots.fill(None);
        self.known.clear();
        self.scents.clear();
        self.next = 0;
    }

    /// These tiles change.
    pub(crate) fn disturb(&mut self, tiles: &[u16]) {
        for tile in tiles {
            self.tiles[usize::from(*tile)] = Tile::Unknown;
        }
    }

    /// The tiles that nothing is known of.
    pub(crate) fn unknown(&self) -> Vec<u16> {
        let tiles = (0..).zip(&self.tiles);
        let unknown = tiles.filter(|(_, tile)| matches!(tile, Tile::Unknown));
        unknown.map(|(number, _)| number).collect()
    }

    /// Looks at a tile of the mirror.
    pub(crate) fn learn(&mut self, mirror: &Frame, number: u16) {
        if let Some(rect) = tile(mirror, number) {
            self.tiles[usize::from(number)] = self.look(mirror, rect);
        }
    }

    fn look(&self, mirror: &Frame, rect: Rect) -> Tile {
        if is_rich(mirror, rect) {
            Tile::Rich(Print {
                hash: self.hash(mirror, rect),
                scent: self.scent(mirror, rect),
            })
        } else {
            Tile::Plain
        }
    }

    /// The slots for those of these tiles that are worth keeping and are not kept yet.
    pub(crate) fn keep(&mut self, mirror: &Frame, tiles: &[u16]) -> Vec<Run> {
        let mut runs = Vec::new();
        for &number in tiles {
            let known = match (self.tiles[usize::from(number)], tile(mirror, number)) {
                (Tile::Unknown, Some(rect)) => self.look(mirror, rect),
                (known, _) => known,
            };
            let Tile::Rich(print) = known else { continue };
            let hash = print.hash;
            if self.known.contains_key(&hash) {
                continue;
            }
            let slot = self.next;
            self.next = (slot + 1) % SLOTS;
            if let Some(old) = self.slots[usize::from(slot)].replace(print) {
                self.known.remove(&old.hash);
                if let Some(count) = self.scents.get_mut(&old.scent) {
                    *count -= 1;
                    if *count == 0 {
                        self.scents.remove(&old.scent);
                    }
                }
            }
            self.known.insert(hash, slot);
            *self.scents.entry(print.scent).or_default() += 1;
            extend(&mut runs, number, slot);
        }
        runs
    }

    /// Which of these tiles the viewer has kept with the pixels that they have in `frame`.
    pub(crate) fn show(&self, frame: &Frame, tiles: &[u16]) -> Vec<Run> {
        let mut runs = Vec::new();
        if self.known.is_empty() {
            return runs;
        }
        for &number in tiles {
            let kept = tile(frame, number)
                // Most tiles are new, and a scent takes a fraction of a hash's time.
                .filter(|rect| self.scents.contains_key(&self.scent(frame, *rect)))
                .and_then(|rect| self.known.get(&self.hash(frame, rect)));
            if let Some(slot) = kept {
                extend(&mut runs, number, *slot);
            }
        }
        runs
    }

    fn hash(&self, frame: &Frame, rect: Rect) -> Hash {
        self.hasher.hash(frame, rect, 1)
    }

    /// A hash of a few rows.
    fn scent(&self, frame: &Frame, rect: Rect) -> Hash {
        self.hasher.hash(frame, rect, SCENT_ROWS)
    }
}

/// Whether a tile has more than one colour; the others are cheaper to send than to keep.
fn is_rich(frame: &Frame, rect: Rect) -> bool {
    let first = frame.row(rect, rect.y);
    let (pixels, _) = first.as_chunks::<4>();
    pixels.iter().any(|pixel| *pixel != pixels[0])
        || (rect.y..rect.bottom()).any(|y| frame.row(rect, y) != first)
}

/// Adds a tile and its slot to the last run, if they continue it.
fn extend(runs: &mut Vec<Run>, tile: u16, slot: u16) {
    match runs.last_mut() {
        Some(run) if run.tile + run.count == tile && run.slot + run.count == slot => {
            run.count += 1;
        }
        _ => runs.push(Run {
            tile,
            slot,
            count: 1,
        }),
    }
}

/// What the viewer keeps.
#[derive(Debug)]
pub(crate) struct Kept {
    slots: Vec<Option<Pixels>>,
}

#[derive(Debug)]
struct Pixels {
    width: u32,
    height: u32,
    rows: Vec<u8>,
}

impl Kept {
    /// Nothing.
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// Keeps the pixels of a tile; `None` if there is no such slot.
    pub(crate) fn keep(&mut self, slot: u16, frame: &Frame, tile: Rect) -> Option<()> {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS.into(), || None);
        }
        let pixels = self.slots.get_mut(usize::from(slot))?;
        let mut rows = pixels.take().map(|old| old.rows).unwrap_or_default();
        rows.clear();
        frame.get(tile, &mut rows);
        *pixels = Some(Pixels {
            width: tile.width,
            height: tile.height,
            rows,
        });
        Some(())
    }

    /// Puts back what was kept; `None` if that is nothing, or nothing of this size.
    pub(crate) fn show(&self, slot: u16, frame: &mut Frame, tile: Rect) -> Option<()> {
        let pixels = self.slots.get(usize::from(slot))?.as_ref()?;
        if (pixels.width, pixels.height) != (tile.width, tile.height) {
            return None;
        }
        frame.put(tile, &pixels.rows);
        Some(())
    }
}
