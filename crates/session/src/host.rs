//! The customer's side of a session: consent, grant, and the way to its end.
//!
//! ```text
//! Idle ── asked ──▶ Asked ── Allow / View only ──▶ Allowed ── link up ──▶ Live
//!   ▲                │ Decline, 60 s, taken back      │ 20 s without link   │ End, link down
//!   └────────────────┴───────────────────────────────┴──────────────────────┘
//! ```
//!
//! The machine that a supporter's input may move is this one, so everything is decided here:
//! the server and the supporter's app only ask.
//! A supporter who was allowed and comes back with the same key within ten minutes is not asked
//! about again; anything else is.

use std::collections::VecDeque;
use std::sync::Arc;

use aldis_wire::peer::{EndReason, Grant};
use aldis_wire::signal::Supporter;
use aldis_wire::{KeyHash, Millis, SessionId};

use crate::control::{Authority, ControlToken};

/// How long a person has to answer.
pub const ANSWER_TIME: Millis = 60_000;

/// How long an allowed supporter has to connect.
pub const CONNECT_TIME: Millis = 20_000;

/// How long a consent outlives its session for the same supporter key.
pub const CONSENT_LIFE: Millis = 10 * 60_000;

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

/// Where the session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody asks.
    Idle,
    /// The prompt is open until this moment.
    Asked {
        /// The question.
        ask: Ask,
        /// When it declines by itself.
        until: Millis,
    },
    /// The supporter may connect, until this moment.
    Allowed {
        /// The question.
        ask: Ask,
        /// What was allowed.
        grant: Grant,
        /// When it lapses.
        until: Millis,
    },
    /// The two sides are connected.
    Live {
        /// The question.
        ask: Ask,
        /// What is allowed now.
        grant: Grant,
        /// Since when, by the shell's clock.
        since: Millis,
    },
}

/// What the shell must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Take a connection from this key, or from nobody.
    Expect(Option<KeyHash>),
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
    Grant(Grant),
    /// Tell the supporter that input was ignored.
    InputIgnored,
    /// Tell the supporter that it is over, and close the connection.
    Close(EndReason),
    /// It is over; tell the person who was connected and for how long.
    Ended {
        /// Who.
        supporter: Supporter,
        /// How long, in milliseconds.
        lasted: Millis,
        /// Why.
        reason: EndReason,
    },
}

