//! The ways between two peers, as far as they can be thought about without a socket.
//!
//! [`lane`] keeps what was said until the other side has it, so that a conversation outlives the
//! connection that carries it. [`candidates`] says which addresses may be offered and tried,
//! [`choice`] which of several connections is used, [`flow`] how much may be under way on one, [`relay`]
//! who may reach whom through the relay, and [`outlook`] what a network lets one expect.

#![forbid(unsafe_code)]

pub mod candidates;
pub mod choice;
pub mod flow;
pub mod lane;
pub mod outlook;
pub mod relay;
