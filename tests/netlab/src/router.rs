//! A router: between the internet and the computers of a place, with a link of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;

use crate::addresses::{self, Block};
use crate::link::{End, Link};
use crate::nat::{self, Firewall, Nat, Plan};
use crate::net::Net;
use crate::ports::{self, PortGiver};
use crate::space::Space;

/// The hardware address of a router in the network behind it. Left to itself, a bridge takes another one when a computer
/// is plugged in, and the others do not find it until they have asked anew.
const LAN: &str = "02:00:00:00:00:01";

/// Packets that the kernel keeps for a link's thread that comes late.
const KERNEL_QUEUE: u32 = 8_192;

/// A router and its link to what is above it.
#[derive(Debug)]
pub struct Router {
    // Dropped first: its devices are in both networks.
    link: Link,
    space: Space,
    plan: Plan,
    above: Arc<Net>,
    /// The link's device in the network above.
    device: String,
    seed: u64,
    block: Mutex<Block>,
    next_place: AtomicU8,
}

/// The addresses of a computer, as `ip` wants them, and the ways out of its network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) addresses: Vec<IpAddr>,
    gateways: Vec<IpAddr>,
    lengths: Vec<u8>,
}

impl Lease {
    /// The lines of `ip` that give a device these addresses, or take them from it.
    pub(crate) fn lines(&self, verb: &str, device: &str) -> String {
        let mut lines = String::new();
        for (address, length) in self.addresses.iter().zip(&self.lengths) {
            let quick = if address.is_ipv6() && verb == "add" {
                " nodad"
            } else {
                ""
            };
            let one = format!("addr {verb} {address}/{length} dev {device}{quick}\n");
            lines.push_str(&one);
        }
        lines
    }

    /// The lines of `ip` for the ways out.
    pub(crate) fn ways(&self) -> String {
        let mut lines = String::new();
        for gateway in &self.gateways {
            let all = if gateway.is_ipv6() {
                "::/0"
            } else {
                "0.0.0.0/0"
            };
            let one = format!("route replace {all} via {gateway}\n");
            lines.push_str(&one);
        }
        lines
    }
}

impl Router {
    /// Makes one and plugs it in.
    pub(crate) fn new(name: &str, plan: Plan, above: &Arc<Net>) -> Result<Self> {
        let block = above.block()?;
        let device = format!("to{}", above.number());
        let seed = above.seed(above.number());
        let space = Space::new(&format!("{name}'s router"))?;
        let ends = [(&space, "wan"), (above.space(), device.as_str())];
        let ends = ends.map(|(space, device)| End {
            space,
            device: device.to_owned(),
        });
        let link = Link::new(&ends[0], &ends[1], seed)?;
        let router = Self {
            link,
            plan,
            above: Arc::clone(above),
            device,
            seed,
            block: Mutex::new(block),
            next_place: AtomicU8::new(1),
            space,
        };
        router.switch_on()?;
        Ok(router)
    }

    /// The way from here to what is above: its conditions, and what became of packets on it.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The IPv4 address that the network above sees.
    ///
    /// Computers behind [`Nat::Open`] have addresses of their own instead.
    pub fn address(&self) -> Ipv4Addr {
        self.block().wan()
    }

    /// What is let through from now on, running connections included.
    pub fn set_firewall(&self, firewall: &Firewall) -> Result<()> {
        self.space.nft(&nat::firewall_rules(firewall))
    }

    /// Makes the NAT forget everybody, as a router that was switched off and on: whoever sends next gets a new mapping,
    /// and until then nobody reaches him.
    pub fn forget_mappings(&self) -> Result<()> {
        if self.has_cones() {
            self.space.nft("flush map inet lab cone")?;
        }
        self.space.forget_mappings()
    }

    /// From now on computers behind it may ask it for ports, as long as what this gives is there.
    ///
    /// The error is [`Unavailable`](crate::Unavailable) where the program for it is not installed.
    pub fn give_ports(&self) -> Result<PortGiver> {
        PortGiver::start(&self.space)
    }

    /// The ports that it has given, a line each.
    pub fn given_ports(&self) -> Result<Vec<String>> {
        ports::given(&self.space)
    }

