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
use crate::helpers::{Helpers, Nobody};
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

/// What rested for this long is no film, and worth being finer if exact pixels are far off.
const STILL: Duration = Duration::from_millis(50);

/// The most tiles that are learned at once: a millisecond's work.
const LEARN: usize = 48;

/// The most rows of a photograph in one part, so that the viewer sees its top while its bottom is
/// still being coded.
const PHOTO_ROWS: u32 = 256;

/// Turns frames into coded parts.
pub struct Encoder {
    settings: Settings,
    quality: Quality,
    /// Where people look.
    focus: Option<(u32, u32)>,
    mirror: Frame,
    /// The frame without its colours, if that is wished.
    grey: Frame,
    sequence: u32,
    rest: Rest,
    haze: Haze,
    /// The step by which what stands is being made finer; one for all of it, or it would never end.
    finer: Option<u8>,
    ledger: Ledger,
    finder: Finder,
    packer: Packer,
    photo_packer: Packer,
    photo: photo::Coder,
    helpers: Box<dyn Helpers>,
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

/// Where an update's parts go, each as soon as it is made.
pub trait Sink {
    /// The next part.
    fn part(&mut self, part: ScreenPart);

    /// A stage of the update has come to its end: a caller with a clock can tell where time goes.
    fn stage(&mut self, _stage: Stage) {}
}

impl Sink for Vec<ScreenPart> {
    fn part(&mut self, part: ScreenPart) {
        self.push(part);
    }
}

/// A step of [`Encoder::encode_to`].
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

/// An update on its way out; the last part is known as such only once it has come to its end.
struct Out<'a> {
    sequence: u32,
    held: Option<Op>,
    sink: &'a mut dyn Sink,
}

