//! One reader for each monitor, whoever looks: Windows and macOS.
//!
//! A system may let a program read a monitor only once at a time, as Windows' desktop duplication does; and
//! several supporters, each with a [`Source`](crate::Source) of their own, see the same desktop.
//! So a thread reads each monitor that somebody looks at into a picture in memory, and notes for every viewer what
//! has changed since they last looked.
//! When the last viewer has left, the thread ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aldis_screen::{Frame, Rect, Region};

use self::bell::Bell;
use self::keeper::{Keeper, Step};
use self::tap::{Open, PointerAt};
use crate::{CaptureError, Monitor, PointerShape};

mod bell;
mod keeper;
pub(crate) mod screen;
pub(crate) mod tap;
#[cfg(test)]
mod tests;

/// How long a look at a screen at rest takes; then the thread sees whether it is still needed.
const LOOK: Duration = Duration::from_millis(500);

/// How long after its last sign of life a thread counts as stuck in the system.
const STUCK: Duration = Duration::from_secs(2);

/// After so many pictures that nobody fetched no more are read, until somebody does: a viewer's window is hidden.
const UNSEEN: u32 = 30;

/// The number of somebody who looks at a feed.
pub(crate) type Viewer = u64;

/// The feeds of all monitors that somebody looks at.
#[derive(Debug)]
pub(crate) struct Feeds(Mutex<BTreeMap<u32, Arc<Feed>>>);

/// One monitor.
#[derive(Debug)]
pub(crate) struct Feed {
    monitor: u32,
    /// As it stands upright; without a pixel before the first picture. Locked before `state`.
    picture: Mutex<Frame>,
    state: Mutex<State>,
    /// Rung for those who wait for the thread, and for the thread where it rests.
    turned: Condvar,
}

#[derive(Debug)]
struct State {
    /// There has been a picture.
    shows: bool,
    /// Where the pointer is on the monitor.
    pointer: Option<(i32, i32)>,
    shape: Option<PointerShape>,
    viewers: BTreeMap<Viewer, View>,
    next: Viewer,
    /// How many pictures nobody has fetched.
    unseen: u32,
    /// The thread's last sign of life.
    alive: Instant,
    ended: Option<Loss>,
}

/// What one viewer has not seen yet.
#[derive(Debug)]
struct View {
    bell: Arc<Bell>,
    /// The monitor's corner on the desktop.
    corner: (i32, i32),
    damage: Region,
    all: bool,
}

/// Why a feed brings nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The desktop is one that no program may see.
    Locked,
    /// The monitor is gone.
    Gone,
    /// The system refused.
    Failed(String),
}

impl From<Loss> for CaptureError {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::Locked => Self::Locked,
            Loss::Gone => Self::Lost,
            Loss::Failed(reason) => Self::System(reason),
        }
    }
}

impl Feeds {
    /// No feed.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn map(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Feed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody starts to look at this monitor.
    pub(crate) fn enter(
        &'static self,
        monitor: &Monitor,
        bell: &Arc<Bell>,
        open: impl FnOnce() -> Open,
    ) -> Result<(Arc<Feed>, Viewer), CaptureError> {
        let mut map = self.map();
        let known = map.get(&monitor.id).filter(|feed| feed.is_well());
        let feed = match known {
            Some(feed) => Arc::clone(feed),
            None => Arc::new(Feed::new(monitor.id)),
        };
        // Before the thread looks whether there is somebody.
        let viewer = feed.enter(Arc::clone(bell), (monitor.x, monitor.y));
        if known.is_none() {
            self.start(monitor.id, Arc::clone(&feed), open())?;
            map.insert(monitor.id, Arc::clone(&feed));
        }
        Ok((feed, viewer))
    }

    fn start(&'static self, monitor: u32, feed: Arc<Feed>, open: Open) -> Result<(), CaptureError> {
        let read = move || {
            let mut keeper = Keeper::new(open);
            while !self.close(monitor, &feed, &mut keeper) {
                if feed.rests() {
                    continue;
                }
                match keeper.step(&feed, LOOK) {
                    Step::On => {}
                    Step::Pause(pause) => std::thread::sleep(pause),
                    Step::End(loss) => feed.end(&loss),
                }
                feed.beat();
            }
        };
        let thread = std::thread::Builder::new().name("monitor".to_owned());
        let started = thread.spawn(read).map(drop);
        started.map_err(|error| CaptureError::System(error.to_string()))
    }

    /// Ends a feed that has ended or that nobody looks at; the system is let go of before another one can begin.
    fn close(&self, monitor: u32, feed: &Arc<Feed>, keeper: &mut Keeper) -> bool {
        let mut map = self.map();
        if feed.is_needed() {
            return false;
        }
        keeper.let_go();
        if map
            .get(&monitor)
            .is_some_and(|known| Arc::ptr_eq(known, feed))
        {
            map.remove(&monitor);
        }
        true
    }
}

