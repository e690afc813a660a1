//! An app's way to the relay, in the shape of a socket for quinn.
//!
//! Its packets go to the relay's UDP port. Where nothing comes back from there a tunnel is opened
//! beside it, and whichever the relay has bound last is used; quinn hears nothing of that, so that
//! connections go on. From a tunnel the socket goes back to UDP as soon as that works.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aldis_path::candidates::canonical;
use aldis_wire::relay::{Packet, QUIC, Ticket};
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::node::open_socket;
use crate::tunnel::{Opener, Port, Tunnel};

/// How often the relay is asked until it has bound us.
const TRY: Duration = Duration::from_millis(300);

/// How long that may take.
const GIVE_UP: Duration = Duration::from_secs(5);

/// How often it is looked how the way does.
const TICK: Duration = Duration::from_millis(500);

/// After so many packets without an answer,
const UNANSWERED: u32 = 3;

/// and so long, the way is in doubt.
const DOUBT: Duration = Duration::from_millis(2_500);

/// The pause before a tunnel that could not be opened is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// How often UDP is tried while a tunnel is used.
const UDP_AGAIN: Duration = Duration::from_secs(30);

/// The pause after an error of the socket, which may come again at once.
const BREATH: Duration = Duration::from_millis(20);

/// How quinn knows a relay whose address nobody knows; any does that no tunnel has.
pub(crate) const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// A socket whose only other end is the relay.
#[derive(Debug)]
pub(crate) struct RelaySocket {
    ways: Arc<Ways>,
    _keeper: JoinSet<()>,
}

#[derive(Debug)]
struct Ways {
    io: UdpSocket,
    /// The relay's UDP port, if its address is known.
    udp: Option<SocketAddr>,
    /// The relay as quinn knows it, whatever leads there.
    face: SocketAddr,
    ticket: Ticket,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    used: SocketAddr,
    tunnel: Option<SocketAddr>,
    /// Packets sent since the last one that came.
    unanswered: u32,
    /// When the first of them was.
    since: Instant,
}

#[derive(Debug)]
struct Writable(Arc<RelaySocket>);

impl RelaySocket {
    /// Opens a socket and has the relay bind it; after `patience` a tunnel is tried, too.
    pub(crate) async fn bind(
        udp: Option<SocketAddr>,
        ticket: Ticket,
        opener: Opener,
        patience: Duration,
    ) -> Option<Self> {
        let ways = Ways::open(udp, ticket).ok()?;
        let mut tunnel = None;
        let bound = ways.bound(&opener, patience, &mut tunnel);
        tokio::time::timeout(GIVE_UP, bound).await.ok()?;
        let ways = Arc::new(ways);
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(Arc::clone(&ways), tunnel, opener));
        Some(Self {
            ways,
            _keeper: keeper,
        })
    }

    /// The address by which quinn knows the relay.
    pub(crate) fn face(&self) -> SocketAddr {
        self.ways.face
    }

    /// Whether packets go through a tunnel now.
    pub(crate) fn is_over_tcp(&self) -> bool {
        Some(self.ways.state().used) != self.ways.udp
    }

    /// Says that we are here still; a relay that has forgotten us says so, and is asked again.
    pub(crate) fn is_here(&self) {
        let used = self.ways.state().used;
        self.ways.say(&Packet::Here, used);
    }

    /// Asks to be bound once more.
    pub(crate) fn bind_again(&self) {
        let used = self.ways.state().used;
        self.ways.ask(used);
    }
}

/// Looks after the way as long as the socket is there.
async fn keep(ways: Arc<Ways>, mut tunnel: Option<Tunnel>, opener: Opener) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut udp_at = Instant::now() + UDP_AGAIN;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = ended(&mut tunnel) => tunnel = None,
        }
        let State { used, .. } = *ways.state();
        let is_udp = Some(used) == ways.udp;
        let has_tunnel = tunnel.as_ref().is_some_and(|it| it.at() == used);
        if (is_udp || has_tunnel) && !ways.is_in_doubt() {
            if is_udp {
                tunnel = None;
            } else if Instant::now() >= udp_at {
                udp_at = Instant::now() + UDP_AGAIN;
                ways.ask_udp();
            }
            continue;
        }
        ways.ask_udp();
        if has_tunnel || tunnel.is_none() {
            // One that is silent may be so for as long as TCP likes.
            drop(tunnel.take());
            match opener.open(Port::Relay, ways.ours()).await {
                Ok(opened) => tunnel = Some(ways.uses_beside(opened)),
                Err(error) => {
                    tracing::debug!(%error, "no tunnel to the relay");
                    sleep(PAUSE).await;
                }
            }
        }
        // Unless UDP has come back meanwhile.
        let is_well = Some(ways.state().used) == ways.udp && !ways.is_in_doubt();
        if let Some(tunnel) = tunnel.as_ref().filter(|_| !is_well) {
            ways.ask(tunnel.at());
        }
    }
}

async fn ended(tunnel: &mut Option<Tunnel>) {
    match tunnel {
        Some(tunnel) => tunnel.ended().await,
        None => std::future::pending().await,
    }
}

impl Ways {
    fn open(udp: Option<SocketAddr>, ticket: Ticket) -> io::Result<Self> {
        let any: SocketAddr = match udp {
            Some(SocketAddr::V6(_)) => (Ipv6Addr::UNSPECIFIED, 0).into(),
            Some(SocketAddr::V4(_)) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            None => (Ipv4Addr::LOCALHOST, 0).into(),
        };
        let socket = open_socket(any)?;
        socket.set_nonblocking(true)?;
        let face = udp.unwrap_or(NOWHERE);
        Ok(Self {
            io: UdpSocket::from_std(socket)?,
            udp,
            face,
            ticket,
            state: Mutex::new(State {
                used: face,
                tunnel: None,
                unanswered: 0,
                since: Instant::now(),
            }),
        })
    }

