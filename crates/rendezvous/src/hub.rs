//! Who is connected now, who is asking whom for a session, and the cases as everybody sees them.
//!
//! Nothing here is kept: after a restart the apps come back and say where they stand, and the
//! cases are read from the store.

mod asks;
mod board;
mod chats;
mod places;
mod watchers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use aldis_desk::{Case, Supporter};
use aldis_wire::signal::{Availability, Channel, ChannelId, FromServer, Push};
use aldis_wire::{Code, KeyHash, Millis, SessionId};
use tokio::sync::{Notify, mpsc};

pub(crate) use asks::{Ask, AskError, Step};
use places::Queues;
use watchers::Watcher;

/// The most pushes that wait for one app; an app that is slower is disconnected, comes back and
/// asks for the whole truth again.
pub(crate) const PUSHES: usize = 256;

/// A customer who comes back within this time (ms) was hardly gone: nobody is called again.
const RETURN: Millis = 60_000;

/// Names a connection while it lives.
pub(crate) type ConnectionId = u64;

/// Where one app's pushes go.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    pub(crate) id: ConnectionId,
    pub(crate) pushes: mpsc::Sender<FromServer>,
    /// There is news on the board for this app.
    pub(crate) news: Arc<Notify>,
    pub(crate) connection: aldis_link::Connection,
}

impl Mailbox {
    pub(crate) fn push(&self, push: Push) {
        if self.pushes.try_send(FromServer::Push(push)).is_err() {
            self.connection.close(aldis_link::close::FULL, b"too slow");
        }
    }
}

/// The state of the moment.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    /// A case waits in a channel that assigns by itself, or somebody who could take it came.
    pub(crate) assign: Notify,
}

#[derive(Debug, Default)]
struct State {
    customers: BTreeMap<Code, Mailbox>,
    /// Since when the customers of open cases are not here who were before.
    gone: BTreeMap<Code, Millis>,
    watchers: BTreeMap<ConnectionId, Watcher>,
    /// The supporters' apps that have told their keys.
    apps: BTreeMap<ConnectionId, (Mailbox, String, KeyHash)>,
    asks: BTreeMap<SessionId, Ask>,
    /// Every open case, and the newest of those that have ended.
    cases: BTreeMap<Code, Arc<Case>>,
    /// Those that have ended, by when.
    ended: BTreeSet<(Millis, Code)>,
    channels: BTreeMap<ChannelId, Channel>,
    /// Every account.
    people: BTreeMap<String, Supporter>,
    /// How many open cases each has, and in how many sessions each is.
    load: BTreeMap<String, (u32, u32)>,
    /// What supporters say of themselves.
    stated: BTreeMap<String, Availability>,
    /// Who reads which chat.
    readers: BTreeMap<Code, BTreeSet<ConnectionId>>,
    /// The waits that have ended lately: when, and how long they were.
    waits: BTreeMap<ChannelId, std::collections::VecDeque<(Millis, Millis)>>,
    queues: Queues,
    /// The places are to be told anew.
    moved: bool,
    /// The desks' counts are to be told anew.
    desks_moved: bool,
}

impl Hub {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// A supporter's app has told its key.
    pub(crate) fn enrolled(&self, name: &str, key: KeyHash, mailbox: Mailbox) {
        self.with(|state| {
            state
                .apps
                .insert(mailbox.id, (mailbox, name.to_owned(), key))
        });
    }

    /// The supporters' apps that have told their keys.
    pub(crate) fn apps(&self) -> Vec<(Mailbox, String, KeyHash)> {
        self.with(|state| state.apps.values().cloned().collect())
    }

    /// The customer of this case is here; an older connection of the same machine is replaced.
    ///
    /// Gives whether that is news to the supporters: a lost link or a restart of the server that
    /// he comes back from is not.
    pub(crate) fn customer_came(&self, code: Code, mailbox: Mailbox, now: Millis) -> bool {
        let (older, gone) = self.with(|state| {
            let older = state.customers.insert(code, mailbox);
            state.line_up(code);
            state.moved = true;
            (older, state.gone.remove(&code))
        });
        let here = older.is_some();
        if let Some(older) = older {
            older.connection.close(aldis_link::close::DONE, b"replaced");
        }
        self.assign.notify_one();
        !here && gone.is_none_or(|since| now.saturating_sub(since) > RETURN)
    }

    pub(crate) fn is_online(&self, code: Code) -> bool {
        self.with(|state| state.customers.contains_key(&code))
    }

    /// This connection's customer is gone; `false` if another connection has taken its place.
    pub(crate) fn customer_left(&self, code: Code, id: ConnectionId, now: Millis) -> bool {
        let open = self.with(|state| {
            if state
                .customers
                .get(&code)
                .is_none_or(|mailbox| mailbox.id != id)
            {
                return None;
            }
            state.customers.remove(&code);
            if state.cases.contains_key(&code) {
                state.gone.insert(code, now);
            }
            state.line_up(code);
            state.moved = true;
            Some(state.take_asks(|ask| ask.code == code && ask.step == Step::Asked))
        });
        let gone = open.is_some();
        for (session, ask) in open.into_iter().flatten() {
            ask.asker.push(Push::ConnectAnswered {
                session,
                answer: aldis_wire::signal::Consent::Declined { timed_out: true },
                relay: None,
            });
        }
        gone
    }
}
