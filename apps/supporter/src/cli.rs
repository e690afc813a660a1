//! The command line for scripts.

mod cases;
mod channels;
mod doctor;
mod organisation;
mod printed;
mod recordings;

use std::io::Read as _;

use aldis_trust::{Invitation, ServerName};
use aldis_viewer::client::Client;
use aldis_wire::Code;
use aldis_wire::signal::{Answer, Refusal, Request, Status};
use anyhow::Context as _;
use clap::Args;

pub(crate) use cases::{Cases, run as cases};
pub(crate) use channels::{Channels, run as channels};
pub(crate) use doctor::run as doctor;
pub(crate) use organisation::{Organisation, run as organisation};
pub(crate) use recordings::{Recordings, run as recordings};

use crate::settings::{self, Settings, SignIn};

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// Prints JSON for scripts.
    #[arg(long)]
    json: bool,
}

/// Signs in and remembers it.
pub(crate) async fn login(server: ServerName, user: String) -> anyhow::Result<()> {
    let password = read_secret()?;
    let client = Client::sign_in(&server, user, password).await?;
    remember(&server, &client)?;
    // So that an admin can approve this app before it is opened.
    let key = settings::identity()?.hash();
    client.ask(Request::Enrol { key, proof: None }).await?;
    client.close().await;
    Ok(())
}

/// Uses an invitation, and remembers the sign-in.
pub(crate) async fn join(invitation: Invitation, user: String) -> anyhow::Result<()> {
    let password = read_secret()?;
    let client = Client::use_invitation(&invitation, user, password).await?;
    let key = settings::identity()?.hash();
    let me = &client.supporter;
    let proof = Some(invitation.proof(key, &me.name, &me.picture));
    client.ask(Request::Enrol { key, proof }).await?;
    remember(&invitation.server, &client)?;
    client.close().await;
    Ok(())
}

/// The first line of standard input: a password or a passphrase.
fn read_secret() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .context("cannot read the password from standard input")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn remember(server: &ServerName, client: &Client) -> anyhow::Result<()> {
    SignIn::save(server, client.token)?;
    let settings = Settings {
        server: server.to_string(),
        name: client.supporter.name.clone(),
        ..Settings::load()
    };
    settings.save();
    println!("signed in as {}", settings.name);
    Ok(())
}

/// Signs out and forgets it.
pub(crate) async fn logout() -> anyhow::Result<()> {
    let client = client().await.map(|(client, _)| client);
    SignIn::forget();
    if let Ok(client) = client {
        client.ask(Request::SignOut).await?;
        client.close().await;
    }
    println!("signed out");
    Ok(())
}

async fn client() -> anyhow::Result<(Client, ServerName)> {
    let (server, token) = SignIn::load().context("you are not signed in; use `aldis login`")?;
    let client = Client::resume(&server, token).await?;
    Ok((client, server))
}

/// Says why this case's customer cannot be connected to, as far as that is known before anybody is
/// asked.
pub(crate) async fn check_open(code: Code) -> anyhow::Result<()> {
    let (client, _) = client().await?;
    let answer = client.ask(Request::ShowCase { code }).await;
    client.close().await;
    match answer? {
        Answer::Case(case) if case.status == Status::Closed => Err(Refusal::Closed.into()),
        Answer::Case(case) if case.status == Status::Expired => Err(Refusal::Expired.into()),
        _ => Ok(()),
    }
}

fn unexpected() -> anyhow::Error {
    anyhow::anyhow!("the server gave an answer that was not asked for; update both sides")
}
