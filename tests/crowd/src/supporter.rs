//! A supporter's window that watches.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_link::{Identity, Node, Signal};
use aldis_trust::ServerName;
use aldis_wire::Code;
use aldis_wire::signal::{Action, Answer, Availability, Draft, Facts, Push, Request};
use anyhow::{Context as _, Result, bail, ensure};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::server::{self, PASSWORD};

/// Every case that it shows, and when it first saw that somebody has it.
type Shown = BTreeMap<Code, Option<Instant>>;

/// A supporter who is signed in and watches.
#[derive(Debug)]
pub(crate) struct Supporter {
    signal: Signal,
    shown: watch::Receiver<Shown>,
    _node: Node,
    _task: JoinSet<()>,
}

impl Supporter {
    pub(crate) async fn come(server: &ServerName, number: u32) -> Result<Self> {
        let identity = Arc::new(Identity::generate()?);
        let last = u8::try_from(number % 250).unwrap_or_default() + 2;
        let node = Node::bind(
            identity,
            SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)),
        )?;
        let (signal, pushes) = Signal::connect(&node, server).await?;
        let (name, password) = (server::supporter(number), PASSWORD.to_owned());
        signal.ask(Request::SignIn { name, password }).await?;
        let (sender, shown) = watch::channel(Shown::new());
        let mut task = JoinSet::new();
        task.spawn(show(pushes, sender));
        let availability = Availability::Available;
        signal.ask(Request::Watch { availability }).await?;
        Ok(Self {
            signal,
            shown,
            _node: node,
            _task: task,
        })
    }

    /// Waits until so many cases are shown.
    pub(crate) async fn knows(&self, cases: usize) -> Result<()> {
        let mut shown = self.shown.clone();
        let all = shown.wait_for(|shown| shown.len() >= cases);
        tokio::time::timeout(crate::LIMIT, all)
            .await
            .context("the cases are not shown")??;
        Ok(())
    }

    pub(crate) async fn claim(&self, code: Code) -> Result<()> {
        let (codes, action) = (vec![code], Action::AssignToMe);
        match self.signal.ask(Request::Act { codes, action }).await? {
            Answer::Acted(done) => ensure!(done == [(code, Ok(()))], "{done:?}"),
            other => bail!("{other:?}"),
        }
        Ok(())
    }

    /// When this window saw that the case is somebody's.
    pub(crate) async fn sees_assigned(&self, code: Code, limit: Duration) -> Result<Instant> {
        let mut shown = self.shown.clone();
        let seen = shown.wait_for(|shown| shown.get(&code).copied().flatten().is_some());
        let seen = tokio::time::timeout(limit, seen)
            .await
            .context("a claim is not seen")??;
        seen.get(&code).copied().flatten().context("seen")
    }

    pub(crate) async fn new_case(&self, number: u32) -> Result<()> {
        let draft = Draft {
            place: None,
            customer: format!("Person {number}"),
            facts: Facts::default(),
            to_queue: false,
            by_script: true,
        };
        self.signal.ask(Request::NewCase(Box::new(draft))).await?;
        Ok(())
    }
}

async fn show(mut pushes: mpsc::Receiver<Push>, shown: watch::Sender<Shown>) {
    while let Some(push) = pushes.recv().await {
        if let Push::Cases { changed, gone, .. } = push {
            let now = crate::now();
            shown.send_modify(|shown| {
                for case in changed {
                    let seen = shown.entry(case.code).or_default();
                    if case.assignee.is_some() {
                        seen.get_or_insert(now);
                    }
                }
                shown.retain(|code, _| !gone.contains(code));
            });
        }
    }
}
