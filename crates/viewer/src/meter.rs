//! What a session goes over now, and what went through it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aldis_link::{Connection, Kind};

/// Measures of a session's connections.
#[derive(Clone, Debug, Default)]
pub struct Link {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    used: Option<(Connection, Kind)>,
    open: Vec<Connection>,
    /// Bytes received and sent over connections that are gone.
    gone: (u64, u64),
    /// What was tried, the newest last.
    tried: VecDeque<Tried>,
    /// Bits received a second lately, and the bytes received when that was reckoned.
    rate: u64,
    counted: u64,
}

/// The most tries that are remembered.
const TRIES: usize = 24;

/// A way to the customer's machine that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What it goes over.
    pub kind: Kind,
    /// Where; `None` where only a proxy knows.
    pub at: Option<SocketAddr>,
    /// After how long it was up; `None` if there was no answer.
    pub after: Option<Duration>,
}

impl Link {
    /// The round trip's estimate.
    pub fn rtt(&self) -> Duration {
        let state = self.state();
        let used = state.used.as_ref();
        used.map_or(Duration::ZERO, |(connection, _)| connection.rtt())
    }

    /// What the session goes over now.
    pub fn kind(&self) -> Option<Kind> {
        self.state().used.as_ref().map(|(_, kind)| *kind)
    }

    /// The part of the packets sent over the connection in use that was lost, from 0 to 1.
    pub fn loss(&self) -> f64 {
        let state = self.state();
        let Some((connection, _)) = &state.used else {
            return 0.0;
        };
        let path = connection.stats().path;
        path.lost_packets as f64 / path.sent_packets.max(1) as f64
    }

    /// Bits received a second, lately.
    pub fn rate(&self) -> u64 {
        self.state().rate
    }

    /// What was tried to reach the customer's machine, the newest last.
    pub fn tried(&self) -> Vec<Tried> {
        self.state().tried.iter().copied().collect()
    }

    /// Something was tried.
    pub(crate) fn note(&self, tried: Tried) {
        let mut state = self.state();
        let known = |other: &Tried| other.kind == tried.kind && other.at == tried.at;
        // Of one place the last try counts.
        state.tried.retain(|other| !known(other));
        if state.tried.len() >= TRIES {
            state.tried.pop_front();
        }
        state.tried.push_back(tried);
    }

    /// Reckons the rate; `passed` is the time since the last time.
    pub(crate) fn reckon(&self, passed: Duration) {
        let (received, _) = self.bytes();
        let mut state = self.state();
        let bits = received.saturating_sub(state.counted) * 8;
        state.counted = received;
        state.rate = (bits as f64 / passed.as_secs_f64().max(0.001)) as u64;
    }

    /// Bytes received and sent in UDP packets so far.
    pub fn bytes(&self) -> (u64, u64) {
        let state = self.state();
        let open = state.open.iter().map(through);
        open.fold(state.gone, |sum, next| (sum.0 + next.0, sum.1 + next.1))
    }

    /// A connection is there.
    pub(crate) fn opened(&self, connection: Connection) {
        self.state().open.push(connection);
    }

    /// The session goes over this one from now on.
    pub(crate) fn uses(&self, connection: Connection, kind: Kind) {
        self.state().used = Some((connection, kind));
    }

    /// Connections that are over are only counted.
    pub(crate) fn sweep(&self) {
        let mut state = self.state();
        let State { open, gone, .. } = &mut *state;
        open.retain(|connection| {
            let lives = connection.close_reason().is_none();
            if !lives {
                let last = through(connection);
                *gone = (gone.0 + last.0, gone.1 + last.1);
            }
            lives
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn through(connection: &Connection) -> (u64, u64) {
    let stats = connection.stats();
    (stats.udp_rx.bytes, stats.udp_tx.bytes)
}
