//! What may happen to a case, and what follows.

mod action;

use aldis_wire::signal::{
    Action, Body, Channel, DEFAULT_EXPIRY, Doer, Draft, Event, Facts, MAX_CASE_MESSAGES,
    MAX_MESSAGE, MAX_TEXT, NewPlace, Origin, Outcome, Place, Refusal, Source, Speaker, Status,
};
use aldis_wire::{Code, Millis, SessionId};

use crate::case::{Case, Session};
use crate::people::Supporter;
use crate::text;

/// The most remote sessions one case keeps; a person has long opened a new case by then.
pub const MAX_SESSIONS: usize = 1000;

/// What somebody wants of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make it, under a free code.
    Create {
        /// From this.
        draft: Box<Draft>,
        /// How it comes to be.
        origin: Origin,
    },
    /// The customer's app joins, the first time or again.
    Join {
        /// The customer's name, or empty.
        name: String,
        /// The hash of the machine's secret.
        claim: [u8; 32],
        /// What the machine is.
        source: Source,
    },
    /// The customer says what is wrong.
    Describe(String),
    /// The customer no longer wants help.
    Withdraw,
    /// The supporter asks for a remote session, or to join the one that runs.
    Ask,
    /// The customer has answered.
    Answer {
        /// Whom.
        supporter: String,
        /// Yes.
        allowed: bool,
    },
    /// Both sides are connected.
    StartSession {
        /// Names the session.
        id: SessionId,
        /// The supporter in it.
        supporter: String,
    },
    /// They are no longer.
    EndSession {
        /// Which one.
        id: SessionId,
    },
    /// This supporter was sent out of the session: his invitation ends with it.
    Uninvite {
        /// Who.
        who: String,
    },
    /// The customer's app is back and says that these sessions run; all others have ended.
    Reconcile {
        /// Those that run.
        running: Vec<SessionId>,
    },
    /// Somebody says something in the chat.
    Say(String),
    /// The channel's rule offers it to somebody, until that moment.
    Offer {
        /// To whom.
        to: String,
        /// Until when.
        until: Millis,
    },
    /// The offer was not taken in time.
    Lapse,
    /// A supporter does something with it.
    Act(Action),
}

/// Everything that a decision rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The case; `None`: there is none with this code.
    pub case: Option<Case>,
    /// The channel it is in, or shall be made in.
    pub channel: Option<Channel>,
    /// The channel it shall move to.
    pub to_channel: Option<Channel>,
    /// The supporter who acts.
    pub me: Option<Supporter>,
    /// The supporter whom the command names.
    pub to: Option<Supporter>,
    /// The open case with the ticket that the command names.
    pub ticket: Option<Code>,
}

/// What follows from a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The case from now on.
    pub case: Case,
    /// What happened, for its history.
    pub events: Vec<Event>,
    /// What is said in its chat; numbered from the case's earlier count on.
    pub messages: Vec<(Speaker, Body)>,
    /// How long the customer had waited, if that ended.
    pub waited: Option<Millis>,
    /// The case is gone; only its history stays.
    pub deleted: bool,
}

