//! What the desktop shows now, and what each viewer has not seen of it yet.
//!
//! PipeWire's thread puts pictures up; every [`Screen`](super::Screen) looks at its own pace.
//! A picture stays in PipeWire's buffer until the next one is there, so that pixels are copied once.

use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use aldis_screen::{Frame, Rect, Region};

use super::layout::{Place, arrange};
use super::pipewire::{Picture, StreamBuffer};
use crate::pixels;
use crate::{CaptureError, Changes, Monitor, PointerShape};

/// What one buffer told.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The new picture, if it is one.
    pub(crate) picture: Option<Picture>,
    /// What changed since the one before; `None` if that is not known.
    pub(crate) damage: Option<Vec<Rect>>,
    /// A picture was meant, but did not work out.
    pub(crate) spoilt: bool,
    /// The pointer, where it is told apart.
    pub(crate) cursor: Option<Cursor>,
}

/// The pointer as one monitor tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Where it is on the monitor; `None` if it is not there.
    pub(crate) place: Option<(i32, i32)>,
    /// Its new looks.
    pub(crate) shape: Option<PointerShape>,
}

/// The number of somebody who looks.
pub(crate) type Viewer = u64;

/// Everything that is shared between PipeWire's thread and the viewers.
#[derive(Debug)]
pub(crate) struct Board {
    /// The newest picture of every monitor.
    pictures: Vec<RwLock<Option<Picture>>>,
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug)]
struct State {
    feeds: Vec<Feed>,
    viewers: BTreeMap<Viewer, View>,
    next: Viewer,
    /// Which monitor the pointer is on, and where.
    pointer: Option<(usize, (i32, i32))>,
    shape: Option<PointerShape>,
    lost: Option<Loss>,
}

/// Why nothing more will come.
#[derive(Clone, Debug)]
pub(crate) enum Loss {
    /// The desktop, or the person by its own button, has ended it.
    Stopped,
    /// Something did not work.
    Failed(String),
}

impl From<Loss> for CaptureError {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::Stopped => Self::Stopped,
            Loss::Failed(reason) => Self::Desktop(reason),
        }
    }
}

/// One monitor.
#[derive(Debug)]
struct Feed {
    place: Place,
    /// Pictures of this size were agreed on.
    agreed: bool,
    /// A picture was missed, so all of the next one counts as changed.
    missed: bool,
}

/// What one viewer has not seen yet.
#[derive(Debug)]
struct View {
    /// By the monitors that are looked at.
    unseen: BTreeMap<usize, Seen>,
    /// That the screen changed has been said.
    told: bool,
    pending: Changes,
}

