//! The real server program, killed while it works: what it acknowledged is kept.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test are test code"
)]

mod program;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aldis_link::{Identity, Signal, SignalError};
use aldis_store::Store;
use aldis_trust::ServerName;
use aldis_wire::Code;
use aldis_wire::signal::{
    Action, Answer, Body, Draft, Facts, Outcome, Request, Speaker, Status, Token,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use program::{LIMIT, Program, connect, sign_in};

/// How many supporters work at the same time.
const CLIENTS: usize = 4;

/// How often the server is killed, unless `ALDIS_KILLS` says otherwise.
const KILLS: usize = 50;

/// What the server acknowledged of a case.
#[derive(Clone, Debug, Default)]
struct Kept {
    customer: String,
    assignee: String,
    closed: bool,
    /// What was said under each mark.
    said: BTreeMap<u64, String>,
    /// What was asked and not answered when the server was killed: may be kept or not.
    open_close: bool,
    open_assign: Option<String>,
}

/// Everything that the server acknowledged, and how many changes that were.
#[derive(Debug, Default)]
struct Books {
    cases: BTreeMap<Code, Kept>,
    /// New cases that were asked for and not answered; each is there once or not at all.
    open: Vec<String>,
    changes: usize,
}

type Shared = Arc<Mutex<Books>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed() {
    let kills = std::env::var("ALDIS_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let program = Program::started_by(&[]);
    let folder = tempfile::tempdir().unwrap();
    program.add_user(folder.path(), "eva");
    program.add_user(folder.path(), "tom");
    let books = Shared::default();
    let (mut server, name) = program.run(folder.path(), "127.0.0.1:0").await;
    let token = sign_in(&name).await;
    for round in 0..kills {
        let before = with(&books, |books| books.changes);
        let (count, mut counted) = watch::channel(before);
        let count = Arc::new(count);
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let work = Client {
                prefix: format!("{round}.{client}"),
                books: Arc::clone(&books),
                count: Arc::clone(&count),
                dice: u64::try_from(round * CLIENTS + client).unwrap(),
            };
            clients.spawn(work.run(name.clone(), token));
        }
        // A moment that differs from run to run, with questions under way.
        let enough = before + 10 + usize::from(random_byte()) / 4;
        let reached = counted.wait_for(|count| *count >= enough);
        drop(
            tokio::time::timeout(LIMIT, reached)
                .await
                .expect("in time")
                .unwrap(),
        );
        server.kill();
        // What the dead server still had to answer stays open in the books.
        clients.shutdown().await;
        let (again, same) = program.run(folder.path(), &name.address()).await;
        assert_eq!(same, name, "the same key on the same port");
        server = again;
        // Everything is looked at now and then, and at the end; else what was touched last.
        let all = round % 10 == 9 || round + 1 == kills;
        check(&name, token, &books, all, &format!("{round}.")).await;
    }
    server.kill();
    let store = Store::open(folder.path()).unwrap();
    let history = store.read(|transaction| transaction.verify_history()).await;
    assert!(history.unwrap().is_ok(), "the history holds");
    let (whole, kept) = store
        .read(|transaction| {
            let names = transaction.open_cases(0)?;
            let closed = transaction.ended_cases(0, usize::MAX >> 1)?;
            Ok((transaction.is_whole()?, [names, closed].concat()))
        })
        .await
        .unwrap();
    assert!(whole, "the file is whole");
    let mut names = BTreeMap::new();
    for case in kept {
        if names
            .insert(case.customer.clone(), case.code)
            .is_some_and(|other| other != case.code)
        {
            panic!("the case {} is there twice", case.customer);
        }
    }
    with(&books, |books| {
        for (code, kept) in &books.cases {
            assert_eq!(names.remove(&kept.customer), Some(*code));
        }
        for customer in &books.open {
            names.remove(customer);
        }
    });
    assert_eq!(names, BTreeMap::new(), "what nobody asked for");
}

fn with<T>(books: &Shared, act: impl FnOnce(&mut Books) -> T) -> T {
    act(&mut books.lock().unwrap_or_else(PoisonError::into_inner))
}

/// One supporter at work.
struct Client {
    prefix: String,
    books: Shared,
    count: Arc<watch::Sender<usize>>,
    dice: u64,
}

impl Client {
    /// Makes, hands over, talks in and closes cases until the server is gone.
    async fn run(mut self, name: ServerName, token: Token) {
        let (_node, signal, _pushes) = connect(&name).await;
        signal.ask(Request::Resume { token }).await.unwrap();
        let mut mine: Vec<Code> = Vec::new();
        for number in 0_u64.. {
            let lost = if mine.is_empty() || self.roll(3) == 0 {
                let customer = format!("{}.{number}", self.prefix);
                self.make(&signal, customer)
                    .await
                    .map(|code| mine.push(code))
            } else {
                let place = self.roll(mine.len());
                let code = mine[place];
                match self.roll(8) {
                    0 => {
                        mine.remove(place);
                        self.close(&signal, code).await
                    }
                    1 | 2 => self.assign(&signal, code).await,
                    _ => self.say(&signal, code, number).await,
                }
            };
            if lost.is_err() {
                return;
            }
            let changes = with(&self.books, |books| {
                books.changes += 1;
                books.changes
            });
            self.count.send_if_modified(|count| {
                let more = changes > *count;
                *count = changes.max(*count);
                more
            });
        }
    }

    /// A linear congruential generator with the constants of Knuth's MMIX.
    fn roll(&mut self, below: usize) -> usize {
        let state = self.dice.wrapping_mul(6_364_136_223_846_793_005);
        self.dice = state.wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) as usize % below
    }

    async fn make(&mut self, signal: &Signal, customer: String) -> Result<Code, SignalError> {
        with(&self.books, |books| books.open.push(customer.clone()));
        let request = Request::NewCase(Box::new(Draft {
            place: None,
            customer: customer.clone(),
            facts: Facts::default(),
            to_queue: false,
            by_script: true,
        }));
        let code = match signal.ask(request).await? {
            Answer::Case(case) => case.code,
            other => panic!("{other:?}"),
        };
        let kept = Kept {
            customer: customer.clone(),
            assignee: "eva".to_owned(),
            ..Kept::default()
        };
        with(&self.books, |books| {
            books.open.retain(|open| *open != customer);
            assert!(
                books.cases.insert(code, kept).is_none(),
                "{code} was given twice"
            );
        });
        act(signal, code, Action::JoinChat).await?;
        Ok(code)
    }

    async fn assign(&mut self, signal: &Signal, code: Code) -> Result<(), SignalError> {
        let to = ["eva", "tom"][self.roll(2)].to_owned();
        self.note(code, |kept| kept.open_assign = Some(to.clone()));
        act(signal, code, Action::Assign(to.clone())).await?;
        self.note(code, |kept| {
            kept.assignee = to;
            kept.open_assign = None;
        });
        Ok(())
    }

    async fn say(&self, signal: &Signal, code: Code, once: u64) -> Result<(), SignalError> {
        let text = format!("{}.{once}", self.prefix);
        say(signal, code, &text, once).await?;
        self.note(code, |kept| drop(kept.said.insert(once, text)));
        Ok(())
    }

    async fn close(&self, signal: &Signal, code: Code) -> Result<(), SignalError> {
        self.note(code, |kept| kept.open_close = true);
        act(signal, code, Action::Close(Outcome::Resolved)).await?;
        self.note(code, |kept| kept.closed = true);
        Ok(())
    }

    fn note(&self, code: Code, change: impl FnOnce(&mut Kept)) {
        with(&self.books, |books| books.cases.get_mut(&code).map(change));
    }
}

