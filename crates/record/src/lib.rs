//! Recordings: what a supporter saw, in a file that replays, seeks and becomes a film.
//!
//! A recording is written while the session runs and survives the writer's sudden end: it is a
//! row of checked chunks ([`entry`]), of which only the last may be torn.
//! [`tape`] writes it, with an encoder of its own that begins anew every so often, so that a
//! [`player`] can start there; [`reader`] is the file seen from the other end.
//! [`shelf`] is the folder with all of them, and [`film`] makes a video file of one.
//!
//! **Invariant:** a recording may come from a stranger: every length in it is bounded before
//! memory is taken, and it is decoded by the same decoder as a hostile customer's screen.

#![forbid(unsafe_code)]

pub mod entry;
pub mod film;
pub mod player;
pub mod reader;
pub mod shelf;
pub mod tape;
mod yuv;

pub use crate::entry::Head;
pub use crate::film::FilmError;
pub use crate::player::Player;
pub use crate::reader::{OpenError, Reader};
pub use crate::shelf::{Full, Listed, Shelf};
pub use crate::tape::{Tape, TapeError};
