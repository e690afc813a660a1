//! The customer's side of a session: consent, seats, control, and the way to the end.
//!
//! ```text
//! asked ──▶ Question ── Allow / View only ──▶ Seat: Allowed ── link up ──▶ Seat: Live
//!              │ Decline, 60 s, taken back       │ 20 s without link    │ ▲ End, removed
//!              ▼                                 ▼           link down  ▼ │ link again, proven
//!                                                                 Seat: Away ── 10 min ──▶
//! ```
//!
//! The machine that a supporter's input may move is this one, so everything is decided here:
//! the server and the supporters' apps only ask.
//!
//! - At most one question is open, and while it is, nobody's input is let through.
//! - At most [`MAX_SEATS`] supporters are allowed, each over a connection of his own.
//! - The live seat that came first is the lead's: he hands control over and sends others away.
//! - At most one live seat has control, and only if the person allowed it to that supporter.
//!   Who is alone has it from the start; who joins others gets it from the lead, or by
//!   becoming the lead.
//!
//! - Nobody records without a yes to that very question, which is asked one supporter at a time
//!   and lasts no longer than his connection.
//!
//! Whose connection breaks keeps his seat for ten minutes and controls nothing meanwhile. A
//! supporter who was allowed and comes back with the same key within ten minutes is not asked
//! about again; anything else is. If he was allowed and asks again before he is connected, the server
//! has lost the yes: he has a new seat instead of the old one, and if his organisation is not known
//! yet, the person is asked anew. If he asks again while the person still thinks, that question goes
//! on.

mod memory;
#[cfg(test)]
mod model;
mod recording;
mod seat;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use aldis_wire::peer::{self, EndReason, Grant, MAX_SEATS, Recording};
use aldis_wire::signal::Supporter;
use aldis_wire::{KeyHash, Millis, SessionId};

use self::memory::Memory;
pub use self::recording::PATIENCE;
pub use self::seat::{About, Ask, Choice, Effect, Question, Seat, Step, Typed};
use crate::control::{Authority, ControlToken};

/// How long a person has to answer.
pub const ANSWER_TIME: Millis = 60_000;

/// How long an allowed supporter has to connect.
pub const CONNECT_TIME: Millis = 20_000;

/// How long a person has to type the digits that the supporter reads out.
pub const DIGITS_TIME: Millis = 3 * 60_000;

/// How often they may be typed.
pub const TRIES: u32 = 3;

/// How long a consent outlives its session for the same supporter key.
pub const CONSENT_LIFE: Millis = 10 * 60_000;

/// How long a seat is kept for a supporter whose connection broke.
pub const AWAY_TIME: Millis = 10 * 60_000;

/// The customer's side of a session with up to [`MAX_SEATS`] supporters.
///
/// After every call the caller takes effects with [`poll_effect`](Self::poll_effect) until there
/// is none, and calls [`handle_timeout`](Self::handle_timeout) at
/// [`poll_timeout`](Self::poll_timeout).
#[derive(Debug, Default)]
pub struct Host {
    question: Option<Question>,
    /// The live ones first, in the order in which they came.
    seats: Vec<Seat>,
    /// Whose mouse and keyboard are, also while a question suspends it.
    control: Option<SessionId>,
    authority: Arc<Authority>,
    token: Option<(SessionId, ControlToken)>,
    memory: Memory,
    next_number: u32,
    /// Until then nobody is asked about a recording again.
    patience: Millis,
    /// Since when somebody is connected.
    since: Millis,
    expected: Vec<KeyHash>,
    roster: Roster,
    effects: VecDeque<Effect>,
}

/// Who is there, as the supporters are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The live seats; `you` is set on none.
    pub list: Vec<peer::Seat>,
    /// About whom the person is being asked.
    pub joining: Option<String>,
}

