//! Windows and macOS: whole pictures of a monitor through `xcap`.
//!
//! `xcap` does not say what changed, so a wait ends at a fixed rate with `screen: true` and a grab
//! compares the picture with the last one.
//! Desktop duplication (Windows) and a screen stream (macOS), which tell changes, come later.
//!
//! On macOS a picture is shrunk to points, the unit in which that system places monitors, pointer
//! and clicks; so a Retina screen is shared at half its resolution for now.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::xcap::{XCapError, image::RgbaImage};
use aldis_screen::{Frame, Rect, Region};

use crate::{CaptureError, Changes, Monitor, Source, Waker};

#[cfg_attr(windows, path = "xcap/pointer_windows.rs")]
#[cfg_attr(target_os = "macos", path = "xcap/pointer_macos.rs")]
mod pointer;

/// How often the screen is looked at.
const TICK: Duration = Duration::from_millis(33);

/// How often the monitors are looked at.
const LAYOUT_TICK: Duration = Duration::from_secs(1);

/// The most monitors that are told apart.
const MAX_MONITORS: usize = 32;

/// Opens this machine's screen.
pub(crate) fn open() -> Result<Box<dyn Source>, CaptureError> {
    pointer::may_capture()?;
    let monitors = read_monitors()?;
    let shared = primary(&monitors);
    Ok(Box::new(Screen {
        monitors,
        shared,
        pointer: pointer::Pointer::default(),
        wake: Arc::default(),
        next_tick: now(),
        next_layout_tick: now() + LAYOUT_TICK,
        all_damaged: true,
    }))
}

/// A screen that has to be looked at again and again.
#[derive(Debug)]
struct Screen {
    monitors: Vec<Monitor>,
    shared: u32,
    pointer: pointer::Pointer,
    wake: Arc<(Mutex<bool>, Condvar)>,
    next_tick: Instant,
    next_layout_tick: Instant,
    all_damaged: bool,
}

