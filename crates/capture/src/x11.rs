//! X11: DAMAGE says what changed, MIT-SHM fetches it, XFIXES and `XInput` follow the pointer.
//!
//! The source owns its connection, so nothing else reads its events.
//! An idle screen costs nothing: [`Source::wait`] sleeps in `poll` until the server speaks.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_screen::{Frame, Rect, Region};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::damage::{self, ConnectionExt as _};
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xfixes::{self, ConnectionExt as _};
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::rust_connection::RustConnection;

use crate::{CaptureError, Changes, Monitor, Place, Source, Waker, shrink};

mod grab;
pub(crate) mod layout;
pub(crate) mod pointer;

/// The most events handled before a wait returns, so that a flood cannot hold it.
const MAX_EVENTS: usize = 4096;

/// The most rectangles fetched one by one; more are fetched as the box around them, because then
/// the round trips cost more than the pixels between.
const MAX_GRABS: usize = 24;

/// XI 2.2 delivers raw motion also while another client holds a grab, as an open menu does.
const XI_VERSION: (u16, u16) = (2, 2);

/// Opens the display that `DISPLAY` names.
pub(crate) fn open() -> Result<Box<dyn Source>, CaptureError> {
    open_display(None)
}

/// Opens the X11 display with this name, as `:1`, or the one that `DISPLAY` names.
pub fn open_display(name: Option<&str>) -> Result<Box<dyn Source>, CaptureError> {
    Ok(Box::new(Screen::open(name)?))
}

/// An X server's screen.
struct Screen {
    conn: RustConnection,
    root: Window,
    has_monitors: bool,
    monitors: Vec<Monitor>,
    shared: u32,
    place: Place,
    grabber: grab::Grabber,
    damage: damage::Damage,
    region: xfixes::Region,
    all_damaged: bool,
    pointer: (i32, i32),
    pending: Changes,
    wake: Arc<OwnedFd>,
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
    fn open(name: Option<&str>) -> Result<Self, CaptureError> {
        let (conn, number) = RustConnection::connect(name).map_err(|error| no_display(&error))?;
        let screen = &conn.setup().roots[number];
        let root = screen.root;
        let grabber = grab::Grabber::new(&conn, screen)?;
        for (extension, label) in [
            (damage::X11_EXTENSION_NAME, "DAMAGE"),
            (xfixes::X11_EXTENSION_NAME, "XFIXES"),
        ] {
            if conn.extension_information(extension)?.is_none() {
                return Err(CaptureError::MissingExtension(label));
            }
        }
        conn.xfixes_query_version(5, 0)?.reply()?;
        conn.damage_query_version(1, 1)?.reply()?;
        let has_monitors = layout::has_monitors(&conn)?;
        let monitors = layout::read(&conn, root, has_monitors)?;
        // Such a server draws only the X11 programs of a Wayland desktop, and its root is black.
        if conn.extension_information("XWAYLAND")?.is_some()
            || monitors
                .iter()
                .any(|monitor| monitor.name.starts_with("XWAYLAND"))
        {
            return Err(CaptureError::Wayland);
        }
        let shared = Monitor::primary(&monitors);
        let place = Place::of(&monitors, shared).unwrap_or_default();

        let attributes = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        conn.change_window_attributes(root, &attributes)?;
        if has_monitors {
            let mask = randr::NotifyMask::SCREEN_CHANGE
                | randr::NotifyMask::CRTC_CHANGE
                | randr::NotifyMask::OUTPUT_CHANGE;
            conn.randr_select_input(root, mask)?;
        }
        conn.xfixes_select_cursor_input(root, xfixes::CursorNotifyMask::DISPLAY_CURSOR)?;
        select_motion(&conn, root)?;
        let damage = conn.generate_id()?;
        let region = conn.generate_id()?;
        conn.damage_create(damage, root, damage::ReportLevel::NON_EMPTY)?;
        conn.xfixes_create_region(region, &[])?;
        // A new damage object starts out full and reports nothing before it was emptied.
        conn.damage_subtract(damage, x11rb::NONE, x11rb::NONE)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| CaptureError::System(error.to_string()))?;