/// What is asked and answered.
impl Host {
    /// Nobody asks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A supporter asks.
    pub fn handle_asked(&mut self, ask: Ask, now: Millis) {
        // Who asks anew has given up coming back to where he was, or never heard the yes.
        let gone = |seat: &&Seat| {
            let is_anew = seat.ask.key == ask.key && seat.ask.session != ask.session;
            is_anew && (seat.is_away() || !seat.is_live())
        };
        if let Some(old) = self.seats.iter().find(gone).map(|seat| seat.ask.session) {
            self.end(old, EndReason::Lost, now);
            self.settle();
        }
        // The server may have lost the question while the person thinks about it; his answer is
        // then to the new one, which differs in nothing that he sees.
        if let Some(open) = &mut self.question
            && open.about == About::Connect
            && open.ask.is_same_but_session(&ask)
        {
            open.ask = ask;
            return;
        }
        let here = |seat: &Seat| seat.ask.key == ask.key || seat.ask.session == ask.session;
        let full = self.seats.len() >= MAX_SEATS;
        if self.question.is_some() || full || self.seats.iter().any(here) {
            let session = ask.session;
            return self.effects.push_back(Effect::Decline {
                session,
                timed_out: false,
            });
        }
        if let Some(grant) = self.memory.recall(ask.key, now) {
            // Ten minutes count from what the person said or saw, however often somebody asks.
            self.seat(ask, grant, now);
        } else {
            let until = now.saturating_add(ANSWER_TIME);
            let about = About::Connect;
            self.question = Some(Question { ask, about, until });
        }
        self.settle();
    }

    /// The supporter takes his question back.
    pub fn handle_cancelled(&mut self, session: SessionId) {
        self.question
            .take_if(|it| it.about != About::Record && it.ask.session == session);
        self.seats
            .retain(|seat| seat.is_live() || seat.ask.session != session);
        self.settle();
    }

    /// The person answered.
    pub fn choose(&mut self, choice: Choice, now: Millis) {
        let Some(Question { ask, about, .. }) = self.question.take() else {
            return;
        };
        match choice {
            choice if about == About::Record => {
                self.answer_recording(ask.session, choice == Choice::Allow, now);
            }
            // Only digits are an answer to that, or giving up.
            Choice::Allow | Choice::ViewOnly if matches!(about, About::Digits { .. }) => {
                let until = now.saturating_add(DIGITS_TIME);
                self.question = Some(Question { ask, about, until });
            }
            Choice::Decline if matches!(about, About::Digits { .. }) => {
                self.drop_seat(ask.session, EndReason::Customer);
            }
            Choice::Allow if !ask.view_only => self.allow(ask, Grant::Control, now),
            Choice::Allow | Choice::ViewOnly => self.allow(ask, Grant::View, now),
            Choice::Decline => self.decline(&ask, false),
        }
        self.settle();
    }

    fn allow(&mut self, ask: Ask, most: Grant, now: Millis) {
        // Who is not proven yet would come back unasked, and try digits as often as he likes.
        if !ask.is_new {
            self.memory.remember(ask.key, most, now);
        }
        self.seat(ask, most, now);
    }

    fn seat(&mut self, ask: Ask, most: Grant, now: Millis) {
        // Asking for less than was allowed needs no new question, and gives no more than asked.
        let grant = if ask.view_only { Grant::View } else { most };
        self.effects.push_back(Effect::Allow(ask.session, grant));
        self.next_number = self.next_number.wrapping_add(1);
        self.seats.push(Seat {
            ask,
            number: self.next_number,
            grant,
            step: Step::Allowed {
                until: now.saturating_add(CONNECT_TIME),
            },
            asks: false,
            recording: Recording::Off,
            told: Grant::View,
            told_ignored: false,
            told_recording: Recording::Off,
        });
    }

    fn decline(&mut self, ask: &Ask, timed_out: bool) {
        self.memory.forget(ask.key);
        let session = ask.session;
        self.effects
            .push_back(Effect::Decline { session, timed_out });
    }

    /// A connection says which session it is for, and has proven this key, and the organisation
    /// behind it is new: the person is asked for the digits. `false` refuses it.
    pub fn ask_digits(&mut self, session: SessionId, key: KeyHash, now: Millis) -> bool {
        let theirs = |seat: &&mut Seat| {
            seat.ask.session == session
                && seat.ask.key == key
                && matches!(seat.step, Step::Allowed { .. })
        };
        let free = self.question.is_none();
        let Some(seat) = self.seats.iter_mut().find(theirs).filter(|_| free) else {
            return false;
        };
        let until = now.saturating_add(DIGITS_TIME);
        seat.step = Step::Allowed {
            until: until.saturating_add(CONNECT_TIME),
        };
        self.question = Some(Question {
            ask: seat.ask.clone(),
            about: About::Digits { left: TRIES },
            until,
        });
        self.settle();
        true
    }

