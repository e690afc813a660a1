//! The connections with the customer's machine, and which of them carries the session.
//!
//! The session begins over the relay and moves to whatever is better as soon as that is there: the
//! next connection is ready before the last one is left. A connection from which nothing comes
//! although something is under way is in doubt; then another one takes its place, and if there is
//! none, new ones are dialled until one is up.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{
    Bond, Connection, ConnectionError, DialError, FrameReceiver, FrameSender, Health, InLane,
    Incoming, Kind, Node, OutLane, Place, Pulse, RecvError, RecvStream, candidates, choose, close,
    digits_secret, peer_key, read_number, rtt,
};
use aldis_trust::{SignerKey, digits};
use aldis_wire::peer::{Comes, Grant, POKE, ScreenPart, ToHost, ToViewer};
use aldis_wire::relay::Relay;
use aldis_wire::signal::Distrust;
use aldis_wire::{Code, KeyHash, Millis, SessionId, VERSION};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

use crate::meter::{Link, Tried};

/// How often it is looked how the connections do.
const TICK: Duration = Duration::from_millis(100);

/// For how long (ms) nothing may come before the supporter is told that he is cut off.
const CUT_OFF: u64 = 2_500;

/// How often a new connection is dialled while none is well, in ticks.
const REDIAL: u32 = 8;

/// How often a relay that is not connected is dialled while another connection is well, in ticks.
const RELAY_AGAIN: u32 = 50;

/// How often the relay that carries the session is reminded of us, in ticks.
const REMIND: u32 = 20;

/// How often a straight way is looked for while the relay carries the session, in ticks.
const STRAIGHT_AGAIN: u32 = 600;

/// After how many ticks without a word from the customer's machine it is asked for a sign of life.
const BEAT: u32 = 80;

/// The same while the connection is in doubt.
const BEAT_IN_DOUBT: u32 = 4;

/// How often the rate is reckoned, in ticks.
const RECKON: u32 = 10;

/// The most streams that wait to be looked at.
const ARRIVALS: usize = 8;

/// The most dials at once.
const DIALS: usize = 12;

/// How long a session may take to move, beyond its round trips.
const MOVE: Duration = Duration::from_millis(1500);

/// How long somebody who connects may take for it.
const ARRIVAL: Duration = Duration::from_secs(5);

/// How long the first connection may take to say welcome.
const WELCOME: Duration = Duration::from_secs(10);

/// How long a supporter may read out digits; longer than the customer may take to type them.
const READING: Duration = Duration::from_mins(4);

/// Input goes before everything.
const CONTROL_PRIORITY: i32 = 10;

/// What is said in both directions, whatever carries it.
pub(crate) struct Lanes {
    pub(crate) control: OutLane<ToHost>,
    pub(crate) heard: InLane<ToViewer>,
    pub(crate) screen: InLane<ScreenPart>,
}

/// Where a session is to be had.
pub(crate) struct Way {
    pub(crate) session: SessionId,
    /// The case that the supporter asked for.
    pub(crate) case: Code,
    /// The key that the customer's machine proves to hold.
    pub(crate) key: KeyHash,
    /// The organisation that this supporter works for; the digits name it.
    pub(crate) root: SignerKey,
    pub(crate) relay: Relay,
    /// Where the server is.
    pub(crate) server: Place,
}

/// What becomes of the connections.
pub(crate) enum WayNews {
    /// Nothing comes any more; it is being mended.
    Away,
    /// It goes on.
    Back,
    /// It never will: the customer's machine has closed it, or is another one.
    Lost,
    /// The customer's machine said what none of ours says.
    Malformed,
}

/// A connection, and what was last known of it.
struct Strand {
    connection: Connection,
    kind: Kind,
    pulse: Pulse,
    /// Takes the streams that the customer's machine opens.
    _streams: JoinSet<()>,
}

/// A stream of the screen, and the number with which it begins; on which connection.
type Arrival = (usize, u32, RecvStream);