/// The customer's side of sessions with one supporter at a time.
///
/// After every call the caller takes effects with [`poll_effect`](Self::poll_effect) until there
/// is none, and calls [`handle_timeout`](Self::handle_timeout) at
/// [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub struct Host {
    state: State,
    authority: Arc<Authority>,
    token: Option<ControlToken>,
    consent: Option<(KeyHash, Grant, Millis)>,
    told_ignored: bool,
    effects: VecDeque<Effect>,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// Nobody asks yet.
    pub fn new() -> Self {
        Self {
            state: State::Idle,
            authority: Arc::new(Authority::new()),
            token: None,
            consent: None,
            told_ignored: false,
            effects: VecDeque::new(),
        }
    }

    /// Where the session stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The authority, for a hot key that must cut input at once and from any thread.
    pub fn authority(&self) -> Arc<Authority> {
        Arc::clone(&self.authority)
    }

    /// The right to inject, while it stands.
    pub fn token(&self) -> Option<&ControlToken> {
        self.token.as_ref().filter(|token| token.is_live())
    }

    /// The session that runs, for a server that was away.
    pub fn running(&self) -> Option<SessionId> {
        match &self.state {
            State::Live { ask, .. } => Some(ask.session),
            State::Idle | State::Asked { .. } | State::Allowed { .. } => None,
        }
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Millis> {
        match &self.state {
            State::Asked { until, .. } | State::Allowed { until, .. } => Some(*until),
            State::Idle | State::Live { .. } => None,
        }
    }

    /// A supporter asks.
    pub fn handle_asked(&mut self, ask: Ask, now: Millis) {
        if !matches!(self.state, State::Idle) {
            let session = ask.session;
            return self.effects.push_back(Effect::Decline {
                session,
                timed_out: false,
            });
        }
        let remembered = self
            .consent
            .filter(|(key, _, until)| *key == ask.key && now < *until);
        match remembered {
            // Seeing was allowed, so asking for less than was allowed needs no new question.
            Some((_, grant, _)) => {
                let grant = if ask.view_only { Grant::View } else { grant };
                self.allow(ask, grant, now);
            }
            None => {
                self.state = State::Asked {
                    ask,
                    until: now + ANSWER_TIME,
                }
            }
        }
    }

    /// The supporter takes his question back.
    pub fn handle_cancelled(&mut self, session: SessionId) {
        match &self.state {
            State::Asked { ask, .. } | State::Allowed { ask, .. } if ask.session == session => {
                self.state = State::Idle;
                self.effects.push_back(Effect::Expect(None));
            }
            State::Idle | State::Asked { .. } | State::Allowed { .. } | State::Live { .. } => {}
        }
    }

    /// The person answered.
    pub fn choose(&mut self, choice: Choice, now: Millis) {
        let State::Asked { ask, .. } = &self.state else {
            return;
        };
        let ask = ask.clone();
        match choice {
            Choice::Allow if !ask.view_only => self.allow(ask, Grant::Control, now),
            Choice::Allow | Choice::ViewOnly => self.allow(ask, Grant::View, now),
            Choice::Decline => self.decline(ask.session, false),
        }
    }

    fn allow(&mut self, ask: Ask, grant: Grant, now: Millis) {
        self.consent = Some((ask.key, grant, now + CONSENT_LIFE));
        self.effects.push_back(Effect::Expect(Some(ask.key)));
        self.effects.push_back(Effect::Allow(ask.session, grant));
        self.state = State::Allowed {
            ask,
            grant,
            until: now + CONNECT_TIME,
        };
    }

    fn decline(&mut self, session: SessionId, timed_out: bool) {
        self.consent = None;
        self.state = State::Idle;
        self.effects
            .push_back(Effect::Decline { session, timed_out });
    }

    /// A connection with the expected key says which session it is for; `false` refuses it.
    pub fn handle_link_up(&mut self, session: SessionId, now: Millis) -> bool {
        let State::Allowed { ask, grant, .. } = &self.state else {
            return false;
        };
        if ask.session != session {
            return false;
        }
        let (ask, grant) = (ask.clone(), *grant);
        self.token = (grant == Grant::Control).then(|| self.authority.grant());
        self.told_ignored = false;
        self.effects.push_back(Effect::Up(session));
        self.state = State::Live {
            ask,
            grant,
            since: now,
        };
        true
    }

    /// The connection is gone.
    pub fn handle_link_down(&mut self, now: Millis) {
        self.end(EndReason::Lost, now);
    }

    /// Input came; the right to inject it, or `None` when it must be ignored.
    pub fn handle_input(&mut self) -> Option<ControlToken> {
        let token = self.token().cloned();
        if token.is_none() && !self.told_ignored {
            // Once per grant: a flood of input must not become a flood of reports.
            self.told_ignored = true;
            self.effects.push_back(Effect::InputIgnored);
        }
        token
    }

    /// The supporter ends the session.
    pub fn handle_supporter_end(&mut self, now: Millis) {
        self.end(EndReason::Supporter, now);
    }

    /// The case was closed on the server.
    pub fn handle_case_closed(&mut self, now: Millis) {
        self.consent = None;
        self.end(EndReason::CaseClosed, now);
    }

    /// The person takes mouse and keyboard back; seeing goes on.
    pub fn stop_control(&mut self) {
        self.revoke();
        if let State::Live { grant, .. } = &mut self.state {
            *grant = Grant::View;
            self.told_ignored = false;
            self.effects.push_back(Effect::Grant(Grant::View));
            if let Some((_, remembered, _)) = &mut self.consent {
                *remembered = Grant::View;
            }
        }
    }

    /// The person ends the session, or whatever stands before one.
    pub fn end_by_customer(&mut self, now: Millis) {
        // Who ends it himself wants to be asked again.
        self.consent = None;
        self.end(EndReason::Customer, now);
    }

    fn revoke(&mut self) {
        self.authority.revoke();
        self.token = None;
    }

    fn end(&mut self, reason: EndReason, now: Millis) {
        self.revoke();
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => {}
            State::Asked { ask, .. } => self.decline(ask.session, false),
            State::Allowed { ask, .. } => {
                self.effects.push_back(Effect::Expect(None));
                self.effects.push_back(Effect::Down(ask.session, reason));
            }
            State::Live { ask, since, .. } => {
                if let Some((_, _, until)) = &mut self.consent {
                    *until = now + CONSENT_LIFE;
                }
                let (supporter, lasted) = (ask.supporter, now.saturating_sub(since));
                self.effects.push_back(Effect::Close(reason));
                self.effects.push_back(Effect::Expect(None));
                self.effects.push_back(Effect::Down(ask.session, reason));
                self.effects.push_back(Effect::Ended {
                    supporter,
                    lasted,
                    reason,
                });
            }
        }
    }

    /// The moment of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Millis) {
        match &self.state {
            State::Asked { ask, until } if now >= *until => {
                let session = ask.session;
                self.decline(session, true);
            }
            State::Allowed { until, .. } if now >= *until => self.end(EndReason::Lost, now),
            State::Idle | State::Asked { .. } | State::Allowed { .. } | State::Live { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(session: u8, key: u8) -> Ask {
        let supporter = Supporter {
            name: "Eva".to_owned(),
            picture: Vec::new(),
        };
        Ask {
            session: [session; 16],
            supporter,
            key: [key; 32],
            view_only: false,
        }
    }

    fn effects(host: &mut Host) -> Vec<Effect> {
        std::iter::from_fn(|| host.poll_effect()).collect()
    }

    fn live(choice: Choice) -> Host {
        let mut host = Host::new();
        host.handle_asked(ask(1, 1), 0);
        host.choose(choice, 10);
        assert!(host.handle_link_up([1; 16], 20));
        effects(&mut host);
        host
    }

    #[test]
    fn nothing_is_injected_before_the_yes_and_while_the_prompt_is_open() {
        let mut host = Host::new();
        assert!(host.handle_input().is_none());
        host.handle_asked(ask(1, 1), 0);
        assert!(host.handle_input().is_none());
        assert!(!host.handle_link_up([1; 16], 1), "no link before the yes");
        host.choose(Choice::Allow, 2);
        assert!(host.handle_input().is_none(), "and none before the link");
        assert!(!host.handle_link_up([9; 16], 3), "nor for another session");
        assert!(host.handle_link_up([1; 16], 4));
        assert!(host.handle_input().is_some());
    }

    #[test]
    fn view_only_gives_no_control_and_says_so_once() {
        let mut host = live(Choice::ViewOnly);
        for _ in 0..100 {
            assert!(host.handle_input().is_none());
        }
        assert_eq!(effects(&mut host), [Effect::InputIgnored]);
    }

    #[test]
    fn stopping_control_acts_on_tokens_already_handed_out() {
        let mut host = live(Choice::Allow);
        let token = host.handle_input().unwrap();
        host.stop_control();
        assert!(!token.is_live() && host.handle_input().is_none());
        assert_eq!(
            effects(&mut host),
            [Effect::Grant(Grant::View), Effect::InputIgnored]
        );
        assert!(matches!(
            host.state(),
            State::Live {
                grant: Grant::View,
                ..
            }
        ));
    }

    #[test]
    fn the_hot_key_cuts_input_before_anything_else_happens() {
        let mut host = live(Choice::Allow);
        let token = host.handle_input().unwrap();
        host.authority().revoke();
        assert!(!token.is_live() && host.handle_input().is_none());
    }

    #[test]
    fn no_answer_in_time_is_a_no() {
        let mut host = Host::new();
        host.handle_asked(ask(1, 1), 0);
        host.handle_timeout(ANSWER_TIME - 1);
        assert_eq!(effects(&mut host), []);
        host.handle_timeout(host.poll_timeout().unwrap());
        assert_eq!(
            effects(&mut host),
            [Effect::Decline {
                session: [1; 16],
                timed_out: true
            }]
        );
        assert_eq!(host.state(), &State::Idle);
        host.choose(Choice::Allow, ANSWER_TIME + 1);
        assert_eq!(effects(&mut host), [], "a late press does nothing");
    }

    #[test]
    fn the_same_key_comes_back_without_a_question_for_ten_minutes() {
        let mut host = live(Choice::Allow);
        host.handle_link_down(1_000);
        effects(&mut host);
        host.handle_asked(ask(2, 1), 1_000 + CONSENT_LIFE - 1);
        assert!(matches!(
            host.state(),
            State::Allowed {
                grant: Grant::Control,
                ..
            }
        ));
        host.handle_cancelled([2; 16]);
        let mut host = live(Choice::Allow);
        host.handle_link_down(1_000);
        host.handle_asked(ask(2, 1), 1_000 + CONSENT_LIFE);
        assert!(matches!(host.state(), State::Asked { .. }), "too late");
    }

    #[test]
    fn another_key_or_an_ended_session_asks_again() {
        let mut host = live(Choice::Allow);
        host.handle_link_down(1_000);
        host.handle_asked(ask(2, 2), 1_001);
        assert!(matches!(host.state(), State::Asked { .. }));
        let mut host = live(Choice::Allow);
        host.end_by_customer(1_000);
        host.handle_asked(ask(2, 1), 1_001);
        assert!(matches!(host.state(), State::Asked { .. }));
    }

    #[test]
    fn what_was_taken_back_does_not_come_back_with_the_next_link() {
        let mut host = live(Choice::Allow);
        host.stop_control();
        host.handle_link_down(1_000);
        host.handle_asked(ask(2, 1), 1_001);
        assert!(matches!(
            host.state(),
            State::Allowed {
                grant: Grant::View,
                ..
            }
        ));
    }

    #[test]
    fn the_end_closes_the_link_and_tells_who_was_there() {
        let mut host = live(Choice::Allow);
        host.end_by_customer(5_020);
        let told = effects(&mut host);
        assert_eq!(told[0], Effect::Close(EndReason::Customer));
        assert!(told.contains(&Effect::Expect(None)));
        assert!(told.contains(&Effect::Down([1; 16], EndReason::Customer)));
        assert!(matches!(&told[3], Effect::Ended { lasted: 5_000, .. }));
    }

    #[test]
    fn a_second_supporter_is_declined_while_one_is_connected() {
        let mut host = live(Choice::Allow);
        host.handle_asked(ask(2, 2), 30);
        let no = Effect::Decline {
            session: [2; 16],
            timed_out: false,
        };
        assert_eq!(effects(&mut host), [no]);
        assert!(host.handle_input().is_some());
    }
}