    /// Whether this session's organisation has to be proven with digits first.
    pub fn needs_digits(&self, session: SessionId) -> bool {
        let seat = self.seats.iter().find(|seat| seat.ask.session == session);
        seat.is_some_and(|seat| seat.ask.is_new && !seat.is_live())
    }

    /// The person typed digits, right or wrong.
    pub fn handle_digits(&mut self, right: bool, now: Millis) -> Typed {
        let Some(Question { ask, about, until }) = self.question.take() else {
            return Typed::Void;
        };
        let About::Digits { left } = about else {
            self.question = Some(Question { ask, about, until });
            return Typed::Void;
        };
        let session = ask.session;
        let typed = if right {
            for seat in &mut self.seats {
                if seat.ask.session == session && seat.ask.is_new {
                    seat.ask.is_new = false;
                    self.memory.remember(ask.key, seat.grant, now);
                }
                if let Step::Allowed { until } = &mut seat.step
                    && seat.ask.session == session
                {
                    *until = now.saturating_add(CONNECT_TIME);
                }
            }
            Typed::Right(session)
        } else if left > 1 {
            let about = About::Digits { left: left - 1 };
            self.question = Some(Question { ask, about, until });
            Typed::Again
        } else {
            self.drop_seat(session, EndReason::Lost);
            Typed::Over(session)
        };
        self.settle();
        typed
    }

    /// The connection on which digits were to be compared is gone, or its other end has not kept to
    /// its number: it is over, for whoever could try again and again would be right once.
    pub fn handle_digits_lost(&mut self, session: SessionId) {
        let digits = |it: &mut Question| {
            matches!(it.about, About::Digits { .. }) && it.ask.session == session
        };
        self.question.take_if(digits);
        if self.needs_digits(session) {
            self.drop_seat(session, EndReason::Lost);
        }
        self.settle();
    }

    /// A connection that has proven this key says that its supporter means another case than this:
    /// what was allowed was allowed to somebody who was not meant to come. `false` where nothing
    /// was.
    pub fn handle_elsewhere(&mut self, session: SessionId, key: KeyHash) -> bool {
        let theirs =
            |seat: &Seat| seat.ask.session == session && seat.ask.key == key && !seat.is_live();
        let known = self.seats.iter().any(theirs);
        if known {
            self.memory.forget(key);
            self.drop_seat(session, EndReason::Lost);
            self.settle();
        }
        known
    }

    /// Somebody who was allowed and never came in.
    fn drop_seat(&mut self, session: SessionId, reason: EndReason) {
        let before = self.seats.len();
        self.seats
            .retain(|seat| seat.is_live() || seat.ask.session != session);
        if self.seats.len() < before {
            self.effects.push_back(Effect::Down(session, reason));
        }
    }

    /// A connection says which session it is for, and has proven this key; `false` refuses it.
    pub fn handle_link_up(&mut self, session: SessionId, key: KeyHash, now: Millis) -> bool {
        let theirs =
            |seat: &Seat| seat.ask.session == session && seat.ask.key == key && !seat.ask.is_new;
        let place = self.seats.iter().position(theirs);
        let Some(place) = place.filter(|place| !self.seats[*place].is_live()) else {
            return false;
        };
        let mut seat = self.seats.remove(place);
        let others = self.live().count();
        if others == 0 {
            self.since = now;
            self.control = (seat.grant == Grant::Control).then_some(session);
        }
        if self.control == Some(session) && self.question.is_none() {
            // The welcome says so.
            seat.told = Grant::Control;
        }
        seat.step = Step::Live { since: now };
        self.seats.insert(others, seat);
        self.effects.push_back(Effect::Up(session));
        self.settle();
        true
    }

    /// Another connection says that it carries this session on, and has proven this key; `false`
    /// refuses it.
    pub fn handle_link_again(&mut self, session: SessionId, key: KeyHash) -> bool {
        let theirs =
            |seat: &&mut Seat| seat.is_live() && seat.ask.session == session && seat.ask.key == key;
        let Some(seat) = self.seats.iter_mut().find(theirs) else {
            return false;
        };
        let Step::Away { since, .. } = seat.step else {
            return true;
        };
        seat.step = Step::Live { since };
        // Those who are here come before those who are not, and one of them may control.
        self.seats
            .sort_by_key(|seat| (!seat.is_live(), seat.is_away()));
        if !self.control.is_some_and(|it| self.is_here(it)) {
            self.control = self.lead_if_allowed();
        }
        self.settle();
        true
    }

