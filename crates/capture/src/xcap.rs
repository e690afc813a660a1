//! Whole pictures of a monitor through `xcap`: macOS, and Windows where a monitor cannot be duplicated.
//!
//! `xcap` does not say what changed, so a picture is taken at a fixed rate and compared with the last one.
//! A screen stream, which tells changes on macOS, comes later.
//!
//! On macOS a picture is shrunk to points, the unit in which that system places monitors, pointer
//! and clicks; so a Retina screen is shared at half its resolution for now.

use std::time::{Duration, Instant};

use ::xcap::{XCapError, image::RgbaImage};
use aldis_screen::{Rect, Region};

#[cfg(target_os = "macos")]
use crate::Source;
use crate::feed::tap::{PointerAt, Refusal, Surface, Tap, Update};
#[cfg(target_os = "macos")]
use crate::feed::{Feeds, screen::Screen, tap::Machine, tap::Open};
use crate::pixels::{Layout, Rows, Turn};
use crate::{CaptureError, Monitor, PointerShape};

#[cfg_attr(windows, path = "xcap/pointer_windows.rs")]
#[cfg_attr(target_os = "macos", path = "xcap/pointer_macos.rs")]
mod pointer;

/// How often the screen is looked at.
const TICK: Duration = Duration::from_millis(33);

/// After so long Windows is asked again whether it duplicates the monitor.
#[cfg(windows)]
const WHILE: Duration = Duration::from_mins(1);

/// The most monitors that are told apart.
const MAX_MONITORS: usize = 32;

#[cfg(target_os = "macos")]
static FEEDS: Feeds = Feeds::new();

/// Opens this machine's screen.
#[cfg(target_os = "macos")]
pub(crate) fn open() -> Result<Box<dyn Source>, CaptureError> {
    pointer::may_capture()?;
    Ok(Box::new(Screen::open(Polled::default(), &FEEDS)?))
}

/// Whether there is a screen, and we may see it; reads nothing of it.
#[cfg(target_os = "macos")]
pub(crate) fn check() -> Result<(), CaptureError> {
    pointer::may_capture()?;
    read_monitors().map(drop)
}

/// What `xcap` knows of a computer.
#[derive(Debug, Default)]
pub(crate) struct Polled {
    pointer: pointer::Pointer,
}

impl Polled {
    /// The monitors as they are now.
    #[expect(clippy::unused_self, reason = "it is what it knows")]
    pub(crate) fn monitors(&self) -> Result<Vec<Monitor>, CaptureError> {
        read_monitors()
    }

    /// What is new of the pointer.
    pub(crate) fn pointer(&mut self) -> (Option<(i32, i32)>, Option<PointerShape>) {
        self.pointer.look()
    }
}

#[cfg(target_os = "macos")]
impl Machine for Polled {
    fn monitors(&mut self) -> Result<Vec<Monitor>, CaptureError> {
        Self::monitors(self)
    }

    fn opens(&self, monitor: &Monitor) -> Open {
        let id = monitor.id;
        Box::new(move || Ok(Box::new(Poller::new(id)) as Box<dyn Tap>))
    }

    fn pointer(&mut self) -> (Option<(i32, i32)>, Option<PointerShape>) {
        Self::pointer(self)
    }
}

/// A monitor that has to be looked at again and again.
pub(crate) struct Poller {
    monitor: u32,
    pointer: pointer::Pointer,
    /// The pointer is on this monitor.
    pointed: bool,
    picture: RgbaImage,
    next: Instant,
    until: Option<Instant>,
}

impl Poller {
    /// Looks at the monitor with this id.
    pub(crate) fn new(monitor: u32) -> Self {
        Self {
            monitor,
            pointer: pointer::Pointer::default(),
            pointed: false,
            picture: RgbaImage::default(),
            next: now(),
            until: None,
        }
    }

    /// The same, until it may be time for something better.
    #[cfg(windows)]
    pub(crate) fn for_a_while(monitor: u32) -> Self {
        Self {
            until: now().checked_add(WHILE),
            ..Self::new(monitor)
        }
    }