    /// How long the NAT remembers a UDP socket that is silent; the usual is 30 s, and 120 s after packets both ways.
    pub fn set_mapping_lifetime(&self, lifetime: Duration) -> Result<()> {
        let seconds = lifetime.as_secs().max(1).to_string();
        for key in [
            "nf_conntrack_udp_timeout",
            "nf_conntrack_udp_timeout_stream",
        ] {
            self.space.set(&format!("netfilter/{key}"), &seconds)?;
        }
        Ok(())
    }

    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Sends what is for these networks this way, in the network above.
    pub(crate) fn route_above(&self, verb: &str, to: &[String]) -> Result<()> {
        self.above.route(verb, to, &self.device)
    }

    /// A place in the network behind it that nobody has had.
    pub(crate) fn place(&self) -> u8 {
        self.next_place.fetch_add(1, Ordering::Relaxed)
    }

    /// The addresses of that place; place 0 is the router's own.
    pub(crate) fn lease(&self, place: u8) -> Lease {
        let block = self.block();
        let mut lease = Lease::default();
        let mut add = |address: IpAddr, gateway: IpAddr, length| {
            lease.addresses.push(address);
            lease.gateways.push(gateway);
            lease.lengths.push(length);
        };
        match self.plan.nat {
            None => {}
            Some(Nat::Open) => add(block.computer(place).into(), block.computer(0).into(), 28),
            Some(_) => add(addresses::home(place).into(), addresses::home(0).into(), 24),
        }
        if self.plan.ipv6.is_some() {
            add(block.computer6(place).into(), block.computer6(0).into(), 64);
        }
        lease
    }

    /// Gives it other public addresses; those of the computers behind it may have to follow.
    pub(crate) fn renumber(&self) -> Result<()> {
        let old = self.lease(0).lines("del", "lan");
        self.route_above("del", &self.networks())?;
        let wan = self.address();
        *self.lock() = self.above.block()?;
        let new = self.lease(0).lines("add", "lan");
        self.space.ip(&format!(
            "{old}{new}addr add {}/32 dev wan\naddr del {wan}/32 dev wan\n\
             route replace default dev wan src {}",
            self.address(),
            self.address(),
        ))?;
        self.route_above("add", &self.networks())?;
        self.forget_mappings()
    }

    fn switch_on(&self) -> Result<()> {
        let space = &self.space;
        space.set("ipv4/ip_forward", "1")?;
        let lan = self.lease(0).lines("add", "lan");
        let address = self.address();
        // A bridge takes up to a second to notice its first port; `keep` is always there, and before it.
        space
            .ip("link add keep type veth peer name keeper\nlink set keeper up\nlink set keep up")?;
        space.wait_running("keep")?;
        space.ip(&format!(
            "link add lan address {LAN} type bridge\nlink set keep master lan\nlink set lan up\n{lan}{}\
             addr add {address}/32 dev wan\nroute add default dev wan src {address}",
            switch_on("wan")
        ))?;
        if self.plan.ipv6.is_some() {
            space.set("ipv6/conf/all/forwarding", "1")?;
            space.ip("route add ::/0 dev wan")?;
        }
        space.nft(&nat::rules(self.plan))?;
        self.above.space().ip(&switch_on(&self.device))?;
        self.route_above("add", &self.networks())
    }

    /// What the network above must send here.
    fn networks(&self) -> Vec<String> {
        let block = self.block();
        let mut networks = vec![format!("{}/32", block.wan())];
        if self.plan.nat == Some(Nat::Open) {
            networks.push(block.lan());
        }
        if self.plan.ipv6.is_some() {
            networks.push(block.lan6());
        }
        networks
    }

    fn has_cones(&self) -> bool {
        matches!(self.plan.nat, Some(Nat::FullCone | Nat::AddressRestricted))
    }

    fn block(&self) -> Block {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Block> {
        self.block.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of `ip` that switch a link's device on, and nothing comes out of it that nobody sent: no search for routers
/// or groups, which would take chances that are others'.
fn switch_on(device: &str) -> String {
    format!(
        "link set {device} addrgenmode none\n\
         link set {device} txqueuelen {KERNEL_QUEUE} multicast off up\n"
    )
}
