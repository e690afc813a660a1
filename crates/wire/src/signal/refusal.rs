//! Why the server did not do what was asked.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::channel::Availability;

/// Why the server did not do what was asked, and what would be allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Another version of this conversation.
    #[error("the server speaks another version; install the same version on both sides")]
    Version,
    /// The name or the password is wrong; it is not said which.
    #[error("the name or the password is wrong")]
    Credentials,
    /// The token is unknown or too old.
    #[error("you are signed out; sign in again")]
    SignedOut,
    /// No case has this code.
    #[error("no case has this code; check it with your supporter")]
    UnknownCode,
    /// The case is closed.
    #[error("this case is closed; a new one is needed")]
    Closed,
    /// The case has expired.
    #[error("this code has expired; a new one is needed")]
    Expired,
    /// Another machine has joined the case.
    #[error("this code is in use on another computer; ask for a new one")]
    Claimed,
    /// The customer's app is not connected.
    #[error("the customer is not online; wait until the customer's app is open")]
    CustomerAbsent,
    /// A session runs or is being asked for already.
    #[error("the customer is already in a session or being asked for one")]
    Busy,
    /// The question is not allowed to this side or in this state.
    #[error("this is not allowed")]
    NotAllowed,
    /// No account has this name.
    #[error("no supporter has this name")]
    UnknownSupporter,
    /// Another supporter has the case.
    #[error("{by} has this case; ask {by} to release it, or a manager to assign it to you")]
    Taken {
        /// Who has it.
        by: String,
    },
    /// Only these people may do this with the case.
    #[error("only {who} may do this; assign the case to yourself first")]
    NotYours {
        /// Who may.
        who: String,
    },
    /// Only a manager of the channel may do this.
    #[error("only a manager of the channel {channel:?} or an admin may do this")]
    NotManager {
        /// The channel's name.
        channel: String,
    },
    /// Only an account with this role may do this.
    #[error("only a manager or an admin may do this; ask one of them")]
    Role,
    /// The account lacks the right to release.
    #[error("you may not release or hand over cases; ask an admin for the release right")]
    NoReleaseRight,
    /// The supporter does not work in that channel or for that company.
    #[error("{who} has no access to this case; choose a member of its channel")]
    NoAccess {
        /// Who.
        who: String,
    },
    /// The supporter takes no requests now.
    #[error("{who} takes no cases now ({availability:?}); choose somebody who is available")]
    NotAvailable {
        /// Who.
        who: String,
        /// Why.
        availability: Availability,
    },
    /// The case is private.
    #[error("a private case cannot be shared; transfer it to a channel first")]
    Private,
    /// Nobody has the case.
    #[error("nobody has this case; it is in the queue already")]
    Unassigned,
    /// Three supporters are the most.
    #[error("three supporters are the most in one session; one of them must leave first")]
    Full,
    /// Only what has ended can be deleted.
    #[error("only a case that has ended can be deleted; close it first")]
    StillOpen,
    /// The ticket has an active case.
    #[error("this ticket has an active case, {code}; close that one first")]
    TicketBusy {
        /// Its code.
        code: crate::Code,
    },
    /// There is no such channel, or not for this supporter.
    #[error("there is no such channel; `aldis channels list` shows yours")]
    UnknownChannel,
    /// Another channel has this name.
    #[error("another channel has this name; choose another one")]
    ChannelTaken,
    /// The default channel cannot be removed.
    #[error("the default channel cannot be removed")]
    DefaultChannel,
    /// The channel has open cases.
    #[error("the channel has {cases} open cases; close them or transfer them first")]
    ChannelInUse {
        /// How many.
        cases: u32,
    },
    /// There are as many channels or other things as there may be.
    #[error("there are as many as the server keeps; remove some first")]
    TooMany,
    /// An expiry or another time is out of its bounds.
    #[error("an expiry is 30 minutes to 30 days, and an offer waits 10 seconds to 1 hour")]
    BadTime,
    /// A name is empty, too long or has characters that cannot be seen.
    #[error("a name must have 1 to 80 characters, and none that cannot be seen")]
    BadText,
    /// A field is too long.
    #[error("{field} is too long; it may have {most} characters")]
    TooLong {
        /// Which.
        field: String,
        /// The most characters.
        most: u32,
    },
    /// A message is empty.
    #[error("an empty message is not sent")]
    Empty,
    /// The invitation is unknown or was used.
    #[error("this invitation is unknown or was used already; ask your admin for a new one")]
    Invitation,
    /// There is an organisation already.
    #[error("this server has an organisation already; ask one of its admins for an invitation")]
    Founded,
    /// There is no organisation yet.
    #[error("this server has no organisation yet; an admin must make one first")]
    NoOrganisation,
    /// What was signed does not hold.
    #[error("the server does not take this signature: {0}")]
    Signature(super::trust::Distrust),
    /// The account's name is taken.
    #[error("another account has this name; choose another one")]
    NameTaken,
    /// The password is too short or too long.
    #[error("a password must have 8 to 1024 characters")]
    Password,
    /// The server could not keep it.
    #[error("the server could not save this; try again")]
    Storage,
    /// The server's disk is full.
    #[error("the server's disk is full, so this was not saved; tell whoever runs the server")]
    DiskFull,
}
