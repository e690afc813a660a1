//! The customer's engine with a real server, a real supporter's side and a real X server.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test are test code"
)]

mod customer;
mod desktop;
mod distrust;
mod door;
mod hostile;
mod rogue;
mod stage;
mod supporter;
mod tap;
mod together;
mod whole_way;
mod window;
