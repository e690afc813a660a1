//! A server of the test's own, and the apps that talk to it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{Connection, Identity, Node, Signal, SignalError};
use aldis_rendezvous::Server;
use aldis_rendezvous::accounts::{self, AccountChange};
use aldis_store::Store;
use aldis_trust::ServerName;
use aldis_wire::peer::{EndReason, Grant};
use aldis_wire::relay::Relay;
use aldis_wire::signal::{
    Action, Answer, Assignment, Availability, Case, Channel, ChannelSetup, ChatMessage, Consent,
    DEFAULT_EXPIRY, Desk, Draft, Facts, Member, Outcome, OwnCase, Push, Refusal, Request, Search,
    Source, Token,
};
use aldis_wire::{Code, Millis, SessionId};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The password of every account.
pub(crate) const PASSWORD: &str = "right as rain";

/// How long anything may take that should happen at once.
const LIMIT: Duration = Duration::from_secs(20);

/// What `future` gives, or a failure of the test if it takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let Ok(value) = tokio::time::timeout(LIMIT, future).await else {
        panic!("{what} did not happen in time");
    };
    value
}

/// A running server with the accounts `eva` and `tom`.
pub(crate) struct Office {
    pub(crate) name: ServerName,
    store: Store,
    server: JoinSet<()>,
    folder: TempDir,
}

/// An app in conversation with the server.
pub(crate) struct App {
    signal: Signal,
    pushes: mpsc::Receiver<Push>,
    /// The cases as they were pushed last.
    seen: BTreeMap<Code, Case>,
    /// The customers who wait, as it was told.
    waiting: Vec<Code>,
    _node: Node,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let name = server.name().clone();
        // The command line, too, has the database open beside the running server.
        let store = Store::open(folder.path()).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(server.run(std::future::pending()));
        let office = Self {
            name,
            store,
            server: tasks,
            folder,
        };
        for name in ["eva", "tom"] {
            let add = move |store: &Store| accounts::add(store, name, "technician", PASSWORD);
            office.administer(add).await.unwrap();
        }
        office
    }

    /// Stops the server and starts it again, with the same data at the same address.
    pub(crate) async fn restart(&mut self) {
        self.server.shutdown().await;
        let listen = self.name.address().parse().unwrap();
        let mut server = Server::start(self.folder.path(), listen);
        // The system may take a moment to give the port back.
        for _ in 0..100 {
            if server.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            server = Server::start(self.folder.path(), listen);
        }
        self.server
            .spawn(server.unwrap().run(std::future::pending()));
    }

    /// Makes an account, set up like this.
    pub(crate) async fn account(
        &self,
        name: &'static str,
        role: &'static str,
        change: AccountChange,
    ) {
        self.administer(move |store| {
            accounts::add(store, name, role, PASSWORD)?;
            accounts::set(store, name, change)
        })
        .await
        .unwrap();
    }

    /// Does what the server's command line does.
    pub(crate) async fn administer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> T {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .unwrap()
    }

    /// An app that has greeted, and nothing more.
    pub(crate) async fn app(&self) -> App {
        let node = node();
        let (signal, pushes) = soon("a greeting", Signal::connect(&node, &self.name))
            .await
            .unwrap();
        App {
            signal,
            pushes,
            seen: BTreeMap::new(),
            waiting: Vec::new(),
            _node: node,
        }
    }

    /// A connection on which nothing was said yet.
    pub(crate) async fn connection(&self) -> (Node, Connection) {
        let node = node();
        let (connection, _) = soon("a connection", node.dial_server(&self.name))
            .await
            .unwrap();
        (node, connection)
    }

    /// A signed-in supporter.
    pub(crate) async fn supporter(&self, name: &str) -> App {
        let app = self.app().await;
        app.sign_in(name, PASSWORD).await.unwrap();
        app
    }

    /// A signed-in supporter who sees the queue.
    pub(crate) async fn watcher(&self, name: &str) -> App {
        let mut app = self.supporter(name).await;
        app.watch().await;
        app
    }

    /// A customer who came by himself with the machine of this secret.
    pub(crate) async fn came(&self, secret: u8) -> (App, Code) {
        let app = self.app().await;
        let (case, _) = app.join(None, secret, None).await.unwrap();
        (app, case.code)
    }

    /// A customer whose machine has this secret, in the case.
    pub(crate) async fn customer(&self, code: Code, secret: u8) -> App {
        let app = self.app().await;
        app.join(Some(code), secret, None).await.unwrap();
        app
    }
}

