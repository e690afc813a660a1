//! What a supporter asks.

use std::cmp::Reverse;

use aldis_desk::{Command, channel};
use aldis_wire::relay::Side;
use aldis_wire::signal::{
    Answer, Canned, Channel, ChannelId, ChannelSetup, Doer, Draft, MAX_CANNED, MAX_CASES,
    MAX_HISTORY, MAX_LINE, MAX_MESSAGE, MAX_SELECTED, Origin, Push, Refusal, Request, Search,
    Speaker, Status, Supporter,
};
use aldis_wire::{Code, KeyHash, Millis, SessionId};

use super::{Talk, Who};
use crate::hub::{Ask, AskError, Step};
use crate::{clock, organisation, random};

/// How often a free code is drawn; with a million cases ten misses in a row do not happen.
const DRAWS: usize = 10;

/// How many pages a search looks through for cases that this supporter sees before it answers.
const PAGES: usize = 5;

/// A point in a search: when the case was made, and its code.
type Point = (Millis, Code);

impl Talk {
    pub(super) async fn supporter(
        &mut self,
        me: Supporter,
        request: Request,
    ) -> Result<Answer, Refusal> {
        match request {
            Request::Watch { availability } => {
                self.watch(&me.name, availability).await?;
                Ok(Answer::Done)
            }
            Request::SetAvailability(availability) => {
                self.shared.hub.set_availability(&me.name, availability);
                Ok(Answer::Done)
            }
            Request::ShowDesk => {
                let desk = self.shared.hub.desk(&me.name).ok_or(Refusal::SignedOut)?;
                Ok(Answer::Desk(Box::new(desk)))
            }
            Request::NewCase(draft) => self.new_case(&me.name, draft).await,
            Request::ShowCase { code } => self.seen(&me.name, code).await.map(Answer::Case),
            Request::FindCases(search) => self.find(&me.name, search).await,
            Request::Act { codes, action } => {
                let mut outcomes = Vec::new();
                for code in codes.into_iter().take(MAX_SELECTED) {
                    let act = Command::Act(action.clone());
                    let done = self
                        .change(code, act, Doer::Supporter(me.name.clone()))
                        .await;
                    outcomes.push((code, done.map(drop)));
                }
                Ok(Answer::Acted(outcomes))
            }
            Request::ShowHistory { code } => {
                // Whoever sees the case sees what happened to it, also while he is away.
                self.seen(&me.name, code).await?;
                self.read(move |transaction| transaction.history_of(code, MAX_HISTORY))
                    .await
                    .map(Answer::History)
            }
            Request::ReadChat { code, after } => {
                self.seen(&me.name, code).await?;
                self.shared.hub.read_chat(code, self.mailbox.id);
                self.chat(code, after).await.map(Answer::Messages)
            }
            Request::Say { code, text, once } => {
                self.say(code, text, once, Doer::Supporter(me.name)).await
            }
            Request::Typing { code } => {
                let case = self.seen(&me.name, code).await?;
                if case.chatting.contains(&me.name) {
                    self.typing(code, &Speaker::Supporter(me.name));
                }
                Ok(Answer::Done)
            }
            Request::MarkRead { code, number } => {
                self.seen(&me.name, code).await?;
                let name = me.name.clone();
                let number = self
                    .keep(move |transaction| transaction.mark_read(&name, code, number))
                    .await?;
                let read = Push::Read(vec![(code, number)]);
                self.shared.hub.tell(&me.name, &read);
                Ok(Answer::Done)
            }
            Request::ShowCanned => {
                let canned = self.read(|transaction| transaction.canned()).await?;
                Ok(Answer::Canned(canned))
            }
            Request::KeepCanned(canned) => self.keep_canned(canned).await,
            Request::NewChannel(setup) => self.new_channel(me.name, *setup).await,
            Request::SetChannel(channel) => self.set_channel(me.name, *channel).await,
            Request::RemoveChannel(id) => self.remove_channel(me.name, id).await,
            Request::Connect {
                code,
                key,
                view_only,
            } => self.ask(me, code, key, view_only).await,
            Request::Enrol { key, proof } => self.enrol(me.name, key, proof).await,
            request @ (Request::Found { .. }
            | Request::AddSigner(_)
            | Request::Certify { .. }
            | Request::RefuseEnrolment(_)
            | Request::Revoke(_)
            | Request::Invite { .. }) => self.office(me.name, request).await,
            Request::CancelConnect { session } => {
                self.shared.hub.cancel(session, self.mailbox.id);
                Ok(Answer::Done)
            }
            Request::SignOut => {
                if let Some(hash) = self.token.take() {
                    self.keep(move |transaction| transaction.drop_token(&hash))
                        .await?;
                }
                self.who = Who::Greeted;
                self.shared.hub.supporter_left(self.mailbox.id);
                Ok(Answer::Done)
            }
            _ => Err(Refusal::NotAllowed),
        }
    }

