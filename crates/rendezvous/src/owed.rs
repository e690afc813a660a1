//! What has happened and could not be written down yet.
//!
//! A command may be refused when the disk is full. That a session runs, or is over, is a fact: who
//! told it is told that it was not kept, and it is kept once there is room, with the time at which
//! it was told.

use std::collections::VecDeque;
use std::sync::Arc;

use aldis_desk::{Command, Done};
use aldis_wire::signal::{Doer, Refusal};
use aldis_wire::{Code, Millis};
use tokio::sync::Mutex;

use crate::clock;
use crate::server::{CONNECTIONS, Shared};

/// The most facts that wait: the start and the end of a session for everybody who is connected.
const FACTS: usize = 2 * CONNECTIONS;

/// The facts, in the order in which they were told.
#[derive(Debug, Default)]
pub(crate) struct Owed(Mutex<VecDeque<Fact>>);

#[derive(Clone, Debug)]
struct Fact {
    code: Code,
    what: Command,
    by: Doer,
    at: Millis,
}

impl Shared {
    /// Keeps a fact, now or when there is room.
    pub(crate) async fn note(
        self: &Arc<Self>,
        code: Code,
        what: Command,
        by: Doer,
    ) -> Result<Done, Refusal> {
        let at = clock::now();
        let fact = Fact { code, what, by, at };
        self.settle().await;
        let earlier = self.owed.0.lock().await.iter().any(|one| one.code == code);
        let noted = if earlier {
            // The end of a session must not overtake its start.
            Err(Refusal::DiskFull)
        } else {
            self.keep_fact(fact.clone()).await
        };
        if matches!(noted, Err(Refusal::DiskFull)) {
            let mut owed = self.owed.0.lock().await;
            if owed.len() < FACTS {
                owed.push_back(fact);
            }
        }
        noted
    }

    /// Keeps what there was no room for, as far as there is room now.
    pub(crate) async fn settle(self: &Arc<Self>) {
        let mut owed = self.owed.0.lock().await;
        while let Some(fact) = owed.front() {
            // A customer who was missed, and is back, has said himself what still runs.
            let missed = fact.by == Doer::Server;
            if !(missed && self.hub.is_online(fact.code)) {
                match self.keep_fact(fact.clone()).await {
                    Err(Refusal::DiskFull) => return,
                    Err(error) => tracing::warn!(%error, "a session was not noted"),
                    Ok(_) => {}
                }
            }
            owed.pop_front();
        }
    }

    async fn keep_fact(self: &Arc<Self>, fact: Fact) -> Result<Done, Refusal> {
        let Fact { code, what, by, at } = fact;
        self.change_at(code, what, by, at).await
    }
}