        let pointer = pointer::position(&conn, root)?;
        let shape = pointer::shape(&conn)?;
        let pending = Changes {
            screen: true,
            pointer_shape: Some(shape),
            pointer: Some(pointer),
            ..Changes::default()
        };
        Ok(Self {
            conn,
            root,
            has_monitors,
            monitors,
            shared,
            place,
            grabber,
            damage,
            region,
            all_damaged: true,
            pointer,
            pending,
            wake: Arc::new(wake),
        })
    }

    /// Handles every event that is there, and says in `pending` what they mean; `true` if there
    /// was one.
    fn drain(&mut self) -> Result<bool, CaptureError> {
        let (mut any, mut shape, mut layout) = (false, false, false);
        for _ in 0..MAX_EVENTS {
            let Some(event) = self.conn.poll_for_event()? else {
                break;
            };
            any = true;
            match event {
                Event::DamageNotify(_) => self.pending.screen = true,
                Event::XfixesCursorNotify(_) => shape = true,
                Event::RandrScreenChangeNotify(_)
                | Event::RandrNotify(_)
                | Event::ConfigureNotify(_) => layout = true,
                Event::Error(error) => {
                    tracing::debug!(kind = ?error.error_kind, "the X server refused a request");
                }
                _ => {}
            }
        }
        if layout {
            self.read_layout()?;
        }
        if shape {
            self.pending.pointer_shape = Some(pointer::shape(&self.conn)?);
        }
        if any {
            // A program that warps the pointer makes no raw motion, but it draws; so this is asked
            // after each event, and the many events of a fast mouse cost one question.
            let position = pointer::position(&self.conn, self.root)?;
            if position != self.pointer {
                self.pointer = position;
                self.pending.pointer = Some(position);
            }
        }
        Ok(any)
    }

    fn read_layout(&mut self) -> Result<(), CaptureError> {
        let monitors = layout::read(&self.conn, self.root, self.has_monitors)?;
        if monitors == self.monitors {
            return Ok(());
        }
        self.monitors = monitors;
        let still = Place::of(&self.monitors, self.shared);
        if still.is_none() {
            self.shared = Monitor::primary(&self.monitors);
        }
        let now = still.or_else(|| Place::of(&self.monitors, self.shared));
        let now = now.unwrap_or_default();
        if now != self.place {
            self.place = now;
            self.damage_all();
        }
        self.pending.monitors = true;
        Ok(())
    }

    fn damage_all(&mut self) {
        self.all_damaged = true;
        self.pending.screen = true;
    }

    /// Sleeps until the server or a waker speaks, and says whether a waker did.
    fn sleep(&self, timeout: Option<Duration>) -> Result<bool, CaptureError> {
        self.conn.flush()?;
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let mut fds = [
            PollFd::from_borrowed_fd(self.conn.stream().as_fd(), PollFlags::IN),
            PollFd::new(&*self.wake, PollFlags::IN),
        ];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(false),
            Err(error) => return Err(CaptureError::System(error.to_string())),
        }
        if fds[1].revents().is_empty() {
            return Ok(false);
        }
        let mut count = [0; 8];
        Ok(rustix::io::read(&*self.wake, &mut count).is_ok())
    }

    /// Empties the server's damage and gives what of it is shown, in the picture's pixels.
    fn take_damage(&self, shown: Rect) -> Result<Vec<Rect>, CaptureError> {
        self.conn
            .damage_subtract(self.damage, x11rb::NONE, self.region)?;
        let reply = self.conn.xfixes_fetch_region(self.region)?.reply()?;
        if self.all_damaged {
            return Ok(vec![shown]);
        }
        let place = self.place;
        let rects = reply.rectangles.iter().filter_map(|rect| {
            let (x, width) = overlap(rect.x, rect.width, place.x, place.width)?;
            let (y, height) = overlap(rect.y, rect.height, place.y, place.height)?;
            Some(shrink::touched(place, Rect::new(x, y, width, height)))
        });
        Ok(rects.collect())
    }

    fn try_grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        let (width, height) = self.place.picture();
        if (frame.width(), frame.height()) != (width, height) {
            *frame = Frame::new(width, height)?;
            self.all_damaged = true;
        }
        let rects = self.take_damage(frame.bounds())?;
        // Until the pixels are here: an error in between must not lose the damage.
        self.all_damaged = true;
        let around = [rects.iter().copied().fold(Rect::default(), Rect::union)];
        let parts = if rects.len() > MAX_GRABS {
            &around
        } else {
            rects.as_slice()
        };
        let Self {
            conn,
            root,
            place,
            grabber,
            ..
        } = self;
        if place.shrink > 1 {
            shrink::fetch(*place, parts, frame, |corner, strip| {
                let whole = [strip.bounds()];
                grabber.fetch(conn, *root, corner, &whole, strip)
            })?;
        } else if !parts.is_empty() {
            grabber.fetch(conn, *root, (place.x, place.y), parts, frame)?;
        }
        self.all_damaged = false;
        self.pending.screen = false;
        for rect in rects {
            damage.add(rect);
        }
        Ok(())
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
        self.place
    }

    fn has_all(&self) -> bool {
        self.monitors.len() > 1
    }

    fn select(&mut self, id: u32) -> Result<(), CaptureError> {
        let place = Place::of(&self.monitors, id).ok_or(CaptureError::UnknownMonitor(id))?;
        (self.shared, self.place) = (id, place);
        self.damage_all();
        Ok(())
    }

    fn waker(&self) -> Waker {
        let wake = Arc::clone(&self.wake);
        Waker::new(move || {
            if rustix::io::write(&*wake, &1_u64.to_ne_bytes()).is_err() {
                tracing::trace!("the waker is full of earlier calls, so the wait ends anyway");
            }
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's own loop keeps its time"
    )]
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Changes, CaptureError> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let any = self.drain()?;
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if self.pending.is_empty() {
                // A reply brings events along that no poll of the socket shows any more; so
                // sleep only if nothing was asked since the last look.
                let pause = if any { Some(Duration::ZERO) } else { left };
                self.pending.woken = self.sleep(pause)?;
                self.drain()?;
            } else {
                self.pending.woken = self.sleep(Some(Duration::ZERO))?;
            }
            if !self.pending.is_empty() || left.is_some_and(|left| left.is_zero()) {
                return Ok(std::mem::take(&mut self.pending));
            }
        }
    }

    fn check(&mut self) -> Result<(), CaptureError> {
        self.conn.get_input_focus()?.reply()?;
        Ok(())
    }

    fn grab(&mut self, frame: &mut Frame, damage: &mut Region) -> Result<(), CaptureError> {
        match self.try_grab(frame, damage) {
            Err(CaptureError::System(_)) => {}
            other => return other,
        }
        // The server refused: most likely the screen shrank under us and the event is on its way.
        let before = std::mem::take(&mut self.pending);
        self.read_layout()?;
        self.pending.monitors |= before.monitors;
        self.pending.pointer_shape = before.pointer_shape;
        self.pending.pointer = before.pointer;
        self.all_damaged = true;
        self.try_grab(frame, damage)
    }
}

