//! What a customer's app asks.

use std::time::Duration;

use aldis_desk::Command;
use aldis_wire::peer::EndReason;
use aldis_wire::relay::Side;
use aldis_wire::signal::{
    Answer, Consent, Doer, Draft, Facts, MAX_SUPPORTERS, Origin, Refusal, RejoinSecret, Request,
    Source, Speaker,
};
use aldis_wire::{Code, SessionId};
use sha2::{Digest as _, Sha256};

use super::{Talk, Who};
use crate::clock;

/// What a customer's app says when it comes.
pub(super) struct Coming {
    pub(super) code: Option<Code>,
    pub(super) name: String,
    pub(super) secret: RejoinSecret,
    pub(super) running: Vec<SessionId>,
    pub(super) source: Source,
    pub(super) sos: bool,
}

impl Talk {
    pub(super) async fn join(&mut self, coming: Coming) -> Result<Answer, Refusal> {
        self.slow_down().await;
        let Coming {
            code,
            name,
            secret,
            mut running,
            source,
            sos,
        } = coming;
        running.truncate(MAX_SUPPORTERS);
        let source = Source {
            address: self.from.to_string(),
            ..source
        };
        let join = Command::Join {
            name: name.clone(),
            claim: Sha256::digest(secret).into(),
            source,
        };
        let had_code = code.is_some();
        let code = match code {
            Some(code) => code,
            None => self.own_case(&name, sos).await?,
        };
        let joined = self.change(code, join, Doer::Customer).await;
        match joined {
            Err(Refusal::UnknownCode | Refusal::Claimed) => {
                self.shared.throttle.failed(self.from, clock::now());
            }
            Ok(_) if had_code => self.shared.throttle.succeeded(self.from, clock::now()),
            _ => {}
        }
        let joined = joined?;
        self.who = Who::Customer(code);
        let hub = &self.shared.hub;
        let news = hub.customer_came(code, self.mailbox.clone(), clock::now());
        // The customer's machine says which sessions run; any other one of his has ended.
        let run = Command::Reconcile { running };
        let settled = match self.shared.note(code, run, Doer::Customer).await {
            // No reason to keep him out: it is noted once there is room.
            Err(Refusal::DiskFull) => joined,
            settled => settled?,
        };
        let now = clock::now();
        hub.touch(code, now);
        if news {
            hub.announce(code);
        }
        let place = hub.place_of(code, now);
        Ok(Answer::Joined {
            case: settled.case.own_view(place, now),
            now,
        })
    }

    /// Makes a case for a customer who has no code.
    async fn own_case(&self, name: &str, sos: bool) -> Result<Code, Refusal> {
        let customer = aldis_desk::text::name(name)?;
        if customer.is_empty() {
            return Err(Refusal::BadText);
        }
        let draft = Draft {
            place: None,
            customer,
            facts: Facts::default(),
            to_queue: true,
            by_script: false,
        };
        let origin = if sos {
            Origin::SosButton
        } else {
            Origin::CustomerApp
        };
        self.create(&draft, origin, Doer::Customer).await
    }

    pub(super) async fn customer(
        &mut self,
        code: Code,
        request: Request,
    ) -> Result<Answer, Refusal> {
        match request {
            Request::Describe { text } => {
                self.change(code, Command::Describe(text), Doer::Customer)
                    .await?;
                Ok(Answer::Done)
            }
            Request::Withdraw => {
                self.change(code, Command::Withdraw, Doer::Customer).await?;
                Ok(Answer::Done)
            }
            Request::ReadChat { code: _, after } => {
                self.chat(code, after).await.map(Answer::Messages)
            }
            Request::Say {
                code: _,
                text,
                once,
            } => self.say(code, text, once, Doer::Customer).await,
            Request::Typing { code: _ } => {
                self.typing(code, &Speaker::Customer);
                Ok(Answer::Done)
            }
            Request::AnswerConnect { session, answer } => {
                self.answer_connect(code, session, answer).await
            }
            Request::SessionUp { session } => self.session_up(code, session).await,
            Request::SessionDown { session, reason } => {
                let who = self.shared.hub.allowed(code, session);
                self.shared.hub.forget(code, session);
                if let (EndReason::Removed, Some(who)) = (reason, who) {
                    let away = Command::Uninvite { who };
                    // What cannot be kept now is kept later, and the end below is told as well.
                    self.shared.note(code, away, Doer::Customer).await.ok();
                }
                let end = Command::EndSession { id: session };
                self.shared.note(code, end, Doer::Customer).await?;
                Ok(Answer::Done)
            }
            Request::Leave => {
                // Who says goodbye does not come back to his session.
                self.leave(Duration::ZERO).await;
                self.who = Who::Greeted;
                Ok(Answer::Done)
            }
            _ => Err(Refusal::NotAllowed),
        }
    }

    async fn answer_connect(
        &self,
        code: Code,
        session: SessionId,
        answer: Consent,
    ) -> Result<Answer, Refusal> {
        let allowed = matches!(answer, Consent::Allowed { .. });
        let relay = allowed.then(|| self.shared.relay_for(session, Side::Viewer));
        let asker = self.shared.hub.answer(code, session, answer, relay);
        let supporter = asker.ok_or(Refusal::NotAllowed)?;
        let note = Command::Answer { supporter, allowed };
        self.change(code, note, Doer::Customer).await?;
        Ok(Answer::Done)
    }

    async fn session_up(&self, code: Code, session: SessionId) -> Result<Answer, Refusal> {
        let Some(supporter) = self.shared.hub.allowed(code, session) else {
            let case = self.read(move |transaction| transaction.case(code)).await?;
            let closed = case.is_some_and(|case| case.closed_at.is_some());
            return Err(if closed {
                Refusal::Closed
            } else {
                Refusal::NotAllowed
            });
        };
        let start = Command::StartSession {
            id: session,
            supporter,
        };
        let noted = self.shared.note(code, start, Doer::Customer).await;
        if matches!(noted, Ok(_) | Err(Refusal::DiskFull)) {
            self.shared.hub.connected(code, session);
        }
        let done = noted?;
        let mut running = done.case.running();
        let at = running.find(|running| running.id == session);
        Ok(Answer::SessionStarted {
            at: at.map_or_else(clock::now, |running| running.started_at),
        })
    }
}
