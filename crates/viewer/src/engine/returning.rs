//! Asking the customer for a session, and coming back to one that was lost.

use std::time::Duration;

use aldis_wire::peer::{EndReason, Grant};
use aldis_wire::signal::{Refusal, Request};
use aldis_wire::{Code, Millis, SessionId};
use tokio::sync::mpsc;

use super::{Engine, Tag};
use crate::view::{Desk, Over, Session, SessionStage};

/// How often a lost session is asked for again, and how long after the last try.
const RETURNS: u32 = 30;

/// The pause between two tries to come back.
const RETURN_PAUSE: Duration = Duration::from_secs(2);

/// A session that is being found again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Away {
    /// What he may do once it is, and since when it runs.
    pub(super) grant: Grant,
    pub(super) since: Millis,
    /// How often it was looked where the customer is.
    pub(super) looks: u32,
    /// How often he was with the server, in a row, and no longer in the session.
    pub(super) present: u32,
    /// The server knows that nobody is left in the session.
    pub(super) told: bool,
}

/// Whether the customer is being asked for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// Nobody asks.
    No,
    /// The question is with the server, or with him.
    Asked,
    /// The server was away, and takes back what was asked before: it is asked at its next greeting.
    Owed,
}

/// How often it is looked where the customer is before the session is given up: ten minutes.
const AWAY_LOOKS: u32 = 300;

/// How often he may be seen with the server, and not in the session, before he is asked anew: his
/// app was started again.
const PRESENT_LOOKS: u32 = 2;

impl Engine {
    /// The customer is being asked.
    pub(super) fn asked(&mut self, code: Code, session: SessionId) {
        let is_ours = self.view.session.as_ref().is_some_and(|it| it.code == code);
        if is_ours && self.away.is_none() && self.awaits_answer() {
            self.session = Some(session);
            return;
        }
        if is_ours {
            self.asking = Asking::No;
        }
        self.ask(Tag::Quiet, Request::CancelConnect { session });
    }

    /// The customer was not asked.
    pub(super) fn refused(&mut self, code: Code, refusal: Refusal, again: &mpsc::Sender<()>) {
        let Some(Session { stage, .. }) = self.view.session.as_ref().filter(|it| it.code == code)
        else {
            return;
        };
        let returning = *stage == SessionStage::Returning;
        self.asking = Asking::No;
        let passing = matches!(refusal, Refusal::CustomerAbsent | Refusal::Busy);
        if self.peer.is_some() && (self.away.is_none() || passing) {
            // The session runs, or that he is absent is known and waited for.
        } else if returning && passing {
            self.come_back(again);
        } else {
            self.end_session(Over::Refused(refusal));
        }
    }

    /// Whether an answer of the customer's is awaited: a yes to a session that runs would swap it
    /// for another one unseen, and a no would end it.
    pub(super) fn awaits_answer(&self) -> bool {
        let stage = self.view.session.as_ref().map(|session| &session.stage);
        let awaited = matches!(stage, Some(SessionStage::Asking | SessionStage::Returning));
        awaited && self.peer.is_none()
    }

    /// Asks for the lost session again, after a pause; the customer's machine remembers its yes.
    pub(super) fn come_back(&mut self, again: &mpsc::Sender<()>) {
        self.session = None;
        self.returns += 1;
        if self.returns > RETURNS {
            return self.end_session(Over::Ended(EndReason::Lost));
        }
        self.stage(SessionStage::Returning);
        self.wait(again);
    }

    /// Looks again after a while.
    pub(super) fn wait(&mut self, again: &mpsc::Sender<()>) {
        let again = again.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(RETURN_PAUSE).await;
            if again.try_send(()).is_err() {
                tracing::debug!("the session is no longer wanted");
            }
        });
    }

    /// Looks where the customer of a session is whose connections are gone.
    ///
    /// While he is away from the server, too, there is only to wait; the server then is told that
    /// nobody is left in the session. If he is there and knows of no session, he is asked for a new
    /// one.
    pub(super) fn look_for_customer(&mut self, mut away: Away, again: &mpsc::Sender<()>) {
        away.looks += 1;
        let code = self.view.session.as_ref().map(|session| session.code);
        let case = code.and_then(|code| self.view.service.cases.get(&code));
        let present = case.is_none_or(|case| case.customer_online);
        let me = match &self.view.desk {
            Desk::SignedIn { supporter, .. } => supporter.name.as_str(),
            Desk::SignedOut | Desk::Refused(_) | Desk::SigningIn => "",
        };
        let inside = case.is_none_or(|case| case.supporters.iter().any(|it| it == me));
        let anew = present && !inside && self.is_online();
        away.present = if anew { away.present + 1 } else { 0 };
        if away.looks > AWAY_LOOKS {
            return self.end_session(Over::Ended(EndReason::Lost));
        }
        if away.present > PRESENT_LOOKS {
            self.away = None;
            self.forget_peer();
            self.session = None;
            return self.ask_again();
        }
        if !present && !away.told {
            away.told = true;
            self.ask_for_session();
        }
        self.away = Some(away);
        self.wait(again);
    }

    pub(super) fn ask_again(&mut self) {
        let returning = |session: &Session| session.stage == SessionStage::Returning;
        if self.view.session.as_ref().is_some_and(returning) {
            self.ask_for_session();
        }
    }

    pub(super) fn ask_for_session(&mut self) {
        let Some(Session {
            code, view_only, ..
        }) = self.view.session
        else {
            return;
        };
        if !self.is_online() {
            self.asking = Asking::Owed;
            return;
        }
        self.asking = Asking::Asked;
        let key = self.node.identity().hash();
        self.ask(
            Tag::Connect(code),
            Request::Connect {
                code,
                key,
                view_only,
            },
        );
    }
}
