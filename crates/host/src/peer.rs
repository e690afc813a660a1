//! The connection with one supporter's viewer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{
    Bond, Connection, ConnectionError, FrameReceiver, FrameSender, Health, InLane, Keep, OutLane,
    Pulse, RecvError, close, digits_secret, peer_key, rtt, write_number,
};
use aldis_session::ControlToken;
use aldis_session::held::{self, Held};
use aldis_session::host::Roster;
use aldis_trust::{SignerKey, digits};
use aldis_wire::peer::{Comes, Grant, Look, POKE, Recording, ScreenPart, ToHost, ToViewer};
use aldis_wire::signal::Distrust;
use aldis_wire::{Code, KeyHash, Millis, SessionId, VERSION};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::hands::{Act, Hands, Place};

/// How long a supporter may take to say which session he comes for.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// How long the last word may take to arrive.
const FAREWELL: Duration = Duration::from_millis(800);

/// The most messages that wait for the control stream.
const CONTROL: usize = 64;

/// Control and cursor go before pixels.
const CONTROL_PRIORITY: i32 = 10;

/// The screen's stream.
const SCREEN_PRIORITY: i32 = 0;

/// A supporter at the door: his key is proven, his session is said.
pub(crate) struct Visitor {
    pub(crate) connection: Connection,
    pub(crate) session: SessionId,
    /// The case that he means.
    pub(crate) case: Code,
    pub(crate) key: KeyHash,
    pub(crate) comes: Comes,
    /// What binds the viewer to its number, if digits are to be compared.
    commitment: [u8; 32],
    send: FrameSender<ToViewer>,
    receive: FrameReceiver<ToHost>,
}

/// What the supporter's side tells the engine; input is not among it.
pub(crate) enum PeerNews {
    Shown(u32),
    Select(u32),
    Look(Look),
    HandControl(u32),
    Remove(u32),
    AskControl,
    /// The system lets nobody read the screen; its sentence.
    NoScreen(String),
    Record(bool),
    /// Where the supporter's machine may be found.
    Candidates(Vec<SocketAddr>),
    /// Input came without a live right to it.
    Unauthorised,
    End,
    /// The connection that carried the session is gone, and whether he has closed it without a
    /// word and for no other one. Void unless the streams of this number carry it still: he may
    /// have come over another connection meanwhile, and that may have been heard first.
    Closed {
        number: u32,
        left: bool,
    },
    /// He has closed the connection without a word, or says what no honest viewer says.
    Broken,
}

/// What a supporter's side tells, and in which session; a late word of an earlier one is void.
pub(crate) type Told = (SessionId, PeerNews);

/// How a supporter stands; the newest is told, however slowly he reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    pub(crate) grant: Grant,
    pub(crate) recording: Recording,
    pub(crate) roster: Roster,
}

/// What the engine keeps telling the tasks of one supporter's connection.
pub(crate) struct Lines {
    pub(crate) standing: watch::Receiver<Standing>,
    /// The right to inject, while he has it.
    pub(crate) gate: watch::Receiver<Option<ControlToken>>,
    pub(crate) hands: Option<Hands>,
    /// The monitor that he sees.
    pub(crate) place: Place,
    pub(crate) news: mpsc::Sender<Told>,
}

/// A supporter inside; dropping it cuts his connections.
pub(crate) struct Peer {
    session: SessionId,
    lanes: Arc<Lanes>,
    bond: Option<Bond>,
    /// Of the streams that carry the session now; later ones have greater numbers.
    number: u32,
    connections: Vec<Connection>,
    pub(crate) control: mpsc::Sender<ToViewer>,
    news: mpsc::Sender<Told>,
    /// Write to the streams that carry the session now.
    carriers: JoinSet<()>,
    /// Hear those and the ones before.
    hearers: JoinSet<()>,
    tasks: JoinSet<()>,
}

