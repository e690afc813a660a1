//! A supporter's place in the session, and what the shell is told.

use aldis_wire::peer::{EndReason, Grant, Recording};
use aldis_wire::signal::Supporter;
use aldis_wire::{KeyHash, Millis, SessionId};

/// A supporter who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Names the session.
    pub session: SessionId,
    /// Who asks.
    pub supporter: Supporter,
    /// The key that the supporter's side must prove to hold.
    pub key: KeyHash,
    /// No more than seeing is asked for.
    pub view_only: bool,
    /// The organisation's name, from the supporter's certificate.
    pub organisation: String,
    /// The organisation is not known yet: the person types the digits that the supporter reads
    /// out, before anything else happens.
    pub is_new: bool,
}

impl Ask {
    /// Whether the other one is another session, and nothing else that a person sees or that must be
    /// proven differs.
    pub(super) fn is_same_but_session(&self, other: &Self) -> bool {
        let session = self.session;
        let renamed = Self {
            session,
            ..other.clone()
        };
        session != other.session && *self == renamed
    }
}

/// What the person pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// See and control.
    Allow,
    /// See only.
    ViewOnly,
    /// No.
    Decline,
}

/// The prompt that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub ask: Ask,
    /// What a yes would allow.
    pub about: About,
    /// When it declines by itself.
    pub until: Millis,
}

/// What a person is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Somebody would like to connect.
    Connect,
    /// Somebody who is connected would like to record what he sees.
    Record,
    /// Somebody who was allowed reads out digits, and the person types them.
    Digits {
        /// How often they may be typed wrong before it is over.
        left: u32,
    },
}

/// What became of the digits that a person typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// They were right; the connection may come up.
    Right(SessionId),
    /// They were wrong, and may be typed again.
    Again,
    /// They were wrong too often; nothing comes of it.
    Over(SessionId),
    /// Nobody asked for digits.
    Void,
}

/// A supporter who was allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// What he asked.
    pub ask: Ask,
    /// Names the seat towards the other supporters.
    pub number: u32,
    /// The most that he may do; what he can do now depends on who controls.
    pub grant: Grant,
    /// How far he has come.
    pub step: Step,
    /// He would like to control.
    pub asks: bool,
    /// What has become of his wish to record.
    pub recording: Recording,
    /// What he was told that he may do.
    pub(super) told: Grant,
    /// He was told that input was ignored.
    pub(super) told_ignored: bool,
    /// What he was told about his wish to record.
    pub(super) told_recording: Recording,
}

/// How far an allowed supporter has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// He may connect, until this moment.
    Allowed {
        /// When it lapses.
        until: Millis,
    },
    /// His side and this one are connected.
    Live {
        /// Since when, by the shell's clock.
        since: Millis,
    },
    /// They were; the connection is gone, and he may come back to it until this moment.
    Away {
        /// Since when he is in the session, by the shell's clock.
        since: Millis,
        /// When his part of the session ends.
        until: Millis,
    },
}

impl Seat {
    /// He is in the session, even if the connection is lost for now.
    pub fn is_live(&self) -> bool {
        matches!(self.step, Step::Live { .. } | Step::Away { .. })
    }

    /// The connection is lost for now.
    pub fn is_away(&self) -> bool {
        matches!(self.step, Step::Away { .. })
    }

    /// The person lets him record what he sees.
    pub fn records(&self) -> bool {
        self.recording == Recording::On
    }
}

/// What the shell must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Take connections from these keys, and from nobody else.
    Expect(Vec<KeyHash>),
    /// Tell the server: allowed.
    Allow(SessionId, Grant),
    /// Tell the server: declined.
    Decline {
        /// Which session.
        session: SessionId,
        /// Nobody answered in time.
        timed_out: bool,
    },
    /// Tell the server that the session is on.
    Up(SessionId),
    /// Tell the server that the session is over.
    Down(SessionId, EndReason),
    /// Tell the supporter what he may do now.
    Grant(SessionId, Grant),
    /// Tell every supporter who is there.
    Seats,
    /// Tell the supporter what has become of his wish to record.
    Recording(SessionId, Recording),
    /// Whatever is held down must be let go: the right to it has ended.
    LetGo,
    /// Tell the supporter that input was ignored.
    InputIgnored(SessionId),
    /// Tell the supporter that it is over, and close his connection.
    Close(SessionId, EndReason),
    /// One of several supporters is no longer there.
    Left {
        /// Who.
        supporter: Supporter,
        /// Why.
        reason: EndReason,
    },
    /// Nobody is connected any more; tell the person who was, and for how long.
    Ended {
        /// Who was there at the end.
        supporters: Vec<Supporter>,
        /// How long somebody was, in milliseconds.
        lasted: Millis,
        /// Why it ended.
        reason: EndReason,
    },
}
