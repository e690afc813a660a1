//! Networks of their own within this machine, and cables between them.
//!
//! A network lives as long as the process that holds it, and that ends with the program that asked for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{Program, wait};

/// How slow and how long the way between source and viewer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Bits a second, each way.
    rate: u64,
    /// Milliseconds there and back.
    round_trip: u64,
}

impl FromStr for Link {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        const EXAMPLE: &str = "a link is written as 20mbit,40ms";
        let (rate, round_trip) = text.split_once(',').context(EXAMPLE)?;
        let rate = rate.strip_suffix("mbit").context(EXAMPLE)?;
        let rate: f64 = rate.parse().context(EXAMPLE)?;
        let round_trip = round_trip.strip_suffix("ms").context(EXAMPLE)?;
        let link = Self {
            rate: (rate * 1e6) as u64,
            round_trip: round_trip.parse().context(EXAMPLE)?,
        };
        ensure!(link.rate >= 10_000, "{text} carries nothing");
        Ok(link)
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (rate, trip) = (self.rate as f64 / 1e6, self.round_trip);
        write!(f, "{rate} Mbit/s, {trip} ms round trip")
    }
}

/// A network with nothing in it but its own loopback.
#[derive(Debug)]
pub struct Net {
    holder: Program,
}

/// One end of a cable: in which network, and what the device is called there.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The network.
    pub net: &'a Net,
    /// The device's name.
    pub device: &'a str,
}

impl Net {
    /// Makes one; this machine may not allow it.
    pub fn new(name: &str, logs: &Path) -> Result<Self> {
        let holder = hold(&format!("network-{name}"), logs)?;
        let net = Self { holder };
        net.ip("link set lo up")?;
        Ok(net)
    }

    /// The process that holds it.
    pub fn id(&self) -> u32 {
        self.holder.id()
    }

    /// `ip` with these words inside.
    pub fn ip(&self, words: &str) -> Result<()> {
        self.run(Command::new("ip").args(words.split(' ')))
            .map(drop)
    }

    /// A command inside, to be given the program.
    pub fn command(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.id()));
        command.arg("--");
        command
    }

    /// Runs a command inside to its end; gives what it says.
    pub fn run(&self, command: &Command) -> Result<String> {
        let mut inside = self.command();
        inside.arg(command.get_program()).args(command.get_args());
        let output = inside.output().context("starting nsenter")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("{inside:?}: {said}");
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Gives a device of this network an address, as 10.77.0.1/24, and switches it on.
    ///
    /// Neither neighbours nor routers are asked for: nothing is on the cable but what is spoken there.
    pub fn plug(&self, device: &str, address: &str) -> Result<()> {
        let quiet = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || true";
        self.run(Command::new("sh").args(["-c", quiet]))?;
        self.ip(&format!("addr add {address} dev {device}"))?;
        self.ip(&format!("link set {device} up"))
    }
}

/// Joins two networks by a fast cable; both ends are switched off.
pub fn join(one: End<'_>, other: End<'_>) -> Result<()> {
    let End { net, device } = one;
    let far = format!("name {} netns {}", other.device, other.net.id());
    net.ip(&format!("link add {device} type veth peer {far}"))
}

/// Joins two networks by a cable as slow and long as `link`, which lives as long as the program that
/// is returned: `stage` is the path of `aldis-stage`, and `town` a network that stands between.
///
/// Many kernels cannot delay packets themselves.
pub fn cable(
    stage: &Path,
    link: Link,
    town: &Net,
    ends: [End<'_>; 2],
    logs: &Path,
) -> Result<Program> {
    const DEVICES: [&str; 2] = ["end-one", "end-two"];
    let mut command = town.command();
    command.arg(stage).args(["wire", "--devices"]).args(DEVICES);
    command.args(["--rate", &link.rate.to_string()]);
    command.args(["--delay", &(link.round_trip / 2).to_string()]);
    let mut wire = Program::start("wire", &command, logs)?;
    wire.wait_line("ready", wait::STEP)?;
    for (made, end) in DEVICES.into_iter().zip(ends) {
        let (id, name) = (end.net.id(), end.device);
        town.ip(&format!("link set {made} netns {id} name {name}"))?;
    }
    Ok(wire)
}

/// Starts a process that holds a new network.
fn hold(name: &str, logs: &Path) -> Result<Program> {
    let own = fs::read_link("/proc/self/ns/net").context("this machine's network")?;
    let mut command = Command::new("unshare");
    command.args(["--net", "--", "sleep", "infinity"]);
    let mut program = Program::start(name, &command, logs)?;
    let network = PathBuf::from(format!("/proc/{}/ns/net", program.id()));
    wait::until("a network of its own", wait::STEP, || {
        program.check_running()?;
        let theirs = fs::read_link(&network).ok();
        Ok(theirs.is_some_and(|it| it != own).then_some(()))
    })?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_it_is_written() {
        let link: Link = "20mbit,40ms".parse().expect("a link");
        let wanted = Link {
            rate: 20_000_000,
            round_trip: 40,
        };
        assert_eq!(link, wanted);
        assert_eq!(link.to_string(), "20 Mbit/s, 40 ms round trip");
        for wrong in ["", "20mbit", "20,40", "0mbit,40ms", "20mbit,40"] {
            assert!(wrong.parse::<Link>().is_err(), "{wrong}");
        }
    }
}
