//! Work with cases from scripts.

use aldis_trust::ServerName;
use aldis_ui::{Language, Texts};
use aldis_viewer::client::Client;
use aldis_wire::Code;
use aldis_wire::signal::{
    Action, Answer, Case, Desk, Draft, Facts, NewPlace, Outcome, Priority, Request, Search,
};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::printed::{Printed, iso};
use super::{Form, client, unexpected};

/// The most cases that a list shows.
const LISTED: usize = 10_000;

#[derive(Debug, Subcommand)]
pub(crate) enum Cases {
    /// Makes a case.
    New {
        /// The channel's name; "private" is seen by nobody else.
        #[arg(long)]
        channel: Option<String>,
        /// The customer's name.
        #[arg(long, default_value = "")]
        customer: String,
        /// Leaves it to the queue instead of assigning it to you.
        #[arg(long)]
        to_queue: bool,
        #[command(flatten)]
        facts: Box<Written>,
        #[command(flatten)]
        form: Form,
    },
    /// Shows the cases that you see, the newest first.
    List {
        /// Only those that hold these words.
        #[arg(default_value = "")]
        words: String,
        #[command(flatten)]
        form: Form,
    },
    /// Shows one case.
    Show {
        /// The case.
        code: Code,
        #[command(flatten)]
        form: Form,
    },
    /// Changes what is written about a case.
    Edit {
        /// The case.
        code: Code,
        /// The customer's name.
        #[arg(long)]
        customer: Option<String>,
        #[command(flatten)]
        facts: Box<Written>,
        #[command(flatten)]
        form: Form,
    },
    /// Makes a supporter responsible for a case.
    Assign {
        /// The case.
        code: Code,
        /// The supporter's account; yourself where none is given.
        #[arg(long)]
        to: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// Is no longer responsible for a case.
    Unassign {
        /// The case.
        code: Code,
        #[command(flatten)]
        form: Form,
    },
    /// Gives a case back to the queue.
    Release {
        /// The case.
        code: Code,
        #[command(flatten)]
        form: Form,
    },
    /// Hands a case to a colleague, or moves it to another channel.
    Transfer {
        /// The case.
        code: Code,
        /// The supporter's account.
        #[arg(long, conflicts_with = "channel", required_unless_present = "channel")]
        to: Option<String>,
        /// The channel's name.
        #[arg(long)]
        channel: Option<String>,
        #[command(flatten)]
        form: Form,
    },
    /// Lets a colleague join a case's remote session.
    Invite {
        /// The case.
        code: Code,
        /// The supporter's account.
        #[arg(long)]
        who: String,
        #[command(flatten)]
        form: Form,
    },
    /// Closes a case for good.
    Close {
        /// The case.
        code: Code,
        /// How it ended.
        #[arg(long, default_value = "unknown")]
        outcome: Ended,
        #[command(flatten)]
        form: Form,
    },
    /// Deletes a case that has ended, with its chat; its history stays.
    Delete {
        /// The case.
        code: Code,
    },
    /// Prints a case's chat as text.
    Chat {
        /// The case.
        code: Code,
    },
    /// Prints what happened to a case.
    History {
        /// The case.
        code: Code,
        #[command(flatten)]
        form: Form,
    },
}

/// What is written about a case.
#[derive(Debug, Args)]
pub(crate) struct Written {
    /// The customer's address for mail.
    #[arg(long)]
    email: Option<String>,
    /// The customer's company.
    #[arg(long)]
    company: Option<String>,
    /// What is wrong.
    #[arg(long)]
    description: Option<String>,
    /// The category, for reports.
    #[arg(long)]
    category: Option<String>,
    /// The type, for reports.
    #[arg(long = "type")]
    kind: Option<String>,
    /// How the request arrived, for reports.
    #[arg(long)]
    source: Option<String>,
    /// How urgent it is.
    #[arg(long)]
    priority: Option<Urgency>,
    /// The ticket that it belongs to; a ticket has one active case.
    #[arg(long)]
    ticket: Option<String>,
    /// Tags, separated by commas.
    #[arg(long, value_delimiter = ',')]
    tags: Option<Vec<String>>,
    /// Notes that the customer never sees.
    #[arg(long)]
    notes: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Urgency {
    Low,
    Normal,
    High,
    Urgent,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Ended {
    Unknown,
    Resolved,
    Unresolved,
}

impl Written {
    fn onto(self, facts: Facts) -> Facts {
        Facts {
            email: self.email.unwrap_or(facts.email),
            company: self.company.unwrap_or(facts.company),
            description: self.description.unwrap_or(facts.description),
            category: self.category.unwrap_or(facts.category),
            kind: self.kind.unwrap_or(facts.kind),
            via: self.source.unwrap_or(facts.via),
            priority: self
                .priority
                .map_or(facts.priority, |priority| match priority {
                    Urgency::Low => Priority::Low,
                    Urgency::Normal => Priority::Normal,
                    Urgency::High => Priority::High,
                    Urgency::Urgent => Priority::Urgent,
                }),
            ticket: self.ticket.unwrap_or(facts.ticket),
            tags: self.tags.unwrap_or(facts.tags),
            notes: self.notes.unwrap_or(facts.notes),
        }
    }
}

/// Works with cases.
pub(crate) async fn run(command: Cases) -> anyhow::Result<()> {
    let (client, server) = client().await?;
    let outcome = work(command, &client, &server).await;
    client.close().await;
    outcome
}

async fn work(command: Cases, client: &Client, server: &ServerName) -> anyhow::Result<()> {
    let desk = desk(client).await?;
    let (code, action, form) = match command {
        Cases::New {
            channel,
            customer,
            to_queue,
            facts,
            form,
        } => {
            let place = channel.map(|name| place_named(&name, &desk)).transpose()?;
            let draft = Draft {
                place,
                customer,
                facts: facts.onto(Facts::default()),
                to_queue,
                by_script: true,
            };
            return match client.ask(Request::NewCase(Box::new(draft))).await? {
                Answer::Case(case) => Printed::new(*case, server, &desk).print(form),
                _ => Err(unexpected()),
            };
        }
        Cases::List { words, form } => {
            let cases = list(client, words).await?;
            let printed = cases
                .into_iter()
                .map(|case| Printed::new(case, server, &desk));
            return Printed::print_all(&printed.collect::<Vec<_>>(), form);
        }
        Cases::Show { code, form } => {
            return Printed::new(show(client, code).await?, server, &desk).print(form);
        }
        Cases::Delete { code } => {
            act(client, code, Action::Delete).await?;
            println!("deleted {code}");
            return Ok(());
        }
        Cases::Chat { code } => return chat(client, code).await,
        Cases::History { code, form } => return history(client, code, form).await,
        Cases::Edit {
            code,
            customer,
            facts,
            form,
        } => {
            let case = show(client, code).await?;
            let customer = customer.unwrap_or(case.customer);
            let facts = Box::new(facts.onto(case.facts));
            (code, Action::Edit { customer, facts }, form)
        }
        Cases::Assign { code, to, form } => {
            let action = to.map_or(Action::AssignToMe, Action::Assign);
            (code, action, form)
        }
        Cases::Unassign { code, form } => (code, Action::Unassign, form),
        Cases::Release { code, form } => (code, Action::Release, form),
        Cases::Transfer {
            code,
            to,
            channel,
            form,
        } => {
            let action = match (to, channel) {
                (Some(to), _) => Action::Transfer(to),
                (None, channel) => match place_named(&channel.unwrap_or_default(), &desk)? {
                    NewPlace::Channel(id) => Action::Move(id),
                    NewPlace::Private => bail!("a case cannot be made private again"),
                },
            };
            (code, action, form)
        }
        Cases::Invite { code, who, form } => (code, Action::Invite(who), form),
        Cases::Close {
            code,
            outcome,
            form,
        } => {
            let outcome = match outcome {
                Ended::Unknown => Outcome::Unknown,
                Ended::Resolved => Outcome::Resolved,
                Ended::Unresolved => Outcome::Unresolved,
            };
            (code, Action::Close(outcome), form)
        }
    };
    act(client, code, action).await?;
    Printed::new(show(client, code).await?, server, &desk).print(form)
}

pub(super) async fn desk(client: &Client) -> anyhow::Result<Desk> {
    match client.ask(Request::ShowDesk).await? {
        Answer::Desk(desk) => Ok(*desk),
        _ => Err(unexpected()),
    }
}

fn place_named(name: &str, desk: &Desk) -> anyhow::Result<NewPlace> {
    if name == "private" {
        return Ok(NewPlace::Private);
    }
    let named = |channel: &&aldis_wire::signal::Channel| {
        channel.setup.name.to_lowercase() == name.to_lowercase()
            || (name == "default" && channel.id == aldis_wire::signal::DEFAULT_CHANNEL)
    };
    let channel = desk.channels.iter().find(named);
    let channel = channel.with_context(|| {
        format!("there is no channel {name:?} for you; `aldis channels list` shows yours")
    })?;
    Ok(NewPlace::Channel(channel.id))
}

async fn show(client: &Client, code: Code) -> anyhow::Result<Case> {
    match client.ask(Request::ShowCase { code }).await? {
        Answer::Case(case) => Ok(*case),
        _ => Err(unexpected()),
    }
}

async fn act(client: &Client, code: Code, action: Action) -> anyhow::Result<()> {
    let codes = vec![code];
    match client.ask(Request::Act { codes, action }).await? {
        Answer::Acted(outcomes) => {
            for (_, outcome) in outcomes {
                outcome?;
            }
            Ok(())
        }
        _ => Err(unexpected()),
    }
}

async fn list(client: &Client, text: String) -> anyhow::Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    let mut after = None;
    while cases.len() < LISTED {
        let search = Search {
            text: text.clone(),
            after,
        };
        let Answer::Cases { found, next } = client.ask(Request::FindCases(search)).await? else {
            return Err(unexpected());
        };
        cases.extend(found);
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok(cases)
}

async fn chat(client: &Client, code: Code) -> anyhow::Result<()> {
    let case = show(client, code).await?;
    let mut messages = Vec::new();
    loop {
        let after = messages
            .last()
            .map_or(0, |last: &aldis_wire::signal::ChatMessage| last.number);
        let Answer::Messages(page) = client.ask(Request::ReadChat { code, after }).await? else {
            return Err(unexpected());
        };
        if page.is_empty() {
            break;
        }
        messages.extend(page);
    }
    let texts = Texts::new(Language::of_system());
    print!(
        "{}",
        aldis_ui::chat::export(texts, &messages, &case.customer)
    );
    Ok(())
}

async fn history(client: &Client, code: Code, form: Form) -> anyhow::Result<()> {
    let Answer::History(entries) = client.ask(Request::ShowHistory { code }).await? else {
        return Err(unexpected());
    };
    if form.json {
        println!("{}", serde_json::to_string(&entries)?);
        return Ok(());
    }
    for entry in entries {
        let event = serde_json::to_string(&entry.event)?;
        println!(
            "{}\t{}\t{:?}\t{event}",
            entry.number,
            iso(entry.at),
            entry.by
        );
    }
    Ok(())
}
