//! The thread that shows a recording again: at any speed, from any moment.
//!
//! The window paints [`Replay::playing`] and shows its [`Live`] picture; what it wants it says by
//! calls that never wait.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_record::{Head, OpenError, Player};
use aldis_screen::{Frame, Live, Pointer, Rect, Region};
use aldis_wire::Millis;
use parking_lot::{Condvar, Mutex};

use crate::picture::Changed;

/// Nothing changes for longer than this: idle.
const IDLE: Millis = 2_000;

/// What is left of it, so that one sees that time passed.
const LEFT_OF_IDLE: Millis = 400;

/// How often the window hears how far it is, while it plays.
const TICK: Duration = Duration::from_millis(100);

/// The shortest time between two pictures.
const STEP: Duration = Duration::from_millis(15);

/// A recording that is open; dropping it closes it.
pub struct Replay {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").finish_non_exhaustive()
    }
}

/// How far a replay is.
#[derive(Clone, Debug, PartialEq)]
pub struct Playing {
    /// Whether there is anything to see.
    pub stage: ReplayStage,
    /// The moment that is shown, in milliseconds.
    pub position: Millis,
    /// It goes on by itself.
    pub plays: bool,
    /// How many times as fast as it was.
    pub speed: f64,
    /// Stretches in which nothing changes are left out.
    pub skips: bool,
}

/// Whether there is anything to see.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplayStage {
    /// The file is being looked through.
    Opening,
    /// There is.
    Ready {
        /// What it is of.
        head: Head,
        /// How long it is, in milliseconds.
        length: Millis,
        /// Its writer has finished it.
        finished: bool,
    },
    /// There is not; why.
    Failed(String),
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    changed: Box<dyn Fn(Changed) + Send + Sync>,
}

struct State {
    playing: Playing,
    wish: Option<Millis>,
    quit: bool,
    frame: Frame,
    dirty: Region,
    pointer: Pointer,
}

impl Replay {
    /// Opens a recording, and plays it; `changed` is called when there is something new to paint.
    pub fn open(path: PathBuf, changed: impl Fn(Changed) + Send + Sync + 'static) -> Self {
        let playing = Playing {
            stage: ReplayStage::Opening,
            position: 0,
            plays: true,
            speed: 1.0,
            skips: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                playing,
                wish: None,
                quit: false,
                frame: Frame::default(),
                dirty: Region::new(),
                pointer: Pointer::default(),
            }),
            wake: Condvar::new(),
            changed: Box::new(changed),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("replay".to_owned());
        if let Err(error) = thread.spawn(move || theirs.run(path)) {
            shared.fail(error.to_string());
        }
        Self { shared }
    }

    /// How far it is.
    pub fn playing(&self) -> Playing {
        self.shared.state.lock().playing.clone()
    }

    /// The pointer as it was.
    pub fn pointer(&self) -> Pointer {
        self.shared.state.lock().pointer.clone()
    }

    /// The screen as it was.
    pub fn picture(&self) -> Arc<dyn Live> {
        Arc::clone(&self.shared) as _
    }

    /// Goes on by itself, at the end from the beginning, or stops.
    pub fn play(&self, plays: bool) {
        self.wish(|state| {
            let at_end = matches!(state.playing.stage, ReplayStage::Ready { length, .. }
                if state.playing.position >= length);
            if plays && at_end && state.wish.is_none() {
                state.wish = Some(0);
            }
            state.playing.plays = plays;
        });
    }

    /// Shows this moment.
    pub fn seek(&self, to: Millis) {
        self.wish(|state| {
            state.wish = Some(to);
            // What the window shows at once, and the next step starts from.
            if let ReplayStage::Ready { length, .. } = state.playing.stage {
                state.playing.position = to.min(length);
            }
        });
    }

    /// Plays this many times as fast.
    pub fn set_speed(&self, speed: f64) {
        self.wish(|state| state.playing.speed = speed.clamp(0.1, 100.0));
    }

    /// Leaves out stretches in which nothing changes, or not.
    pub fn set_skips(&self, skips: bool) {
        self.wish(|state| state.playing.skips = skips);
    }

    fn wish(&self, wish: impl FnOnce(&mut State)) {
        wish(&mut self.shared.state.lock());
        self.shared.wake.notify_all();
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.wish(|state| state.quit = true);
    }
}

impl Live for Shared {
    fn size(&self) -> Option<(u32, u32)> {
        let state = self.state.lock();
        let frame = &state.frame;
        (!frame.bounds().is_empty()).then(|| (frame.width(), frame.height()))
    }

