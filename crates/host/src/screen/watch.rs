//! The thread that watches the screen: source → damage → encoder.
//!
//! [`Pace`] says when the next update may go; until then damage gathers, and what goes out is the
//! newest picture.
//! Photographs are made exact between updates, once they rest.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aldis_capture::{CaptureError, Changes, Source};
use aldis_inject::MonitorPlace;
use aldis_screen::encode::{EncodeError, Encoder, Sink};
use aldis_screen::pace::Pace;
use aldis_screen::{Detail, Frame, Region, Settings};
use aldis_wire::peer::{self, Look, MAX_MONITORS, Monitor, PointerShape, ScreenPart, ToViewer};

use tokio::sync::mpsc;

use super::beat::Beat;
use super::threads::Threads;
use super::{Shared, Wish, locked};
use crate::clock;

/// How soon a message that found the control stream full is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// How long nothing may happen before the system is asked whether it is still there.
const SILENCE: Duration = Duration::from_millis(500);

/// The most bytes of exact photographs that go out before the screen is looked at again.
const REFINE: usize = 256 * 1024;

/// How long what the screen does next may have to wait for them.
const REFINE_FOR: Duration = Duration::from_millis(30);

/// How long the link may need for the first look of photographs that appear at once.
const PHOTOGRAPHS_FOR: Duration = Duration::from_millis(60);

/// On a slow link photographs may take this many bytes all the same.
const PHOTOGRAPHS: usize = 48 * 1024;

/// Why the thread does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The screen cannot be read.
    Failed(CaptureError),
    /// Another thread does it by now.
    GivenUp,
}

impl From<CaptureError> for Stop {
    fn from(error: CaptureError) -> Self {
        Self::Failed(error)
    }
}

impl From<EncodeError> for Stop {
    fn from(error: EncodeError) -> Self {
        Self::Failed(CaptureError::System(error.to_string()))
    }
}

pub(super) struct Watch {
    source: Box<dyn Source>,
    shared: Arc<Shared>,
    beat: Arc<Beat>,
    /// What of the supporter's wishes is done.
    done: Wish,
    frame: Frame,
    damage: Region,
    dirty: bool,
    pace: Pace,
    /// The updates that the viewer has not shown yet, and the monitor that each shows.
    flying: VecDeque<(u32, MonitorPlace)>,
    /// Where the pointer is on the desktop.
    pointer: Option<(i32, i32)>,
    unsent: Unsent,
}

/// The newest of what the control stream had no room for.
#[derive(Default)]
struct Unsent {
    monitors: bool,
    /// There is a picture again.
    picture: bool,
    shape: Option<PointerShape>,
    pointer: Option<ToViewer>,
}

impl Watch {
    /// Opens the screen.
    pub(super) fn open(
        open: &dyn Fn() -> Result<Box<dyn Source>, CaptureError>,
        shared: Arc<Shared>,
        beat: Arc<Beat>,
    ) -> Result<Self, Stop> {
        // It may take as long as a person needs who is asked by the desktop.
        let source = open()?;
        *locked(&shared.running) = Some((Arc::clone(&beat), source.waker()));
        let mut watch = Self {
            source,
            shared,
            beat,
            done: Wish::default(),
            frame: Frame::default(),
            damage: Region::new(),
            dirty: true,
            pace: Pace::new(),
            flying: VecDeque::new(),
            pointer: None,
            unsent: Unsent::default(),
        };
        // Known before the first input may need it.
        watch.aim(watch.shown());
        watch.tell_monitors();
        Ok(watch)
    }

    /// Goes on until nobody wants to see the screen any more.
    pub(super) fn run(&mut self) -> Result<(), Stop> {
        let seed = u128::from(clock::mark()) << 64 | u128::from(clock::mark());
        let mut encoder = Encoder::new(Settings::default(), seed)?.with_helpers(Threads::start());
        while !self.shared.is_over() {
            self.heed(&mut encoder)?;
            self.land(self.shared.shown.load(Ordering::SeqCst));
            let mut at = self.pace.may_send(now());
            if self.dirty && at.is_some_and(|at| at <= now()) {
                self.update(&mut encoder)?;
                at = None;
            } else if !self.dirty && self.pace.free_at(now()).is_some_and(|at| at <= now()) {
                self.refine(&mut encoder)?;
            }
            self.flush();
            let update = at.filter(|_| self.dirty);
            // While the link is not about to be free an answer wakes this thread.
            let free = self.pace.free_at(now());
            let refine = encoder
                .refine_at()
                .zip(free)
                .map(|(due, free)| due.max(free));
            let wakes = update.into_iter().chain(refine);
            let wakes = wakes.map(|at| at.saturating_sub(now()));
            let retry = self.unsent.waits().then_some(RETRY);
            let timeout = wakes.chain(retry).fold(SILENCE, Duration::min);
            let since = now();
            self.beat.wait(since, since + timeout);
            let changes = self.source.wait(Some(timeout));
            let changes = self.back(changes)?;
            if changes.is_empty() && timeout == SILENCE {
                self.beat.call(now());
                let alive = self.source.check();
                self.back(alive)?;
            }
            self.note(changes, &mut encoder);
        }
        Ok(())
    }

