//! The server's part of the relay.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aldis_path::candidates::{canonical, household};
use aldis_path::relay::{Table, Verdict};
use aldis_wire::relay::{NONCE, Packet, QUIC, Side, Ticket};
use aldis_wire::{Millis, SessionId};
use ring::hmac;
use tokio::net::UdpSocket;

use crate::identity::Identity;
use crate::node::{BindError, open_socket};
use crate::tunnel::Guests;

/// The longest packet that is passed on.
const LONGEST: usize = 1500;

/// How long (ms) a challenge may be answered; two such spans, for it may come at the end of one.
const CHALLENGE_LIFE: Millis = 10_000;

/// How long (ms) a ticket holds.
const TICKET_LIFE: Millis = 24 * 3_600_000;

/// Bytes a second that each side of a session may send.
const RATE: u64 = 6_250_000;

/// Bytes that may wait in the system's buffers.
const BUFFER: usize = 4 << 20;

/// The most probes that are remembered.
const PROBES: usize = 4096;

/// The most of them from one household.
const PROBES_OF_ONE: usize = 32;

/// How often what has lapsed is looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// Marks tickets and challenges; whoever has the server's key has the same one again, so that
/// tickets outlive a restart.
#[derive(Clone)]
pub struct RelayKey {
    tickets: hmac::Key,
    challenges: hmac::Key,
}

impl std::fmt::Debug for RelayKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RelayKey")
    }
}

impl RelayKey {
    /// The key that belongs to this server.
    pub fn of(identity: &Identity) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &identity.to_pkcs8());
        let derived = |name: &[u8]| {
            let bytes = hmac::sign(&secret, name);
            hmac::Key::new(hmac::HMAC_SHA256, bytes.as_ref())
        };
        Self {
            tickets: derived(b"aldis relay tickets"),
            challenges: derived(b"aldis relay challenges"),
        }
    }

    /// The right to be this side of this session.
    pub fn ticket(&self, session: SessionId, side: Side, now: Millis) -> Ticket {
        let until = now.saturating_add(TICKET_LIFE);
        let mut ticket = Ticket {
            session,
            side,
            until,
            mac: [0; 32],
        };
        ticket.mac = mark(&self.tickets, &ticket.signed());
        ticket
    }

    fn is_good(&self, ticket: &Ticket, now: Millis) -> bool {
        now < ticket.until && hmac::verify(&self.tickets, &ticket.signed(), &ticket.mac).is_ok()
    }

    /// What only somebody at this address hears.
    fn challenge(&self, ticket: &Ticket, from: SocketAddr, now: Millis) -> [u8; NONCE] {
        let slot = now / CHALLENGE_LIFE;
        mark(&self.challenges, &challenged(ticket, from, slot))
    }

    fn is_answered(&self, ticket: &Ticket, nonce: &[u8], from: SocketAddr, now: Millis) -> bool {
        let slot = now / CHALLENGE_LIFE;
        [slot, slot.saturating_sub(1)].iter().any(|slot| {
            let said = challenged(ticket, from, *slot);
            hmac::verify(&self.challenges, &said, nonce).is_ok()
        })
    }
}

fn challenged(ticket: &Ticket, from: SocketAddr, slot: Millis) -> Vec<u8> {
    let place = format!("{from} {slot}");
    [&ticket.signed()[..], place.as_bytes()].concat()
}

fn mark(key: &hmac::Key, said: &[u8]) -> [u8; 32] {
    let mark = hmac::sign(key, said);
    mark.as_ref()
        .try_into()
        .expect("a mark of SHA-256 has 32 bytes")
}

/// The relay's socket and what it knows.
#[derive(Clone, Debug)]
pub struct Relay {
    socket: Arc<UdpSocket>,
    key: RelayKey,
    guests: Guests,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    table: Table,
    /// The newest last.
    probes: VecDeque<([u8; NONCE], SocketAddr)>,
}

