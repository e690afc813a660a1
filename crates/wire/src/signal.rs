//! What an app and the rendezvous server say to each other.
//!
//! One two-way stream. The app asks ([`ToServer`], numbered), the server answers each question
//! once ([`FromServer::Answer`]) and tells what changed without being asked ([`FromServer::Push`]).

use std::net::SocketAddr;

mod case;
mod channel;
mod chat;
mod history;
mod refusal;
mod trust;

use serde::{Deserialize, Serialize};

pub use case::{
    Case, Draft, Facts, MAX_LINE, MAX_SUPPORTERS, MAX_TAG, MAX_TAGS, MAX_TEXT, NewPlace, Origin,
    Outcome, OwnCase, Priority, QueuePlace, Source, Status,
};
pub use channel::{
    Assignment, Availability, Channel, ChannelId, ChannelSetup, Colleague, DEFAULT_CHANNEL,
    DEFAULT_EXPIRY, Desk, MAX_CHANNEL_NAME, MAX_CHANNELS, MAX_COLLEAGUES, MAX_EXPIRY, MAX_MEMBERS,
    MIN_EXPIRY, Member, OFFER_TIME, Place, Role,
};
pub use chat::{
    Body, Canned, MAX_CANNED, MAX_CASE_MESSAGES, MAX_MESSAGE, MAX_MESSAGES, Message as ChatMessage,
    Speaker,
};
pub use history::{Doer, Entry, Event, MAX_HISTORY};
pub use refusal::Refusal;
pub use trust::{
    Credential, Distrust, Enrolment, Issued, MAX_CERTIFICATES, MAX_ENROLMENTS, MAX_REVOKED,
    MAX_SIGNERS, MAX_STATEMENT, Office, Revoked, SigningKey, Trust,
};

use crate::frame::Message;
use crate::peer::{EndReason, Grant};
use crate::relay::Relay;
use crate::{Code, KeyHash, Millis, SessionId};

/// The most characters of a person's name.
pub const MAX_NAME: usize = 80;

/// The most bytes of a supporter's picture (PNG or JPEG).
pub const MAX_PICTURE: usize = 64 * 1024;

/// The most addresses one side offers.
pub const MAX_CANDIDATES: usize = 8;

/// The most cases that one message holds.
pub const MAX_CASES: usize = 100;

