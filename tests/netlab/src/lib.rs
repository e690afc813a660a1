//! Real networks within this machine, into which tests and benches put programs: routers with the kernel's NAT, and
//! links that are as slow, long and lossy as wanted.
//!
//! A [`Lab`] is an internet of its own; [`Lab::public`] puts a server on it, and [`Lab::site`] a router of a given
//! [`Nat`] with a computer behind it, reached over a [`Link`] whose [`Conditions`] can change while packets are on it.
//! A test runs programs on a computer ([`Host::command`]), or itself ([`Host::run`], [`Host::runtime`]), and may cut the
//! link, put up a [`Firewall`], give the site another address, make the NAT forget, or carry the computer elsewhere.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use aldis_netlab::{Conditions, Lab, Loss, Nat};
//!
//! # fn main() -> anyhow::Result<()> {
//! let lab = Lab::new()?;
//! let server = lab.public("server")?;
//! let home = lab.site("home", Nat::PortRestricted)?;
//! home.link().set(Conditions {
//!     delay: Duration::from_millis(50),
//!     loss: Loss::random(0.05),
//!     rate: Some(6_000_000),
//!     ..Conditions::default()
//! });
//! let mut program = server.command("aldis-server").arg("run").spawn()?;
//! home.runtime()?.block_on(async { /* sockets made here are the home's */ });
//! # program.kill()?;
//! # Ok(())
//! # }
//! ```
//!
//! It needs Linux, `ip`, `nft` and root, of the machine or of a user namespace (`unshare -Ur`).
//! Everything is gone when it is dropped, and when the process ends, however it ends.
#![expect(clippy::disallowed_methods, reason = "packets travel in real time")]

mod addresses;
mod host;
mod lab;
mod link;
mod nat;
mod net;
mod ports;
mod router;
mod runtime;
mod site;
mod space;
mod sys;

pub use host::Host;
pub use lab::{Carrier, Lab, Unavailable};
pub use link::{Conditions, Direction, Link, Loss, Queue, Reorder, Tally};
pub use nat::{Firewall, Ipv6, Nat, Plan};
pub use ports::PortGiver;
pub use router::Router;
pub use runtime::{Frozen, Runtime};
pub use site::Site;
