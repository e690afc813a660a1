//! The admin in the background of every stage: makes the organisation and approves supporters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};

use crate::desk::{empty_folder, private_folders};
use crate::program::{Finished, Program};
use crate::wait;

/// The admin's account.
pub const ADMIN: &str = "Olga Office";

/// Its password, and the passphrase of the organisation's keys.
const SECRET: &str = "four score and seven";

/// The organisation's name.
pub const ORGANISATION: &str = "Test Office";

/// The offices of this process, by their servers' names.
static OFFICES: Mutex<BTreeMap<String, Office>> = Mutex::new(BTreeMap::new());

/// An admin's app on the command line.
#[derive(Clone, Debug)]
struct Office {
    binary: PathBuf,
    environment: Vec<(String, String)>,
    logs: PathBuf,
    network: Option<u32>,
}

impl Office {
    fn run(&self, arguments: &[&str], input: &str) -> Result<Finished> {
        let mut command = match self.network {
            None => Command::new(&self.binary),
            Some(network) => {
                let mut command = Command::new("nsenter");
                command
                    .arg(format!("--net=/proc/{network}/ns/net"))
                    .arg("--")
                    .arg(&self.binary);
                command
            }
        };
        command.args(arguments);
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        let input = format!("{input}\n");
        let program = Program::start_with_input("office", &command, &self.logs, Some(&input));
        let done = program?.wait_end(wait::STEP)?;
        ensure!(
            done.status.success(),
            "aldis {arguments:?}: {}",
            done.stderr
        );
        Ok(done)
    }
}

/// Makes an organisation on a server that has the admin's account; gives the server's name with
/// the organisation in it.
pub(crate) fn found(
    server: &str,
    binary: PathBuf,
    home: &Path,
    logs: &Path,
    network: Option<u32>,
) -> Result<String> {
    empty_folder(home)?;
    let office = Office {
        binary,
        environment: private_folders(home)?,
        logs: logs.to_owned(),
        network,
    };
    let login = ["login", "--server", server, "--user", ADMIN];
    office.run(&[&login[..], &["--password-stdin"]].concat(), SECRET)?;
    let create = ["organisation", "create", ORGANISATION, "--passphrase-stdin"];
    office.run(&create, SECRET)?;
    let status = office.run(&["organisation", "status"], "")?.stdout;
    let root = status
        .lines()
        .find_map(|line| line.strip_prefix("organisation: "));
    let name = format!("{server}.{}", root.context("the organisation's root")?);
    let mut offices = OFFICES.lock().unwrap_or_else(PoisonError::into_inner);
    offices.insert(name.clone(), office);
    Ok(name)
}

/// Approves every app that waits under this account's name.
pub fn approve(server: &str, account: &str) -> Result<()> {
    let offices = OFFICES.lock().unwrap_or_else(PoisonError::into_inner);
    let office = offices.get(server).cloned();
    drop(offices);
    // A server that was started elsewhere has an office of its own.
    let Some(office) = office else { return Ok(()) };
    let waiting = office.run(&["organisation", "waiting"], "")?.stdout;
    for line in waiting.lines() {
        let mut parts = line.split('\t');
        if let (Some(name), Some(fingerprint)) = (parts.next(), parts.next())
            && name == account
        {
            let approve = ["organisation", "approve", name, "--fingerprint"];
            let rest = [fingerprint, "--passphrase-stdin"];
            office.run(&[&approve[..], &rest].concat(), SECRET)?;
        }
    }
    Ok(())
}

/// The admin's password.
pub(crate) fn password() -> &'static str {
    SECRET
}
