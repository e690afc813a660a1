//! What routers are plugged into: the internet, or a carrier's network.

use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context as _, Result};

use crate::addresses::Block;
use crate::router::Router;
use crate::space::Space;

/// A network of routers.
#[derive(Debug)]
pub(crate) struct Net {
    ground: Ground,
    /// Numbers of blocks and of devices.
    next: AtomicU16,
    seed: u64,
}

#[derive(Debug)]
enum Ground {
    Internet(Box<Space>),
    Carrier(Box<Router>),
}

impl Net {
    pub(crate) fn internet(space: Space, seed: u64) -> Self {
        Self {
            ground: Ground::Internet(Box::new(space)),
            next: AtomicU16::new(1),
            seed,
        }
    }

    pub(crate) fn behind(router: Router) -> Self {
        Self {
            // The links of a carrier's sites have other chances than its own.
            seed: router.seed().wrapping_add(1 << 32),
            ground: Ground::Carrier(Box::new(router)),
            next: AtomicU16::new(1),
        }
    }

    pub(crate) fn space(&self) -> &Space {
        match &self.ground {
            Ground::Internet(space) => space,
            Ground::Carrier(router) => router.space(),
        }
    }

    /// The carrier's router, if this is its network.
    pub(crate) fn router(&self) -> Option<&Router> {
        match &self.ground {
            Ground::Internet(_) => None,
            Ground::Carrier(router) => Some(router),
        }
    }

    /// A number that nothing else here has.
    pub(crate) fn number(&self) -> u16 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Addresses that nobody else has.
    pub(crate) fn block(&self) -> Result<Block> {
        let is_carriers = self.router().is_some();
        Block::new(self.number(), is_carriers).context("no addresses are left")
    }

    /// What decides the chances of the link with this number.
    pub(crate) fn seed(&self, number: u16) -> u64 {
        self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(number)
    }

    /// Sends what is for these networks, as in routes, to this device; `verb` is `add` or `del`.
    pub(crate) fn route(&self, verb: &str, to: &[String], device: &str) -> Result<()> {
        let lines: Vec<String> = to
            .iter()
            .map(|to| format!("route {verb} {to} dev {device}"))
            .collect();
        self.space().ip(&lines.join("\n"))?;
        // IPv6 has no NAT: whoever is above the carrier must know the way as well.
        let public: Vec<String> = to.iter().filter(|it| it.contains(':')).cloned().collect();
        match self.router() {
            Some(router) if !public.is_empty() => router.route_above(verb, &public),
            Some(_) | None => Ok(()),
        }
    }
}
