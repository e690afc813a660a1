//! A case as a record of facts, and what is derived from them.

use aldis_wire::signal::{
    self, Facts, MAX_SUPPORTERS, Origin, Outcome, OwnCase, Place, QueuePlace, Source, Status,
};
use aldis_wire::{Code, Millis, SessionId};

/// One customer's request, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Finds it.
    pub code: Code,
    /// The customer's name, or empty.
    pub customer: String,
    /// Where it belongs.
    pub place: Place,
    /// How it came to be.
    pub origin: Origin,
    /// When it was made.
    pub created_at: Millis,
    /// The supporter who made it; if the customer did, the first who was responsible for it.
    pub creator: Option<String>,
    /// The supporter who is responsible for it.
    pub assignee: Option<String>,
    /// It was given back: it waits for any supporter.
    pub released: bool,
    /// It was offered to the assignee, and he has until then to take it.
    pub offered_until: Option<Millis>,
    /// Those who let an offer lapse since the case last waited anew.
    pub passed: Vec<String>,
    /// Whoever else may join its remote session.
    pub invited: Vec<String>,
    /// When it stops joining.
    pub expires_at: Millis,
    /// When it was closed; final.
    pub closed_at: Option<Millis>,
    /// How it ended.
    pub outcome: Outcome,
    /// When the customer's app first joined.
    pub customer_joined_at: Option<Millis>,
    /// When a supporter first asked for a session or joined the chat.
    pub supporter_joined_at: Option<Millis>,
    /// Since when the customer waits for a supporter in chat or session.
    pub waiting_since: Option<Millis>,
    /// The hash of the secret of the machine that joined first; no other may join.
    pub claim: Option<[u8; 32]>,
    /// The supporters in the chat.
    pub chatting: Vec<String>,
    /// How many messages the chat has.
    pub messages: u32,
    /// What people wrote about it.
    pub facts: Facts,
    /// What the customer's machine is.
    pub source: Source,
    /// The remote sessions, oldest first; each is one supporter's.
    pub sessions: Vec<Session>,
}

/// One supporter's part in a remote session of a case.
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

impl Case {
    /// The sessions that run now, the lead's first.
    pub fn running(&self) -> impl Iterator<Item = &Session> {
        self.sessions
            .iter()
            .filter(|session| session.ended_at.is_none())
    }

    /// A session runs.
    pub fn in_session(&self) -> bool {
        self.running().next().is_some()
    }

    /// No further supporter fits into the session.
    pub fn is_full(&self) -> bool {
        self.running().count() >= MAX_SUPPORTERS
    }

    /// The status at this moment.
    pub fn status(&self, now: Millis) -> Status {
        if self.closed_at.is_some() {
            Status::Closed
        } else if self.in_session() {
            Status::InProgress
        } else if now >= self.expires_at {
            Status::Expired
        } else if self.customer_joined_at.is_some() || self.supporter_joined_at.is_some() {
            Status::Pending
        } else {
            Status::New
        }
    }

    /// Whether this supporter has to do with it by himself, whatever channel it is in.
    pub fn concerns(&self, name: &str) -> bool {
        let is = |other: &Option<String>| other.as_deref() == Some(name);
        is(&self.assignee)
            || is(&self.creator)
            || self.invited.iter().any(|invited| invited == name)
            || self.chatting.iter().any(|chatting| chatting == name)
            || self.running().any(|session| session.supporter == name)
    }

    /// Whether a customer waits in it for whoever takes it.
    pub fn waits(&self) -> bool {
        self.assignee.is_none() && self.closed_at.is_none() && self.waiting_since.is_some()
    }

    /// How long remote sessions ran in all, in milliseconds; what ran side by side counts once.
    pub fn duration(&self) -> Millis {
        let mut spans: Vec<(Millis, Millis)> = self
            .sessions
            .iter()
            .filter_map(|session| Some((session.started_at, session.ended_at?)))
            .collect();
        spans.sort_unstable();
        let (mut total, mut until) = (0, 0);
        for (start, end) in spans {
            total += end.saturating_sub(start.max(until));
            until = until.max(end);
        }
        total
    }

    /// The case as it travels to supporters.
    pub fn view(&self, customer_online: bool, now: Millis) -> signal::Case {
        let running = self.in_session();
        let ended = self.sessions.iter().filter_map(|session| session.ended_at);
        let status = self.status(now);
        signal::Case {
            code: self.code,
            customer: self.customer.clone(),
            status,
            queued: self.released && self.assignee.is_none() && status.is_open(),
            place: self.place.clone(),
            origin: self.origin,
            created_at: self.created_at,
            created_by: match self.origin {
                Origin::Manual | Origin::Api => self.creator.clone().unwrap_or_default(),
                Origin::CustomerApp | Origin::SosButton => String::new(),
            },
            assignee: self.assignee.clone(),
            offered_until: self.offered_until,
            invited: self.invited.clone(),
            expires_at: self.expires_at,
            closed_at: self.closed_at,
            outcome: self.outcome,
            customer_online,
            waiting_since: self.waiting_since.filter(|_| status.is_open()),
            supporter: self
                .running()
                .next()
                .map(|session| session.supporter.clone()),
            supporters: self
                .running()
                .map(|session| session.supporter.clone())
                .collect(),
            chatting: self.chatting.clone(),
            messages: self.messages,
            started_at: self.sessions.iter().map(|session| session.started_at).min(),
            ended_at: if running { None } else { ended.max() },
            duration: self.duration(),
            facts: self.facts.clone(),
            source: self.source.clone(),
        }
    }

    /// The case as it travels to its customer, who sees no notes.
    pub fn own_view(&self, place: Option<QueuePlace>, now: Millis) -> OwnCase {
        OwnCase {
            code: self.code,
            status: self.status(now),
            assignee: self.assignee.clone(),
            chatting: self.chatting.clone(),
            description: self.facts.description.clone(),
            expires_at: self.expires_at,
            messages: self.messages,
            place,
        }
    }
}
