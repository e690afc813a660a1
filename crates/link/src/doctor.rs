//! Finds out what a network allows on the way to a server, without signing in there.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aldis_path::candidates::canonical;
use aldis_path::outlook::{Found, Outlook, Shown, outlook};
use aldis_trust::ServerName;
use aldis_wire::relay::NONCE;
use aldis_wire::signal::{Answer, MAX_CANDIDATES, Request};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::mapping::{Mapping, RouterPort};
use crate::node::{DialError, Node, Protocol};
use crate::signal::{Signal, SignalError};
use crate::tunnel::{HTTPS, Opener};

/// How long the server's name may be looked up.
const LOOK_UP: Duration = Duration::from_secs(4);

/// How long the server may take to say how it sees us.
const TALK: Duration = Duration::from_secs(4);

/// How long the router may take, from the start on.
const ROUTER: Duration = Duration::from_secs(7);

/// How often it is asked whether a packet has reached the relay's port: one may be lost.
const PROBES: usize = 3;

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The server's name has these addresses.
    Name(Vec<IpAddr>),
    /// It has none that this machine knows; a proxy may know better.
    NoName,
    /// What UDP to the server does.
    Udp {
        /// Where.
        at: SocketAddr,
        /// The round trips that it took, or why not.
        outcome: Result<Duration, DialError>,
    },
    /// What TCP to the server does.
    Tcp {
        /// The port.
        port: u16,
        /// The proxy through which it was asked, as `HOST:PORT`.
        proxy: Option<String>,
        /// How long it took, or why not.
        outcome: Result<Duration, DialError>,
    },
    /// Whether UDP reaches the relay's port.
    Relay {
        /// The port.
        port: u16,
        /// It does.
        arrives: bool,
    },
    /// Where the server sees the socket on its own port and on the relay's.
    Seen {
        /// On its own; `None` where only TCP leads there.
        here: Option<SocketAddr>,
        /// On the relay's.
        beside: Option<SocketAddr>,
        /// What that means.
        shown: Shown,
    },
    /// The server answers, and then says no; it may be of another version.
    Refused(SignalError),
    /// What came of asking the router for a port, which was given back.
    Router(Mapping),
}

/// Finds out everything, which takes at most 15 s, and tells it as it comes.
pub async fn examine(
    node: &Node,
    server: &ServerName,
    mut tell: impl FnMut(Finding) + Send,
) -> Outlook {
    let start = Instant::now();
    let found = timeout(LOOK_UP, tokio::net::lookup_host(server.address())).await;
    let found = found.ok().and_then(Result::ok).into_iter().flatten();
    let addresses: Vec<SocketAddr> = found.map(canonical).take(MAX_CANDIDATES).collect();
    tell(if addresses.is_empty() {
        Finding::NoName
    } else {
        Finding::Name(addresses.iter().map(SocketAddr::ip).collect())
    });
    // What is on this machine itself is reached through no router.
    let away = addresses.is_empty() || addresses.iter().any(|it| !it.ip().is_loopback());
    let mut router = away.then(|| RouterPort::ask(node));
    let mut report = Found::default();
    let mut reached = None;
    let mut tries = tries(node, server, &addresses);
    while let Some(tried) = tries.join_next().await {
        let Ok(finding) = tried else { continue };
        match &finding {
            Finding::Udp { at, outcome: Ok(_) } => {
                report.udp = true;
                report.ipv6 |= at.is_ipv6();
                // Where routers change ports, that is what is to be looked at.
                if reached.is_none_or(|before: SocketAddr| before.is_ipv6()) {
                    reached = Some(*at);
                }
            }
            Finding::Tcp {
                port,
                outcome: Err(DialError::WrongKey(_) | DialError::Refused(_)),
                ..
            } if *port != server.port => {
                // Often somebody else's web site, so it tells nothing.
            }
            Finding::Tcp { outcome: Ok(_), .. } => report.tcp = true,
            Finding::Udp {
                outcome: Err(error),
                ..
            }
            | Finding::Tcp {
                outcome: Err(error),
                ..
            } => report.stranger |= is_stranger(error),
            _ => {}
        }
        tell(finding);
    }
    if report.udp || report.tcp {
        let talk = timeout(TALK, how_we_are_seen(node, server, reached)).await;
        match talk.unwrap_or(Err(SignalError::Lost)) {
            Ok(seen) => {
                report.relay = seen.beside.is_some();
                report.shown = seen.shown(node);
                let Seen { here, beside, port } = seen;
                let (arrives, shown) = (report.relay, report.shown);
                tell(Finding::Relay { port, arrives });
                tell(Finding::Seen {
                    here,
                    beside,
                    shown,
                });
            }
            Err(error) => {
                report.stranger |= matches!(error, SignalError::Refused(_));
                tell(Finding::Refused(error));
            }
        }
    }
    let mut mapping = RouterPort::now(router.as_ref());
    if mapping == Mapping::Asked {
        let left = ROUTER.saturating_sub(start.elapsed());
        let changed = timeout(left, RouterPort::changed(&mut router)).await;
        mapping = changed.unwrap_or(mapping);
    }
    report.mapped = mapping.address().is_some();
    tell(Finding::Router(mapping));
    if let Some(router) = router {
        router.close().await;
    }
    outlook(report)
}