    fn look(&self, show: &mut dyn FnMut(&Frame, &[Rect]) -> bool) {
        let state = &mut *self.state.lock();
        if !state.frame.bounds().is_empty() && show(&state.frame, state.dirty.rects()) {
            state.dirty.clear();
        }
    }
}

impl Shared {
    fn fail(&self, reason: String) {
        let mut state = self.state.lock();
        state.playing.stage = ReplayStage::Failed(reason);
        state.playing.plays = false;
        drop(state);
        (self.changed)(Changed::View);
    }

    fn run(&self, path: PathBuf) {
        let opened = File::open(path).map_err(OpenError::from);
        let shown = opened.and_then(|file| Ok(self.show_all(&mut Player::open(file)?)?));
        if let Err(error) = shown {
            self.fail(error.to_string());
        }
    }

    fn show_all(&self, player: &mut Player<File>) -> std::io::Result<()> {
        self.state.lock().playing.stage = ReplayStage::Ready {
            head: player.head().clone(),
            length: player.length(),
            finished: player.reader().is_finished(),
        };
        let mut pace = Pace::new();
        self.publish(player);
        loop {
            let Some((playing, wish)) = self.next(player, &pace) else {
                return Ok(());
            };
            if let Some(to) = wish {
                player.seek(to)?;
            } else if playing.plays {
                player.seek(pace.position(&playing, player.position(), now()))?;
                let gap = player.next_change()?.unwrap_or_else(|| player.length());
                if playing.skips && gap.saturating_sub(player.position()) > IDLE {
                    player.seek(gap - LEFT_OF_IDLE)?;
                }
            }
            pace.anchor(&playing, player.position(), now());
            self.publish(player);
        }
    }

    /// Waits until there is something to do; `None` once nobody wants it any more.
    fn next(&self, player: &mut Player<File>, pace: &Pace) -> Option<(Playing, Option<Millis>)> {
        let change = player.next_change().ok().flatten();
        let mut state = self.state.lock();
        loop {
            if state.quit {
                return None;
            }
            let playing = state.playing.clone();
            if let Some(wish) = state.wish.take() {
                return Some((playing, Some(wish)));
            }
            if !playing.plays || pace.is_old(&playing) {
                if pace.is_old(&playing) {
                    return Some((playing, None));
                }
                self.wake.wait(&mut state);
                continue;
            }
            let until = change
                .unwrap_or_else(|| player.length())
                .saturating_sub(player.position());
            let real = Duration::from_secs_f64(until as f64 / 1000.0 / playing.speed);
            let due = pace.since + real.clamp(STEP, TICK);
            if self.wake.wait_until(&mut state, due).timed_out() {
                return Some((playing, None));
            }
        }
    }

    /// Lets the window see what the player has.
    fn publish(&self, player: &mut Player<File>) {
        let changed = player.take_changed();
        let mut state = self.state.lock();
        let State {
            frame,
            dirty,
            pointer,
            playing,
            wish,
            ..
        } = &mut *state;
        if frame.bounds() != player.frame().bounds() {
            dirty.clear();
        }
        frame.follow(player.frame(), changed.rects());
        dirty.extend(&changed);
        if pointer != player.pointer() {
            pointer.clone_from(player.pointer());
        }
        if wish.is_none() {
            playing.position = player.position();
        }
        if playing.position >= player.length() && wish.is_none() {
            playing.plays = false;
        }
        drop(state);
        (self.changed)(Changed::View);
    }
}

/// Since when it plays from where, and how fast.
struct Pace {
    since: Instant,
    from: Millis,
    speed: f64,
    plays: bool,
}

impl Pace {
    fn new() -> Self {
        Self {
            since: now(),
            from: 0,
            speed: 0.0,
            plays: false,
        }
    }

    /// Speed or pausing changed since the anchor.
    fn is_old(&self, playing: &Playing) -> bool {
        self.plays != playing.plays || self.speed.to_bits() != playing.speed.to_bits()
    }

    fn position(&self, playing: &Playing, here: Millis, now: Instant) -> Millis {
        if !self.plays || self.is_old(playing) {
            return here;
        }
        let passed = now.saturating_duration_since(self.since).as_secs_f64() * 1000.0;
        self.from
            .saturating_add((passed * self.speed) as Millis)
            .max(here)
    }

    fn anchor(&mut self, playing: &Playing, position: Millis, now: Instant) {
        *self = Self {
            since: now,
            from: position,
            speed: playing.speed,
            plays: playing.plays,
        };
    }
}

#[expect(clippy::disallowed_methods, reason = "the shell's clock")]
fn now() -> Instant {
    Instant::now()
}
