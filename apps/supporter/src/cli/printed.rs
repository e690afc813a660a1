//! A case as scripts and people read it.

use aldis_trust::{CaseLink, ServerName};
use aldis_wire::Millis;
use aldis_wire::signal::{Case, Desk, Facts, Place, Source};
use serde::Serialize;

use super::Form;

/// A case as scripts read it; times in ISO 8601, durations in milliseconds.
#[derive(Serialize)]
pub(super) struct Printed {
    code: String,
    customer: String,
    status: String,
    queued: bool,
    channel: String,
    origin: String,
    customer_online: bool,
    supporter: Option<String>,
    supporters: Vec<String>,
    assignee: Option<String>,
    invited: Vec<String>,
    created_by: String,
    created_at: String,
    expires_at: String,
    closed_at: Option<String>,
    outcome: String,
    waiting_since: Option<String>,
    started_at: Option<String>,
    ended_at: Option<String>,
    duration_ms: Millis,
    messages: u32,
    #[serde(flatten)]
    facts: Facts,
    source_information: Source,
    customer_link: String,
    supporter_link: String,
}

impl Printed {
    pub(super) fn new(case: Case, server: &ServerName, desk: &Desk) -> Self {
        let link = CaseLink {
            server: server.clone(),
            code: case.code,
        };
        let channel = match &case.place {
            Place::Private(_) => "private".to_owned(),
            Place::Channel(id) => {
                let known = desk.channels.iter().find(|channel| channel.id == *id);
                known.map_or_else(|| id.to_string(), |channel| channel.setup.name.clone())
            }
        };
        Self {
            code: case.code.to_string(),
            customer: case.customer,
            status: format!("{:?}", case.status),
            queued: case.queued,
            channel,
            origin: format!("{:?}", case.origin),
            customer_online: case.customer_online,
            supporter: case.supporter,
            supporters: case.supporters,
            assignee: case.assignee,
            invited: case.invited,
            created_by: case.created_by,
            created_at: iso(case.created_at),
            expires_at: iso(case.expires_at),
            closed_at: case.closed_at.map(iso),
            outcome: format!("{:?}", case.outcome),
            waiting_since: case.waiting_since.map(iso),
            started_at: case.started_at.map(iso),
            ended_at: case.ended_at.map(iso),
            duration_ms: case.duration,
            messages: case.messages,
            facts: case.facts,
            source_information: case.source,
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

    pub(super) fn print(&self, form: Form) -> anyhow::Result<()> {
        if form.json {
            println!("{}", serde_json::to_string(self)?);
        } else {
            println!("{}\n{}", self.line(), self.customer_link);
        }
        Ok(())
    }

    pub(super) fn print_all(cases: &[Self], form: Form) -> anyhow::Result<()> {
        if form.json {
            println!("{}", serde_json::to_string(cases)?);
        } else {
            for case in cases {
                println!("{}", case.line());
            }
        }
        Ok(())
    }
}

pub(super) fn iso(at: Millis) -> String {
    chrono::DateTime::from_timestamp_millis(at.cast_signed()).map_or_else(String::new, |at| {
        at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    })
}
