//! How much may be under way at once.
//!
//! What fills a path shows as delay before it shows as loss: packets wait in the queue before the
//! slowest link. So a [`Flow`] lets its window grow until packets wait for about [`WAIT`], and no
//! further. Loss alone says little: radio loses packets without being full, and a sender that
//! halves its window for each makes nothing of such a path. Heavy loss counts at once; of less it is
//! tried out whether it goes with a smaller window, as it does where a queue is too short to be felt
//! or somebody allows only so much, and if it stays it is the path's own.
//!
//! 1. **Start**: the window doubles with every round trip, and later grows by half, until packets
//!    wait or are lost in heaps.
//! 2. **Steady**: once a round the window follows the wait, up and down.
//! 3. **Rivalry**: the round trip does not follow the window, or becomes much shorter although the
//!    window did not, so somebody else fills the queue, as TCP does. Who yields to that starves;
//!    until the queue empties, loss rules here as it does there.
//!
//! Who comes to a full queue takes its delay for the path's own, and is in the way of nobody until
//! a rival cuts his window: from how far the round trip falls then he knows of him.
//!
//! Now and then the window dips for a round, so that the path shows its own delay, and whether a
//! rival is still there. One look at an empty queue is not enough, for a rival who has just cut his
//! window leaves it so for a moment. A delay that is the same at every look is no queue's: then the
//! way itself has become longer.
//!
//! **Invariants**: the window never leaves [`LEAST`] packets (two for a look) to [`MOST`] bytes; it
//! grows only after rounds in which it was the limit, and at most doubles in one, but for what was
//! put aside (at most three quarters) by a look, or while it was found out whose the queue is; it
//! shrinks for loss once a round.
//! Rounds last at least [`ROUND`]: where a round trip takes microseconds, acknowledgements tell of
//! the system's scheduler rather than of the path.

mod rivalry;

use std::time::Duration;

use rivalry::{LEFT, Rivalry};

/// The wait before the slowest link that is aimed at.
pub const WAIT: Duration = Duration::from_millis(25);

/// The shortest round.
pub const ROUND: Duration = Duration::from_millis(10);

/// The smallest window, in packets.
pub const LEAST: u64 = 4;

/// The same for a look at the path's own delay.
const LEAST_LOOK: u64 = 2;

/// The smallest window, in packets, that loss leaves.
const LEAST_LOST: u64 = 16;

/// The largest window, in bytes.
pub const MOST: u64 = 16 << 20;

/// The first window, in packets (RFC 9002, section 7.2).
const FIRST: u64 = 10;

/// Smaller windows, in packets, grow by one packet at a time at least, and others by two.
const SMALL: u64 = 16;

/// A start ends when packets wait so long, for what is under way then will wait longer.
const START_WAIT: Duration = Duration::from_millis(12);

/// From so many packets on the window grows by half with every round trip: a start notices a round
/// trip late that it has gone too far, and by as much the queue is filled.
const WIDE: u64 = 64;

/// Of how many packets the shortest round trip tells of a wait in a start.
const SAMPLES: u32 = 8;

/// So many packets, lost ones among them, tell whether loss is heavy,
const FEW: u64 = 40;

/// and so many how much of it is usual.
const MANY: u64 = 200;

/// So many lost ones can be heavy loss before that.
const HEAP: u64 = 10;

/// Heavy loss, in thousandths.
const HEAVY: u64 = 200;

/// Loss beyond what is usual that may be our own doing, in thousandths.
const SUSPECT: u64 = 30;

/// For how long the window stays below where it once went too far.
const HOLD: Duration = Duration::from_secs(2);

/// After so many rounds with too long a wait it is asked whose it is.
const FOREIGN: u32 = 3;

/// After so many such rounds at the smallest window it is asked again, however often it was ours.
const PATIENCE: u32 = 16;

/// What is left of a round trip, in hundredths, when a rival who has half of the path cuts his
/// window as CUBIC does.
const FALL: u32 = 85;

/// How long the shortest round trip holds, twice: then it may be one of another way.
const EPOCH: Duration = Duration::from_secs(10);

/// How much of its window, in hundredths, heavy loss leaves to a flow where next to nothing arrived.
const LEAST_LEFT: u64 = 50;

