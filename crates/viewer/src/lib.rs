//! The supporter's engine: the queue as it is, and one session with a customer's machine.
//!
//! A window sends [`Command`]s, paints [`View`]s and shows a [`Picture`].
//! `engine` is the one loop that decides, `service` what it knows of the service desk,
//! `peer` talks to the customer's machine and decodes,
//! `recorder` is the thread that keeps what was seen, [`Replay`] the one that shows it again,
//! `standing` knows how this app stands in its organisation, [`office`] signs for it,
//! [`Library`] knows all recordings on this machine,
//! [`client`] is the short conversation that a command line has with the server.

#![forbid(unsafe_code)]

pub mod client;
mod engine;
mod library;
mod meter;
pub mod office;
mod peer;
mod picture;
mod recorder;
mod replay;
mod service;
mod standing;
mod view;
mod viewer;
mod ways;

pub use aldis_link::{BindError, DialError, Identity, IdentityError, SignalError};
pub use aldis_record as record;
pub use aldis_screen::Pointer;

pub use crate::library::{Export, Library, Shelved, Trouble};
pub use aldis_link::{Kind, Mapping, doctor, outlook};

pub use crate::meter::{Link, Tried};
pub use crate::picture::{Changed, Picture, PictureStats};
pub use crate::replay::{Playing, Replay, ReplayStage};
pub use crate::service::{News, Service, Wish};
pub use crate::standing::{Problem, Standing, Waiting};
pub use crate::view::{Desk, Over, RecordProblem, Recorded, Session, SessionStage, View};
pub use crate::viewer::{Command, Deed, Viewer};