/// What follows from `command` of `by` at `now`.
pub fn decide(
    snapshot: &Snapshot,
    code: Code,
    command: &Command,
    by: &Doer,
    now: Millis,
) -> Result<Decision, Refusal> {
    if let Command::Create { draft, origin } = command {
        return create(snapshot, code, draft, *origin, by, now);
    }
    let case = snapshot.case.clone().ok_or(Refusal::UnknownCode)?;
    let mut deed = Deed::new(case, now);
    match (command, by) {
        (
            Command::Join {
                name,
                claim,
                source,
            },
            Doer::Customer,
        ) => {
            deed.join(name, *claim, source)?;
        }
        (Command::Describe(text), Doer::Customer) => {
            deed.open()?;
            let text = text::lines("description", text, MAX_TEXT)?;
            if deed.case.facts.description != text {
                deed.case.facts.description = text;
                deed.events.push(Event::Described);
            }
        }
        (Command::Withdraw, Doer::Customer) => deed.withdraw()?,
        (Command::Ask, Doer::Supporter(_)) => deed.ask(snapshot)?,
        (Command::Answer { supporter, allowed }, Doer::Customer) => {
            let body = if *allowed {
                Body::SharingAllowed
            } else {
                Body::SharingDeclined
            };
            // Only where the two were talking is there somebody who reads it.
            if deed.case.chatting.contains(supporter) {
                deed.say(Speaker::Customer, body)?;
            }
        }
        (Command::StartSession { id, supporter }, Doer::Customer) => deed.start(*id, supporter)?,
        (Command::EndSession { id }, Doer::Customer | Doer::Server) => {
            deed.end(|session| session.id == *id);
        }
        (Command::Uninvite { who }, Doer::Customer) => {
            deed.case.invited.retain(|invited| invited != who);
        }
        (Command::Reconcile { running }, Doer::Customer | Doer::Server) => deed.reconcile(running),
        (Command::Say(words), _) => {
            if let Doer::Supporter(_) = by {
                deed.seen_by_me(snapshot)?;
            }
            let words = text::lines("message", words, MAX_MESSAGE)?;
            if words.is_empty() {
                return Err(Refusal::Empty);
            }
            let from = match by {
                Doer::Customer => Speaker::Customer,
                Doer::Supporter(name) if deed.case.chatting.contains(name) => {
                    Speaker::Supporter(name.clone())
                }
                Doer::Supporter(_) | Doer::Server => return Err(Refusal::NotAllowed),
            };
            deed.open()?;
            deed.say(from, Body::Text(words))?;
        }
        (Command::Offer { to, until }, Doer::Server) if deed.case.waits() => {
            deed.open()?;
            deed.case.assignee = Some(to.clone());
            deed.case.released = false;
            deed.case.offered_until = Some(*until);
            deed.events.push(Event::Offered { to: to.clone() });
        }
        (Command::Lapse, Doer::Server) => deed.lapse(),
        (Command::Act(action), Doer::Supporter(_)) => deed.act(snapshot, action)?,
        _ => return Err(Refusal::NotAllowed),
    }
    Ok(deed.done())
}

fn create(
    snapshot: &Snapshot,
    code: Code,
    draft: &Draft,
    origin: Origin,
    by: &Doer,
    now: Millis,
) -> Result<Decision, Refusal> {
    if snapshot.case.is_some() {
        return Err(Refusal::Busy);
    }
    let me = snapshot.me.as_ref();
    let place = match (draft.place, me) {
        (Some(NewPlace::Private), Some(me)) => Place::Private(me.name.clone()),
        (Some(NewPlace::Private), None) => return Err(Refusal::NotAllowed),
        (Some(NewPlace::Channel(_)) | None, _) => {
            let channel = snapshot.channel.as_ref().ok_or(Refusal::UnknownChannel)?;
            if me.is_some_and(|me| !me.works_in(channel)) {
                return Err(Refusal::UnknownChannel);
            }
            Place::Channel(channel.id)
        }
    };
    let facts = text::facts(&draft.facts)?;
    if let Some(code) = snapshot.ticket {
        return Err(Refusal::TicketBusy { code });
    }
    let expiry = match &place {
        Place::Channel(_) => snapshot
            .channel
            .as_ref()
            .map(|channel| channel.setup.expiry),
        Place::Private(_) => None,
    };
    let name = me.map(|me| me.name.clone());
    let queue = draft.to_queue && !matches!(place, Place::Private(_));
    let case = Case {
        code,
        customer: text::name(&draft.customer)?,
        place: place.clone(),
        origin,
        created_at: now,
        creator: name.clone(),
        assignee: name.filter(|_| !queue),
        released: false,
        offered_until: None,
        passed: Vec::new(),
        invited: Vec::new(),
        expires_at: now + expiry.unwrap_or(DEFAULT_EXPIRY),
        closed_at: None,
        outcome: Outcome::Unknown,
        customer_joined_at: None,
        supporter_joined_at: None,
        waiting_since: None,
        claim: None,
        chatting: Vec::new(),
        messages: 0,
        facts,
        source: Source::default(),
        sessions: Vec::new(),
    };
    let mut deed = Deed::new(case, now);
    deed.events.push(Event::Created { origin, place });
    if let (Some(to), Doer::Supporter(_)) = (deed.case.assignee.clone(), by) {
        deed.events.push(Event::Assigned { to });
    }
    Ok(deed.done())
}

/// A decision in the making.
struct Deed {
    case: Case,
    events: Vec<Event>,
    messages: Vec<(Speaker, Body)>,
    waited: Option<Millis>,
    deleted: bool,
    now: Millis,
}