/// What is said in both directions, whatever carries it.
struct Lanes {
    control: OutLane<ToViewer>,
    screen: OutLane<ScreenPart>,
    heard: InLane<ToHost>,
}

/// How long nothing may come from a supporter before what he holds down is let go.
const HELD: Duration = Duration::from_millis(held::PATIENCE);

/// A viewer says that it lives every eight seconds; after this long without a word it is away.
const QUIET: Duration = Duration::from_secs(30);

/// How often the pulse of a connection is felt.
const FEEL: Duration = Duration::from_millis(500);

/// The same on a way that is long and loses many packets.
const FEEL_ROUGH: Duration = Duration::from_millis(100);

/// How many of the streams before may still be heard.
const OLDER: usize = 3;

/// Takes a connection and lets everybody in who says on it which session he is for.
pub(crate) async fn receive(incoming: aldis_link::Incoming, visitors: mpsc::Sender<Visitor>) {
    if let Ok(connection) = incoming.await {
        open_door(connection, visitors).await;
    }
}

/// Lets everybody in who says on this connection which session he is for; on one connection a
/// session may be left and come back to.
pub(crate) async fn open_door(connection: Connection, visitors: mpsc::Sender<Visitor>) {
    let Some(key) = peer_key(&connection) else {
        return connection.close(close::MALFORMED, b"no key");
    };
    let mut introduced = false;
    loop {
        let introduction = introduce(&connection, key);
        let visitor = if introduced {
            introduction.await
        } else {
            timeout(INTRODUCTION, introduction).await.unwrap_or(None)
        };
        let Some(visitor) = visitor else {
            return connection.close(close::MALFORMED, b"no introduction");
        };
        introduced = true;
        if visitors.send(visitor).await.is_err() {
            return;
        }
    }
}

async fn introduce(connection: &Connection, key: KeyHash) -> Option<Visitor> {
    let (send, receive) = connection.accept_bi().await.ok()?;
    let mut receive = FrameReceiver::new(receive);
    match timeout(INTRODUCTION, receive.recv()).await.ok()? {
        Ok(Some(ToHost::Hello {
            version: VERSION,
            session,
            case,
            comes,
            commitment,
        })) => Some(Visitor {
            connection: connection.clone(),
            session,
            case,
            key,
            comes,
            commitment,
            send: FrameSender::new(send, CONTROL_PRIORITY),
            receive,
        }),
        _ => None,
    }
}

impl Visitor {
    /// Sends the visitor away.
    pub(crate) async fn refuse(self) {
        self.part(ToViewer::Refused).await;
    }

    /// Sends the visitor away, and says why he is not believed.
    pub(crate) async fn distrust(self, why: Distrust) {
        self.part(ToViewer::Distrusted(why)).await;
    }

    async fn part(mut self, word: ToViewer) {
        if self.send.send(&word).await.is_ok() {
            self.send.finish();
            drop(timeout(FAREWELL, self.send.delivered()).await);
        }
        self.connection.close(close::REFUSED, b"");
    }

    /// Exchanges numbers with the viewer; gives the digits that the two sides must agree on, or
    /// `None` where the viewer does not keep to what it has bound itself to.
    pub(crate) async fn compare(mut self, root: SignerKey) -> Option<(Self, String)> {
        let mut ours = [0; 32];
        getrandom::fill(&mut ours).ok()?;
        let secret = digits_secret(&self.connection, self.session)?;
        self.send
            .send(&ToViewer::Prove { number: ours })
            .await
            .ok()?;
        let answer = timeout(INTRODUCTION, self.receive.recv()).await.ok()?;
        let Ok(Some(ToHost::Number(theirs))) = answer else {
            return None;
        };
        if digits::commitment(self.session, &theirs) != self.commitment {
            return None;
        }
        let digits = digits::digits(&secret, &theirs, &ours, root);
        Some((self, digits))
    }

