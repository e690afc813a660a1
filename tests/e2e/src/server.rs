//! The rendezvous server, run as a person would run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::binaries::{self, Binaries};
use crate::office;
use crate::program::{Finished, Program};
use crate::wait;

/// A running `aldis-server`.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    logs: PathBuf,
    data: PathBuf,
    program: Program,
    starts: u32,
    /// As it names itself.
    bare: String,
    /// With the organisation.
    name: String,
    network: Option<u32>,
}

impl Server {
    /// Starts a server with an empty data folder on any free port of this machine.
    pub fn start(test: &str, binaries: &Binaries) -> Result<Self> {
        Self::start_in(test, binaries, None, "127.0.0.1:0")
    }

    /// Starts a server with an empty data folder at this address, in the network of this process;
    /// an admin makes an organisation there.
    pub fn start_in(
        test: &str,
        binaries: &Binaries,
        network: Option<u32>,
        listen: &str,
    ) -> Result<Self> {
        let mut server = Self::start_empty(test, binaries, network, listen)?;
        let role = ["--role", "admin", "--password-stdin"];
        let add = [&["user", "add", office::ADMIN][..], &role].concat();
        let input = format!("{}\n", office::password());
        let done = server.administer(&add, Some(&input))?;
        ensure!(done.status.success(), "adding the admin: {}", done.stderr);
        let home = binaries::target().join("tmp/e2e").join(test).join("office");
        let supporter = binaries.supporter()?;
        server.name = office::found(&server.bare, supporter, &home, &server.logs, network)?;
        Ok(server)
    }

    /// Starts a server that has nobody yet.
    pub fn start_empty(
        test: &str,
        binaries: &Binaries,
        network: Option<u32>,
        listen: &str,
    ) -> Result<Self> {
        let logs = binaries::target().join("e2e").join(test).join("server");
        let data = binaries::target().join("tmp/e2e").join(test).join("server");
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        let binary = binaries.server()?;
        let (program, bare) = run(&binary, &data, listen, &logs, 0, network)?;
        Ok(Self {
            binary,
            logs,
            data,
            program,
            starts: 0,
            name: bare.clone(),
            bare,
            network,
        })
    }

    /// The invitation that it prints for the first admin.
    pub fn first_invitation(&mut self) -> Result<String> {
        let line = "open this in the supporter's app to become the first admin: ";
        self.program.wait_line(line, wait::STEP)
    }

    /// How apps name it that know no organisation: `HOST:PORT#FINGERPRINT`.
    pub fn bare_name(&self) -> &str {
        &self.bare
    }

    /// How apps name it: `HOST:PORT#FINGERPRINT.ORGANISATION`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> &str {
        self.name.split('#').next().unwrap_or_default()
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its process.
    pub fn program(&mut self) -> &mut Program {
        &mut self.program
    }

    /// Adds a supporter's account.
    pub fn add_user(&self, name: &str, password: &str) -> Result<()> {
        let done = self.administer(
            &["user", "add", name, "--password-stdin"],
            Some(&format!("{password}\n")),
        )?;
        ensure!(done.status.success(), "adding the user: {}", done.stderr);
        Ok(())
    }

    /// Gives a supporter a picture.
    pub fn set_picture(&self, name: &str, picture: &Path) -> Result<()> {
        let picture = picture.to_str().context("a file name in UTF-8")?;
        let done = self.administer(&["user", "set", name, "--picture", picture], None)?;
        ensure!(
            done.status.success(),
            "setting the picture: {}",
            done.stderr
        );
        Ok(())
    }

    /// Runs `aldis-server ARGUMENTS --data DIR` to its end.
    pub fn administer(&self, arguments: &[&str], input: Option<&str>) -> Result<Finished> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--data").arg(&self.data);
        Program::start_with_input("administer", &command, &self.logs, input)?.wait_end(wait::STEP)
    }

    /// Ends it as a power cut does.
    pub fn kill(&mut self) -> Result<()> {
        self.program.kill()
    }

    /// Starts it again on the same port with the same data.
    pub fn restart(&mut self) -> Result<()> {
        self.starts += 1;
        let address = self.address().to_owned();
        let (program, name) = run(
            &self.binary,
            &self.data,
            &address,
            &self.logs,
            self.starts,
            self.network,
        )?;
        ensure!(
            name == self.bare,
            "the server came back as {name}, but was {}",
            self.bare
        );
        self.program = program;
        Ok(())
    }
}

fn run(
    binary: &Path,
    data: &Path,
    listen: &str,
    logs: &Path,
    starts: u32,
    network: Option<u32>,
) -> Result<(Program, String)> {
    let mut command = match network {
        None => Command::new(binary),
        Some(network) => {
            let mut command = Command::new("nsenter");
            command
                .arg(format!("--net=/proc/{network}/ns/net"))
                .arg("--")
                .arg(binary);
            command
        }
    };
    command
        .args(["run", "--listen", listen, "--data"])
        .arg(data);
    let mut program = Program::start(&format!("server-{starts}"), &command, logs)?;
    let name = program.wait_line("listening on ", wait::STEP)?;
    Ok((program, name.trim().to_owned()))
}
