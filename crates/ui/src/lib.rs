//! What both windows share: their looks, their words and their widgets.
//!
//! [`theme`] has the design tokens, [`icon`] draws the program's icon, [`text`] the three languages, [`widgets`] what is drawn with
//! them. Colours are named nowhere else, and no sentence that a person reads stands in the code.

#![forbid(unsafe_code)]

pub mod avatar;
pub mod chat;
mod fonts;
pub mod icon;
pub mod text;
pub mod theme;
pub mod time;
pub mod widgets;

pub use crate::text::{Language, Texts};
pub use crate::theme::Appearance;
