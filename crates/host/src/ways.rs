//! The ways on which supporters come: through the relay, and straight.

use std::collections::BTreeMap;
use std::net::SocketAddr;
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

/// The ways to this machine.
pub(crate) struct Ways {
    node: Node,
    visitors: mpsc::Sender<Visitor>,
    /// Where the server is.
    server: Option<Place>,
    /// Where this machine is seen from outside.
    seen: Vec<SocketAddr>,
    of: BTreeMap<SessionId, Way>,
}

/// The ways of one session; dropping it closes those that are not in use.
#[derive(Default)]
struct Way {
    relayed: JoinSet<()>,
    straight: JoinSet<()>,
}

impl Ways {
    pub(crate) fn new(node: Node, visitors: mpsc::Sender<Visitor>) -> Self {
        Self {
            node,
            visitors,
            server: None,
            seen: Vec::new(),
            of: BTreeMap::new(),
        }
    }

    pub(crate) fn server_at(&mut self, server: Place) {
        self.server = Some(server);
    }

    pub(crate) fn seen_at(&mut self, seen: impl IntoIterator<Item = SocketAddr>) {
        self.seen = seen.into_iter().collect();
    }

    /// Where a supporter may find this machine, once he is in.
    pub(crate) fn offer(&self) -> Vec<SocketAddr> {
        candidates::offer(self.node.candidates(), self.seen.iter().copied())
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
        way.relayed.abort_all();
        way.relayed.spawn(async move {
            loop {
                match node.through_relay(&server, &relay).await {
                    Ok(relayed) => {
                        relayed.expect_peers(&[key]);
                        return serve(relayed, visitors).await;
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
        let (node, visitors) = (self.node.clone(), self.visitors.clone());
        let way = self.of.entry(session).or_default();
        way.straight.abort_all();
        way.straight.spawn(async move {
            let addresses = candidates::accept(offered);
            match node.dial_peer(&addresses, key).await {
                Ok(connection) => peer::open_door(connection, visitors).await,
                Err(error) => tracing::debug!(%error, "no straight way"),
            }
        });
    }

    /// The session is over.
    pub(crate) fn close(&mut self, session: SessionId) {
        self.of.remove(&session);
    }
}

/// Takes connections that come through the relay, and keeps the relay in mind of us.
async fn serve(relayed: Node, visitors: mpsc::Sender<Visitor>) {
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
            // A connection keeps itself alive.
            _ = remind.tick(), if connections.is_empty() => relayed.bind_again(),
        }
    }
}