/// A window and what it follows. Time counts from wherever the caller likes.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Bytes of a full packet.
    packet: u64,
    window: u64,
    /// The window in the round before, of which the acknowledgements of this round tell.
    told: u64,
    mode: Mode,
    round: Round,
    base: Base,
    loss: Loss,
    ceiling: Ceiling,
    /// This round still tells of the window before the last cut.
    settling: bool,
    /// Rounds with too long a wait, one after another.
    waits: u32,
    /// After so many of them the smallest window is left for a moment, to see whose wait it is.
    patience: u32,
    /// Window and round trip at the beginning of them.
    before: (u64, Duration),
    /// The window to come back to after a look at the path's own delay.
    dip: Option<u64>,
    /// Windows and round trips of the rounds before, as long as the window was their limit.
    lately: [Option<(u64, Duration)>; 3],
    /// Finds out whether less is lost with less under way.
    trial: Option<Trial>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Start,
    Steady,
    Rivalry(Rivalry),
}

/// Where the window once went too far; it comes back there after a while.
#[derive(Clone, Copy, Debug)]
struct Ceiling {
    window: u64,
    since: Duration,
}

impl Ceiling {
    fn none(now: Duration) -> Self {
        Self {
            window: MOST,
            since: now,
        }
    }
}

/// A smaller window on trial.
#[derive(Clone, Copy, Debug)]
struct Trial {
    /// The one before.
    window: u64,
    /// And its loss, in thousandths.
    share: u64,
}

/// What a round has told so far.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// Only what was sent after this ends it.
    since: Duration,
    is_answered: bool,
    /// The shortest round trip.
    shortest: Duration,
    /// The same of the last few packets,
    recent: Duration,
    /// and of those before them.
    earlier: Duration,
    samples: u32,
    /// Bytes acknowledged in the batch that is being heard.
    batch: u64,
    lost: u64,
    /// The window held something back.
    is_limited: bool,
}

impl Round {
    fn new(since: Duration) -> Self {
        Self {
            since,
            is_answered: false,
            shortest: Duration::MAX,
            recent: Duration::MAX,
            earlier: Duration::MAX,
            samples: 0,
            batch: 0,
            lost: 0,
            is_limited: false,
        }
    }
}

/// The path's own delay: the shortest round trip of this epoch and of the one before.
#[derive(Clone, Copy, Debug)]
struct Base {
    now: Duration,
    before: Duration,
    since: Duration,
    /// When packets last did not wait.
    seen: Duration,
}

impl Base {
    fn new(now: Duration, shortest: Duration) -> Self {
        Self {
            now: shortest,
            before: Duration::MAX,
            since: now,
            seen: now,
        }
    }

    fn get(&self) -> Duration {
        self.now.min(self.before)
    }

    fn hear(&mut self, now: Duration, trip: Duration, epoch: Duration) {
        if now.saturating_sub(self.since) > epoch {
            self.before = self.now;
            self.now = Duration::MAX;
            self.since = now;
        }
        self.now = self.now.min(trip);
        if trip <= self.get() + WAIT / 5 {
            self.seen = now;
        }
    }
}

/// What became of the packets since it was last judged, in bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Loss {
    arrived: u64,
    lost: u64,
    /// What was sent before is another judgement's.
    since: Duration,
    /// The share that this path loses anyway, in thousandths.
    usual: u64,
}

impl Loss {
    fn all(&self) -> u64 {
        self.arrived + self.lost
    }

    /// In thousandths.
    fn share(&self) -> u64 {
        1_000 * self.lost / self.all().max(1)
    }

    fn begin(&mut self, since: Duration) {
        (self.arrived, self.lost, self.since) = (0, 0, since);
    }
}

impl Flow {
    /// A flow that begins now, with packets of so many bytes.
    pub fn new(now: Duration, packet: u64) -> Self {
        let packet = packet.max(1);
        Self {
            packet,
            window: FIRST * packet,
            told: FIRST * packet,
            mode: Mode::Start,
            round: Round::new(now),
            base: Base::new(now, Duration::MAX),
            loss: Loss::default(),
            ceiling: Ceiling::none(now),
            settling: false,
            waits: 0,
            patience: FOREIGN,
            before: (0, Duration::ZERO),
            dip: None,
            lately: [None; 3],
            trial: None,
        }
    }

