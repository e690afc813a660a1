//! From a frame and its damage to coded parts.
//!
//! The encoder keeps a mirror of the frames that it has coded.
//! The viewer shows the same, except where photographs are not exact yet; [`Encoder::refine`] sees
//! to these once they rest.
//! Damage is only a hint: pixels that did not change are never sent.

use std::io;
use std::time::Duration;

use aldis_wire::peer::{Area, MAX_AREAS, MAX_PART_RAW, Op, ScreenPart};
use thiserror::Error;

use crate::cache::{self, Ledger};
use crate::classes::{self, Split};
use crate::diff;
use crate::exact;
use crate::frame::{Frame, FrameError};
use crate::haze::Haze;
use crate::lines;
use crate::moves::Finder;
use crate::photo;
use crate::quality::{Kind, Quality};
use crate::region::{Rect, Region, Shift};
use crate::rest::Rest;
use crate::settings::Settings;
use crate::stream::Packer;

/// Changes of fewer pixels are sent sooner than a search for moves would take.
const MOVES_FROM: u64 = 16_000;

/// Changes of fewer pixels are not worth being kept.
const KEEP_FROM: u64 = 4_096;

/// What rested for this long is worth being kept, and made exact.
const QUIET: Duration = Duration::from_millis(150);

/// The most rows of a photograph in one part, so that the viewer sees its top while its bottom is
/// still being coded.
const PHOTO_ROWS: u32 = 256;

/// Turns frames into coded parts.
pub struct Encoder {
    settings: Settings,
    quality: Quality,
    mirror: Frame,
    /// The frame without its colours, if that is wished.
    grey: Frame,
    sequence: u32,
    rest: Rest,
    haze: Haze,
    ledger: Ledger,
    finder: Finder,
    packer: Packer,
    photo_packer: Packer,
    photo: photo::Coder,
    exact: exact::Coder,
    raw: Vec<u8>,
    scratch: Vec<u8>,
}

