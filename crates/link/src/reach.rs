//! How the server and its relay are reached: over UDP, or where that is blocked through a tunnel.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aldis_path::candidates::canonical;
use aldis_path::choice::Kind;
use aldis_trust::ServerName;
use aldis_wire::KeyHash;
use aldis_wire::relay::Relay;
use aldis_wire::signal::MAX_CANDIDATES;
use quinn::Connection;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::node::{DialError, Node, Protocol, worse};
use crate::relay::{NOWHERE, RelaySocket};
use crate::tunnel::{Opener, Port, Tunnel};

/// How long UDP may be silent before a tunnel is tried beside it.
const HEAD_START: Duration = Duration::from_millis(600);

/// How long a tunnel outlives the connection in it, for its last words.
const LINGER: Duration = Duration::from_millis(400);

/// Where the server is, as far as this app knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: ServerName,
    /// Its address; `None` where only a proxy knows it.
    pub address: Option<IpAddr>,
    /// Whether it was reached through a tunnel.
    pub by_tunnel: bool,
}

impl Place {
    /// Another UDP port of the same server.
    pub fn port(&self, port: u16) -> Option<SocketAddr> {
        self.address.map(|ip| SocketAddr::new(ip, port))
    }

    /// The other end of all connections through the relay on this port, as they tell it.
    pub fn relay(&self, port: u16) -> SocketAddr {
        self.port(port).unwrap_or(NOWHERE)
    }
}

impl Node {
    /// Connects to the server of this name and no other: over UDP, or through a tunnel if that is
    /// up first.
    pub async fn dial_server(&self, server: &ServerName) -> Result<(Connection, Place), DialError> {
        let who = server.address();
        let opener = Opener::new(server.clone(), Arc::clone(&self.provider));
        let found = tokio::net::lookup_host(&who).await;
        let addresses: Vec<SocketAddr> = match found {
            Ok(found) => found.take(MAX_CANDIDATES).collect(),
            Err(_) if opener.has_proxy() => Vec::new(),
            Err(_) => return Err(DialError::UnknownHost(server.host.clone())),
        };
        let place = Place {
            name: server.clone(),
            address: addresses.first().map(|it| canonical(*it).ip()),
            by_tunnel: false,
        };
        let key = server.fingerprint.0;
        let over_udp = self.dial(&addresses, key, Protocol::Signal, &who);
        let patience = if addresses.is_empty() {
            Duration::ZERO
        } else {
            HEAD_START
        };
        let tunnelled = async {
            sleep(patience).await;
            let tunnel = opener.open(Port::Server, self.ours()).await?;
            let at = [tunnel.at()];
            let connection = self.dial(&at, key, Protocol::Signal, &who).await?;
            self.keep(tunnel, connection.clone());
            Ok(connection)
        };
        let (mut over_udp, mut tunnelled) = (std::pin::pin!(over_udp), std::pin::pin!(tunnelled));
        let straight = |connection: Connection| {
            let address = Some(canonical(connection.remote_address()).ip());
            let place = Place {
                address,
                ..place.clone()
            };
            (connection, place)
        };
        let by_tunnel = |connection| {
            let place = Place {
                by_tunnel: true,
                ..place.clone()
            };
            (connection, place)
        };
        tokio::select! {
            dialled = &mut over_udp => match dialled {
                Ok(connection) => Ok(straight(connection)),
                Err(silence @ DialError::NoAnswer(_)) => match tunnelled.await {
                    Ok(connection) => Ok(by_tunnel(connection)),
                    Err(error) => Err(worse(silence, error)),
                },
                // It did answer.
                Err(error) => Err(error),
            },
            dialled = &mut tunnelled => match dialled {
                Ok(connection) => Ok(by_tunnel(connection)),
                Err(first) => match over_udp.await {
                    Ok(connection) => Ok(straight(connection)),
                    Err(error) => Err(worse(error, first)),
                },
            },
        }
    }

    /// A node with the same key whose packets go through the server's relay; nobody but the other
    /// side of the ticket's session is reached by it.
    pub async fn through_relay(&self, server: &Place, relay: &Relay) -> Result<Self, DialError> {
        let opener = Opener::new(server.name.clone(), Arc::clone(&self.provider));
        // Where the server was silent its relay will be.
        let patience = if server.by_tunnel {
            Duration::ZERO
        } else {
            HEAD_START
        };
        let no_relay = || DialError::NoRelay(server.name.address());
        let at = server.port(relay.port);
        let socket = RelaySocket::bind(at, relay.ticket, opener, patience).await;
        let socket = Arc::new(socket.ok_or_else(no_relay)?);
        self.at_relay(socket).map_err(|_system| no_relay())
    }

    /// Connects to the other side of the relay's session, which holds this key.
    pub async fn dial_relayed(&self, key: KeyHash) -> Result<Connection, DialError> {
        let at = self.relay.as_ref().map(|relay| relay.face());
        let who = "the customer's computer";
        self.dial(at.as_slice(), key, Protocol::Peer, who).await
    }

    /// What connections through the relay go over now.
    pub fn relay_kind(&self) -> Kind {
        match &self.relay {
            Some(relay) if relay.is_over_tcp() => Kind::TcpRelay,
            _ => Kind::Relay,
        }
    }

    /// Asks the relay once more to pass on what comes from here: it may have been away, or sees this
    /// node at another address by now.
    pub fn bind_again(&self) {
        if let Some(relay) = &self.relay {
            relay.bind_again();
        }
    }

    /// Says to the relay that this node is here still, which asks for no answer: a relay that was
    /// restarted knows nobody, and a side that waits for the other would tell it nothing.
    pub fn is_here(&self) {
        if let Some(relay) = &self.relay {
            relay.is_here();
        }
    }

    /// How this machine itself reaches the node's socket.
    fn ours(&self) -> SocketAddr {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let local = self.endpoint.local_addr().unwrap_or(any);
        if local.ip().is_unspecified() {
            SocketAddr::new(any.ip(), local.port())
        } else {
            local
        }
    }

    /// Keeps a tunnel while there is a connection in it, and no connection without its tunnel.
    fn keep(&self, mut tunnel: Tunnel, connection: Connection) {
        let tunnels: &mut JoinSet<()> =
            &mut self.tunnels.lock().unwrap_or_else(PoisonError::into_inner);
        while tunnels.try_join_next().is_some() {}
        tunnels.spawn(async move {
            tokio::select! {
                // Else nobody would notice for as long as a connection may be silent.
                () = tunnel.ended() => connection.close(crate::close::DONE, b"the tunnel is gone"),
                _ = connection.closed() => sleep(LINGER).await,
            }
        });
    }
}
