//! Wayland: the desktop's portal asks the person, PipeWire brings the pictures.
//!
//! Nothing here is linked: D-Bus is spoken in plain Rust, and libpipewire is opened when it is needed.
//! Nothing polls either: [`Source::wait`] sleeps until PipeWire's thread has put something up.

use std::sync::Arc;
use std::time::Duration;

use aldis_screen::{Frame, Region};

use self::board::Viewer;
use self::home::Share;
use crate::{CaptureError, Changes, Monitor, Source, Waker};

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
            scratch: Vec::new(),
        })
    }

    fn share(&self) -> Result<&Share, CaptureError> {
        self.share.as_deref().ok_or(CaptureError::Lost)
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

    fn select(&mut self, id: u32) -> Result<(), CaptureError> {
        if !self.monitors.iter().any(|monitor| monitor.id == id) {
            return Err(CaptureError::UnknownMonitor(id));
        }
        self.shared = id;
        let share = self.share()?;
        share.board.select(self.viewer, id as usize);
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
        }
        Ok(changes)
    }

    fn grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        let share = self.share.as_deref().ok_or(CaptureError::Lost)?;
        let board = &share.board;
        board.grab(self.viewer, frame, damage, &mut self.scratch)
    }
}
