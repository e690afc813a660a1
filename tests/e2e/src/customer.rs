//! The customer: a desk, the app `aldis-sos`, and what a person does with it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::access::{containing, named};
use crate::binaries::Binaries;
use crate::desk::{Desk, DeskOptions};
use crate::program::Program;

/// A customer at a desk.
#[derive(Debug)]
pub struct Customer {
    window: Option<Program>,
    desk: Desk,
    binary: PathBuf,
}

impl Customer {
    /// Sits down at a new desk.
    pub fn start(test: &str, binaries: &Binaries, options: DeskOptions) -> Result<Self> {
        Self::start_at(test, "customer", binaries, options)
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
            binary: binaries.customer()?,
        })
    }

    /// The desk.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Opens the app with these arguments, in place of the one that was open.
    pub fn open(&mut self, arguments: &[&str]) -> Result<()> {
        self.close();
        let mut command = self.desk.command(&self.binary);
        command.args(arguments);
        self.window = Some(self.desk.start_program("aldis-sos", &command)?);
        Ok(())
    }

    /// Starts the app once more beside the one that is open, with a home folder of its own.
    pub fn open_another(&self, arguments: &[&str]) -> Result<Program> {
        let mut command = self.desk.command(&self.binary);
        let home = self.desk.home().join("another");
        for (variable, _) in self.desk.environment() {
            if variable == "HOME" || variable.starts_with("XDG_") {
                command.env(variable, &home);
            }
        }
        command.args(arguments);
        self.desk.start_program("aldis-sos-again", &command)
    }

    /// Ends the app.
    pub fn close(&mut self) {
        self.window = None;
    }

    /// The app's process.
    pub fn window(&mut self) -> Result<&mut Program> {
        self.window
            .as_mut()
            .context("the customer's app is not open")
    }

    /// Whether the customer's screen is still there; a person may close the window that it is.
    pub fn screen_is_open(&mut self) -> bool {
        self.desk.screen().is_running()
    }

    /// Freezes the customer's screen, with the server behind it, or lets it go on.
    pub fn freeze_screen(&mut self, frozen: bool) -> Result<()> {
        let screen = self.desk.screen();
        if frozen {
            screen.freeze()
        } else {
            screen.thaw()
        }
    }

    /// Fills the opening window and asks for help.
    pub fn ask_for_help(&self, name: &str, code: &str, server: &str) -> Result<()> {
        self.desk.fill(&named("Your name").role("field"), name)?;
        if !code.is_empty() {
            self.desk
                .fill(&named("Session code or link").role("field"), code)?;
        }
        self.desk.fill(&named("Server").role("field"), server)?;
        self.desk.press(&named("Get help now").role("button"))
    }

    /// Opens the app, which knows its server, and asks for help without a code.
    pub fn press_get_help(&mut self, name: &str, server: &str) -> Result<()> {
        self.open(&["--language", "en", "--server", server])?;
        self.desk.fill(&named("Your name").role("field"), name)?;
        self.desk.press(&named("Get help now").role("button"))?;
        self.wait_waiting()
    }

    /// Opens the app so that it joins this case by itself, and waits until it has.
    pub fn join(&mut self, code: &str, server: &str) -> Result<()> {
        self.open(&["--server", server, "--code", code])?;
        self.wait_waiting()
    }

    /// Waits until the window says that it waits for a supporter.
    pub fn wait_waiting(&self) -> Result<()> {
        self.desk
            .find(&containing("Waiting for a supporter"))
            .map(drop)
    }

    /// Waits until this supporter asks.
    pub fn wait_question(&self, supporter: &str) -> Result<()> {
        let question = format!("{supporter} wants to see and control this computer");
        self.desk.find(&containing(&question)).map(drop)
    }

    /// Answers the question: "Allow", "View only" or "Decline".
    pub fn answer(&self, button: &str) -> Result<()> {
        self.desk.press(&named(button).role("button"))
    }

    /// Waits until the banner names this supporter and what they may do.
    pub fn wait_banner(&self, supporter: &str, grant: &str) -> Result<()> {
        self.desk
            .find(&containing(&format!("Connected: {supporter}")))?;
        self.desk.find(&containing(grant).role("label")).map(drop)
    }

    /// Waits until the window says that the session is over.
    pub fn wait_ended(&self) -> Result<()> {
        self.desk
            .find(&containing("The session has ended"))
            .map(drop)
    }
}
