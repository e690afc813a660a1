//! Who is connected now, and who is asking whom for a session.
//!
//! Nothing here is kept: after a restart the apps come back and say where they stand.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aldis_wire::signal::{Consent, FromServer, Push};
use aldis_wire::{Code, Millis, SessionId};
use tokio::sync::mpsc;

/// The most pushes that wait for one app; an app that is slower is disconnected, comes back and
/// asks for the whole truth again.
pub(crate) const PUSHES: usize = 256;

/// Names a connection while it lives.
pub(crate) type ConnectionId = u64;

/// Where one app's pushes go.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    pub(crate) id: ConnectionId,
    pub(crate) pushes: mpsc::Sender<FromServer>,
    pub(crate) connection: aldis_link::Connection,
}

impl Mailbox {
    pub(crate) fn push(&self, push: Push) {
        if self.pushes.try_send(FromServer::Push(push)).is_err() {
            self.connection.close(aldis_link::close::FULL, b"too slow");
        }
    }
}

/// A supporter's question that the customer has not answered, or a session that it became.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) code: Code,
    pub(crate) supporter: String,
    pub(crate) asker: Mailbox,
    pub(crate) step: Step,
    pub(crate) at: Millis,
}

/// How far a question has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The customer has not answered.
    Asked,
    /// The customer has said yes; the two sides are not connected yet.
    Allowed,
    /// The two sides are, or were, connected.
    Connected,
}

/// The state of the moment.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    customers: BTreeMap<Code, Mailbox>,
    watchers: BTreeMap<ConnectionId, Mailbox>,
    asks: BTreeMap<SessionId, Ask>,
}

impl Hub {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub(crate) fn watch(&self, mailbox: Mailbox) {
        self.with(|state| state.watchers.insert(mailbox.id, mailbox));
    }

    /// The customer of this case is here; an older connection of the same machine is replaced.
    pub(crate) fn customer_came(&self, code: Code, mailbox: Mailbox) {
        let older = self.with(|state| state.customers.insert(code, mailbox));
        if let Some(older) = older {
            older.connection.close(aldis_link::close::DONE, b"replaced");
        }
    }

    pub(crate) fn is_online(&self, code: Code) -> bool {
        self.with(|state| state.customers.contains_key(&code))
    }

    /// This connection's customer is gone; `false` if another connection has taken its place.
    pub(crate) fn customer_left(&self, code: Code, id: ConnectionId) -> bool {
        let open = self.with(|state| {
            if state
                .customers
                .get(&code)
                .is_none_or(|mailbox| mailbox.id != id)
            {
                return None;
            }
            state.customers.remove(&code);
            Some(state.take_asks(|ask| ask.code == code && ask.step == Step::Asked))
        });
        let gone = open.is_some();
        for (session, ask) in open.into_iter().flatten() {
            let answer = Consent::Declined { timed_out: true };
            ask.asker.push(Push::ConnectAnswered { session, answer });
        }
        gone
    }

    /// This connection's supporter is gone, and with him what he asked.
    pub(crate) fn supporter_left(&self, id: ConnectionId) {
        let cancelled = self.with(|state| {
            state.watchers.remove(&id);
            let asks = state.take_asks(|ask| ask.asker.id == id && ask.step == Step::Asked);
            asks.into_iter()
                .filter_map(|(session, ask)| {
                    Some((session, state.customers.get(&ask.code)?.clone()))
                })
                .collect::<Vec<_>>()
        });
        for (session, customer) in cancelled {
            customer.push(Push::ConnectCancelled { session });
        }
    }

    /// Asks the customer; `false` if he is not here or is being asked already.
    pub(crate) fn ask(&self, session: SessionId, ask: Ask, push: Push) -> Result<(), AskError> {
        let customer = self.with(|state| {
            let customer = state
                .customers
                .get(&ask.code)
                .cloned()
                .ok_or(AskError::Absent)?;
            // A question from which nothing came in time no longer stands in the way; a session
            // that runs is known to the case itself.
            let code = ask.code;
            let stale = |other: &Ask| ask.at.saturating_sub(other.at) > ASK_LIFE;
            let open = |other: &Ask| other.step != Step::Connected && !stale(other);
            let busy = |other: &Ask| other.code == code && open(other);
            if state.asks.values().any(busy) {
                return Err(AskError::Busy);
            }
            state.asks.retain(|_, other| other.code != code);
            state.asks.insert(session, ask);
            Ok(customer)
        })?;
        customer.push(push);
        Ok(())
    }

    /// The supporter takes his question back, as long as the two sides are not connected.
    pub(crate) fn cancel(&self, session: SessionId, id: ConnectionId) {
        let customer = self.with(|state| {
            let mine = |ask: &Ask| ask.asker.id == id && ask.step != Step::Connected;
            let ask = state.asks.get(&session).filter(|ask| mine(ask))?.clone();
            state.asks.remove(&session);
            state.customers.get(&ask.code).cloned()
        });
        if let Some(customer) = customer {
            customer.push(Push::ConnectCancelled { session });
        }
    }

    /// Passes the customer's answer on; `false` if nobody asks any more.
    pub(crate) fn answer(&self, code: Code, session: SessionId, answer: Consent) -> bool {
        let asker = self.with(|state| {
            let ask = state
                .asks
                .get_mut(&session)
                .filter(|ask| ask.code == code)?;
            ask.step = Step::Allowed;
            let asker = ask.asker.clone();
            if matches!(answer, Consent::Declined { .. }) {
                state.asks.remove(&session);
            }
            Some(asker)
        });
        let known = asker.is_some();
        if let Some(asker) = asker {
            asker.push(Push::ConnectAnswered { session, answer });
        }
        known
    }

    /// Whose session of this case it is, if the customer has said yes to it.
    pub(crate) fn allowed(&self, code: Code, session: SessionId) -> Option<String> {
        self.with(|state| {
            let ask = state.asks.get(&session)?;
            (ask.code == code && ask.step != Step::Asked).then(|| ask.supporter.clone())
        })
    }

    /// The two sides of this session are connected.
    pub(crate) fn connected(&self, code: Code, session: SessionId) {
        self.with(|state| {
            if let Some(ask) = state.asks.get_mut(&session).filter(|ask| ask.code == code) {
                ask.step = Step::Connected;
            }
        });
    }

    /// The session is over, or never came about.
    pub(crate) fn forget(&self, code: Code, session: SessionId) {
        self.with(|state| {
            state
                .asks
                .retain(|id, ask| *id != session || ask.code != code);
        });
    }

    /// Tells everyone who may see a case how it is now.
    pub(crate) fn publish(&self, case: &aldis_desk::Case, now: Millis) {
        self.with(|state| {
            let customer = state.customers.get(&case.code);
            let view = case.view(customer.is_some(), now);
            for mailbox in state.watchers.values().chain(customer) {
                mailbox.push(Push::Case(view.clone()));
            }
        });
    }
}

/// How long a question may wait for its answer and the connection; the customer's app declines
/// after 60 s, and waits 20 s for the connection.
const ASK_LIFE: Millis = 90_000;

/// A question could not be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskError {
    Absent,
    Busy,
}

impl State {
    fn take_asks(&mut self, which: impl Fn(&Ask) -> bool) -> Vec<(SessionId, Ask)> {
        let taken: Vec<_> = self
            .asks
            .iter()
            .filter(|(_, ask)| which(ask))
            .map(|(session, ask)| (*session, ask.clone()))
            .collect();
        for (session, _) in &taken {
            self.asks.remove(session);
        }
        taken
    }
}
