//! A customer's machine that waits.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{Identity, Node, Signal};
use aldis_trust::ServerName;
use aldis_wire::Code;
use aldis_wire::signal::{Answer, Push, Request, Source};
use anyhow::{Context as _, Result, bail};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// The pauses before the server is tried again, as the apps keep them.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the machine knows.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// How many are before him.
    ahead: Option<u32>,
    /// How often he has joined.
    joins: u32,
}

/// A customer, who comes back whenever the server does.
#[derive(Debug)]
pub(crate) struct Customer {
    code: Code,
    known: watch::Receiver<Known>,
    _task: JoinSet<()>,
}

impl Customer {
    /// Comes and waits in a case of his own.
    pub(crate) async fn come(
        server: ServerName,
        identity: Arc<Identity>,
        number: u32,
    ) -> Result<Arc<Self>> {
        let [_, a, b, c] = (number + 0x0001_0002).to_be_bytes();
        let address = SocketAddr::from((Ipv4Addr::new(127, a, b, c), 0));
        let mut machine = Machine {
            node: Node::bind(identity, address)?,
            server,
            number,
            code: None,
            known: watch::Sender::default(),
        };
        let known = machine.known.subscribe();
        let first = machine.join_at_last(crate::LIMIT).await?;
        let code = machine.code.context("a code")?;
        let mut task = JoinSet::new();
        task.spawn(machine.stay(first));
        Ok(Arc::new(Self {
            code,
            known,
            _task: task,
        }))
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    pub(crate) fn place(&self) -> Option<u32> {
        self.known.borrow().ahead
    }

    pub(crate) fn joins(&self) -> u32 {
        self.known.borrow().joins
    }

    /// Waits until he has joined again.
    pub(crate) async fn joined_more_than(&self, joins: u32, limit: Duration) -> Result<()> {
        let mut known = self.known.clone();
        let again = known.wait_for(|known| known.joins > joins);
        tokio::time::timeout(limit, again)
            .await
            .context("a customer is not back")??;
        Ok(())
    }
}

struct Machine {
    node: Node,
    server: ServerName,
    number: u32,
    code: Option<Code>,
    known: watch::Sender<Known>,
}

type Conversation = (Signal, mpsc::Receiver<Push>);

impl Machine {
    async fn join(&mut self) -> Result<Conversation> {
        let (signal, pushes) = Signal::connect(&self.node, &self.server).await?;
        let mut secret = [7; 32];
        secret[..4].copy_from_slice(&self.number.to_be_bytes());
        let request = Request::Join {
            code: self.code,
            name: format!("Customer {}", self.number),
            secret,
            running: Vec::new(),
            source: Source::default(),
            sos: false,
        };
        match signal.ask(request).await? {
            Answer::Joined { case, .. } => {
                self.code = Some(case.code);
                self.known.send_modify(|known| {
                    known.ahead = case.place.map(|place| place.ahead);
                    known.joins += 1;
                });
                Ok((signal, pushes))
            }
            other => bail!("{other:?}"),
        }
    }

    /// Stays for good; comes back whenever the conversation ends.
    #[expect(clippy::infinite_loop, reason = "the task is aborted with its owner")]
    async fn stay(mut self, mut conversation: Conversation) {
        loop {
            let (_signal, pushes) = &mut conversation;
            while let Some(push) = pushes.recv().await {
                if let Push::Own(case) = push {
                    let ahead = case.place.map(|place| place.ahead);
                    self.known.send_modify(|known| known.ahead = ahead);
                }
            }
            conversation = loop {
                if let Ok(again) = self.join_at_last(Duration::MAX).await {
                    break again;
                }
            };
        }
    }

    /// Tries again until it has joined, or until so much time was spent on pauses.
    async fn join_at_last(&mut self, limit: Duration) -> Result<Conversation> {
        let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
        loop {
            match self.join().await {
                Err(_not_yet) if waited < limit => {}
                done => return done,
            }
            tokio::time::sleep(pause).await;
            waited = waited.saturating_add(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
