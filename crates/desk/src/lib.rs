//! The rules of the service desk.
//!
//! A [`Case`] is a record of facts. [`decide`] takes a [`Snapshot`] of what a [`Command`] rests on,
//! and the time, and answers with a [`Decision`] or with the reason why not.
//! [`carry_out`] does that on anything that keeps [`Records`], in one transaction.
//! Rights are checked in `decide` and nowhere else; [`Supporter::sees`] says who sees what.
//! Every status that is shown is derived from the facts by [`Case::status`], so none can disagree.
//!
//! **Invariant:** no clock, no randomness and no storage here; `now` and codes are parameters.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

pub mod assign;
mod case;
pub mod channel;
mod decide;
pub mod history;
mod people;
pub mod queue;
mod records;
pub mod text;

pub use crate::case::{Case, Session};
pub use crate::decide::{Command, Decision, MAX_SESSIONS, Snapshot, decide};
pub use crate::people::Supporter;
pub use crate::records::{Done, Records, carry_out};
