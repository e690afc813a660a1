//! The customer's engine: it joins a case, asks the person, shares the screen and moves the mouse.
//!
//! A window sends [`Command`]s and paints [`View`]s; everything else happens here.
//! `engine` is the one loop that decides, `peer` talks to the supporter, `screen` and `hands` are the two threads that block on the
//! operating system.
//!
//! **Invariant:** input is injected only with a live token of `session`'s authority, which the
//! hot key revokes from its own thread.

#![forbid(unsafe_code)]

mod clock;
mod engine;
mod hands;
mod peer;
mod screen;
mod view;

pub use aldis_session::host::Choice;

pub use crate::engine::{Command, Host, StartError};
pub use crate::view::{Notice, Stage, View};
