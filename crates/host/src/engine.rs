//! The one loop that decides what happens on the customer's machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use aldis_inject::InjectError;
use aldis_link::contact::{self, Contact};
use aldis_link::{Node, Place, RouterPort};
use aldis_session::Authority;
use aldis_session::chat::{Asked, Chat};
use aldis_session::host::{AWAY_TIME, About, Ask, Effect, Host as Session, Typed};
use aldis_trust::organisation::{DAY, LIST_STALE};
use aldis_trust::{Proven, digits};
use aldis_wire::peer::{Comes, EndReason, NoHands, ToViewer};
use aldis_wire::relay::Relay;
use aldis_wire::signal::{Answer, Consent, Distrust, OwnCase, Push, Request, Status};
use aldis_wire::{Millis, SessionId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::anchors::Anchors;
use crate::clock;
use crate::host::{Command, Host};
use crate::party::Party;
use crate::peer::{self, PeerNews, Told, Visitor};
use crate::view::{Notice, Person, Stage, View};
use crate::ways::Ways;

/// The most commands and events that wait for the loop.
pub(crate) const WAITING: usize = 64;

/// The most connections that came straight, at once.
const DOORS: usize = 32;

/// What the server's side tells; only the chat waits for answers.
type News = Contact<Option<Asked>>;

/// A supporter who asks.
struct Asking {
    relay: Relay,
    proven: Proven,
}

pub(crate) struct Engine {
    node: Node,
    shown: watch::Sender<View>,
    changed: Box<dyn Fn() + Send + Sync>,
    view: View,
    session: Session,
    party: Party,
    ways: Ways,
    /// Asked for once there is a server at which supporters can find this machine.
    router: Option<RouterPort>,
    visitor_in: mpsc::Sender<Visitor>,
    visitors: mpsc::Receiver<Visitor>,
    /// Which organisations are believed.
    anchors: Anchors,
    /// Where those who ask may meet us if they are allowed to, and who they have shown to be.
    asking: BTreeMap<SessionId, Asking>,
    /// Exchange the numbers that digits follow from.
    comparing: JoinSet<(SessionId, Option<(Visitor, String)>)>,
    /// The supporter who reads out digits now.
    proving: Option<(Visitor, String)>,
    /// When the first of those who are connected came.
    since_unix: Millis,
    running: watch::Sender<Vec<SessionId>>,
    outbox: Option<mpsc::Sender<(Option<Asked>, Request)>>,
    server: JoinSet<()>,
    /// This machine's clock plus this is the server's, in milliseconds.
    server_ahead: i64,
    tasks: JoinSet<()>,
    /// When this machine was awake last, by the clock that goes on while it sleeps.
    awake: Millis,
    /// Connections that came straight.
    doors: JoinSet<()>,
    /// Whether the screen could be shared is looked up: a reason if not.
    checks: JoinSet<Option<String>>,
}

impl Engine {
    pub(crate) fn new(
        node: Node,
        shown: watch::Sender<View>,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let (visitor_in, visitors) = mpsc::channel(WAITING);
        Self {
            ways: Ways::new(node.clone(), visitor_in.clone()),
            router: None,
            visitor_in,
            visitors,
            anchors: Anchors::default(),
            asking: BTreeMap::new(),
            comparing: JoinSet::new(),
            proving: None,
            node,
            shown,
            changed,
            view: View::default(),
            session: Session::new(),
            party: Party::default(),
            since_unix: 0,
            running: watch::channel(Vec::new()).0,
            outbox: None,
            server: JoinSet::new(),
            server_ahead: 0,
            tasks: JoinSet::new(),
            awake: clock::now(),
            doors: JoinSet::new(),
            checks: JoinSet::new(),
        }
    }

    pub(crate) fn authority(&self) -> Arc<Authority> {
        self.session.authority()
    }

    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (news_in, mut news) = mpsc::channel(WAITING);
        let (peer_in, mut peer) = mpsc::channel(WAITING);
        loop {
            self.end_what_was_slept_through();
            let watched = !self.session.running().is_empty();
            let due = self.session.poll_timeout();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Quit) | None => break,
                    Some(command) => self.command(command, &news_in, &peer_in),
                },
                Some(told) = news.recv() => self.server_told(told),
                Some(told) = peer.recv() => self.peer_told(told),
                Some(visitor) = self.visitors.recv() => self.visited(visitor, &peer_in),
                Some(incoming) = self.node.accept() => {
                    if self.doors.len() < DOORS {
                        self.doors
                            .spawn(peer::receive(incoming, self.visitor_in.clone()));
                    } else {
                        incoming.refuse();
                    }
                }
                Some(_) = self.doors.join_next() => continue,
                Some(compared) = self.comparing.join_next() => match compared {
                    Ok((_, Some((visitor, digits)))) => self.ask_digits(visitor, digits),
                    Ok((session, None)) => {
                        self.view.notice = Some(Notice::Distrusted(Distrust::Digits));
                        self.session.handle_digits_lost(session);
                    }
                    Err(_) => {}
                },
                () = lost(self.proving.as_ref()) => {
                    if let Some((visitor, _)) = self.proving.take() {
                        self.session.handle_digits_lost(visitor.session);
                    }
                }
                mapping = RouterPort::changed(&mut self.router) => {
                    self.ways.mapped_at(mapping.address());
                    self.tell_candidates();
                }
                () = clock::sleep_until(due, watched) => self.session.handle_timeout(clock::now()),
                Some(Ok(Some(reason))) = self.checks.join_next() => {
                    if self.view.stage == Stage::Waiting {
                        self.view.notice = Some(Notice::NoScreen(reason));
                    }
                }
                Some(_) = self.tasks.join_next() => continue,
            }
            if self.session.authority().is_cut() {
                // The hot key's word may have found the queue full.
                self.session.end_by_customer(clock::now());
            }
            self.drop_prover();
            self.drain();
            self.ask_for_chat();
            self.paint();
        }
        // The window is gone: end what runs, and let the last words out.
        self.session.end_by_customer(clock::now());
        self.drain();
        self.outbox = None;
        while self.tasks.join_next().await.is_some() {}
        while self.server.join_next().await.is_some() {}
        let router = self.router.take();
        let give_back = async {
            if let Some(router) = router {
                router.close().await;
            }
        };
        tokio::join!(give_back, self.node.close());
    }

    /// A machine that has slept for long has lost everybody when it fell asleep, though nothing has
    /// told it; whoever comes now comes too late.
    fn end_what_was_slept_through(&mut self) {
        let now = clock::now();
        let fell_asleep = std::mem::replace(&mut self.awake, now);
        if now.saturating_sub(fell_asleep) >= AWAY_TIME {
            for session in self.session.running() {
                self.session.handle_link_down(session, fell_asleep);
            }
            self.session.handle_timeout(now);
            self.drain();
        }
    }

    fn command(&mut self, command: Command, news: &mpsc::Sender<News>, peers: &mpsc::Sender<Told>) {
        let now = clock::now();
        match command {
            Command::Join {
                server,
                code,
                name,
                secret,
                source,
                sos,
                met,
            } => {
                self.anchors = Anchors::new(server.organisation, met);
                let (outbox, waiting) = mpsc::channel(contact::OUTBOX);
                self.outbox = Some(outbox);
                self.server.abort_all();
                let running = self.running.subscribe();
                let join = move |before: Option<&Answer>| {
                    let made = match before {
                        Some(Answer::Joined { case, .. }) => Some(case.code),
                        _ => None,
                    };
                    let (code, name) = (code.or(made), name.clone());
                    Request::Join {
                        code,
                        name,
                        secret,
                        running: running.borrow().clone(),
                        source: (*source).clone(),
                        sos,
                    }
                };
                let (node, leave) = (self.node.clone(), Some(Request::Leave));
                self.server.spawn(contact::keep(
                    node,
                    server,
                    join,
                    leave,
                    waiting,
                    news.clone(),
                ));
                self.view = View {
                    stage: Stage::Joining,
                    met: self.anchors.met().to_vec(),
                    ..View::default()
                };
            }
            Command::Say(text) => {
                if let Some(chat) = &mut self.view.chat {
                    chat.say(text, clock::mark());
                }
            }
            Command::Writing => {
                if let Some(chat) = &mut self.view.chat {
                    chat.write(now);
                }
            }
            Command::Describe(text) => self.tell_server(Request::Describe { text }),
            Command::Withdraw => self.tell_server(Request::Withdraw),
            Command::Choose(choice) => self.session.choose(choice, now),
            Command::Digits(typed) => self.digits_typed(&typed, peers),
            Command::StopControl => self.session.stop_control(now),
            Command::StopRecording => self.session.stop_recording(now),
            Command::EndOne(seat) => self.session.end_one(seat, now),
            Command::End => self.session.end_by_customer(now),
            Command::Leave => {
                self.session.end_by_customer(now);
                self.drain();
                self.outbox = None;
                self.view = View {
                    met: self.anchors.met().to_vec(),
                    ..View::default()
                };
            }
            Command::Quit => {}
        }
    }

    fn server_told(&mut self, news: News) {
        match news {
            News::Greeted(Answer::Joined { case, now }, server) => self.joined(case, now, server),
            News::Failed(error) => {
                // A case that ended while the server was away is told like any ended case.
                self.session.handle_case_closed(clock::now());
                self.outbox = None;
                self.view = View {
                    notice: Some(Notice::Join(error)),
                    met: self.anchors.met().to_vec(),
                    ..View::default()
                };
            }
            News::Away => self.view.online = false,
            News::Push(Push::Own(case)) => self.case_is(case),
            News::Push(Push::Message { code: _, message }) => {
                if let Some(chat) = &mut self.view.chat {
                    chat.handle_message(message);
                }
            }
            News::Push(Push::Typing { code: _, from }) => {
                if let Some(chat) = &mut self.view.chat {
                    chat.handle_typing(from, clock::now());
                }
            }
            News::Push(Push::ConnectAsked {
                session,
                supporter,
                key,
                credential,
                view_only,
                relay,
            }) => {
                let credential = credential.as_deref();
                let judged = self
                    .anchors
                    .judge(credential, key, &supporter, clock::unix());
                self.view.met = self.anchors.met().to_vec();
                let (proven, is_new) = match judged {
                    Ok(judged) => judged,
                    Err(why) => return self.distrust(session, why),
                };
                let ask = Ask {
                    session,
                    supporter,
                    key,
                    view_only,
                    organisation: proven.organisation.clone(),
                    is_new,
                };
                self.asking.retain(|known, _| self.session.knows(*known));
                // What is asked again under the name of a session that is asked for or allowed is
                // declined, and must not pass for what was proven of the first who asked.
                let asking = Asking { relay, proven };
                self.asking.entry(session).or_insert(asking);
                self.session.handle_asked(ask, clock::now());
            }
            News::Push(Push::ConnectCancelled { session }) => {
                let open = self.session.question();
                let open = open.filter(|question| question.about == About::Connect);
                if open.is_some_and(|question| question.ask.session == session) {
                    self.view.notice = Some(Notice::AskCancelled);
                }
                self.session.handle_cancelled(session);
            }
            News::Answered(Some(asked), answer) => {
                if let Some(chat) = &mut self.view.chat {
                    chat.handle_answer(asked, answer);
                }
            }
            News::Answered(None, Err(refusal)) => {
                tracing::info!(%refusal, "the server did not take it");
            }
            News::Answered(None, Ok(Answer::Seen { here, beside })) => {
                if self.ways.seen_at(here.into_iter().chain(beside)) {
                    self.tell_candidates();
                }
            }
            News::Answered(None, Ok(_)) | News::Greeted(..) | News::Push(_) => {}
        }
    }

    /// The server knows this customer, and says what its clock shows.
    fn joined(&mut self, case: OwnCase, now: Millis, server: Place) {
        RouterPort::ask_for(&mut self.router, &self.node, &server);
        self.ways.server_at(server);
        self.look_where_seen();
        let ours = clock::unix().cast_signed();
        self.server_ahead = now.cast_signed().saturating_sub(ours);
        self.view.online = true;
        // A warning stays, however often the server goes away and comes back.
        self.view
            .notice
            .take_if(|it| !matches!(it, Notice::Distrusted(_)));
        if self.view.stage == Stage::Joining {
            self.view.stage = Stage::Waiting;
            // It may take a while to find out.
            self.checks.spawn_blocking(Host::check_screen);
        }
        let chat = self.view.chat.get_or_insert_with(|| Chat::new(case.code));
        chat.handle_online();
        self.case_is(case);
    }

    fn case_is(&mut self, case: OwnCase) {
        let closed = case.status == Status::Closed;
        let is_other = |known: &OwnCase| known.code != case.code;
        if self.view.case.as_ref().is_some_and(is_other) {
            // What was allowed was allowed in that case.
            self.session.handle_case_closed(clock::now());
        }
        self.view.case = Some(case);
        if closed {
            self.session.handle_case_closed(clock::now());
            self.drain();
            if !matches!(self.view.stage, Stage::Over { .. }) {
                self.view.stage = Stage::Closed;
            }
            self.outbox = None;
        }
    }

    fn visited(&mut self, visitor: Visitor, news: &mpsc::Sender<Told>) {
        self.end_what_was_slept_through();
        let now = clock::now();
        let session = visitor.session;
        let own = self.view.case.as_ref().map(|case| case.code);
        if own != Some(visitor.case) {
            return self.send_elsewhere(visitor);
        }
        if matches!(visitor.comes, Comes::Again { .. }) {
            let knows = self.party.knows(&visitor);
            if knows && self.session.handle_link_again(session, visitor.key) {
                let at = visitor.connection.remote_address();
                self.ways.carried_by(session, at);
                self.party.move_to(visitor);
                // Whatever made him move may have been another network.
                self.look_where_seen();
            } else {
                self.tasks.spawn(visitor.refuse());
            }
            return;
        }
        if self.session.needs_digits(session)
            && let Some(asking) = self.asking.get(&session)
        {
            // One at a time: nobody can type two supporters' digits at once.
            if self.proving.is_some() || !self.comparing.is_empty() {
                self.tasks.spawn(visitor.refuse());
            } else {
                let root = asking.proven.root;
                self.comparing
                    .spawn(async move { (session, visitor.compare(root).await) });
            }
            return;
        }
        if !self.session.handle_link_up(session, visitor.key, now) {
            self.tasks.spawn(visitor.refuse());
            return;
        }
        if let Some(Asking { proven, .. }) = self.asking.get(&session) {
            self.anchors.meet(proven.root, proven.list);
            self.view.met = self.anchors.met().to_vec();
        }
        self.view.notice = self.stale_list(session);
        let no_hands = self.party.raise_hands().err().map(no_hands);
        if let Some(reason) = no_hands.clone() {
            self.view.notice = Some(Notice::NoHands(reason));
            self.session.stop_control(now);
        }
        let since_unix = clock::unix();
        if self.party.is_empty() {
            self.since_unix = since_unix;
        }
        let since = since_unix.saturating_add_signed(self.server_ahead);
        let grant = self.session.grant_of(session);
        let at = visitor.connection.remote_address();
        self.ways.carried_by(session, at);
        self.party.admit(visitor, grant, since, news.clone());
        if let Some(reason) = no_hands {
            self.party.tell(session, ToViewer::NoHands(reason));
        }
        let offer = ToViewer::Candidates(self.ways.offer());
        self.party.tell(session, offer);
    }

    /// The supporter means another case: whoever introduced him was wrong, or lied.
    fn send_elsewhere(&mut self, visitor: Visitor) {
        if self.session.handle_elsewhere(visitor.session, visitor.key) {
            self.view.notice = Some(Notice::Distrusted(Distrust::OtherCase));
        }
        self.tasks.spawn(visitor.distrust(Distrust::OtherCase));
    }

    /// The person is asked for the digits that this visitor's supporter reads out.
    fn ask_digits(&mut self, visitor: Visitor, digits: String) {
        let (session, key) = (visitor.session, visitor.key);
        if self.session.ask_digits(session, key, clock::now()) {
            self.proving = Some((visitor, digits));
        } else {
            self.session.handle_digits_lost(session);
            self.tasks.spawn(visitor.refuse());
        }
    }

    /// The person typed digits.
    fn digits_typed(&mut self, typed: &str, news: &mpsc::Sender<Told>) {
        let Some((visitor, digits)) = self.proving.take() else {
            return;
        };
        let right = digits::typed_right(typed, &digits);
        match self.session.handle_digits(right, clock::now()) {
            Typed::Right(_) => self.visited(visitor, news),
            Typed::Over(_) => {
                self.view.notice = Some(Notice::Distrusted(Distrust::Digits));
                self.tasks.spawn(visitor.distrust(Distrust::Digits));
            }
            Typed::Again | Typed::Void => self.proving = Some((visitor, digits)),
        }
    }

    /// Whoever read out digits that nobody wants to type any more goes away.
    fn drop_prover(&mut self) {
        let asked = self
            .session
            .question()
            .filter(|question| matches!(question.about, About::Digits { .. }));
        let asked = asked.map(|question| question.ask.session);
        if let Some((visitor, _)) = self
            .proving
            .take_if(|(visitor, _)| asked != Some(visitor.session))
        {
            self.tasks.spawn(visitor.distrust(Distrust::Digits));
        }
    }

    /// Whether the list of revoked supporters has grown old.
    fn stale_list(&self, session: SessionId) -> Option<Notice> {
        let age = self.asking.get(&session)?.proven.list_age;
        (age > LIST_STALE).then_some(Notice::StaleList(age / DAY))
    }

    /// A supporter asks who is not who he says; the person is told, and not asked.
    fn distrust(&mut self, session: SessionId, why: Distrust) {
        tracing::warn!(%why, "a supporter is not believed");
        self.view.notice = Some(Notice::Distrusted(why));
        let answer = Consent::Distrusted(why);
        self.tell_server(Request::AnswerConnect { session, answer });
    }

    /// Everybody who is in learns where else this machine may be found.
    fn tell_candidates(&self) {
        for session in self.session.running() {
            let offer = ToViewer::Candidates(self.ways.offer());
            self.party.tell(session, offer);
        }
    }

    fn peer_told(&mut self, (session, news): Told) {
        let now = clock::now();
        let screen = self.party.screen(session);
        match (news, screen) {
            (PeerNews::Shown(sequence), Some(screen)) => screen.shown(sequence),
            (PeerNews::Select(id), Some(screen)) => screen.select(id),
            (PeerNews::Look(look), Some(screen)) => screen.look(look),
            (PeerNews::Shown(_) | PeerNews::Select(_) | PeerNews::Look(_), None) => {}
            (PeerNews::NoScreen(sentence), _) => {
                self.view.notice = Some(Notice::NoScreen(sentence));
            }
            (PeerNews::HandControl(seat), _) => self.session.hand_control(session, seat),
            (PeerNews::Remove(seat), _) => self.session.remove(session, seat, now),
            (PeerNews::AskControl, _) => self.session.ask_control(session),
            (PeerNews::Record(true), _) => self.session.ask_recording(session, now),
            (PeerNews::Record(false), _) => self.session.end_recording(session, now),
            (PeerNews::Unauthorised, _) => {
                drop(self.session.handle_input(session));
            }
            (PeerNews::End, _) => self.session.handle_supporter_end(session, now),
            (PeerNews::Candidates(offered), _) => {
                let seat = self.session.live().find(|it| it.ask.session == session);
                if let Some(key) = seat.map(|seat| seat.ask.key) {
                    self.ways.reach(session, key, offered);
                }
            }
            (PeerNews::Closed { number, .. }, _) if !self.party.is_carried_by(session, number) => {
                tracing::debug!(number, "a connection that was left before is gone");
            }
            (PeerNews::Closed { left: true, .. }, _) => self.session.handle_broken(session, now),
            (PeerNews::Closed { left: false, .. }, _) => {
                self.party.lose(session);
                self.session.handle_link_down(session, now);
            }
            (PeerNews::Broken, _) => self.session.handle_broken(session, now),
        }
    }

    /// Does what the session wants done.
    fn drain(&mut self) {
        let mut closed = None;
        while let Some(effect) = self.session.poll_effect() {
            match effect {
                Effect::Expect(keys) => self.node.expect_peers(&keys),
                Effect::Allow(session, grant) => {
                    // He who had not come asks again.
                    self.view
                        .notice
                        .take_if(|it| matches!(it, Notice::NeverConnected));
                    self.open_ways(session);
                    let key = self.node.identity().hash();
                    let answer = Consent::Allowed { grant, key };
                    self.tell_server(Request::AnswerConnect { session, answer });
                }
                Effect::Decline { session, timed_out } => {
                    if timed_out {
                        self.view.notice = Some(Notice::AnswerMissed);
                    }
                    let answer = Consent::Declined { timed_out };
                    self.tell_server(Request::AnswerConnect { session, answer });
                }
                Effect::Up(session) => self.tell_server(Request::SessionUp { session }),
                Effect::Down(session, reason) => {
                    let said = matches!(self.view.notice, Some(Notice::Distrusted(_)));
                    if closed != Some(session) && reason == EndReason::Lost && !said {
                        self.view.notice = Some(Notice::NeverConnected);
                    }
                    self.ways.close(session);
                    self.tell_server(Request::SessionDown { session, reason });
                }
                Effect::Grant(session, grant) => self.party.grant(session, grant),
                Effect::Seats => self.party.introduce(&self.session),
                Effect::Recording(session, told) => self.party.recording(session, told),
                Effect::LetGo => self.party.let_go(),
                Effect::InputIgnored(session) => {
                    self.view.notice = Some(Notice::InputIgnored);
                    self.party.tell(session, ToViewer::InputIgnored);
                }
                Effect::Close(session, reason) => {
                    closed = Some(session);
                    if let Some(farewell) = self.party.part(session, reason) {
                        self.tasks.spawn(farewell);
                    }
                }
                Effect::Left {
                    supporter,
                    reason: _,
                } => self.view.notice = Some(Notice::Left(supporter.name)),
                Effect::Ended {
                    supporters,
                    lasted,
                    reason,
                } => {
                    self.view.stage = Stage::Over {
                        supporters,
                        lasted,
                        reason,
                    };
                }
            }
        }
        self.party.open_gates(&self.session);
        let running = self.session.running();
        self.running.send_if_modified(|known| {
            let new = *known != running;
            *known = running;
            new
        });
    }

    /// Opens the ways for a supporter who was allowed, and looks where this machine is seen.
    fn open_ways(&mut self, session: SessionId) {
        let seat = self.session.seats().iter();
        let seat = seat.clone().find(|seat| seat.ask.session == session);
        let asking = self.asking.get(&session);
        let (Some(key), Some(relay)) = (
            seat.map(|seat| seat.ask.key),
            asking.map(|asking| asking.relay),
        ) else {
            return;
        };
        self.ways.open(session, key, &relay);
        self.look_from(&relay);
    }

    /// Looks where this machine is seen now, if that matters to anybody.
    fn look_where_seen(&self) {
        let mut running = self.session.running().into_iter();
        let relay = running.find_map(|session| Some(self.asking.get(&session)?.relay));
        if let Some(relay) = relay {
            self.look_from(&relay);
        }
    }

    fn look_from(&self, relay: &Relay) {
        let probe = self.ways.probe(relay);
        self.tell_server(Request::WhereAmI { probe });
    }

    /// Puts to the server what the chat wants to know and say.
    fn ask_for_chat(&mut self) {
        let (Some(outbox), Some(chat)) = (&self.outbox, &mut self.view.chat) else {
            return;
        };
        // What does not fit now is asked for after the next greeting.
        while outbox.capacity() > 1
            && let Some(question) = chat.poll()
        {
            drop(outbox.try_send(question));
        }
    }

    fn tell_server(&self, request: Request) {
        if let Some(outbox) = &self.outbox
            && outbox.try_send((None, request)).is_err()
        {
            tracing::debug!("the server is away; joining again will tell it");
        }
    }

    /// Where the session stands; `None` where there is none.
    fn stage(&self) -> Option<Stage> {
        let mut live = self.session.live().peekable();
        if let Some(question) = self.session.question() {
            return Some(Stage::Asked {
                supporter: question.ask.supporter.clone(),
                organisation: question.ask.organisation.clone(),
                is_new: question.ask.is_new,
                about: question.about,
                recording: self.recording(),
                view_only: question.ask.view_only,
                until: question.until,
                others: live.map(|seat| seat.ask.supporter.name.clone()).collect(),
            });
        }
        if live.peek().is_some() {
            let controls = self.session.controls();
            let people = live.map(|seat| Person {
                supporter: seat.ask.supporter.clone(),
                seat: seat.number,
                grant: seat.grant,
                controls: controls == Some(seat.ask.session),
                away: seat.is_away(),
                records: seat.records(),
            });
            return Some(Stage::Live {
                people: people.collect(),
                since_unix: self.since_unix,
            });
        }
        self.session.seats().first().map(|seat| Stage::Connecting {
            supporter: seat.ask.supporter.clone(),
        })
    }

    /// The names of those who record.
    fn recording(&self) -> Vec<String> {
        let recording = self.session.recording();
        recording
            .map(|seat| seat.ask.supporter.name.clone())
            .collect()
    }

    /// Shows where everything stands.
    fn paint(&mut self) {
        let stage = self.stage();
        match stage {
            Some(stage) => self.view.stage = stage,
            // Back from a question or a session that never came.
            None if matches!(
                self.view.stage,
                Stage::Asked { .. } | Stage::Connecting { .. } | Stage::Live { .. }
            ) =>
            {
                self.view.stage = Stage::Waiting;
            }
            None => {}
        }
        let view = self.view.clone();
        let new = self.shown.send_if_modified(|known| {
            let new = *known != view;
            *known = view;
            new
        });
        if new {
            (self.changed)();
        }
    }
}

/// Ready when the connection is gone of him who reads out digits.
async fn lost(proving: Option<&(Visitor, String)>) {
    match proving {
        Some((visitor, _)) => drop(visitor.connection.closed().await),
        None => std::future::pending().await,
    }
}

fn no_hands(error: InjectError) -> NoHands {
    match error {
        InjectError::Wayland => NoHands::Wayland,
        InjectError::NoDisplay => NoHands::NoDisplay,
        InjectError::Refused => NoHands::Permission,
        other => NoHands::Failed(other.to_string()),
    }
}
