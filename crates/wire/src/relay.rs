//! What an app says to the relay, and the relay to an app.
//!
//! Both sit on the relay's UDP port beside the sealed QUIC packets that are passed on. A packet of
//! ours begins with a byte below [`QUIC`], and QUIC's with one from there on (RFC 9000, section
//! 17: long headers set the highest bit, short headers the next one, which we never grease).
//!
//! ```text
//! app ── Bind(ticket) ──▶ relay        nothing is bound yet, and nothing is kept
//! app ◀── Challenge(nonce) ── relay    shorter than what asked for it
//! app ── Prove(ticket, nonce) ──▶ relay   the app can hear what is sent to its address
//! app ◀── Bound ── relay
//! app ◀══ sealed packets ══▶ relay ◀══▶ the other side
//! app ── Here ──▶ relay                now and then: a relay that was restarted says Unbound
//! ```

use serde::{Deserialize, Serialize};

use crate::{Millis, SessionId};

/// The lowest first byte of a packet of QUIC.
pub const QUIC: u8 = 0x40;

/// The length of a challenge, and of a probe's mark.
pub const NONCE: usize = 32;

/// A ticket's length as bytes.
pub const TICKET: usize = 16 + 1 + 8 + 32;

/// One of the two sides of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    /// The customer's machine.
    Host,
    /// The supporter's viewer.
    Viewer,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Host => Self::Viewer,
            Self::Viewer => Self::Host,
        }
    }
}

/// The right to be one side of a session at the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The session.
    pub session: SessionId,
    /// The side.
    pub side: Side,
    /// When it lapses, by the server's clock.
    pub until: Millis,
    /// The server's own mark over the rest.
    pub mac: [u8; 32],
}

/// Where the two sides of a session can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// The UDP port, at the address of the server.
    pub port: u16,
    /// The right to it.
    pub ticket: Ticket,
}

impl Ticket {
    /// What the mark is over.
    pub fn signed(&self) -> Vec<u8> {
        let side = match self.side {
            Side::Host => 0,
            Side::Viewer => 1,
        };
        [&self.session[..], &[side], &self.until.to_le_bytes()].concat()
    }

    fn to_bytes(self) -> Vec<u8> {
        [self.signed(), self.mac.to_vec()].concat()
    }

    fn from_bytes(bytes: &[u8; TICKET]) -> Option<Self> {
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (side, rest) = rest.split_first()?;
        let (until, mac) = rest.split_first_chunk::<8>()?;
        Some(Self {
            session: *session,
            side: match side {
                0 => Side::Host,
                1 => Side::Viewer,
                _ => return None,
            },
            until: Millis::from_le_bytes(*until),
            mac: mac.try_into().ok()?,
        })
    }
}

/// A packet of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// App: would like to be bound.
    Bind(Ticket),
    /// Relay: shows whether the app hears it.
    Challenge([u8; NONCE]),
    /// App: it does.
    Prove(Ticket, [u8; NONCE]),
    /// Relay: what comes from here is passed on from now on.
    Bound,
    /// Relay: nothing is passed on from here; bind again.
    Unbound,
    /// App: the server tells it, over their own connection, from where this came.
    Probe([u8; NONCE]),
    /// App: is here still. The relay answers only if it has forgotten that ([`Packet::Unbound`]).
    Here,
}

impl Packet {
    /// The packet as it travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + TICKET + NONCE);
        match self {
            Self::Bind(ticket) => {
                bytes.push(1);
                bytes.extend_from_slice(&ticket.to_bytes());
            }
            Self::Challenge(nonce) => {
                bytes.push(2);
                bytes.extend_from_slice(nonce);
            }
            Self::Prove(ticket, nonce) => {
                bytes.push(3);
                bytes.extend_from_slice(&ticket.to_bytes());
                bytes.extend_from_slice(nonce);
            }
            Self::Bound => bytes.push(4),
            Self::Unbound => bytes.push(5),
            Self::Probe(nonce) => {
                bytes.push(6);
                bytes.extend_from_slice(nonce);
            }
            Self::Here => bytes.push(7),
        }
        bytes
    }

    /// Reads a packet; `None` if it is none of ours.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        match kind {
            1 => Some(Self::Bind(Ticket::from_bytes(rest.try_into().ok()?)?)),
            2 => Some(Self::Challenge(rest.try_into().ok()?)),
            3 => {
                let (ticket, nonce) = rest.split_first_chunk::<TICKET>()?;
                let ticket = Ticket::from_bytes(ticket)?;
                Some(Self::Prove(ticket, nonce.try_into().ok()?))
            }
            4 => rest.is_empty().then_some(Self::Bound),
            5 => rest.is_empty().then_some(Self::Unbound),
            6 => Some(Self::Probe(rest.try_into().ok()?)),
            7 => rest.is_empty().then_some(Self::Here),
            _ => None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn packets_come_back_as_they_went_and_no_answer_is_longer_than_its_question() {
        let ticket = Ticket {
            session: [7; 16],
            side: Side::Viewer,
            until: 1 << 40,
            mac: [9; 32],
        };
        let packets = [
            Packet::Bind(ticket),
            Packet::Challenge([1; NONCE]),
            Packet::Prove(ticket, [2; NONCE]),
            Packet::Bound,
            Packet::Unbound,
            Packet::Probe([3; NONCE]),
            Packet::Here,
        ];
        for packet in packets {
            let bytes = packet.encode();
            assert!(bytes[0] < QUIC);
            assert_eq!(Packet::decode(&bytes), Some(packet));
            for length in 0..bytes.len() {
                assert_eq!(
                    Packet::decode(&bytes[..length]),
                    None,
                    "{packet:?} {length}"
                );
            }
            assert_eq!(Packet::decode(&[&bytes[..], &[0]].concat()), None);
        }
        let length = |packet: Packet| packet.encode().len();
        assert!(length(packets[1]) < length(packets[0]));
        assert!(length(packets[3]) < length(packets[2]));
    }

    #[test]
    fn any_bytes_are_a_packet_or_none() {
        let mut state = 1_u64;
        for length in 0..200 {
            let bytes: Vec<u8> = (0..length)
                .map(|_index| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    (state >> 61) as u8
                })
                .collect();
            if let Some(packet) = Packet::decode(&bytes) {
                assert_eq!(packet.encode(), bytes);
            }
        }
    }
}
