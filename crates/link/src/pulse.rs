//! Whether a connection still answers.

use std::time::Duration;

use quinn::Connection;

/// What was last known of a connection's packets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pulse {
    received: u64,
    asked: u64,
    silent: Duration,
    quiet: Duration,
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
