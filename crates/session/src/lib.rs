//! One support session: who may do what on the customer's machine, and for how long.
//!
//! [`chat`] is what both apps keep of a case's chat,
//! [`control`] holds the authority over mouse and keyboard,
//! [`host`] the customer's side of a session as a state machine,
//! [`typing`] turns what a supporter's window hears into input that travels.
//!
//! **Invariant:** nothing here reads a clock or touches the system; `now` is a parameter.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

pub mod chat;
mod control;
pub mod held;
pub mod host;
pub mod typing;

pub use crate::control::{Authority, ControlToken};
