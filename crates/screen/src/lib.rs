//! Pixels on their way: what changed, how it is coded, and what comes out at the other end.
//!
//! [`Frame`] and [`Region`] are what a screen source fills, [`encode`] turns them into coded
//! parts, [`decode`] turns those back into pixels.
//! Each stage is a type of its own, so that it can be measured and replaced alone.
//!
//! **Invariant:** no clock and no system here; the shells time the stages.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

pub mod decode;
pub mod encode;
mod frame;
mod live;
mod region;

pub use crate::frame::{Frame, FrameError, MAX_SIDE};
pub use crate::live::Live;
pub use crate::region::{Rect, Region};
