//! The ways on which supporters come: through the relay, and straight.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aldis_link::{Node, Place, candidates};
use aldis_wire::relay::Relay;
use aldis_wire::{KeyHash, SessionId};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::peer::{self, Visitor};

/// How often the relay is reminded of us: more often than networks forget, and often enough that a
/// supporter whose link broke does not wait for it.
const REMIND: Duration = Duration::from_secs(2);

/// The pause before a relay that does not answer is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The most connections of one supporter at once.
const CONNECTIONS: usize = 16;

/// The most tries to reach a supporter, and connections that came of them.
const STRAIGHT: usize = 4;

/// The ways to this machine.
pub(crate) struct Ways {
    node: Node,
    visitors: mpsc::Sender<Visitor>,
    /// Where the server is.
    server: Option<Place>,
    /// Where this machine is seen from outside.
    seen: Vec<SocketAddr>,
    /// The router's port that leads here.
    mapped: Option<SocketAddr>,
    /// Where it was to be found when that was looked up last.
    known: Vec<SocketAddr>,
    of: BTreeMap<SessionId, Way>,
}

/// The ways of one session; dropping it closes those that are not in use.
#[derive(Default)]
struct Way {
    /// How connections through the relay tell their other end.
    relay: Option<SocketAddr>,
    /// The session goes through the relay now.
    is_relayed: Arc<AtomicBool>,
    relayed: JoinSet<()>,
    straight: JoinSet<()>,
    /// The supporter's key, and where he may be found.
    offered: Option<(KeyHash, Vec<SocketAddr>)>,
}

impl Ways {
    pub(crate) fn new(node: Node, visitors: mpsc::Sender<Visitor>) -> Self {
        Self {
            node,
            visitors,
            server: None,
            seen: Vec::new(),
            mapped: None,
            known: Vec::new(),
            of: BTreeMap::new(),
        }
    }

    pub(crate) fn server_at(&mut self, server: Place) {
        self.server = Some(server);
    }

    /// Where this machine is seen now; gives whether it is to be found elsewhere than before, and
    /// then tries once more to reach everybody from there.
    pub(crate) fn seen_at(&mut self, seen: impl IntoIterator<Item = SocketAddr>) -> bool {
        self.seen = seen.into_iter().collect();
        let now = self.offer();
        let is_new = std::mem::replace(&mut self.known, now.clone()) != now;
        if is_new {
            let all: Vec<SessionId> = self.of.keys().copied().collect();
            for session in all {
                self.reach_again(session);
            }
        }
        is_new
    }

    pub(crate) fn mapped_at(&mut self, mapped: Option<SocketAddr>) {
        self.mapped = mapped;
    }

    /// Where a supporter may find this machine, once he is in.
    pub(crate) fn offer(&self) -> Vec<SocketAddr> {
        let outside = self.seen.iter().copied().chain(self.mapped);
        candidates::offer(self.node.candidates(), outside)
    }

    /// Sends a mark to the relay's port, by which the server sees us from there.
    pub(crate) fn probe(&self, relay: &Relay) -> Option<[u8; 32]> {
        let at = self.server.as_ref()?.port(relay.port)?;
        let mut mark = [0; 32];
        getrandom::fill(&mut mark).ok()?;
        self.node.probe(at, mark);
        Some(mark)
    }

    /// The holder of this key may come through the relay.
    pub(crate) fn open(&mut self, session: SessionId, key: KeyHash, relay: &Relay) {
        let Some(server) = self.server.clone() else {
            return;
        };
        let (node, visitors, relay) = (self.node.clone(), self.visitors.clone(), *relay);
        let way = self.of.entry(session).or_default();
        way.relay = Some(server.relay(relay.port));
        let is_relayed = Arc::clone(&way.is_relayed);
        way.relayed.abort_all();
        way.relayed.spawn(async move {
            loop {
                match node.through_relay(&server, &relay).await {
                    Ok(relayed) => {
                        relayed.expect_peers(&[key]);
                        return serve(relayed, visitors, is_relayed).await;
                    }
                    Err(error) => {
                        tracing::info!(%error, "no relay");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        });
    }

    /// Tries to reach the holder of this key at these addresses, while he tries the same.
    pub(crate) fn reach(&mut self, session: SessionId, key: KeyHash, offered: Vec<SocketAddr>) {
        let way = self.of.entry(session).or_default();
        way.offered = Some((key, candidates::accept(offered)));
        self.reach_again(session);
    }

    fn reach_again(&mut self, session: SessionId) {
        let (node, visitors) = (self.node.clone(), self.visitors.clone());
        let Some(way) = self.of.get_mut(&session) else {
            return;
        };
        let Some((key, addresses)) = way.offered.clone() else {
            return;
        };
        while way.straight.try_join_next().is_some() {}
        // One of them may carry the session; so many at once are of no use.
        if way.straight.len() >= STRAIGHT {
            way.straight.abort_all();
        }
        way.straight.spawn(async move {
            match node.dial_peer(&addresses, key).await {
                Ok(connection) => peer::open_door(connection, visitors).await,
                Err(error) => tracing::debug!(%error, "no straight way"),
            }
        });
    }

    /// The session goes over a connection whose other end is there.
    pub(crate) fn carried_by(&self, session: SessionId, at: SocketAddr) {
        if let Some(way) = self.of.get(&session) {
            let is_relayed = way.relay == Some(candidates::canonical(at));
            way.is_relayed.store(is_relayed, Ordering::Relaxed);
        }
    }

    /// The session is over.
    pub(crate) fn close(&mut self, session: SessionId) {
        self.of.remove(&session);
    }
}

/// Takes connections that come through the relay, and keeps the relay in mind of us.
async fn serve(relayed: Node, visitors: mpsc::Sender<Visitor>, in_use: Arc<AtomicBool>) {
    let mut remind = tokio::time::interval(REMIND);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            incoming = relayed.accept() => {
                let Some(incoming) = incoming else { return };
                if connections.len() < CONNECTIONS {
                    connections.spawn(peer::receive(incoming, visitors.clone()));
                } else {
                    incoming.refuse();
                }
            }
            Some(_ended) = connections.join_next() => {}
            _ = remind.tick() => if connections.is_empty() {
                relayed.bind_again();
            } else if in_use.load(Ordering::Relaxed) {
                // A connection keeps itself alive, but seldom, and it may be us who wait.
                relayed.is_here();
            },
        }
    }
}
