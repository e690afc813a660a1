//! The supporter: a desk, the app `aldis`, and what a person does with it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::access::{Wanted, containing, named, starting};
use crate::binaries::Binaries;
use crate::desk::{Desk, DeskOptions};
use crate::keys::RETURN;
use crate::office;
use crate::program::{Finished, Program};
use crate::wait;

/// A supporter at a desk.
#[derive(Debug)]
pub struct Supporter {
    window: Option<Program>,
    desk: Desk,
    binary: PathBuf,
}

/// A viewer opened from the command line.
#[derive(Debug)]
pub struct Viewer {
    /// Its process.
    pub program: Program,
    stats: PathBuf,
}

impl Supporter {
    /// Sits down at a new desk.
    pub fn start(test: &str, binaries: &Binaries, options: DeskOptions) -> Result<Self> {
        Self::start_at(test, "supporter", binaries, options)
    }

    /// Sits down at a new desk of this name.
    pub fn start_at(
        test: &str,
        desk: &str,
        binaries: &Binaries,
        options: DeskOptions,
    ) -> Result<Self> {
        Ok(Self {
            window: None,
            desk: Desk::start(test, desk, options)?,
            binary: binaries.supporter()?,
        })
    }

    /// Invites a colleague into a session of his, on the command line.
    pub fn invite(&self, code: &str, name: &str) -> Result<()> {
        let done = self.command(&["cases", "invite", code, "--who", name], None)?;
        ensure!(done.status.success(), "{name} is not invited: {done:?}");
        Ok(())
    }

    /// The desk.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Opens the app's window with these arguments.
    pub fn open(&mut self, arguments: &[&str]) -> Result<()> {
        let mut command = self.desk.command(&self.binary);
        command.args(arguments);
        self.window = Some(self.desk.start_program("aldis", &command)?);
        Ok(())
    }

    /// Ends the app.
    pub fn close(&mut self) {
        self.window = None;
    }

    /// The app's process.
    pub fn window(&mut self) -> Result<&mut Program> {
        self.window
            .as_mut()
            .context("the supporter's app is not open")
    }

    /// Signs in through the window: fills the three fields and presses the button.
    pub fn sign_in(&self, server: &str, name: &str, password: &str) -> Result<()> {
        // The admin has approved this app before; a wrong password is the window's to refuse.
        if self.login(server, name, password).is_ok() {
            self.command(&["logout"], None)?;
        }
        self.desk.fill(&named("Server").role("field"), server)?;
        self.desk.fill(&named("Name").role("field"), name)?;
        self.desk.fill(&named("Password").role("field"), password)?;
        self.desk.press(&named("Sign in").role("button"))
    }

    /// Makes a case through the window and gives its code.
    pub fn new_case(&self, customer: &str) -> Result<String> {
        self.desk.press(&named("New case").role("button"))?;
        self.desk.fill(&named("Customer").role("field"), customer)?;
        self.desk.display().chord(&[RETURN])?;
        let row = self.desk.find(&containing(&format!(", {customer}, New")))?;
        let code = row.name.split(',').next().unwrap_or_default().to_owned();
        ensure!(
            code.len() == "s12-345-678".len(),
            "the row {:?} starts with no code",
            row.name
        );
        Ok(code)
    }

    /// Selects a case's row.
    pub fn select(&self, code: &str) -> Result<()> {
        self.desk.press(&starting(code).role("button"))
    }

    /// Selects a case and presses one of its buttons.
    pub fn press_in_case(&self, code: &str, button: &str) -> Result<()> {
        if !self.desk.shows(&named(button).role("button")) {
            self.select(code)?;
        }
        self.desk.press(&named(button).role("button"))
    }

    /// Waits until the case has this status in the window's row and on the command line.
    pub fn wait_status(&self, code: &str, status: &str) -> Result<()> {
        let shown = if status == "InProgress" {
            "In progress"
        } else {
            status
        };
        if self.window.is_some() {
            let row = self.row(code, shown)?;
            self.desk.find(&row)?;
        }
        self.wait_status_by_command(code, status)
    }

    /// Waits until the case has this status on the command line.
    pub fn wait_status_by_command(&self, code: &str, status: &str) -> Result<()> {
        let mut last = String::new();
        wait::until(&format!("the status {status}"), wait::STEP, || {
            let case = self.case(code)?;
            case.get("status")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .clone_into(&mut last);
            Ok((last == status).then_some(()))
        })
        .with_context(|| format!("the last status was {last:?}"))
    }

    /// The row of a case that shows this status.
    fn row(&self, code: &str, shown: &str) -> Result<Wanted> {
        let case = self.case(code)?;
        let customer = case
            .get("customer")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Ok(named(&format!("{code}, {customer}, {shown}")))
    }

    /// Runs `aldis ARGUMENTS` to its end.
    pub fn command(&self, arguments: &[&str], input: Option<&str>) -> Result<Finished> {
        let mut command = self.desk.command(&self.binary);
        command.args(arguments);
        self.desk.run("aldis-command", &command, input, wait::STEP)
    }

    /// Signs in on the command line.
    pub fn login(&self, server: &str, name: &str, password: &str) -> Result<()> {
        let arguments = [
            "login",
            "--server",
            server,
            "--user",
            name,
            "--password-stdin",
        ];
        let done = self.command(&arguments, Some(&format!("{password}\n")))?;
        ensure!(done.status.success(), "aldis login: {}", done.stderr);
        office::approve(server, name)
    }

    /// Makes a case on the command line and gives all that it prints.
    pub fn new_case_by_command(&self, customer: &str) -> Result<Value> {
        self.json(&["cases", "new", "--customer", customer, "--json"])
    }

    /// The case as `aldis cases show` prints it.
    pub fn case(&self, code: &str) -> Result<Value> {
        self.json(&["cases", "show", code, "--json"])
    }

    /// Runs a command that prints JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value> {
        let done = self.command(arguments, None)?;
        if !done.status.success() {
            bail!("aldis {}: {}", arguments.join(" "), done.stderr.trim());
        }
        serde_json::from_str(&done.stdout)
            .with_context(|| format!("aldis {} said {:?}", arguments.join(" "), done.stdout))
    }

    /// Opens only the viewer, with statistics.
    pub fn connect(&self, code: &str, arguments: &[&str]) -> Result<Viewer> {
        let stats = self.desk.logs().join("stats.jsonl");
        // An older viewer's lines must not be taken for this one's.
        drop(std::fs::remove_file(&stats));
        let mut command = self.desk.command(&self.binary);
        command
            .args(["connect", code])
            .args(arguments)
            .arg("--stats-json")
            .arg(&stats);
        Ok(Viewer {
            program: self.desk.start_program("viewer", &command)?,
            stats,
        })
    }
}

impl Viewer {
    /// The statistics file.
    pub fn stats_file(&self) -> &Path {
        &self.stats
    }

    /// All whole lines of statistics so far.
    pub fn stats(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.stats).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}