impl Feed {
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's own loop keeps its time"
    )]
    fn new(monitor: u32) -> Self {
        Self {
            monitor,
            picture: Mutex::default(),
            state: Mutex::new(State {
                shows: false,
                pointer: None,
                shape: None,
                viewers: BTreeMap::new(),
                next: 0,
                unseen: 0,
                alive: Instant::now(),
                ended: None,
            }),
            turned: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // What its thread does.

    /// Changes the picture by this, and says what of it that was; `None` for all of it.
    fn paint<E>(
        &self,
        change: impl FnOnce(&mut Frame) -> Result<Option<Vec<Rect>>, E>,
    ) -> Result<(), E> {
        let mut picture = self.picture.lock().unwrap_or_else(PoisonError::into_inner);
        let damage = change(&mut picture)?;
        let mut state = self.state();
        state.shows = true;
        state.tell(damage.as_deref());
        Ok(())
    }

    /// The pointer went there, or left the monitor.
    fn point(&self, pointer: PointerAt) {
        let mut state = self.state();
        state.pointer = pointer.here();
        for view in state.viewers.values() {
            let place = state
                .pointer
                .map(|pointer| on_desktop(view.corner, pointer));
            view.bell.point(self.monitor, place);
        }
    }

    /// The pointer looks like this.
    fn shape(&self, shape: PointerShape) {
        let mut state = self.state();
        if state.shape.as_ref() != Some(&shape) {
            for view in state.viewers.values() {
                view.bell.shape(&shape);
            }
            state.shape = Some(shape);
        }
    }

    /// The monitors may have changed.
    fn tell_layout(&self) {
        for view in self.state().viewers.values() {
            view.bell.layout();
        }
    }

    fn end(&self, loss: &Loss) {
        let mut state = self.state();
        state.ended = Some(loss.clone());
        for view in state.viewers.values() {
            match loss {
                Loss::Gone => view.bell.layout(),
                Loss::Locked | Loss::Failed(_) => view.bell.lose(loss),
            }
        }
        self.turned.notify_all();
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's own loop keeps its time"
    )]
    fn beat(&self) {
        self.state().alive = Instant::now();
        self.turned.notify_all();
    }

    fn is_needed(&self) -> bool {
        let state = self.state();
        state.ended.is_none() && !state.viewers.is_empty()
    }

    /// Sleeps for a while if nobody fetches what is read; `true` if it did.
    fn rests(&self) -> bool {
        let state = self.state();
        if state.unseen < UNSEEN {
            return false;
        }
        let rested = self.turned.wait_timeout(state, LOOK);
        drop(rested.unwrap_or_else(PoisonError::into_inner));
        self.beat();
        true
    }

    // What viewers ask.

    fn enter(&self, bell: Arc<Bell>, corner: (i32, i32)) -> Viewer {
        let mut state = self.state();
        let viewer = state.next;
        state.next += 1;
        if let Some(shape) = &state.shape {
            bell.shape(shape);
        }
        if let Some(pointer) = state.pointer {
            bell.point(self.monitor, Some(on_desktop(corner, pointer)));
        }
        bell.screen();
        let view = View {
            bell,
            corner,
            damage: Region::new(),
            all: true,
        };
        state.viewers.insert(viewer, view);
        viewer
    }

    /// Somebody looks no more.
    pub(crate) fn leave(&self, viewer: Viewer) {
        let mut state = self.state();
        state.viewers.remove(&viewer);
        state.unseen = 0;
        self.turned.notify_all();
    }

    /// Whether it goes on, and its thread is not stuck in the system.
    pub(crate) fn is_well(&self) -> bool {
        let state = self.state();
        state.ended.is_none() && state.alive.elapsed() < STUCK
    }

    /// Waits until the thread is not stuck in the system; does not come back from one that hangs.
    pub(crate) fn check(&self) {
        let mut state = self.state();
        while state.ended.is_none() && state.alive.elapsed() >= STUCK {
            let turned = self.turned.wait(state);
            state = turned.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether it goes on.
    pub(crate) fn goes_on(&self) -> bool {
        self.state().ended.is_none()
    }

    /// Waits for the first picture, but not for ever: a system may send none before something changes.
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's own loop keeps its time"
    )]
    pub(crate) fn wait_picture(&self, until: Instant) -> Result<(), CaptureError> {
        let mut state = self.state();
        loop {
            if let Some(loss) = &state.ended {
                return Err(loss.clone().into());
            }
            let left = until.saturating_duration_since(Instant::now());
            if state.shows || left.is_zero() {
                return Ok(());
            }
            let turned = self.turned.wait_timeout(state, left);
            state = turned.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What the viewer sees now, and what of it is new.
    pub(crate) fn look(&self, viewer: Viewer) -> Look<'_> {
        // While it is held nothing newer can take its place, so what is taken below is its damage.
        let picture = self.picture.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        state.unseen = 0;
        self.turned.notify_all();
        let view = state.viewers.get_mut(&viewer);
        let seen = view.map(|view| {
            let all = std::mem::take(&mut view.all);
            (all, std::mem::take(&mut view.damage))
        });
        let (all, damage) = seen.unwrap_or_default();
        Look {
            picture,
            all,
            damage,
        }
    }
}

/// What a viewer sees; the picture stays as it is meanwhile.
#[derive(Debug)]
pub(crate) struct Look<'a> {
    /// The monitor, as it stands upright.
    pub(crate) picture: MutexGuard<'a, Frame>,
    /// All of it is new.
    pub(crate) all: bool,
    /// Otherwise this is.
    pub(crate) damage: Region,
}

impl State {
    /// Notes damage for everybody who looks.
    fn tell(&mut self, damage: Option<&[Rect]>) {
        let mut heard = false;
        for view in self.viewers.values_mut() {
            view.all |= damage.is_none();
            for rect in damage.unwrap_or_default() {
                view.damage.add(*rect);
            }
            heard |= view.bell.screen();
        }
        self.unseen = if heard { 0 } else { self.unseen + 1 };
    }
}

fn on_desktop(corner: (i32, i32), pointer: (i32, i32)) -> (i32, i32) {
    let (x, y) = corner;
    (x.saturating_add(pointer.0), y.saturating_add(pointer.1))
}