impl Board {
    /// A board for these monitors.
    pub(crate) fn new(monitors: &[Place]) -> Self {
        let feed = |&place: &Place| Feed {
            place,
            agreed: false,
            missed: true,
        };
        Self {
            pictures: monitors.iter().map(|_| RwLock::new(None)).collect(),
            state: Mutex::new(State {
                feeds: monitors.iter().map(feed).collect(),
                viewers: BTreeMap::new(),
                next: 0,
                pointer: None,
                shape: None,
                lost: None,
            }),
            bell: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // What PipeWire's thread says.

    /// A monitor's picture will have this size; said before the first one is there.
    pub(crate) fn expect(&self, feed: usize, size: (u32, u32)) {
        let shown = self.has_picture(feed);
        let mut state = self.state();
        if let Some(feed) = state.feeds.get_mut(feed) {
            feed.agreed = true;
            if !shown {
                feed.place.size = size;
                state.tell_monitors();
            }
            self.bell.notify_all();
        }
    }

    /// Puts up what a buffer told; gives back the buffer that is no longer needed.
    pub(crate) fn put(
        &self,
        feed: usize,
        buffer: NonNull<StreamBuffer>,
        news: News,
    ) -> Option<NonNull<StreamBuffer>> {
        let News {
            picture,
            damage,
            spoilt,
            cursor,
        } = news;
        let unneeded = match picture {
            Some(picture) => {
                let size = picture.upright();
                let before = self.swap(feed, Some(picture));
                let changed = before.as_ref().is_none_or(|it| it.upright() != size);
                let mut state = self.state();
                state.changed(feed, size, damage.filter(|_| !changed));
                before.map(|before| before.buffer())
            }
            None => Some(buffer),
        };
        let mut state = self.state();
        if let Some(feed) = state.feeds.get_mut(feed).filter(|_| spoilt) {
            feed.missed = true;
        }
        if let Some(cursor) = cursor {
            state.point(feed, cursor);
        }
        self.bell.notify_all();
        unneeded
    }

    /// PipeWire takes this buffer away.
    pub(crate) fn take_away(&self, feed: usize, buffer: NonNull<StreamBuffer>) {
        let Some(place) = self.pictures.get(feed) else {
            return;
        };
        let mut picture = place.write().unwrap_or_else(PoisonError::into_inner);
        if picture.as_ref().is_some_and(|it| it.buffer() == buffer) {
            *picture = None;
        }
    }

    /// Nothing more will come, for this reason.
    pub(crate) fn lose(&self, reason: Loss) {
        self.state().lost.get_or_insert(reason);
        self.bell.notify_all();
    }

    fn swap(&self, feed: usize, picture: Option<Picture>) -> Option<Picture> {
        let place = self.pictures.get(feed)?;
        let mut place = place.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, picture)
    }

    fn has_picture(&self, feed: usize) -> bool {
        self.pictures.get(feed).is_some_and(|place| {
            let place = place.read().unwrap_or_else(PoisonError::into_inner);
            place.is_some()
        })
    }

    // What viewers ask.

    /// Somebody starts to look.
    pub(crate) fn enter(&self) -> Viewer {
        let mut state = self.state();
        let viewer = state.next;
        state.next += 1;
        let view = View {
            unseen: BTreeMap::new(),
            told: true,
            pending: Changes {
                screen: true,
                monitors: false,
                pointer_shape: state.shape.clone(),
                pointer: state.pointer_on_desktop(),
                woken: false,
            },
        };
        state.viewers.insert(viewer, view);
        viewer
    }

    /// Somebody looks no more.
    pub(crate) fn leave(&self, viewer: Viewer) {
        self.state().viewers.remove(&viewer);
    }

    /// Whether nothing more will come.
    pub(crate) fn is_lost(&self) -> bool {
        self.state().lost.is_some()
    }

    /// How many look at each monitor.
    pub(crate) fn audience(&self) -> Vec<usize> {
        let state = self.state();
        let looks = |feed| {
            let viewers = state.viewers.values();
            viewers.filter(|it| it.unseen.contains_key(&feed)).count()
        };
        (0..state.feeds.len()).map(looks).collect()
    }

    /// The monitors, each with its number as its id.
    pub(crate) fn monitors(&self) -> Vec<Monitor> {
        self.state().monitors()
    }

    /// From now on the viewer looks at these monitors.
    pub(crate) fn select(&self, viewer: Viewer, feeds: impl Iterator<Item = usize>) {
        let mut state = self.state();
        if let Some(view) = state.viewers.get_mut(&viewer) {
            view.unseen = feeds.map(|feed| (feed, Seen::all())).collect();
            view.told = true;
            view.pending.screen = true;
        }
    }

    /// Ends the viewer's wait.
    pub(crate) fn wake(&self, viewer: Viewer) {
        if let Some(view) = self.state().viewers.get_mut(&viewer) {
            view.pending.woken = true;
        }
        self.bell.notify_all();
    }

    /// Sleeps until the monitor's first picture is there, or for `patience` if only its size is known: some desktops
    /// send none before something changes.
    ///
    /// Fails if neither is there after `limit`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's own loop keeps its time"
    )]
    pub(crate) fn wait_picture(
        &self,
        feed: usize,
        patience: Duration,
        limit: Duration,
    ) -> Result<(), CaptureError> {
        let start = Instant::now();
        let mut state = self.state();
        loop {
            if let Some(loss) = &state.lost {
                return Err(loss.clone().into());
            }
            if self.has_picture(feed) {
                return Ok(());
            }
            let agreed = state.feeds.get(feed).is_some_and(|feed| feed.agreed);
            let limit = if agreed { patience } else { limit };
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return if agreed {
                    Ok(())
                } else {
                    Err(CaptureError::NoPicture)
                };
            }
            state = self.sleep(state, Some(left));
        }
    }

    /// Sleeps until there is something that the viewer has not heard, or the time is up.
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's own loop keeps its time"
    )]
    pub(crate) fn wait(
        &self,
        viewer: Viewer,
        timeout: Option<Duration>,
    ) -> Result<Changes, CaptureError> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.state();
        loop {
            if let Some(loss) = &state.lost {
                return Err(loss.clone().into());
            }
            let view = state.viewers.get_mut(&viewer).ok_or(CaptureError::Lost)?;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if !view.pending.is_empty() || left.is_some_and(|left| left.is_zero()) {
                return Ok(std::mem::take(&mut view.pending));
            }
            state = self.sleep(state, left);
        }
    }

    fn sleep<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        limit: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        match limit {
            None => self
                .bell
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let woken = self.bell.wait_timeout(state, limit);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// The viewer begins to look; what changes from now on is said again.
    pub(crate) fn looks(&self, viewer: Viewer) {
        if let Some(view) = self.state().viewers.get_mut(&viewer) {
            view.told = false;
            view.pending.screen = false;
        }
    }

    /// Copies what the viewer has not seen yet of a monitor.
    pub(crate) fn grab(
        &self,
        viewer: Viewer,
        feed: usize,
        frame: &mut Frame,
        damage: &mut Region,
        scratch: &mut Vec<u8>,
    ) -> Result<(), CaptureError> {
        let expected = self.state().size(feed)?;
        let place = self.pictures.get(feed).ok_or(CaptureError::Lost)?;
        // While it is held no newer picture can take its place, so what is taken below is its damage.
        let picture = place.read().unwrap_or_else(PoisonError::into_inner);
        let size = picture.as_ref().map_or(expected, Picture::upright);
        let fresh = (frame.width(), frame.height()) != size;
        if fresh {
            *frame = Frame::new(size.0, size.1)?;
            damage.clear();
            damage.add(frame.bounds());
        }
        let seen = self.state().take(viewer, feed, picture.is_some());
        let Some(picture) = picture.as_ref() else {
            // Between two sizes: the next picture says that all of it is new.
            return Ok(());
        };
        let bounds = frame.bounds();
        let rects = if seen.all || fresh {
            vec![bounds]
        } else {
            let rects = seen.damage.rects().iter();
            rects.map(|rect| rect.intersection(bounds)).collect()
        };
        for rect in rects {
            pixels::copy(picture, picture.layout, picture.turn, rect, frame, scratch);
            damage.add(rect);
        }
        Ok(())
    }
}

