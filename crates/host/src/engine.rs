//! The one loop that decides what happens on the customer's machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aldis_inject::MonitorPlace;
use aldis_link::contact::{self, Contact};
use aldis_link::{BindError, Identity, IdentityError, Node};
use aldis_session::host::{Ask, Choice, Effect, State};
use aldis_session::{Authority, ControlToken};
use aldis_trust::ServerName;
use aldis_wire::peer::{EndReason, Grant, ToViewer};
use aldis_wire::signal::{Answer, Case, Consent, Push, RejoinSecret, Request, Status};
use aldis_wire::{Code, Millis, SessionId, VERSION};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::clock;
use crate::hands::{self, Place};
use crate::peer::{self, Peer, PeerNews, Told, Visitor};
use crate::screen::Screen;
use crate::view::{Notice, Stage, View};

/// The most commands and events that wait for the loop.
const WAITING: usize = 64;

/// What the server's side tells; nobody waits for an answer, so questions bear no tag.
type News = Contact<()>;

/// What the person wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Join a case, or make one where there is no code.
    Join {
        /// The server.
        server: ServerName,
        /// The case.
        code: Option<Code>,
        /// The person's name.
        name: String,
        /// Lets the same machine come back to its case.
        secret: RejoinSecret,
    },
    /// The answer to a supporter who asks.
    Choose(Choice),
    /// Take mouse and keyboard back; the supporter still sees.
    StopControl,
    /// End the session.
    End,
    /// Leave the case; it stays open.
    Leave,
    /// The window is gone.
    Quit,
}

/// The engine, running.
#[derive(Debug)]
pub struct Host {
    commands: mpsc::Sender<Command>,
    view: watch::Receiver<View>,
    authority: Arc<Authority>,
    task: JoinSet<()>,
}

/// The engine cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// No socket.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl Host {
    /// Starts the engine; `changed` is called whenever [`view`](Self::view) has something new.
    pub fn start(
        runtime: &Handle,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let _inside = runtime.enter();
        // A key for one run: nobody can follow a customer from case to case by it.
        let node = Node::bind_any(Arc::new(Identity::generate()?))?;
        let (commands, waiting) = mpsc::channel(WAITING);
        let (shown, view) = watch::channel(View::default());
        let engine = Engine::new(node, shown, Box::new(changed));
        let authority = engine.session.authority();
        let mut task = JoinSet::new();
        task.spawn_on(engine.run(waiting), runtime);
        Ok(Self {
            commands,
            view,
            authority,
            task,
        })
    }

    /// What to paint.
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Does what the person wants.
    pub fn send(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::warn!("the engine does not answer");
        }
    }

    /// Ends what runs and waits until both sides know, for two seconds at most.
    pub async fn close(mut self) {
        self.authority.revoke();
        drop(self.commands.send(Command::Quit).await);
        drop(tokio::time::timeout(Duration::from_secs(2), self.task.join_next()).await);
    }

    /// Cuts the supporter's input this instant, from any thread.
    pub fn cutter(&self) -> impl Fn() + Send + Sync + use<> {
        let (authority, commands) = (Arc::clone(&self.authority), self.commands.clone());
        move || {
            authority.revoke();
            drop(commands.try_send(Command::End));
        }
    }

    /// The engine's clock in milliseconds, as the times in [`Stage`] are told.
    pub fn now() -> Millis {
        clock::now()
    }

    /// The first reason why this machine's screen could not be shared, if there is one.
    pub fn check_screen() -> Option<String> {
        aldis_capture::open().err().map(|error| error.to_string())
    }
}

struct Engine {
    node: Node,
    shown: watch::Sender<View>,
    changed: Box<dyn Fn() + Send + Sync>,
    view: View,
    session: aldis_session::host::Host,
    gate: watch::Sender<Option<ControlToken>>,
    running: watch::Sender<Option<SessionId>>,
    outbox: Option<mpsc::Sender<((), Request)>>,
    server: JoinSet<()>,
    /// This machine's clock plus this is the server's, in milliseconds.
    server_ahead: i64,
    live: Option<Live>,
    tasks: JoinSet<()>,
}

/// What runs while a supporter is connected.
struct Live {
    peer: Peer,
    screen: Option<Screen>,
    since_unix: Millis,
}