/// The connections of one session.
pub(crate) struct Ways {
    node: Node,
    relayed: Node,
    way: Way,
    lanes: Arc<Lanes>,
    bond: Bond,
    link: Link,
    strands: Vec<Strand>,
    /// [`Connection::stable_id`] of the one that carries the session.
    used: Option<usize>,
    /// Counts the streams that carried it.
    number: u32,
    /// Where the customer's machine may be found.
    offered: Vec<SocketAddr>,
    dials: JoinSet<Option<(Connection, Kind)>>,
    /// A move that is under way: to which connection, and its outcome.
    moving: Option<usize>,
    moves: JoinSet<Result<Moved, Failed>>,
    /// Hear the streams that carry the session now and those before.
    hearers: JoinSet<Result<(), Failed>>,
    pumps: JoinSet<()>,
    arrivals: mpsc::Receiver<Arrival>,
    arriving: mpsc::Sender<Arrival>,
    /// A stream of the screen that came before the word that announces it, or the other way round.
    early: Option<(u32, RecvStream)>,
    /// The number of the streams that carry the session.
    carried: u32,
    /// Asks for a sign of life.
    beats: Arc<Notify>,
    expected: Option<(u32, u64)>,
    /// Ticks since the last sign of life was sent.
    unbeaten: u32,
    away: bool,
    tick: Interval,
    ticks: u32,
}

/// The customer's machine agreed to go on over another connection.
struct Moved {
    connection: Connection,
    kind: Kind,
    send: FrameSender<ToHost>,
    receive: FrameReceiver<ToViewer>,
    number: u32,
    from: u64,
    received: u64,
    screen_from: u64,
}

/// Why streams are of no use.
enum Failed {
    /// The connection is gone, or too slow.
    Lost(usize),
    /// The customer's machine does not know the session any more.
    Refused,
    /// The customer's machine says what none of ours says.
    Malformed,
}

/// A session that has begun.
pub(crate) struct Begun {
    pub(crate) ways: Ways,
    pub(crate) grant: Grant,
    pub(crate) since: Millis,
}

/// Why a session has not begun.
pub(crate) enum NotBegun {
    Unreachable(DialError),
    Distrusted(Distrust),
}

impl From<DialError> for NotBegun {
    fn from(error: DialError) -> Self {
        Self::Unreachable(error)
    }
}

impl Ways {
    /// Connects through the relay and is welcomed; `tell` is given the digits that the supporter
    /// must read out before that, if the customer's machine wants some.
    pub(crate) async fn begin<T: Future<Output = bool>>(
        node: Node,
        way: Way,
        lanes: Arc<Lanes>,
        link: Link,
        beats: Arc<Notify>,
        tell: impl FnOnce(String) -> T,
    ) -> Result<Begun, NotBegun> {
        node.expect_peers(&[way.key]);
        let start = Instant::now();
        let relayed = node.through_relay(&way.server, &way.relay).await?;
        let connection = relayed.dial_relayed(way.key).await?;
        let kind = relayed.relay_kind();
        link.note(Tried {
            kind,
            at: way.server.port(way.relay.port),
            after: Some(start.elapsed()),
        });
        let refused = || DialError::Refused("the customer's computer".to_owned());
        let (send, receive, grant, since) = match welcomed(&connection, &way, tell).await {
            Ok(welcome) => welcome,
            Err(why) => {
                connection.close(close::DONE, b"");
                return Err(why.map_or_else(|| refused().into(), NotBegun::Distrusted));
            }
        };
        let bond = Bond::new(&connection, way.session).ok_or_else(refused)?;
        let (arriving, arrivals) = mpsc::channel(ARRIVALS);
        let mut ways = Self {
            node,
            relayed,
            way,
            lanes,
            bond,
            link,
            strands: Vec::new(),
            used: None,
            number: 0,
            offered: Vec::new(),
            dials: JoinSet::new(),
            moving: None,
            moves: JoinSet::new(),
            hearers: JoinSet::new(),
            pumps: JoinSet::new(),
            arrivals,
            arriving,
            early: None,
            carried: 0,
            beats,
            expected: None,
            unbeaten: 0,
            away: false,
            tick: interval(TICK),
            ticks: 0,
        };
        ways.tick
            .set_missed_tick_behavior(MissedTickBehavior::Delay);
        ways.add(connection.clone(), kind);
        ways.carry(Moved {
            connection,
            kind,
            send,
            receive,
            number: 0,
            from: 0,
            received: 0,
            screen_from: 0,
        });
        Ok(Begun { ways, grant, since })
    }

