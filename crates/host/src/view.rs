//! What the customer's window paints.

use aldis_link::SignalError;
use aldis_session::chat::Chat;
use aldis_session::host::About;
use aldis_trust::Known;
use aldis_wire::Millis;
use aldis_wire::peer::{EndReason, Grant, NoHands};
use aldis_wire::signal::{Distrust, OwnCase, Supporter};

/// Everything the customer's window shows, as of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Where the person is.
    pub stage: Stage,
    /// The case, once joined.
    pub case: Option<OwnCase>,
    /// Its chat, once joined.
    pub chat: Option<Chat>,
    /// The server can be reached; meaningful once a case is joined.
    pub online: bool,
    /// Something the person should know, until the next stage.
    pub notice: Option<Notice>,
    /// The organisations that this machine has met, for the next start.
    pub met: Vec<Known>,
}

/// Where the person is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stage {
    /// Fills in the form; perhaps because joining failed.
    #[default]
    Start,
    /// Joining is under way.
    Joining,
    /// Waits for a supporter.
    Waiting,
    /// Is asked for consent.
    Asked {
        /// Who asks, by his certificate.
        supporter: Supporter,
        /// The organisation that he works for, by his certificate.
        organisation: String,
        /// That is not known to be true yet: he will be asked for digits.
        is_new: bool,
        /// For what.
        about: About,
        /// The names of those who record meanwhile.
        recording: Vec<String>,
        /// No more than seeing is asked for.
        view_only: bool,
        /// Milliseconds by the clock of [`crate::Host::now`] when it declines by itself.
        until: Millis,
        /// The supporters who are connected already, and whom this one would join.
        others: Vec<String>,
    },
    /// Has said yes; the supporter connects.
    Connecting {
        /// Who.
        supporter: Supporter,
    },
    /// Supporters are connected.
    Live {
        /// Who, the one who leads first; never empty.
        people: Vec<Person>,
        /// When the first one came, in milliseconds since 1970.
        since_unix: Millis,
    },
    /// A session is over; the case goes on unless it is closed.
    Over {
        /// Who was connected at the end.
        supporters: Vec<Supporter>,
        /// For how long somebody was, in milliseconds.
        lasted: Millis,
        /// Why it ended.
        reason: EndReason,
    },
    /// The case was closed by the supporter, with no session before.
    Closed,
}

/// A supporter who is connected.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Who.
    pub supporter: Supporter,
    /// Names his seat, for [`crate::Command::EndOne`].
    pub seat: u32,
    /// The most that he may do.
    pub grant: Grant,
    /// Mouse and keyboard are his now.
    pub controls: bool,
    /// His connection is lost for now; he may come back to it.
    pub away: bool,
    /// He records what he sees.
    pub records: bool,
}

/// Something the person should know.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Joining failed.
    Join(SignalError),
    /// A supporter asked who is not believed; nobody was let in.
    Distrusted(Distrust),
    /// The list of revoked supporters has not been renewed for so many days.
    StaleList(u64),
    /// A supporter asked and got no answer in time.
    AnswerMissed,
    /// The supporter took his question back.
    AskCancelled,
    /// One of several supporters, of this name, is no longer connected.
    Left(String),
    /// The supporter was allowed but did not connect.
    NeverConnected,
    /// The screen cannot be shared; the system's sentence.
    NoScreen(String),
    /// Mouse and keyboard cannot be moved.
    NoHands(NoHands),
    /// The supporter's app sent input that was not allowed; it was ignored.
    InputIgnored,
}
