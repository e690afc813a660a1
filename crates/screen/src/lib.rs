//! Pixels on their way: what changed, how it is coded, and what comes out at the other end.
//!
//! [`Frame`] and [`Region`] are what a screen source fills, [`encode`] turns them into coded
//! parts, [`decode`] turns those back into pixels.
//! A frame passes these stages, each of which can be measured and replaced alone:
//!
//! 1. [`diff`] finds boxes around what differs from the mirror of the viewer's picture.
//! 2. [`cache`] knows what was there some time ago: a window, a menu's background, a slide.
//! 3. [`moves`] finds what was elsewhere before: a scrolled page, a dragged window.
//! 4. [`classes`] tells photographs from text and surfaces.
//! 5. [`lines`] cuts text into lines, and [`stream`] packs them with everything that was sent before as its history;
//!    [`unzstd`] unpacks that.
//! 6. [`photo`] sends photographs and films lossy, [`haze`] remembers where, and once [`rest`]
//!    says that they are quiet, [`exact`] sends the very pixels.
//!
//! [`pace`] says when the next update may go.
//!
//! **Invariant:** no clock and no system here; time is a parameter, and the shells time the stages.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod cache;
mod classes;
pub mod decode;
mod diff;
pub mod encode;
mod exact;
mod frame;
mod hash;
mod haze;
mod helpers;
mod lines;
mod live;
mod moves;
pub mod pace;
mod photo;
mod pointer;
mod quality;
mod region;
mod rest;
mod settings;
mod stream;
mod unzstd;
mod wide;

pub use crate::frame::{Frame, FrameError, MAX_SIDE};
pub use crate::helpers::{Helpers, Work};
pub use crate::live::Live;
pub use crate::pointer::Pointer;
pub use crate::region::{Rect, Region};
pub use crate::settings::{Detail, Settings};