    /// Input came; the right to inject it, or `None` when it must be ignored.
    pub fn handle_input(&mut self, session: SessionId) -> Option<ControlToken> {
        let token = self.token_of(session).cloned();
        let asked = self.question.is_some();
        let live = |seat: &&mut Seat| seat.is_live() && seat.ask.session == session;
        if token.is_none()
            && !asked
            && let Some(seat) = self.seats.iter_mut().find(live)
            && !seat.told_ignored
        {
            // Once per grant: a flood of input must not become a flood of reports.
            seat.told_ignored = true;
            self.effects.push_back(Effect::InputIgnored(session));
        }
        token
    }

    /// The moment of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Millis) {
        if let Some(late) = self.question.take_if(|it| now >= it.until) {
            match late.about {
                About::Connect => self.decline(&late.ask, true),
                About::Record => self.answer_recording(late.ask.session, false, now),
                About::Digits { .. } => self.drop_seat(late.ask.session, EndReason::Lost),
            }
        }
        let lapsed = |seat: &Seat| match seat.step {
            Step::Allowed { until } | Step::Away { until, .. } => now >= until,
            Step::Live { .. } => false,
        };
        while let Some(seat) = self.seats.iter().find(|seat| lapsed(seat)) {
            self.end(seat.ask.session, EndReason::Lost, now);
        }
        self.settle();
    }
}

/// What supporters want of each other, and how sessions end.
impl Host {
    /// The lead gives control to another seat, or takes it back; anybody else is ignored.
    pub fn hand_control(&mut self, by: SessionId, to: u32) {
        let target = self.live().find(|seat| seat.number == to);
        let may = target.is_some_and(|seat| seat.grant == Grant::Control);
        if may && self.leads(by) {
            self.control = target.map(|seat| seat.ask.session);
            self.settle();
        }
    }

    /// The lead sends another supporter away; anybody else is ignored.
    pub fn remove(&mut self, by: SessionId, who: u32, now: Millis) {
        let target = self.live().find(|seat| seat.number == who);
        let session = target.map(|seat| seat.ask.session).filter(|it| *it != by);
        if let Some(session) = session.filter(|_| self.leads(by)) {
            self.end(session, EndReason::Removed, now);
            self.settle();
        }
    }

    /// A supporter would like to control, if the person allows him to at all.
    pub fn ask_control(&mut self, by: SessionId) {
        let mine = |seat: &&mut Seat| seat.is_live() && seat.ask.session == by;
        if let Some(seat) = self.seats.iter_mut().find(mine) {
            seat.asks = seat.grant == Grant::Control;
            self.settle();
        }
    }

    /// The last connection of this supporter is gone: he moves nothing from now on, and his seat
    /// is kept for him.
    pub fn handle_link_down(&mut self, session: SessionId, now: Millis) {
        let theirs = |seat: &Seat| seat.ask.session == session;
        let Some(place) = self.seats.iter().position(theirs) else {
            return;
        };
        let Step::Live { since } = self.seats[place].step else {
            return;
        };
        let mut seat = self.seats.remove(place);
        // A recording lasts no longer than the connection.
        seat.recording = Recording::Off;
        self.question
            .take_if(|it| it.about == About::Record && it.ask.session == session);
        seat.step = Step::Away {
            since,
            until: now.saturating_add(AWAY_TIME),
        };
        // Those who are here lead and control; who is alone finds everything as it was.
        let here = self.live().filter(|seat| !seat.is_away()).count();
        let others = self.live().count();
        if here == 0 {
            self.seats.insert(place.min(others), seat);
        } else {
            self.seats.insert(others, seat);
            if self.control == Some(session) {
                self.control = self.lead_if_allowed();
            }
        }
        self.settle();
    }

    /// The supporter's side says what no honest one says.
    pub fn handle_broken(&mut self, session: SessionId, now: Millis) {
        self.end(session, EndReason::Lost, now);
        self.settle();
    }

    /// The supporter ends his part.
    pub fn handle_supporter_end(&mut self, session: SessionId, now: Millis) {
        self.end(session, EndReason::Supporter, now);
        self.settle();
    }