    /// The customer's machine says where else it may be found.
    pub(crate) fn offered(&mut self, offered: Vec<SocketAddr>) {
        let offered = candidates::accept(offered);
        if self.offered != offered {
            self.offered = offered;
            self.dial_straight();
        }
    }

    /// Tries to reach the customer's machine straight, unless the session goes straight already.
    pub(crate) fn look_straight(&mut self) {
        let used = self.strands.iter().find(|it| Some(it.id()) == self.used);
        if !used.is_some_and(|strand| strand.kind.is_direct() && !strand.health().is_in_doubt()) {
            self.dial_straight();
        }
    }

    /// Somebody connects.
    pub(crate) fn incoming(&mut self, incoming: Incoming) {
        if self.dials.len() >= DIALS {
            return incoming.refuse();
        }
        let key = self.way.key;
        self.dials.spawn(async move {
            let connection = timeout(ARRIVAL, incoming).await.ok()?.ok()?;
            let kind = straight(connection.remote_address());
            (peer_key(&connection) == Some(key)).then_some((connection, kind))
        });
    }

    /// The next thing that the supporter should know; may be dropped at any point.
    pub(crate) async fn next(&mut self) -> WayNews {
        loop {
            let news = tokio::select! {
                _ = self.tick.tick() => self.look(),
                Some(dialled) = self.dials.join_next() => {
                    if let Ok(Some((connection, kind))) = dialled {
                        self.add(connection, kind);
                        self.move_if_better();
                    }
                    None
                }
                Some(moved) = self.moves.join_next() => match moved {
                    Ok(Ok(moved)) => self.carry(moved),
                    Ok(Err(failed)) => self.failed(&failed),
                    Err(_) => None,
                },
                Some(heard) = self.hearers.join_next() => match heard {
                    Ok(Err(failed)) => self.failed(&failed),
                    Ok(Ok(())) | Err(_) => None,
                },
                Some(_) = self.pumps.join_next() => None,
                Some((id, number, stream)) = self.arrivals.recv() => {
                    self.arrived(id, number, stream);
                    None
                }
            };
            if let Some(news) = news {
                return news;
            }
        }
    }

    fn failed(&mut self, failed: &Failed) -> Option<WayNews> {
        match failed {
            Failed::Malformed => Some(WayNews::Malformed),
            Failed::Refused => Some(WayNews::Lost),
            Failed::Lost(id) => {
                if self.moving == Some(*id) {
                    self.moving = None;
                    // It was up and did not do: nothing is won by trying it again.
                    for strand in self.strands.iter().filter(|it| it.id() == *id) {
                        strand.connection.close(close::UNUSED, b"");
                    }
                }
                None
            }
        }
    }