/// The most cases that one action is done to.
pub const MAX_SELECTED: usize = 100;

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
    const MAX: usize = 64 * 1024;
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
    /// From now on the desk and every case that the supporter sees are pushed. Answered by
    /// [`Answer::Done`]; the pushes begin with everything as it is.
    Watch {
        /// Whether he takes requests.
        availability: Availability,
    },
    /// Supporter: takes requests from now on, or does not. Answered by [`Answer::Done`].
    SetAvailability(Availability),
    /// Supporter: the desk without its cases. Answered by [`Answer::Desk`].
    ShowDesk,
    /// Supporter: makes a case. Answered by [`Answer::Case`].
    NewCase(Box<Draft>),
    /// Supporter: looks up a case. Answered by [`Answer::Case`].
    ShowCase {
        /// Its code.
        code: Code,
    },
    /// Supporter: looks for cases, also old ones. Answered by [`Answer::Cases`].
    FindCases(Search),
    /// Supporter: does something with cases. Answered by [`Answer::Acted`].
    Act {
        /// Which; at most [`MAX_SELECTED`].
        codes: Vec<Code>,
        /// What.
        action: Action,
    },
    /// Supporter: what happened to a case. Answered by [`Answer::History`].
    ShowHistory {
        /// Its code.
        code: Code,
    },
    /// Supporter, customer: the chat from a message on; what comes later is pushed.
    /// Answered by [`Answer::Messages`].
    ReadChat {
        /// The case; a customer's own is always meant.
        code: Code,
        /// The last message that is known; 0 for none.
        after: u32,
    },
    /// Supporter, customer: says something in the chat. Answered by [`Answer::Said`].
    Say {
        /// The case; a customer's own is always meant.
        code: Code,
        /// What; at most [`MAX_MESSAGE`] characters.
        text: String,
        /// Chosen by the app, and the same when it says the same again for want of an answer.
        once: u64,
    },
    /// Supporter, customer: is writing something. Answered by [`Answer::Done`].
    Typing {
        /// The case; a customer's own is always meant.
        code: Code,
    },
    /// Supporter: has read the chat up to a message. Answered by [`Answer::Done`].
    MarkRead {
        /// The case.
        code: Code,
        /// The message's number.
        number: u32,
    },
    /// Supporter: the canned replies. Answered by [`Answer::Canned`].
    ShowCanned,
    /// Supporter: keeps a canned reply; an empty text removes it. Answered by [`Answer::Canned`].
    KeepCanned(Canned),
    /// Supporter: makes a channel. Answered by [`Answer::Channel`].
    NewChannel(Box<ChannelSetup>),
    /// Supporter: sets a channel up anew. Answered by [`Answer::Channel`].
    SetChannel(Box<Channel>),
    /// Supporter: removes a channel. Answered by [`Answer::Done`].
    RemoveChannel(ChannelId),
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
    /// Uses an invitation for the first time, and signs in. Answered by [`Answer::SignedIn`].
    UseInvitation {
        /// From the invitation; says nothing about what else is in it.
        ticket: [u8; 32],
        /// The account's name; counts only where the invitation names none.
        name: String,
        /// The account's password from now on.
        password: String,
    },
    /// Supporter: this app's key, which would like to have a certificate. Answered by
    /// [`Answer::Trust`]; changes are pushed from then on.
    Enrol {
        /// The key that this app proves to hold in sessions.
        key: KeyHash,
        /// Shows an admin's app that the key is the invited supporter's.
        proof: Option<[u8; 32]>,
    },
    /// Admin: an organisation where there is none yet. Answered by [`Answer::Done`].
    Found {
        /// Its root's public key.
        root: SigningKey,
        /// This admin's signer, signed by the root.
        signer: Vec<u8>,
        /// The first revocation list.
        revoked: Revoked,
    },
    /// Admin: one more signer, or one anew, signed by the root. Answered by [`Answer::Done`].
    AddSigner(Vec<u8>),
    /// Admin: a supporter's certificate. Answered by [`Answer::Done`].
    Certify {
        /// The signer, signed by the root.
        signer: Vec<u8>,
        /// The certificate, signed by that signer.
        certificate: Vec<u8>,
    },
    /// Admin: this app gets no certificate. Answered by [`Answer::Done`].
    RefuseEnrolment(KeyHash),
    /// Admin: a newer revocation list. Answered by [`Answer::Done`].
    Revoke(Revoked),
    /// Admin: makes an account that is used for the first time with an invitation. Answered by
    /// [`Answer::Done`].
    Invite {
        /// The account's name.
        name: String,
        /// What it may do.
        role: Role,
        /// The SHA-256 of the invitation's ticket.
        ticket: [u8; 32],
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
        /// The sessions that run now, for a server that was away; at most [`MAX_SUPPORTERS`].
        running: Vec<SessionId>,
        /// What the machine is; [`Source::address`] is ignored.
        source: Source,
        /// The person pressed the SOS button.
        sos: bool,
    },
    /// Customer: what is wrong. Answered by [`Answer::Done`].
    Describe {
        /// In his own words; at most [`MAX_TEXT`] characters.
        text: String,
    },
    /// Customer: no longer wants help. Answered by [`Answer::Done`].
    Withdraw,
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
    /// Where this app is seen from outside. Answered by [`Answer::Seen`].
    WhereAmI {
        /// What the app has sent to the relay's port from the same socket, to be seen from there
        /// too ([`crate::relay::Packet::Probe`]).
        probe: Option<[u8; 32]>,
    },
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
    },
    /// No, or no answer in time.
    Declined {
        /// Nobody answered.
        timed_out: bool,
    },
    /// The customer's machine does not believe that the supporter is who he says; the person was
    /// not even asked.
    Distrusted(Distrust),
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
    /// The cases that were looked for.
    Cases {
        /// Newest first; at most [`MAX_CASES`], and perhaps none although there are more.
        found: Vec<Case>,
        /// For [`Search::after`]: where the search goes on, unless it is at its end.
        next: Option<(Millis, Code)>,
    },
    /// One case as it is now.
    Case(Box<Case>),
    /// The desk.
    Desk(Box<Desk>),
    /// What became of each case.
    Acted(Vec<(Code, Result<(), Refusal>)>),
    /// What happened, oldest first; at most the last [`MAX_HISTORY`].
    History(Vec<Entry>),
    /// The chat, oldest first; there may be more after the last when there are [`MAX_MESSAGES`].
    Messages(Vec<ChatMessage>),
    /// The message is kept under this number.
    Said {
        /// Its number.
        number: u32,
    },
    /// The canned replies, in the order of titles.
    Canned(Vec<Canned>),
    /// One channel as it is now.
    Channel(Box<Channel>),
    /// The customer is being asked.
    Asked {
        /// Names the session from now on.
        session: SessionId,
    },
    /// The customer is in.
    Joined {
        /// The case.
        case: OwnCase,
        /// The server's clock.
        now: Millis,
    },
    /// The organisation, and how this app stands in it.
    Trust(Box<Trust>),
    /// The session began, by the server's clock.
    SessionStarted {
        /// When.
        at: Millis,
    },
    /// Where the app is seen from outside.
    Seen {
        /// By the port of this conversation; `None` where it comes through a tunnel.
        here: Option<SocketAddr>,
        /// By the relay's port, if the probe arrived.
        beside: Option<SocketAddr>,
    },
}