    /// Bytes that may be under way.
    pub fn window(&self) -> u64 {
        self.window
    }

    /// The first window, in bytes.
    pub fn first_window(&self) -> u64 {
        FIRST * self.packet
    }

    /// Full packets have another size from now on.
    pub fn set_packet(&mut self, bytes: u64) {
        self.packet = bytes.max(1);
        self.set_window(self.window);
    }

    /// A packet of so many bytes that was sent then has arrived.
    pub fn handle_ack(&mut self, now: Duration, sent: Duration, bytes: u64) {
        let trip = now.saturating_sub(sent);
        let epoch = match self.mode {
            Mode::Start | Mode::Steady => EPOCH,
            // Who fills the queue hides the path's own delay.
            Mode::Rivalry(_) => 6 * EPOCH,
        };
        self.base.hear(now, trip, epoch);
        let round = &mut self.round;
        round.shortest = round.shortest.min(trip);
        if round.samples.is_multiple_of(SAMPLES) {
            (round.earlier, round.recent) = (round.recent, trip);
        }
        round.recent = round.recent.min(trip);
        round.samples = round.samples.saturating_add(1);
        round.batch += bytes;
        round.is_answered |= sent >= round.since;
        if sent >= self.loss.since {
            self.loss.arrived += bytes;
        }
    }

    /// All that arrived at once was told; so many bytes are still under way, and `idle` is whether
    /// there was nothing more to send.
    pub fn handle_acks_end(&mut self, now: Duration, under_way: u64, idle: bool) {
        let batch = std::mem::take(&mut self.round.batch);
        let is_limit = !idle && 2 * (under_way + batch) >= self.window;
        self.round.is_limited |= is_limit;
        if self.mode == Mode::Start {
            self.start(batch, is_limit);
        }
        let is_long_enough = now.saturating_sub(self.round.since) >= ROUND;
        if self.round.is_answered && is_long_enough {
            let round = std::mem::replace(&mut self.round, Round::new(now));
            let window = self.window;
            self.end_round(now, &round);
            self.told = window;
        }
    }

    /// So many bytes were lost, the last of which were sent then; `all` is whether nothing at all
    /// has arrived for a long time.
    pub fn handle_loss(&mut self, now: Duration, sent: Duration, bytes: u64, all: bool) {
        if all {
            self.begin_again(now);
            return;
        }
        if sent < self.loss.since {
            return;
        }
        self.loss.lost += bytes;
        self.round.lost += bytes;
        let is_heap = self.loss.lost >= HEAP * self.packet;
        if is_heap && self.loss.share() > HEAVY {
            self.cut(now);
        }
    }

    /// A router on the way says that it is full; this was sent then.
    pub fn handle_mark(&mut self, now: Duration, sent: Duration) {
        if sent >= self.loss.since {
            self.cut(now);
        }
    }

    /// Takes in what arrived in a start.
    fn start(&mut self, batch: u64, is_limit: bool) {
        let round = &self.round;
        let shortest = round.recent.min(round.earlier);
        let waits = round.samples >= SAMPLES && self.wait(shortest) > START_WAIT;
        if waits {
            // What arrives now was sent when the window was half of this.
            self.mode = Mode::Steady;
            self.settling = true;
            self.set_window(self.window * 6 / 10);
        } else if is_limit && self.window < WIDE * self.packet {
            self.set_window(self.window + batch);
        } else if is_limit {
            self.set_window(self.window + batch / 2);
        }
    }

    fn end_round(&mut self, now: Duration, round: &Round) {
        self.judge_loss(now, round.is_limited);
        if std::mem::take(&mut self.settling) {
            return;
        }
        if let Some(window) = self.dip.take() {
            self.lately = [None; 3];
            self.end_dip(now, window, round);
            return;
        }
        if !round.is_limited {
            self.lately = [None; 3];
            self.waits = 0;
            return;
        }
        let has_fallen = self.has_fallen(round.shortest);
        let [first, second, _] = self.lately;
        self.lately = [Some((self.told, round.shortest)), first, second];
        match self.mode {
            Mode::Start => {}
            Mode::Steady if has_fallen => self.enter_rivalry(now),
            Mode::Steady => self.steady(now, round),
            Mode::Rivalry(rounds) => self.rival(now, round, rounds),
        }
    }

