//! One direction of a link: packets go in at a time, and come out at another, or never.
//!
//! It reads no clock: `now` is what the caller says, counted from the link's start.
//! A packet first waits until the slow end has sent what came before it (`waiting`), and is then on its way (`flying`),
//! so that a new rate acts at once on all that waits.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use super::conditions::Conditions;

/// Packets under way at once; more than delay and rate of any test need.
const MOST_FLYING: usize = 65_536;

/// What a packet may be late without being counted: threads do not wake on the dot.
const LATE: Duration = Duration::from_millis(1);

/// What happened in one direction since the link's start, or since its books were opened anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets that came in.
    pub packets_in: u64,
    /// Their bytes, with the headers of IP.
    pub bytes_in: u64,
    /// Packets that came out.
    pub packets_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Lost on the way, as [`Loss`](crate::Loss) says.
    pub lost: u64,
    /// Dropped because the queue was full: what the sender did to itself.
    pub overflowed: u64,
    /// Lost because the link was cut.
    pub cut: u64,
    /// Arrived twice.
    pub duplicated: u64,
    /// Held back so that others overtook them.
    pub held_back: u64,
    /// The longest that a packet waited in the queue.
    pub longest_wait: Duration,
    /// The most bytes that waited in the queue.
    pub most_waiting: usize,
    /// How late a packet came out at worst: what this machine, not the link, did to it.
    pub most_late: Duration,
    /// Packets that came out more than 1 ms late.
    pub late: u64,
}

/// One direction of a link.
#[derive(Debug)]
pub(crate) struct Pipe {
    conditions: Conditions,
    /// Until when it carries nothing; zero unless it is cut.
    cut_until: Duration,
    random: ChaCha8Rng,
    /// Whether the loss is in its bad state.
    is_bad: bool,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// When the slow end has sent what it is sending.
    free: Duration,
    /// By when they come out; the number keeps those of one moment in order.
    flying: BTreeMap<(Duration, u64), Vec<u8>>,
    launched: u64,
    /// When the last packet comes out that is not held back.
    last: Duration,
    tally: Tally,
}

#[derive(Debug)]
struct Waiting {
    packet: Vec<u8>,
    since: Duration,
    fate: Fate,
}

/// What chance has in store for a packet.
///
/// Every packet draws all of it, so that the fate of the hundredth does not depend on the conditions of the others.
#[derive(Debug)]
struct Fate {
    state: f64,
    loss: f64,
    reorder: f64,
    duplicate: f64,
    jitter: f64,
}