    /// What a call into the system gave, unless it came back too late.
    fn back<T>(&self, outcome: Result<T, CaptureError>) -> Result<T, Stop> {
        if self.beat.back() {
            Ok(outcome?)
        } else {
            Err(Stop::GivenUp)
        }
    }

    /// Does what the supporter wishes, as far as it is not done.
    fn heed(&mut self, encoder: &mut Encoder) -> Result<(), Stop> {
        let wish = *locked(&self.shared.wish);
        let done = std::mem::replace(&mut self.done, wish);
        if let Some(monitor) = wish.monitor
            && wish.monitor != done.monitor
            && monitor != self.source.shared()
        {
            self.beat.call(now());
            let selected = self.source.select(monitor);
            match self.back(selected) {
                Ok(()) => {
                    // Two monitors of one size must not share a mirror.
                    encoder.restart();
                    self.dirty = true;
                    self.tell_monitors();
                }
                // It is gone by now, or never was; what is shown stays.
                Err(Stop::Failed(CaptureError::UnknownMonitor(_))) => {}
                Err(stop) => return Err(stop),
            }
        }
        if wish.look != done.look {
            encoder.set(settings(wish.look));
            self.pace.limit(wish.look.rate);
            self.dirty = true;
        }
        Ok(())
    }

    fn update(&mut self, encoder: &mut Encoder) -> Result<(), Stop> {
        self.beat.call(now());
        let grabbed = self.source.grab(&mut self.frame, &mut self.damage);
        self.back(grabbed)?;
        self.dirty = false;
        if self.shared.missed.swap(false, Ordering::SeqCst) {
            self.unsent.picture = true;
        }
        let carried = self.pace.bytes_in(PHOTOGRAPHS_FOR);
        encoder.set_budget(carried.map(|bytes| bytes.max(PHOTOGRAPHS)));
        let mut way = Way::new(&self.shared.parts);
        encoder.encode_to(&self.frame, &self.damage, now(), &mut way)?;
        let Way { sent, bytes, .. } = way;
        self.damage.clear();
        self.sent(sent, bytes);
        Ok(())
    }

    fn refine(&mut self, encoder: &mut Encoder) -> Result<(), Stop> {
        encoder.set_rate(self.pace.usual_rate());
        let carried = self.pace.bytes_in(REFINE_FOR).unwrap_or(REFINE);
        let pointer = self.pointer.and_then(|(x, y)| self.on_picture(x, y));
        encoder.set_focus(pointer.map(|(x, y)| (x.into(), y.into())));
        let parts = encoder.refine(now(), carried.clamp(REFINE / 16, REFINE))?;
        let mut way = Way::new(&self.shared.parts);
        for part in parts {
            way.part(part);
        }
        let Way { sent, bytes, .. } = way;
        self.sent(sent, bytes);
        Ok(())
    }

    /// An update with this number and so many bytes of pixels is on its way.
    fn sent(&mut self, sequence: Option<u32>, bytes: usize) {
        if let Some(sequence) = sequence {
            self.pace.sent(sequence, bytes, now());
            self.flying.push_back((sequence, self.shown()));
        }
    }

    /// The viewer shows the update with this number, and so every earlier one.
    fn land(&mut self, sequence: u32) {
        if !self.pace.is_flying(sequence) {
            return;
        }
        self.pace.shown(sequence, now());
        while let Some((landed, place)) = self.flying.pop_front() {
            if landed == sequence {
                self.aim(place);
                break;
            }
        }
    }