impl Screen {
    /// Sleeps until then or until a waker speaks, and says whether one did.
    fn sleep_until(&self, end: Instant) -> bool {
        let (woken, condition) = &*self.wake;
        let woken = woken.lock().unwrap_or_else(PoisonError::into_inner);
        let left = end.saturating_duration_since(now());
        let (mut woken, _) = condition
            .wait_timeout_while(woken, left, |woken| !*woken)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *woken)
    }

    fn look(&mut self, changes: &mut Changes) {
        if now() < self.next_tick {
            return;
        }
        self.next_tick = now() + TICK;
        changes.screen = true;
        (changes.pointer, changes.pointer_shape) = self.pointer.look();
        if now() < self.next_layout_tick {
            return;
        }
        self.next_layout_tick = now() + LAYOUT_TICK;
        // A failure here is one of a moment, as when the machine wakes up.
        let Ok(monitors) = read_monitors() else {
            return;
        };
        if monitors != self.monitors {
            self.monitors = monitors;
            self.all_damaged = true;
            changes.monitors = true;
            if !self
                .monitors
                .iter()
                .any(|monitor| monitor.id == self.shared)
            {
                self.shared = primary(&self.monitors);
            }
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
        self.all_damaged = true;
        self.next_tick = now();
        Ok(())
    }

    fn waker(&self) -> Waker {
        let wake = Arc::clone(&self.wake);
        Waker::new(move || {
            let (woken, condition) = &*wake;
            *woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
            condition.notify_all();
        })
    }

    fn wait(&mut self, timeout: Option<Duration>) -> Result<Changes, CaptureError> {
        let deadline = timeout.and_then(|timeout| now().checked_add(timeout));
        let end = deadline.map_or(self.next_tick, |deadline| deadline.min(self.next_tick));
        let mut changes = Changes {
            woken: self.sleep_until(end),
            ..Changes::default()
        };
        self.look(&mut changes);
        Ok(changes)
    }

    fn grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        let monitor = self
            .monitors
            .iter()
            .find(|monitor| monitor.id == self.shared)
            .ok_or(CaptureError::UnknownMonitor(self.shared))?;
        let (width, height) = (monitor.width, monitor.height);
        let source = ::xcap::Monitor::all()?
            .into_iter()
            .find(|known| known.id().ok() == Some(self.shared))
            .ok_or(CaptureError::UnknownMonitor(self.shared))?;
        let picture = shrink(source.capture_image()?, width, height);
        if (frame.width(), frame.height()) != (width, height) {
            *frame = Frame::new(width, height)?;
            self.all_damaged = true;
        }
        let changed = update(frame, &picture);
        if std::mem::take(&mut self.all_damaged) {
            damage.add(frame.bounds());
        } else if let Some(rect) = changed {
            damage.add(rect);
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

fn primary(monitors: &[Monitor]) -> u32 {
    let monitor = monitors
        .iter()
        .find(|monitor| monitor.primary)
        .or_else(|| monitors.first());
    monitor.map_or(0, |monitor| monitor.id)
}

fn read_monitors() -> Result<Vec<Monitor>, CaptureError> {
    let mut monitors = Vec::new();
    for monitor in ::xcap::Monitor::all()?.into_iter().take(MAX_MONITORS) {
        monitors.push(Monitor {
            id: monitor.id()?,
            name: monitor.name().unwrap_or_default(),
            x: monitor.x()?,
            y: monitor.y()?,
            width: monitor.width()?,
            height: monitor.height()?,
            primary: monitor.is_primary().unwrap_or(false),
        });
    }
    if monitors.is_empty() {
        Err(CaptureError::NoDisplay)
    } else {
        Ok(monitors)
    }
}

/// Makes a picture smaller by averaging; one of this size stays as it is.
fn shrink(picture: RgbaImage, width: u32, height: u32) -> RgbaImage {
    let (from_width, from_height) = picture.dimensions();
    if (from_width, from_height) == (width, height) || width == 0 || height == 0 {
        return picture;
    }
    // The columns or rows that become this one, at least one of them.
    let span = |at: u32, from: u32, to: u32| {
        let edge = |at: u32| (u64::from(at) * u64::from(from) / u64::from(to)) as u32;
        let start = edge(at).min(from.saturating_sub(1));
        start..edge(at + 1).clamp(start + 1, from.max(start + 1))
    };
    RgbaImage::from_fn(width, height, |x, y| {
        let (mut sums, mut count) = ([0_u32; 4], 0);
        for from_y in span(y, from_height, height) {
            for from_x in span(x, from_width, width) {
                if let Some(pixel) = picture.get_pixel_checked(from_x, from_y) {
                    for (sum, part) in sums.iter_mut().zip(pixel.0) {
                        *sum += u32::from(part);
                    }
                    count += 1;
                }
            }
        }
        ::xcap::image::Rgba(sums.map(|sum| (sum / count.max(1)) as u8))
    })
}

/// Puts a picture of the frame's size into the frame, and gives the rows that changed.
fn update(frame: &mut Frame, picture: &RgbaImage) -> Option<Rect> {
    let mut changed: Option<(u32, u32)> = None;
    let bounds = frame.bounds();
    let mut row = vec![0; bounds.width as usize * 4];
    let rows = picture
        .as_raw()
        .chunks_exact((picture.width() as usize * 4).max(4));
    for (y, source) in (0..bounds.height).zip(rows) {
        for (to, from) in row.chunks_exact_mut(4).zip(source.chunks_exact(4)) {
            to.copy_from_slice(&[from[2], from[1], from[0], 255]);
        }
        if frame.row(bounds, y) != row {
            frame.row_mut(bounds, y).copy_from_slice(&row);
            changed = Some((changed.map_or(y, |(first, _)| first), y));
        }
    }
    changed.map(|(first, last)| Rect::new(0, first, bounds.width, last - first + 1))
}

impl From<XCapError> for CaptureError {
    fn from(error: XCapError) -> Self {
        Self::System(error.to_string())
    }
}