    /// Looks how all do, and does what follows from it.
    fn look(&mut self) -> Option<WayNews> {
        self.ticks = self.ticks.wrapping_add(1);
        let relay_kind = self.relayed.relay_kind();
        for strand in &mut self.strands {
            strand.pulse.look(&strand.connection, TICK);
            if !strand.kind.is_direct() && strand.kind != relay_kind {
                // The relay's socket goes over UDP or TCP as it can, and nothing else moves.
                strand.kind = relay_kind;
                if self.used == Some(strand.id()) {
                    self.link.uses(strand.connection.clone(), relay_kind);
                }
            }
        }
        let ended = self.strands.iter().find_map(Strand::ended_by_peer);
        self.strands
            .retain(|strand| strand.connection.close_reason().is_none());
        self.link.sweep();
        if self.ticks.is_multiple_of(RECKON) {
            self.link.reckon(TICK * RECKON);
        }
        let used = self.strands.iter().find(|it| Some(it.id()) == self.used);
        if used.is_none() && ended.is_some_and(|id| self.used == Some(id)) {
            return Some(WayNews::Lost);
        }
        let well = used.is_some_and(|strand| !strand.health().is_in_doubt());
        let cut_off =
            used.is_none_or(|strand| strand.pulse.silent() > CUT_OFF + 3 * rtt(&strand.connection));
        let straight = used.is_some_and(|strand| strand.kind.is_direct());
        // What has not been answered for long is asked again at once when the network is back,
        // where QUIC by itself waits ever longer.
        let pause = if well { BEAT } else { BEAT_IN_DOUBT };
        let quiet = used.is_some_and(|strand| strand.pulse.quiet() >= TICK * pause);
        self.unbeaten += 1;
        let lonely = used.is_some_and(|strand| strand.pulse.is_lonely(&strand.connection));
        let beat = lonely || quiet && self.unbeaten >= pause;
        let relayed = self.strands.iter().any(|it| !it.kind.is_direct());
        if !well && self.ticks.is_multiple_of(REDIAL) {
            self.dial_relay();
            self.dial_straight();
        } else if !relayed && self.ticks.is_multiple_of(RELAY_AGAIN) {
            self.dial_relay();
        } else if well && !straight && self.ticks.is_multiple_of(STRAIGHT_AGAIN) {
            self.dial_straight();
        }
        if !straight && self.ticks.is_multiple_of(REMIND) {
            self.relayed.is_here();
        }
        if beat {
            self.unbeaten = 0;
            self.beats.notify_one();
        }
        self.move_if_better();
        if cut_off && !self.away {
            self.away = true;
            // What he did meanwhile was meant for the picture that he saw; what is on its way, QUIC
            // would say again by itself if the network came back.
            self.pumps.abort_all();
            self.lanes.control.close();
            return Some(WayNews::Away);
        }
        if self.away && well && self.moving.is_none() {
            // The connection that was silent speaks again; its lane was closed meanwhile.
            let place = self
                .strands
                .iter()
                .position(|it| Some(it.id()) == self.used);
            if let Some(place) = place {
                self.move_to(place);
            }
        }
        None
    }

    fn add(&mut self, connection: Connection, kind: Kind) {
        self.link.opened(connection.clone());
        let (opened, arriving) = (connection.clone(), self.arriving.clone());
        let mut streams = JoinSet::new();
        streams.spawn(async move {
            while let Ok(mut stream) = opened.accept_uni().await {
                if let Some(number) = read_number(&mut stream).await {
                    let arrival = (opened.stable_id(), number, stream);
                    if arriving.send(arrival).await.is_err() {
                        return;
                    }
                }
            }
        });
        self.strands.push(Strand {
            pulse: Pulse::of(&connection),
            connection,
            kind,
            _streams: streams,
        });
    }

    /// The customer's machine has opened a stream.
    fn arrived(&mut self, id: usize, number: u32, stream: RecvStream) {
        if number == POKE {
            // It hears nothing over the connection in use, and this one is another.
            for strand in self.strands.iter_mut().filter(|it| it.id() != id) {
                let patience = Health::patience(rtt(&strand.connection));
                strand.pulse.doubt(Duration::from_millis(patience) + TICK);
            }
            return self.move_if_better();
        }
        match self.expected {
            Some((expected, from)) if expected == number => {
                self.expected = None;
                self.hear_screen(stream, from, id);
            }
            // Of the words for both, that for the stream may come first.
            // One of a move that failed may come after one of the next.
            _ if number > self.carried
                && self.early.as_ref().is_none_or(|(other, _)| *other < number) =>
            {
                self.early = Some((number, stream));
            }
            _ => {}
        }
    }

    fn hear_screen(&mut self, stream: RecvStream, from: u64, id: usize) {
        let lanes = Arc::clone(&self.lanes);
        self.hearers.spawn(async move {
            let mut stream = FrameReceiver::new(stream);
            let heard = lanes.screen.hear(&mut stream, from).await;
            heard.map(drop).map_err(|error| failed(&error, id))
        });
    }

    fn dial_relay(&mut self) {
        if self.dials.len() >= DIALS {
            return;
        }
        self.relayed.bind_again();
        let (relayed, key) = (self.relayed.clone(), self.way.key);
        let (link, at) = (self.link.clone(), self.way.server.port(self.way.relay.port));
        self.dials.spawn(async move {
            let start = Instant::now();
            let connection = relayed.dial_relayed(key).await;
            let after = connection.is_ok().then(|| start.elapsed());
            let kind = relayed.relay_kind();
            link.note(Tried { kind, at, after });
            Some((connection.ok()?, kind))
        });
    }

