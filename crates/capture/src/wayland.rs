//! Wayland: the desktop's portal asks the person, PipeWire brings the pictures.
//!
//! Nothing here is linked: D-Bus is spoken in plain Rust, and libpipewire is opened when it is needed.
//! Nothing polls either: [`Source::wait`] sleeps until PipeWire's thread has put something up.

use std::sync::Arc;
use std::time::Duration;

use aldis_screen::{Frame, Region};

use self::board::Viewer;
use self::home::Share;
use crate::compose::{self, Tile, compose};
use crate::{ALL, CaptureError, Changes, Monitor, Place, Source, Waker};

mod board;
mod home;
mod layout;
mod pipewire;
mod portal;

/// Shares this desktop; the desktop asks the person, unless it has done so already.
pub(crate) fn open() -> Result<Box<dyn Source>, CaptureError> {
    Ok(Box::new(Screen::open()?))
}

/// Whether this desktop could be shared if the person wanted it; asks nobody.
pub(crate) fn check() -> Result<(), CaptureError> {
    home::check()
}

/// One viewer's look at the desktop.
struct Screen {
    share: Option<Arc<Share>>,
    viewer: Viewer,
    monitors: Vec<Monitor>,
    shared: u32,
    /// Every monitor's picture, where they are shown together.
    pictures: Vec<Frame>,
    /// All of the picture of all monitors is new: they lie elsewhere.
    all: bool,
    scratch: Vec<u8>,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen")
            .field("monitors", &self.monitors)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}

impl Screen {
    fn open() -> Result<Self, CaptureError> {
        let share = home::share()?;
        let monitors = share.board.monitors();
        let shared = monitors
            .iter()
            .find(|monitor| monitor.primary)
            .map_or(0, |monitor| monitor.id);
        let viewer = share.enter(shared as usize)?;
        Ok(Self {
            // The first picture has told the true size.
            monitors: share.board.monitors(),
            share: Some(share),
            viewer,
            shared,
            pictures: Vec::new(),
            all: true,
            scratch: Vec::new(),
        })
    }

    fn share(&self) -> Result<&Share, CaptureError> {
        self.share.as_deref().ok_or(CaptureError::Lost)
    }

    /// Brings a picture of all monitors up to date.
    fn grab_all(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        let place = self.place();
        let (width, height) = place.picture();
        if (frame.width(), frame.height()) != (width, height) {
            *frame = Frame::new(width, height)?;
            self.all = true;
        }
        // Until the pixels are here: an error in between must not lose the damage.
        let all = std::mem::replace(&mut self.all, true);
        let share = self.share.as_deref().ok_or(CaptureError::Lost)?;
        self.pictures
            .resize_with(self.monitors.len(), Frame::default);
        let (mut tiles, mut parts) = (Vec::new(), Vec::new());
        for (monitor, picture) in self.monitors.iter().zip(&mut self.pictures) {
            // The desktop has not told yet how large it is.
            if monitor.width == 0 || monitor.height == 0 {
                continue;
            }
            let mut changed = Region::new();
            let feed = monitor.id as usize;
            let board = &share.board;
            board.grab(self.viewer, feed, picture, &mut changed, &mut self.scratch)?;
            let corner = (monitor.x, monitor.y);
            let rects = changed.rects().iter();
            parts.extend(rects.filter_map(|rect| compose::shown(place, corner, *rect)));
            tiles.push(Tile { corner, picture });
        }
        if all {
            parts = vec![frame.bounds()];
        }
        compose(place, &tiles, &parts, frame)?;
        self.all = false;
        for part in parts {
            damage.add(part);
        }
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(share) = self.share.take() {
            share.leave(self.viewer);
            home::let_go(share);
        }
    }
}

impl Source for Screen {
    fn monitors(&self) -> &[Monitor] {
        &self.monitors
    }

    fn shared(&self) -> u32 {
        self.shared
    }

    fn place(&self) -> Place {
        if self.shared == ALL {
            return Place::around(&self.monitors).shrunk();
        }
        let mut monitors = self.monitors.iter();
        let shared = monitors.find(|monitor| monitor.id == self.shared);
        shared.map_or_else(Place::default, Monitor::place)
    }

    fn has_all(&self) -> bool {
        self.monitors.len() > 1
    }

    fn select(&mut self, id: u32) -> Result<(), CaptureError> {
        let wanted = |monitor: &&Monitor| id == ALL || monitor.id == id;
        let feeds: Vec<usize> = self
            .monitors
            .iter()
            .filter(wanted)
            .map(|monitor| monitor.id as usize)
            .collect();
        if feeds.is_empty() {
            return Err(CaptureError::UnknownMonitor(id));
        }
        self.shared = id;
        self.all = true;
        self.pictures.clear();
        let share = self.share()?;
        share.board.select(self.viewer, feeds.into_iter());
        share.watch();
        Ok(())
    }

    fn waker(&self) -> Waker {
        // Whoever still wakes it must not keep the desktop shared.
        let board = self
            .share
            .as_ref()
            .map(|share| Arc::downgrade(&share.board));
        let viewer = self.viewer;
        Waker(Arc::new(move || {
            if let Some(board) = board.as_ref().and_then(std::sync::Weak::upgrade) {
                board.wake(viewer);
            }
        }))
    }

    fn wait(&mut self, timeout: Option<Duration>) -> Result<Changes, CaptureError> {
        let share = self.share()?;
        let changes = share.board.wait(self.viewer, timeout)?;
        if changes.monitors {
            self.monitors = share.board.monitors();
            self.all = true;
        }
        Ok(changes)
    }

    fn grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        let share = self.share.as_deref().ok_or(CaptureError::Lost)?;
        let board = &share.board;
        board.looks(self.viewer);
        if self.shared == ALL {
            return self.grab_all(frame, damage);
        }
        let feed = self.shared as usize;
        board.grab(self.viewer, feed, frame, damage, &mut self.scratch)
    }
}
