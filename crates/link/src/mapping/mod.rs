//! A port of the router that leads to a node's socket, which the router is asked for (UPnP).
//!
//! Where a router gives every connection another port, nobody can find its computers by what
//! others see of them; a port that it was asked for is found by everybody. It is asked in the
//! background and nothing waits for it. What it gives is a lease of an hour, which is renewed as
//! long as the app runs and given back when it ends.
//!
//! Anybody in the network may answer as a router would. Only who is in one of the machine's own
//! private networks is heard ([`search`]), he is asked at the very address from which he answered,
//! and an address that he gives is used only if it is a public one.

mod search;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use aldis_path::candidates::is_public;
use igd_next::aio::Gateway;
use igd_next::aio::tokio::Tokio;
use igd_next::{AddAnyPortError, AddPortError, PortMappingProtocol};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::node::Node;
use crate::reach::Place;

/// How long a router is looked for.
const SEARCH: Duration = Duration::from_secs(3);

/// How long the one that was found may take to give a port.
const GIVE: Duration = Duration::from_secs(3);

/// How long giving the port back may take; the app waits for it when it ends.
const GIVE_BACK: Duration = Duration::from_secs(1);

/// Seconds for which a port is asked.
const LEASE: u32 = 3600;

/// After that long it is asked for once more, and a router that gave none as well.
const AGAIN: Duration = Duration::from_secs(LEASE as u64 / 2);

/// What a person reads in the list of ports that his router has given away.
const PURPOSE: &str = "Aldis";

/// What came of asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mapping {
    /// Nobody was asked.
    #[default]
    Unasked,
    /// Nobody has answered yet.
    Asked,
    /// Nobody answers who gives ports, or this machine is in no private network.
    NoRouter,
    /// The router gives no port.
    Refused,
    /// The router itself has no public address, so that a port of its leads nowhere.
    Hidden,
    /// The socket is found here.
    At(SocketAddr),
}

impl Mapping {
    /// Where the socket is found, if there.
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::At(address) => Some(address),
            Self::Unasked | Self::Asked | Self::NoRouter | Self::Refused | Self::Hidden => None,
        }
    }
}

/// A port that the router is asked for, and asked to keep, as long as this is there.
///
/// Dropped without [`RouterPort::close`], the port is the router's again when its lease is over.
#[derive(Debug)]
pub struct RouterPort {
    state: watch::Receiver<Mapping>,
    wish: watch::Sender<Wish>,
    keeper: JoinSet<()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Keep,
    GiveBack,
}

/// A port that was given.
struct Held {
    gateway: Gateway<Tokio>,
    external: u16,
    at: SocketAddr,
}

impl RouterPort {
    /// Asks for a port for this node's socket.
    ///
    /// Must be called inside a tokio runtime.
    pub fn ask(node: &Node) -> Self {
        let (told, state) = watch::channel(Mapping::Asked);
        let (wish, wished) = watch::channel(Wish::Keep);
        let mut keeper = JoinSet::new();
        if let Ok(local) = node.local_addr() {
            keeper.spawn(keep(local.port(), told, wished));
        }
        Self {
            state,
            wish,
            keeper,
        }
    }

    /// What came of it so far.
    pub fn now(port: Option<&Self>) -> Mapping {
        port.map_or(Mapping::Unasked, |port| *port.state.borrow())
    }

    /// Asks anew: the network may be another one.
    pub fn ask_again(&self) {
        self.wish.send_replace(Wish::Keep);
    }

    /// Comes back when something else has come of it, which it never does of what was not asked;
    /// may be dropped at any point.
    pub async fn changed(port: &mut Option<Self>) -> Mapping {
        if let Some(port) = port
            && port.state.changed().await.is_ok()
        {
            return *port.state.borrow_and_update();
        }
        std::future::pending().await
    }

    /// Asks unless it was asked already, in which case it is asked anew. No router is between this
    /// machine and a server on the loopback, so none is asked for its sake.
    pub fn ask_for(port: &mut Option<Self>, node: &Node, server: &Place) {
        match port {
            Some(port) => port.ask_again(),
            None if server.address.is_some_and(|ip| ip.is_loopback()) => {}
            None => *port = Some(Self::ask(node)),
        }
    }