    fn dial_straight(&mut self) {
        if self.dials.len() >= DIALS || self.offered.is_empty() {
            return;
        }
        let (node, key, offered) = (self.node.clone(), self.way.key, self.offered.clone());
        let link = self.link.clone();
        self.dials.spawn(async move {
            let start = Instant::now();
            let dialled = node.dial_peer(&offered, key).await;
            let reached = dialled.as_ref().ok().map(Connection::remote_address);
            for at in offered {
                let up = reached.is_some_and(|it| candidates::canonical(it) == at);
                let (kind, after) = (straight(at), up.then(|| start.elapsed()));
                let at = Some(at);
                // Where one was up, the others were given up.
                if up || reached.is_none() {
                    link.note(Tried { kind, at, after });
                }
            }
            let connection = dialled.ok()?;
            let kind = straight(connection.remote_address());
            Some((connection, kind))
        });
    }

    /// Moves to the best connection, unless a move is under way.
    fn move_if_better(&mut self) {
        if self.moving.is_some() {
            return;
        }
        let all: Vec<Health> = self.strands.iter().map(Strand::health).collect();
        let used = self
            .strands
            .iter()
            .position(|it| Some(it.id()) == self.used);
        if let Some(best) = choose(&all, used)
            && Some(best) != used
        {
            self.move_to(best);
        }
    }

    fn move_to(&mut self, place: usize) {
        let strand = &self.strands[place];
        let (connection, kind) = (strand.connection.clone(), strand.kind);
        self.number += 1;
        let number = self.number;
        let Some(proof) = self.bond.prove(&connection, number) else {
            return;
        };
        self.moving = Some(strand.id());
        let comes = Comes::Again {
            number,
            proof,
            control: self.lanes.heard.lacking(),
            screen: self.lanes.screen.lacking(),
        };
        let meant = (self.way.session, self.way.case);
        self.moves.spawn(async move {
            let id = connection.stable_id();
            let patience = MOVE + 4 * connection.rtt();
            match timeout(patience, resumed(connection, kind, meant, comes, number)).await {
                Ok(outcome) => outcome,
                Err(_late) => Err(Failed::Lost(id)),
            }
        });
    }

    /// From now on the session goes over these streams.
    fn carry(&mut self, moved: Moved) -> Option<WayNews> {
        let Moved {
            connection,
            kind,
            mut send,
            mut receive,
            number,
            from,
            received,
            screen_from,
        } = moved;
        let id = connection.stable_id();
        self.moving = None;
        self.used = Some(id);
        self.link.uses(connection, kind);
        tracing::info!(?kind, number, "the session goes over another connection");
        self.pumps.abort_all();
        let lanes = Arc::clone(&self.lanes);
        self.pumps.spawn(async move {
            let from = lanes.control.begin(received);
            let begun = number == 0 || send.send(&ToHost::Continues { from }).await.is_ok();
            if begun {
                drop(lanes.control.pump(send, from).await);
            }
        });
        let lanes = Arc::clone(&self.lanes);
        self.hearers.spawn(async move {
            let heard = lanes.heard.hear(&mut receive, from).await;
            heard.map(drop).map_err(|error| failed(&error, id))
        });
        self.carried = number;
        match self.early.take() {
            Some((early, stream)) if early == number => self.hear_screen(stream, screen_from, id),
            _ => self.expected = Some((number, screen_from)),
        }
        // Two straight ways are one too many: both sides had dialled.
        for strand in &self.strands {
            if strand.id() != id && kind.is_direct() && strand.kind.is_direct() {
                strand.connection.close(close::UNUSED, b"");
            }
        }
        std::mem::take(&mut self.away).then_some(WayNews::Back)
    }

    /// Ends all connections.
    pub(crate) fn close(&self, code: aldis_link::VarInt) {
        for strand in &self.strands {
            strand.connection.close(code, b"");
        }
    }
}

impl Drop for Ways {
    fn drop(&mut self) {
        self.close(close::DONE);
    }
}

impl Strand {
    fn id(&self) -> usize {
        self.connection.stable_id()
    }