/// Everything that can be tried at once.
fn tries(node: &Node, server: &ServerName, addresses: &[SocketAddr]) -> JoinSet<Finding> {
    let mut tries = JoinSet::new();
    let start = Instant::now();
    for at in addresses.iter().copied() {
        let (node, key, who) = (node.clone(), server.fingerprint.0, server.address());
        tries.spawn(async move {
            let dialled = node.dial(&[at], key, Protocol::Signal, &who).await;
            Finding::Udp {
                at,
                outcome: dialled.map(|_connection| start.elapsed()),
            }
        });
    }
    let mut ports = vec![server.port, HTTPS];
    ports.dedup();
    for port in ports {
        let opener = Opener::new(server.clone(), Arc::clone(&node.provider));
        tries.spawn(async move {
            let answered = opener.answers(port).await;
            Finding::Tcp {
                port,
                proxy: opener.proxy(),
                outcome: answered.map(|()| start.elapsed()),
            }
        });
    }
    tries
}

fn is_stranger(error: &DialError) -> bool {
    matches!(error, DialError::WrongKey(_) | DialError::Refused(_))
}

/// Where the server sees us.
struct Seen {
    here: Option<SocketAddr>,
    beside: Option<SocketAddr>,
    /// The relay's port.
    port: u16,
}

impl Seen {
    fn shown(&self, node: &Node) -> Shown {
        let own = node.candidates();
        match (self.here, self.beside) {
            (Some(here), _) if own.contains(&here) => Shown::AsItIs,
            (Some(here), Some(beside)) if here == beside => Shown::OnePort,
            (Some(_), Some(_)) => Shown::ManyPorts,
            _ => Shown::Unknown,
        }
    }
}

/// Asks the server, at the address that answers over UDP or else as any app would.
async fn how_we_are_seen(
    node: &Node,
    server: &ServerName,
    reached: Option<SocketAddr>,
) -> Result<Seen, SignalError> {
    // An app is told the port with every session; it is the next one, unless that was taken.
    let port = server.port.wrapping_add(1);
    let at = ServerName {
        host: reached.map_or_else(|| server.host.clone(), |at| at.ip().to_string()),
        ..server.clone()
    };
    let (signal, _pushes) = Signal::connect(node, &at).await?;
    let mut seen = (None, None);
    for _ in 0..PROBES {
        let mut mark = [0; NONCE];
        let marked = getrandom(&mut mark);
        let relay = signal.server().port(port).filter(|_| marked);
        if let Some(relay) = relay {
            node.probe(relay, mark);
        }
        let probe = relay.map(|_| mark);
        if let Answer::Seen { here, beside } = signal.ask(Request::WhereAmI { probe }).await? {
            seen = (here, beside);
        }
        if seen.1.is_some() {
            break;
        }
    }
    let (here, beside) = seen;
    Ok(Seen { here, beside, port })
}

fn getrandom(bytes: &mut [u8]) -> bool {
    use ring::rand::SecureRandom as _;
    ring::rand::SystemRandom::new().fill(bytes).is_ok()
}