async fn act(signal: &Signal, code: Code, action: Action) -> Result<(), SignalError> {
    let codes = vec![code];
    match signal.ask(Request::Act { codes, action }).await? {
        Answer::Acted(outcomes) => {
            assert_eq!(outcomes, [(code, Ok(()))]);
            Ok(())
        }
        other => panic!("{other:?}"),
    }
}

async fn say(signal: &Signal, code: Code, text: &str, once: u64) -> Result<(), SignalError> {
    let text = text.to_owned();
    match signal.ask(Request::Say { code, text, once }).await {
        Ok(Answer::Said { .. }) => Ok(()),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    }
}

/// The server still knows what it acknowledged, and nothing of it twice.
async fn check(name: &ServerName, token: Token, books: &Shared, all: bool, round: &str) {
    let (_node, signal, _pushes) = connect(name).await;
    signal
        .ask(Request::Resume { token })
        .await
        .expect("the token was acknowledged too");
    let wanted = |kept: &Kept| all || kept.customer.starts_with(round);
    let cases: Vec<(Code, Kept)> = with(books, |books| {
        let cases = books.cases.iter().filter(|(_, kept)| wanted(kept));
        cases.map(|(code, kept)| (*code, kept.clone())).collect()
    });
    for (code, mut kept) in cases {
        let case = match signal.ask(Request::ShowCase { code }).await {
            Ok(Answer::Case(case)) => case,
            other => panic!("the case {code} of {kept:?} is lost: {other:?}"),
        };
        assert_eq!(case.customer, kept.customer);
        let assignee = case.assignee.unwrap();
        assert!(assignee == kept.assignee || Some(&assignee) == kept.open_assign.as_ref());
        let closed = case.status == Status::Closed;
        assert!(closed || !kept.closed, "{code} was closed");
        assert!(!closed || kept.open_close, "nobody closed {code}");
        // What was said is said again under the same mark, as an app does that had no answer.
        if let Some((once, text)) = kept.said.last_key_value()
            && !closed
        {
            say(&signal, code, text, *once).await.unwrap();
        }
        let texts = texts(&signal, code).await;
        for text in kept.said.values() {
            let times = texts.iter().filter(|said| *said == text).count();
            assert_eq!(times, 1, "{text:?} in {code}");
        }
        let distinct: std::collections::BTreeSet<&String> = texts.iter().collect();
        assert_eq!(distinct.len(), texts.len(), "nothing is said twice");
        kept.closed = closed;
        kept.open_assign = None;
        kept.assignee = assignee;
        with(books, |books| books.cases.insert(code, kept));
    }
}

async fn texts(signal: &Signal, code: Code) -> Vec<String> {
    let (mut texts, mut after) = (Vec::new(), 0);
    loop {
        let messages = match signal.ask(Request::ReadChat { code, after }).await {
            Ok(Answer::Messages(messages)) => messages,
            other => panic!("{other:?}"),
        };
        let Some(last) = messages.last() else {
            return texts;
        };
        for (number, message) in (after + 1..).zip(&messages) {
            assert_eq!(message.number, number, "without gaps");
            if let Body::Text(text) = &message.body {
                assert_eq!(message.from, Speaker::Supporter("eva".to_owned()));
                texts.push(text.clone());
            }
        }
        after = last.number;
    }
}

/// A byte that differs from call to call.
fn random_byte() -> u8 {
    let secret = Identity::generate().unwrap().hash();
    secret[0]
}
