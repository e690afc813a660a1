//! A service case as it travels.

use serde::{Deserialize, Serialize};

use super::channel::{ChannelId, Place};
use crate::{Code, Millis};

/// The most characters of a person's, a company's or a channel's field of one line.
pub const MAX_LINE: usize = 200;

/// The most characters of a description or of notes.
pub const MAX_TEXT: usize = 4000;

/// The most tags of a case or of a supporter's skills.
pub const MAX_TAGS: usize = 20;

/// The most characters of one tag.
pub const MAX_TAG: usize = 40;

/// The most supporters in one case's remote session at once: the first and two more.
pub const MAX_SUPPORTERS: usize = 3;

/// A case as it is now, as supporters see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its code.
    pub code: Code,
    /// The customer's name, or empty.
    pub customer: String,
    /// Derived from the facts below.
    pub status: Status,
    /// Released and open: it waits for any supporter. Derived.
    pub queued: bool,
    /// Where it belongs.
    pub place: Place,
    /// How it came to be.
    pub origin: Origin,
    /// When it was made.
    pub created_at: Millis,
    /// The supporter who made it; empty if the customer did.
    pub created_by: String,
    /// The supporter who is responsible for it.
    pub assignee: Option<String>,
    /// It was offered to the assignee by itself, and goes back to the queue at this moment unless
    /// he takes it.
    pub offered_until: Option<Millis>,
    /// Whoever else may join its remote session.
    pub invited: Vec<String>,
    /// When it stops joining.
    pub expires_at: Millis,
    /// When it was closed.
    pub closed_at: Option<Millis>,
    /// How it ended.
    pub outcome: Outcome,
    /// The customer's app is connected to the server.
    pub customer_online: bool,
    /// Since when the customer waits for somebody; `None` while nobody waits.
    pub waiting_since: Option<Millis>,
    /// The supporter in a remote session now, the first of them.
    pub supporter: Option<String>,
    /// Everybody in a remote session now.
    pub supporters: Vec<String>,
    /// The supporters in the chat.
    pub chatting: Vec<String>,
    /// How many messages the chat has.
    pub messages: u32,
    /// Start of the first remote session.
    pub started_at: Option<Millis>,
    /// End of the last remote session; `None` while one runs.
    pub ended_at: Option<Millis>,
    /// How long a remote session ran in all, those that have ended, in milliseconds.
    pub duration: Millis,
    /// What people wrote about it.
    pub facts: Facts,
    /// What the customer's machine is.
    pub source: Source,
}

/// What people write about a case; each may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The customer's address for mail.
    pub email: String,
    /// The customer's company.
    pub company: String,
    /// What is wrong, in the customer's words.
    pub description: String,
    /// For reports: a category, as in the ticket system.
    pub category: String,
    /// For reports: the type of request, as in the ticket system.
    pub kind: String,
    /// For reports: how the request arrived (phone, mail…).
    pub via: String,
    /// How urgent it is.
    pub priority: Priority,
    /// The ticket that it belongs to; one active case a ticket.
    pub ticket: String,
    /// For searching, and for assignment by skill.
    pub tags: Vec<String>,
    /// The supporters' own notes; the customer never sees them.
    pub notes: String,
}

/// What the customer's machine is, by its own word, and where it speaks from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The address that the server sees.
    pub address: String,
    /// The kind of device and its name.
    pub device: String,
    /// The operating system and its version.
    pub system: String,
    /// The app and its version.
    pub app: String,
}

/// How urgent a case is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Priority {
    /// Can wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Before everything.
    Urgent,
}

/// How a case came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// A supporter made it.
    Manual,
    /// The customer opened the customer app.
    CustomerApp,
    /// The customer pressed the SOS button.
    SosButton,
    /// A script or a ticket system made it.
    Api,
}

/// How a case ended, as the supporter who closed it says.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Outcome {
    /// Not said.
    #[default]
    Unknown,
    /// The customer was helped.
    Resolved,
    /// He was not.
    Unresolved,
}

/// The status of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Nobody has connected yet.
    New,
    /// One side is or was connected.
    Pending,
    /// Customer and supporter are connected in a remote session.
    InProgress,
    /// Ended by a supporter; final.
    Closed,
    /// Not closed in time.
    Expired,
}

impl Status {
    /// Neither closed nor expired.
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Pending | Self::InProgress)
    }
}

/// A case as its customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCase {
    /// Its code.
    pub code: Code,
    /// Where it stands.
    pub status: Status,
    /// The supporter who is responsible for it.
    pub assignee: Option<String>,
    /// The supporters in the chat.
    pub chatting: Vec<String>,
    /// What is wrong, in the customer's words.
    pub description: String,
    /// When it stops joining.
    pub expires_at: Millis,
    /// How many messages the chat has.
    pub messages: u32,
    /// The place in the queue; `None` while nobody is waited for.
    pub place: Option<QueuePlace>,
}

/// A customer's place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePlace {
    /// How many are served before.
    pub ahead: u32,
    /// How long those of the last hour waited, the median in milliseconds; `None` if there were
    /// too few to say.
    pub usual_wait: Option<Millis>,
}

/// What a new case is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Where it belongs; `None` is the default channel.
    pub place: Option<NewPlace>,
    /// The customer's name, or empty.
    pub customer: String,
    /// What is known about it.
    pub facts: Facts,
    /// Leave it to the queue, not assigned to its maker.
    pub to_queue: bool,
    /// Made by a script, not by a hand.
    pub by_script: bool,
}

/// Where a new case shall belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NewPlace {
    /// A channel.
    Channel(ChannelId),
    /// Nowhere but with its maker.
    Private,
}
