//! A program under way: started with its output in log files, and ended with its owner.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::wait;

/// A running program, with everything it started in a process group of its own.
///
/// It dies with its owner, even when the owner is killed: `setpriv --pdeathsig` ties it to the thread that started it.
/// So start programs from a thread that outlives them.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    group: Pid,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// What a program that ran to its end said.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

impl Program {
    /// Starts `command`; its output goes to `name.out` and `name.err` in the folder `logs`.
    pub fn start(name: &str, command: &Command, logs: &Path) -> Result<Self> {
        Self::start_with_input(name, command, logs, None)
    }

    /// Starts `command` with `input` as its standard input.
    pub fn start_with_input(
        name: &str,
        command: &Command,
        logs: &Path,
        input: Option<&str>,
    ) -> Result<Self> {
        fs::create_dir_all(logs).with_context(|| format!("making {}", logs.display()))?;
        let stdout = logs.join(format!("{name}.out"));
        let stderr = logs.join(format!("{name}.err"));
        let create =
            |path: &Path| File::create(path).with_context(|| format!("making {}", path.display()));
        let mut child = tied(command)
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(create(&stdout)?)
            .stderr(create(&stderr)?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            // A program that refuses its arguments may be gone before it reads; its exit code tells more.
            drop(pipe.write_all(input.as_bytes()));
        }
        let group = i32::try_from(child.id())
            .ok()
            .and_then(Pid::from_raw)
            .context("a process id")?;
        Ok(Self {
            name: name.to_owned(),
            child,
            group,
            stdout,
            stderr,
        })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it wrote to standard output so far.
    pub fn output(&self) -> String {
        read(&self.stdout)
    }

    /// All that it wrote to standard error so far.
    pub fn errors(&self) -> String {
        read(&self.stderr)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Fails, with its last words, if it no longer runs.
    pub fn check_running(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!(
                "{} ended with {status}; it said: {}",
                self.name,
                self.errors()
            );
        }
        Ok(())
    }

    /// Waits for a whole line of standard output that starts with `prefix`, and gives the rest of that line.
    pub fn wait_line(&mut self, prefix: &str, limit: Duration) -> Result<String> {
        let what = format!("{} to say \"{prefix}…\"", self.name);
        wait::until(&what, limit, || {
            let text = self.output();
            let whole = text
                .rfind('\n')
                .and_then(|end| text.get(..end))
                .unwrap_or_default();
            if let Some(line) = whole.lines().find_map(|line| line.strip_prefix(prefix)) {
                return Ok(Some(line.to_owned()));
            }
            self.check_running()?;
            Ok(None)
        })
    }

    /// Waits until it ends by itself.
    pub fn wait_end(&mut self, limit: Duration) -> Result<Finished> {
        let what = format!("{} to end", self.name);
        let status = wait::until(&what, limit, || Ok(self.child.try_wait()?))?;
        Ok(Finished {
            status,
            stdout: self.output(),
            stderr: self.errors(),
        })
    }

    /// Ends it and all that it started at once, as `kill -9` does.
    pub fn kill(&mut self) -> Result<()> {
        match kill_process_group(self.group, Signal::KILL) {
            // Gone already, which is what is wanted.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error).with_context(|| format!("ending {}", self.name)),
        }
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, as a service manager does.
    pub fn terminate(&self) -> Result<()> {
        Ok(kill_process(self.group, Signal::TERM)?)
    }

    /// Freezes it, as a sleeping machine does.
    pub fn freeze(&self) -> Result<()> {
        Ok(kill_process_group(self.group, Signal::STOP)?)
    }

    /// Wakes it again.
    pub fn thaw(&self) -> Result<()> {
        Ok(kill_process_group(self.group, Signal::CONT)?)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

/// The same command, ending when the thread that starts it ends.
pub(crate) fn tied(command: &Command) -> Command {
    let mut tied = Command::new("setpriv");
    tied.args(["--pdeathsig", "KILL", "--"])
        .arg(command.get_program())
        .args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => tied.env(key, value),
            None => tied.env_remove(key),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        tied.current_dir(folder);
    }
    tied
}

/// A log file's text; unfinished characters at the end do not matter.
fn read(path: &Path) -> String {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}