impl Deed {
    fn new(case: Case, now: Millis) -> Self {
        Self {
            case,
            events: Vec::new(),
            messages: Vec::new(),
            waited: None,
            deleted: false,
            now,
        }
    }

    fn done(self) -> Decision {
        Decision {
            case: self.case,
            events: self.events,
            messages: self.messages,
            waited: self.waited,
            deleted: self.deleted,
        }
    }

    /// Refuses what has ended. Expiry stops joining, but never a session that runs.
    fn open(&self) -> Result<(), Refusal> {
        match self.case.status(self.now) {
            Status::Closed => Err(Refusal::Closed),
            Status::Expired => Err(Refusal::Expired),
            Status::New | Status::Pending | Status::InProgress => Ok(()),
        }
    }

    fn join(&mut self, name: &str, claim: [u8; 32], source: &Source) -> Result<(), Refusal> {
        let name = text::name(name)?;
        if self.case.claim.is_some_and(|claimed| claimed != claim) {
            return Err(Refusal::Claimed);
        }
        self.open()?;
        // What a supporter has written down is not replaced by a login's name.
        if self.case.customer.is_empty() {
            self.case.customer = name;
        }
        self.case.claim = Some(claim);
        self.case.source = clean(source);
        if self.case.customer_joined_at.is_none() {
            self.case.customer_joined_at = Some(self.now);
            self.case.waiting_since = Some(self.now);
            self.events.push(Event::CustomerJoined);
        }
        Ok(())
    }

    /// A customer ends what he has made; what a supporter has made stays, and says so.
    fn withdraw(&mut self) -> Result<(), Refusal> {
        if self.case.closed_at.is_some() {
            return Err(Refusal::Closed);
        }
        self.end(|_| true);
        self.case.waiting_since = None;
        self.events.push(Event::Withdrawn);
        if matches!(self.case.origin, Origin::CustomerApp | Origin::SosButton) {
            self.close(Outcome::Unknown);
        }
        Ok(())
    }

    fn ask(&mut self, snapshot: &Snapshot) -> Result<(), Refusal> {
        let me = self.seen_by_me(snapshot)?;
        self.open()?;
        if self
            .case
            .running()
            .any(|session| session.supporter == me.name)
        {
            return Err(Refusal::Busy);
        }
        let mine = self.case.assignee.as_deref() == Some(me.name.as_str());
        let invited = self.case.invited.contains(&me.name);
        if self.case.in_session() && !(mine || invited) {
            return Err(Refusal::Busy);
        }
        if self.case.is_full() {
            return Err(Refusal::Full);
        }
        if !invited {
            self.take(me)?;
        }
        self.supporter_joined();
        if self.case.chatting.contains(&me.name) {
            self.say(Speaker::Supporter(me.name.clone()), Body::SharingAsked)?;
        }
        Ok(())
    }

    fn start(&mut self, id: SessionId, supporter: &str) -> Result<(), Refusal> {
        self.open()?;
        match self.case.sessions.iter().find(|session| session.id == id) {
            Some(session) if session.ended_at.is_none() => return Ok(()),
            Some(_) => return Err(Refusal::NotAllowed),
            None if self.case.is_full() || self.case.sessions.len() >= MAX_SESSIONS => {
                return Err(Refusal::Busy);
            }
            None => {}
        }
        self.case.sessions.push(Session {
            id,
            supporter: supporter.to_owned(),
            started_at: self.now,
            ended_at: None,
        });
        self.attended();
        self.events.push(Event::SessionStarted {
            supporter: supporter.to_owned(),
        });
        Ok(())
    }

    /// Ending what has ended is no fault: both sides may report it.
    fn end(&mut self, which: impl Fn(&Session) -> bool) {
        let running = |session: &&mut Session| session.ended_at.is_none() && which(session);
        for session in self.case.sessions.iter_mut().filter(running) {
            session.ended_at = Some(self.now);
            self.events.push(Event::SessionEnded {
                supporter: session.supporter.clone(),
            });
        }
    }

    /// The customer's machine knows what runs on it; the server may have been away or deaf.
    fn reconcile(&mut self, running: &[SessionId]) {
        self.end(|session| !running.contains(&session.id));
        if self.case.closed_at.is_some() {
            return;
        }
        for id in running {
            if self.case.is_full() {
                break;
            }
            let ended = |session: &&mut Session| session.id == *id && session.ended_at.is_some();
            if let Some(session) = self.case.sessions.iter_mut().find(ended) {
                session.ended_at = None;
                self.events.push(Event::SessionResumed {
                    supporter: session.supporter.clone(),
                });
            }
        }
    }

