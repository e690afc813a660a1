//! The stage on which the real programs are tried: real X servers, real windows, real keys.
//!
//! A [`Desk`] is one person's computer: an X server of its own ([`Display`]), a window manager, a session bus with
//! accessibility, and a private home folder.
//! Programs are started on it ([`Program`]), their widgets are found and pressed by accessible name ([`access`]), keys
//! and mouse come from [`hands`] and [`keys`], pixels are read back and compared as a [`Picture`], and a [`Watcher`]
//! notes what a program on that display would receive.
//! A [`Scene`] puts a server, a supporter's and a customer's desk together, so that a test reads as sentences.
//!
//! Everything here is plain Rust and needs no system library, so that `xtask` can use the same stage for the demo, the
//! measurements and the screenshots; the programs it starts (Xvfb, openbox, xdotool, …) are listed in `cargo xtask
//! setup`.
//!
//! Every wait has a deadline and names what it waited for.
#![expect(
    clippy::disallowed_methods,
    reason = "a test stage reads the real clock: every wait has a deadline"
)]

pub mod access;
pub mod binaries;
mod clipboard;
mod customer;
mod desk;
mod display;
pub mod gallery;
pub mod hands;
pub mod keys;
mod lamp;
mod monitors;
pub mod network;
pub mod office;
pub mod paint;
mod picture;
mod program;
mod scene;
mod server;
mod supporter;
mod sway;
pub mod wait;
mod watcher;
mod xterm;

pub use access::{Wanted, containing, named, starting};
pub use binaries::Binaries;
pub use customer::Customer;
pub use desk::{Desk, DeskOptions};
pub use display::Display;
pub use lamp::Lamp;
pub use picture::{Picture, Rect};
pub use program::{Finished, Program};
pub use scene::{PASSWORD, SUPPORTER, Scene, SceneOptions};
pub use server::Server;
pub use supporter::{Supporter, Viewer};
pub use sway::{Sway, SwayOptions};
pub use watcher::{Seen, Watcher};
pub use xterm::XtermFile;
