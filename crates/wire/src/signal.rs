//! What an app and the rendezvous server say to each other.
//!
//! One two-way stream. The app asks ([`ToServer`], numbered), the server answers each question
//! once ([`FromServer::Answer`]) and tells what changed without being asked ([`FromServer::Push`]).

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::frame::Message;
use crate::peer::{EndReason, Grant};
use crate::{Code, KeyHash, Millis, SessionId};

/// The most characters of a person's name.
pub const MAX_NAME: usize = 80;

/// The most bytes of a supporter's picture (PNG or JPEG).
pub const MAX_PICTURE: usize = 64 * 1024;

/// The most addresses one side offers.
pub const MAX_CANDIDATES: usize = 8;

/// The most cases that one list holds, the newest ones.
pub const MAX_CASES: usize = 1000;

/// The most supporters who are invited to one case.
pub const MAX_INVITED: usize = 2;

/// A secret that lets the same machine come back to its case.
pub type RejoinSecret = [u8; 32];

/// A supporter's sign-in token.
pub type Token = [u8; 32];

/// A question to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToServer {
    /// Chosen by the app; the answer bears it.
    pub id: u32,
    /// The question.
    pub request: Request,
}

impl Message for ToServer {
    const MAX: usize = 16 * 1024;
}

/// What an app may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// The first question of every connection. Answered by [`Answer::Done`].
    Hello {
        /// [`crate::VERSION`] of the app.
        version: u16,
    },
    /// A supporter signs in. Answered by [`Answer::SignedIn`].
    SignIn {
        /// The account's name.
        name: String,
        /// The account's password.
        password: String,
    },
    /// A supporter comes back with a token. Answered by [`Answer::SignedIn`].
    Resume {
        /// From an earlier [`Answer::SignedIn`].
        token: Token,
    },
    /// Forgets the token. Answered by [`Answer::Done`].
    SignOut,
    /// From now on every change of a case is pushed. Answered by [`Answer::Cases`].
    WatchCases,
    /// Supporter: makes a case. Answered by [`Answer::Case`].
    NewCase {
        /// The customer's name, or empty.
        customer: String,
    },
    /// Supporter: looks up a case. Answered by [`Answer::Case`].
    ShowCase {
        /// Its code.
        code: Code,
    },
    /// Supporter: closes a case for good. Answered by [`Answer::Case`].
    CloseCase {
        /// Its code.
        code: Code,
    },
    /// Supporter: makes somebody the case's assignee. Answered by [`Answer::Case`].
    AssignCase {
        /// Its code.
        code: Code,
        /// The new assignee's account; `None` is the asking supporter himself.
        to: Option<String>,
    },
    /// Supporter: gives the case back to the queue. Answered by [`Answer::Case`].
    ReleaseCase {
        /// Its code.
        code: Code,
    },
    /// Supporter: lets a colleague ask for a session beside the one that runs; the customer still
    /// decides. Answered by [`Answer::Case`].
    Invite {
        /// The case.
        code: Code,
        /// The colleague's account.
        to: String,
    },
    /// Supporter: asks the customer for a session. Answered by [`Answer::Asked`];
    /// the customer's own answer comes as [`Push::ConnectAnswered`].
    Connect {
        /// The case.
        code: Code,
        /// The key that the supporter's side of the session will prove to hold.
        key: KeyHash,
        /// Ask for no more than seeing.
        view_only: bool,
    },
    /// Supporter: no longer wants the session that he asked for. Answered by [`Answer::Done`].
    CancelConnect {
        /// From [`Answer::Asked`].
        session: SessionId,
    },
    /// Customer: joins a case, the first time or again. Answered by [`Answer::Joined`].
    Join {
        /// The case; `None` makes a new one.
        code: Option<Code>,
        /// The customer's name.
        name: String,
        /// Claims the case at the first join; later joins must show the same.
        secret: RejoinSecret,
        /// The sessions that run now, one for each supporter, for a server that was away;
        /// at most [`MAX_SEATS`](crate::peer::MAX_SEATS).
        running: Vec<SessionId>,
    },
    /// Customer: what the person answered to [`Push::ConnectAsked`]. Answered by [`Answer::Done`].
    AnswerConnect {
        /// From [`Push::ConnectAsked`].
        session: SessionId,
        /// The answer.
        answer: Consent,
    },
    /// Customer: the session's two sides are connected. Answered by [`Answer::SessionStarted`].
    SessionUp {
        /// Which one.
        session: SessionId,
    },
    /// Customer: the session is over. Answered by [`Answer::Done`].
    SessionDown {
        /// Which one.
        session: SessionId,
        /// Why.
        reason: EndReason,
    },
    /// Customer: leaves; the case stays. Answered by [`Answer::Done`].
    Leave,
}

