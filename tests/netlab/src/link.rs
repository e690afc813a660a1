//! A way between two networks, as slow, long and lossy as a test wants it.
//!
//! Both ends are network devices whose packets this process carries, whatever they are: TCP, UDP, ICMP, IPv4 or IPv6.
//! What happens to each is decided in [`pipe`], which reads no clock; here is the thread around it.

mod conditions;
mod pipe;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::space::Space;
use crate::sys::{self, Bell, Tun};
use pipe::Pipe;

pub use conditions::{Conditions, Loss, Queue, Reorder};
pub use pipe::Tally;

/// The largest packet; the devices are told of 1,500 bytes.
const PACKET: usize = 2_048;

/// How many packets one direction takes in before the other has its turn.
const TURN: usize = 64;

/// A direction of a link, seen from the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the site to the internet.
    Up,
    /// From the internet to the site.
    Down,
}

/// The way from a site to the internet. A new one is as fast as this machine and loses nothing.
#[derive(Debug)]
pub struct Link {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    start: Instant,
    pipes: Mutex<Pipes>,
    bell: Bell,
    is_over: AtomicBool,
}

#[derive(Debug)]
struct Pipes {
    up: Pipe,
    down: Pipe,
}

/// A network and what the link's device is called there.
pub(crate) struct End<'a> {
    pub(crate) space: &'a Space,
    pub(crate) device: String,
}

impl Link {
    /// Joins a site's network and the one above it; whose chances `seed` decides.
    pub(crate) fn new(site: &End<'_>, above: &End<'_>, seed: u64) -> Result<Self> {
        let device = |end: &End<'_>| -> Result<Tun> {
            let name = end.device.clone();
            let device = end.space.run(move || Tun::new(&name))?;
            device.with_context(|| format!("making the network device {}", end.device))
        };
        let devices = [device(site)?, device(above)?];
        let shared = Arc::new(Shared {
            start: Instant::now(),
            pipes: Mutex::new(Pipes {
                up: Pipe::new(seed, 0),
                down: Pipe::new(seed, 1),
            }),
            bell: Bell::new()?,
            is_over: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("link".to_owned())
            .spawn(move || theirs.carry(&devices))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// What it does from now on, in both directions.
    pub fn set(&self, conditions: Conditions) {
        self.change(|pipes, _| {
            pipes.up.set(conditions);
            pipes.down.set(conditions);
        });
    }

    /// What it does from now on in one direction.
    pub fn set_one_way(&self, direction: Direction, conditions: Conditions) {
        self.change(|pipes, _| pipes.of(direction).set(conditions));
    }

    /// What it does in one direction.
    pub fn conditions(&self, direction: Direction) -> Conditions {
        self.shared.lock().of(direction).conditions()
    }

    /// Loses all that is on its way and all that comes, until it is restored.
    pub fn cut(&self) {
        self.cut_for(Duration::MAX);
    }

    /// Loses all that is on its way and all that comes for so long, and then carries again by itself.
    pub fn cut_for(&self, time: Duration) {
        self.change(|pipes, now| {
            let until = now.saturating_add(time);
            pipes.up.cut(now, until);
            pipes.down.cut(now, until);
        });
    }

    /// Carries again, as before the cut.
    pub fn restore(&self) {
        self.change(|pipes, _| {
            pipes.up.restore();
            pipes.down.restore();
        });
    }

    /// What happened in one direction so far.
    pub fn tally(&self, direction: Direction) -> Tally {
        self.shared.lock().of(direction).tally()
    }

    /// Gives what happened in one direction and counts anew.
    pub fn take_tally(&self, direction: Direction) -> Tally {
        self.shared.lock().of(direction).take_tally()
    }

    fn change(&self, change: impl FnOnce(&mut Pipes, Duration)) {
        change(&mut self.shared.lock(), self.shared.now());
        self.shared.bell.ring();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        self.shared.bell.ring();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Pipes {
    fn of(&mut self, direction: Direction) -> &mut Pipe {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pipes> {
        self.pipes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Carries packets until the link is dropped.
    fn carry(&self, devices: &[Tun; 2]) {
        sys::hurry();
        let [site, above] = devices;
        let mut buffer = vec![0; PACKET];
        while !self.is_over.load(Ordering::Relaxed) {
            let due = {
                let pipes = &mut *self.lock();
                self.turn(&mut pipes.up, site, above, &mut buffer);
                self.turn(&mut pipes.down, above, site, &mut buffer);
                let next = [pipes.up.poll_timeout(), pipes.down.poll_timeout()];
                next.into_iter().flatten().min()
            };
            let limit = due.map(|due| due.saturating_sub(self.now()));
            if sys::wait([site, above], &self.bell, limit).is_err() {
                return;
            }
        }
    }

    /// Takes packets in and lets those out whose time has come.
    fn turn(&self, pipe: &mut Pipe, from: &Tun, to: &Tun, buffer: &mut [u8]) {
        for _ in 0..TURN {
            let Some(packet) = from.read(buffer).and_then(|length| buffer.get(..length)) else {
                break;
            };
            pipe.handle_packet(self.now(), packet);
        }
        while let Some(packet) = pipe.poll_packet(self.now()) {
            to.write(&packet);
        }
    }
}