    fn note(&mut self, changes: Changes, encoder: &mut Encoder) {
        let Changes {
            screen,
            monitors,
            pointer_shape,
            pointer,
            woken: _,
        } = changes;
        self.dirty |= screen;
        if monitors {
            encoder.restart();
            self.dirty = true;
            self.tell_monitors();
        }
        if let Some(shape) = pointer_shape {
            let aldis_capture::PointerShape {
                width,
                height,
                hot_x,
                hot_y,
                rgba,
            } = shape;
            self.unsent.shape = Some(PointerShape {
                width,
                height,
                hot_x,
                hot_y,
                rgba,
            });
        }
        if let Some((x, y)) = pointer {
            self.pointer = Some((x, y));
            self.tell_pointer();
        }
    }

    fn shown(&self) -> MonitorPlace {
        let aldis_capture::Place {
            x,
            y,
            width,
            height,
            shrink,
        } = self.source.place();
        MonitorPlace {
            x,
            y,
            width,
            height,
            shrink,
        }
    }

    /// Whoever clicks means the monitor that they see: so the hands get its place when it is shown.
    fn aim(&self, place: MonitorPlace) {
        *locked(&self.shared.place) = place;
    }

    fn on_picture(&self, x: i32, y: i32) -> Option<(u16, u16)> {
        let place = self.source.place();
        let x = u32::try_from(x.checked_sub(place.x)?).ok()?;
        let y = u32::try_from(y.checked_sub(place.y)?).ok()?;
        let on = |value: u32| u16::try_from(value / place.shrink.max(1)).ok();
        (x < place.width && y < place.height).then_some((on(x)?, on(y)?))
    }

    fn tell_monitors(&mut self) {
        self.unsent.monitors = true;
        // A resting pointer is elsewhere on another monitor, or not there at all.
        self.tell_pointer();
    }

    fn tell_pointer(&mut self) {
        if let Some((x, y)) = self.pointer {
            self.unsent.pointer = Some(ToViewer::PointerMoved(self.on_picture(x, y)));
        }
    }

    fn monitors(&self) -> ToViewer {
        let list = self.source.monitors().iter().take(MAX_MONITORS);
        let list = list.map(|monitor| Monitor {
            id: monitor.id,
            name: monitor.name.clone(),
            width: monitor.width.try_into().unwrap_or(u16::MAX),
            height: monitor.height.try_into().unwrap_or(u16::MAX),
            primary: monitor.primary,
        });
        ToViewer::Monitors {
            list: list.collect(),
            shared: self.source.shared(),
            all: self.source.has_all(),
        }
    }

    /// Sends what is unsent as far as the control stream has room; the newest replaces the older.
    fn flush(&mut self) {
        let picture = ToViewer::NoPicture(None);
        if self.unsent.picture && self.shared.control.try_send(picture).is_ok() {
            self.unsent.picture = false;
        }
        if self.unsent.monitors && self.shared.control.try_send(self.monitors()).is_ok() {
            self.unsent.monitors = false;
        }
        if let Ok(permit) = self.shared.control.try_reserve()
            && let Some(shape) = self.unsent.shape.take()
        {
            permit.send(ToViewer::PointerShape(shape));
        }
        if let Ok(permit) = self.shared.control.try_reserve()
            && let Some(pointer) = self.unsent.pointer.take()
        {
            permit.send(pointer);
        }
    }
}

/// An update's way to the link; waits where that is slow.
struct Way<'a> {
    parts: &'a mpsc::Sender<ScreenPart>,
    /// The update's number, once there is a part of it.
    sent: Option<u32>,
    bytes: usize,
}

impl<'a> Way<'a> {
    fn new(parts: &'a mpsc::Sender<ScreenPart>) -> Self {
        Self {
            parts,
            sent: None,
            bytes: 0,
        }
    }
}

impl Sink for Way<'_> {
    fn part(&mut self, part: ScreenPart) {
        self.sent = Some(part.sequence);
        self.bytes += part.payload();
        // A link that is gone is noticed before the next update.
        drop(self.parts.blocking_send(part));
    }
}

fn now() -> Duration {
    clock::elapsed()
}

fn settings(look: Look) -> Settings {
    let detail = match look.detail {
        peer::Detail::Automatic => Detail::Automatic,
        peer::Detail::Sharp => Detail::Sharp,
        peer::Detail::Fast => Detail::Fast,
        peer::Detail::LowData => Detail::LowData,
    };
    Settings {
        detail,
        grey: look.grey,
    }
}

impl Unsent {
    fn waits(&self) -> bool {
        self.monitors || self.picture || self.shape.is_some() || self.pointer.is_some()
    }
}
