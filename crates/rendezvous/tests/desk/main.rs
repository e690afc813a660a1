//! The server as apps meet it: real sockets, a real database, and nothing in between.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test are test code"
)]

mod assigning;
mod cases;
mod chatting;
mod desk_life;
mod hostile;
mod office;
mod sessions;
mod sign_in;
