//! A place with a router: a home, an office, a hotel, a server's rack.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use anyhow::Result;

use crate::host::{Computer, Host};
use crate::link::Link;
use crate::nat::Plan;
use crate::net::Net;
use crate::router::Router;
use crate::runtime::Runtime;

/// A router with at least one computer behind it.
///
/// What is asked of the site itself concerns its first computer.
#[derive(Debug)]
pub struct Site {
    host: Host,
    yard: Arc<Yard>,
}

/// A router and the computers that are plugged into it.
#[derive(Debug)]
pub(crate) struct Yard {
    pub(crate) router: Router,
    computers: Mutex<Vec<Weak<Computer>>>,
}

impl Site {
    pub(crate) fn new(name: &str, plan: Plan, above: &Arc<Net>) -> Result<Self> {
        let yard = Arc::new(Yard {
            router: Router::new(name, plan, above)?,
            computers: Mutex::default(),
        });
        let host = Host::new(name, &yard)?;
        Ok(Self { host, yard })
    }

    /// One more computer in the same local network.
    pub fn add_host(&self, name: &str) -> Result<Host> {
        Host::new(name, &self.yard)
    }

    /// The first computer.
    pub fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn yard(&self) -> &Arc<Yard> {
        &self.yard
    }

    /// The router.
    pub fn router(&self) -> &Router {
        &self.yard.router
    }

    /// The router's way to the internet.
    pub fn link(&self) -> &Link {
        self.yard.router.link()
    }

    /// The provider gives the site other public addresses: the NAT forgets everybody, and computers with public
    /// addresses get others.
    pub fn renumber(&self) -> Result<()> {
        let computers: Vec<Arc<Computer>> = {
            let mut all = self.yard.lock();
            all.retain(|it| it.strong_count() > 0);
            all.iter().filter_map(Weak::upgrade).collect()
        };
        let old = computers.iter().map(|it| it.lease()).collect::<Vec<_>>();
        self.yard.router.renumber()?;
        for (computer, old) in computers.iter().zip(old) {
            computer.renumber(&old)?;
        }
        Ok(())
    }

    /// The IPv4 address that the internet sees: the router's, or the first computer's if it has a public one.
    pub fn public_address(&self) -> Ipv4Addr {
        let own = self.host.ipv4().filter(|it| !it.is_private());
        own.unwrap_or_else(|| self.yard.router.address())
    }

    /// The first computer's own address; IPv4 if it has one.
    pub fn address(&self) -> IpAddr {
        self.host.address()
    }

    /// A program on the first computer; see [`Host::command`].
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.host.command(program)
    }

    /// Runs this on the first computer; see [`Host::run`].
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        self.host.run(work)
    }

    /// A runtime whose sockets are the first computer's; see [`Host::runtime`].
    pub fn runtime(&self) -> Result<Runtime> {
        self.host.runtime()
    }
}

impl Yard {
    /// Notes a computer that is plugged in.
    pub(crate) fn add(&self, computer: &Arc<Computer>) {
        self.lock().push(Arc::downgrade(computer));
    }

    /// Forgets a computer that is unplugged.
    pub(crate) fn remove(&self, computer: &Arc<Computer>) {
        self.lock()
            .retain(|it| it.as_ptr() != Arc::as_ptr(computer));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Computer>>> {
        self.computers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