/// What a viewer's grab has to bring of a monitor.
#[derive(Debug, Default)]
struct Seen {
    all: bool,
    damage: Region,
}

impl Seen {
    fn all() -> Self {
        Self {
            all: true,
            damage: Region::new(),
        }
    }
}

impl State {
    /// A monitor shows a new picture of this size; `None` damages all of it.
    fn changed(&mut self, number: usize, size: (u32, u32), damage: Option<Vec<Rect>>) {
        let Some(feed) = self.feeds.get_mut(number) else {
            return;
        };
        let resized = feed.place.size != size;
        let damage = damage.filter(|_| !resized && !feed.missed);
        feed.place.size = size;
        feed.missed = false;
        if resized {
            self.tell_monitors();
        }
        for view in self.viewers.values_mut() {
            let Some(unseen) = view.unseen.get_mut(&number) else {
                continue;
            };
            match &damage {
                Some(rects) => rects.iter().for_each(|rect| unseen.damage.add(*rect)),
                None => unseen.all = true,
            }
            if !view.told {
                view.told = true;
                view.pending.screen = true;
            }
        }
    }

    fn point(&mut self, feed: usize, cursor: Cursor) {
        let before = self.pointer_on_desktop();
        match cursor.place {
            Some(place) => self.pointer = Some((feed, place)),
            None if self.pointer.is_some_and(|(there, _)| there == feed) => self.pointer = None,
            None => {}
        }
        // A monitor that never had it does not say where it is not.
        let now = self
            .pointer_on_desktop()
            .or_else(|| before.map(|_| self.nowhere()));
        let shape = cursor
            .shape
            .filter(|shape| self.shape.as_ref() != Some(shape));
        for view in self.viewers.values_mut() {
            if now != before {
                view.pending.pointer = now;
            }
            if shape.is_some() {
                view.pending.pointer_shape.clone_from(&shape);
            }
        }
        if shape.is_some() {
            self.shape = shape;
        }
    }

    fn tell_monitors(&mut self) {
        for view in self.viewers.values_mut() {
            view.pending.monitors = true;
        }
    }

    fn pointer_on_desktop(&self) -> Option<(i32, i32)> {
        let (feed, (x, y)) = self.pointer?;
        let corner = self.places().get(feed).copied()?;
        Some((corner.0.saturating_add(x), corner.1.saturating_add(y)))
    }

    /// A point that is on no monitor.
    fn nowhere(&self) -> (i32, i32) {
        let places = self.places();
        let left = places.iter().map(|(x, _)| *x).min().unwrap_or_default();
        let top = places.iter().map(|(_, y)| *y).min().unwrap_or_default();
        (left.saturating_sub(1), top.saturating_sub(1))
    }

