//! Three computers' networks on one machine: the source's, the viewer's, and the town that both reach the server in.
//!
//! Nothing of it has a name outside: it lives as long as the three processes that hold it, and ends with this program.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use aldis_e2e::{Program, wait};
use anyhow::{Context as _, Result, bail, ensure};

/// The network device that joins source and viewer, at both ends.
const WIRE: &str = "wire";
const SOURCE: &str = "10.77.0.1";
const VIEWER: &str = "10.77.0.2";
/// The server's address: in the town, which no route between source and viewer passes.
const TOWN: &str = "10.77.1.1";
/// Where the server listens there, on any free port.
const LISTEN: &str = "10.77.1.1:0";

/// How slow and how long the way between source and viewer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
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

/// Where source, viewer and server are.
#[derive(Debug)]
pub(super) enum Network {
    /// On this machine's own loopback.
    Loopback,
    /// Each in a network of its own.
    Apart(Box<Apart>),
}

/// The processes that hold the networks.
#[derive(Debug)]
pub(super) struct Apart {
    source: Program,
    viewer: Program,
    town: Program,
    _wire: Option<Program>,
}

impl Network {
    /// Lays the cables.
    pub(super) fn lay(stage: &Path, link: Option<Link>, logs: &Path) -> Result<Self> {
        match Apart::lay(stage, link, logs) {
            Ok(apart) => Ok(Self::Apart(Box::new(apart))),
            Err(error) if link.is_some() => {
                Err(error.context("a link needs networks of its own, which are not allowed here"))
            }
            Err(error) => {
                let why = format!("{error:#}");
                println!(
                    "networks of their own are not allowed here, so everything that is spoken on this machine's \
                     loopback counts as bytes ({})",
                    why.trim()
                );
                Ok(Self::Loopback)
            }
        }
    }

    /// The process that holds the source's network.
    pub(super) fn source(&self) -> Option<u32> {
        match self {
            Self::Loopback => None,
            Self::Apart(apart) => Some(apart.source.id()),
        }
    }

    /// The process that holds the viewer's network.
    pub(super) fn viewer(&self) -> Option<u32> {
        match self {
            Self::Loopback => None,
            Self::Apart(apart) => Some(apart.viewer.id()),
        }
    }

    /// The process that holds the server's network.
    pub(super) fn town(&self) -> Option<u32> {
        match self {
            Self::Loopback => None,
            Self::Apart(apart) => Some(apart.town.id()),
        }
    }

    /// Where the server listens.
    pub(super) fn listen(&self) -> &'static str {
        match self {
            Self::Loopback => "127.0.0.1:0",
            Self::Apart(_) => LISTEN,
        }
    }

    /// The source's address as the viewer has it.
    pub(super) fn source_address(&self) -> &'static str {
        match self {
            Self::Loopback => "127.0.0.1",
            Self::Apart(_) => SOURCE,
        }
    }

    /// Bytes between source and viewer so far, both ways, all headers included.
    pub(super) fn bytes(&self) -> Result<u64> {
        match self {
            // What is sent there is received there.
            Self::Loopback => Ok(counters("/proc/self/net/dev", "lo")?.0),
            Self::Apart(apart) => {
                let path = format!("/proc/{}/net/dev", apart.source.id());
                let (received, sent) = counters(&path, WIRE)?;
                Ok(received + sent)
            }
        }
    }

    /// Waits until somebody listens on this port of the source.
    pub(super) fn wait_listening(&self, server: &mut Program, port: u16) -> Result<()> {
        let who = self
            .source()
            .map_or_else(|| "self".to_owned(), |it| it.to_string());
        let wanted = format!(":{port:04X} ");
        wait::until(&format!("somebody on port {port}"), wait::STEP, || {
            server.check_running()?;
            for table in ["tcp", "tcp6"] {
                let table = fs::read_to_string(format!("/proc/{who}/net/{table}"));
                let listens = |line: &str| line.contains(&wanted) && line.contains(" 0A ");
                if table.is_ok_and(|table| table.lines().any(listens)) {
                    return Ok(Some(()));
                }
            }
            Ok(None)
        })
    }
}

/// A port on which nobody listens.
pub(super) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

