//! The command line for scripts.

use std::io::Read as _;

use aldis_trust::{CaseLink, ServerName};
use aldis_viewer::client::Client;
use aldis_wire::signal::{Answer, Case, Refusal, Request, Status};
use aldis_wire::{Code, Millis};
use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::settings::{Settings, SignIn};
use crate::{Cases, Form};

/// A case as scripts read it; times in ISO 8601, durations in milliseconds.
#[derive(Serialize)]
struct Printed {
    code: String,
    customer: String,
    status: String,
    customer_online: bool,
    supporter: Option<String>,
    supporters: Vec<String>,
    invited: Vec<String>,
    assignee: Option<String>,
    created_by: String,
    created_at: String,
    expires_at: String,
    closed_at: Option<String>,
    started_at: Option<String>,
    ended_at: Option<String>,
    duration_ms: Millis,
    customer_link: String,
    supporter_link: String,
}

impl Printed {
    fn new(case: Case, server: &ServerName) -> Self {
        let link = CaseLink {
            server: server.clone(),
            code: case.code,
        };
        Self {
            code: case.code.to_string(),
            customer: case.customer,
            status: format!("{:?}", case.status),
            customer_online: case.customer_online,
            supporter: case.supporter,
            supporters: case.supporters,
            invited: case.invited,
            assignee: case.assignee,
            created_by: case.created_by,
            created_at: iso(case.created_at),
            expires_at: iso(case.expires_at),
            closed_at: case.closed_at.map(iso),
            started_at: case.started_at.map(iso),
            ended_at: case.ended_at.map(iso),
            duration_ms: case.duration,
            customer_link: link.to_string(),
            supporter_link: link.for_supporter(),
        }
    }

    fn line(&self) -> String {
        let online = if self.customer_online { "online" } else { "" };
        let expires = self.expires_at.get(..16).unwrap_or_default();
        format!(
            "{}\t{}\t{}\t{online}\t{expires}",
            self.code, self.status, self.customer
        )
    }
}

fn iso(at: Millis) -> String {
    chrono::DateTime::from_timestamp_millis(at.cast_signed()).map_or_else(String::new, |at| {
        at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    })
}

/// Signs in and remembers it.
pub(crate) async fn login(server: ServerName, user: String) -> anyhow::Result<()> {
    let mut password = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut password)
        .context("cannot read the password from standard input")?;
    let password = password.lines().next().unwrap_or_default().to_owned();
    let client = Client::sign_in(&server, user, password).await?;
    SignIn::save(&server, client.token)?;
    let name = client.supporter.name.clone();
    let settings = Settings {
        server: server.to_string(),
        name,
        ..Settings::load()
    };
    settings.save();
    println!("signed in as {}", settings.name);
    client.close().await;
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

/// Says why this case's customer cannot be connected to, as far as that is known before anybody is asked.
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

/// Works with cases.
pub(crate) async fn cases(command: Cases) -> anyhow::Result<()> {
    let (request, form) = match command {
        Cases::New {
            channel: _,
            customer,
            form,
        } => (Request::NewCase { customer }, form),
        Cases::List { form } => (Request::WatchCases, form),
        Cases::Show { code, form } => (Request::ShowCase { code }, form),
        Cases::Assign { code, to, form } => (Request::AssignCase { code, to }, form),
        Cases::Invite { code, to, form } => (Request::Invite { code, to }, form),
        Cases::Release { code, form } => (Request::ReleaseCase { code }, form),
        Cases::Close { code, form } => (Request::CloseCase { code }, form),
    };
    let (client, server) = client().await?;
    let answer = client.ask(request).await;
    client.close().await;
    match answer? {
        Answer::Case(case) => print_one(&Printed::new(case, &server), form),
        Answer::Cases(cases) => {
            let cases: Vec<_> = cases
                .into_iter()
                .map(|case| Printed::new(case, &server))
                .collect();
            if form.json {
                println!("{}", serde_json::to_string(&cases)?);
            } else {
                for case in &cases {
                    println!("{}", case.line());
                }
            }
            Ok(())
        }
        _ => bail!("the server gave an answer that was not asked for"),
    }
}

fn print_one(case: &Printed, form: Form) -> anyhow::Result<()> {
    if form.json {
        println!("{}", serde_json::to_string(case)?);
    } else {
        println!("{}\n{}", case.line(), case.customer_link);
    }
    Ok(())
}
