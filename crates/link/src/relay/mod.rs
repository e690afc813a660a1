//! The relay: passes sealed packets between two apps that cannot reach each other.
//!
//! [`Relay`] is the server's part, on a UDP port of its own. [`RelaySocket`] is an app's: quinn
//! takes it for a socket whose only other end is the relay. Packets are forwarded as they are, so
//! that what is inside stays between the two sides, and nothing is passed on to an address that has
//! not shown that it hears us, so that nobody can aim the relay at somebody else.

mod server;
mod socket;

pub use server::{Relay, RelayKey};
pub(crate) use socket::{NOWHERE, RelaySocket};
