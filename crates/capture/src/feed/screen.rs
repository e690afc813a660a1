//! One viewer's look at the desktop: a monitor, or all of them in one picture.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_screen::{Frame, Rect, Region};

use super::bell::{Bell, Ring};
use super::tap::Machine;
use super::{Feed, Feeds, Viewer};
use crate::compose::{self, Tile, compose};
use crate::{ALL, CaptureError, Changes, Monitor, Place, Source, Waker};

/// How often the monitors are looked at: these systems tell it only to programs with windows.
const LAYOUT_TICK: Duration = Duration::from_secs(1);

/// How long first pictures are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// A machine's screen.
#[derive(Debug)]
pub(crate) struct Screen<M> {
    machine: M,
    feeds: &'static Feeds,
    monitors: Vec<Monitor>,
    shared: u32,
    place: Place,
    /// What the picture is made of, by the monitors' ids: everybody locks in this order.
    sights: Vec<Sight>,
    bell: Arc<Bell>,
    /// All of the next picture counts as changed.
    all: bool,
    next_layout: Instant,
}

/// One monitor that is looked at; dropping it ends that.
#[derive(Debug)]
struct Sight {
    monitor: Monitor,
    feed: Arc<Feed>,
    viewer: Viewer,
}

impl Drop for Sight {
    fn drop(&mut self) {
        self.feed.leave(self.viewer);
    }
}

impl<M: Machine> Screen<M> {
    /// Looks at the primary monitor.
    pub(crate) fn open(mut machine: M, feeds: &'static Feeds) -> Result<Self, CaptureError> {
        let monitors = machine.monitors()?;
        let shared = Monitor::primary(&monitors);
        let bell = Arc::new(Bell::default());
        let (pointer, shape) = machine.pointer();
        if let Some(pointer) = pointer {
            bell.point_anywhere(pointer);
        }
        if let Some(shape) = shape {
            bell.shape(&shape);
        }
        let mut screen = Self {
            machine,
            feeds,
            place: Place::of(&monitors, shared).unwrap_or_default(),
            monitors,
            shared,
            sights: Vec::new(),
            bell,
            all: true,
            next_layout: now() + LAYOUT_TICK,
        };
        screen.sights = screen.see(shared)?;
        screen.bell.screen();
        Ok(screen)
    }

    /// Looks at this monitor, or at all of them.
    fn see(&self, id: u32) -> Result<Vec<Sight>, CaptureError> {
        let wanted = self.monitors.iter().filter(|it| id == ALL || it.id == id);
        let mut sights = Vec::new();
        for monitor in wanted {
            let open = || self.machine.opens(monitor);
            let (feed, viewer) = self.feeds.enter(monitor, &self.bell, open)?;
            let monitor = monitor.clone();
            sights.push(Sight {
                monitor,
                feed,
                viewer,
            });
        }
        let until = now() + PATIENCE;
        for sight in &sights {
            sight.feed.wait_picture(until)?;
        }
        sights.sort_by_key(|sight| sight.monitor.id);
        Ok(sights)
    }

    /// Follows monitors that came, went, moved or have another size.
    fn read_layout(&mut self) -> Result<(), CaptureError> {
        self.next_layout = now() + LAYOUT_TICK;
        // A failure here is one of a moment, as when the machine wakes up.
        let Ok(monitors) = self.machine.monitors() else {
            return Ok(());
        };
        let well = self.sights.iter().all(|sight| sight.feed.goes_on());
        if monitors == self.monitors && well {
            return Ok(());
        }
        self.monitors = monitors;
        self.bell.monitors();
        if Place::of(&self.monitors, self.shared).is_none() {
            self.shared = Monitor::primary(&self.monitors);
        }
        // What is still needed is entered before it is left, and so goes on.
        let sights = self.see(self.shared)?;
        self.show(sights);
        Ok(())
    }

    fn show(&mut self, sights: Vec<Sight>) {
        self.sights = sights;
        self.place = Place::of(&self.monitors, self.shared).unwrap_or_default();
        self.all = true;
        self.bell.screen();
    }

    fn try_grab(&self, frame: &mut Frame, all: bool) -> Result<Vec<Rect>, CaptureError> {
        let looks: Vec<_> = self
            .sights
            .iter()
            .map(|sight| (sight, sight.feed.look(sight.viewer)))
            .collect();
        let mut tiles = Vec::new();
        let mut parts = Vec::new();
        for (Sight { monitor, .. }, look) in &looks {
            let corner = (monitor.x, monitor.y);
            tiles.push(Tile {
                corner,
                picture: &look.picture,
            });
            let whole = [look.picture.bounds()];
            let rects = if look.all {
                &whole
            } else {
                look.damage.rects()
            };
            let shown = rects
                .iter()
                .filter_map(|rect| compose::shown(self.place, corner, *rect));
            parts.extend(shown);
        }
        if all {
            parts = vec![frame.bounds()];
        }
        compose(self.place, &tiles, &parts, frame)?;
        Ok(parts)
    }
}

impl<M: Machine> Source for Screen<M> {
    fn monitors(&self) -> &[Monitor] {
        &self.monitors
    }

    fn shared(&self) -> u32 {
        self.shared
    }

    fn place(&self) -> Place {
        self.place
    }

    fn has_all(&self) -> bool {
        self.monitors.len() > 1
    }

    fn select(&mut self, id: u32) -> Result<(), CaptureError> {
        if Place::of(&self.monitors, id).is_none() {
            return Err(CaptureError::UnknownMonitor(id));
        }
        let sights = self.see(id)?;
        self.shared = id;
        self.show(sights);
        Ok(())
    }

    fn waker(&self) -> Waker {
        let bell = Arc::clone(&self.bell);
        Waker::new(move || bell.wake())
    }

    fn wait(&mut self, timeout: Option<Duration>) -> Result<Changes, CaptureError> {
        let deadline = timeout.and_then(|timeout| now().checked_add(timeout));
        loop {
            if self.next_layout <= now() {
                self.read_layout()?;
            }
            let next = self.next_layout;
            match self.bell.wait(deadline.map_or(next, |it| it.min(next))) {
                Ring::Lost(loss) => return Err(loss.into()),
                Ring::Layout => self.read_layout()?,
                Ring::Changes(changes) => {
                    let over = deadline.is_some_and(|deadline| deadline <= now());
                    if !changes.is_empty() || over {
                        return Ok(changes);
                    }
                }
            }
        }
    }

    fn check(&mut self) -> Result<(), CaptureError> {
        for sight in &self.sights {
            sight.feed.check();
        }
        Ok(())
    }

    fn grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        let (width, height) = self.place.picture();
        if (frame.width(), frame.height()) != (width, height) {
            *frame = Frame::new(width, height)?;
            self.all = true;
        }
        self.bell.looked();
        // Until the pixels are here: an error in between must not lose the damage.
        let all = std::mem::replace(&mut self.all, true);
        let parts = self.try_grab(frame, all)?;
        self.all = false;
        for part in parts {
            damage.add(part);
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the adapter's own loop keeps its time"
)]
fn now() -> Instant {
    Instant::now()
}