    /// The person sends one supporter away.
    pub fn end_one(&mut self, who: u32, now: Millis) {
        let target = self.live().find(|seat| seat.number == who);
        if let Some(session) = target.map(|seat| seat.ask.session) {
            self.end(session, EndReason::Customer, now);
            self.settle();
        }
    }

    /// The person takes mouse and keyboard back from everybody, and lets nobody record; seeing
    /// goes on.
    pub fn stop_control(&mut self, now: Millis) {
        self.stop_all_recordings(now);
        self.control = None;
        self.memory.take_control_back();
        for seat in &mut self.seats {
            seat.grant = Grant::View;
            seat.asks = false;
        }
        self.settle();
    }

    /// The case was closed on the server.
    pub fn handle_case_closed(&mut self, now: Millis) {
        self.end_all(EndReason::CaseClosed, now);
    }

    /// The person ends the session for everybody, or whatever stands before one.
    pub fn end_by_customer(&mut self, now: Millis) {
        self.end_all(EndReason::Customer, now);
        // What the hot key has cut is over.
        self.authority.mend();
    }

    fn end_all(&mut self, reason: EndReason, now: Millis) {
        self.control = None;
        self.revoke();
        if let Some(question) = self.question.take()
            && question.about == About::Connect
        {
            self.decline(&question.ask, false);
        }
        let mut there = Vec::new();
        for seat in std::mem::take(&mut self.seats) {
            if seat.is_live() {
                self.effects
                    .push_back(Effect::Close(seat.ask.session, reason));
                there.push(seat.ask.supporter);
            }
            self.effects
                .push_back(Effect::Down(seat.ask.session, reason));
        }
        self.ended(there, reason, now);
        // Who ends it himself wants to be asked again.
        self.memory.forget_all();
        self.settle();
    }

    fn end(&mut self, session: SessionId, reason: EndReason, now: Millis) {
        let place = self
            .seats
            .iter()
            .position(|seat| seat.ask.session == session);
        let Some(place) = place else { return };
        let seat = self.seats.remove(place);
        self.question
            .take_if(|it| it.about != About::Connect && it.ask.session == session);
        match reason {
            _ if seat.ask.is_new => self.memory.forget(seat.ask.key),
            EndReason::Lost | EndReason::Supporter => {
                // What he was told he may, the person knows; more than that is not remembered.
                let most = self.memory.recall(seat.ask.key, now).unwrap_or(seat.grant);
                let last = match seat.step {
                    Step::Away { until, .. } => Some(until.saturating_sub(AWAY_TIME)),
                    Step::Live { .. } => Some(now),
                    // He never was here, and what was said to him runs on.
                    Step::Allowed { .. } => None,
                };
                if let Some(last) = last {
                    self.memory.remember(seat.ask.key, most, last);
                }
            }
            EndReason::Customer | EndReason::CaseClosed | EndReason::Removed => {
                self.memory.forget(seat.ask.key);
            }
        }
        if !seat.is_live() {
            return self.effects.push_back(Effect::Down(session, reason));
        }
        let led = place == 0;
        if self.control == Some(session) || led && self.control.is_none() {
            self.control = self.lead_if_allowed();
        }
        self.effects.push_back(Effect::Close(session, reason));
        self.effects.push_back(Effect::Down(session, reason));
        let supporter = seat.ask.supporter;
        if self.live().next().is_some() {
            self.effects.push_back(Effect::Left { supporter, reason });
        } else {
            self.ended(vec![supporter], reason, now);
        }
    }

    fn ended(&mut self, supporters: Vec<Supporter>, reason: EndReason, now: Millis) {
        if !supporters.is_empty() {
            let lasted = now.saturating_sub(self.since);
            self.effects.push_back(Effect::Ended {
                supporters,
                lasted,
                reason,
            });
        }
    }

    fn revoke(&mut self) {
        self.authority.revoke();
        if self.token.take().is_some() {
            self.effects.push_back(Effect::LetGo);
        }
    }

