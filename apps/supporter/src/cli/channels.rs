//! Work with channels from scripts.

use aldis_wire::signal::{
    Answer, Assignment, Channel, ChannelSetup, DEFAULT_EXPIRY, Desk, Member, Request,
};
use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use super::{Form, client, unexpected};

#[derive(Debug, Subcommand)]
pub(crate) enum Channels {
    /// Shows the channels that you work in.
    List {
        #[command(flatten)]
        form: Form,
    },
    /// Makes a channel; you become its manager.
    New {
        /// Its name.
        name: String,
        #[command(flatten)]
        set: Box<Set>,
        #[command(flatten)]
        form: Form,
    },
    /// Sets a channel up anew; what is not given stays.
    Set {
        /// Its name.
        name: String,
        /// A new name.
        #[arg(long)]
        rename: Option<String>,
        #[command(flatten)]
        set: Box<Set>,
        #[command(flatten)]
        form: Form,
    },
    /// Removes a channel without open cases.
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// What it is for.
    #[arg(long)]
    description: Option<String>,
    /// How long its cases can be joined, in minutes.
    #[arg(long)]
    expiry_minutes: Option<u64>,
    /// Who gets its cases where the assignment says so; empty for nobody.
    #[arg(long)]
    default_assignee: Option<String>,
    /// Who gets a case that a customer waits in.
    #[arg(long)]
    assignment: Option<Rule>,
    /// How long an offered case waits until it goes back to the queue, in seconds.
    #[arg(long)]
    offer_seconds: Option<u64>,
    /// Who works in it, separated by commas.
    #[arg(long, value_delimiter = ',')]
    members: Option<Vec<String>>,
    /// Who may set it up, separated by commas.
    #[arg(long, value_delimiter = ',')]
    managers: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Rule {
    Off,
    Default,
    RoundRobin,
    LeastBusy,
    Skill,
}

impl Set {
    fn onto(self, mut setup: ChannelSetup) -> ChannelSetup {
        setup.description = self.description.unwrap_or(setup.description);
        setup.expiry = self
            .expiry_minutes
            .map_or(setup.expiry, |minutes| minutes.saturating_mul(60_000));
        setup.offer_time = self
            .offer_seconds
            .map_or(setup.offer_time, |seconds| seconds.saturating_mul(1000));
        if let Some(name) = self.default_assignee {
            setup.default_assignee = Some(name).filter(|name| !name.is_empty());
        }
        if let Some(rule) = self.assignment {
            setup.assignment = match rule {
                Rule::Off => Assignment::Off,
                Rule::Default => Assignment::Default,
                Rule::RoundRobin => Assignment::RoundRobin,
                Rule::LeastBusy => Assignment::LeastBusy,
                Rule::Skill => Assignment::Skill,
            };
        }
        for (names, manager) in [(self.members, false), (self.managers, true)] {
            let Some(names) = names else { continue };
            setup
                .members
                .retain(|member| member.manager != manager && !names.contains(&member.name));
            let new = names.into_iter().filter(|name| !name.is_empty());
            setup
                .members
                .extend(new.map(|name| Member { name, manager }));
        }
        setup
    }
}

/// Works with channels.
pub(crate) async fn run(command: Channels) -> anyhow::Result<()> {
    let (client, _) = client().await?;
    let outcome = work(command, &client).await;
    client.close().await;
    outcome
}

async fn work(command: Channels, client: &aldis_viewer::client::Client) -> anyhow::Result<()> {
    let desk = super::cases::desk(client).await?;
    let (request, form) = match command {
        Channels::List { form } => {
            for channel in &desk.channels {
                print(channel, form)?;
            }
            return Ok(());
        }
        Channels::New { name, set, form } => {
            let setup = set.onto(ChannelSetup {
                name,
                description: String::new(),
                expiry: DEFAULT_EXPIRY,
                default_assignee: None,
                assignment: Assignment::Off,
                offer_time: 120_000,
                members: Vec::new(),
            });
            (Request::NewChannel(Box::new(setup)), form)
        }
        Channels::Set {
            name,
            rename,
            set,
            form,
        } => {
            let mut channel = named(&desk, &name)?.clone();
            channel.setup = set.onto(channel.setup);
            channel.setup.name = rename.unwrap_or(channel.setup.name);
            (Request::SetChannel(Box::new(channel)), form)
        }
        Channels::Remove { name } => {
            client
                .ask(Request::RemoveChannel(named(&desk, &name)?.id))
                .await?;
            println!("removed {name}");
            return Ok(());
        }
    };
    match client.ask(request).await? {
        Answer::Channel(channel) => print(&channel, form),
        _ => Err(unexpected()),
    }
}

fn named<'a>(desk: &'a Desk, name: &str) -> anyhow::Result<&'a Channel> {
    let same = |channel: &&Channel| channel.setup.name.to_lowercase() == name.to_lowercase();
    desk.channels
        .iter()
        .find(same)
        .with_context(|| format!("there is no channel {name:?} for you"))
}

fn print(channel: &Channel, form: Form) -> anyhow::Result<()> {
    if form.json {
        println!("{}", serde_json::to_string(channel)?);
    } else {
        let setup = &channel.setup;
        let members: Vec<&str> = setup.members.iter().map(|one| one.name.as_str()).collect();
        println!(
            "{}\t{:?}\t{}",
            setup.name,
            setup.assignment,
            members.join(", ")
        );
    }
    Ok(())
}
