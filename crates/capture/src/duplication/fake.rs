//! A computer for tests, whose monitors are duplicated as Windows does it.

#![expect(clippy::disallowed_methods, reason = "a wait has a limit")]

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aldis_screen::{Frame, Rect};

use super::shape::RawShape;
use super::{Duplicated, Duplication, Edges, FrameInfo, PointerPlace, refusal};
use crate::feed::tap::{Machine, Open, Refusal, Tap};
use crate::pixels::{Rows, Turn};
use crate::{CaptureError, Monitor, PointerShape};

/// Bytes that a record of Windows takes.
const RECORD: u32 = 16;

const ACCESS_LOST: u32 = 0x887A_0026;
const ACCESS_DENIED: u32 = 0x8007_0005;
const INVALID_ARGUMENT: u32 = 0x8007_0057;

/// The computer; a clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(Arc<(Mutex<Desktop>, Condvar)>);

#[derive(Debug, Default)]
struct Desktop {
    outputs: BTreeMap<u32, Output>,
    locked: bool,
}

#[derive(Debug)]
struct Output {
    corner: (i32, i32),
    /// How many quarters its picture is turned clockwise to stand upright.
    quarters: u32,
    /// As it lies in memory.
    surface: Frame,
    /// Duplications of an older one are lost.
    epoch: u32,
    /// Somebody duplicates it.
    taken: bool,
    news: News,
    /// How many frames were acquired.
    acquired: usize,
}

/// What was not acquired yet.
#[derive(Clone, Debug, Default)]
struct News {
    presented: bool,
    /// The records do not say what changed.
    unknown: bool,
    moves: Vec<Moved>,
    dirty: Vec<Rect>,
    pointer: Option<(bool, (i32, i32))>,
    shape: Option<RawShape>,
}

#[derive(Clone, Copy, Debug)]
struct Moved {
    from: (u32, u32),
    to: Rect,
}

