//! The customer's engine: it joins a case, asks the person, shares the screen and moves the mouse.
//!
//! A window sends [`Command`]s and paints [`View`]s; everything else happens here.
//! `engine` is the one loop that decides and `party` what runs for each connected supporter:
//! `peer` talks to his viewer and `screen` is the thread that watches the screen for him.
//! `anchors` knows which organisations' supporters are believed.
//! `hands` is the one thread that moves mouse and keyboard, for whoever controls.
//!
//! **Invariant:** input is injected only with a live token of `session`'s authority, which the
//! hot key revokes from its own thread.

#![forbid(unsafe_code)]

mod anchors;
mod clock;
mod engine;
mod hands;
mod host;
mod party;
mod peer;
mod screen;
mod view;
mod ways;

pub use aldis_session::chat::Chat;
pub use aldis_session::host::{About, Choice, TRIES};
pub use aldis_trust::digits::DIGITS;
pub use aldis_trust::{Known, SignerKey};

pub use crate::host::{Command, Host, StartError};
pub use crate::view::{Notice, Person, Stage, View};