    /// Follows the pointer; its place counts from the monitor's corner.
    fn follow(&mut self, monitor: &Monitor, update: &mut Update) {
        let (place, shape) = self.pointer.look();
        update.shape = shape;
        let Some((x, y)) = place else { return };
        let inside = |at: i32, start: i32, size: u32| {
            let inside = at.checked_sub(start)?;
            u32::try_from(inside).ok().filter(|it| *it < size)?;
            Some(inside)
        };
        let inside = inside(x, monitor.x, monitor.width).zip(inside(y, monitor.y, monitor.height));
        if inside.is_some() || self.pointed {
            let here = inside.map(|(x, y)| PointerAt::Here(x, y));
            update.pointer = Some(here.unwrap_or(PointerAt::Away));
        }
        self.pointed = inside.is_some();
    }
}

impl Tap for Poller {
    fn acquire(&mut self, limit: Duration) -> Result<Option<Update>, Refusal> {
        let left = self.next.saturating_duration_since(now());
        std::thread::sleep(left.min(limit));
        if left > limit {
            return Ok(None);
        }
        self.next = now() + TICK;
        if self.until.is_some_and(|until| until <= now()) {
            return Err(Refusal::Lost);
        }
        if pointer::is_locked() {
            return Err(Refusal::Denied);
        }
        let monitors = ::xcap::Monitor::all()?;
        let mut known = monitors.into_iter();
        let known = known.find(|known| known.id().ok() == Some(self.monitor));
        let known = known.ok_or(Refusal::Gone)?;
        let monitor = read_monitor(&known)?;
        let picture = shrink(known.capture_image()?, monitor.width, monitor.height);
        let damage = difference(&self.picture, &picture);
        self.picture = picture;
        let mut update = Update {
            surface: Some(Surface {
                size: self.picture.dimensions(),
                turn: Turn::default(),
                layout: Layout::Rgb,
                damage,
            }),
            ..Update::default()
        };
        self.follow(&monitor, &mut update);
        Ok(Some(update))
    }

    fn read(&mut self, _parts: &[Rect], show: &mut dyn FnMut(&dyn Rows)) -> Result<(), Refusal> {
        show(&Image(&self.picture));
        Ok(())
    }
}

/// A picture in memory.
struct Image<'a>(&'a RgbaImage);

impl Rows for Image<'_> {
    fn size(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    fn read(&self, x: u32, y: u32, row: &mut [u8]) {
        let start = (y as usize * self.0.width() as usize + x as usize) * 4;
        if let Some(from) = self.0.as_raw().get(start..start + row.len()) {
            row.copy_from_slice(from);
        }
    }
}

/// The rows between the first and the last that differ; `None` for pictures of different sizes.
fn difference(before: &RgbaImage, after: &RgbaImage) -> Option<Region> {
    if before.dimensions() != after.dimensions() {
        return None;
    }
    let length = (after.width() as usize * 4).max(4);
    let rows = || {
        before
            .as_raw()
            .chunks_exact(length)
            .zip(after.as_raw().chunks_exact(length))
    };
    let mut damage = Region::new();
    let first = rows().position(|(before, after)| before != after);
    let last = rows().rposition(|(before, after)| before != after);
    if let Some((first, last)) = first.zip(last) {
        let height = (last - first + 1) as u32;
        damage.add(Rect::new(0, first as u32, after.width(), height));
    }
    Some(damage)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the adapter's own loop keeps its time"
)]
fn now() -> Instant {
    Instant::now()
}

fn read_monitors() -> Result<Vec<Monitor>, CaptureError> {
    let monitors = ::xcap::Monitor::all()?;
    let monitors = monitors.iter().take(MAX_MONITORS).map(read_monitor);
    let mut monitors: Vec<Monitor> = monitors.collect::<Result<_, _>>()?;
    // The system's own order says little to a person.
    monitors.sort_by_key(|monitor| (monitor.x, monitor.y));
    if monitors.is_empty() {
        Err(CaptureError::NoDisplay)
    } else {
        Ok(monitors)
    }
}

fn read_monitor(monitor: &::xcap::Monitor) -> Result<Monitor, XCapError> {
    Ok(Monitor {
        id: monitor.id()?,
        name: monitor.name().unwrap_or_default(),
        x: monitor.x()?,
        y: monitor.y()?,
        width: monitor.width()?,
        height: monitor.height()?,
        primary: monitor.is_primary().unwrap_or(false),
    })
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

impl From<XCapError> for CaptureError {
    fn from(error: XCapError) -> Self {
        Self::System(error.to_string())
    }
}

impl From<XCapError> for Refusal {
    fn from(error: XCapError) -> Self {
        Self::Failed(error.to_string())
    }
}