    /// Shows the whole desk and, from exactly there on, every change.
    async fn watch(
        &self,
        name: &str,
        availability: aldis_wire::signal::Availability,
    ) -> Result<(), Refusal> {
        let wanted = name.to_owned();
        let marks = self
            .read(move |transaction| transaction.read_marks(&wanted))
            .await?;
        for marks in marks.chunks(1000) {
            self.mailbox.push(Push::Read(marks.to_vec()));
        }
        self.shared
            .hub
            .watch(name, availability, self.mailbox.clone());
        Ok(())
    }

    async fn new_case(&self, name: &str, draft: Box<Draft>) -> Result<Answer, Refusal> {
        let origin = if draft.by_script {
            Origin::Api
        } else {
            Origin::Manual
        };
        let code = self
            .create(&draft, origin, Doer::Supporter(name.to_owned()))
            .await?;
        self.seen(name, code).await.map(Answer::Case)
    }

    /// Makes a case under a free code.
    pub(super) async fn create(
        &self,
        draft: &Draft,
        origin: Origin,
        by: Doer,
    ) -> Result<Code, Refusal> {
        for _ in 0..DRAWS {
            let code = random::code();
            let create = Command::Create {
                draft: Box::new(draft.clone()),
                origin,
            };
            match self.change(code, create, by.clone()).await {
                Err(Refusal::Busy) => {}
                other => return other.map(|_| code),
            }
        }
        Err(Refusal::Storage)
    }

    /// The case as this supporter sees it; what he must not see does not exist.
    async fn seen(&self, name: &str, code: Code) -> Result<Box<aldis_wire::signal::Case>, Refusal> {
        self.slow_down().await;
        let case = self.read(move |transaction| transaction.case(code)).await?;
        let case = self.known(case)?;
        let seen = self.shared.hub.seen_by(name, &[case], clock::now()).pop();
        seen.map(Box::new).ok_or(Refusal::UnknownCode)
    }

    async fn find(&self, name: &str, search: Search) -> Result<Answer, Refusal> {
        let Search { text, after } = search;
        let text: String = text.chars().take(MAX_LINE).collect();
        let mut after = match (after, Code::from_number(0)) {
            (Some(after), _) => after,
            // From the newest on: no case is made later than this.
            (None, Some(first)) => (Millis::MAX >> 1, first),
            (None, None) => {
                let found = Vec::new();
                return Ok(Answer::Cases { found, next: None });
            }
        };
        let start = after;
        let mut found = Vec::new();
        let mut pages = 0;
        let next = loop {
            let words = text.clone();
            let page = self
                .read(move |transaction| transaction.find_cases(&words, after, MAX_CASES))
                .await?;
            let more = page.len() == MAX_CASES;
            found.extend(self.shared.hub.seen_by(name, &page, clock::now()));
            if found.len() >= MAX_CASES {
                found.truncate(MAX_CASES);
                break found.last().map(|case| (case.created_at, case.code));
            }
            match page.last() {
                Some(last) if more => after = (last.created_at, last.code),
                _ => break None,
            }
            pages += 1;
            if pages >= PAGES
                && let Some(next) = point_to_tell(start, after, found.last())
            {
                break Some(next);
            }
        };
        Ok(Answer::Cases { found, next })
    }

    async fn keep_canned(&self, canned: Canned) -> Result<Answer, Refusal> {
        let title = aldis_desk::text::line("title", &canned.title, MAX_LINE)?;
        let text = aldis_desk::text::lines("text", &canned.text, MAX_MESSAGE)?;
        if title.is_empty() {
            return Err(Refusal::Empty);
        }
        let canned = Canned { title, text };
        let kept = self
            .keep(move |transaction| {
                let known = transaction.canned()?;
                let new = !known.iter().any(|known| known.title == canned.title);
                if new && known.len() >= MAX_CANNED {
                    return Ok(None);
                }
                transaction.keep_canned(&canned)?;
                transaction.canned().map(Some)
            })
            .await?;
        kept.map(Answer::Canned).ok_or(Refusal::TooMany)
    }

    async fn new_channel(&self, name: String, setup: ChannelSetup) -> Result<Answer, Refusal> {
        let made = self
            .keep(move |transaction| {
                let Some(me) = transaction.person(&name)? else {
                    return Ok(Err(Refusal::SignedOut));
                };
                let (id, others) = (transaction.free_channel()?, transaction.channels()?);
                let made = channel::new_channel(&me, id, &setup, &others);
                made.map(|made| transaction.keep_channel(&made).map(|()| made))
                    .map_or_else(|refusal| Ok(Err(refusal)), |kept| kept.map(Ok))
            })
            .await??;
        self.shared.people_changed().await;
        Ok(Answer::Channel(Box::new(made)))
    }

