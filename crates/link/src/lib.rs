//! QUIC connections: to the rendezvous server and between peers, all from one UDP socket.
//!
//! A [`Node`] owns the socket. A connection it returns is authenticated by TLS 1.3: the other
//! end holds exactly the key that the caller named. [`FrameSender`] and [`FrameReceiver`] carry
//! `wire`'s messages over its streams; [`Signal`] is an app's conversation with the server.
//!
//! **Invariant:** no plaintext, no resumption, no 0-RTT and no "continue anyway" exist here.

#![forbid(unsafe_code)]

mod bond;
mod congestion;
pub mod contact;
pub mod doctor;
mod frames;
mod identity;
mod lane;
mod mapping;
mod node;
mod pulse;
mod reach;
mod relay;
mod reset;
mod signal;
mod socket;
mod tunnel;

pub use quinn::{Connection, ConnectionError, Incoming, RecvStream, VarInt};

pub use aldis_path::candidates;
pub use aldis_path::choice::{Health, Kind, choose};
pub use aldis_path::lane::Keep;
pub use aldis_path::outlook;

pub use crate::bond::{Bond, digits_secret};
pub use crate::frames::{
    FrameReceiver, FrameSender, RecvError, SendError, read_number, write_number,
};
pub use crate::identity::{Identity, IdentityError};
pub use crate::lane::{InLane, OutLane};
pub use crate::mapping::{Mapping, RouterPort};
pub use crate::node::{BindError, DialError, Node, Protocol, peer_key};
pub use crate::pulse::{Pulse, rtt};
pub use crate::reach::Place;
pub use crate::relay::{Relay, RelayKey};
pub use crate::signal::{Signal, SignalError};
pub use crate::tunnel::{Door, Guests};

/// The error codes with which we close a connection.
pub mod close {
    use quinn::VarInt;

    /// All is said.
    pub const DONE: VarInt = VarInt::from_u32(0);
    /// The peer sent what no honest peer sends.
    pub const MALFORMED: VarInt = VarInt::from_u32(1);
    /// The peer asked for what it may not have.
    pub const REFUSED: VarInt = VarInt::from_u32(2);
    /// The session goes on over another connection.
    pub const UNUSED: VarInt = VarInt::from_u32(4);
    /// Too many connections at once.
    pub const FULL: VarInt = VarInt::from_u32(3);
}
