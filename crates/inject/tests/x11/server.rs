//! A real X server for a test, and programs on it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aldis_inject::{Injector, MonitorPlace, open_display};
use aldis_session::{Authority, ControlToken};
use aldis_wire::input::{Input, Key, NamedKey};
use x11rb::connection::Connection as _;
use x11rb::rust_connection::RustConnection;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const PLACE: MonitorPlace = MonitorPlace {
    shrink: 1,
    x: 0,
    y: 0,
    width: 800,
    height: 600,
};

/// An X server of the test's own.
pub(crate) struct Xvfb {
    process: Child,
    pub(crate) name: String,
}

impl Xvfb {
    pub(crate) fn start() -> Self {
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-screen", "0", "800x600x24"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut number = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut number)
            .unwrap();
        Self {
            process,
            name: format!(":{}", number.trim()),
        }
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, program: &str, args: &[&str]) {
        let status = Command::new(program)
            .args(args)
            .env("DISPLAY", &self.name)
            .status()
            .unwrap();
        assert!(status.success(), "{program} {args:?}");
    }

    pub(crate) fn client(&self) -> (RustConnection, u32) {
        let (conn, number) = RustConnection::connect(Some(&self.name)).unwrap();
        let root = conn.setup().roots[number].root;
        (conn, root)
    }

    pub(crate) fn supporter(&self) -> Supporter {
        let authority = Authority::new();
        let token = authority.grant();
        Supporter {
            injector: open_display(Some(&self.name)).unwrap(),
            authority,
            token,
        }
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// An injector with the right to inject.
pub(crate) struct Supporter {
    pub(crate) injector: Box<dyn Injector>,
    pub(crate) authority: Authority,
    pub(crate) token: ControlToken,
}

impl Supporter {
    pub(crate) fn apply(&mut self, input: &Input) {
        self.injector.apply(&self.token, input, PLACE).unwrap();
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.apply(&Input::Text(text.to_owned()));
    }

    pub(crate) fn key(&mut self, key: Key, pressed: bool) {
        self.apply(&Input::Key { key, pressed });
    }

    pub(crate) fn named(&mut self, key: NamedKey, pressed: bool) {
        self.key(Key::Named(key), pressed);
    }

    pub(crate) fn point(&mut self, x: u16, y: u16) {
        self.apply(&Input::PointerMove { x, y });
    }
}

/// Waits until this holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LIMIT, "in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
