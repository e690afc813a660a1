//! The thread that watches the screen: source → damage → encoder.
//!
//! [`Pace`] says when the next update may go; until then damage gathers, and what goes out is the
//! newest picture.
//! Photographs are made exact between updates, once they rest.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aldis_capture::{CaptureError, Changes, Source, Waker};
use aldis_inject::MonitorPlace;
use aldis_screen::encode::Encoder;
use aldis_screen::pace::Pace;
use aldis_screen::{Detail, Frame, Region, Settings};
use aldis_wire::peer::{self, Look, MAX_MONITORS, Monitor, PointerShape, ScreenPart, ToViewer};
use tokio::sync::mpsc;

use crate::clock;
use crate::hands::Place;

/// The most parts that wait for the link.
const PARTS: usize = 4;

/// How soon a message that found the control stream full is tried again.
const RETRY: Duration = Duration::from_millis(20);

/// The most bytes of exact photographs that go out before the screen is looked at again.
const REFINE: usize = 256 * 1024;

/// How long what the screen does next may have to wait for them.
const REFINE_FOR: Duration = Duration::from_millis(30);

/// How long the link may need for the first look of photographs that appear at once.
const PHOTOGRAPHS_FOR: Duration = Duration::from_millis(60);

/// On a slow link photographs may take this many bytes all the same.
const PHOTOGRAPHS: usize = 48 * 1024;

/// No monitor was asked for yet; the system never numbers one like this.
const NO_WISH: u32 = u32::MAX;

/// Controls the thread; dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Screen {
    wishes: Arc<Wishes>,
    waker: Waker,
}

#[derive(Debug)]
struct Wishes {
    stop: AtomicBool,
    shown: AtomicU32,
    monitor: AtomicU32,
    look: Mutex<Option<Look>>,
}

impl Screen {
    /// Opens the screen and starts watching it.
    ///
    /// Parts come out of the receiver; what concerns pointer and monitors goes to `control`.
    pub(crate) fn start(
        control: mpsc::Sender<ToViewer>,
        place: Place,
    ) -> Result<(Self, mpsc::Receiver<ScreenPart>), CaptureError> {
        let source = aldis_capture::open()?;
        let wishes = Arc::new(Wishes {
            stop: AtomicBool::new(false),
            shown: AtomicU32::new(0),
            monitor: AtomicU32::new(NO_WISH),
            look: Mutex::new(None),
        });
        let waker = source.waker();
        let (parts, coded) = mpsc::channel(PARTS);
        let mut watch = Watch {
            source,
            wishes: Arc::clone(&wishes),
            control,
            place,
            parts,
            frame: Frame::default(),
            damage: Region::new(),
            dirty: true,
            pace: Pace::new(),
            flying: VecDeque::new(),
            pointer: None,
            unsent: Unsent::default(),
        };
        // Known before the first input may need it.
        watch.aim(watch.shared());
        watch.tell_monitors();
        std::thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || {
                if let Err(error) = watch.run() {
                    tracing::info!(%error, "the screen can no longer be read");
                    drop(watch.control.try_send(ToViewer::Problem(error.to_string())));
                }
            })
            .map_err(|error| CaptureError::System(error.to_string()))?;
        Ok((Self { wishes, waker }, coded))
    }

    /// The viewer shows the update with this number.
    pub(crate) fn shown(&self, sequence: u32) {
        self.wishes.shown.store(sequence, Ordering::SeqCst);
        self.waker.wake();
    }

    /// The viewer wants another monitor.
    pub(crate) fn select(&self, monitor: u32) {
        self.wishes.monitor.store(monitor, Ordering::SeqCst);
        self.waker.wake();
    }

    /// The viewer wants the picture to look like this.
    pub(crate) fn look(&self, look: Look) {
        *self
            .wishes
            .look
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(look);
        self.waker.wake();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.wishes.stop.store(true, Ordering::SeqCst);
        self.waker.wake();
    }
}

struct Watch {
    source: Box<dyn Source>,
    wishes: Arc<Wishes>,
    control: mpsc::Sender<ToViewer>,
    place: Place,
    parts: mpsc::Sender<ScreenPart>,
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
    shape: Option<PointerShape>,
    pointer: Option<ToViewer>,
}