/// Asks for raw motion, the only way to hear that the pointer moved over other programs' windows.
fn select_motion(conn: &RustConnection, root: Window) -> Result<(), CaptureError> {
    if conn
        .extension_information(xinput::X11_EXTENSION_NAME)?
        .is_none()
    {
        tracing::debug!("no XInput: the pointer is followed only while the screen changes");
        return Ok(());
    }
    conn.xinput_xi_query_version(XI_VERSION.0, XI_VERSION.1)?
        .reply()?;
    let mask = xinput::EventMask {
        deviceid: xinput::Device::ALL_MASTER.into(),
        mask: vec![xinput::XIEventMask::RAW_MOTION],
    };
    conn.xinput_xi_select_events(root, &[mask])?;
    Ok(())
}

/// The part of a damaged stretch that lies in the picture's, counted from the monitor's edge.
fn overlap(start: i16, length: u16, origin: i32, size: u32) -> Option<(u32, u32)> {
    let start = i64::from(start) - i64::from(origin);
    let end = (start + i64::from(length)).min(size.into());
    let start = start.max(0);
    let length = u32::try_from(end - start)
        .ok()
        .filter(|length| *length > 0)?;
    Some((u32::try_from(start).ok()?, length))
}

fn no_display(error: &ConnectError) -> CaptureError {
    tracing::debug!(%error, "no X11 display");
    if std::env::var_os("WAYLAND_DISPLAY").is_some() {
        CaptureError::Wayland
    } else {
        CaptureError::NoDisplay
    }
}

impl From<ConnectionError> for CaptureError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::UnsupportedExtension => Self::MissingExtension("a needed"),
            error => {
                tracing::debug!(%error, "the X11 connection failed");
                Self::Lost
            }
        }
    }
}

impl From<ReplyError> for CaptureError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::System(format!(
                "the X server answered {:?} to {}",
                error.error_kind,
                error.request_name.unwrap_or("a request")
            )),
        }
    }
}

impl From<ReplyOrIdError> for CaptureError {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::IdsExhausted => Self::Lost,
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::X11Error(error) => ReplyError::X11Error(error).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn damage_is_cut_to_the_monitor_and_counted_from_its_edge() {
        assert_eq!(overlap(10, 20, 0, 100), Some((10, 20)));
        assert_eq!(overlap(-5, 20, 0, 100), Some((0, 15)));
        assert_eq!(overlap(90, 20, 0, 100), Some((90, 10)));
        assert_eq!(overlap(110, 20, 100, 50), Some((10, 20)));
        assert_eq!(overlap(80, 20, 100, 50), None);
        assert_eq!(overlap(150, 20, 100, 50), None);
    }
}