    /// Lets the visitor in: from now on the streams run.
    pub(crate) fn admit(self, since: Millis, lines: Lines) -> Peer {
        let (control, waiting) = mpsc::channel(CONTROL);
        let (heard, hearing) = mpsc::channel(CONTROL);
        let lanes = Arc::new(Lanes {
            control: OutLane::default(),
            screen: OutLane::default(),
            heard: InLane::new(heard),
        });
        let (session, grant) = (self.session, lines.standing.borrow().grant);
        let news = lines.news.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(write(
            Arc::clone(&lanes),
            grant,
            lines.standing.clone(),
            waiting,
        ));
        tasks.spawn(read(session, hearing, Arc::clone(&lanes), lines));
        let mut peer = Peer {
            session,
            lanes,
            bond: Bond::new(&self.connection, session),
            number: 0,
            connections: Vec::new(),
            control,
            news,
            carriers: JoinSet::new(),
            hearers: JoinSet::new(),
            tasks,
        };
        let welcome = ToViewer::Welcome {
            version: VERSION,
            grant,
            since,
        };
        peer.attach(self, welcome, [0, 0]);
        peer
    }
}

impl Peer {
    /// Sends the screen's parts as they come.
    pub(crate) fn send_screen(&mut self, mut parts: mpsc::Receiver<ScreenPart>) {
        let lanes = Arc::clone(&self.lanes);
        self.tasks.spawn(async move {
            while let Some(part) = parts.recv().await {
                if lanes.screen.send(&part, Keep::Always).await.is_err() {
                    return;
                }
            }
        });
    }

    /// Whether the streams of this number carry the session.
    pub(crate) fn is_carried_by(&self, number: u32) -> bool {
        self.number == number
    }

    /// Whether this visitor shows that he is the one who is inside.
    pub(crate) fn knows(&self, visitor: &Visitor) -> bool {
        let (Comes::Again { number, proof, .. }, Some(bond)) = (&visitor.comes, &self.bond) else {
            return false;
        };
        // A number that was used is an old proof.
        *number > self.number && bond.holds(&visitor.connection, *number, proof)
    }

    /// The session goes on over this connection, from where the visitor says.
    pub(crate) fn move_to(&mut self, visitor: Visitor) {
        let Comes::Again {
            number,
            control,
            screen,
            ..
        } = visitor.comes
        else {
            return;
        };
        self.number = number;
        let from = self.lanes.control.begin(control);
        let screen_from = self.lanes.screen.begin(screen);
        let resumed = ToViewer::Resumed {
            received: self.lanes.heard.lacking(),
            from,
            screen_from,
        };
        self.attach(visitor, resumed, [from, screen_from]);
    }

    /// Uses these streams from now on, which begin with this word and these messages.
    fn attach(&mut self, visitor: Visitor, word: ToViewer, from: [u64; 2]) {
        let Visitor {
            connection,
            comes,
            mut send,
            receive,
            ..
        } = visitor;
        let (number, session) = (self.number, self.session);
        self.carriers.abort_all();
        let (lanes, opened) = (Arc::clone(&self.lanes), connection.clone());
        self.carriers.spawn(async move {
            if send.send(&word).await.is_ok() {
                drop(lanes.control.pump(send, from[0]).await);
            }
            drop(opened);
        });
        let (lanes, opened) = (Arc::clone(&self.lanes), connection.clone());
        self.carriers.spawn(async move {
            let Ok(mut stream) = opened.open_uni().await else {
                return;
            };
            if write_number(&mut stream, number).await.is_ok() {
                let stream = FrameSender::new(stream, SCREEN_PRIORITY);
                drop(lanes.screen.pump(stream, from[1]).await);
            }
        });
        let others: Vec<Connection> = self
            .connections
            .iter()
            .filter(|other| other.stable_id() != connection.stable_id())
            .cloned()
            .collect();
        self.carriers
            .spawn(feel(connection.clone(), others, Arc::clone(&self.lanes)));
        let (news, ending) = (self.news.clone(), connection.clone());
        self.carriers.spawn(async move {
            let left = matches!(
                ending.closed().await,
                ConnectionError::ApplicationClosed(said) if said.error_code != close::UNUSED
            );
            let told = PeerNews::Closed { number, left };
            drop(news.send((session, told)).await);
        });
        while self.hearers.len() > OLDER {
            // They are done for, only nobody has looked yet.
            if self.hearers.try_join_next().is_none() {
                self.hearers.abort_all();
                break;
            }
        }
        let (lanes, news) = (Arc::clone(&self.lanes), self.news.clone());
        let again = matches!(comes, Comes::Again { .. });
        let heard = connection.clone();
        self.hearers.spawn(async move {
            if let Err(Malformed) = hear(&lanes, receive, again).await {
                heard.close(close::MALFORMED, b"");
                drop(news.send((session, PeerNews::Broken)).await);
            }
        });
        self.connections
            .retain(|older| older.close_reason().is_none());
        if !self
            .connections
            .iter()
            .any(|known| known.stable_id() == connection.stable_id())
        {
            self.connections.push(connection);
        }
    }

