//! Which of several connections with the same peer is used.

/// What a connection goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Straight to an address of the peer's own network.
    Lan,
    /// Straight to an address of the peer's.
    Direct,
    /// Through the relay.
    Relay,
    /// Through the relay, carried by TCP.
    TcpRelay,
}

impl Kind {
    /// Whether nobody stands between.
    pub fn is_direct(self) -> bool {
        matches!(self, Self::Lan | Self::Direct)
    }
}

/// How a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// What it goes over.
    pub kind: Kind,
    /// The round trip's estimate, in milliseconds.
    pub rtt: u64,
    /// For how long something is under way without any sign of life, in milliseconds.
    pub silent: u64,
}

/// For how long (ms) a connection may be silent while something is under way before it is in doubt,
/// beyond its round trips.
const SILENCE: u64 = 700;

/// A connection is not left for one that is better by less than this part of its round trip.
const HYSTERESIS_PERCENT: u64 = 20;

impl Health {
    /// Whether the peer should long have answered.
    pub fn is_in_doubt(&self) -> bool {
        self.silent > Self::patience(self.rtt)
    }

    /// For how long (ms) a peer at this round trip (ms) may be silent.
    pub fn patience(rtt: u64) -> u64 {
        // Three round trips: a lost packet, its repetition lost as well, and the answer.
        SILENCE.saturating_add(rtt.saturating_mul(3))
    }

    /// Whether this one should be used instead of `used`.
    fn beats(&self, used: &Self) -> bool {
        if self.is_in_doubt() {
            return false;
        }
        if used.is_in_doubt() {
            return true;
        }
        if self.kind.is_direct() != used.kind.is_direct() {
            return self.kind.is_direct();
        }
        if self.kind.is_direct() {
            let better = used.rtt.saturating_mul(100 - HYSTERESIS_PERCENT) / 100;
            // Within a millisecond there is nothing to win.
            return self.rtt.saturating_add(1) < better;
        }
        self.kind < used.kind
    }
}

/// The place of the connection to use among `all`, where `used` is in use now.
///
/// `None` where there is none at all.
pub fn choose(all: &[Health], used: Option<usize>) -> Option<usize> {
    let mut best = match used {
        Some(used) if used < all.len() => used,
        _ => all.iter().position(|health| !health.is_in_doubt())?,
    };
    for (place, health) in all.iter().enumerate() {
        if health.beats(&all[best]) {
            best = place;
        }
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn link(kind: Kind, rtt: u64, silent: u64) -> Health {
        Health { kind, rtt, silent }
    }

    #[test]
    fn the_first_one_is_used_until_a_direct_one_comes() {
        let relay = link(Kind::Relay, 40, 0);
        assert_eq!(choose(&[], None), None);
        assert_eq!(choose(&[relay], None), Some(0));
        let direct = link(Kind::Direct, 60, 0);
        assert_eq!(choose(&[relay, direct], Some(0)), Some(1));
        assert_eq!(choose(&[direct, relay], Some(0)), Some(0));
    }

    #[test]
    fn a_silent_one_is_left_and_come_back_to_when_it_speaks() {
        let relay = link(Kind::Relay, 40, 0);
        let mut direct = link(Kind::Direct, 20, 700 + 61);
        assert_eq!(choose(&[relay, direct], Some(1)), Some(0));
        direct.silent = 0;
        assert_eq!(choose(&[relay, direct], Some(0)), Some(1));
    }

    #[test]
    fn nobody_moves_from_silence_to_silence_or_for_a_trifle() {
        let (quiet, quieter) = (link(Kind::Direct, 20, 2000), link(Kind::Relay, 20, 9000));
        assert_eq!(choose(&[quiet, quieter], Some(0)), Some(0));
        assert_eq!(choose(&[quiet, quieter], None), None);
        let (one, other) = (link(Kind::Direct, 20, 0), link(Kind::Lan, 17, 0));
        assert_eq!(choose(&[one, other], Some(0)), Some(0));
        assert_eq!(choose(&[one, link(Kind::Lan, 2, 0)], Some(0)), Some(1));
        let (tcp, udp) = (link(Kind::TcpRelay, 20, 0), link(Kind::Relay, 30, 0));
        assert_eq!(choose(&[tcp, udp], Some(0)), Some(1));
    }
}
