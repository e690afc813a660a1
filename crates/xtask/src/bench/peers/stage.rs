//! The program that plays the scenes and watches the viewer, and what it tells.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The running program.
#[derive(Debug)]
pub(super) struct Stage {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Stage {
    /// Starts it on these two displays, source and viewer, where moving things change `rate` times a second; its
    /// complaints go to the folder `logs`.
    pub(super) fn open(
        program: &Path,
        (source, viewer): (&str, &str),
        rate: u32,
        logs: &Path,
    ) -> Result<Self> {
        let errors = File::create(logs.join("stage.err")).context("making the stage's log")?;
        // It ends with us, even when we are killed.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(["perform", "--source", source, "--viewer", viewer])
            .args(["--rate", &rate.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .context("starting the stage")?;
        let (orders, answers) = child
            .stdin
            .take()
            .zip(child.stdout.take())
            .context("the stage's pipes")?;
        Ok(Self {
            child,
            orders,
            answers: BufReader::new(answers),
        })
    }

    /// Shows a scene's first picture, and waits until the viewer shows it and is at rest.
    pub(super) fn prepare(&mut self, scene: &str) -> Result<Value> {
        self.order(&format!("prepare {scene}"))
    }

    /// Plays the scene that was prepared.
    pub(super) fn play(&mut self) -> Result<Value> {
        self.order("play")
    }

    /// Takes the scene away, so that the desktop is seen.
    pub(super) fn hide(&mut self) -> Result<()> {
        self.order("hide").map(drop)
    }

    fn order(&mut self, order: &str) -> Result<Value> {
        writeln!(self.orders, "{order}").context("the stage is gone")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let mut answer: Value = serde_json::from_str(&line)
            .with_context(|| format!("the stage said {line:?} to {order:?}"))?;
        if let Some(why) = answer.get("failed").and_then(Value::as_str) {
            bail!("{why}");
        }
        Ok(answer.get_mut("done").map(Value::take).unwrap_or_default())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
