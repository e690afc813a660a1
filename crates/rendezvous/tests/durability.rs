//! The real server program, killed while it works: what it acknowledged is kept.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test are test code"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aldis_link::{Identity, Node, Signal, SignalError};
use aldis_store::Store;
use aldis_trust::ServerName;
use aldis_wire::Code;
use aldis_wire::signal::{
    Action, Answer, Body, Draft, Facts, Outcome, Request, Speaker, Status, Token,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How many supporters work at the same time.
const CLIENTS: usize = 4;

/// How often the server is killed, unless `ALDIS_KILLS` says otherwise.
const KILLS: usize = 50;

/// How long anything may take.
const LIMIT: Duration = Duration::from_mins(1);

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
    let program = server_program();
    let folder = tempfile::tempdir().unwrap();
    add_user(&program, folder.path(), "eva");
    add_user(&program, folder.path(), "tom");
    let books = Shared::default();
    let (mut server, name) = Running::start(&program, folder.path(), "127.0.0.1:0").await;
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
        let (again, same) = Running::start(&program, folder.path(), &name.address()).await;
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
        let (_node, signal) = connect(&name).await;
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
    let (_node, signal) = connect(name).await;
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

async fn connect(name: &ServerName) -> (Node, Signal) {
    let identity = Arc::new(Identity::generate().unwrap());
    let node = Node::bind(identity, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let (signal, _pushes) = Signal::connect(&node, name).await.unwrap();
    (node, signal)
}

async fn sign_in(name: &ServerName) -> Token {
    let (_node, signal) = connect(name).await;
    let (name, password) = ("eva".to_owned(), "right as rain".to_owned());
    match signal.ask(Request::SignIn { name, password }).await {
        Ok(Answer::SignedIn { token, .. }) => token,
        other => panic!("{other:?}"),
    }
}

/// The server's process; killed when dropped.
struct Running(Child);

impl Running {
    /// Starts it and waits until it listens; gives its name.
    async fn start(program: &Path, folder: &Path, listen: &str) -> (Self, ServerName) {
        let mut command = Command::new(program);
        command
            .args(["run", "--listen", listen, "--data"])
            .arg(folder);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let running = Self(process);
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            out.read_line(&mut line).map(|_| line)
        });
        let line = tokio::time::timeout(LIMIT, line)
            .await
            .expect("the server starts")
            .unwrap()
            .unwrap();
        let name = line
            .trim()
            .strip_prefix("listening on ")
            .expect("it says where")
            .parse();
        (running, name.unwrap())
    }

    /// SIGKILL: no goodbye, no flush.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn add_user(program: &Path, folder: &Path, name: &str) {
    let mut command = Command::new(program);
    command
        .args(["user", "add", name, "--password-stdin", "--data"])
        .arg(folder);
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    process
        .stdin
        .take()
        .unwrap()
        .write_all(b"right as rain\n")
        .unwrap();
    assert!(process.wait().unwrap().success());
}

/// The program beside this test; built anew if this test is younger, so that it is never an old one
/// that proves something.
fn server_program() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    let folder = me.ancestors().nth(2).unwrap();
    let program = folder.join(format!("aldis-server{}", std::env::consts::EXE_SUFFIX));
    let made = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    if made(&program) < made(&me) {
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(other) => other,
        };
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // What cargo told this test about itself would make build scripts run again.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CARGO_")) {
                build.env_remove(name);
            }
        }
        build.args([
            "build",
            "--quiet",
            "--package",
            "aldis-server",
            "--profile",
            profile,
        ]);
        build.arg("--target-dir").arg(folder.parent().unwrap());
        assert!(build.status().unwrap().success(), "aldis-server is built");
    }
    program
}

/// A byte that differs from call to call.
fn random_byte() -> u8 {
    let secret = Identity::generate().unwrap().hash();
    secret[0]
}
