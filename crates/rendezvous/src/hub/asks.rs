//! Questions for a session, from the asking to the connection.

use aldis_desk::Case;
use aldis_wire::relay::Relay;
use aldis_wire::signal::{Consent, Push};
use aldis_wire::{Code, Millis, SessionId};

use super::{ConnectionId, Hub, Mailbox, State};

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

impl Hub {
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
            state
                .asks
                .retain(|_, other| other.code != code || other.step == Step::Connected);
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

    /// Passes the customer's answer on, and gives who had asked; `None` if nobody asks any more.
    pub(crate) fn answer(
        &self,
        code: Code,
        session: SessionId,
        answer: Consent,
        relay: Option<Relay>,
    ) -> Option<String> {
        let asker = self.with(|state| {
            let ask = state
                .asks
                .get_mut(&session)
                .filter(|ask| ask.code == code)?;
            ask.step = Step::Allowed;
            let asker = (ask.asker.clone(), ask.supporter.clone());
            if matches!(answer, Consent::Declined { .. }) {
                state.asks.remove(&session);
            }
            Some(asker)
        });
        let (asker, supporter) = asker?;
        asker.push(Push::ConnectAnswered {
            session,
            answer,
            relay,
        });
        Some(supporter)
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
    /// Takes back what this connection asks, and gives whom to tell.
    pub(super) fn take_open_asks_of(&mut self, id: ConnectionId) -> Vec<(SessionId, Mailbox)> {
        let asks = self.take_asks(|ask| ask.asker.id == id && ask.step == Step::Asked);
        asks.into_iter()
            .filter_map(|(session, ask)| Some((session, self.customers.get(&ask.code)?.clone())))
            .collect()
    }

    /// A question whose session is over is no longer needed, whoever ended it.
    pub(super) fn forget_asks_of(&mut self, case: &Case) {
        let runs = |id: &SessionId| case.running().any(|session| session.id == *id);
        self.asks
            .retain(|id, ask| ask.code != case.code || ask.step != Step::Connected || runs(id));
    }

    pub(super) fn take_asks(&mut self, which: impl Fn(&Ask) -> bool) -> Vec<(SessionId, Ask)> {
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