/// What the server tells unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Push {
    /// Cases are new or changed, or no longer for this supporter's eyes.
    Cases {
        /// As they are now; at most [`MAX_CASES`].
        changed: Vec<Case>,
        /// No longer seen; at most [`MAX_SELECTED`].
        gone: Vec<Code>,
        /// What comes after this is news; until now it was how things were.
        complete: bool,
    },
    /// Supporter: the desk has changed.
    Desk(Box<Desk>),
    /// Supporter: how his app stands in the organisation has changed.
    Trust(Box<Trust>),
    /// Supporter: a customer waits in this case, and it is for him to see to it.
    Waiting(Code),
    /// Supporter: he has read so much of these cases' chats.
    Read(Vec<(Code, u32)>),
    /// Customer: his case is new or changed.
    Own(OwnCase),
    /// Somebody said something in a chat that is being read.
    Message {
        /// The case.
        code: Code,
        /// What.
        message: ChatMessage,
    },
    /// Somebody is writing in a chat that is being read.
    Typing {
        /// The case.
        code: Code,
        /// Who.
        from: Speaker,
    },
    /// Customer: a supporter asks for a session.
    ConnectAsked {
        /// Names the session.
        session: SessionId,
        /// Who asks.
        supporter: Supporter,
        /// The key that he will prove to hold.
        key: KeyHash,
        /// What shows that the key is his; everything else about him is only the server's word.
        credential: Option<Box<Credential>>,
        /// He asks for no more than seeing.
        view_only: bool,
        /// Where the two can meet.
        relay: Relay,
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
        /// Where the two can meet, if it is a yes.
        relay: Option<Relay>,
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

/// What a supporter does with a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Becomes responsible.
    AssignToMe,
    /// Makes a colleague responsible.
    Assign(String),
    /// Is no longer responsible.
    Unassign,
    /// Gives it back to the queue.
    Release,
    /// Hands it to a colleague.
    Transfer(String),
    /// Moves it to another channel.
    Move(ChannelId),
    /// Lets a colleague join the remote session.
    Invite(String),
    /// Joins the chat; the customer is told.
    JoinChat,
    /// Ends his part of the chat; the customer is told.
    LeaveChat,
    /// Changes what is written about it.
    Edit {
        /// The customer's name.
        customer: String,
        /// The rest.
        facts: Box<Facts>,
    },
    /// Closes it for good.
    Close(Outcome),
    /// Deletes it.
    Delete,
}

/// What cases are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Words that code, customer, company, ticket, tags, description or assignee hold; empty finds
    /// everything.
    pub text: String,
    /// Only what comes after the case that was made then and has this code; for the next page.
    pub after: Option<(Millis, Code)>,
}