    fn judge_loss(&mut self, now: Duration, is_limited: bool) {
        let (share, packets) = (self.loss.share(), self.loss.all() / self.packet);
        if packets >= FEW && share > HEAVY {
            self.cut(now);
            return;
        }
        if packets < MANY {
            return;
        }
        let since = self.loss.since;
        self.loss.begin(since);
        let usual = self.loss.usual;
        if let Some(trial) = self.trial.take() {
            if 2 * share.saturating_sub(usual) > trial.share.saturating_sub(usual) {
                // That much is lost anyway, and was when the window was cut for it.
                self.loss.usual = share;
                self.ceiling = Ceiling::none(now);
                self.set_window(trial.window);
            } else {
                self.lower_ceiling(now, trial.window);
            }
        } else if self.mode == Mode::Steady && is_limited && share > usual * 3 / 2 + SUSPECT {
            let window = self.window;
            self.trial = Some(Trial { window, share });
            self.set_window(window * 8 / 10);
            self.loss.begin(now);
            self.settling = true;
        } else {
            self.loss.usual = (3 * usual + share) / 4;
        }
    }

    fn steady(&mut self, now: Duration, round: &Round) {
        let wait = self.wait(round.shortest);
        if wait > WAIT {
            self.shrink(now, round);
            return;
        }
        self.waits = 0;
        if self.trial.is_some() {
            return;
        }
        if now.saturating_sub(self.base.seen) > EPOCH {
            self.dip(round);
            return;
        }
        if now.saturating_sub(self.ceiling.since) > HOLD {
            self.ceiling.since = now;
            self.ceiling.window = (self.ceiling.window * 5 / 4).min(MOST);
        }
        let by_wait = scale(self.told, self.base.get() + WAIT, round.shortest);
        let next = by_wait.min(self.window * 5 / 4);
        let least = if self.window < SMALL * self.packet {
            1
        } else {
            2
        };
        let next = next.max(self.window + least * self.packet);
        self.set_window(next.min(self.ceiling.window.max(self.window)));
    }

    fn shrink(&mut self, now: Duration, round: &Round) {
        self.trial = None;
        // What was under way when it first waited too long made it wait a little longer still.
        if self.waits < 2 {
            self.before = (self.told, round.shortest);
        }
        self.waits += 1;
        if self.is_foreign(round.shortest) {
            self.enter_rivalry(now);
            self.set_window(self.before.0.min(4 * self.window));
            return;
        }
        if self.waits > self.patience && self.window == self.least() {
            // Too small to tell whose wait it is. That it was ours makes the next try later.
            self.waits = 0;
            self.patience = (2 * self.patience).min(PATIENCE);
            self.set_window(self.window * 3 / 2);
            self.settling = true;
            return;
        }
        let aim = scale(self.told, self.base.get() + WAIT / 2, round.shortest);
        self.set_window(aim.clamp(self.window / 2, self.window));
        self.settling = true;
    }

    /// Whether the round trip did not follow the window as it would if the queue were ours alone.
    fn is_foreign(&self, trip: Duration) -> bool {
        let (window, before) = self.before;
        let alone = before.mul_f64(self.told as f64 / window.max(1) as f64);
        let less = before.saturating_sub(alone.max(self.base.get()));
        self.waits > FOREIGN && less > WAIT / 2 && trip + less / 2 > before
    }

    /// Whether the round trip has become so much shorter, for no reason of ours, as a rival's cut
    /// makes it. It must have been long for more than a round: a stall is soon over as well.
    fn has_fallen(&self, trip: Duration) -> bool {
        self.lately.iter().all(|before| {
            before.is_some_and(|(window, before)| {
                let alone = before.mul_f64((self.told as f64 / window.max(1) as f64).min(1.0));
                // Round trips differ by a packet's time on the slowest link for no reason at all.
                let grain = before.mul_f64((self.packet as f64 / window.max(1) as f64).min(1.0));
                let tells = WAIT.max(2 * grain);
                100 * trip < FALL * alone && trip + tells < alone
            })
        })
    }

