//! The supporter's engine: the queue as it is, and one session with a customer's machine.
//!
//! A window sends [`Command`]s, paints [`View`]s and shows a [`Picture`].
//! `engine` is the one loop that decides, `service` what it knows of the service desk,
//! `peer` talks to the customer's machine and decodes,
//! [`client`] is the short conversation that a command line has with the server.

#![forbid(unsafe_code)]

pub mod client;
mod engine;
mod peer;
mod picture;
mod service;
mod view;
mod viewer;

pub use aldis_link::{BindError, DialError, Identity, IdentityError, SignalError};

pub use crate::peer::Link;
pub use crate::picture::{Changed, Picture, PictureStats, Pointer};
pub use crate::service::{News, Service, Wish};
pub use crate::view::{Desk, Over, Session, SessionStage, View};
pub use crate::viewer::{Command, Viewer};