impl Pipe {
    /// A direction with these random numbers: those of one seed and one stream are always the same.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self {
            conditions: Conditions::default(),
            cut_until: Duration::ZERO,
            random,
            is_bad: false,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            free: Duration::ZERO,
            flying: BTreeMap::new(),
            launched: 0,
            last: Duration::ZERO,
            tally: Tally::default(),
        }
    }

    /// What it does to packets from now on; those on their way go on as before.
    pub(crate) fn set(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// What it does to packets.
    pub(crate) fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// Loses all that is in it, and all that comes before `until`.
    pub(crate) fn cut(&mut self, now: Duration, until: Duration) {
        self.cut_until = until;
        self.tally.cut += (self.waiting.len() + self.flying.len()) as u64;
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.flying.clear();
        self.free = now;
        self.last = now;
    }

    /// Carries again.
    pub(crate) fn restore(&mut self) {
        self.cut_until = Duration::ZERO;
    }

    /// What happened so far.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Gives the books and opens new ones.
    pub(crate) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Takes a packet in.
    pub(crate) fn handle_packet(&mut self, now: Duration, packet: &[u8]) {
        self.tally.packets_in += 1;
        self.tally.bytes_in += packet.len() as u64;
        let fate = Fate::draw(&mut self.random);
        if now < self.cut_until {
            self.tally.cut += 1;
            return;
        }
        self.send_waiting(now);
        if self.is_full(now, packet.len()) {
            self.tally.overflowed += 1;
            return;
        }
        self.waiting_bytes += packet.len();
        self.tally.most_waiting = self.tally.most_waiting.max(self.waiting_bytes);
        self.waiting.push_back(Waiting {
            packet: packet.to_vec(),
            since: now,
            fate,
        });
        self.send_waiting(now);
    }

    /// The next packet that has come out by now.
    pub(crate) fn poll_packet(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.send_waiting(now);
        let first = self.flying.first_entry()?;
        let (due, _) = *first.key();
        if due > now {
            return None;
        }
        let packet = first.remove();
        let late = now.saturating_sub(due);
        self.tally.most_late = self.tally.most_late.max(late);
        self.tally.late += u64::from(late > LATE);
        self.tally.packets_out += 1;
        self.tally.bytes_out += packet.len() as u64;
        Some(packet)
    }

    /// When it wants to be asked again, if nothing else happens.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let out = self.flying.first_key_value().map(|((due, _), _)| *due);
        let start = (!self.waiting.is_empty()).then_some(self.free);
        out.into_iter().chain(start).min()
    }

    fn is_full(&self, now: Duration, length: usize) -> bool {
        let Some(rate) = self.conditions.rate else {
            return false;
        };
        let queue = self.conditions.queue;
        let ahead = self.free.saturating_sub(now) + sending(self.waiting_bytes, rate);
        ahead > queue.time || self.waiting_bytes + length > queue.bytes
    }

    /// Sends what the slow end is free to send.
    fn send_waiting(&mut self, now: Duration) {
        while let Some(first) = self.waiting.front() {
            let start = self.free.max(first.since);
            if start > now {
                return;
            }
            let Some(Waiting {
                packet,
                since,
                fate,
            }) = self.waiting.pop_front()
            else {
                return;
            };
            self.waiting_bytes -= packet.len();
            self.tally.longest_wait = self.tally.longest_wait.max(start.saturating_sub(since));
            let rate = self.conditions.rate;
            self.free = start + rate.map_or(Duration::ZERO, |rate| sending(packet.len(), rate));
            self.launch(packet, &fate);
        }
    }

    /// A packet has left the slow end.
    fn launch(&mut self, packet: Vec<u8>, fate: &Fate) {
        if self.loses(fate) {
            self.tally.lost += 1;
            return;
        }
        let Conditions {
            delay,
            jitter,
            reorder,
            duplicate,
            ..
        } = self.conditions;
        let mut due = (self.free + delay + jitter.mul_f64(fate.jitter)).max(self.last);
        if fate.reorder < reorder.share {
            self.tally.held_back += 1;
            due += reorder.by;
        } else {
            self.last = due;
        }
        if fate.duplicate < duplicate {
            self.tally.duplicated += 1;
            self.fly(due, packet.clone());
        }
        self.fly(due, packet);
    }

    fn fly(&mut self, due: Duration, packet: Vec<u8>) {
        if self.flying.len() >= MOST_FLYING {
            self.tally.overflowed += 1;
            return;
        }
        self.flying.insert((due, self.launched), packet);
        self.launched += 1;
    }

    fn loses(&mut self, fate: &Fate) -> bool {
        let loss = self.conditions.loss;
        let change = if self.is_bad {
            loss.to_good
        } else {
            loss.to_bad
        };
        self.is_bad ^= fate.state < change;
        let share = if self.is_bad {
            loss.in_bad
        } else {
            loss.in_good
        };
        fate.loss < share
    }
}

impl Fate {
    fn draw(random: &mut ChaCha8Rng) -> Self {
        // 53 bits are what a number from 0 to 1 holds.
        let mut share = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        Self {
            state: share(),
            loss: share(),
            reorder: share(),
            duplicate: share(),
            jitter: share(),
        }
    }
}

/// How long so many bytes take.
fn sending(bytes: usize, rate: u64) -> Duration {
    Duration::from_nanos((bytes as u64).saturating_mul(8_000_000_000) / rate.max(1))
}

#[cfg(test)]
mod tests;
