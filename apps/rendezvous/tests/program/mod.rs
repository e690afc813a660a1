//! The real server program, and the way to it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{Identity, Node, Signal};
use aldis_trust::ServerName;
use aldis_wire::signal::{Answer, Push, Request, Token};
use tokio::sync::mpsc;

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// The password of every account.
pub(crate) const PASSWORD: &str = "right as rain";

/// The server's program, and what it is started by.
pub(crate) struct Program {
    words: Vec<OsString>,
}

/// The server's process; killed when dropped.
pub(crate) struct Running(Child);

impl Program {
    /// The program, started by this command; by none, directly.
    pub(crate) fn started_by(words: &[&str]) -> Self {
        let mut words: Vec<OsString> = words.iter().map(OsString::from).collect();
        words.push(env!("CARGO_BIN_EXE_aldis-server").into());
        Self { words }
    }

    /// `aldis-server ARGUMENTS --data FOLDER`.
    fn command(&self, arguments: &[&str], folder: &Path) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).args(arguments);
        command.arg(OsStr::new("--data")).arg(folder);
        command
    }

    /// Starts the server and waits until it listens; gives its name.
    pub(crate) async fn run(&self, folder: &Path, listen: &str) -> (Running, ServerName) {
        let mut command = self.command(&["run", "--listen", listen], folder);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let running = Running(process);
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

    /// Does what one does on the command line, and expects it to be done.
    pub(crate) fn administer(&self, arguments: &[&str], folder: &Path, input: &str) {
        let mut command = self.command(arguments, folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut stdin = process.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        assert!(process.wait().unwrap().success(), "{arguments:?}");
    }

    pub(crate) fn add_user(&self, folder: &Path, name: &str) {
        let add = ["user", "add", name, "--password-stdin"];
        self.administer(&add, folder, &format!("{PASSWORD}\n"));
    }
}

impl Running {
    /// SIGKILL: no goodbye, no flush.
    pub(crate) fn kill(&mut self) {
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

/// An app that has greeted.
pub(crate) async fn connect(name: &ServerName) -> (Node, Signal, mpsc::Receiver<Push>) {
    let identity = Arc::new(Identity::generate().unwrap());
    let node = Node::bind(identity, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let (signal, pushes) = Signal::connect(&node, name).await.unwrap();
    (node, signal, pushes)
}

/// Signs `eva` in, for a token.
pub(crate) async fn sign_in(name: &ServerName) -> Token {
    let (_node, signal, _pushes) = connect(name).await;
    let (name, password) = ("eva".to_owned(), PASSWORD.to_owned());
    match signal.ask(Request::SignIn { name, password }).await {
        Ok(Answer::SignedIn { token, .. }) => token,
        other => panic!("{other:?}"),
    }
}
