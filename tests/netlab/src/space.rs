//! A network of its own, held by a thread that lives in it.
//!
//! It has no name anywhere, so that labs that run at once cannot meet, and nothing is left of it when its thread and the
//! programs in it are gone, however they went.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::sys;

/// How long a device may take to come up.
const LIMIT: Duration = Duration::from_secs(10);

/// How long to leave it alone meanwhile.
const PAUSE: Duration = Duration::from_millis(1);

type Job = Box<dyn FnOnce() + Send>;

/// A network namespace.
#[derive(Debug)]
pub(crate) struct Space {
    name: String,
    file: File,
    id: u32,
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Space {
    /// Makes one with nothing in it but its own loopback; the name is for messages alone.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let (jobs, inbox) = sync_channel::<Job>(1);
        let (born, birth) = sync_channel(1);
        let thread = thread::Builder::new()
            .name(format!("net {name}"))
            .spawn(move || {
                let made = sys::new_network().map(|file| (file, sys::thread()));
                let failed = made.is_err();
                if born.send(made).is_err() || failed {
                    return;
                }
                for job in inbox {
                    job();
                }
            })?;
        let (file, id) = birth
            .recv()
            .context("the thread of a network is gone")?
            .with_context(|| format!("making the network {name}"))?;
        let space = Self {
            name: name.to_owned(),
            file,
            id,
            jobs: Some(jobs),
            thread: Some(thread),
        };
        // Addresses are used as soon as they are given: nobody else has them. A kernel without IPv6 has no such key; who
        // asks for an address of it will be told.
        drop(space.set("ipv6/conf/default/accept_dad", "0"));
        space.ip("link set lo up")?;
        Ok(space)
    }

    /// The number of the thread that holds it: `/proc/ID/ns/net` is this network.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// The network itself.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Runs this inside, on the thread that holds it.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let gone = || anyhow!("the thread of the network {} is gone", self.name);
        let (done, result) = sync_channel(1);
        let job = Box::new(move || drop(done.send(work())));
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(job).map_err(|_unsent| gone())?;
        result.recv().map_err(|_closed| gone())
    }

    /// Lines for `ip`.
    pub(crate) fn ip(&self, lines: &str) -> Result<()> {
        self.feed("ip", &["-batch", "-"], lines)
    }

    /// A script for `nft`.
    pub(crate) fn nft(&self, script: &str) -> Result<()> {
        self.feed("nft", &["-f", "-"], script)
    }

    /// Sets what the kernel keeps under `/proc/sys/net`.
    pub(crate) fn set(&self, key: &str, value: &str) -> Result<()> {
        let (path, value) = (format!("/proc/sys/net/{key}"), value.to_owned());
        let why = format!("setting {path} in the network {}", self.name);
        self.run(move || fs::write(path, value))?.context(why)
    }

    /// Waits until a device carries packets, which takes the kernel a moment; until then it drops them.
    pub(crate) fn wait_running(&self, device: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let name = device.to_owned();
            if self.run(move || sys::is_running(&name))?? {
                return Ok(());
            }
            if start.elapsed() > LIMIT {
                bail!("the device {device} of {} does not come up", self.name);
            }
            thread::sleep(PAUSE);
        }
    }

    /// Makes the NAT here forget everybody.
    pub(crate) fn forget_mappings(&self) -> Result<()> {
        self.run(sys::forget_mappings)?
            .with_context(|| format!("emptying the NAT of {}", self.name))
    }

    /// Runs a program inside, with this as its input.
    fn feed(
        &self,
        program: &'static str,
        words: &'static [&'static str],
        input: &str,
    ) -> Result<()> {
        let text = input.to_owned();
        let output = self.run(move || -> io::Result<_> {
            let mut child = tool(program)
                .args(words)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?;
            if let Some(mut pipe) = child.stdin.take() {
                // A program that refuses the first line may be gone before the last; it says why.
                drop(pipe.write_all(text.as_bytes()));
            }
            child.wait_with_output()
        })?;
        let output = output.with_context(|| format!("starting {program}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("{program} in the network {}: {said}\n{input}", self.name);
        }
        Ok(())
    }
}

/// A command of one of the system's tools; they lie where only root looks by itself.
pub(crate) fn tool(program: &str) -> Command {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    let mut command = Command::new(program);
    command.env("PATH", path);
    command
}

impl Drop for Space {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