    fn monitors(&self) -> Vec<Monitor> {
        let places = self.places();
        let primary = places.iter().position(|place| *place == (0, 0));
        let feeds = self.feeds.iter().zip(&places).enumerate();
        feeds
            .map(|(number, (feed, (x, y)))| Monitor {
                id: number as u32,
                name: (number + 1).to_string(),
                x: *x,
                y: *y,
                width: feed.place.size.0,
                height: feed.place.size.1,
                primary: number == primary.unwrap_or_default(),
            })
            .collect()
    }

    fn places(&self) -> Vec<(i32, i32)> {
        let places: Vec<Place> = self.feeds.iter().map(|feed| feed.place).collect();
        arrange(&places)
    }

    fn size(&self, feed: usize) -> Result<(u32, u32), CaptureError> {
        let feed = self.feeds.get(feed).ok_or(CaptureError::Lost)?;
        Ok(feed.place.size)
    }

    /// What the viewer sees now and had not seen before; `there` is a picture to see.
    fn take(&mut self, viewer: Viewer, feed: usize, there: bool) -> Seen {
        let view = self.viewers.get_mut(&viewer);
        let Some(unseen) = view.and_then(|view| view.unseen.get_mut(&feed)) else {
            return Seen::default();
        };
        let rest = Seen {
            all: !there,
            damage: Region::new(),
        };
        std::mem::replace(unseen, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        let place = |corner, size| Place {
            corner: Some(corner),
            size,
        };
        Board::new(&[place((0, 0), (800, 600)), place((800, 0), (640, 480))])
    }

    fn pointer(board: &Board, viewer: Viewer, feed: usize, place: Option<(i32, i32)>) -> Changes {
        let cursor = Cursor { place, shape: None };
        board.state().point(feed, cursor);
        board.wait(viewer, Some(Duration::ZERO)).unwrap()
    }

    #[test]
    fn the_pointer_is_told_on_the_desktop_and_leaves_a_monitor_only_if_it_was_there() {
        let board = board();
        let viewer = board.enter();
        assert!(board.wait(viewer, None).unwrap().screen, "at first");
        let moved = pointer(&board, viewer, 1, Some((5, 6)));
        assert_eq!(moved.pointer, Some((805, 6)));
        assert!(pointer(&board, viewer, 0, None).is_empty());
        assert!(pointer(&board, viewer, 1, Some((5, 6))).is_empty());
        assert_eq!(pointer(&board, viewer, 1, None).pointer, Some((-1, -1)));
        assert!(pointer(&board, viewer, 1, None).is_empty());
    }

    #[test]
    fn a_change_is_said_once_until_it_was_grabbed() {
        let board = board();
        let viewer = board.enter();
        board.select(viewer, [0].into_iter());
        let (mut frame, mut damage) = (Frame::default(), Region::new());
        let mut grab = || {
            board.looks(viewer);
            board
                .grab(viewer, 0, &mut frame, &mut damage, &mut Vec::new())
                .unwrap();
        };
        assert!(board.wait(viewer, None).unwrap().screen);
        let rect = Rect::new(1, 2, 3, 4);
        board.state().changed(0, (800, 600), Some(vec![rect]));
        assert!(board.wait(viewer, Some(Duration::ZERO)).unwrap().is_empty());
        grab();
        board.state().changed(0, (800, 600), Some(vec![rect]));
        assert!(board.wait(viewer, None).unwrap().screen);
        board.state().changed(1, (640, 480), None);
        assert!(board.wait(viewer, Some(Duration::ZERO)).unwrap().is_empty());
    }

    #[test]
    fn another_size_is_another_monitor_and_all_of_it_is_new() {
        let board = board();
        let viewer = board.enter();
        board.select(viewer, [0].into_iter());
        drop(board.wait(viewer, None));
        board.looks(viewer);
        drop(board.state().take(viewer, 0, true));
        let rect = Rect::new(1, 2, 3, 4);
        board.state().changed(0, (600, 800), Some(vec![rect]));
        let changes = board.wait(viewer, None).unwrap();
        assert!(changes.monitors && changes.screen);
        assert_eq!(
            (board.monitors()[0].width, board.monitors()[0].height),
            (600, 800)
        );
        assert!(board.state().take(viewer, 0, true).all);
    }

    #[test]
    fn what_was_lost_is_told_to_everybody_and_a_waker_only_to_its_own() {
        let board = board();
        let (one, other) = (board.enter(), board.enter());
        drop((board.wait(one, None), board.wait(other, None)));
        board.wake(one);
        assert!(board.wait(one, None).unwrap().woken);
        assert!(board.wait(other, Some(Duration::ZERO)).unwrap().is_empty());
        board.lose(Loss::Stopped);
        for viewer in [one, other] {
            assert!(matches!(
                board.wait(viewer, None),
                Err(CaptureError::Stopped)
            ));
        }
    }
}