pub(crate) fn node() -> Node {
    let identity = Arc::new(Identity::generate().unwrap());
    Node::bind(identity, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap()
}

impl App {
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, Refusal> {
        match soon("an answer", self.signal.ask(request)).await {
            Ok(answer) => Ok(answer),
            Err(SignalError::Refused(refusal)) => Err(refusal),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn done(&self, request: Request) {
        assert_eq!(self.ask(request).await, Ok(Answer::Done));
    }

    pub(crate) async fn sign_in(
        &self,
        name: &str,
        password: &str,
    ) -> Result<(Token, Millis), Refusal> {
        let request = Request::SignIn {
            name: name.to_owned(),
            password: password.to_owned(),
        };
        match self.ask(request).await? {
            Answer::SignedIn {
                token,
                supporter,
                now,
            } => {
                assert_eq!(supporter.name, name);
                Ok((token, now))
            }
            other => panic!("{other:?}"),
        }
    }

    /// Watches the desk from now on, and waits until everything was told once.
    pub(crate) async fn watch(&mut self) {
        self.watch_as(Availability::Available).await;
    }

    /// [`watch`](Self::watch), taking requests or not.
    pub(crate) async fn watch_as(&mut self, availability: Availability) {
        self.done(Request::Watch { availability }).await;
        let whole = |push: &Push| matches!(push, Push::Cases { complete: true, .. });
        self.pushed("the whole desk", |push| whole(&push).then_some(()))
            .await;
    }

    /// The cases as this supporter finds them, the newest first.
    pub(crate) async fn queue(&self) -> Vec<Case> {
        match self.ask(Request::FindCases(Search::default())).await {
            Ok(Answer::Cases { found, .. }) => found,
            other => panic!("{other:?}"),
        }
    }

    /// Asks something that is answered by a case.
    pub(crate) async fn case(&self, request: Request) -> Result<Case, Refusal> {
        match self.ask(request).await? {
            Answer::Case(case) => Ok(*case),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn show(&self, code: Code) -> Result<Case, Refusal> {
        self.case(Request::ShowCase { code }).await
    }

    /// Makes a case for this customer.
    pub(crate) async fn draft(&self, customer: &str) -> Result<Case, Refusal> {
        self.case(Request::NewCase(draft(customer))).await
    }

    pub(crate) async fn new_case(&self) -> Code {
        self.draft("").await.unwrap().code
    }

    /// Does something with a case; gives it as it is then.
    pub(crate) async fn act(&self, code: Code, action: Action) -> Result<Case, Refusal> {
        let codes = vec![code];
        match self.ask(Request::Act { codes, action }).await? {
            Answer::Acted(outcomes) => {
                for (_, outcome) in outcomes {
                    outcome?;
                }
            }
            other => panic!("{other:?}"),
        }
        self.show(code).await
    }

    /// Does something with a case that may be out of sight afterwards.
    pub(crate) async fn acted(&self, code: Code, action: Action) -> Result<(), Refusal> {
        let codes = vec![code];
        match self.ask(Request::Act { codes, action }).await? {
            Answer::Acted(mut outcomes) => {
                assert_eq!(outcomes.len(), 1);
                outcomes.remove(0).1
            }
            other => panic!("{other:?}"),
        }
    }

    /// Makes a channel with these members, and gives it.
    pub(crate) async fn new_channel(
        &self,
        name: &str,
        members: &[&str],
        change: impl FnOnce(&mut ChannelSetup),
    ) -> Channel {
        let mut setup = channel(name, members);
        change(&mut setup);
        match self.ask(Request::NewChannel(Box::new(setup))).await {
            Ok(Answer::Channel(channel)) => *channel,
            other => panic!("{other:?}"),
        }
    }

    /// Says something in the chat, and gives the message's number.
    pub(crate) async fn say(&self, code: Code, text: &str, once: u64) -> Result<u32, Refusal> {
        let text = text.to_owned();
        match self.ask(Request::Say { code, text, once }).await? {
            Answer::Said { number } => Ok(number),
            other => panic!("{other:?}"),
        }
    }

    /// The chat after this message; what follows is pushed.
    pub(crate) async fn chat(&self, code: Code, after: u32) -> Result<Vec<ChatMessage>, Refusal> {
        match self.ask(Request::ReadChat { code, after }).await? {
            Answer::Messages(messages) => Ok(messages),
            other => panic!("{other:?}"),
        }
    }

    /// The next message of the chat.
    pub(crate) async fn said(&mut self) -> ChatMessage {
        let pick = |push| match push {
            Push::Message { message, .. } => Some(message),
            _ => None,
        };
        self.pushed("a message", pick).await
    }

    /// The next desk that `is` wants.
    pub(crate) async fn desk_pushed(&mut self, what: &str, is: impl Fn(&Desk) -> bool) -> Desk {
        let pick = |push| match push {
            Push::Desk(desk) if is(&desk) => Some(*desk),
            _ => None,
        };
        self.pushed(what, pick).await
    }

    /// The next case that waits for this supporter.
    pub(crate) async fn waiting(&mut self) -> Code {
        if self.waiting.is_empty() {
            let waits = |push: &Push| matches!(push, Push::Waiting(_));
            self.pushed("somebody who waits", |push| waits(&push).then_some(()))
                .await;
        }
        self.waiting.remove(0)
    }

    pub(crate) async fn close(&self, code: Code) -> Result<Case, Refusal> {
        self.act(code, Action::Close(Outcome::Unknown)).await
    }

    /// Joins as the customer Ana on the machine with this secret; gives the server's clock too.
    pub(crate) async fn join(
        &self,
        code: Option<Code>,
        secret: u8,
        running: Option<SessionId>,
    ) -> Result<(OwnCase, Millis), Refusal> {
        let request = Request::Join {
            code,
            name: "Ana".to_owned(),
            secret: [secret; 32],
            running: running.into_iter().collect(),
            source: Source::default(),
            sos: false,
        };
        match self.ask(request).await? {
            Answer::Joined { case, now } => Ok((case, now)),
            other => panic!("{other:?}"),
        }
    }

    /// Asks the case's customer for a session, with the key `[7; 32]`.
    pub(crate) async fn connect(&self, code: Code) -> Result<SessionId, Refusal> {
        let request = Request::Connect {
            code,
            key: [7; 32],
            view_only: false,
        };
        match self.ask(request).await? {
            Answer::Asked { session } => Ok(session),
            other => panic!("{other:?}"),
        }
    }

    /// The customer says yes, with the key `[8; 32]`.
    pub(crate) async fn allow(&self, session: SessionId) {
        let answer = yes();
        self.done(Request::AnswerConnect { session, answer }).await;
    }

    /// The customer's side reports that the session runs; gives since when.
    pub(crate) async fn up(&self, session: SessionId) -> Result<Millis, Refusal> {
        match self.ask(Request::SessionUp { session }).await? {
            Answer::SessionStarted { at } => Ok(at),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn down(&self, session: SessionId) {
        let reason = EndReason::Customer;
        self.done(Request::SessionDown { session, reason }).await;
    }

    /// The next push for which `pick` gives something.
    pub(crate) async fn pushed<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(Push) -> Option<T>,
    ) -> T {
        let found = async {
            loop {
                match self.pushes.recv().await {
                    Some(push) => {
                        if let Push::Cases { changed, gone, .. } = &push {
                            let changed = changed.iter().map(|case| (case.code, case.clone()));
                            self.seen.extend(changed);
                            self.seen.retain(|code, _| !gone.contains(code));
                        }
                        if let Push::Waiting(code) = &push {
                            self.waiting.push(*code);
                        }
                        if let Some(found) = pick(push) {
                            return found;
                        }
                    }
                    None => panic!("the conversation ended before {what}"),
                }
            }
        };
        soon(what, found).await
    }

    /// The next push of this case that `is` wants.
    pub(crate) async fn case_pushed(
        &mut self,
        what: &str,
        code: Code,
        is: impl Fn(&Case) -> bool,
    ) -> Case {
        if let Some(case) = self.seen.get(&code).filter(|case| is(case)) {
            return case.clone();
        }
        let pick = |push| match push {
            Push::Cases { changed, .. } => changed
                .into_iter()
                .find(|case| case.code == code && is(case)),
            _ => None,
        };
        self.pushed(what, pick).await
    }

    /// The next push of the customer's own case that `is` wants.
    pub(crate) async fn own_pushed(
        &mut self,
        what: &str,
        is: impl Fn(&OwnCase) -> bool,
    ) -> OwnCase {
        let pick = |push| match push {
            Push::Own(case) if is(&case) => Some(case),
            _ => None,
        };
        self.pushed(what, pick).await
    }

    /// Waits until this case is no longer seen.
    pub(crate) async fn case_gone(&mut self, code: Code) {
        if !self.seen.contains_key(&code) {
            return;
        }
        let pick = |push| match push {
            Push::Cases { gone, .. } => gone.contains(&code).then_some(()),
            _ => None,
        };
        self.pushed("the case's going", pick).await;
    }

    /// The customer's answer to this question, as the supporter hears it.
    pub(crate) async fn answered(&mut self, asked: SessionId) -> Consent {
        let pick = |push| match push {
            Push::ConnectAnswered {
                session, answer, ..
            } if session == asked => Some(answer),
            _ => None,
        };
        self.pushed("the customer's answer", pick).await
    }

    /// The right to the relay that comes with the customer's answer.
    pub(crate) async fn relay_of_answer(&mut self, asked: SessionId) -> Option<Relay> {
        let pick = |push| match push {
            Push::ConnectAnswered { session, relay, .. } if session == asked => Some(relay),
            _ => None,
        };
        self.pushed("the customer's answer", pick).await
    }

    /// The right to the relay that comes with this question.
    pub(crate) async fn relay_of(&mut self, asked: SessionId) -> Relay {
        let pick = |push| match push {
            Push::ConnectAsked { session, relay, .. } if session == asked => Some(relay),
            _ => None,
        };
        self.pushed("the question", pick).await
    }

    /// The supporter no longer asks this, as the customer hears it.
    pub(crate) async fn cancelled(&mut self, asked: SessionId) {
        let pick = |push| match push {
            Push::ConnectCancelled { session } if session == asked => Some(()),
            _ => None,
        };
        self.pushed("the cancellation", pick).await;
    }

    /// The question's session, as the customer hears it.
    pub(crate) async fn asked(&mut self) -> SessionId {
        let pick = |push| match push {
            Push::ConnectAsked { session, .. } => Some(session),
            _ => None,
        };
        self.pushed("the question", pick).await
    }

    /// Waits until the server has ended the conversation.
    pub(crate) async fn ended(&mut self) {
        soon("the end", async {
            while self.pushes.recv().await.is_some() {}
        })
        .await;
    }
}

/// A new case in the default channel, assigned to its maker.
pub(crate) fn draft(customer: &str) -> Box<Draft> {
    Box::new(Draft {
        place: None,
        customer: customer.to_owned(),
        facts: Facts::default(),
        to_queue: false,
        by_script: false,
    })
}

/// A channel's plain set-up.
pub(crate) fn channel(name: &str, members: &[&str]) -> ChannelSetup {
    let member = |name: &&str| Member {
        name: (*name).to_owned(),
        manager: false,
    };
    ChannelSetup {
        name: name.to_owned(),
        description: String::new(),
        expiry: DEFAULT_EXPIRY,
        default_assignee: None,
        assignment: Assignment::Off,
        offer_time: 10_000,
        members: members.iter().map(member).collect(),
    }
}

/// A customer's yes.
pub(crate) fn yes() -> Consent {
    Consent::Allowed {
        grant: Grant::Control,
        key: [8; 32],
    }
}
