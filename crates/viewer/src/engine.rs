//! The one loop that decides what the supporter's app does.

mod organising;
mod returning;

use std::net::SocketAddr;
use std::sync::Arc;

use aldis_link::contact::{self, Contact};
use aldis_link::{Incoming, Mapping, Node, Place, RouterPort, candidates};
use aldis_record::{Head, Shelf};
use aldis_trust::{Invitation, ServerName, SignerKey};
use aldis_wire::peer::{EndReason, Grant, Look, Recording, ToHost};
use aldis_wire::signal::{Answer, Availability, Consent, Push, Refusal, Request};
use aldis_wire::{Code, SessionId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::returning::{Asking, Away};
use crate::office::Office;
use crate::peer::{self, Peer, PeerNews};
use crate::picture::{Changed, Picture};
use crate::recorder::{Outcome, Recorder};
use crate::service::{About, Service, Wish};
use crate::standing::Problem;
use crate::view::{Desk, Over, RecordProblem, Recorded, Session, SessionStage, View};
use crate::viewer::Command;
use crate::ways::Way;

/// The most commands and events that wait for the loop.
pub(crate) const WAITING: usize = 1024;

/// The most connections that wait to be looked at.
const VISITS: usize = 8;

/// What a question to the server was about.
#[derive(Clone, Debug)]
enum Tag {
    Desk(About),
    Connect(Code),
    /// How this app stands.
    Enrol,
    /// Something that an admin did by hand.
    Deed,
    /// Something that the office did by itself.
    Duty,
    Quiet,
}

pub(crate) struct Engine {
    node: Node,
    shown: watch::Sender<View>,
    changed: Arc<dyn Fn(Changed) + Send + Sync>,
    view: View,
    outbox: Option<mpsc::Sender<(Tag, Request)>>,
    server: JoinSet<()>,
    server_name: Option<ServerName>,
    /// The session that is asked for or runs.
    session: Option<SessionId>,
    peer: Option<Peer>,
    /// Where the server is.
    server_at: Option<Place>,
    /// This machine's addresses as far as they are known, for a session that has begun.
    offers: watch::Sender<Vec<SocketAddr>>,
    /// The relay's port, as the server said with the last session.
    relay_port: Option<u16>,
    /// Where this machine is seen from outside.
    seen: Vec<SocketAddr>,
    /// Asked for once there is a server at which sessions begin.
    router: Option<RouterPort>,
    /// Connections that come straight, for the session that runs.
    visits: Option<mpsc::Sender<Incoming>>,
    returns: u32,
    /// The session whose connections are all silent or gone.
    away: Option<Away>,
    /// Whether the customer is being asked.
    asking: Asking,
    /// How he wants customers' screens to look, as he said last.
    look: Look,
    /// Whether he takes requests, as he said last.
    availability: Availability,
    /// An admin's keys, if this is his machine.
    office: Option<Office>,
    /// The invitation that was used in this run.
    invitation: Option<Invitation>,
    /// What the office asks for by itself is under way.
    duties: bool,
    /// Where recordings are kept.
    shelf: Option<Shelf>,
    /// He wants this session to be recorded.
    records: bool,
    /// The recording that runs, and those that are being finished.
    recorders: JoinSet<Outcome>,
    tasks: JoinSet<()>,
}

impl Engine {
    pub(crate) fn new(
        node: Node,
        shown: watch::Sender<View>,
        changed: Arc<dyn Fn(Changed) + Send + Sync>,
    ) -> Self {
        Self {
            node,
            shown,
            changed,
            view: View::default(),
            outbox: None,
            server: JoinSet::new(),
            server_name: None,
            session: None,
            peer: None,
            server_at: None,
            offers: watch::Sender::default(),
            relay_port: None,
            seen: Vec::new(),
            router: None,
            visits: None,
            returns: 0,
            away: None,
            asking: Asking::No,
            look: Look::default(),
            availability: Availability::Available,
            office: None,
            invitation: None,
            duties: false,
            shelf: None,
            records: false,
            recorders: JoinSet::new(),
            tasks: JoinSet::new(),
        }
    }

    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (news_in, mut news) = mpsc::channel(WAITING);
        let (peer_in, mut peer) = mpsc::channel(WAITING);
        let (again_in, mut again) = mpsc::channel(1);
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(Command::Input(input)) => {
                        self.say(ToHost::Input(input));
                        continue;
                    }
                    Some(Command::Quit) | None => break,
                    Some(command) => self.command(command, &news_in),
                },
                Some((session, told)) = peer.recv() => {
                    if self.session == Some(session) {
                        self.peer_told(told, &again_in);
                    }
                }
                Some(told) = news.recv() => self.server_told(told, &peer_in, &again_in),
                Some(()) = again.recv() => match self.away {
                    Some(away) => self.look_for_customer(away, &again_in),
                    None if self.peer.is_none() && self.asking == Asking::No => self.ask_again(),
                    None => {}
                },
                mapping = RouterPort::changed(&mut self.router) => self.mapped(mapping),
                Some(incoming) = self.node.accept() => match &self.visits {
                    Some(visits) => drop(visits.try_send(incoming)),
                    None => incoming.refuse(),
                },
                Some(outcome) = self.recorders.join_next() => {
                    if let Ok(outcome) = outcome {
                        self.recorded(outcome);
                    }
                }
                Some(_) = self.tasks.join_next() => continue,
            }
            self.ask_for_chats();
            self.paint();
        }
        self.stop_recorder();
        if let Some(peer) = self.peer.take() {
            peer.close().await;
        }
        while self.recorders.join_next().await.is_some() {}
        let router = self.router.take();
        let give_back = async {
            if let Some(router) = router {
                router.close().await;
            }
        };
        tokio::join!(give_back, self.node.close());
    }

    fn command(&mut self, command: Command, news: &mpsc::Sender<Contact<Tag>>) {
        match command {
            Command::SignIn {
                server,
                name,
                password,
            } => {
                let first = Request::SignIn { name, password };
                self.contact(server, first, news);
            }
            Command::Resume { server, token } => {
                self.contact(server, Request::Resume { token }, news);
            }
            Command::UseInvitation {
                invitation,
                name,
                password,
            } => {
                let first = Request::UseInvitation {
                    ticket: invitation.ticket(),
                    name,
                    password,
                };
                self.contact(invitation.server.clone(), first, news);
                self.invitation = Some(invitation);
            }
            Command::Office(folder) => {
                let office = Office::at(folder);
                self.view.standing.has_keys = office.has_keys();
                self.office = Some(office);
            }
            Command::Organisation(deed) => self.organise(deed),
            Command::SignOut => {
                self.ask(Tag::Quiet, Request::SignOut);
                self.end_session(Over::Ended(EndReason::Supporter));
                self.outbox = None;
                self.invitation = None;
                self.view = View {
                    router: RouterPort::now(self.router.as_ref()),
                    ..View::default()
                };
                self.view.standing.has_keys = self.office.as_ref().is_some_and(Office::has_keys);
            }
            Command::Desk(wish) => {
                if let Wish::SetAvailability(availability) = &wish {
                    self.availability = *availability;
                }
                let once = getrandom::u64().unwrap_or_else(|_| unix());
                if let Some((about, request)) = self.view.service.wish(wish, once, unix()) {
                    self.ask(Tag::Desk(about), request);
                }
            }
            Command::StartAs(availability) => self.availability = availability,
            Command::Connect { code, view_only } => self.connect(code, view_only),
            Command::Input(input) => self.say(ToHost::Input(input)),
            Command::SelectMonitor(id) => self.say(ToHost::SelectMonitor(id)),
            Command::Look(look) => {
                self.look = look;
                self.say(ToHost::Look(look));
            }
            Command::HandControl(seat) => self.say(ToHost::HandControl { seat }),
            Command::RemoveSeat(seat) => self.say(ToHost::RemoveSeat { seat }),
            Command::AskControl => self.say(ToHost::AskControl),
            Command::Shelf(shelf) => self.shelf = Some(shelf),
            Command::Record(true) => self.ask_to_record(),
            Command::Record(false) => {
                self.stop_recorder();
                self.say(ToHost::Record(false));
            }
            Command::EndSession => self.end_session(Over::Ended(EndReason::Supporter)),
            Command::DismissSession => {
                self.end_session(Over::Ended(EndReason::Supporter));
                self.view.session = None;
            }
            Command::Quit => {}
        }
    }

    fn contact(&mut self, server: ServerName, first: Request, news: &mpsc::Sender<Contact<Tag>>) {
        let (outbox, waiting) = mpsc::channel(contact::OUTBOX);
        self.outbox = Some(outbox);
        self.server.abort_all();
        self.server_name = Some(server.clone());
        self.view.desk = Desk::SigningIn;
        let greeting = move |before: Option<&Answer>| match before {
            Some(Answer::SignedIn { token, .. }) => Request::Resume { token: *token },
            _ => first.clone(),
        };
        let node = self.node.clone();
        self.server.spawn(contact::keep(
            node,
            server,
            greeting,
            None,
            waiting,
            news.clone(),
        ));
    }

    fn ask(&mut self, tag: Tag, request: Request) {
        let sent = self
            .outbox
            .as_ref()
            .is_some_and(|box_| box_.try_send((tag, request)).is_ok());
        if !sent {
            tracing::warn!("the server is away; the question is dropped");
        }
    }

    fn say(&self, message: ToHost) {
        if let Some(peer) = &self.peer {
            // A full queue means a stalled link: the oldest input is as lost as the newest.
            drop(peer.control.try_send(message));
        }
    }

    fn connect(&mut self, code: Code, view_only: bool) {
        self.end_session(Over::Ended(EndReason::Supporter));
        self.returns = 0;
        self.view.session = Some(Session {
            code,
            view_only,
            stage: SessionStage::Asking,
            seats: Vec::new(),
            joining: None,
            monitors: Vec::new(),
            all_monitors: false,
            shared: 0,
            picture: Arc::new(Picture::new(watch::Sender::new(None))),
            recording: Recorded::default(),
            link: None,
            no_hands: None,
            no_picture: None,
            ignored: 0,
        });
        self.ask_for_session();
    }

    fn server_told(
        &mut self,
        news: Contact<Tag>,
        peers: &mpsc::Sender<(SessionId, PeerNews)>,
        again: &mpsc::Sender<()>,
    ) {
        match news {
            Contact::Greeted(
                Answer::SignedIn {
                    token,
                    supporter,
                    now,
                },
                server,
            ) => {
                RouterPort::ask_for(&mut self.router, &self.node, &server);
                self.server_at = Some(server);
                self.look_where_seen();
                self.view.router = RouterPort::now(self.router.as_ref());
                self.view.server_ahead = now.cast_signed().saturating_sub(unix().cast_signed());
                self.enrol(&supporter);
                if let Some(server) = self.server_name.clone() {
                    self.view.desk = Desk::SignedIn {
                        supporter,
                        server,
                        token,
                        online: true,
                    };
                }
                for (about, request) in self.view.service.greeted(self.availability) {
                    self.ask(Tag::Desk(about), request);
                }
                if self.asking == Asking::Owed && (self.awaits_answer() || self.away.is_some()) {
                    self.ask_for_session();
                }
            }
            Contact::Greeted(..) => {}
            Contact::Failed(error) => {
                if self.asking != Asking::No && self.awaits_answer() {
                    self.end_session(Over::Ended(EndReason::Lost));
                }
                self.outbox = None;
                self.view.desk = Desk::Refused(error);
                self.view.service = Service::default();
            }
            Contact::Away => {
                if let Desk::SignedIn { online, .. } = &mut self.view.desk {
                    *online = false;
                }
                if self.asking == Asking::Asked {
                    self.asking = Asking::Owed;
                    if self.peer.is_none() {
                        // The customer may come back to the server later than this app.
                        self.session = None;
                        self.stage(SessionStage::Returning);
                    }
                }
            }
            Contact::Push(Push::ConnectAnswered {
                session,
                answer,
                relay,
            }) if self.session == Some(session) && self.awaits_answer() => {
                self.asking = Asking::No;
                match answer {
                    Consent::Allowed { grant: _, key } => {
                        self.stage(SessionStage::Connecting);
                        let (Some(relay), Some(server)) = (relay, self.server_at.clone()) else {
                            return self.end_session(Over::Ended(EndReason::Lost));
                        };
                        // Not the one that the server shows now: the customer is to believe no other
                        // than this app does.
                        let root = self.server_name.as_ref().and_then(|it| it.organisation);
                        let Some(case) = self.view.session.as_ref().map(|session| session.code)
                        else {
                            return;
                        };
                        let way = Way {
                            session,
                            case,
                            key,
                            root: root.unwrap_or(SignerKey([0; 32])),
                            relay,
                            server,
                        };
                        self.start_session(way, peers);
                    }
                    Consent::Declined { timed_out } => {
                        self.end_session(Over::Declined { timed_out });
                    }
                    Consent::Distrusted(why) => self.end_session(Over::Distrusted(why)),
                }
            }
            Contact::Push(Push::Trust(trust)) => self.trusts(*trust),
            Contact::Push(push) => {
                if self.view.service.told(push, unix()).is_some() {
                    tracing::debug!("the server told what nobody asked");
                }
            }
            Contact::Answered(tag, answer) => self.answered(tag, answer, again),
        }
    }

    fn answered(&mut self, tag: Tag, answer: Result<Answer, Refusal>, again: &mpsc::Sender<()>) {
        match (tag, answer) {
            (Tag::Desk(about), answer) => {
                if let Some(refusal) = self.view.service.answered(about, answer) {
                    let number = self.view.refused.as_ref().map_or(0, |(number, _)| *number);
                    self.view.refused = Some((number + 1, refusal));
                }
            }
            (Tag::Connect(code), Ok(Answer::Asked { session })) => self.asked(code, session),
            (Tag::Connect(code), Err(refusal)) => self.refused(code, refusal, again),
            (Tag::Enrol, Ok(Answer::Trust(trust))) => self.trusts(*trust),
            (Tag::Enrol | Tag::Deed, Err(refusal)) => {
                self.view.standing.problem = Some(Problem::Refused(refusal));
            }
            (Tag::Duty, answer) => {
                self.duties = false;
                if let Err(refusal) = answer {
                    tracing::warn!(%refusal, "the office's own work was refused");
                }
            }
            (Tag::Quiet, Ok(Answer::Seen { here, beside })) => {
                self.seen = here.into_iter().chain(beside).collect();
                self.offer();
            }
            (Tag::Quiet, _) | (_, Ok(_)) => {}
        }
    }

    /// Connects with the customer's machine, and looks where this one is seen meanwhile.
    fn start_session(&mut self, way: Way, peers: &mpsc::Sender<(SessionId, PeerNews)>) {
        self.relay_port = Some(way.relay.port);
        self.seen.clear();
        self.offer();
        self.look_where_seen();
        let (visits, visiting) = mpsc::channel(VISITS);
        self.visits = Some(visits);
        let mut offers = self.offers.subscribe();
        offers.mark_changed();
        self.tasks.spawn(peer::run(
            self.node.clone(),
            way,
            peers.clone(),
            Arc::clone(&self.changed),
            offers,
            visiting,
        ));
    }

    /// Looks where this machine is seen now, if there is a session to which that matters.
    fn look_where_seen(&mut self) {
        let (Some(port), Some(_)) = (self.relay_port, self.session) else {
            return;
        };
        let mut mark = [0; 32];
        let at = self.server_at.as_ref().and_then(|server| server.port(port));
        let probe = at.filter(|_| getrandom::fill(&mut mark).is_ok()).map(|at| {
            self.node.probe(at, mark);
            mark
        });
        self.ask(Tag::Quiet, Request::WhereAmI { probe });
    }

    /// Something came of asking the router for a port.
    fn mapped(&mut self, mapping: Mapping) {
        self.view.router = mapping;
        self.offer();
    }

    /// Says where this machine may be found.
    fn offer(&self) {
        let outside = self.seen.iter().copied().chain(self.view.router.address());
        let offer = candidates::offer(self.node.candidates(), outside);
        self.offers.send_if_modified(|known| {
            let is_new = *known != offer;
            *known = offer;
            is_new
        });
    }

    /// Puts to the server what the search and the chats want to know and say.
    fn ask_for_chats(&mut self) {
        // What does not fit now is asked for after the next greeting.
        while self
            .outbox
            .as_ref()
            .is_some_and(|outbox| outbox.capacity() > 8)
            && let Some((about, request)) = self.view.service.poll()
        {
            self.ask(Tag::Desk(about), request);
        }
    }

    fn peer_told(&mut self, news: PeerNews, again: &mpsc::Sender<()>) {
        let Some(view) = &mut self.view.session else {
            return;
        };
        match news {
            PeerNews::Up(peer, grant, since) => {
                self.returns = 0;
                self.away = None;
                self.asking = Asking::No;
                view.stage = SessionStage::Live { grant, since };
                view.picture = Arc::clone(&peer.picture);
                view.link = Some(peer.link.clone());
                (view.no_hands, view.no_picture) = (None, None);
                view.ignored = 0;
                view.recording.told = Recording::Off;
                self.peer = Some(peer);
                if self.look != Look::default() {
                    self.say(ToHost::Look(self.look));
                }
            }
            PeerNews::Digits(digits) => view.stage = SessionStage::Digits(digits),
            PeerNews::Distrusted(why) => self.end_session(Over::Distrusted(why)),
            PeerNews::Failed(error) => {
                if matches!(view.stage, SessionStage::Returning) {
                    self.come_back(again);
                } else {
                    self.end_session(Over::Unreachable(error));
                }
            }
            PeerNews::Grant(now) => {
                if let SessionStage::Live { grant, .. } = &mut view.stage {
                    *grant = now;
                }
                if let Some(away) = &mut self.away {
                    away.grant = now;
                }
                if now == Grant::Control {
                    view.ignored = 0;
                }
            }
            PeerNews::Seats(seats, joining) => {
                view.seats = seats;
                view.joining = joining;
            }
            PeerNews::Recording(told) => {
                view.recording.told = told;
                self.follow_recording(told);
            }
            PeerNews::Monitors { list, shared, all } => {
                view.monitors = list;
                view.shared = shared;
                view.all_monitors = all;
            }
            PeerNews::NoHands(why) => view.no_hands = Some(why),
            PeerNews::NoPicture(why) => view.no_picture = why,
            PeerNews::InputIgnored => view.ignored += 1,
            PeerNews::Ended(reason) => self.end_session(Over::Ended(reason)),
            PeerNews::Away => {
                if let SessionStage::Live { grant, since } = view.stage {
                    self.away = Some(Away {
                        grant,
                        since,
                        looks: 0,
                        present: 0,
                        told: false,
                    });
                    view.stage = SessionStage::Returning;
                    self.wait(again);
                }
            }
            PeerNews::Back => {
                self.asking = Asking::No;
                if let Some(Away { grant, since, .. }) = self.away.take() {
                    view.stage = SessionStage::Live { grant, since };
                }
                // What cut him off may have been another network.
                self.look_where_seen();
            }
            PeerNews::Lost => {
                self.away = None;
                self.forget_peer();
                self.come_back(again);
            }
        }
    }

    /// The connections are gone for good.
    fn forget_peer(&mut self) {
        if let Some(view) = &mut self.view.session {
            view.recording.told = Recording::Off;
            view.link = None;
            view.seats = Vec::new();
            view.joining = None;
            view.stage = SessionStage::Returning;
        }
        self.stop_recorder();
        self.peer = None;
    }

    /// Asks the customer, unless there would be no room.
    fn ask_to_record(&mut self) {
        let (Some(shelf), Some(view)) = (&self.shelf, &mut self.view.session) else {
            return;
        };
        view.recording.saved = None;
        view.recording.problem = shelf.room().err().map(RecordProblem::Full);
        if view.recording.problem.is_none() {
            self.records = true;
            self.say(ToHost::Record(true));
        }
    }

    /// Records while the customer's machine says that it may be, if it was asked.
    fn follow_recording(&mut self, told: Recording) {
        match told {
            Recording::On if self.records => self.start_recorder(),
            Recording::On => self.say(ToHost::Record(false)),
            Recording::Asked => {}
            Recording::Off | Recording::Declined | Recording::Stopped | Recording::NotNow => {
                self.stop_recorder();
            }
        }
    }

    fn start_recorder(&mut self) {
        let now = unix().saturating_add_signed(self.view.server_ahead);
        let (Some(shelf), Some(view), Some(peer)) =
            (&self.shelf, &mut self.view.session, &self.peer)
        else {
            return;
        };
        if view.recording.since.is_some() {
            return;
        }
        view.recording.since = Some(now);
        let customer = self.view.service.cases.get(&view.code);
        let supporter = match &self.view.desk {
            Desk::SignedIn { supporter, .. } => supporter.name.clone(),
            Desk::SignedOut | Desk::Refused(_) | Desk::SigningIn => String::new(),
        };
        let random = || u128::from(getrandom::u64().unwrap_or(now));
        let recorder = Recorder {
            picture: Arc::clone(&peer.picture),
            shelf: shelf.clone(),
            head: Head {
                case: view.code.to_string(),
                customer: customer.map_or_else(String::new, |case| case.customer.clone()),
                supporter,
                started: now,
            },
            seed: random() << 64 | random(),
        };
        peer.picture.begin_copy();
        self.recorders.spawn_blocking(|| recorder.run());
    }

    /// Nothing more is kept; what was is finished meanwhile.
    fn stop_recorder(&mut self) {
        self.records = false;
        if let Some(view) = &mut self.view.session
            && view.recording.since.take().is_some()
        {
            view.picture.end_copy();
        }
    }

    fn recorded(&mut self, outcome: Outcome) {
        let Outcome { path, problem } = outcome;
        if problem.is_some() {
            self.stop_recorder();
            self.say(ToHost::Record(false));
        }
        if let Some(view) = &mut self.view.session {
            view.recording.saved = path;
            view.recording.problem = problem;
        }
    }

    fn is_online(&self) -> bool {
        matches!(self.view.desk, Desk::SignedIn { online: true, .. })
    }

    fn stage(&mut self, stage: SessionStage) {
        if let Some(session) = &mut self.view.session {
            session.stage = stage;
        }
    }

    fn end_session(&mut self, over: Over) {
        self.away = None;
        self.asking = Asking::No;
        self.stop_recorder();
        if let Some(session) = self.session.take()
            && self.peer.is_none()
        {
            self.ask(Tag::Quiet, Request::CancelConnect { session });
        }
        if let Some(peer) = self.peer.take() {
            self.tasks.spawn(peer.close());
        }
        if let Some(session) = &mut self.view.session
            && !matches!(session.stage, SessionStage::Over(_))
        {
            session.link = None;
            session.stage = SessionStage::Over(over);
        }
    }

    fn paint(&self) {
        self.shown.send_replace(self.view.clone());
        (self.changed)(Changed::View);
    }
}

fn unix() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the shell's clock, to set the server's beside"
    )]
    let now = std::time::SystemTime::now();
    let since = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
