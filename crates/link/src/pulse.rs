//! Whether a connection still answers.

use std::time::Duration;

use quinn::Connection;

/// From which round trip on a lone packet gets company, in milliseconds.
const LONG: u64 = 150;

/// From which share of lost packets on it does: one of so many.
const ROUGH: u64 = 20;

/// So many lost ones tell of it.
const FEW: u64 = 3;

/// How many packets tell of it; older ones count for half.
const MANY: u64 = 200;

/// What was last known of a connection's packets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pulse {
    received: u64,
    asked: u64,
    silent: Duration,
    quiet: Duration,
    /// Packets sent and lost until the last look,
    counted: (u64, u64),
    /// and of the latest ones how many.
    latest: (u64, u64),
}

impl Pulse {
    /// Begins to watch a connection.
    pub fn of(connection: &Connection) -> Self {
        let mut pulse = Self::default();
        pulse.look(connection, Duration::ZERO);
        pulse
    }

    /// Looks again, this long after the last time.
    pub fn look(&mut self, connection: &Connection, after: Duration) {
        let stats = connection.stats();
        self.count(stats.path.sent_packets, stats.path.lost_packets);
        let sent = &stats.frame_tx;
        // What the other end must answer, if only with an acknowledgement; a probe of QUIC's own for
        // what was not answered asks for that at once.
        let asked = sent.stream
            + sent.ping
            + sent.crypto
            + sent.max_data
            + sent.max_stream_data
            + sent.immediate_ack;
        if stats.udp_rx.datagrams != self.received {
            self.received = stats.udp_rx.datagrams;
            self.asked = asked;
            (self.silent, self.quiet) = (Duration::ZERO, Duration::ZERO);
            return;
        }
        self.quiet += after;
        if asked != self.asked {
            self.silent += after;
        }
    }

    /// For how long something has been under way without any answer, in milliseconds.
    pub fn silent(&self) -> u64 {
        u64::try_from(self.silent.as_millis()).unwrap_or(u64::MAX)
    }

    fn count(&mut self, sent: u64, lost: u64) {
        let before = std::mem::replace(&mut self.counted, (sent, lost));
        // Another way of the same connection counts anew.
        self.latest.0 += sent.saturating_sub(before.0);
        self.latest.1 += lost.saturating_sub(before.1);
        if self.latest.0 > MANY {
            self.latest = (self.latest.0 / 2, self.latest.1 / 2);
        }
    }

    /// Whether this way is long and loses many packets.
    pub fn is_rough(&self, connection: &Connection) -> bool {
        let (sent, lost) = self.latest;
        rtt(connection) >= LONG && lost >= FEW && lost * ROUGH >= sent
    }

    /// Whether something is under way that other packets should follow soon, whatever they say.
    ///
    /// A lone packet that is lost is missed by a timer alone, which doubles each time, and who sends
    /// it again meets the same burst of losses. Those that follow see the burst through, and their
    /// acknowledgement tells what is missing.
    pub fn is_lonely(&self, connection: &Connection) -> bool {
        (1..=rtt(connection)).contains(&self.silent()) && self.is_rough(connection)
    }

    /// For how long nothing has come, whether or not something should have.
    pub fn quiet(&self) -> Duration {
        self.quiet
    }

    /// The other end says that it hears nothing over this one.
    pub fn doubt(&mut self, silent: Duration) {
        self.silent = self.silent.max(silent);
    }
}

/// The round trip's estimate in milliseconds.
pub fn rtt(connection: &Connection) -> u64 {
    u64::try_from(connection.rtt().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_long_ago_counts_less() {
        let mut pulse = Pulse::default();
        pulse.count(100, 20);
        assert_eq!(pulse.latest, (100, 20));
        pulse.count(250, 20);
        assert_eq!(pulse.latest, (125, 10));
        pulse.count(10, 1);
        assert_eq!(pulse.latest, (125, 10), "another way");
        pulse.count(20, 2);
        assert_eq!(pulse.latest, (135, 11));
    }
}
