//! A case as a record of facts, and what is derived from them.

use aldis_wire::signal::{self, Status};
use aldis_wire::{Code, Millis, SessionId};

/// One customer's request, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Finds it.
    pub code: Code,
    /// The customer's name, or empty.
    pub customer: String,
    /// When it was made.
    pub created_at: Millis,
    /// The supporter who made it; `None` if the customer did.
    pub created_by: Option<String>,
    /// The supporter who is responsible for it.
    pub assignee: Option<String>,
    /// When it stops joining.
    pub expires_at: Millis,
    /// When it was closed; final.
    pub closed_at: Option<Millis>,
    /// When the customer's app first joined.
    pub customer_joined_at: Option<Millis>,
    /// When a supporter first asked for a session.
    pub supporter_joined_at: Option<Millis>,
    /// The hash of the secret of the machine that joined first; no other may join.
    pub claim: Option<[u8; 32]>,
    /// The remote sessions, oldest first.
    pub sessions: Vec<Session>,
    /// The supporters who may join a session that runs, in the order in which they were invited.
    pub invited: Vec<String>,
}

/// One remote session of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names it.
    pub id: SessionId,
    /// The supporter in it.
    pub supporter: String,
    /// When both sides were connected.
    pub started_at: Millis,
    /// When it ended; `None` while it runs.
    pub ended_at: Option<Millis>,
}

/// A change to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It came to be.
    Created(Case),
    /// The customer's app joined, perhaps for the first time, and said its name.
    CustomerJoined {
        /// The name; kept if the case has none yet.
        name: String,
        /// The hash of the machine's secret.
        claim: [u8; 32],
        /// When.
        at: Millis,
    },
    /// A supporter asked for a session.
    SupporterJoined {
        /// When.
        at: Millis,
    },
    /// Who is responsible.
    Assigned(Option<String>),
    /// Both sides are connected.
    SessionStarted(Session),
    /// They are no longer.
    SessionEnded {
        /// Which session.
        id: SessionId,
        /// When.
        at: Millis,
    },
    /// They still are: the end was only that the server did not hear of them.
    SessionResumed {
        /// Which session.
        id: SessionId,
    },
    /// A supporter may join a session that runs.
    Invited(String),
    /// He no longer may.
    Uninvited(String),
    /// It is over for good.
    Closed {
        /// When.
        at: Millis,
    },
}

impl Case {
    /// The session that runs now, the first one where there are several.
    pub fn running(&self) -> Option<&Session> {
        self.all_running().next()
    }

    /// The sessions that run now, one for each supporter.
    pub fn all_running(&self) -> impl Iterator<Item = &Session> {
        let runs = |session: &&Session| session.ended_at.is_none();
        self.sessions.iter().filter(runs)
    }

    /// The status at this moment.
    pub fn status(&self, now: Millis) -> Status {
        if self.closed_at.is_some() {
            Status::Closed
        } else if self.running().is_some() {
            Status::InProgress
        } else if now >= self.expires_at {
            Status::Expired
        } else if self.customer_joined_at.is_some() || self.supporter_joined_at.is_some() {
            Status::Pending
        } else {
            Status::New
        }
    }

    /// The case as it travels.
    pub fn view(&self, customer_online: bool, now: Millis) -> signal::Case {
        let running = self.running();
        let ended = self
            .sessions
            .iter()
            .filter_map(|session| session.ended_at)
            .max();
        let durations = self
            .sessions
            .iter()
            .filter_map(|session| Some(session.ended_at?.saturating_sub(session.started_at)));
        signal::Case {
            code: self.code,
            customer: self.customer.clone(),
            status: self.status(now),
            created_at: self.created_at,
            created_by: self.created_by.clone().unwrap_or_default(),
            assignee: self.assignee.clone(),
            expires_at: self.expires_at,
            closed_at: self.closed_at,
            customer_online,
            supporter: running.map(|session| session.supporter.clone()),
            supporters: self
                .all_running()
                .map(|session| session.supporter.clone())
                .collect(),
            invited: self.invited.clone(),
            started_at: self.sessions.iter().map(|session| session.started_at).min(),
            ended_at: if running.is_some() { None } else { ended },
            duration: durations.sum(),
        }
    }

    /// Applies a change that [`decide`](crate::decide) answered with.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Created(case) => *self = case.clone(),
            Change::CustomerJoined { name, claim, at } => {
                // What a supporter has written down is not replaced by a login's name.
                if self.customer.is_empty() {
                    self.customer.clone_from(name);
                }
                self.claim = Some(*claim);
                self.customer_joined_at.get_or_insert(*at);
            }
            Change::SupporterJoined { at } => {
                self.supporter_joined_at.get_or_insert(*at);
            }
            Change::Assigned(assignee) => self.assignee.clone_from(assignee),
            Change::SessionStarted(session) => self.sessions.push(session.clone()),
            Change::SessionEnded { id, at } => {
                for session in self.sessions.iter_mut().filter(|session| session.id == *id) {
                    session.ended_at.get_or_insert(*at);
                }
            }
            Change::SessionResumed { id } => {
                for session in self.sessions.iter_mut().filter(|session| session.id == *id) {
                    session.ended_at = None;
                }
            }
            Change::Invited(supporter) => self.invited.push(supporter.clone()),
            Change::Uninvited(supporter) => self.invited.retain(|invited| invited != supporter),
            Change::Closed { at } => {
                self.closed_at.get_or_insert(*at);
            }
        }
    }
}
