//! Many cases on a server that runs already, for whoever wants to look at them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use aldis_link::{Identity, Node, Signal};
use aldis_trust::ServerName;
use aldis_wire::signal::{Answer, Draft, Facts, Priority, Request};
use anyhow::{Result, bail};
use clap::Args;
use tokio::task::JoinSet;

/// How many are asked for at the same time; what waits together shares a commit.
const AT_ONCE: usize = 64;

/// What is made.
#[derive(Debug, Args)]
pub(crate) struct Fill {
    /// The server.
    #[arg(long, value_name = "HOST:PORT#FINGERPRINT")]
    server: ServerName,
    /// Who makes the cases.
    #[arg(long)]
    user: String,
    /// His password; the accounts of measurements are worth nothing.
    #[arg(long)]
    password: String,
    /// How many.
    #[arg(long, default_value_t = 5_000)]
    cases: u32,
}

impl Fill {
    pub(crate) async fn run(self) -> Result<()> {
        let identity = Arc::new(Identity::generate()?);
        let node = Node::bind(identity, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let (signal, _pushes) = Signal::connect(&node, &self.server).await?;
        let (name, password) = (self.user, self.password);
        signal.ask(Request::SignIn { name, password }).await?;
        let signal = Arc::new(signal);
        let mut asked = JoinSet::new();
        for number in 0..self.cases {
            if asked.len() >= AT_ONCE
                && let Some(answered) = asked.join_next().await
            {
                answered??;
            }
            asked.spawn(make(Arc::clone(&signal), number));
        }
        while let Some(answered) = asked.join_next().await {
            answered??;
        }
        println!("{} cases are made", self.cases);
        Ok(())
    }
}

async fn make(signal: Arc<Signal>, number: u32) -> Result<()> {
    match signal
        .ask(Request::NewCase(Box::new(draft(number))))
        .await?
    {
        Answer::Case(_) => Ok(()),
        other => bail!("{other:?}"),
    }
}

/// A case as a working day brings it: names of all lengths, every third company anew, some urgent.
fn draft(number: u32) -> Draft {
    const FIRST: [&str; 8] = [
        "Ana",
        "Bartholomäus",
        "Chloé",
        "Dimitri",
        "Eva",
        "Friederike",
        "Guillermo",
        "Íñigo",
    ];
    const LAST: [&str; 7] = [
        "López",
        "Müller-Lüdenscheidt",
        "Ng",
        "Ortega y Gasset",
        "Schäfer",
        "Smith",
        "Wójcik",
    ];
    let pick = |names: &[&str]| {
        let place = number as usize % names.len();
        names.get(place).copied().unwrap_or_default().to_owned()
    };
    let priority = match number % 20 {
        0 => Priority::Urgent,
        1 | 2 => Priority::High,
        3..=16 => Priority::Normal,
        _ => Priority::Low,
    };
    let facts = Facts {
        company: format!("{} & Co. {}", pick(&LAST), number / 3),
        ticket: format!("T-{number}"),
        priority,
        ..Facts::default()
    };
    Draft {
        place: None,
        customer: format!("{} {}", pick(&FIRST), pick(&LAST)),
        facts,
        to_queue: true,
        by_script: true,
    }
}