    fn enter_rivalry(&mut self, now: Duration) {
        self.trial = None;
        self.waits = 0;
        self.mode = Mode::Rivalry(Rivalry::new(now));
    }

    /// Does as CUBIC does.
    fn rival(&mut self, now: Duration, round: &Round, mut rivalry: Rivalry) {
        rivalry.hear(round.shortest, self.is_empty(round.shortest));
        let usual = self.window * self.loss.usual * 2 / 1_000;
        if rivalry.is_over() {
            self.leave_rivalry(now);
            return;
        }
        if round.lost > usual {
            let window = self.window;
            self.set_window(window * LEFT / 100);
            rivalry.cut(now, window, self.window);
            self.loss.begin(now);
            self.settling = true;
        } else if rivalry.takes_a_look() {
            self.dip(round);
        } else {
            self.set_window(rivalry.grow(now, self.window, self.packet));
        }
        self.mode = Mode::Rivalry(rivalry);
    }

    /// Shrinks for a round so far that nothing of ours waits.
    fn dip(&mut self, round: &Round) {
        let own = scale(self.window, self.base.get(), round.shortest) * 8 / 10;
        self.dip = Some(self.window);
        self.settling = true;
        let most = self.window;
        self.window = own.max(most / 4).max(LEAST_LOOK * self.packet).min(most);
    }

    fn end_dip(&mut self, now: Duration, window: u64, round: &Round) {
        if let Mode::Rivalry(mut rivalry) = self.mode {
            if rivalry.has_same_looks(round.shortest) {
                // No queue is that even: the way itself is another one.
                self.base = Base::new(now, round.shortest);
            }
            rivalry.end_look(self.is_empty(round.shortest));
            self.mode = Mode::Rivalry(rivalry);
            if rivalry.is_over() {
                self.leave_rivalry(now);
                return;
            }
        }
        self.settling = true;
        self.set_window(window);
    }

    fn leave_rivalry(&mut self, now: Duration) {
        self.mode = Mode::Steady;
        self.waits = 0;
        // What was too much then need not be so now.
        self.ceiling = Ceiling::none(now);
    }

    /// Heavy loss: the path is full, or a buffer on it is too short for our bursts.
    fn cut(&mut self, now: Duration) {
        if self.mode == Mode::Start {
            self.mode = Mode::Steady;
        }
        self.trial = None;
        let window = self.dip.take().unwrap_or(self.window);
        self.lower_ceiling(now, window);
        let arrived = 100 * self.loss.arrived / self.loss.all().max(1);
        let left = window * arrived.clamp(LEAST_LEFT, LEFT) / 100;
        self.set_window(left.max(window.min(LEAST_LOST * self.packet)));
        if let Mode::Rivalry(rivalry) = &mut self.mode {
            rivalry.cut(now, window, self.window);
        }
        self.loss.begin(now);
        self.settling = true;
    }

    fn lower_ceiling(&mut self, now: Duration, window: u64) {
        self.ceiling = Ceiling {
            window: window * 85 / 100,
            since: now,
        };
    }

    /// Whatever was known of the path holds no more.
    fn begin_again(&mut self, now: Duration) {
        let (packet, usual) = (self.packet, self.loss.usual);
        *self = Self::new(now, packet);
        self.loss.usual = usual;
        self.loss.since = now;
        self.window = self.least();
    }

    fn wait(&self, trip: Duration) -> Duration {
        if trip == Duration::MAX {
            return Duration::ZERO;
        }
        trip.saturating_sub(self.base.get())
    }

    /// Whether next to nothing waits.
    fn is_empty(&self, trip: Duration) -> bool {
        self.wait(trip) < WAIT / 5
    }

    fn least(&self) -> u64 {
        LEAST * self.packet
    }

    fn set_window(&mut self, window: u64) {
        self.window = window.clamp(self.least(), MOST);
    }
}

/// So much of `window` as one time is of another.
fn scale(window: u64, part: Duration, whole: Duration) -> u64 {
    let (part, whole) = (part.as_micros(), whole.as_micros().max(1));
    u64::try_from(u128::from(window) * part / whole).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
