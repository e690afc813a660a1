//! Mouse and keyboard of a real X server, as real programs on it hear them.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the helpers of a test are test code and have deadlines"
)]

mod pointer;
mod server;
mod typing;
