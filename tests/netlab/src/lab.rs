//! An internet of its own, and who is on it.

use std::env;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Error, Result};

use crate::nat::{self, Nat, Plan};
use crate::net::Net;
use crate::router::Router;
use crate::site::Site;
use crate::space::{Space, tool};
use crate::sys::{self, Tun};

/// What starts a program again in a user namespace; set for the second start, so that there is no third.
const AGAIN: &str = "ALDIS_NETLAB_AGAIN";

/// Why networks cannot be made here.
#[derive(Debug, thiserror::Error)]
#[error("networks within this machine cannot be made: {0}")]
pub struct Unavailable(String);

impl Unavailable {
    pub(crate) fn new(why: String) -> Self {
        Self(why)
    }
}

/// An internet within this machine, without a way out of it.
///
/// It is gone when it and everything made by it is dropped, or when this process ends, however it ends.
#[derive(Debug)]
pub struct Lab {
    net: Arc<Net>,
}

impl Lab {
    /// Makes one. The error is [`Unavailable`] where this machine or the rights of this process do not allow it.
    pub fn new() -> Result<Self> {
        Self::with_seed(0)
    }

    /// Makes one whose links take their chances from this seed.
    pub fn with_seed(seed: u64) -> Result<Self> {
        if let Some(why) = sys::refusal() {
            return Err(Unavailable(why).into());
        }
        for (program, package, word) in [
            ("ip", "iproute2", "-V"),
            ("nft", "nftables", "-v"),
            ("nsenter", "util-linux", "-V"),
        ] {
            let mut command = tool(program);
            command
                .arg(word)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            if command.status().is_err() {
                return Err(
                    Unavailable(format!("the program {program} ({package}) is missing")).into(),
                );
            }
        }
        let refused = |error: Error| Error::from(Unavailable(format!("{error:#}")));
        let space = Space::new("internet").map_err(refused)?;
        try_out(&space).map_err(refused)?;
        space.set("ipv4/ip_forward", "1")?;
        drop(space.set("ipv6/conf/all/forwarding", "1"));
        Ok(Self {
            net: Arc::new(Net::internet(space, seed)),
        })
    }

    /// Makes one for a test, or says why the test is skipped and gives none.
    ///
    /// Where only rights are missing, and the test has its process to itself (as under `cargo nextest`), the process
    /// starts again as root of a user namespace, which may make networks.
    pub fn or_skip() -> Result<Option<Self>> {
        match Self::new() {
            Ok(lab) => Ok(Some(lab)),
            Err(error) if error.is::<Unavailable>() => {
                start_again_as_root();
                // Not with a macro: that would be shown only if the test failed.
                writeln!(io::stderr(), "\nskipped: {error}")?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// A server, which everybody reaches at an address of either kind.
    pub fn public(&self, name: &str) -> Result<Site> {
        self.site(name, Plan::PUBLIC)
    }

    /// A router with a computer behind it.
    pub fn site(&self, name: &str, plan: impl Into<Plan>) -> Result<Site> {
        Site::new(name, plan.into(), &self.net)
    }

    /// A router with sites behind it, for which one IPv4 address must do.
    pub fn carrier(&self, name: &str, nat: Nat) -> Result<Carrier> {
        Carrier::new(name, nat, &self.net)
    }
}

/// A router of a carrier or of a landlord: its sites have their NAT, and together they are behind another.
///
/// With one site this is double NAT; with several, which share the one address, it is a carrier's.
#[derive(Debug)]
pub struct Carrier {
    net: Arc<Net>,
}

impl Carrier {
    fn new(name: &str, nat: Nat, above: &Arc<Net>) -> Result<Self> {
        let plan = Plan {
            nat: Some(nat),
            ipv6: Plan::PUBLIC.ipv6,
        };
        let router = Router::new(name, plan, above)?;
        Ok(Self {
            net: Arc::new(Net::behind(router)),
        })
    }

    /// A router behind this one, with a computer behind it.
    pub fn site(&self, name: &str, plan: impl Into<Plan>) -> Result<Site> {
        Site::new(name, plan.into(), &self.net)
    }

    /// The carrier's own router.
    pub fn router(&self) -> &Router {
        self.net.router().expect("made with one")
    }
}

/// Finds out whether the kernel does what will be needed.
fn try_out(space: &Space) -> Result<()> {
    space
        .run(|| Tun::new("probe").map(drop))?
        .context("a network device of /dev/net/tun is refused")?;
    space
        .nft(&nat::rules(Nat::FullCone.into()))
        .context("the kernel has no NAT")?;
    space.nft("flush ruleset")
}

/// Starts this process again with the same words, as root of a user namespace; comes back if that is not possible.
fn start_again_as_root() {
    let is_alone = env::var_os("NEXTEST_EXECUTION_MODE").is_some_and(|it| it == "process-per-test");
    if sys::refusal().is_none() || !is_alone || env::var_os(AGAIN).is_some() {
        return;
    }
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--"]);
        command
    };
    let is_allowed = unshare()
        .arg("true")
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let Some(program) = env::current_exe().ok().filter(|_| is_allowed) else {
        return;
    };
    let mut command = unshare();
    command
        .arg(program)
        .args(env::args_os().skip(1))
        .env(AGAIN, "1");
    drop(sys::replace_process(&mut command));
}
