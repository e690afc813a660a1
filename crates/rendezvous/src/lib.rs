//! The rendezvous server's engine: it introduces supporters and customers, and keeps the cases.
//!
//! [`Server`] owns the socket and the runtime's tasks, [`accounts`] the passwords.
//! `hub` knows who is connected now, `connection` talks to one app, `throttle` slows down guessing,
//! `owed` keeps for later what a full disk had no room for.
//!
//! **Invariant:** the server never sees a session's pixels, keys or texts; it forwards addresses
//! and key hashes, and the two sides do the rest between themselves.

#![forbid(unsafe_code)]

pub mod accounts;
pub mod backup;
mod clock;
mod clockwork;
mod connection;
mod hub;
pub mod organisation;
mod owed;
mod random;
mod server;
mod throttle;

pub use aldis_link::BindError;

pub use crate::server::{Server, StartError};
