//! Senders who share a bottleneck, in a time of their own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use super::super::Flow;

/// Bytes of every packet.
const PACKET: u64 = 1_200;

/// A way with one slow link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// Bits a second.
    pub(crate) rate: u64,
    /// How long a packet may wait before the slow link.
    pub(crate) queue: Duration,
    /// One way.
    pub(crate) delay: Duration,
    /// When it becomes what.
    pub(crate) later: Option<(Duration, Duration)>,
    /// When its slow link becomes how slow.
    pub(crate) slower: Option<(Duration, u64)>,
    /// By how much longer any packet may take; those behind it wait for it.
    pub(crate) jitter: Duration,
    /// The share that is lost after the slow link.
    pub(crate) loss: f64,
    pub(crate) stalls: Option<Stalls>,
    /// Bits a second beyond which packets are dropped at once.
    pub(crate) policed: Option<u64>,
}

/// A receiver who has the processor for a part of the time alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stalls {
    pub(crate) every: Duration,
    pub(crate) runs: Duration,
    /// Bytes that wait for him meanwhile.
    pub(crate) room: u64,
}

/// What a sender had of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) delivered: u64,
    pub(crate) sent: u64,
    pub(crate) overflowed: u64,
    pub(crate) wait_p50: Duration,
    pub(crate) wait_p95: Duration,
    /// For how long it counted.
    pub(crate) time: Duration,
}

impl Outcome {
    pub(crate) fn share_of(&self, rate: u64) -> f64 {
        8.0 * self.delivered as f64 / self.time.as_secs_f64() / rate as f64
    }

    pub(crate) fn overflowed_percent(&self) -> f64 {
        100.0 * self.overflowed as f64 / self.sent.max(1) as f64
    }
}

/// Who follows loss alone, as TCP does: CUBIC (RFC 9438) with fast convergence and what it does
/// where Reno would have more, and without `HyStart`.
#[derive(Debug)]
pub(crate) struct Rival {
    window: f64,
    threshold: f64,
    most: f64,
    cut: Duration,
    /// What Reno would have.
    reno: f64,
}

impl Rival {
    pub(crate) fn new() -> Self {
        Self {
            window: 10.0,
            threshold: f64::MAX,
            most: 0.0,
            cut: Duration::ZERO,
            reno: 0.0,
        }
    }

    fn acked(&mut self, now: Duration) {
        if self.window < self.threshold {
            self.window += 1.0;
            return;
        }
        // Where the curve is flat depends on where it begins, which fast convergence moves.
        let k = ((self.most - self.threshold).max(0.0) / 0.4).cbrt();
        let time = now.saturating_sub(self.cut).as_secs_f64();
        self.reno += 0.53 / self.window;
        let aim = (0.4 * (time - k).powi(3) + self.most).max(self.reno);
        self.window += ((aim - self.window) / self.window).clamp(0.01 / self.window, 0.5);
    }

    fn lost(&mut self, now: Duration, sent: Duration) {
        if sent < self.cut {
            return;
        }
        let is_less = self.window < self.most;
        self.most = self.window * if is_less { 0.85 } else { 1.0 };
        self.window = (self.window * 0.7).max(2.0);
        self.reno = self.window;
        self.threshold = self.window;
        self.cut = now;
    }
}

#[derive(Debug)]
enum Control {
    Ours(Box<Flow>),
    Theirs(Rival),
}

/// Who always has something to send.
#[derive(Debug)]
pub(crate) struct Sender {
    control: Control,
    pub(crate) begins: Duration,
    next: u64,
    under_way: BTreeMap<u64, Duration>,
    trip: f64,
    tokens: f64,
    filled: Duration,
    probes: u32,
    heard: Duration,
    waits: Vec<Duration>,
    outcome: Outcome,
}

impl Sender {
    pub(crate) fn flow() -> Self {
        Self::new(Control::Ours(Box::new(Flow::new(Duration::ZERO, PACKET))))
    }

    pub(crate) fn rival(rival: Rival) -> Self {
        Self::new(Control::Theirs(rival))
    }