    /// The last connection is gone.
    pub(crate) fn part(&mut self) {
        self.carriers.abort_all();
        self.lanes.control.close();
        self.lanes.screen.close();
    }

    /// Says the last word and closes.
    pub(crate) async fn close(self, word: ToViewer) {
        let said = async {
            drop(self.control.send(word).await);
            for connection in &self.connections {
                connection.closed().await;
            }
        };
        // A supporter who reads nothing is not waited for.
        drop(timeout(FAREWELL, said).await);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        for connection in &self.connections {
            connection.close(close::DONE, b"");
        }
    }
}

/// Feels the pulse of the connection that carries the session.
///
/// The viewer chooses what carries it, but a viewer that only sees has nothing under way that could
/// go unanswered; so it is told over the other connections when nothing is heard here. And what was
/// not answered is asked again often, for QUIC by itself waits ever longer; on a rough way what is
/// alone gets company.
async fn feel(connection: Connection, others: Vec<Connection>, lanes: Arc<Lanes>) {
    let mut pulse = Pulse::of(&connection);
    let mut pause = FEEL;
    loop {
        sleep(pause).await;
        pulse.look(&connection, pause);
        if pulse.quiet() >= QUIET {
            return connection.close(close::UNUSED, b"nothing comes");
        }
        if pulse.silent() > Health::patience(rtt(&connection)) {
            pause = FEEL;
            for other in others.iter().filter(|it| it.close_reason().is_none()) {
                drop(timeout(FEEL, poke(other)).await);
            }
        } else {
            let is_rough = pulse.is_rough(&connection);
            pause = if is_rough { FEEL_ROUGH } else { FEEL };
            if !pulse.is_lonely(&connection) {
                continue;
            }
        }
        let beat = lanes.control.send(&ToViewer::Beat, Keep::WhileConnected);
        drop(timeout(FEEL, beat).await);
    }
}

async fn poke(other: &Connection) -> Option<()> {
    let mut stream = other.open_uni().await.ok()?;
    write_number(&mut stream, POKE).await.ok()?;
    stream.finish().ok()
}

/// What no honest viewer sends.
struct Malformed;