    /// Brings the token in line with who controls, and tells what follows from the last change.
    fn settle(&mut self) {
        let holder = self
            .control
            .filter(|session| self.question.is_none() && self.is_here(*session));
        if holder != self.token.as_ref().map(|(session, _)| *session) {
            self.revoke();
            self.token = holder.map(|session| (session, self.authority.grant()));
        }
        for seat in self.seats.iter_mut().filter(|seat| seat.is_live()) {
            let session = seat.ask.session;
            seat.asks &= self.control != Some(session);
            let may = if holder == Some(session) {
                Grant::Control
            } else {
                Grant::View
            };
            if seat.told != may {
                seat.told = may;
                seat.told_ignored = false;
                self.effects.push_back(Effect::Grant(session, may));
            }
            if seat.told_recording != seat.recording {
                seat.told_recording = seat.recording;
                let told = Effect::Recording(session, seat.recording);
                self.effects.push_back(told);
            }
        }
        // Also those who are here: they may come over another connection at any time.
        let mut expected: Vec<_> = self.seats.iter().map(|seat| seat.ask.key).collect();
        expected.sort_unstable();
        if self.expected != expected {
            self.expected.clone_from(&expected);
            self.effects.push_back(Effect::Expect(expected));
        }
        let roster = self.new_roster();
        if self.roster != roster {
            self.roster = roster;
            self.effects.push_back(Effect::Seats);
        }
    }

    fn new_roster(&self) -> Roster {
        let seat = |(place, seat): (usize, &Seat)| peer::Seat {
            number: seat.number,
            name: seat.ask.supporter.name.clone(),
            grant: seat.grant,
            lead: place == 0,
            controls: self.control == Some(seat.ask.session),
            asks: seat.asks,
            records: seat.records(),
            you: false,
        };
        let list: Vec<_> = self.live().enumerate().map(seat).collect();
        let joins = |it: &&Question| it.about != About::Record && !list.is_empty();
        let joining = self.question.as_ref().filter(joins);
        let joining = joining.map(|question| question.ask.supporter.name.clone());
        Roster { list, joining }
    }
}

/// What there is to know and to do.
impl Host {
    /// The prompt that is open.
    pub fn question(&self) -> Option<&Question> {
        self.question.as_ref()
    }

    /// Whether this session is asked for or allowed.
    pub fn knows(&self, session: SessionId) -> bool {
        let asked = self.question.iter().map(|question| &question.ask);
        let allowed = self.seats.iter().map(|seat| &seat.ask);
        asked.chain(allowed).any(|ask| ask.session == session)
    }

    /// The allowed supporters; the live ones first, the lead at the very front.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The supporters who are connected, the lead first.
    pub fn live(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.is_live())
    }

    /// He is in the session, and connected now.
    fn is_here(&self, session: SessionId) -> bool {
        self.live()
            .any(|seat| seat.ask.session == session && !seat.is_away())
    }

    /// The lead's session, if the person lets him control.
    fn lead_if_allowed(&self) -> Option<SessionId> {
        let lead = self.live().next()?;
        (lead.grant == Grant::Control).then_some(lead.ask.session)
    }

    fn leads(&self, session: SessionId) -> bool {
        self.live()
            .next()
            .is_some_and(|lead| lead.ask.session == session)
    }

    /// Whose mouse and keyboard are, also while a question suspends it.
    pub fn controls(&self) -> Option<SessionId> {
        self.control
    }

    /// Who is there, as this supporter is told.
    pub fn roster_for(&self, session: SessionId) -> Roster {
        let mut roster = self.roster.clone();
        for (seat, told) in self.live().zip(&mut roster.list) {
            told.you = seat.ask.session == session;
        }
        roster
    }

    /// What this supporter may do now.
    pub fn grant_of(&self, session: SessionId) -> Grant {
        let seat = self.live().find(|seat| seat.ask.session == session);
        seat.map_or(Grant::View, |seat| seat.told)
    }

    /// The authority, for a hot key that must cut input at once and from any thread.
    pub fn authority(&self) -> Arc<Authority> {
        Arc::clone(&self.authority)
    }

    /// This supporter's right to inject, while it stands.
    pub fn token_of(&self, session: SessionId) -> Option<&ControlToken> {
        let (holder, token) = self.token.as_ref()?;
        (*holder == session && token.is_live()).then_some(token)
    }

    /// The sessions that run, for a server that was away.
    pub fn running(&self) -> Vec<SessionId> {
        self.live().map(|seat| seat.ask.session).collect()
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Millis> {
        let question = self.question.iter().map(|question| question.until);
        let seats = self.seats.iter().filter_map(|seat| match seat.step {
            Step::Allowed { until } | Step::Away { until, .. } => Some(until),
            Step::Live { .. } => None,
        });
        question.chain(seats).min()
    }
}