/// What the customer answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consent {
    /// Yes.
    Allowed {
        /// To what.
        grant: Grant,
        /// The key that the customer's side of the session will prove to hold.
        key: KeyHash,
        /// Where the supporter may reach it; at most [`MAX_CANDIDATES`].
        candidates: Vec<SocketAddr>,
    },
    /// No, or no answer in time.
    Declined {
        /// Nobody answered.
        timed_out: bool,
    },
}

/// From the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromServer {
    /// The answer to a question.
    Answer {
        /// [`ToServer::id`] of the question.
        id: u32,
        /// The answer, or why there is none.
        answer: Result<Answer, Refusal>,
    },
    /// Something happened.
    Push(Push),
}

impl Message for FromServer {
    const MAX: usize = 1 << 20;
}

/// The server's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done.
    Done,
    /// The supporter is signed in.
    SignedIn {
        /// For [`Request::Resume`].
        token: Token,
        /// Who he is.
        supporter: Supporter,
        /// The server's clock.
        now: Millis,
    },
    /// The cases, newest first; at most [`MAX_CASES`].
    Cases(Vec<Case>),
    /// One case as it is now.
    Case(Case),
    /// The customer is being asked.
    Asked {
        /// Names the session from now on.
        session: SessionId,
    },
    /// The customer is in.
    Joined {
        /// The case.
        case: Case,
        /// The server's clock.
        now: Millis,
    },
    /// The session began, by the server's clock.
    SessionStarted {
        /// When.
        at: Millis,
    },
}

/// What the server tells unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Push {
    /// A case is new or changed.
    Case(Case),
    /// Customer: a supporter asks for a session.
    ConnectAsked {
        /// Names the session.
        session: SessionId,
        /// Who asks.
        supporter: Supporter,
        /// The key that he will prove to hold.
        key: KeyHash,
        /// He asks for no more than seeing.
        view_only: bool,
    },
    /// Customer: the supporter no longer asks.
    ConnectCancelled {
        /// Which session.
        session: SessionId,
    },
    /// Supporter: the customer answered.
    ConnectAnswered {
        /// Which session.
        session: SessionId,
        /// The answer.
        answer: Consent,
    },
}

/// A supporter as customers and colleagues see him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supporter {
    /// The account's name.
    pub name: String,
    /// The picture (PNG or JPEG, at most [`MAX_PICTURE`] bytes), or empty.
    pub picture: Vec<u8>,
}

/// A case as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its code.
    pub code: Code,
    /// The customer's name, or empty.
    pub customer: String,
    /// Derived from the facts below.
    pub status: Status,
    /// When it was made.
    pub created_at: Millis,
    /// The supporter who made it; empty if the customer did.
    pub created_by: String,
    /// The supporter who is responsible for it.
    pub assignee: Option<String>,
    /// When it stops joining.
    pub expires_at: Millis,
    /// When it was closed.
    pub closed_at: Option<Millis>,
    /// The customer's app is connected to the server.
    pub customer_online: bool,
    /// The supporter in a remote session now; the first one where there are several.
    pub supporter: Option<String>,
    /// All supporters in a remote session now, the first one first; at most
    /// [`MAX_SEATS`](crate::peer::MAX_SEATS).
    pub supporters: Vec<String>,
    /// The supporters who may join them; at most [`MAX_INVITED`].
    pub invited: Vec<String>,
    /// Start of the first remote session.
    pub started_at: Option<Millis>,
    /// End of the last remote session; `None` while one runs.
    pub ended_at: Option<Millis>,
    /// The remote sessions' durations together, those that have ended, in milliseconds.
    pub duration: Millis,
}

/// The status of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// Why the server did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
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
    /// Another supporter is responsible for the case.
    #[error("another supporter is responsible for this case")]
    NotYours,
    /// As many supporters as may be are invited.
    #[error("two supporters are invited already")]
    AllInvited,
    /// A text is empty or too long.
    #[error("a name must have 1 to 80 characters")]
    BadText,
    /// The server could not keep it.
    #[error("the server could not save this; try again")]
    Storage,
}