impl Apart {
    fn lay(stage: &Path, link: Option<Link>, logs: &Path) -> Result<Self> {
        let [source, viewer, town] =
            ["source", "viewer", "town"].map(|name| hold(&format!("network-{name}"), logs));
        let (source, viewer, town) = (source?, viewer?, town?);
        let (of_source, of_viewer) = (source.id(), viewer.id());
        for network in [&source, &viewer, &town] {
            ip(network, "link set lo up")?;
        }
        for (device, other, ours, theirs) in [
            ("to-source", of_source, "10.77.1.1/24", "10.77.1.2/24"),
            ("to-viewer", of_viewer, "10.77.2.1/24", "10.77.2.2/24"),
        ] {
            let other_end = if other == of_source { &source } else { &viewer };
            ip(
                &town,
                &format!("link add {device} type veth peer name town netns {other}"),
            )?;
            ip(&town, &format!("addr add {ours} dev {device}"))?;
            ip(&town, &format!("link set {device} up"))?;
            ip(other_end, &format!("addr add {theirs} dev town"))?;
            ip(other_end, "link set town up")?;
        }
        ip(&viewer, &format!("route add {TOWN}/32 via 10.77.2.1"))?;
        let wire = if let Some(link) = link {
            Some(cable(stage, link, &town, [&source, &viewer], logs)?)
        } else {
            // Packets as they are on a real cable, one of at most 1500 bytes each.
            let end = format!("name {WIRE} gso_max_segs 1");
            let other = format!("{end} netns {of_viewer}");
            ip(&source, &format!("link add {end} type veth peer {other}"))?;
            None
        };
        for (network, address) in [(&source, SOURCE), (&viewer, VIEWER)] {
            // Neither neighbours nor routers are asked for: nothing is on the cable but what is measured.
            let quiet = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || true";
            within(network, Command::new("sh").args(["-c", quiet]))?;
            ip(network, &format!("addr add {address}/24 dev {WIRE}"))?;
            ip(network, &format!("link set {WIRE} up"))?;
        }
        if link.is_none() {
            for (network, other, address) in
                [(&source, &viewer, VIEWER), (&viewer, &source, SOURCE)]
            {
                let hardware = hardware_address(other)?;
                let known = format!("neigh replace {address} lladdr {hardware} dev {WIRE}");
                ip(network, &format!("{known} nud permanent"))?;
            }
        }
        Ok(Self {
            source,
            viewer,
            town,
            _wire: wire,
        })
    }
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

/// Joins two networks by a cable that this project makes, as many kernels cannot delay packets.
fn cable(
    stage: &Path,
    link: Link,
    town: &Program,
    ends: [&Program; 2],
    logs: &Path,
) -> Result<Program> {
    const DEVICES: [&str; 2] = ["end-one", "end-two"];
    let mut command = inside(town);
    command.arg(stage).args(["wire", "--devices"]).args(DEVICES);
    command.args(["--rate", &link.rate.to_string()]);
    command.args(["--delay", &(link.round_trip / 2).to_string()]);
    let mut wire = Program::start("wire", &command, logs)?;
    wire.wait_line("ready", wait::STEP)?;
    for (device, end) in DEVICES.into_iter().zip(ends) {
        let moved = format!("link set {device} netns {} name {WIRE}", end.id());
        ip(town, &moved)?;
    }
    Ok(wire)
}

fn hardware_address(network: &Program) -> Result<String> {
    let told = within(
        network,
        Command::new("ip").args(["-br", "link", "show", WIRE]),
    )?;
    let address = told.split_whitespace().nth(2);
    Ok(address.context("the cable's hardware address")?.to_owned())
}

/// `ip` with these words in a network.
fn ip(network: &Program, words: &str) -> Result<()> {
    within(network, Command::new("ip").args(words.split(' '))).map(drop)
}

/// A command in a network, to be given the program.
fn inside(network: &Program) -> Command {
    let mut command = Command::new("nsenter");
    command
        .arg(format!("--net=/proc/{}/ns/net", network.id()))
        .arg("--");
    command
}

/// Runs a command in a network to its end; gives what it says.
fn within(network: &Program, command: &Command) -> Result<String> {
    let mut inside = inside(network);
    inside.arg(command.get_program()).args(command.get_args());
    let output = inside.output().context("starting nsenter")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("{inside:?}: {said}");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Bytes received and sent on a device.
fn counters(path: &str, device: &str) -> Result<(u64, u64)> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {path}"))?;
    counted(&text, device).with_context(|| format!("{device} in {path}"))
}

fn counted(text: &str, device: &str) -> Option<(u64, u64)> {
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(device)?.strip_prefix(':'))?;
    let mut fields = line.split_whitespace();
    let received = fields.next()?.parse().ok()?;
    Some((received, fields.nth(7)?.parse().ok()?))
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

    #[test]
    fn the_bytes_of_a_device_are_found() {
        let text = "Inter-| Receive\n face |bytes\n    lo: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n  \
                    wire:100 2 0 0 0 0 0 0 300 4 0 0 0 0 0 0\n";
        assert_eq!(counted(text, "wire"), Some((100, 300)));
        assert_eq!(counted(text, "wir"), None);
    }
}
