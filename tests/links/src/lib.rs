//! Whole sessions over real networks: the server, a customer's and a supporter's engine, each on a
//! computer of its own in a [`Lab`](aldis_netlab::Lab), and a customer's screen to see.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured here is how long things take"
)]

mod customer;
mod echo;
mod office;
mod scene;
mod screen;
mod supporter;
mod wait;

pub use customer::Customer;
pub use echo::{Echo, Film, Ticker};
pub use office::{Office, PASSWORD, SUPPORTER};
pub use scene::{BLUE, GREEN, RED, Scene, play, play_with, shows, shows_at};
pub use screen::{Painter, SCREEN, Xvfb};
pub use supporter::Supporter;
pub use wait::{PATIENCE, soon};