/// Hears one stream of the supporter's to its end.
async fn hear(
    lanes: &Lanes,
    mut receive: FrameReceiver<ToHost>,
    again: bool,
) -> Result<(), Malformed> {
    let from = if again {
        match receive.recv().await {
            Ok(Some(ToHost::Continues { from })) => from,
            Ok(Some(_)) | Err(RecvError::Malformed(_)) => return Err(Malformed),
            Ok(None) | Err(_) => return Ok(()),
        }
    } else {
        0
    };
    match lanes.heard.hear(&mut receive, from).await {
        Err(RecvError::Malformed(_)) => Err(Malformed),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Sends how the supporter stands whenever that changes, and what waits.
async fn write(
    lanes: Arc<Lanes>,
    grant: Grant,
    mut standing: watch::Receiver<Standing>,
    mut waiting: mpsc::Receiver<ToViewer>,
) {
    let mut told = Standing {
        grant,
        recording: Recording::Off,
        roster: Roster::default(),
    };
    let mut confirmed = lanes.heard.confirmed();
    let say = async |message: ToViewer| lanes.control.send(&message, Keep::Always).await.is_ok();
    loop {
        let now = standing.borrow_and_update().clone();
        if now.grant != told.grant && !say(ToViewer::Grant(now.grant)).await {
            return;
        }
        if now.roster != told.roster {
            let Roster { list, joining } = now.roster.clone();
            if !say(ToViewer::Seats { list, joining }).await {
                return;
            }
        }
        if now.recording != told.recording && !say(ToViewer::Recording(now.recording)).await {
            return;
        }
        told = now;
        let message = tokio::select! {
            biased;
            Ok(()) = standing.changed() => continue,
            Ok(()) = confirmed.changed() => {
                let control = *confirmed.borrow_and_update();
                Some(ToViewer::Received { control })
            }
            message = waiting.recv() => message,
        };
        let Some(message) = message else { return };
        if !say(message).await {
            return;
        }
    }
}

/// Input goes straight from the stream to the hands, and waits here when they are slow;
/// whether it may is looked up for every single one.
async fn read(
    session: SessionId,
    mut heard: mpsc::Receiver<ToHost>,
    lanes: Arc<Lanes>,
    lines: Lines,
) {
    let Lines {
        standing: _,
        gate,
        hands,
        place,
        news,
    } = lines;
    let mut held = Held::default();
    loop {
        let message = if held.is_empty() {
            heard.recv().await
        } else if let Ok(message) = timeout(HELD, heard.recv()).await {
            message
        } else {
            // A key must not go on repeating itself because the word that it is up is lost.
            held.clear();
            if let Some(hands) = &hands {
                drop(hands.send(Act::LetGo).await);
            }
            continue;
        };
        let Some(message) = message else { return };
        let told = match message {
            ToHost::Input(input) => {
                held.handle(&input);
                let token = gate.borrow().clone().filter(ControlToken::is_live);
                match (token, &hands) {
                    (Some(token), Some(hands)) => {
                        let act = Act::Do(token, input, Place::clone(&place));
                        if hands.send(act).await.is_err() {
                            tracing::debug!("the hands are gone");
                        }
                        continue;
                    }
                    _ => PeerNews::Unauthorised,
                }
            }
            ToHost::Received { control, screen } => {
                let confirmed = lanes.control.confirm(control);
                match confirmed.and_then(|()| lanes.screen.confirm(screen)) {
                    Ok(()) => continue,
                    Err(_never_said) => PeerNews::Broken,
                }
            }
            ToHost::Beat => continue,
            ToHost::FrameDone { sequence } => PeerNews::Shown(sequence),
            ToHost::SelectMonitor(id) => PeerNews::Select(id),
            ToHost::Look(look) => PeerNews::Look(look),
            ToHost::HandControl { seat } => PeerNews::HandControl(seat),
            ToHost::RemoveSeat { seat } => PeerNews::Remove(seat),
            ToHost::AskControl => PeerNews::AskControl,
            ToHost::Record(wish) => PeerNews::Record(wish),
            ToHost::Candidates(offered) => PeerNews::Candidates(offered),
            ToHost::End => PeerNews::End,
            // They belong at the beginning of a stream and nowhere else.
            ToHost::Hello { .. } | ToHost::Number(_) | ToHost::Continues { .. } => PeerNews::Broken,
        };
        let over = matches!(told, PeerNews::Broken);
        if news.send((session, told)).await.is_err() || over {
            return;
        }
    }
}