impl Relay {
    /// Opens the relay's port; `guests` tells who comes through a tunnel.
    ///
    /// Must be called inside a tokio runtime.
    pub fn bind(key: RelayKey, address: SocketAddr, guests: Guests) -> Result<Self, BindError> {
        let refused = |source| BindError::Refused { address, source };
        let socket = open_socket(address).map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => BindError::InUse(address.port()),
            _ => refused(source),
        })?;
        let sized = socket2::SockRef::from(&socket);
        // The system may give less; then more is lost under load.
        drop(sized.set_recv_buffer_size(BUFFER));
        drop(sized.set_send_buffer_size(BUFFER));
        socket.set_nonblocking(true).map_err(refused)?;
        let state = State {
            table: Table::new(RATE),
            probes: VecDeque::new(),
        };
        Ok(Self {
            socket: Arc::new(UdpSocket::from_std(socket).map_err(refused)?),
            key,
            guests,
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// From where a probe came, if it arrived.
    pub fn seen(&self, probe: &[u8; NONCE]) -> Option<SocketAddr> {
        let state = self.state();
        let found = state.probes.iter().find(|(nonce, _)| nonce == probe);
        found.map(|(_, from)| *from)
    }

    /// How many sides of sessions are bound.
    pub fn bound(&self) -> usize {
        self.state().table.len()
    }

    /// Passes packets on until it is dropped; `now` is the server's clock.
    pub async fn run(&self, now: impl Fn() -> Millis + Send + Sync) {
        let mut buffer = vec![0; LONGEST + 1];
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                came = self.socket.recv_from(&mut buffer) => {
                    // An error is about a packet that was sent before; it is as good as lost.
                    if let Ok((length, from)) = came {
                        self.take(&buffer[..length], from, now());
                    }
                }
                _ = sweep.tick() => self.state().table.expire(now()),
            }
        }
    }

    fn take(&self, packet: &[u8], from: SocketAddr, now: Millis) {
        if packet.len() > LONGEST {
            return;
        }
        if packet.first().is_some_and(|first| *first >= QUIC) {
            let verdict = self.state().table.pass(from, packet.len(), now);
            match verdict {
                Verdict::Pass(to) => self.send(packet, to),
                // One byte for a packet: no use to whoever would aim it at somebody.
                Verdict::Stranger => self.send(&Packet::Unbound.encode(), from),
                Verdict::Drop => {}
            }
            return;
        }
        match Packet::decode(packet) {
            Some(Packet::Bind(ticket)) if self.key.is_good(&ticket, now) => {
                let nonce = self.key.challenge(&ticket, from, now);
                self.send(&Packet::Challenge(nonce).encode(), from);
            }
            Some(Packet::Prove(ticket, nonce))
                if self.key.is_good(&ticket, now)
                    && self.key.is_answered(&ticket, &nonce, from, now) =>
            {
                let Ticket { session, side, .. } = ticket;
                let home = self.guests.behind(from).unwrap_or(from).ip();
                let bound = self.state().table.bind(session, side, from, home, now);
                match bound {
                    Ok(()) => self.send(&Packet::Bound.encode(), from),
                    Err(_full) => tracing::warn!("the relay is full"),
                }
            }
            Some(Packet::Here) if !self.state().table.is_here(from, now) => {
                self.send(&Packet::Unbound.encode(), from);
            }
            // Where a tunnel ends is no place at which anybody is to be found.
            Some(Packet::Probe(nonce)) if self.guests.behind(from).is_none() => {
                self.remember(nonce, from);
            }
            // What only the relay says, and what nobody says.
            _ => {}
        }
    }

    fn remember(&self, nonce: [u8; NONCE], from: SocketAddr) {
        let from = canonical(from);
        let home = household(from.ip());
        let mut state = self.state();
        let at_home = |(_, other): &&([u8; NONCE], SocketAddr)| household(other.ip()) == home;
        if state.probes.iter().filter(at_home).count() >= PROBES_OF_ONE {
            let first = state.probes.iter().position(|it| at_home(&it));
            first.and_then(|first| state.probes.remove(first));
        }
        if state.probes.len() >= PROBES {
            state.probes.pop_front();
        }
        state.probes.push_back((nonce, from));
    }

    /// A packet that the system does not take now is lost, as any may be.
    fn send(&self, packet: &[u8], to: SocketAddr) {
        if let Err(error) = self.socket.try_send_to(packet, to) {
            tracing::trace!(%error, "a packet was not passed on");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