    fn health(&self) -> Health {
        Health {
            kind: self.kind,
            rtt: rtt(&self.connection),
            silent: self.pulse.silent(),
        }
    }

    /// Its id, if the customer's machine has ended it, or is no longer the same program.
    fn ended_by_peer(&self) -> Option<usize> {
        match self.connection.close_reason()? {
            // It had heard nothing for long, as after a sleep of this machine.
            ConnectionError::ApplicationClosed(said) if said.error_code == close::UNUSED => None,
            ConnectionError::ApplicationClosed(_) | ConnectionError::Reset => Some(self.id()),
            _ => None,
        }
    }
}

fn failed(error: &RecvError, id: usize) -> Failed {
    match error {
        RecvError::Malformed(_) => Failed::Malformed,
        _ => Failed::Lost(id),
    }
}

/// Whether an address is of a network of the house (RFC 1918, 3927, 4193, 4291), or this machine's
/// own.
fn straight(address: SocketAddr) -> Kind {
    let near = match address.ip().to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    };
    if near { Kind::Lan } else { Kind::Direct }
}

type Welcomed = (FrameSender<ToHost>, FrameReceiver<ToViewer>, Grant, Millis);

/// Waits for the welcome; before it, digits may be asked for. The error has a reason if the
/// customer's machine has given one.
async fn welcomed<T: Future<Output = bool>>(
    connection: &Connection,
    way: &Way,
    tell: impl FnOnce(String) -> T,
) -> Result<Welcomed, Option<Distrust>> {
    let mut number = [0; 32];
    getrandom::fill(&mut number).or(Err(None))?;
    let commitment = digits::commitment(way.session, &number);
    let hello = said_hello(
        connection,
        (way.session, way.case),
        Comes::First,
        commitment,
    );
    let (mut send, mut receive) = hello.await.ok_or(None)?;
    let mut answer = timeout(WELCOME, receive.recv()).await.or(Err(None))?;
    if let Ok(Some(ToViewer::Prove { number: theirs })) = answer {
        let secret = digits_secret(connection, way.session).ok_or(None)?;
        send.send(&ToHost::Number(number)).await.or(Err(None))?;
        tell(digits::digits(&secret, &number, &theirs, way.root)).await;
        answer = timeout(READING, receive.recv()).await.or(Err(None))?;
    }
    match answer {
        Ok(Some(ToViewer::Welcome {
            version: VERSION,
            grant,
            since,
        })) => Ok((send, receive, grant, since)),
        Ok(Some(ToViewer::Distrusted(why))) => Err(Some(why)),
        _ => Err(None),
    }
}

/// Asks the customer's machine to go on over this connection.
async fn resumed(
    connection: Connection,
    kind: Kind,
    meant: (SessionId, Code),
    comes: Comes,
    number: u32,
) -> Result<Moved, Failed> {
    let lost = Failed::Lost(connection.stable_id());
    let hello = said_hello(&connection, meant, comes, [0; 32]);
    let Some((send, mut receive)) = hello.await else {
        return Err(lost);
    };
    match receive.recv().await {
        Ok(Some(ToViewer::Resumed {
            received,
            from,
            screen_from,
        })) => Ok(Moved {
            connection,
            kind,
            send,
            receive,
            number,
            from,
            received,
            screen_from,
        }),
        Ok(Some(ToViewer::Refused)) => Err(Failed::Refused),
        Ok(None) => Err(lost),
        Ok(Some(_)) => Err(Failed::Malformed),
        Err(error) => Err(failed(&error, connection.stable_id())),
    }
}

async fn said_hello(
    connection: &Connection,
    (session, case): (SessionId, Code),
    comes: Comes,
    commitment: [u8; 32],
) -> Option<(FrameSender<ToHost>, FrameReceiver<ToViewer>)> {
    let (send, receive) = connection.open_bi().await.ok()?;
    let mut send = FrameSender::new(send, CONTROL_PRIORITY);
    let hello = ToHost::Hello {
        version: VERSION,
        session,
        case,
        comes,
        commitment,
    };
    send.send(&hello).await.ok()?;
    Some((send, FrameReceiver::new(receive)))
}