    /// Asks to be bound until the relay has done so.
    async fn bound(&self, opener: &Opener, patience: Duration, tunnel: &mut Option<Tunnel>) {
        let mut buffer = [0; 1500];
        let mut again = interval(TRY);
        let open = async {
            loop {
                sleep(patience).await;
                match opener.open(Port::Relay, self.ours()).await {
                    Ok(opened) => return opened,
                    Err(error) => tracing::debug!(%error, "no tunnel to the relay"),
                }
                sleep(PAUSE).await;
            }
        };
        let mut open = std::pin::pin!(open);
        loop {
            tokio::select! {
                came = self.io.recv_from(&mut buffer) => {
                    let Ok((length, from)) = came else {
                        // About a packet that was sent before, such as that nobody listens there.
                        sleep(BREATH).await;
                        continue;
                    };
                    if self.hear(&buffer[..length], from) == Some(Packet::Bound) {
                        return;
                    }
                }
                _ = again.tick() => {
                    self.ask_udp();
                    if let Some(tunnel) = tunnel {
                        self.ask(tunnel.at());
                    }
                }
                opened = &mut open, if tunnel.is_none() => {
                    let opened = self.uses_beside(opened);
                    self.ask(opened.at());
                    *tunnel = Some(opened);
                }
            }
        }
    }

    /// What comes through this tunnel is heard from now on.
    fn uses_beside(&self, tunnel: Tunnel) -> Tunnel {
        self.state().tunnel = Some(tunnel.at());
        tunnel
    }

    /// Deals with a packet of the relay's own.
    fn hear(&self, packet: &[u8], from: SocketAddr) -> Option<Packet> {
        let from = canonical(from);
        if !self.notes(from) {
            return None;
        }
        let packet = Packet::decode(packet)?;
        match packet {
            Packet::Challenge(nonce) => self.say(&Packet::Prove(self.ticket, nonce), from),
            Packet::Bound => {
                let mut state = self.state();
                state.used = from;
                state.unanswered = 0;
            }
            // The relay was restarted, or sees us elsewhere; or else we have moved ourselves.
            Packet::Unbound if self.state().used == from => self.ask(from),
            _ => {}
        }
        Some(packet)
    }

    /// Notes that something came from there; `false` if that is not the relay.
    fn notes(&self, from: SocketAddr) -> bool {
        let mut state = self.state();
        if state.used == from {
            state.unanswered = 0;
        }
        Some(from) == self.udp || Some(from) == state.tunnel
    }

    /// Notes that so many packets go out on the way that is used.
    fn counts(&self, packets: u32) -> SocketAddr {
        let mut state = self.state();
        if state.unanswered == 0 {
            state.since = Instant::now();
        }
        state.unanswered = state.unanswered.saturating_add(packets);
        state.used
    }

    fn is_in_doubt(&self) -> bool {
        let state = self.state();
        state.unanswered >= UNANSWERED && state.since.elapsed() > DOUBT
    }

    fn ask_udp(&self) {
        if let Some(udp) = self.udp {
            self.ask(udp);
        }
    }

    fn ask(&self, to: SocketAddr) {
        // The relay answers this one always.
        if to == self.state().used {
            self.counts(UNANSWERED);
        }
        self.say(&Packet::Bind(self.ticket), to);
    }

    /// What is lost is said again: by the next try, or when the relay asks again.
    fn say(&self, packet: &Packet, to: SocketAddr) {
        if let Err(error) = self.io.try_send_to(&packet.encode(), self.native(to)) {
            tracing::trace!(%error, "a packet to the relay was lost");
        }
    }

    /// The address as our own socket takes it.
    fn native(&self, to: SocketAddr) -> SocketAddr {
        match to {
            SocketAddr::V4(v4) if self.face.is_ipv6() => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
            }
            to => to,
        }
    }

    /// How this machine itself reaches our socket.
    fn ours(&self) -> SocketAddr {
        let port = self.io.local_addr().map_or(0, |it| it.port());
        (Ipv4Addr::LOCALHOST, port).into()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UdpPoller for Writable {
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.ways.io.poll_send_ready(cx)
    }
}

impl AsyncUdpSocket for RelaySocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable(self))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let ways = &self.ways;
        let to = ways.native(ways.counts(1));
        match ways.io.try_send_to(transmit.contents, to) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            // A packet that cannot be sent is a lost packet, and QUIC sends it again.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (buffers.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        let ways = &self.ways;
        loop {
            let mut read = ReadBuf::new(buffer);
            let Ok(from) = ready!(ways.io.poll_recv_from(cx, &mut read)) else {
                // About a packet that was sent before, such as that the relay is away.
                continue;
            };
            let packet = read.filled();
            if packet.is_empty() {
                continue;
            }
            if packet[0] < QUIC {
                ways.hear(packet, from);
                continue;
            }
            if !ways.notes(canonical(from)) {
                continue;
            }
            let len = packet.len();
            *meta = RecvMeta {
                addr: ways.face,
                len,
                stride: len,
                ecn: None,
                dst_ip: None,
            };
            return Poll::Ready(Ok(1));
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.ways.io.local_addr()
    }
}
