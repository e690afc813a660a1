//! The organisation on the command line.

use std::path::PathBuf;

use aldis_trust::{Fingerprint, ServerName, SignerKey, verify};
use aldis_viewer::client::Client;
use aldis_viewer::office::Office;
use aldis_wire::KeyHash;
use aldis_wire::signal::{Answer, Request, Role, Trust};
use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::{client, read_secret, unexpected};
use crate::settings::{self, SignIn};

/// What is done with the organisation.
#[derive(Debug, Subcommand)]
pub(crate) enum Organisation {
    /// Makes an organisation; its keys stay on this computer, under the passphrase.
    Create {
        /// Its name, as customers see it.
        name: String,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Shows how this computer's app stands in it.
    Status,
    /// Shows who waits for a certificate: name, fingerprint, and whether the request bears the mark
    /// of an invitation that was made here.
    Waiting,
    /// Certifies whoever waits under this name.
    Approve {
        /// The account's name.
        name: String,
        /// Only the app with this fingerprint; needed where no invitation shows whose it is.
        #[arg(long)]
        fingerprint: Option<Fingerprint>,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Makes the certificates of an account worth nothing.
    Revoke {
        /// The account's name.
        name: String,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Makes an account and prints the invitation for it.
    Invite {
        /// The account's name, as customers will see it.
        name: String,
        /// What it may do: technician, manager or admin.
        #[arg(long, default_value = "technician", value_parser = role)]
        role: Role,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Brings the organisation's key here from its copy, and signs on this computer from now on.
    Restore {
        /// The copy of `organisation.key`.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        #[command(flatten)]
        passphrase: Passphrase,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Passphrase {
    /// Reads the passphrase of the organisation's keys from standard input, up to the end of the
    /// first line.
    #[arg(long, required = true)]
    passphrase_stdin: bool,
}

impl Passphrase {
    fn read(&self) -> anyhow::Result<String> {
        anyhow::ensure!(self.passphrase_stdin, "say --passphrase-stdin");
        read_secret()
    }
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "technician" => Ok(Role::Technician),
        "manager" => Ok(Role::Manager),
        "admin" => Ok(Role::Admin),
        _ => Err("the roles are technician, manager and admin".to_owned()),
    }
}

/// A conversation in which the server has told how this app stands.
struct Talk {
    client: Client,
    server: ServerName,
    key: KeyHash,
    office: Office,
    trust: Trust,
}

/// Runs the command.
pub(crate) async fn run(command: Organisation) -> anyhow::Result<()> {
    let mut talk = Talk::begin().await?;
    let done = talk.carry_out(command).await;
    talk.client.close().await;
    done
}

impl Talk {
    async fn begin() -> anyhow::Result<Self> {
        let key = settings::identity()?.hash();
        let (client, server) = client().await?;
        let mut talk = Self {
            client,
            server,
            key,
            office: Office::at(settings::office()?),
            trust: Trust::default(),
        };
        talk.refresh().await?;
        Ok(talk)
    }

    /// Learns how things stand; another organisation than the known one is an error.
    async fn refresh(&mut self) -> anyhow::Result<()> {
        let (key, proof) = (self.key, None);
        let answer = self.client.ask(Request::Enrol { key, proof }).await?;
        let Answer::Trust(trust) = answer else {
            return Err(unexpected());
        };
        let root = trust.root.map(SignerKey);
        if self.server.organisation.is_none() && root.is_some() {
            self.server.organisation = root;
            SignIn::save(&self.server, self.client.token)?;
        } else if self.server.organisation.is_some() && root != self.server.organisation {
            anyhow::bail!(
                "the server shows another organisation than the one that this app knows; do not \
                 use it, and tell your admin"
            );
        }
        self.trust = *trust;
        Ok(())
    }

    async fn carry_out(&mut self, command: Organisation) -> anyhow::Result<()> {
        let now = aldis_ui::time::now();
        match command {
            Organisation::Status => return self.status(now),
            Organisation::Waiting => {
                for enrolment in self.trust.office.iter().flat_map(|it| &it.enrolments) {
                    let invited = self.office.has_invited(enrolment);
                    let word = if invited { "invited" } else { "not invited" };
                    println!("{}\t{}\t{word}", enrolment.name, Fingerprint(enrolment.key));
                }
                return Ok(());
            }
            Organisation::Create { name, passphrase } => {
                let me = self.client.supporter.name.clone();
                let request = self.office.found(&name, &me, &passphrase.read()?, now)?;
                self.client.ask(request).await?;
                println!("made {name}");
                println!(
                    "keep a copy of {} in a safe place",
                    self.office.root_file().display()
                );
            }
            Organisation::Restore { from, passphrase } => {
                let me = self.client.supporter.name.clone();
                let request = self.office.restore(&from, &me, &passphrase.read()?, now)?;
                self.client.ask(request).await?;
                println!("this computer signs for the organisation from now on");
            }
            Organisation::Approve {
                name,
                fingerprint,
                passphrase,
            } => {
                self.office.unlock(&passphrase.read()?, now)?;
                self.approve(&name, fingerprint, now).await?;
            }
            Organisation::Revoke { name, passphrase } => {
                self.office.unlock(&passphrase.read()?, now)?;
                self.revoke(&name, now).await?;
            }
            Organisation::Invite {
                name,
                role,
                passphrase,
            } => {
                self.office.unlock(&passphrase.read()?, now)?;
                let invite = self.office.invite(&self.trust, &self.server, &name, role);
                let (request, invitation) = invite?;
                self.client.ask(request).await?;
                println!("{invitation}");
            }
        }
        self.do_duties(now).await
    }

    fn status(&self, now: u64) -> anyhow::Result<()> {
        let root = self.trust.root.map(SignerKey);
        let root = root.context("there is no organisation on this server yet")?;
        let me = &self.client.supporter;
        let about = (me.name.as_str(), me.picture.as_slice());
        let proven = verify(self.trust.credential.as_ref(), self.key, about, None, now);
        println!("organisation: {root}");
        println!("this app: {}", Fingerprint(self.key));
        match proven {
            Ok(proven) => println!("certified: {}, {}", proven.name, proven.organisation),
            Err(_) if self.trust.waits => println!("waits for an admin's approval"),
            Err(why) => println!("not certified: {why}"),
        }
        Ok(())
    }

    async fn approve(
        &self,
        name: &str,
        fingerprint: Option<Fingerprint>,
        now: u64,
    ) -> anyhow::Result<()> {
        let office = self.trust.office.as_ref();
        let office = office.context("only an admin may do this")?;
        let named = office.enrolments.iter().filter(|it| it.name == name);
        let meant = |key| fingerprint.is_none_or(|wanted| Fingerprint(key) == wanted);
        let mut named = named.filter(|it| meant(it.key));
        let (Some(enrolment), None) = (named.next(), named.next()) else {
            anyhow::bail!(
                "nobody waits under this name and fingerprint, or several do; look at `aldis \
                 organisation waiting`"
            );
        };
        if fingerprint.is_none() && !self.office.has_invited(enrolment) {
            anyhow::bail!(
                "no invitation shows whose app this is; compare its fingerprint with the \
                 supporter's (`aldis organisation status`) and give it with --fingerprint"
            );
        }
        let request = self.office.approve(&self.trust, enrolment, now)?;
        self.client.ask(request).await?;
        println!("approved {name}");
        Ok(())
    }

    async fn revoke(&mut self, name: &str, now: u64) -> anyhow::Result<()> {
        let root = SignerKey(self.trust.root.unwrap_or_default());
        let office = self.trust.office.as_ref();
        let issued = office
            .context("only an admin may do this")?
            .certificates
            .iter();
        let read = issued.filter_map(|it| {
            aldis_trust::organisation::read_certificate(root, &it.signer, &it.certificate, now).ok()
        });
        let named = read.filter(|(_, said)| said.name == name);
        let keys: Vec<KeyHash> = named.map(|(_, said)| said.key).collect();
        if keys.is_empty() {
            anyhow::bail!("nobody of this name has a certificate");
        }
        for key in keys {
            let request = self.office.revoke(&self.trust, key, now)?;
            self.client.ask(request).await?;
            self.refresh().await?;
        }
        println!("revoked {name}");
        Ok(())
    }

    /// What an admin's app does by itself whenever its keys are open.
    async fn do_duties(&mut self, now: u64) -> anyhow::Result<()> {
        self.refresh().await?;
        let me = &self.client.supporter;
        for request in self.office.duties(&self.trust, self.key, me, now) {
            self.client.ask(request).await?;
        }
        Ok(())
    }
}