impl Watch {
    fn run(&mut self) -> Result<(), CaptureError> {
        let seed = u128::from(clock::mark()) << 64 | u128::from(clock::mark());
        let mut encoder = Encoder::new(Settings::default(), seed)
            .map_err(|error| CaptureError::System(error.to_string()))?;
        while !self.wishes.stop.load(Ordering::SeqCst) && !self.parts.is_closed() {
            let wish = self.wishes.monitor.swap(NO_WISH, Ordering::SeqCst);
            if wish != NO_WISH && wish != self.source.shared() && self.source.select(wish).is_ok() {
                // Two monitors of one size must not share a mirror.
                encoder.restart();
                self.dirty = true;
                self.tell_monitors();
            }
            if let Some(look) = self.wished_look() {
                encoder.set(settings(look));
                self.pace.limit(look.rate);
                self.dirty = true;
            }
            self.land(self.wishes.shown.load(Ordering::SeqCst));
            let mut at = self.pace.may_send(now());
            if self.dirty && at.is_some_and(|at| at <= now()) {
                self.update(&mut encoder)?;
                at = None;
            } else if !self.dirty && self.pace.is_idle() {
                self.refine(&mut encoder)?;
            }
            self.flush();
            let update = at.filter(|_| self.dirty);
            // While an update is under way its answer wakes this thread.
            let refine = encoder.refine_at().filter(|_| self.pace.is_idle());
            let wakes = update.into_iter().chain(refine);
            let wakes = wakes.map(|at| at.saturating_sub(now()));
            let retry = self.unsent.waits().then_some(RETRY);
            let timeout = wakes.chain(retry).min();
            let changes = self.source.wait(timeout)?;
            self.note(changes, &mut encoder);
        }
        Ok(())
    }

    fn update(&mut self, encoder: &mut Encoder) -> Result<(), CaptureError> {
        self.source.grab(&mut self.frame, &mut self.damage)?;
        self.dirty = false;
        let carried = self.pace.bytes_in(PHOTOGRAPHS_FOR);
        encoder.set_budget(carried.map(|bytes| bytes.max(PHOTOGRAPHS)));
        let parts = encoder
            .encode(&self.frame, &self.damage, now())
            .map_err(|error| CaptureError::System(error.to_string()))?;
        self.damage.clear();
        self.send(parts);
        Ok(())
    }

    fn refine(&mut self, encoder: &mut Encoder) -> Result<(), CaptureError> {
        let carried = self.pace.bytes_in(REFINE_FOR).unwrap_or(REFINE);
        let parts = encoder
            .refine(now(), carried.clamp(REFINE / 16, REFINE))
            .map_err(|error| CaptureError::System(error.to_string()))?;
        self.send(parts);
        Ok(())
    }

    fn send(&mut self, parts: Vec<ScreenPart>) {
        if let Some(last) = parts.last() {
            let bytes = parts.iter().map(ScreenPart::payload).sum();
            self.pace.sent(last.sequence, bytes, now());
            self.flying.push_back((last.sequence, self.shared()));
        }
        for part in parts {
            if self.parts.blocking_send(part).is_err() {
                break;
            }
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

    fn wished_look(&self) -> Option<Look> {
        let mut look = self.wishes.look.lock();
        look.as_mut()
            .map_or_else(|error| error.get_mut().take(), |look| look.take())
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

    fn shared(&self) -> MonitorPlace {
        let id = self.source.shared();
        let shared = self
            .source
            .monitors()
            .iter()
            .find(|monitor| monitor.id == id);
        shared.map_or_else(MonitorPlace::default, |monitor| MonitorPlace {
            x: monitor.x,
            y: monitor.y,
            width: monitor.width,
            height: monitor.height,
        })
    }

    /// Whoever clicks means the monitor that they see: so the hands get its place when it is shown.
    fn aim(&self, place: MonitorPlace) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    fn on_monitor(&self, x: i32, y: i32) -> Option<(u16, u16)> {
        let place = self.shared();
        let x = u32::try_from(x.checked_sub(place.x)?).ok()?;
        let y = u32::try_from(y.checked_sub(place.y)?).ok()?;
        (x < place.width && y < place.height).then_some((x as u16, y as u16))
    }

    fn tell_monitors(&mut self) {
        self.unsent.monitors = true;
        // A resting pointer is elsewhere on another monitor, or not there at all.
        self.tell_pointer();
    }

    fn tell_pointer(&mut self) {
        if let Some((x, y)) = self.pointer {
            self.unsent.pointer = Some(ToViewer::PointerMoved(self.on_monitor(x, y)));
        }
    }

    fn monitors(&self) -> ToViewer {
        let list = self.source.monitors().iter().take(MAX_MONITORS);
        let list = list.map(|monitor| Monitor {
            id: monitor.id,
            name: monitor.name.clone(),
            width: monitor.width as u16,
            height: monitor.height as u16,
            primary: monitor.primary,
        });
        ToViewer::Monitors {
            list: list.collect(),
            shared: self.source.shared(),
        }
    }

    /// Sends what is unsent as far as the control stream has room; the newest replaces the older.
    fn flush(&mut self) {
        if self.unsent.monitors && self.control.try_send(self.monitors()).is_ok() {
            self.unsent.monitors = false;
        }
        if let Ok(permit) = self.control.try_reserve()
            && let Some(shape) = self.unsent.shape.take()
        {
            permit.send(ToViewer::PointerShape(shape));
        }
        if let Ok(permit) = self.control.try_reserve()
            && let Some(pointer) = self.unsent.pointer.take()
        {
            permit.send(pointer);
        }
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
        self.monitors || self.shape.is_some() || self.pointer.is_some()
    }
}
