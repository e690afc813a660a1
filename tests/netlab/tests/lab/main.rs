//! The lab does what it says: NATs behave as they are named, links as they are asked to.
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

mod changes;
mod links;
mod nats;
mod programs;
mod quic;
mod sockets;
