//! Pixels on their way: what changed, how it is coded, and what comes out at the other end.
//!
//! [`Frame`] and [`Region`] are what a screen source fills, [`encode`] turns them into coded
//! parts, [`decode`] turns those back into pixels.
//! A frame passes these stages, each of which can be measured and replaced alone:
//!
//! 1. [`diff`] finds boxes around what differs from the mirror of the viewer's picture.
//! 2. [`moves`] finds what was elsewhere before: a scrolled page, a dragged window.
//! 3. [`stream`] packs the rest, with everything that was sent before as its history;
//!    [`unzstd`] unpacks it.
//!
//! **Invariant:** no clock and no system here; time is a parameter, and the shells time the stages.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

pub mod decode;
mod diff;
pub mod encode;
mod frame;
mod moves;
mod region;
mod stream;
mod unzstd;

pub use crate::frame::{Frame, FrameError, MAX_SIDE};
pub use crate::region::{Rect, Region};