    /// Gives the port back, which takes at most a second.
    pub async fn close(mut self) {
        self.wish.send_replace(Wish::GiveBack);
        drop(timeout(GIVE_BACK, self.keeper.join_next()).await);
    }
}

/// Asks, and asks again, until the port is to be given back.
async fn keep(port: u16, told: watch::Sender<Mapping>, mut wish: watch::Receiver<Wish>) {
    let mut held = None;
    loop {
        let asked = tokio::select! {
            asked = ask(port, held.as_ref()) => asked,
            () = given_back(&mut wish) => break,
        };
        let mapping = match &asked {
            Ok(held) => Mapping::At(held.at),
            Err(why) => *why,
        };
        // Who held one and answers no more is another network's router by now.
        held = asked.ok();
        tracing::debug!(given = held.is_some(), "the router was asked for a port");
        told.send_if_modified(|known| std::mem::replace(known, mapping) != mapping);
        tokio::select! {
            () = sleep(AGAIN) => {}
            wished = wish.changed() => if wished.is_err() || *wish.borrow() == Wish::GiveBack {
                break;
            },
        }
    }
    if let Some(Held {
        gateway, external, ..
    }) = held
    {
        let given_back = gateway.remove_port(PortMappingProtocol::UDP, external);
        drop(timeout(GIVE_BACK, given_back).await);
    }
}

/// Ready when nobody wants the port any more.
async fn given_back(wish: &mut watch::Receiver<Wish>) {
    drop(wish.wait_for(|wish| *wish == Wish::GiveBack).await);
}

/// Asks the router that gave one before, or else whichever is found.
async fn ask(port: u16, before: Option<&Held>) -> Result<Held, Mapping> {
    if let Some(before) = before {
        let again = give(before.gateway.clone(), before.external, port);
        if let Ok(Ok(held)) = timeout(GIVE, again).await {
            return Ok(held);
        }
    }
    let found = timeout(SEARCH, search::router()).await;
    let gateway = found.ok().flatten().ok_or(Mapping::NoRouter)?;
    let given = timeout(GIVE, give(gateway, port, port)).await;
    given.unwrap_or(Err(Mapping::Refused))
}

/// Has the router give a port that leads to ours: the wished one, or else any.
async fn give(gateway: Gateway<Tokio>, wished: u16, port: u16) -> Result<Held, Mapping> {
    let own = search::own_address(gateway.addr.ip()).ok_or(Mapping::NoRouter)?;
    let public = match gateway.get_external_ip().await {
        Ok(IpAddr::V4(ip)) if is_public(ip.into()) => ip,
        Ok(_) => return Err(Mapping::Hidden),
        Err(_) => return Err(Mapping::Refused),
    };
    let external = lease(&gateway, wished, SocketAddrV4::new(own, port)).await;
    let external = external.filter(|port| *port != 0);
    let external = external.ok_or(Mapping::Refused)?;
    Ok(Held {
        gateway,
        external,
        at: (public, external).into(),
    })
}

async fn lease(gateway: &Gateway<Tokio>, wished: u16, to: SocketAddrV4) -> Option<u16> {
    const UDP: PortMappingProtocol = PortMappingProtocol::UDP;
    let to = SocketAddr::V4(to);
    match gateway.add_port(UDP, wished, to, LEASE, PURPOSE).await {
        Ok(()) => Some(wished),
        // Some routers know no end of what they give; then only giving it back is one.
        Err(AddPortError::OnlyPermanentLeasesSupported) => {
            let given = gateway.add_port(UDP, wished, to, 0, PURPOSE).await;
            given.ok().map(|()| wished)
        }
        Err(AddPortError::PortInUse | AddPortError::RequestError(_)) => {
            match gateway.add_any_port(UDP, to, LEASE, PURPOSE).await {
                Err(AddAnyPortError::OnlyPermanentLeasesSupported) => {
                    gateway.add_any_port(UDP, to, 0, PURPOSE).await.ok()
                }
                given => given.ok(),
            }
        }
        Err(_) => None,
    }
}

/// A private network that this machine is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    own: Ipv4Addr,
    mask: u32,
}

impl Network {
    /// Whether somebody is in it who is not this machine.
    fn holds(self, other: Ipv4Addr) -> bool {
        let part = |ip: Ipv4Addr| u32::from(ip) & self.mask;
        part(other) == part(self.own) && other != self.own
    }
}
