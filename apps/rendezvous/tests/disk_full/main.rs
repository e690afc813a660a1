//! A server whose disk is full: it refuses clearly, running sessions go on, and once there is room
//! it goes on by itself and has lost nothing that it acknowledged.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test are test code"
)]

mod ground;
#[path = "../program/mod.rs"]
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use aldis_link::{Node, Signal, SignalError};
use aldis_store::Store;
use aldis_trust::ServerName;
use aldis_wire::peer::{EndReason, Grant};
use aldis_wire::signal::{
    Action, Answer, Availability, Body, Case, Consent, Draft, Facts, OwnCase, Push, Refusal,
    Request, Source, Status, Token,
};
use aldis_wire::{Code, SessionId};
use tokio::sync::mpsc;

use ground::{Ground, SmallDisk, TestDisk};
use program::{LIMIT, connect, sign_in};

/// After so many changes a disk that is full must have shown it: what SQLite writes over once more
/// is far less.
const CHANGES: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_cuts_no_session_and_recovers_by_itself() {
    match SmallDisk::mount() {
        Ok(disk) => lives_through_a_full_disk(disk).await,
        Err(why) => {
            // Not with a macro: that would be shown only if the test failed.
            let mut told = std::io::stderr();
            writeln!(
                told,
                "\nNO REAL DISK WAS FILLED: a small file system cannot be mounted here ({why}). \
                 Only the test's own disk under SQLite was full, in the test beside this one."
            )
            .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_with_a_disk_under_sqlite_that_says_that_it_is_full() {
    lives_through_a_full_disk(TestDisk::new().await).await;
}

async fn lives_through_a_full_disk(mut ground: impl Ground) {
    let name = ground.start().await;
    let token = sign_in(&name).await;
    let mut eva = App::supporter(&name, token).await;
    let mut kept = BTreeSet::new();
    for _ in 0..3 {
        kept.insert(eva.new_case().await.unwrap());
    }
    let [begins, runs, ends] = [0, 1, 2].map(|number| *kept.iter().nth(number).unwrap());
    let mut ana = App::customer(&name, runs, 1, Vec::new()).await;
    let bob = App::customer(&name, ends, 2, Vec::new()).await;
    let kim = App::customer(&name, begins, 3, Vec::new()).await;
    let session = eva.session(runs, &ana).await;
    let over = eva.session(ends, &bob).await;
    let next = eva.allowed(begins, &kim).await;
    eva.act(runs, Action::JoinChat).await.unwrap();
    eva.say(runs, "before").await.unwrap();

    ground.fill();
    let refused = loop {
        match eva.new_case().await {
            Ok(code) => assert!(kept.insert(code) && kept.len() < CHANGES),
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(refused, Refusal::DiskFull);
    assert!(refused.to_string().contains("disk is full"), "{refused}");
    let lost = eva.say(runs, "meanwhile").await;
    assert_eq!(lost, Err(Refusal::DiskFull));
    assert_eq!(eva.act(runs, Action::Release).await, Err(Refusal::DiskFull));
    // Whoever is there stays there, sees everything, and helps on.
    assert_eq!(eva.show(runs).await.status, Status::InProgress);
    assert_eq!(eva.texts(runs).await, ["before"]);
    assert_eq!(ana.texts(runs).await, ["before"]);
    // A connection that is lost just now comes back, with the session that still runs.
    drop(eva);
    drop(ana);
    eva = App::supporter(&name, token).await;
    ana = App::customer(&name, runs, 1, vec![session]).await;
    assert_eq!(eva.show(runs).await.status, Status::InProgress);
    // A session that ends or begins now does; that it could not be written down yet is told.
    let reason = EndReason::Customer;
    let down = Request::SessionDown {
        session: over,
        reason,
    };
    assert_eq!(bob.ask(down).await, Err(Refusal::DiskFull));
    drop(bob);
    let _bob = App::customer(&name, ends, 2, Vec::new()).await;
    let up = Request::SessionUp { session: next };
    assert_eq!(kim.ask(up).await, Err(Refusal::DiskFull));

    ground.free();
    kept.insert(eva.new_case().await.expect("there is room again"));
    eva.say(runs, "after").await.unwrap();
    eva.case(ends, |case| case.supporters.is_empty()).await;
    eva.case(begins, |case| case.supporters == ["eva"]).await;
    for (code, status) in [
        (begins, Status::InProgress),
        (runs, Status::InProgress),
        (ends, Status::Pending),
    ] {
        assert_eq!(eva.show(code).await.status, status);
    }
    ana.untouched();
    ground.stop().await;

    ground.verify().await;
    let store = Store::open(&ground.data()).unwrap();
    let (whole, history, open) = store
        .read(|transaction| {
            let (whole, history) = (transaction.is_whole()?, transaction.verify_history()?);
            Ok((whole, history.is_ok(), transaction.open_cases(0)?))
        })
        .await
        .unwrap();
    assert!(whole && history);
    let open: BTreeSet<Code> = open.iter().map(|case| case.code).collect();
    assert_eq!(open, kept, "what was acknowledged, and nothing else");
    drop(store);
    let name = ground.start().await;
    let eva = App::supporter(&name, token).await;
    assert_eq!(eva.texts(runs).await, ["before", "after"]);
    ground.stop().await;
}

/// An app in conversation with the server.
struct App {
    signal: Signal,
    pushes: mpsc::Receiver<Push>,
    /// The cases as they were pushed last.
    seen: BTreeMap<Code, Case>,
    _node: Node,
}

impl App {
    async fn greet(name: &ServerName, request: Request) -> Self {
        let (node, signal, pushes) = connect(name).await;
        let app = Self {
            signal,
            pushes,
            seen: BTreeMap::new(),
            _node: node,
        };
        app.ask(request).await.expect("the greeting is taken");
        app
    }

    /// The window of `eva`, who has signed in before.
    async fn supporter(name: &ServerName, token: Token) -> Self {
        let app = Self::greet(name, Request::Resume { token }).await;
        let availability = Availability::Available;
        app.ask(Request::Watch { availability }).await.unwrap();
        app
    }

    /// A customer's app, in which these sessions run.
    async fn customer(name: &ServerName, code: Code, machine: u8, running: Vec<SessionId>) -> Self {
        let join = Request::Join {
            code: Some(code),
            name: "Ana".to_owned(),
            secret: [machine; 32],
            running,
            source: Source::default(),
            sos: false,
        };
        Self::greet(name, join).await
    }

    async fn ask(&self, request: Request) -> Result<Answer, Refusal> {
        match self.signal.ask(request).await {
            Ok(answer) => Ok(answer),
            Err(SignalError::Refused(refusal)) => Err(refusal),
            Err(error) => panic!("the conversation ended: {error}"),
        }
    }

    async fn new_case(&self) -> Result<Code, Refusal> {
        let draft = Draft {
            place: None,
            customer: "Ana".to_owned(),
            facts: Facts::default(),
            to_queue: false,
            by_script: false,
        };
        match self.ask(Request::NewCase(Box::new(draft))).await? {
            Answer::Case(case) => Ok(case.code),
            other => panic!("{other:?}"),
        }
    }

    async fn act(&self, code: Code, action: Action) -> Result<(), Refusal> {
        let codes = vec![code];
        match self.ask(Request::Act { codes, action }).await? {
            Answer::Acted(mut outcomes) => outcomes.remove(0).1,
            other => panic!("{other:?}"),
        }
    }

    async fn say(&self, code: Code, text: &str) -> Result<(), Refusal> {
        let once = text.len() as u64;
        let text = text.to_owned();
        self.ask(Request::Say { code, text, once }).await.map(drop)
    }

    async fn show(&self, code: Code) -> Case {
        match self.ask(Request::ShowCase { code }).await {
            Ok(Answer::Case(case)) => *case,
            other => panic!("{other:?}"),
        }
    }

    /// What people said in the chat.
    async fn texts(&self, code: Code) -> Vec<String> {
        let after = 0;
        let Ok(Answer::Messages(messages)) = self.ask(Request::ReadChat { code, after }).await
        else {
            panic!("the chat cannot be read");
        };
        let texts = messages
            .into_iter()
            .filter_map(|message| match message.body {
                Body::Text(text) => Some(text),
                _ => None,
            });
        texts.collect()
    }

    /// A session of this supporter's with the customer, running.
    async fn session(&self, code: Code, customer: &Self) -> SessionId {
        let session = self.allowed(code, customer).await;
        customer.ask(Request::SessionUp { session }).await.unwrap();
        session
    }

    /// A session that the customer has allowed.
    async fn allowed(&self, code: Code, customer: &Self) -> SessionId {
        let connect = Request::Connect {
            code,
            key: [7; 32],
            view_only: false,
        };
        let Ok(Answer::Asked { session }) = self.ask(connect).await else {
            panic!("not asked");
        };
        let answer = Consent::Allowed {
            grant: Grant::Control,
            key: [8; 32],
        };
        let answer = Request::AnswerConnect { session, answer };
        customer.ask(answer).await.unwrap();
        session
    }

    /// Waits until the window shows the case like this.
    async fn case(&mut self, code: Code, is: impl Fn(&Case) -> bool) {
        let told = async {
            while !self.seen.get(&code).is_some_and(&is) {
                match self.pushes.recv().await {
                    Some(Push::Cases { changed, .. }) => {
                        let changed = changed.into_iter().map(|case| (case.code, case));
                        self.seen.extend(changed);
                    }
                    Some(_) => {}
                    None => panic!("the conversation ended"),
                }
            }
        };
        let told = tokio::time::timeout(LIMIT, told).await;
        told.expect("the case is told");
    }

    /// Nothing told the customer's app that its session is over.
    fn untouched(&mut self) {
        while let Ok(push) = self.pushes.try_recv() {
            let ends = match &push {
                Push::Own(OwnCase { status, .. }) => *status != Status::InProgress,
                Push::ConnectCancelled { .. } => true,
                _ => false,
            };
            assert!(!ends, "{push:?}");
        }
    }
}
