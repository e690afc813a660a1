//! What happened to a case: who did what, and when.

use serde::{Deserialize, Serialize};

use super::case::{Origin, Outcome};
use super::channel::Place;
use crate::{Code, Millis};

/// The most entries that one answer holds.
pub const MAX_HISTORY: usize = 500;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number on the server, from 1 without gaps.
    pub number: u64,
    /// Which case.
    pub code: Code,
    /// When.
    pub at: Millis,
    /// Who did it.
    pub by: Doer,
    /// What happened.
    pub event: Event,
}

/// Who does something to a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Doer {
    /// A supporter, by the name of his account.
    Supporter(String),
    /// The customer.
    Customer,
    /// The server, by its own rules.
    Server,
}

/// What happened to a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It came to be.
    Created {
        /// How.
        origin: Origin,
        /// Where.
        place: Place,
    },
    /// The customer's app joined for the first time.
    CustomerJoined,
    /// A supporter asked for a remote session or joined the chat for the first time.
    SupporterJoined,
    /// Somebody became responsible.
    Assigned {
        /// Who.
        to: String,
    },
    /// It was offered to somebody by the channel's rule.
    Offered {
        /// To whom.
        to: String,
    },
    /// The one it was offered to did not take it in time.
    OfferLapsed {
        /// Who.
        from: String,
    },
    /// The one it was assigned to gave that up.
    Unassigned {
        /// Who.
        from: String,
    },
    /// It went back to the queue.
    Released {
        /// Who was responsible.
        from: Option<String>,
    },
    /// It went to another channel.
    Moved {
        /// Where from.
        from: Place,
        /// Where to.
        to: Place,
    },
    /// It was handed to another supporter.
    Transferred {
        /// By whom.
        from: Option<String>,
        /// To whom.
        to: String,
    },
    /// Another supporter may join.
    Invited {
        /// Who.
        who: String,
    },
    /// Fields were changed.
    Edited {
        /// Their names.
        fields: Vec<String>,
    },
    /// The customer wrote what is wrong.
    Described,
    /// A supporter joined the chat.
    ChatJoined,
    /// A supporter left the chat.
    ChatLeft,
    /// A remote session began.
    SessionStarted {
        /// With whom.
        supporter: String,
    },
    /// A remote session ended.
    SessionEnded {
        /// With whom.
        supporter: String,
    },
    /// A remote session that was taken for ended goes on.
    SessionResumed {
        /// With whom.
        supporter: String,
    },
    /// The customer no longer wants help.
    Withdrawn,
    /// It was closed for good.
    Closed {
        /// How it ended.
        outcome: Outcome,
    },
    /// It was deleted, and with it everything but its history.
    Deleted,
}
