//! A computer in a lab.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::panic;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};

use crate::router::Lease;
use crate::runtime::Runtime;
use crate::site::{Site, Yard};
use crate::space::Space;
use crate::sys;

/// The computer's network device.
const DEVICE: &str = "eth0";

/// A computer behind some router. Copies are the same computer.
#[derive(Clone, Debug)]
pub struct Host(Arc<Computer>);

#[derive(Debug)]
pub(crate) struct Computer {
    space: Arc<Space>,
    plug: Mutex<Plug>,
}

/// Into which router it is plugged, and as which of its computers.
#[derive(Clone, Debug)]
struct Plug {
    yard: Arc<Yard>,
    place: u8,
}

impl Host {
    pub(crate) fn new(name: &str, yard: &Arc<Yard>) -> Result<Self> {
        let space = Arc::new(Space::new(name)?);
        let plug = Plug::new(yard);
        plug.insert(&space)?;
        let host = Self(Arc::new(Computer {
            space,
            plug: Mutex::new(plug),
        }));
        yard.add(&host.0);
        Ok(host)
    }

    /// Moves it to another site, as a laptop that is carried there: programs run on, their sockets stay, and all its
    /// addresses are other ones.
    pub fn move_to(&self, site: &Site) -> Result<()> {
        let mut plug = self.0.lock();
        self.0.space.ip(&format!("link del {DEVICE}"))?;
        plug.yard.remove(&self.0);
        *plug = Plug::new(site.yard());
        plug.insert(&self.0.space)?;
        plug.yard.add(&self.0);
        Ok(())
    }

    /// Its own address; IPv4 if it has one.
    pub fn address(&self) -> IpAddr {
        let addresses = self.0.lease().addresses;
        let any = Ipv4Addr::UNSPECIFIED.into();
        addresses.first().copied().unwrap_or(any)
    }

    /// Its own IPv4 address.
    pub fn ipv4(&self) -> Option<Ipv4Addr> {
        let addresses = self.0.lease().addresses;
        addresses.into_iter().find_map(|it| match it {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
    }

    /// Its own IPv6 address.
    pub fn ipv6(&self) -> Option<Ipv6Addr> {
        let addresses = self.0.lease().addresses;
        addresses.into_iter().find_map(|it| match it {
            IpAddr::V6(address) => Some(address),
            IpAddr::V4(_) => None,
        })
    }

    /// The number of a thread that lives on it: `/proc/ID/ns/net` is its network.
    pub fn id(&self) -> u32 {
        self.0.space.id()
    }

    /// A program that will run on it.
    ///
    /// It is killed when the thread that starts it ends, so that a test which is killed leaves nothing; start it from a
    /// thread that outlives it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "nsenter"]);
        command.arg(format!("--net=/proc/{}/ns/net", self.id()));
        command.arg("--").arg(program);
        command
    }

    /// Runs this on a thread that is on it: sockets that are made there are its sockets, for good.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        inside(&self.0.space, work)
    }

    /// A runtime all of whose threads are on it.
    pub fn runtime(&self) -> Result<Runtime> {
        Runtime::new(Arc::clone(&self.0.space))
    }
}

impl Computer {
    /// Its addresses.
    pub(crate) fn lease(&self) -> Lease {
        let plug = self.lock();
        plug.yard.router.lease(plug.place)
    }

    /// Has the addresses that its router now gives it, instead of these.
    pub(crate) fn renumber(&self, old: &Lease) -> Result<()> {
        let new = self.lease();
        if new == *old {
            return Ok(());
        }
        let (old, new) = (
            old.lines("del", DEVICE),
            new.lines("add", DEVICE) + &new.ways(),
        );
        self.space.ip(&(old + &new))
    }

    fn lock(&self) -> MutexGuard<'_, Plug> {
        self.plug.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plug {
    fn new(yard: &Arc<Yard>) -> Self {
        Self {
            yard: Arc::clone(yard),
            place: yard.router.place(),
        }
    }

    /// Lays the cable from the router to this computer.
    fn insert(&self, computer: &Space) -> Result<()> {
        let router = &self.yard.router;
        let lease = router.lease(self.place);
        let far = format!("port{}", self.place);
        let addresses = lease.lines("add", DEVICE);
        let ways = lease.ways();
        let there = router.space();
        computer.ip(&format!(
            "link add {DEVICE} type veth peer name {far} netns {}",
            there.id()
        ))?;
        there.ip(&format!("link set {far} master lan up"))?;
        computer.ip(&format!("{addresses}link set {DEVICE} up\n{ways}"))?;
        computer.wait_running(DEVICE)?;
        there.wait_running(&far)?;
        // The kernel answers only when it is through with what it does about a device that came up.
        there.ip(&format!("link set {far} up"))
    }
}

/// Runs this on a thread in that network.
pub(crate) fn inside<T: Send>(space: &Space, work: impl FnOnce() -> T + Send) -> Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("inside".to_owned())
            .spawn_scoped(scope, || sys::enter(space.file()).map(|()| work()))?;
        match thread.join() {
            Ok(done) => done.context("entering a network"),
            Err(panic) => panic::resume_unwind(panic),
        }
    })
}
