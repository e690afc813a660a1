//! The rules of the service desk.
//!
//! A [`Case`] is a record of facts. [`decide`] takes the case as it is, a [`Command`] and the
//! time, and answers with the [`Change`]s to it or with the reason why not;
//! whoever keeps cases applies the changes in one transaction.
//! Every status that is shown is derived from the facts by [`Case::status`], so none can disagree.
//!
//! **Invariant:** no clock, no randomness and no storage here; `now` and codes are parameters.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod case;
mod decide;
mod seats;

pub use crate::case::{Case, Change, Session};
pub use crate::decide::{Command, EXPIRY, MAX_SESSIONS, decide};