impl Fake {
    fn desktop(&self) -> MutexGuard<'_, Desktop> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Desktop) -> T) -> T {
        let changed = change(&mut self.desktop());
        self.0.1.notify_all();
        changed
    }

    fn on<T>(&self, id: u32, change: impl FnOnce(&mut Output) -> T) -> T {
        self.change(|desktop| change(desktop.outputs.get_mut(&id).unwrap()))
    }

    /// Plugs a monitor in, or gives it another mode or place; `surface` is what lies in memory.
    pub(crate) fn plug(&self, id: u32, corner: (i32, i32), quarters: u32, surface: Frame) {
        self.change(|desktop| {
            let before = desktop.outputs.get(&id);
            let output = Output {
                corner,
                quarters,
                surface,
                epoch: before.map_or(0, |it| it.epoch + 1),
                taken: before.is_some_and(|it| it.taken),
                news: News::default(),
                acquired: before.map_or(0, |it| it.acquired),
            };
            desktop.outputs.insert(id, output);
        });
    }

    pub(crate) fn unplug(&self, id: u32) {
        self.change(|desktop| desktop.outputs.remove(&id));
    }

    /// Every duplication is lost.
    pub(crate) fn lose(&self) {
        self.change(|desktop| {
            for output in desktop.outputs.values_mut() {
                output.epoch += 1;
            }
        });
    }

    pub(crate) fn lock(&self, locked: bool) {
        self.change(|desktop| desktop.locked = locked);
        self.lose();
    }

    /// Fills `rect` of a monitor's surface with pixels of this seed.
    pub(crate) fn draw(&self, id: u32, rect: Rect, seed: u32) {
        self.on(id, |output| {
            let rect = rect.intersection(output.surface.bounds());
            if rect.is_empty() {
                return;
            }
            scribble(&mut output.surface, rect, seed);
            output.news.presented = true;
            output.news.dirty.push(rect);
        });
    }

    /// The same, but the records do not say where.
    pub(crate) fn draw_unsaid(&self, id: u32, rect: Rect, seed: u32) {
        self.draw(id, rect, seed);
        self.on(id, |output| output.news.unknown = true);
    }

    /// Moves what is in `from` by so much, as far as both are on the surface.
    pub(crate) fn shift(&self, id: u32, from: Rect, by: (i32, i32)) {
        self.on(id, |output| {
            let bounds = output.surface.bounds();
            let from = from.intersection(bounds);
            if from.is_empty() {
                return;
            }
            let axis = |start: u32, length: u32, by: i32, size: u32| {
                let by = by.clamp(-start.cast_signed(), (size - start).cast_signed());
                let to = start.saturating_add_signed(by);
                (to, length.min(size - to))
            };
            let (x, width) = axis(from.x, from.width, by.0, bounds.width);
            let (y, height) = axis(from.y, from.height, by.1, bounds.height);
            let moved = Moved {
                from: (from.x, from.y),
                to: Rect::new(x, y, width, height),
            };
            moved.apply(&mut output.surface);
            output.news.presented = true;
            // Records tell moves first: one after something was drawn is told as drawn.
            if output.news.dirty.is_empty() {
                output.news.moves.push(moved);
            } else {
                output.news.dirty.push(moved.to);
            }
        });
    }

    /// The pointer's corner is there, or it is not on this monitor.
    pub(crate) fn point(&self, id: u32, corner: Option<(i32, i32)>) {
        let place = (corner.is_some(), corner.unwrap_or_default());
        self.on(id, |output| output.news.pointer = Some(place));
    }

    /// The pointer is a white square of this size with this point.
    pub(crate) fn shape(&self, id: u32, side: u32, hot: (i32, i32)) {
        let shape = RawShape {
            kind: 2,
            width: side,
            height: side,
            pitch: side * 4,
            hot,
            bytes: vec![255; (side * side * 4) as usize],
        };
        self.on(id, |output| output.news.shape = Some(shape));
    }

    /// A monitor's picture as a person sees it.
    pub(crate) fn upright(&self, id: u32) -> Frame {
        self.on(id, |output| upright(&output.surface, output.quarters))
    }

    /// How many frames of a monitor were acquired.
    pub(crate) fn acquired(&self, id: u32) -> usize {
        self.on(id, |output| output.acquired)
    }

    /// Sleeps until this is so.
    pub(crate) fn wait_until(&self, id: u32, is_so: impl Fn(usize, bool) -> bool) {
        let mut desktop = self.desktop();
        while !desktop
            .outputs
            .get(&id)
            .is_some_and(|it| is_so(it.acquired, it.taken))
        {
            let rung = self.0.1.wait(desktop);
            desktop = rung.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn duplicate(&self, id: u32) -> Result<Mirrored, Refusal> {
        self.change(|desktop| {
            if desktop.locked {
                return Err(refusal(ACCESS_DENIED, "denied".to_owned()));
            }
            let output = desktop.outputs.get_mut(&id).ok_or(Refusal::Gone)?;
            if std::mem::replace(&mut output.taken, true) {
                return Err(refusal(INVALID_ARGUMENT, "taken".to_owned()));
            }
            output.news = News {
                presented: true,
                dirty: vec![output.surface.bounds()],
                ..News::default()
            };
            Ok(Mirrored {
                fake: self.clone(),
                id,
                epoch: output.epoch,
                turn: Turn::clockwise(output.quarters),
                frame: output.surface.clone(),
                news: News::default(),
            })
        })
    }
}

impl Machine for Fake {
    fn monitors(&mut self) -> Result<Vec<Monitor>, CaptureError> {
        let desktop = self.desktop();
        let monitor = |(id, output): (&u32, &Output)| {
            let bounds = output.surface.bounds();
            let (width, height) =
                Turn::clockwise(output.quarters).size(bounds.width, bounds.height);
            Monitor {
                id: *id,
                name: id.to_string(),
                x: output.corner.0,
                y: output.corner.1,
                width,
                height,
                primary: output.corner == (0, 0),
            }
        };
        let monitors: Vec<Monitor> = desktop.outputs.iter().map(monitor).collect();
        if monitors.is_empty() {
            return Err(CaptureError::NoDisplay);
        }
        Ok(monitors)
    }

    fn opens(&self, monitor: &Monitor) -> Open {
        let (fake, id) = (self.clone(), monitor.id);
        Box::new(move || Ok(Box::new(Duplicated::new(fake.duplicate(id)?)) as Box<dyn Tap>))
    }

    fn pointer(&mut self) -> (Option<(i32, i32)>, Option<PointerShape>) {
        (None, None)
    }
}

/// A duplication.
struct Mirrored {
    fake: Fake,
    id: u32,
    epoch: u32,
    turn: Turn,
    /// The frame that is held: Windows draws elsewhere meanwhile.
    frame: Frame,
    news: News,
}

impl Drop for Mirrored {
    fn drop(&mut self) {
        self.fake.change(|desktop| {
            if let Some(output) = desktop.outputs.get_mut(&self.id) {
                output.taken = false;
            }
        });
    }
}

impl Duplication for Mirrored {
    fn turn(&self) -> Turn {
        self.turn
    }

    fn acquire(&mut self, limit: Duration) -> Result<Option<FrameInfo>, Refusal> {
        let end = Instant::now() + limit;
        let fake = self.fake.clone();
        let mut desktop = fake.desktop();
        loop {
            let output = desktop.outputs.get_mut(&self.id);
            let output = output.filter(|it| it.epoch == self.epoch);
            let output = output.ok_or_else(|| refusal(ACCESS_LOST, "lost".to_owned()))?;
            let news = std::mem::take(&mut output.news);
            if news.presented || news.pointer.is_some() || news.shape.is_some() {
                output.acquired += 1;
                if news.presented {
                    let before = std::mem::replace(&mut self.frame, output.surface.clone());
                    news.check(before, &self.frame);
                }
                self.news = news;
                fake.0.1.notify_all();
                return Ok(Some(self.news.info()));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let rung = fake.0.1.wait_timeout(desktop, left);
            desktop = rung.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn size(&self) -> (u32, u32) {
        (self.frame.width(), self.frame.height())
    }

    fn moves(&mut self, bytes: u32) -> Result<Vec<Edges>, Refusal> {
        assert!(self.news.records() <= bytes, "there is room for all");
        Ok(self.news.moves.iter().map(|it| edges(it.to)).collect())
    }

    fn dirty(&mut self, bytes: u32) -> Result<Vec<Edges>, Refusal> {
        assert!(self.news.records() <= bytes, "there is room for all");
        Ok(self.news.dirty.iter().map(|it| edges(*it)).collect())
    }

    fn shape(&mut self, _bytes: u32) -> Result<RawShape, Refusal> {
        Ok(self.news.shape.clone().unwrap())
    }

    fn read(&mut self, parts: &[Rect], show: &mut dyn FnMut(&dyn Rows)) -> Result<(), Refusal> {
        show(&Staging(&self.frame, parts));
        Ok(())
    }
}

/// Memory into which only some parts were copied.
struct Staging<'a>(&'a Frame, &'a [Rect]);

impl Rows for Staging<'_> {
    fn size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }

    fn read(&self, x: u32, y: u32, row: &mut [u8]) {
        let rect = Rect::new(x, y, row.len() as u32 / 4, 1);
        assert!(
            self.1.iter().any(|part| part.contains(rect)),
            "{rect:?} was not asked for"
        );
        row.copy_from_slice(self.0.row(rect, y));
    }
}

impl News {
    fn info(&self) -> FrameInfo {
        FrameInfo {
            presented: self.presented,
            records: self.records(),
            pointer: self
                .pointer
                .map(|(visible, corner)| PointerPlace { visible, corner }),
            shape: self.shape.as_ref().map_or(0, |it| it.bytes.len() as u32),
        }
    }

    fn records(&self) -> u32 {
        if self.unknown {
            return 0;
        }
        (self.moves.len() + self.dirty.len()) as u32 * RECORD
    }

    /// The records are as Windows promises: moves and then what was drawn make the new picture of the one before.
    fn check(&self, mut before: Frame, after: &Frame) {
        for moved in &self.moves {
            moved.apply(&mut before);
        }
        before.follow(after, &self.dirty);
        assert!(before == *after, "the fake tells the truth");
    }
}

impl Moved {
    fn apply(self, frame: &mut Frame) {
        let before = frame.clone();
        let source = Rect::new(self.from.0, self.from.1, self.to.width, self.to.height);
        for y in 0..self.to.height {
            let row = before.row(source, source.y + y);
            frame.row_mut(self.to, self.to.y + y).copy_from_slice(row);
        }
    }
}

fn edges(rect: Rect) -> Edges {
    Edges {
        left: rect.x.cast_signed(),
        top: rect.y.cast_signed(),
        right: rect.right().cast_signed(),
        bottom: rect.bottom().cast_signed(),
    }
}

/// A picture of this seed's pixels.
pub(crate) fn scribbled(width: u32, height: u32, seed: u32) -> Frame {
    let mut frame = Frame::new(width, height).unwrap();
    let whole = frame.bounds();
    scribble(&mut frame, whole, seed);
    frame
}

fn scribble(frame: &mut Frame, rect: Rect, seed: u32) {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    for y in rect.y..rect.bottom() {
        for pixel in frame.row_mut(rect, y).as_chunks_mut::<4>().0 {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let [a, b, c, _] = state.to_le_bytes();
            *pixel = [a, b, c, 255];
        }
    }
}

fn upright(surface: &Frame, quarters: u32) -> Frame {
    let mut turned = surface.clone();
    for _ in 0..quarters % 4 {
        let mut next = Frame::new(turned.height(), turned.width()).unwrap();
        for y in 0..next.height() {
            for x in 0..next.width() {
                // What was at the bottom is on the left now.
                let from = Rect::new(y, turned.height() - 1 - x, 1, 1);
                let to = Rect::new(x, y, 1, 1);
                next.row_mut(to, y)
                    .copy_from_slice(turned.row(from, from.y));
            }
        }
        turned = next;
    }
    turned
}
