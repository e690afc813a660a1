//! The server's process.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use aldis_trust::ServerName;
use anyhow::{Context as _, Result, ensure};

/// The password of every supporter.
pub(crate) const PASSWORD: &str = "right as rain";

/// A running server with accounts; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    program: PathBuf,
    process: Child,
    name: ServerName,
    folder: PathBuf,
}

impl Server {
    pub(crate) fn start(program: &Path, folder: &Path, supporters: u32) -> Result<Self> {
        for number in 0..supporters {
            add_user(program, folder, &supporter(number))?;
        }
        let (process, name) = run(program, folder, "127.0.0.1:0")?;
        Ok(Self {
            program: program.to_owned(),
            process,
            name,
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn name(&self) -> &ServerName {
        &self.name
    }

    /// SIGKILL, and the same again at the same address.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        let (process, name) = run(&self.program, &self.folder, &self.name.address())?;
        self.process = process;
        ensure!(name == self.name, "the same server");
        Ok(())
    }

    /// The processor time that it has used.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, fields) = text.rsplit_once(')').context("a process's times")?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || fields.next().and_then(|ticks| ticks.parse::<f64>().ok());
        let (user, system) = (
            ticks().context("user time")?,
            ticks().context("system time")?,
        );
        // The kernel's unit in this file is 1/100 s on every Linux of today.
        Ok((user + system) / 100.0)
    }

    /// The memory that belongs to it, its fair part of shared memory included.
    pub(crate) fn memory_mib(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.process.id()))?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Pss:"))
            .context("its Pss")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kibibytes / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The name of the supporter with this number.
pub(crate) fn supporter(number: u32) -> String {
    format!("supporter-{number}")
}

fn run(program: &Path, folder: &Path, listen: &str) -> Result<(Child, ServerName)> {
    let mut command = Command::new(program);
    command
        .args(["run", "--listen", listen, "--data"])
        .arg(folder);
    let mut process = command
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the server")?;
    let mut line = String::new();
    BufReader::new(process.stdout.take().context("its output")?).read_line(&mut line)?;
    let name = line
        .trim()
        .strip_prefix("listening on ")
        .context("it says where")?;
    Ok((process, name.parse()?))
}

fn add_user(program: &Path, folder: &Path, name: &str) -> Result<()> {
    let mut command = Command::new(program);
    command
        .args(["user", "add", name, "--password-stdin", "--data"])
        .arg(folder);
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut input = process.stdin.take().context("its input")?;
    writeln!(input, "{PASSWORD}")?;
    drop(input);
    ensure!(process.wait()?.success(), "an account is made");
    Ok(())
}