impl Engine {
    fn new(node: Node, shown: watch::Sender<View>, changed: Box<dyn Fn() + Send + Sync>) -> Self {
        Self {
            node,
            shown,
            changed,
            view: View::default(),
            session: aldis_session::host::Host::new(),
            gate: watch::channel(None).0,
            running: watch::channel(None).0,
            outbox: None,
            server: JoinSet::new(),
            server_ahead: 0,
            live: None,
            tasks: JoinSet::new(),
        }
    }

    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (news_in, mut news) = mpsc::channel(WAITING);
        let (peer_in, mut peer) = mpsc::channel(WAITING);
        let (visitor_in, mut visitors) = mpsc::channel(WAITING);
        loop {
            let due = self.session.poll_timeout();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Quit) | None => break,
                    Some(command) => self.command(command, &news_in),
                },
                Some(told) = news.recv() => self.server_told(told),
                Some(told) = peer.recv() => self.peer_told(told),
                Some(visitor) = visitors.recv() => self.visited(visitor, &peer_in),
                Some(incoming) = self.node.accept() => {
                    let visitors = visitor_in.clone();
                    self.tasks.spawn(async move {
                        if let Some(visitor) = peer::receive(incoming).await {
                            drop(visitors.send(visitor).await);
                        }
                    });
                }
                () = clock::sleep_until(due) => self.session.handle_timeout(clock::now()),
                Some(_) = self.tasks.join_next() => continue,
            }
            self.drain();
            self.paint();
        }
        // The window is gone: end what runs, and let the last words out.
        self.session.end_by_customer(clock::now());
        self.drain();
        self.outbox = None;
        while self.tasks.join_next().await.is_some() {}
        while self.server.join_next().await.is_some() {}
        self.node.close().await;
    }

    fn command(&mut self, command: Command, news: &mpsc::Sender<News>) {
        let now = clock::now();
        match command {
            Command::Join {
                server,
                code,
                name,
                secret,
            } => {
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
                        running: running.borrow().iter().copied().collect(),
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
                    ..View::default()
                };
            }
            Command::Choose(choice) => self.session.choose(choice, now),
            Command::StopControl => self.session.stop_control(),
            Command::End => self.session.end_by_customer(now),
            Command::Leave => {
                self.session.end_by_customer(now);
                self.drain();
                self.outbox = None;
                self.view = View::default();
            }
            Command::Quit => {}
        }
    }

    fn server_told(&mut self, news: News) {
        match news {
            News::Greeted(Answer::Joined {
                case,
                now: server_now,
            }) => {
                self.server_ahead = server_now.cast_signed() - clock::unix().cast_signed();
                self.view.online = true;
                self.view.notice = None;
                if self.view.stage == Stage::Joining {
                    self.view.stage = Stage::Waiting;
                    self.view.notice = Host::check_screen().map(Notice::NoScreen);
                }
                self.case_is(case);
            }
            News::Failed(error) => {
                // A case that ended while the server was away is told like any ended case.
                self.session.handle_case_closed(clock::now());
                self.outbox = None;
                self.view = View {
                    notice: Some(Notice::Join(error)),
                    ..View::default()
                };
            }
            News::Away => self.view.online = false,
            News::Push(Push::Case(case)) => self.case_is(case),
            News::Push(Push::ConnectAsked {
                session,
                supporter,
                key,
                view_only,
            }) => {
                let ask = Ask {
                    session,
                    supporter,
                    key,
                    view_only,
                };
                self.session.handle_asked(ask, clock::now());
            }
            News::Push(Push::ConnectCancelled { session }) => {
                if matches!(self.session.state(), State::Asked { .. }) {
                    self.view.notice = Some(Notice::AskCancelled);
                }
                self.session.handle_cancelled(session);
            }
            News::Answered((), Err(refusal)) => {
                tracing::info!(%refusal, "the server did not take it");
            }
            News::Answered((), Ok(_))
            | News::Greeted(_)
            | News::Push(Push::ConnectAnswered { .. }) => {}
        }
    }

    fn case_is(&mut self, case: Case) {
        let closed = case.status == Status::Closed;
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
        let now = clock::now();
        if !self.session.handle_link_up(visitor.session, now) {
            self.tasks.spawn(visitor.refuse());
            return;
        }
        self.view.notice = None;
        let place = Place::new(Mutex::new(MonitorPlace::default()));
        let hands = hands::start(Arc::clone(&place)).inspect_err(|error| {
            self.view.notice = Some(Notice::NoHands(error.to_string()));
        });
        if hands.is_err() {
            self.session.stop_control();
        }
        self.open_gate();
        let since_unix = clock::unix();
        let since = since_unix.saturating_add_signed(self.server_ahead);
        let grant = match self.session.state() {
            State::Live { grant, .. } => *grant,
            State::Idle | State::Asked { .. } | State::Allowed { .. } => Grant::View,
        };
        let welcome = ToViewer::Welcome {
            version: VERSION,
            grant,
            since,
        };
        let mut peer = visitor.admit(welcome, self.gate.subscribe(), hands.ok(), news.clone());
        let screen = match Screen::start(peer.control.clone(), place) {
            Ok((screen, parts)) => {
                peer.send_screen(parts);
                Some(screen)
            }
            Err(error) => {
                let reason = error.to_string();
                drop(peer.control.try_send(ToViewer::Problem(reason.clone())));
                self.view.notice = Some(Notice::NoScreen(reason));
                None
            }
        };
        self.live = Some(Live {
            peer,
            screen,
            since_unix,
        });
    }

    fn peer_told(&mut self, (session, news): Told) {
        if self.session.running() != Some(session) {
            return;
        }
        let now = clock::now();
        let screen = self.live.as_ref().and_then(|live| live.screen.as_ref());
        match (news, screen) {
            (PeerNews::Shown(sequence), Some(screen)) => screen.shown(sequence),
            (PeerNews::Select(id), Some(screen)) => screen.select(id),
            (PeerNews::Shown(_) | PeerNews::Select(_), None) => {}
            (PeerNews::Unauthorised, _) => {
                drop(self.session.handle_input());
            }
            (PeerNews::End, _) => self.session.handle_supporter_end(now),
            (PeerNews::Gone, _) => self.session.handle_link_down(now),
        }
    }

    /// Does what the session wants done.
    fn drain(&mut self) {
        while let Some(effect) = self.session.poll_effect() {
            match effect {
                Effect::Expect(key) => self.node.expect_peers(key.as_slice()),
                Effect::Allow(session, grant) => {
                    let key = self.node.identity().hash();
                    let candidates = self.node.candidates();
                    let answer = Consent::Allowed {
                        grant,
                        key,
                        candidates,
                    };
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
                    if self.live.is_none() && reason == EndReason::Lost {
                        self.view.notice = Some(Notice::NeverConnected);
                    }
                    self.tell_server(Request::SessionDown { session, reason });
                }
                Effect::Grant(grant) => self.tell_supporter(ToViewer::Grant(grant)),
                Effect::InputIgnored => {
                    self.view.notice = Some(Notice::InputIgnored);
                    self.tell_supporter(ToViewer::InputIgnored);
                }
                Effect::Close(reason) => {
                    if let Some(live) = self.live.take() {
                        self.tasks.spawn(live.peer.close(ToViewer::Ended(reason)));
                    }
                }
                Effect::Ended {
                    supporter,
                    lasted,
                    reason,
                } => {
                    self.view.stage = Stage::Over {
                        supporter,
                        lasted,
                        reason,
                    };
                }
            }
        }
        self.open_gate();
        let running = self.session.running();
        self.running
            .send_if_modified(|known| std::mem::replace(known, running) != running);
    }

    /// Lets input through as far as the session says so now.
    fn open_gate(&self) {
        self.gate.send_replace(self.session.token().cloned());
    }

    fn tell_server(&self, request: Request) {
        if let Some(outbox) = &self.outbox
            && outbox.try_send(((), request)).is_err()
        {
            tracing::debug!("the server is away; joining again will tell it");
        }
    }

    fn tell_supporter(&self, message: ToViewer) {
        if let Some(live) = &self.live {
            drop(live.peer.control.try_send(message));
        }
    }

    /// Shows where everything stands.
    fn paint(&mut self) {
        let stage = match self.session.state() {
            State::Asked { ask, until } => Some(Stage::Asked {
                supporter: ask.supporter.clone(),
                view_only: ask.view_only,
                until: *until,
            }),
            State::Allowed { ask, .. } => Some(Stage::Connecting {
                supporter: ask.supporter.clone(),
            }),
            State::Live { ask, grant, since } => Some(Stage::Live {
                supporter: ask.supporter.clone(),
                grant: *grant,
                since: *since,
                since_unix: self.live.as_ref().map_or(0, |live| live.since_unix),
            }),
            State::Idle => None,
        };
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
