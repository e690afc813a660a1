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
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aldis_link::{Identity, Node, Signal};
use aldis_trust::ServerName;
use aldis_wire::Code;
use aldis_wire::signal::{Answer, Draft, Facts, Request, Token};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How many supporters make cases at the same time.
const CLIENTS: usize = 4;

/// How often the server is killed.
const KILLS: usize = 3;

/// How long anything may take.
const LIMIT: Duration = Duration::from_mins(1);

/// The codes that the server acknowledged, each with the customer's name.
type Acknowledged = Arc<Mutex<BTreeMap<Code, String>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_case_is_lost_when_the_server_is_killed() {
    let program = server_program();
    let folder = tempfile::tempdir().unwrap();
    add_user(&program, folder.path());
    let acknowledged = Acknowledged::default();
    let (mut server, name) = Running::start(&program, folder.path(), "127.0.0.1:0").await;
    let token = sign_in(&name).await;
    for round in 0..KILLS {
        let before = acknowledged.lock().unwrap().len();
        let (count, mut counted) = watch::channel(before);
        let count = Arc::new(count);
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let prefix = format!("{round}.{client}");
            let (name, kept, count) = (name.clone(), Arc::clone(&acknowledged), Arc::clone(&count));
            clients.spawn(make_cases(name, token, prefix, kept, count));
        }
        // A moment that differs from run to run, with questions under way.
        let enough = before + 20 + usize::from(random_byte()) / 2;
        let reached = counted.wait_for(|count| *count >= enough);
        drop(
            tokio::time::timeout(LIMIT, reached)
                .await
                .expect("in time")
                .unwrap(),
        );
        server.kill();
        // Answers that are on their way count too: the server gave them.
        clients.shutdown().await;

        let (again, same) = Running::start(&program, folder.path(), &name.address()).await;
        assert_eq!(same, name, "the same key on the same port");
        server = again;
        let (_node, signal) = connect(&name).await;
        signal
            .ask(Request::Resume { token })
            .await
            .expect("the token was acknowledged too");
        let expected = acknowledged.lock().unwrap().clone();
        assert!(expected.len() >= enough);
        for (code, customer) in expected {
            match signal.ask(Request::ShowCase { code }).await {
                Ok(Answer::Case(case)) => assert_eq!(case.customer, customer),
                other => panic!("the case {code} of round {customer} is lost: {other:?}"),
            }
        }
    }
    server.kill();
}

/// Makes cases until the server is gone, and notes each one that is acknowledged.
async fn make_cases(
    name: ServerName,
    token: Token,
    prefix: String,
    acknowledged: Acknowledged,
    count: Arc<watch::Sender<usize>>,
) {
    let (_node, signal) = connect(&name).await;
    signal.ask(Request::Resume { token }).await.unwrap();
    for number in 0.. {
        let customer = format!("{prefix}.{number}");
        let request = Request::NewCase(Box::new(Draft {
            place: None,
            customer: customer.clone(),
            facts: Facts::default(),
            to_queue: false,
            by_script: true,
        }));
        let Ok(Answer::Case(case)) = signal.ask(request).await else {
            return;
        };
        let mut acknowledged = acknowledged.lock().unwrap();
        acknowledged.insert(case.code, customer);
        count.send_replace(acknowledged.len());
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

fn add_user(program: &Path, folder: &Path) {
    let mut command = Command::new(program);
    command
        .args(["user", "add", "eva", "--password-stdin", "--data"])
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

/// The program beside this test, which `cargo xtask test` builds before; built now if it is missing.
///
/// One that is there is not built again: other tests start it at the same time.
fn server_program() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    let folder = me.ancestors().nth(2).unwrap();
    let program = folder.join(format!("aldis-server{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(other) => other,
        };
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
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