impl Out<'_> {
    fn push(&mut self, op: Op) {
        if let Some(op) = self.held.replace(op) {
            self.send(op, false);
        }
    }

    fn send(&mut self, op: Op, last: bool) {
        let sequence = self.sequence;
        self.sink.part(ScreenPart { sequence, last, op });
    }
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
            focus: None,
            mirror: Frame::default(),
            grey: Frame::default(),
            sequence: 0,
            rest: Rest::default(),
            haze: Haze::default(),
            finer: None,
            ledger: Ledger::new(seed),
            finder: Finder::new(),
            packer: Packer::new()?,
            photo_packer: Packer::forgetful()?,
            photo: photo::Coder::default(),
            helpers: Box::new(Nobody),
            exact: exact::Coder::default(),
            raw: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Has `helpers` take part in coding photographs; the parts stay the same byte for byte.
    #[must_use]
    pub fn with_helpers(mut self, helpers: impl Helpers + 'static) -> Self {
        self.helpers = Box::new(helpers);
        self
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

    /// Where the pointer is in the picture, if it is there: photographs become exact there first.
    pub fn set_focus(&mut self, focus: Option<(u32, u32)>) {
        self.focus = focus;
    }

    /// Bounds the bytes that an update's photographs should take from now on: they become coarser.
    ///
    /// Text and surfaces are exact whatever that takes.
    pub fn set_budget(&mut self, budget: Option<usize>) {
        self.quality.budget = budget;
    }

    /// Tells how many bytes a second the link usually carries, as far as is known: where exact pixels would
    /// take long, finer ones come before them.
    pub fn set_rate(&mut self, a_second: Option<usize>) {
        self.quality.rate = a_second;
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
        let mut parts = Vec::new();
        self.encode_to(frame, damage, now, &mut parts)?;
        Ok(parts)
    }

    /// The same; every part goes to `sink` as soon as it is made, so that the viewer can unpack
    /// the first while the next is still being packed.
    pub fn encode_to(
        &mut self,
        frame: &Frame,
        damage: &Region,
        now: Duration,
        sink: &mut dyn Sink,
    ) -> Result<(), EncodeError> {
        self.update(sink, |encoder, out| {
            if encoder.mirror.bounds() == frame.bounds() {
                return encoder.change(frame, damage.rects(), now, out);
            }
            encoder.mirror = Frame::new(frame.width(), frame.height())?;
            encoder.packer.restart()?;
            encoder.photo_packer.restart()?;
            encoder.ledger.clear(frame);
            encoder.haze = Haze::new(frame);
            encoder.rest.start(frame, now);
            out.push(Op::Start {
                width: frame.width() as u16,
                height: frame.height() as u16,
            });
            encoder.change(frame, &[frame.bounds()], now, out)
        })
    }

    /// Runs what makes an update's parts.
    fn update(
        &mut self,
        sink: &mut dyn Sink,
        make: impl FnOnce(&mut Self, &mut Out<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut out = Out {
            sequence: self.sequence.wrapping_add(1),
            held: None,
            sink,
        };
        make(self, &mut out)?;
        if let Some(op) = out.held.take() {
            self.sequence = out.sequence;
            out.send(op, true);
        }
        Ok(())
    }

    fn change(
        &mut self,
        frame: &Frame,
        damage: &[Rect],
        now: Duration,
        out: &mut Out<'_>,
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
            let changed = self.change_to(&grey, damage, now, out);
            self.grey = grey;
            return changed;
        }
        self.change_to(frame, damage, now, out)
    }

    fn change_to(
        &mut self,
        frame: &Frame,
        damage: &[Rect],
        now: Duration,
        out: &mut Out<'_>,
    ) -> Result<(), EncodeError> {
        let boxes = diff::changed(frame, &self.mirror, damage);
        out.sink.stage(Stage::Diff);
        let tiles = cache::touched(frame, &boxes);
        let boxes = self.kept(frame, boxes, &tiles, now, out);
        if !tiles.is_empty() {
            self.rest.disturb(&tiles, now);
            self.ledger.disturb(&tiles);
        }
        out.sink.stage(Stage::Cache);
        let boxes = self.moved(frame, boxes, out);
        out.sink.stage(Stage::Moves);
        let Split { photos, rest } = classes::split(frame, &boxes);
        // A glyph never waits behind a photograph.
        self.pack(frame, &rest, out)?;
        self.rest.photographed(&cache::touched(frame, &photos));
        let pixels = area(&photos);
        for rect in photos {
            self.pack_photo(frame, rect, pixels, out)?;
        }
        out.sink.stage(Stage::Pack);
        Ok(())
    }

    /// Has the viewer keep what goes and show what comes back; returns what differs still.
    fn kept(
        &mut self,
        frame: &Frame,
        boxes: Vec<Rect>,
        tiles: &[u16],
        now: Duration,
        out: &mut Out<'_>,
    ) -> Vec<Rect> {
        if area(&boxes) < KEEP_FROM {
            return boxes;
        }
        let mut rested = tiles.to_vec();
        rested.retain(|tile| self.rest.rested_at(*tile, QUIET) <= now);
        let mut exact = rested.clone();
        exact.retain(|tile| self.is_exact(*tile));
        let keep = self.ledger.keep(&self.mirror, &exact);
        if !keep.is_empty() {
            out.push(Op::Keep(keep));
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
        out.push(Op::Show(show));
        diff::changed(frame, &self.mirror, &boxes)
    }

    /// Finds what moved; returns what differs still.
    fn moved(&mut self, frame: &Frame, boxes: Vec<Rect>, out: &mut Out<'_>) -> Vec<Rect> {
        // Nothing in a film is ever quite the same again.
        let (films, boxes): (Vec<Rect>, Vec<Rect>) = boxes.into_iter().partition(|rect| {
            let tiles = cache::touched(frame, &[*rect]);
            tiles.iter().all(|tile| self.rest.is_film(*tile))
        });
        let mut boxes = if area(&boxes) < MOVES_FROM {
            boxes
        } else {
            self.moved_in(frame, boxes, out)
        };
        boxes.extend(films);
        boxes
    }

    fn moved_in(&mut self, frame: &Frame, boxes: Vec<Rect>, out: &mut Out<'_>) -> Vec<Rect> {
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
        out.push(Op::Move(shifts.into_iter().map(Shift::into).collect()));
        diff::changed(frame, &self.mirror, &rest)
    }

    /// Codes boxes and brings the mirror up to date there.
    fn pack(
        &mut self,
        frame: &Frame,
        boxes: &[Rect],
        out: &mut Out<'_>,
    ) -> Result<(), EncodeError> {
        let mut areas = Vec::new();
        self.raw.clear();
        for whole in boxes {
            self.mirror.put_from(*whole, frame);
            self.haze.remove(*whole, frame);
            if let Some(colour) = single_colour(frame, *whole) {
                let area = (*whole).into();
                out.push(Op::Fill { area, colour });
                continue;
            }
            for strip in lines::split(frame, *whole) {
                let size = strip.area() as usize * 4;
                if areas.len() == MAX_AREAS || self.raw.len() + size > MAX_PART_RAW {
                    out.push(self.pixels(&mut areas)?);
                }
                lines::get(frame, strip, &mut self.raw);
                areas.push(strip.into());
            }
        }
        if !areas.is_empty() {
            out.push(self.pixels(&mut areas)?);
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
        out: &mut Out<'_>,
    ) -> Result<(), EncodeError> {
        for area in bands(whole) {
            let middle = (area.x + area.width / 2, area.y + area.height / 2);
            let tile = cache::tile_at(frame, middle.0, middle.1);
            let film = self.rest.is_film(tile);
            let kind = if film { Kind::Film } else { Kind::Still };
            let Some(step) = self.quality.step(self.settings.detail, film, pixels) else {
                self.mirror.put_from(area, frame);
                out.push(self.exact(area)?);
                continue;
            };
            let changed = diff::changed_blocks(frame, &self.mirror, area, photo::SIDE);
            self.mirror.put_from(area, frame);
            if kind == Kind::Still {
                self.finer = None;
            }
            out.push(self.lossy(area, kind, step, &changed)?);
        }
        Ok(())
    }

    /// Codes those blocks of the mirror that have changed.
    fn lossy(
        &mut self,
        area: Rect,
        kind: Kind,
        step: u8,
        changed: &[bool],
    ) -> Result<Op, EncodeError> {
        let blocks = photo::blocks(area).zip(changed);
        for (block, _) in blocks.filter(|(_, changed)| **changed) {
            self.haze.add(block, area, step, &self.mirror);
        }
        let (packer, helpers) = (&mut self.photo_packer, &*self.helpers);
        let photo::Coded {
            sizes,
            tokens,
            bits,
        } = self
            .photo
            .encode(&self.mirror, area, step, changed, packer, helpers)?;
        let bytes = tokens.len() + bits.len();
        self.quality.learn(kind, step, area.area(), bytes);
        Ok(Op::Photo {
            area: area.into(),
            step,
            sizes,
            tokens,
            bits,
        })
    }

    /// Codes the exact pixels of the mirror.
    fn exact(&mut self, rect: Rect) -> Result<Op, EncodeError> {
        let coded = self
            .exact
            .encode(&self.mirror, rect, &mut self.photo_packer)?;
        self.haze.remove(rect, &self.mirror);
        let exact::Coded { sizes, data } = coded;
        self.quality.learn_exact(rect.area(), data.len());
        let area = rect.into();
        Ok(Op::Exact { area, sizes, data })
    }

    /// The parts that make photographs exact where they have been quiet for a while, or finer where
    /// that would take long; not many more than `budget` bytes.
    ///
    /// No parts when nothing is due; then what rests is learned, so that it need not be when it
    /// goes.
    pub fn refine(&mut self, now: Duration, budget: usize) -> Result<Vec<ScreenPart>, EncodeError> {
        self.finer = self.finer_step();
        let coarse = self.haze.boxes(&self.mirror, |block, step| {
            let tile = cache::tile_at(&self.mirror, block.x, block.y);
            self.is_coarse(self.finer, tile, step) && self.rest.rested_at(tile, STILL) <= now
        });
        if let Some(step) = self.finer
            && !coarse.is_empty()
        {
            return self.pieces(coarse, budget, |encoder, piece| {
                encoder.haze.remove(piece, &encoder.mirror);
                let all = vec![true; photo::blocks(piece).count()];
                encoder.lossy(piece, Kind::Finer, step, &all)
            });
        }
        let quiet = |tile: u16| self.rest.rested_at(tile, QUIET) <= now;
        let boxes = self.haze.boxes(&self.mirror, |block, _| {
            quiet(cache::tile_at(&self.mirror, block.x, block.y))
        });
        let mut learnt = 0;
        for tile in self.ledger.unknown() {
            if boxes.is_empty() && learnt < LEARN && quiet(tile) && self.is_exact(tile) {
                self.ledger.learn(&self.mirror, tile);
                learnt += 1;
            }
        }
        self.pieces(boxes, budget, Self::exact)
    }

    /// The step by which what is coarse is to become finer; `None` if exact pixels soon follow.
    fn finer_step(&self) -> Option<u8> {
        let stands = |block: Rect| {
            let tile = cache::tile_at(&self.mirror, block.x, block.y);
            !self.rest.is_film(tile)
        };
        let pixels = self.haze.pixels(stands);
        let step = self.quality.finer(self.settings.detail, pixels)?;
        Some(self.finer.unwrap_or(step))
    }

    /// Whether a finer step is worth it for a block of this tile that was coded by this one.
    fn is_coarse(&self, finer: Option<u8>, tile: u16, step: u8) -> bool {
        let worth = finer.is_some_and(|finer| step / 2 >= finer);
        worth && !self.rest.is_film(tile)
    }

    /// Codes pieces of these boxes until so many bytes are spent, those first where people look.
    fn pieces(
        &mut self,
        boxes: Vec<Rect>,
        budget: usize,
        mut code: impl FnMut(&mut Self, Rect) -> Result<Op, EncodeError>,
    ) -> Result<Vec<ScreenPart>, EncodeError> {
        let mut parts = Vec::new();
        self.update(&mut parts, |encoder, out| {
            let mut spent = 0;
            let mut pieces: Vec<Rect> = boxes.into_iter().flat_map(bands).collect();
            if let Some(focus) = encoder.focus {
                pieces.sort_by_key(|piece| distance(*piece, focus));
            }
            for rect in pieces {
                if spent >= budget {
                    break;
                }
                let op = code(encoder, rect)?;
                spent += op.payload();
                out.push(op);
            }
            Ok(())
        })?;
        Ok(parts)
    }

    /// When [`refine`](Self::refine) will have something to do, if nothing changes meanwhile.
    pub fn refine_at(&self) -> Option<Duration> {
        let mut due: Option<Duration> = None;
        let mut note = |tile: u16, time: Duration| {
            let at = self.rest.rested_at(tile, time);
            due = Some(due.map_or(at, |due| due.min(at)));
        };
        let finer = self.finer_step();
        self.haze.boxes(&self.mirror, |block, step| {
            let tile = cache::tile_at(&self.mirror, block.x, block.y);
            let coarse = self.is_coarse(finer, tile, step);
            note(tile, if coarse { STILL } else { QUIET });
            false
        });
        for tile in self.ledger.unknown() {
            if self.is_exact(tile) {
                note(tile, QUIET);
            }
        }
        due
    }

    fn is_exact(&self, tile: u16) -> bool {
        cache::tile(&self.mirror, tile).is_some_and(|rect| !self.haze.touches(rect))
    }
}

fn area(boxes: &[Rect]) -> u64 {
    boxes.iter().map(|rect| rect.area()).sum()
}

/// How far a point is from a rectangle, right and down together.
fn distance(rect: Rect, (x, y): (u32, u32)) -> u32 {
    let apart = |start: u32, end: u32, at: u32| start.saturating_sub(at) + at.saturating_sub(end);
    apart(rect.x, rect.right(), x) + apart(rect.y, rect.bottom(), y)
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
