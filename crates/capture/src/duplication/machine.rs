//! A Windows computer.

use crate::duplication::{Duplicated, dxgi, with_fallback};
use crate::feed::Feeds;
use crate::feed::screen::Screen;
use crate::feed::tap::{Machine, Open, Tap};
use crate::xcap::{Polled, Poller};
use crate::{CaptureError, Monitor, PointerShape, Source};

static FEEDS: Feeds = Feeds::new();

/// Opens this machine's screen.
pub(crate) fn open() -> Result<Box<dyn Source>, CaptureError> {
    Ok(Box::new(Screen::open(Computer::default(), &FEEDS)?))
}

/// Whether there is a screen; reads nothing of it.
pub(crate) fn check() -> Result<(), CaptureError> {
    Computer::default().monitors().map(drop)
}

/// Duplicates its monitors where that is possible.
#[derive(Debug, Default)]
struct Computer(Polled);

impl Machine for Computer {
    fn monitors(&mut self) -> Result<Vec<Monitor>, CaptureError> {
        self.0.monitors()
    }

    fn opens(&self, monitor: &Monitor) -> Open {
        let id = monitor.id;
        with_fallback(
            move || {
                let duplication = dxgi::Dxgi::open(id)?;
                Ok(Box::new(Duplicated::new(duplication)) as Box<dyn Tap>)
            },
            move || Ok(Box::new(Poller::for_a_while(id)) as Box<dyn Tap>),
        )
    }

    fn pointer(&mut self) -> (Option<(i32, i32)>, Option<PointerShape>) {
        self.0.pointer()
    }
}
