//! Everything that leaves a process: the messages, their bounds and their encoding.
//!
//! Three conversations exist.
//! [`signal`] is spoken between an app and the rendezvous server,
//! [`peer`] between the supporter's viewer and the customer's machine,
//! and [`input`] is the part of the latter that moves the customer's mouse and keyboard.
//! All of them travel as frames (see [`frame`]) over ordered QUIC streams.
//! [`relay`] has the few packets with which an app has the relay pass its QUIC packets on.
//!
//! **Invariant:** decoding is total.
//! Whatever bytes arrive, the answer is a message or a [`DecodeError`]: never a panic, and never an
//! allocation whose size only the peer chose.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]
#![deny(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation
)]

mod code;
pub mod frame;
pub mod input;
pub mod peer;
pub mod relay;
pub mod signal;

pub use crate::code::{Code, CodeError};
pub use crate::frame::{DecodeError, Message, decode, encode};

/// The version of every conversation in this crate; both sides must speak the same one.
pub const VERSION: u16 = 10;

/// A moment by the server's clock, in milliseconds since 1970-01-01 UTC.
pub type Millis = u64;

/// The SHA-256 of a public key, the identity of an app or a server.
pub type KeyHash = [u8; 32];

/// Names one remote session of a case; 16 random bytes chosen by the server.
pub type SessionId = [u8; 16];