    fn new(control: Control) -> Self {
        Self {
            control,
            begins: Duration::ZERO,
            next: 0,
            under_way: BTreeMap::new(),
            trip: 0.1,
            tokens: 10.0,
            filled: Duration::ZERO,
            probes: 0,
            heard: Duration::ZERO,
            waits: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    fn window(&self) -> u64 {
        match &self.control {
            Control::Ours(flow) => flow.window(),
            Control::Theirs(rival) => rival.window as u64 * PACKET,
        }
    }

    /// When the next packet may go, as quinn paces.
    fn may_send(&mut self, now: Duration) -> Option<Duration> {
        if (self.under_way.len() as u64 + 1) * PACKET > self.window() {
            return None;
        }
        let window = (self.window() / PACKET) as f64;
        let room = (window * 0.002 / self.trip).clamp(10.0, 256.0);
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        let pace = 1.25 * window / self.trip;
        self.tokens = (self.tokens + passed * pace).min(room);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Some(now);
        }
        Some(now + Duration::from_secs_f64((room.min(10.0) - self.tokens) / pace))
    }

    fn hear(&mut self, now: Duration, number: u64) {
        let Some(sent) = self.under_way.remove(&number) else {
            return;
        };
        let trip = now.saturating_sub(sent).as_secs_f64();
        if self.outcome.delivered == 0 {
            self.trip = trip;
        }
        self.trip += (trip - self.trip) / 8.0;
        self.trip = self.trip.max(1e-6);
        (self.heard, self.probes) = (now, 0);
        self.outcome.delivered += PACKET;
        let under_way = self.under_way.len() as u64 * PACKET;
        match &mut self.control {
            Control::Ours(flow) => {
                flow.handle_ack(now, sent, PACKET);
                flow.handle_acks_end(now, under_way, false);
            }
            Control::Theirs(rival) => rival.acked(now),
        }
        self.miss(now, number);
    }

    /// What was overtaken is lost.
    fn miss(&mut self, now: Duration, number: u64) {
        let late: Vec<u64> = self
            .under_way
            .range(..number.saturating_sub(2))
            .map(|it| *it.0)
            .collect();
        let mut last = None;
        let bytes = late.len() as u64 * PACKET;
        for number in late {
            last = self.under_way.remove(&number);
        }
        match (&mut self.control, last) {
            (Control::Ours(flow), Some(sent)) => flow.handle_loss(now, sent, bytes, false),
            (Control::Theirs(rival), Some(sent)) => rival.lost(now, sent),
            (_, None) => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Send(usize),
    Ack(usize, u64),
    Probe(usize),
}

struct Bottleneck {
    path: Path,
    free: Duration,
    police: Duration,
    /// What waits for the receiver, by when he takes it.
    waiting: BinaryHeap<Reverse<Duration>>,
    random: u64,
    /// When the last packet arrives.
    last: Duration,
}

enum Fate {
    Arrives(Duration, Duration),
    Overflows,
    Lost,
}

impl Bottleneck {
    fn chance(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn pass(&mut self, now: Duration) -> Fate {
        let takes = |rate: u64| Duration::from_nanos(PACKET * 8 * 1_000_000_000 / rate);
        if let Some(rate) = self.path.policed {
            let start = self.police.max(now);
            if start > now + Duration::from_secs(1) {
                return Fate::Overflows;
            }
            self.police = start + takes(rate);
        }
        let wait = self.free.saturating_sub(now);
        if wait > self.path.queue {
            return Fate::Overflows;
        }
        if let Some((when, rate)) = self.path.slower
            && now >= when
        {
            self.path.rate = rate;
        }
        self.free = self.free.max(now) + takes(self.path.rate);
        if self.chance() < self.path.loss {
            return Fate::Lost;
        }
        if let Some((when, delay)) = self.path.later
            && now >= when
        {
            self.path.delay = delay;
        }
        let late = self.chance();
        let mut at = self.free + self.path.delay + self.path.jitter.mul_f64(late);
        at = at.max(self.last);
        self.last = at;
        if let Some(stalls) = self.path.stalls {
            while self.waiting.peek().is_some_and(|it| it.0 <= at) {
                self.waiting.pop();
            }
            if (self.waiting.len() as u64 + 1) * PACKET > stalls.room {
                return Fate::Overflows;
            }
            let (every, into) = (stalls.every.as_nanos(), at.as_nanos());
            let phase = Duration::from_nanos((into % every) as u64);
            if phase >= stalls.runs {
                at += stalls.every.saturating_sub(phase);
            }
            self.waiting.push(Reverse(at));
        }
        Fate::Arrives(at, wait)
    }
}

/// Lets them send for so many seconds, and counts from when all of them do.
pub(crate) fn run(path: &Path, mut senders: Vec<Sender>, seconds: u64, seed: u64) -> Vec<Outcome> {
    let end = Duration::from_secs(seconds);
    let all = senders.iter().map(|it| it.begins).max().unwrap_or_default();
    let mut bottleneck = Bottleneck {
        path: *path,
        free: Duration::ZERO,
        police: Duration::ZERO,
        waiting: BinaryHeap::new(),
        last: Duration::ZERO,
        random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
    };
    let mut events = BinaryHeap::new();
    let mut asked = vec![Duration::MAX; senders.len()];
    for (place, sender) in senders.iter().enumerate() {
        events.push(Reverse((sender.begins, Event::Send(place))));
        events.push(Reverse((sender.begins, Event::Probe(place))));
        asked[place] = sender.begins;
    }
    let mut counts_from = None;
    while let Some(Reverse((now, event))) = events.pop() {
        if now > end {
            break;
        }
        if counts_from.is_none() && now >= all {
            counts_from = Some(now);
            for sender in &mut senders {
                (sender.outcome.sent, sender.outcome.overflowed) = (0, 0);
                sender.outcome.delivered = 0;
                sender.waits.clear();
            }
        }
        let place = match event {
            Event::Send(place) => {
                if asked[place] == now {
                    asked[place] = Duration::MAX;
                }
                place
            }
            Event::Ack(place, number) => {
                senders[place].hear(now, number);
                place
            }
            Event::Probe(place) => {
                let sender = &mut senders[place];
                let patience =
                    Duration::from_secs_f64(sender.trip * 1.5 + 0.02) * (1 << sender.probes);
                if now >= sender.heard + patience && !sender.under_way.is_empty() {
                    sender.probes = (sender.probes + 1).min(6);
                    sender.heard = now;
                    for _ in 0..2 {
                        transmit(sender, place, now, &mut bottleneck, &mut events);
                    }
                }
                events.push(Reverse((
                    now + Duration::from_millis(5),
                    Event::Probe(place),
                )));
                continue;
            }
        };
        let sender = &mut senders[place];
        loop {
            match sender.may_send(now) {
                Some(at) if at <= now => transmit(sender, place, now, &mut bottleneck, &mut events),
                Some(at) => {
                    if at < asked[place] {
                        asked[place] = at;
                        events.push(Reverse((at, Event::Send(place))));
                    }
                    break;
                }
                None => break,
            }
        }
    }
    let time = end.saturating_sub(counts_from.unwrap_or_default());
    let finish = |mut sender: Sender| {
        sender.waits.sort_unstable();
        let at = |part: usize| sender.waits.get(sender.waits.len() * part / 100).copied();
        Outcome {
            wait_p50: at(50).unwrap_or_default(),
            wait_p95: at(95).unwrap_or_default(),
            time,
            ..sender.outcome
        }
    };
    senders.into_iter().map(finish).collect()
}

fn transmit(
    sender: &mut Sender,
    place: usize,
    now: Duration,
    bottleneck: &mut Bottleneck,
    events: &mut BinaryHeap<Reverse<(Duration, Event)>>,
) {
    let number = sender.next;
    sender.next += 1;
    if sender.under_way.is_empty() {
        sender.heard = now;
    }
    sender.under_way.insert(number, now);
    sender.outcome.sent += 1;
    match bottleneck.pass(now) {
        Fate::Arrives(at, wait) => {
            sender.waits.push(wait);
            let back = at + bottleneck.path.delay;
            events.push(Reverse((back, Event::Ack(place, number))));
        }
        Fate::Overflows => sender.outcome.overflowed += 1,
        Fate::Lost => {}
    }
}
