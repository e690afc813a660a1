//! What the desk needs of whoever keeps its records, and how a command is carried out on them.

use aldis_wire::signal::{
    Action, Availability, Channel, ChannelId, ChatMessage, DEFAULT_CHANNEL, Doer, Entry, NewPlace,
    Place, Refusal,
};
use aldis_wire::{Code, Millis};

use crate::case::Case;
use crate::decide::{Command, Decision, Snapshot, decide};
use crate::people::Supporter;

/// One transaction on the records: everything done in it happens, or nothing.
///
/// Reads see what was written before in the same transaction, and no other transaction changes
/// what was read until this one has ended.
pub trait Records {
    /// The records could not be read or written.
    type Failure;

    /// The case with this code.
    fn case(&self, code: Code) -> Result<Option<Case>, Self::Failure>;
    /// The open case that bears this ticket.
    fn open_case_of(&self, ticket: &str, now: Millis) -> Result<Option<Code>, Self::Failure>;
    /// The channel.
    fn channel(&self, id: ChannelId) -> Result<Option<Channel>, Self::Failure>;
    /// The supporter; his availability is not kept and comes back as [`Availability::Offline`].
    fn supporter(&self, name: &str) -> Result<Option<Supporter>, Self::Failure>;
    /// Keeps a case as it is now.
    fn keep(&self, case: &Case) -> Result<(), Self::Failure>;
    /// Keeps what was said in a case's chat.
    fn keep_message(&self, code: Code, message: &ChatMessage) -> Result<(), Self::Failure>;
    /// Forgets a case and its chat; the history stays.
    fn forget(&self, code: Code) -> Result<(), Self::Failure>;
    /// Adds to the history's chain; gives the entry its number.
    fn record(&self, entry: Entry) -> Result<Entry, Self::Failure>;
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The case from now on.
    pub case: Case,
    /// What was said.
    pub messages: Vec<ChatMessage>,
    /// How long the customer had waited, if that ended.
    pub waited: Option<Millis>,
    /// The case is gone.
    pub deleted: bool,
    /// Anything changed at all.
    pub changed: bool,
}

/// Carries out a command on a case: reads what it rests on, decides, and keeps what follows.
///
/// `available` tells whether a supporter takes requests now. The outer error is the records'.
pub fn carry_out<R: Records>(
    records: &R,
    available: &dyn Fn(&str) -> Availability,
    code: Code,
    command: &Command,
    by: &Doer,
    now: Millis,
) -> Result<Result<Done, Refusal>, R::Failure> {
    let snapshot = look(records, available, code, command, by, now)?;
    let earlier = snapshot.case.as_ref().map_or(0, |case| case.messages);
    let decision = match decide(&snapshot, code, command, by, now) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Decision {
        case,
        events,
        messages,
        waited,
        deleted,
    } = decision;
    let changed = snapshot.case.as_ref() != Some(&case) || deleted;
    if deleted {
        records.forget(code)?;
    } else if changed {
        records.keep(&case)?;
    }
    let mut kept = Vec::new();
    for (number, (from, body)) in (earlier + 1..).zip(messages) {
        let message = ChatMessage {
            number,
            at: now,
            from,
            body,
        };
        records.keep_message(code, &message)?;
        kept.push(message);
    }
    for event in events {
        records.record(Entry {
            number: 0,
            code,
            at: now,
            by: by.clone(),
            event,
        })?;
    }
    Ok(Ok(Done {
        case,
        messages: kept,
        waited,
        deleted,
        changed,
    }))
}

fn look<R: Records>(
    records: &R,
    available: &dyn Fn(&str) -> Availability,
    code: Code,
    command: &Command,
    by: &Doer,
    now: Millis,
) -> Result<Snapshot, R::Failure> {
    let supporter = |name: &str| {
        let found = records.supporter(name)?;
        Ok(found.map(|found| Supporter {
            availability: available(name),
            ..found
        }))
    };
    let case = records.case(code)?;
    let place = case.as_ref().map(|case| &case.place);
    let (mut to, mut to_channel, mut ticket) = (None, None, "");
    let mut channel = match place {
        Some(Place::Channel(id)) => Some(*id),
        Some(Place::Private(_)) | None => None,
    };
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only what names something else has to look at it"
    )]
    match command {
        Command::Create { draft, .. } => {
            ticket = &draft.facts.ticket;
            channel = match draft.place {
                Some(NewPlace::Channel(id)) => Some(id),
                Some(NewPlace::Private) => None,
                None => Some(DEFAULT_CHANNEL),
            };
        }
        Command::Act(Action::Assign(name) | Action::Transfer(name) | Action::Invite(name)) => {
            to = supporter(name)?;
        }
        Command::Act(Action::Move(id)) => to_channel = records.channel(*id)?,
        Command::Act(Action::Edit { facts, .. }) => ticket = &facts.ticket,
        _ => {}
    }
    let ticket = ticket.trim();
    Ok(Snapshot {
        channel: channel.map_or(Ok(None), |id| records.channel(id))?,
        to_channel,
        me: match by {
            // Whoever is not signed in with his window works with a script, and sees what he would.
            Doer::Supporter(name) => supporter(name)?.map(Supporter::at_work),
            Doer::Customer | Doer::Server => None,
        },
        to,
        ticket: if ticket.is_empty() {
            None
        } else {
            records.open_case_of(ticket, now)?
        },
        case,
    })
}