    fn lapse(&mut self) {
        let due = self
            .case
            .offered_until
            .is_some_and(|until| until <= self.now);
        if !due || self.case.status(self.now) == Status::InProgress {
            return;
        }
        self.case.offered_until = None;
        if let Some(from) = self.case.assignee.take() {
            self.case.passed.push(from.clone());
            self.events.push(Event::OfferLapsed { from });
        }
    }

    /// The supporter becomes responsible, unless another one is.
    fn take(&mut self, me: &Supporter) -> Result<(), Refusal> {
        match &self.case.assignee {
            Some(other) if *other != me.name => Err(Refusal::Taken { by: other.clone() }),
            Some(_) => {
                self.case.offered_until = None;
                Ok(())
            }
            None => {
                self.assign(me.name.clone());
                let to = me.name.clone();
                self.events.push(Event::Assigned { to });
                Ok(())
            }
        }
    }

    fn assign(&mut self, to: String) {
        if self.case.creator.is_none() {
            // The first assignee counts as the creator of a case that a customer made.
            self.case.creator = Some(to.clone());
        }
        self.case.assignee = Some(to);
        self.case.released = false;
        self.case.offered_until = None;
        self.case.passed.clear();
    }

    /// Nobody is responsible any more; the customer, if there is one, waits again.
    fn back_to_queue(&mut self) {
        self.case.assignee = None;
        self.case.released = true;
        self.case.offered_until = None;
        self.case.passed.clear();
        if self.case.customer_joined_at.is_some() && !self.case.in_session() {
            self.case.waiting_since.get_or_insert(self.now);
        }
    }

    fn supporter_joined(&mut self) {
        if self.case.supporter_joined_at.is_none() {
            self.case.supporter_joined_at = Some(self.now);
            self.events.push(Event::SupporterJoined);
        }
    }

    /// Somebody is with the customer now.
    fn attended(&mut self) {
        self.case.offered_until = None;
        if let Some(since) = self.case.waiting_since.take() {
            self.waited = Some(self.now.saturating_sub(since));
        }
    }

    fn say(&mut self, from: Speaker, body: Body) -> Result<(), Refusal> {
        if self.case.messages >= MAX_CASE_MESSAGES {
            return Err(Refusal::TooMany);
        }
        self.case.messages += 1;
        self.messages.push((from, body));
        Ok(())
    }

    fn close(&mut self, outcome: Outcome) {
        self.end(|_| true);
        self.case.closed_at = Some(self.now);
        self.case.outcome = outcome;
        self.case.waiting_since = None;
        self.case.offered_until = None;
        self.case.chatting.clear();
        self.events.push(Event::Closed { outcome });
    }

    fn seen_by_me<'a>(&self, snapshot: &'a Snapshot) -> Result<&'a Supporter, Refusal> {
        let me = snapshot.me.as_ref().ok_or(Refusal::UnknownSupporter)?;
        me.check_sees(&self.case, snapshot.channel.as_ref())?;
        Ok(me)
    }
}

/// A machine says of itself what it likes; only its length and looks are bounded.
fn clean(source: &Source) -> Source {
    let line = |text: &str| {
        let short: String = text.chars().take(100).collect();
        text::line("source", &short, 100).unwrap_or_default()
    };
    Source {
        address: line(&source.address),
        device: line(&source.device),
        system: line(&source.system),
        app: line(&source.app),
    }
}

/// The names of the fields that differ.
fn changed_fields(before: &Facts, after: &Facts) -> Vec<String> {
    let pairs = [
        ("email", before.email == after.email),
        ("company", before.company == after.company),
        ("description", before.description == after.description),
        ("category", before.category == after.category),
        ("type", before.kind == after.kind),
        ("via", before.via == after.via),
        ("priority", before.priority == after.priority),
        ("ticket", before.ticket == after.ticket),
        ("tags", before.tags == after.tags),
        ("notes", before.notes == after.notes),
    ];
    let differs = |(name, same): (&str, bool)| (!same).then(|| name.to_owned());
    pairs.into_iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests;