/// A frame could not be coded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The frame's size is not supported.
    #[error(transparent)]
    Size(#[from] FrameError),
    /// zstd refused; its own words.
    #[error("a picture could not be compressed")]
    Zstd(#[from] io::Error),
}

/// A step of [`Encoder::encode_watched`] that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What differs is known.
    Diff,
    /// What the viewer has kept is known.
    Cache,
    /// What moved is known.
    Moves,
    /// The parts are made.
    Pack,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder")
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl Encoder {
    /// An encoder whose viewer shows nothing yet.
    ///
    /// Programs on the screen should not be able to guess `seed`: they could draw two pictures
    /// that are taken for one.
    pub fn new(settings: Settings, seed: u128) -> Result<Self, EncodeError> {
        Ok(Self {
            settings,
            quality: Quality::new(),
            mirror: Frame::default(),
            grey: Frame::default(),
            sequence: 0,
            rest: Rest::default(),
            haze: Haze::default(),
            ledger: Ledger::new(seed),
            finder: Finder::new(),
            packer: Packer::new()?,
            photo_packer: Packer::forgetful()?,
            photo: photo::Coder::default(),
            exact: exact::Coder::default(),
            raw: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Forgets what the viewer shows and keeps: the next update carries the whole picture.
    pub fn restart(&mut self) {
        self.mirror = Frame::default();
    }

    /// Changes how the picture is to look from now on.
    pub fn set(&mut self, settings: Settings) {
        if settings.grey != self.settings.grey {
            self.restart();
        }
        self.settings = settings;
    }

    /// Bounds the bytes that an update's photographs should take from now on: they become coarser.
    ///
    /// Text and surfaces are exact whatever that takes.
    pub fn set_budget(&mut self, budget: Option<usize>) {
        self.quality.budget = budget;
    }

    /// The parts that bring the viewer from its picture to `frame`, looking only inside `damage`.
    ///
    /// No parts when nothing differs.
    pub fn encode(
        &mut self,
        frame: &Frame,
        damage: &Region,
        now: Duration,
    ) -> Result<Vec<ScreenPart>, EncodeError> {
        self.encode_watched(frame, damage, now, &mut |_| ())
    }

    /// The same; `watch` is called at the end of each stage, so that a caller with a clock can
    /// tell where the time goes.
    pub fn encode_watched(
        &mut self,
        frame: &Frame,
        damage: &Region,
        now: Duration,
        watch: &mut dyn FnMut(Stage),
    ) -> Result<Vec<ScreenPart>, EncodeError> {
        let mut ops = Vec::new();
        if self.mirror.bounds() == frame.bounds() {
            self.change(frame, damage.rects(), now, &mut ops, watch)?;
        } else {
            self.mirror = Frame::new(frame.width(), frame.height())?;
            self.packer.restart()?;
            self.photo_packer.restart()?;
            self.ledger.clear();
            self.haze = Haze::new(frame);
            self.rest.start(frame, now);
            ops.push(Op::Start {
                width: frame.width() as u16,
                height: frame.height() as u16,
            });
            self.change(frame, &[frame.bounds()], now, &mut ops, watch)?;
        }
        Ok(self.update(ops))
    }

    fn change(
        &mut self,
        frame: &Frame,
        damage: &[Rect],
        now: Duration,
        ops: &mut Vec<Op>,
        watch: &mut dyn FnMut(Stage),
    ) -> Result<(), EncodeError> {
        if self.settings.grey {
            let mut grey = std::mem::take(&mut self.grey);
            if grey.bounds() != frame.bounds() {
                grey = Frame::new(frame.width(), frame.height())?;
                grey.put_grey(frame.bounds(), frame);
            }
            for rect in diff::tiles(frame, damage) {
                grey.put_grey(rect, frame);
            }
            let changed = self.change_to(&grey, damage, now, ops, watch);
            self.grey = grey;
            return changed;
        }
        self.change_to(frame, damage, now, ops, watch)
    }

    fn change_to(
        &mut self,
        frame: &Frame,
        damage: &[Rect],
        now: Duration,
        ops: &mut Vec<Op>,
        watch: &mut dyn FnMut(Stage),
    ) -> Result<(), EncodeError> {
        let boxes = diff::changed(frame, &self.mirror, damage);
        watch(Stage::Diff);
        let tiles = cache::touched(frame, &boxes);
        let boxes = self.kept(frame, boxes, &tiles, now, ops);
        if !tiles.is_empty() {
            self.rest.disturb(&tiles, now);
        }
        watch(Stage::Cache);
        let boxes = self.moved(frame, boxes, ops);
        watch(Stage::Moves);
        let Split { photos, rest } = classes::split(frame, &boxes);
        // A glyph never waits behind a photograph.
        self.pack(frame, &rest, ops)?;
        self.rest.photographed(&cache::touched(frame, &photos));
        let pixels = area(&photos);
        for rect in photos {
            self.pack_photo(frame, rect, pixels, ops)?;
        }
        watch(Stage::Pack);
        Ok(())
    }

    /// Has the viewer keep what goes and show what comes back; returns what differs still.
    fn kept(
        &mut self,
        frame: &Frame,
        boxes: Vec<Rect>,
        tiles: &[u16],
        now: Duration,
        ops: &mut Vec<Op>,
    ) -> Vec<Rect> {
        if area(&boxes) < KEEP_FROM {
            return boxes;
        }
        let mut rested = tiles.to_vec();
        rested.retain(|tile| self.rest.rested_at(*tile, QUIET) <= now);
        let mut exact = rested.clone();
        exact.retain(|tile| cache::tile(frame, *tile).is_some_and(|rect| !self.haze.touches(rect)));
        let keep = self.ledger.keep(&self.mirror, &exact);
        if !keep.is_empty() {
            ops.push(Op::Keep(keep));
        }
        // What scrolls or plays never rests, and is not looked for.
        let show = self.ledger.show(frame, &rested);
        if show.is_empty() {
            return boxes;
        }
        for run in &show {
            let shown =
                (run.tile..run.tile + run.count).filter_map(|tile| cache::tile(frame, tile));
            for rect in shown {
                self.mirror.put_from(rect, frame);
                self.haze.remove(rect, frame);
            }
        }
        ops.push(Op::Show(show));
        diff::changed(frame, &self.mirror, &boxes)
    }

    /// Finds what moved; returns what differs still.
    fn moved(&mut self, frame: &Frame, boxes: Vec<Rect>, ops: &mut Vec<Op>) -> Vec<Rect> {
        // Nothing in a film is ever quite the same again.
        let (films, boxes): (Vec<Rect>, Vec<Rect>) = boxes.into_iter().partition(|rect| {
            let tiles = cache::touched(frame, &[*rect]);
            tiles.iter().all(|tile| self.rest.is_film(*tile))
        });
        let mut boxes = if area(&boxes) < MOVES_FROM {
            boxes
        } else {
            self.moved_in(frame, boxes, ops)
        };
        boxes.extend(films);
        boxes
    }

    fn moved_in(&mut self, frame: &Frame, boxes: Vec<Rect>, ops: &mut Vec<Op>) -> Vec<Rect> {
        let (mut shifts, mut rest) = self.finder.find(frame, &self.mirror, &boxes);
        // The viewer takes no more than fits the picture.
        let mut room = frame.bounds().area();
        shifts.retain(|shift| {
            let left = room.checked_sub(shift.to.area());
            room = left.unwrap_or(room);
            if left.is_none() {
                rest.push(shift.to);
            }
            left.is_some()
        });
        if shifts.is_empty() {
            return boxes;
        }
        self.mirror.shift(&shifts, &mut self.scratch);
        self.haze.shift(&shifts, frame);
        ops.push(Op::Move(shifts.into_iter().map(Shift::into).collect()));
        diff::changed(frame, &self.mirror, &rest)
    }

    /// Codes boxes and brings the mirror up to date there.
    fn pack(
        &mut self,
        frame: &Frame,
        boxes: &[Rect],
        ops: &mut Vec<Op>,
    ) -> Result<(), EncodeError> {
        let mut areas = Vec::new();
        self.raw.clear();
        for whole in boxes {
            self.mirror.put_from(*whole, frame);
            self.haze.remove(*whole, frame);
            if let Some(colour) = single_colour(frame, *whole) {
                let area = (*whole).into();
                ops.push(Op::Fill { area, colour });
                continue;
            }
            for strip in lines::split(frame, *whole) {
                let size = strip.area() as usize * 4;
                if areas.len() == MAX_AREAS || self.raw.len() + size > MAX_PART_RAW {
                    ops.push(self.pixels(&mut areas)?);
                }
                lines::get(frame, strip, &mut self.raw);
                areas.push(strip.into());
            }
        }
        if !areas.is_empty() {
            ops.push(self.pixels(&mut areas)?);
        }
        Ok(())
    }

    /// Packs the raw pixels of these areas.
    fn pixels(&mut self, areas: &mut Vec<Area>) -> Result<Op, EncodeError> {
        let data = self.packer.pack(&self.raw)?;
        self.raw.clear();
        Ok(Op::Pixels {
            areas: std::mem::take(areas),
            data,
        })
    }

    /// Codes a photograph, one of several with so many pixels together, and brings the mirror up to
    /// date there.
    fn pack_photo(
        &mut self,
        frame: &Frame,
        whole: Rect,
        pixels: u64,
        ops: &mut Vec<Op>,
    ) -> Result<(), EncodeError> {
        for area in bands(whole) {
            let middle = (area.x + area.width / 2, area.y + area.height / 2);
            let tile = cache::tile_at(frame, middle.0, middle.1);
            let film = self.rest.is_film(tile);
            let kind = if film { Kind::Film } else { Kind::Still };
            let Some(step) = self.quality.step(self.settings.detail, kind, pixels) else {
                self.mirror.put_from(area, frame);
                ops.push(self.exact(area)?);
                continue;
            };
            let Self {
                mirror,
                haze,
                photo,
                photo_packer,
                ..
            } = self;
            let unchanged = |block: Rect| {
                let mut rows = block.y..block.bottom();
                let same = rows.all(|y| frame.row(block, y) == mirror.row(block, y));
                if !same {
                    mirror.put_from(block, frame);
                    haze.add(block);
                }
                same
            };
            let photo::Coded {
                sizes,
                tokens,
                bits,
            } = photo.encode(frame, area, step, unchanged, photo_packer)?;
            let bytes = tokens.len() + bits.len();
            self.quality.learn(kind, step, area.area(), bytes);
            ops.push(Op::Photo {
                area: area.into(),
                step,
                sizes,
                tokens,
                bits,
            });
        }
        Ok(())
    }

    /// Codes the exact pixels of the mirror.
    fn exact(&mut self, rect: Rect) -> Result<Op, EncodeError> {
        let coded = self
            .exact
            .encode(&self.mirror, rect, &mut self.photo_packer)?;
        self.haze.remove(rect, &self.mirror);
        let exact::Coded { sizes, data } = coded;
        let area = rect.into();
        Ok(Op::Exact { area, sizes, data })
    }

    /// The parts that make photographs exact where they have been quiet for a while; not many
    /// more than `budget` bytes.
    ///
    /// No parts when nothing is due.
    pub fn refine(&mut self, now: Duration, budget: usize) -> Result<Vec<ScreenPart>, EncodeError> {
        let quiet = |block: Rect| {
            let tile = cache::tile_at(&self.mirror, block.x, block.y);
            self.rest.rested_at(tile, QUIET) <= now
        };
        let boxes = self.haze.boxes(&self.mirror, quiet);
        let mut ops = Vec::new();
        let mut spent = 0;
        for rect in boxes.into_iter().flat_map(bands) {
            if spent >= budget {
                break;
            }
            let op = self.exact(rect)?;
            if let Op::Exact { data, .. } = &op {
                spent += data.len();
            }
            ops.push(op);
        }
        Ok(self.update(ops))
    }

    /// When [`refine`](Self::refine) will have something to do, if nothing changes meanwhile.
    pub fn refine_at(&self) -> Option<Duration> {
        let mut due: Option<Duration> = None;
        self.haze.boxes(&self.mirror, |block| {
            let tile = cache::tile_at(&self.mirror, block.x, block.y);
            let at = self.rest.rested_at(tile, QUIET);
            due = Some(due.map_or(at, |due| due.min(at)));
            false
        });
        due
    }

    fn update(&mut self, ops: Vec<Op>) -> Vec<ScreenPart> {
        if ops.is_empty() {
            return Vec::new();
        }
        self.sequence = self.sequence.wrapping_add(1);
        let count = ops.len();
        (1..)
            .zip(ops)
            .map(|(number, op)| ScreenPart {
                sequence: self.sequence,
                last: number == count,
                op,
            })
            .collect()
    }
}

fn area(boxes: &[Rect]) -> u64 {
    boxes.iter().map(|rect| rect.area()).sum()
}

/// A photograph in pieces that a part may stand for.
fn bands(whole: Rect) -> impl Iterator<Item = Rect> {
    let fits = MAX_PART_RAW as u32 / (whole.width * 4);
    // Whole blocks, of which the widest picture has room for one row.
    let rows = (fits.min(PHOTO_ROWS) / 16 * 16).max(16);
    (whole.y..whole.bottom())
        .step_by(rows as usize)
        .map(move |y| Rect::new(whole.x, y, whole.width, rows.min(whole.bottom() - y)))
}

/// The one colour of all pixels in a box, if there is one.
fn single_colour(frame: &Frame, rect: Rect) -> Option<[u8; 3]> {
    let &[blue, green, red] = frame.row(rect, rect.y).first_chunk()?;
    let mut rows = (rect.y..rect.bottom()).map(|y| frame.row(rect, y).as_chunks::<4>().0);
    rows.all(|row| row.iter().all(|pixel| pixel[..3] == [blue, green, red]))
        .then_some([blue, green, red])
}

#[cfg(test)]
mod tests;
