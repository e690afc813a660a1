//! What the supporter's window paints.

use std::path::PathBuf;
use std::sync::Arc;

use aldis_link::{Mapping, SignalError};
use aldis_record::Full;
use aldis_trust::ServerName;
use aldis_wire::peer::{EndReason, Grant, Monitor, NoHands, NoPicture, Recording, Seat};
use aldis_wire::signal::{Distrust, Refusal, Supporter, Token};
use aldis_wire::{Code, Millis};

use crate::meter::Link;
use crate::picture::Picture;
use crate::service::Service;
use crate::standing::Standing;

/// Everything the supporter's window shows, as of one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Signed in or not.
    pub desk: Desk,
    /// The service desk.
    pub service: Service,
    /// How this app stands in its organisation.
    pub standing: Standing,
    /// This machine's clock plus this is the server's, in milliseconds.
    pub server_ahead: i64,
    /// The last thing the server refused, and how many it has refused.
    pub refused: Option<(u64, Refusal)>,
    /// What came of asking the router for a port.
    pub router: Mapping,
    /// The session, if there is one.
    pub session: Option<Session>,
}

/// Whether the supporter is signed in.
#[derive(Clone, Debug, Default)]
pub enum Desk {
    /// No; perhaps because of this.
    #[default]
    SignedOut,
    /// Was refused, or the server was not found.
    Refused(SignalError),
    /// Is being signed in.
    SigningIn,
    /// Yes.
    SignedIn {
        /// As whom.
        supporter: Supporter,
        /// Where.
        server: ServerName,
        /// For the next start.
        token: Token,
        /// The server can be reached now.
        online: bool,
    },
}

/// One session with a customer's machine.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its case.
    pub code: Code,
    /// No more than seeing was asked for.
    pub view_only: bool,
    /// Where it stands.
    pub stage: SessionStage,
    /// Everybody in the session, the lead first; this supporter is among them.
    pub seats: Vec<Seat>,
    /// The supporter about whom the customer is being asked; nobody controls meanwhile.
    pub joining: Option<String>,
    /// The customer's monitors.
    pub monitors: Vec<Monitor>,
    /// Which of them is seen; all of them if it is [`ALL_MONITORS`](aldis_wire::peer::ALL_MONITORS).
    pub shared: u32,
    /// Whether all of them can be seen in one picture.
    pub all_monitors: bool,
    /// The customer's screen, as far as it has come.
    pub picture: Arc<Picture>,
    /// Whether it is recorded.
    pub recording: Recorded,
    /// The connection, while there is one.
    pub link: Option<Link>,
    /// Why the customer's mouse and keyboard cannot be moved; their machine's sentence.
    pub no_hands: Option<NoHands>,
    /// Why no new picture comes now.
    pub no_picture: Option<NoPicture>,
    /// How often input was ignored for lack of a grant.
    pub ignored: u64,
}

/// A session's recording.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// What the customer's machine says.
    pub told: Recording,
    /// Since when pictures are being kept, by the server's clock.
    pub since: Option<Millis>,
    /// The file that was finished last.
    pub saved: Option<PathBuf>,
    /// Why nothing is recorded, or no longer.
    pub problem: Option<RecordProblem>,
}

/// Why nothing is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordProblem {
    /// There is no room.
    Full(Full),
    /// The system's words.
    System(String),
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionStage {
    /// The customer is being asked.
    Asking,
    /// The customer has said yes.
    Connecting,
    /// The supporter reads these digits out, and the customer types them.
    Digits(String),
    /// The connection was lost; it is being made again.
    Returning,
    /// The two sides are connected.
    Live {
        /// What the supporter may do.
        grant: Grant,
        /// Since when, by the server's clock.
        since: Millis,
    },
    /// It is over.
    Over(Over),
}

/// Why a session is over.
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// The customer said no, or nothing.
    Declined {
        /// Nothing.
        timed_out: bool,
    },
    /// The customer's machine does not believe that this is the supporter.
    Distrusted(Distrust),
    /// The server did not ask.
    Refused(Refusal),
    /// The customer's machine could not be reached.
    Unreachable(aldis_link::DialError),
    /// It was ended.
    Ended(EndReason),
}
