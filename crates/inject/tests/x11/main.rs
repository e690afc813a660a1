//! Mouse and keyboard of a real X server, as real programs on it hear them.

#![cfg(target_os = "linux")]

mod pointer;
mod server;
mod typing;
