//! A process, a screen and a server for each test.
//!
//! The engine shares the screen that `DISPLAY` names, and a process has one `DISPLAY`.
//! So each test starts itself again, alone, with an X server of its own.

use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aldis_rendezvous::{Server, accounts};
use aldis_store::Store;
use aldis_trust::ServerName;
use aldis_wire::KeyHash;
use aldis_wire::signal::{Draft, Facts};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// Set in the process that has a screen of its own.
const ON_STAGE: &str = "ALDIS_TEST_ON_STAGE";

/// The supporters' accounts.
const SUPPORTERS: [&str; 4] = ["eva", "bo", "cy", "dan"];

/// The password of every account.
pub(crate) const PASSWORD: &str = "right as rain";

/// Width and height of the screen.
pub(crate) const SCREEN: (u16, u16) = (640, 480);

/// How long anything may take; longer than a supporter who was allowed may take to connect.
const SOON: Duration = Duration::from_secs(45);

/// How long a whole test may take.
const LIMIT: Duration = Duration::from_secs(200);

/// What `future` gives, or a failure of the test if it takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let Ok(value) = tokio::time::timeout(SOON, future).await else {
        panic!("{what} did not happen in time");
    };
    value
}

/// Plays the test with this name on a screen of its own.
pub(crate) fn on_stage<F: Future<Output = ()>>(test: &str, play: impl FnOnce() -> F) {
    if std::env::var_os(ON_STAGE).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let played = runtime.block_on(async { tokio::time::timeout(LIMIT, play()).await });
        return played.expect("in time");
    }
    let screen = Xvfb::start();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("DISPLAY", &screen.name)
        .env_remove("WAYLAND_DISPLAY")
        .env(ON_STAGE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    let played = output.status.success() && said.contains("1 passed");
    assert!(played, "{said}{failed}");
}

/// An X server; ended when dropped.
struct Xvfb {
    process: Child,
    name: String,
}

impl Xvfb {
    fn start() -> Self {
        let (width, height) = SCREEN;
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut number = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut number).unwrap();
        let name = format!(":{}", number.trim());
        Self { process, name }
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A running server with the supporters' accounts.
pub(crate) struct Office {
    pub(crate) name: ServerName,
    _server: JoinSet<()>,
    _folder: TempDir,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let name = server.name().clone();
        let store = Store::open(folder.path()).unwrap();
        let add = move || {
            for name in SUPPORTERS {
                accounts::add(&store, name, "technician", PASSWORD).unwrap();
            }
            aldis_guild::open(&name, &store).unwrap()
        };
        let name = tokio::task::spawn_blocking(add).await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(server.run(std::future::pending()));
        Self {
            name,
            _server: tasks,
            _folder: folder,
        }
    }
}

/// The organisation signs that this supporter holds this key.
pub(crate) async fn certify(server: &ServerName, name: &str, key: KeyHash) {
    let (server, name) = (server.clone(), name.to_owned());
    let certify = move || aldis_guild::certify(&server, &name, key).unwrap();
    tokio::task::spawn_blocking(certify).await.unwrap();
}

/// A new case in the default channel, assigned to its maker.
pub(crate) fn draft() -> Box<Draft> {
    Box::new(Draft {
        place: None,
        customer: String::new(),
        facts: Facts::default(),
        to_queue: false,
        by_script: false,
    })
}
