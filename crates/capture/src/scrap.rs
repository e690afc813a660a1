//! X11's last resort, an opt-in cargo feature: whole pictures of the main monitor through `scrap`.
//!
//! It needs only `RandR` and MIT-SHM, so it works where the usual way misses an extension.
//! It stays off by default, because `scrap` 0.5 hands pixels over in a System V memory segment that
//! every user of the machine can read, and because it reads a list of monitors just after it has
//! freed it, which the C library of most Linux systems forgives.
//! So a capturer lives only while one picture is taken, and only its first monitor is asked for.
//!
//! `scrap` ignores the X server's refusals and shows what was in the memory then; what would make
//! the server refuse is therefore asked for beforehand.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::scrap::{Capturer, Display};
use aldis_screen::{Frame, Rect, Region};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::shm;
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use crate::x11::{layout, pointer};
use crate::{CaptureError, Changes, Monitor, Source, Waker};

/// How often the screen is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Whether it may work where this went wrong.
pub(crate) fn may_help(error: &CaptureError) -> bool {
    matches!(
        error,
        CaptureError::MissingExtension(_) | CaptureError::System(_)
    )
}

/// Opens the display that `DISPLAY` names.
pub(crate) fn open() -> Result<Box<dyn Source>, CaptureError> {
    let (conn, number) = RustConnection::connect(None).map_err(|error| {
        tracing::debug!(%error, "no X11 display");
        CaptureError::NoDisplay
    })?;
    let root = conn.setup().roots.get(number);
    let root = root.ok_or(CaptureError::NoDisplay)?.root;
    if !layout::has_monitors(&conn)? {
        return Err(CaptureError::MissingExtension("RANDR 1.5"));
    }
    if conn
        .extension_information(shm::X11_EXTENSION_NAME)?
        .is_none()
    {
        return Err(CaptureError::MissingExtension("MIT-SHM"));
    }
    let monitors = [main_monitor(&conn, root)?];
    Ok(Box::new(Screen {
        conn,
        root,
        monitors,
        wake: Arc::default(),
        next_tick: now(),
        pointer: None,
    }))
}

struct Screen {
    conn: RustConnection,
    root: Window,
    monitors: [Monitor; 1],
    wake: Arc<(Mutex<bool>, Condvar)>,
    next_tick: Instant,
    pointer: Option<(i32, i32)>,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen")
            .field("monitors", &self.monitors)
            .finish_non_exhaustive()
    }
}

impl Source for Screen {
    fn monitors(&self) -> &[Monitor] {
        &self.monitors
    }

    fn shared(&self) -> u32 {
        self.monitors[0].id
    }

    fn select(&mut self, id: u32) -> Result<(), CaptureError> {
        if id != self.shared() {
            return Err(CaptureError::UnknownMonitor(id));
        }
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
        if now() >= self.next_tick {
            self.next_tick = now() + TICK;
            changes.screen = true;
            let monitors = [main_monitor(&self.conn, self.root)?];
            changes.monitors = monitors != self.monitors;
            self.monitors = monitors;
            let place = Some(pointer::position(&self.conn, self.root)?);
            if place != self.pointer {
                self.pointer = place;
                changes.pointer = place;
            }
        }
        Ok(changes)
    }

    fn grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        let refused = |error: std::io::Error| CaptureError::System(error.to_string());
        let display = Display::primary().map_err(refused)?;
        let size = (display.width() as u32, display.height() as u32);
        let mut capturer = Capturer::new(display).map_err(refused)?;
        let picture = capturer.frame().map_err(refused)?;
        if (frame.width(), frame.height()) != size {
            *frame = Frame::new(size.0, size.1)?;
            damage.add(frame.bounds());
        }
        if let Some(rect) = update(frame, &picture) {
            damage.add(rect);
        }
        Ok(())
    }
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
}

/// The monitor that `scrap` takes for the main one: the primary, else the server's first.
fn main_monitor(conn: &RustConnection, root: Window) -> Result<Monitor, CaptureError> {
    let desktop = conn.get_geometry(root)?.reply()?;
    let monitors = conn.randr_get_monitors(root, true)?.reply()?.monitors;
    let main = monitors.iter().find(|monitor| monitor.primary);
    let main = main.or_else(|| monitors.first());
    let main = main.ok_or(CaptureError::NoDisplay)?;
    let inside = |start: i16, length: u16, whole: u16| {
        start >= 0 && i32::from(start) + i32::from(length) <= i32::from(whole)
    };
    if !inside(main.x, main.width, desktop.width) || !inside(main.y, main.height, desktop.height) {
        let reason = "the main monitor reaches beyond the desktop";
        return Err(CaptureError::System(reason.to_owned()));
    }
    Ok(Monitor {
        id: main.name,
        name: "screen".to_owned(),
        x: main.x.into(),
        y: main.y.into(),
        width: main.width.into(),
        height: main.height.into(),
        primary: true,
    })
}

/// Puts a picture of the frame's size into the frame, and gives the rows that changed.
fn update(frame: &mut Frame, picture: &[u8]) -> Option<Rect> {
    let mut changed: Option<(u32, u32)> = None;
    let bounds = frame.bounds();
    let mut row = vec![0; bounds.width as usize * 4];
    for (y, source) in (0..bounds.height).zip(picture.chunks_exact(row.len().max(4))) {
        for (to, from) in row.chunks_exact_mut(4).zip(source.chunks_exact(4)) {
            to.copy_from_slice(&[from[0], from[1], from[2], 255]);
        }
        if frame.row(bounds, y) != row {
            frame.row_mut(bounds, y).copy_from_slice(&row);
            changed = Some((changed.map_or(y, |(first, _)| first), y));
        }
    }
    changed.map(|(first, last)| Rect::new(0, first, bounds.width, last - first + 1))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the adapter's own loop keeps its time"
)]
fn now() -> Instant {
    Instant::now()
}
