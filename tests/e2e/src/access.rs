//! Widgets found, read and pressed by accessible name, as a screen reader would.
//!
//! `access.py` speaks to the desk's accessibility bus and is kept running as a child process; this is its other half.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::picture::Rect;
use crate::program::tied;
use crate::wait;

/// The helper's text; it is given to Python as an argument, so nothing need be found at run time.
const HELPER: &str = include_str!("access.py");

/// Which widget is meant.
#[derive(Clone, Debug)]
pub struct Wanted {
    how: &'static str,
    text: String,
    role: Option<&'static str>,
    app: Option<String>,
    limit: Duration,
}

/// The widget with exactly this accessible name.
pub fn named(name: &str) -> Wanted {
    Wanted::new("name", name)
}

/// A widget whose accessible name starts like this.
pub fn starting(prefix: &str) -> Wanted {
    Wanted::new("prefix", prefix)
}

/// A widget whose accessible name contains this.
pub fn containing(part: &str) -> Wanted {
    Wanted::new("contains", part)
}

impl Wanted {
    fn new(how: &'static str, text: &str) -> Self {
        Self {
            how,
            text: text.to_owned(),
            role: None,
            app: None,
            limit: wait::STEP,
        }
    }

    /// Only a widget of this role: "button", "field", "label", …
    #[must_use]
    pub fn role(mut self, role: &'static str) -> Self {
        self.role = Some(role);
        self
    }

    /// Only in the program of this name.
    #[must_use]
    pub fn of(mut self, app: &str) -> Self {
        self.app = Some(app.to_owned());
        self
    }

    /// Waits this long instead of the usual time.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    fn request(&self, op: &str) -> Value {
        let mut request =
            json!({ "op": op, self.how: self.text, "timeout": self.limit.as_secs_f64() });
        if let (Some(role), Some(map)) = (self.role, request.as_object_mut()) {
            map.insert("role".to_owned(), role.into());
        }
        if let (Some(app), Some(map)) = (&self.app, request.as_object_mut()) {
            map.insert("app".to_owned(), app.as_str().into());
        }
        request
    }
}

/// A widget as it was when it was found.
#[derive(Clone, Debug)]
pub struct Widget {
    /// Its accessible name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// The text in it.
    pub text: String,
    /// Where it is on the screen.
    pub area: Rect,
}

/// The connection to a desk's accessibility bus.
#[derive(Debug)]
pub struct Access {
    helper: RefCell<Helper>,
}

#[derive(Debug)]
struct Helper {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The distribution's Python, which has the bindings; another one found first on the path may not.
pub(crate) fn python() -> &'static str {
    if Path::new("/usr/bin/python3").is_file() {
        "/usr/bin/python3"
    } else {
        "python3"
    }
}

impl Access {
    /// Connects, with the environment of a desk; the helper's complaints go to a log file.
    pub fn start(environment: &[(String, String)], logs: &Path) -> Result<Self> {
        let mut command = Command::new(python());
        command.envs(environment.iter().map(|(key, value)| (key, value)));
        Self::start_by(&mut command, logs)
    }

    /// Connects, with the Python that this command starts.
    pub(crate) fn start_by(python: &mut Command, logs: &Path) -> Result<Self> {
        let mut child = tied(python.args(["-c", HELPER]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(logs.join("access.err"))?)
            .spawn()
            .context("starting python3 for the accessibility bus")?;
        let requests = child.stdin.take().context("its input")?;
        let answers = BufReader::new(child.stdout.take().context("its output")?);
        let mut helper = Helper {
            child,
            requests,
            answers,
        };
        helper
            .answer()
            .context("the accessibility bus; is python3-pyatspi installed? (cargo xtask setup)")?;
        Ok(Self {
            helper: RefCell::new(helper),
        })
    }

    /// Waits for a widget and describes it.
    pub fn find(&self, wanted: &Wanted) -> Result<Widget> {
        let answer = self.ask("find", wanted)?;
        let text = |key: &str| {
            answer
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let number = |index: usize| {
            answer
                .pointer(&format!("/extents/{index}"))
                .and_then(Value::as_i64)
                .unwrap_or(0) as i32
        };
        let area = Rect {
            x: number(0),
            y: number(1),
            width: number(2),
            height: number(3),
        };
        Ok(Widget {
            name: text("name"),
            role: text("role"),
            text: text("text"),
            area,
        })
    }

    /// Whether such a widget is there at this moment.
    pub fn shows(&self, wanted: &Wanted) -> bool {
        self.find(&wanted.clone().within(Duration::ZERO)).is_ok()
    }

    /// Waits for a widget and presses it.
    pub fn press(&self, wanted: &Wanted) -> Result<()> {
        self.ask("press", wanted).map(drop)
    }

    /// Waits for a widget and gives it the keyboard focus.
    pub fn focus(&self, wanted: &Wanted) -> Result<()> {
        self.ask("focus", wanted).map(drop)
    }

    /// Waits until no such widget is left.
    pub fn gone(&self, wanted: &Wanted) -> Result<()> {
        self.ask("gone", wanted).map(drop)
    }

    /// All that is on the bus, as indented text.
    pub fn dump(&self) -> Result<String> {
        let answer = self
            .helper
            .borrow_mut()
            .exchange(&json!({ "op": "dump" }))?;
        Ok(answer
            .get("tree")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned())
    }

    fn ask(&self, op: &str, wanted: &Wanted) -> Result<Value> {
        let answer = self.helper.borrow_mut().exchange(&wanted.request(op))?;
        if let Some(error) = answer.get("error").and_then(Value::as_str) {
            let tree = answer
                .get("tree")
                .and_then(Value::as_str)
                .unwrap_or_default();
            bail!(
                "{op} \"{}\" ({}): {error}; what there is:\n{tree}",
                wanted.text,
                wanted.how
            );
        }
        Ok(answer)
    }
}

impl Helper {
    fn exchange(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.requests, "{request}").context("the accessibility helper is gone")?;
        self.requests.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).context("the accessibility helper ended; see its access.err")
    }
}
