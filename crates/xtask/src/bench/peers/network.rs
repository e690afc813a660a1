//! Three computers' networks on one machine: the source's, the viewer's, and the town that both reach the server in.
//!
//! Nothing of it has a name outside: it lives as long as the three processes that hold it, and ends with this program.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aldis_e2e::network::{End, Link, Net, cable, join};
use aldis_e2e::wait::Stopwatch;
use aldis_e2e::{Program, wait};
use anyhow::{Context as _, Result};

/// The network device that joins source and viewer, at both ends.
const WIRE: &str = "wire";
const SOURCE: &str = "10.77.0.1";
const VIEWER: &str = "10.77.0.2";
/// The server's address: in the town, which no route between source and viewer passes.
const TOWN: &str = "10.77.1.1";
/// Where the server listens there, on any free port.
const LISTEN: &str = "10.77.1.1:0";

/// A line is quiet when nothing has gone over it for so long,
const QUIET: Duration = Duration::from_secs(3);

/// and so long it is waited for at most.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where source, viewer and server are.
#[derive(Debug)]
pub(super) enum Network {
    /// On this machine's own loopback.
    Loopback,
    /// Each in a network of its own.
    Apart(Box<Apart>),
}

/// The networks, and what joins them.
#[derive(Debug)]
pub(super) struct Apart {
    source: Net,
    viewer: Net,
    town: Net,
    _wire: Option<Program>,
}

/// Bytes on the wire, all headers included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) both_ways: u64,
    /// Those on the way from source to viewer, where that can be told.
    pub(super) to_viewer: Option<u64>,
}

impl Bytes {
    /// What came since.
    pub(super) fn since(self, before: Self) -> Self {
        let to_viewer = self.to_viewer.zip(before.to_viewer);
        Self {
            both_ways: self.both_ways - before.both_ways,
            to_viewer: to_viewer.map(|(after, before)| after - before),
        }
    }
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

    /// Waits until nothing has gone between source and viewer for a while: what a program does only
    /// when it begins, such as looking for a router, belongs to no scene. Who is never quiet is not
    /// waited for longer than a moment.
    pub(super) fn wait_quiet(&self) -> Result<()> {
        let begun = Stopwatch::start();
        let mut last = (Stopwatch::start(), self.bytes()?);
        wait::until("the line to be quiet", 2 * PATIENCE, || {
            let bytes = self.bytes()?;
            if bytes != last.1 {
                last = (Stopwatch::start(), bytes);
            }
            let over = last.0.elapsed() > QUIET || begun.elapsed() > PATIENCE;
            Ok(over.then_some(()))
        })
    }

    /// Bytes between source and viewer so far.
    pub(super) fn bytes(&self) -> Result<Bytes> {
        match self {
            // What is sent there is received there, whoever sends it.
            Self::Loopback => Ok(Bytes {
                both_ways: counters("/proc/self/net/dev", "lo")?.0,
                to_viewer: None,
            }),
            Self::Apart(apart) => {
                let path = format!("/proc/{}/net/dev", apart.source.id());
                let (received, sent) = counters(&path, WIRE)?;
                Ok(Bytes {
                    both_ways: received + sent,
                    to_viewer: Some(sent),
                })
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
        let [source, viewer, town] = ["source", "viewer", "town"].map(|name| Net::new(name, logs));
        let (source, viewer, town) = (source?, viewer?, town?);
        for (device, other, ours, theirs) in [
            ("to-source", &source, "10.77.1.1/24", "10.77.1.2/24"),
            ("to-viewer", &viewer, "10.77.2.1/24", "10.77.2.2/24"),
        ] {
            let (near, far) = (&town, "town");
            join(
                End { net: near, device },
                End {
                    net: other,
                    device: far,
                },
            )?;
            near.plug(device, ours)?;
            other.plug(far, theirs)?;
        }
        viewer.ip(&format!("route add {TOWN}/32 via 10.77.2.1"))?;
        let ends = [&source, &viewer].map(|net| End { net, device: WIRE });
        let wire = if let Some(link) = link {
            Some(cable(stage, link, &town, ends, logs)?)
        } else {
            // Packets as they are on a real cable, one of at most 1500 bytes each.
            let end = format!("name {WIRE} gso_max_segs 1");
            let other = format!("{end} netns {}", viewer.id());
            source.ip(&format!("link add {end} type veth peer {other}"))?;
            None
        };
        for (net, address) in [(&source, SOURCE), (&viewer, VIEWER)] {
            net.plug(WIRE, &format!("{address}/24"))?;
        }
        if link.is_none() {
            for (net, other, address) in [(&source, &viewer, VIEWER), (&viewer, &source, SOURCE)] {
                let hardware = hardware_address(other)?;
                let known = format!("neigh replace {address} lladdr {hardware} dev {WIRE}");
                net.ip(&format!("{known} nud permanent"))?;
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

fn hardware_address(net: &Net) -> Result<String> {
    let told = net.run(Command::new("ip").args(["-br", "link", "show", WIRE]))?;
    let address = told.split_whitespace().nth(2);
    Ok(address.context("the cable's hardware address")?.to_owned())
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
    fn what_came_since_is_told_for_each_way() {
        let bytes = |both_ways, to_viewer| Bytes {
            both_ways,
            to_viewer,
        };
        assert_eq!(
            bytes(900, Some(700)).since(bytes(100, Some(50))),
            bytes(800, Some(650))
        );
        assert_eq!(bytes(900, None).since(bytes(100, None)), bytes(800, None));
    }

    #[test]
    fn the_bytes_of_a_device_are_found() {
        let text = "Inter-| Receive\n face |bytes\n    lo: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n  \
                    wire:100 2 0 0 0 0 0 0 300 4 0 0 0 0 0 0\n";
        assert_eq!(counted(text, "wire"), Some((100, 300)));
        assert_eq!(counted(text, "wir"), None);
    }
}