    async fn set_channel(&self, name: String, wanted: Channel) -> Result<Answer, Refusal> {
        let set = self
            .keep(move |transaction| {
                let Some(me) = transaction.person(&name)? else {
                    return Ok(Err(Refusal::SignedOut));
                };
                let set = channel::set_channel(&me, &wanted, &transaction.channels()?);
                set.map(|set| transaction.keep_channel(&set).map(|()| set))
                    .map_or_else(|refusal| Ok(Err(refusal)), |kept| kept.map(Ok))
            })
            .await??;
        self.shared.people_changed().await;
        Ok(Answer::Channel(Box::new(set)))
    }

    async fn remove_channel(&self, name: String, id: ChannelId) -> Result<Answer, Refusal> {
        let now = clock::now();
        self.keep(move |transaction| {
            let (me, channel) = (transaction.person(&name)?, transaction.channel(id)?);
            let (Some(me), Some(channel)) = (me, channel) else {
                return Ok(Err(Refusal::UnknownChannel));
            };
            let open = transaction.open_cases_in(id, now)?;
            if let Err(refusal) = channel::may_remove(&me, &channel, open) {
                return Ok(Err(refusal));
            }
            transaction.forget_channel(id).map(Ok)
        })
        .await??;
        self.shared.reload_board().await;
        self.shared.people_changed().await;
        Ok(Answer::Done)
    }

    async fn ask(
        &mut self,
        me: Supporter,
        code: Code,
        key: KeyHash,
        view_only: bool,
    ) -> Result<Answer, Refusal> {
        if !self.shared.hub.is_online(code) {
            return Err(self.why_not(&me.name, code).await?);
        }
        let by = Doer::Supporter(me.name.clone());
        self.change(code, Command::Ask, by).await?;
        let session: SessionId = random::bytes();
        let ask = Ask {
            code,
            supporter: me.name.clone(),
            asker: self.mailbox.clone(),
            step: Step::Asked,
            at: clock::now(),
        };
        let name = me.name.clone();
        let credential = self
            .read(move |transaction| organisation::credential(transaction, &name, key))
            .await?;
        let push = Push::ConnectAsked {
            session,
            supporter: me,
            key,
            credential: credential.map(Box::new),
            view_only,
            relay: self.shared.relay_for(session, Side::Host),
        };
        match self.shared.hub.ask(session, ask, push) {
            Ok(()) => Ok(Answer::Asked { session }),
            Err(AskError::Absent) => Err(Refusal::CustomerAbsent),
            Err(AskError::Busy) => Err(Refusal::Busy),
        }
    }

    /// Why nobody can be asked where the customer is not online.
    async fn why_not(&self, me: &str, code: Code) -> Result<Refusal, Refusal> {
        // An unknown or ended case is told apart before its customer is missed.
        let seen = self.seen(me, code).await?;
        match seen.status {
            Status::Closed => return Ok(Refusal::Closed),
            Status::Expired => return Ok(Refusal::Expired),
            Status::New | Status::Pending | Status::InProgress => {}
        }
        let case = self.read(move |transaction| transaction.case(code)).await?;
        let case = case.ok_or(Refusal::UnknownCode)?;
        // Who helps there and asks anew has no link to the customer either, so nobody is left in
        // that session. If the customer is still in it, his app says so when it comes back.
        if let Some(session) = case.running().find(|session| session.supporter == me) {
            let end = Command::EndSession { id: session.id };
            self.change(code, end, Doer::Server).await?;
            return Ok(Refusal::CustomerAbsent);
        }
        let invited = case.invited.iter().any(|invited| invited == me);
        Ok(if case.in_session() && !invited {
            Refusal::Busy
        } else {
            Refusal::CustomerAbsent
        })
    }
}

/// Where a search that got to `reached` can be told to go on: a point that names no case but the
/// `last` that was found, for the codes of the others are not the asker's to know.
///
/// A few cases of that moment may be looked at again. `None` where that would lead back to `start`.
fn point_to_tell(
    start: Point,
    (made, _unseen): Point,
    last: Option<&aldis_wire::signal::Case>,
) -> Option<Point> {
    let point = match last {
        Some(case) if case.created_at == made => (made, case.code),
        // Behind everything of the moment before it, so at the head of this one.
        _ => (made.saturating_add(1), Code::from_number(Code::COUNT - 1)?),
    };
    let later = |(made, code): Point| (Reverse(made), code);
    (later(point) > later(start)).then_some(point)
}
