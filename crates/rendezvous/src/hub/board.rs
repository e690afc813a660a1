//! The cases, channels and people as they are now, and who is told when they change.

use std::collections::BTreeSet;
use std::sync::Arc;

use aldis_desk::assign::choose;
use aldis_desk::{Case, Done, Supporter};
use aldis_wire::signal::{Availability, Channel, Place, Push};
use aldis_wire::{Code, Millis};

use super::{Hub, State};

/// The most cases that have ended and are still on the board; older ones are looked for.
const ENDED: usize = 500;

/// The most waits of a channel that are remembered for its estimate.
const WAITS: usize = 1000;

impl Hub {
    /// Puts everything on the board.
    pub(crate) fn set_up(&self, cases: Vec<Case>, now: Millis) {
        self.with(|state| {
            for case in cases {
                // Whoever has joined was here until the server went.
                if case.customer_joined_at.is_some() {
                    state.gone.insert(case.code, now);
                }
                state.put(&Arc::new(case), now);
            }
        });
    }

    /// The channels and people as they are now.
    pub(crate) fn set_desk(&self, channels: Vec<Channel>, people: Vec<Supporter>) {
        self.with(|state| {
            let channels = channels
                .into_iter()
                .map(|channel| (channel.id, channel))
                .collect();
            let people = people
                .into_iter()
                .map(|one| (one.name.clone(), one))
                .collect();
            // Every sign-in asks for this, and most change nothing.
            if state.channels == channels && state.people == people {
                return;
            }
            (state.channels, state.people) = (channels, people);
            let State {
                watchers, cases, ..
            } = state;
            for watcher in watchers.values_mut() {
                watcher.doubt_all(cases);
            }
            state.show_desks();
        });
        self.assign.notify_one();
    }

    /// A case is as it is now; whoever sees it is told, and whoever it waits for.
    pub(crate) fn publish(&self, done: &Done, now: Millis) {
        let case = Arc::new(done.case.clone());
        let assign = self.with(|state| {
            let before = state.cases.get(&case.code).cloned();
            state.forget_asks_of(&case);
            if let (Some(waited), Place::Channel(id)) = (done.waited, &case.place) {
                let waits = state.waits.entry(*id).or_default();
                waits.push_back((now, waited));
                while waits.len() > WAITS {
                    waits.pop_front();
                }
            }
            if done.deleted {
                state.take(case.code);
            } else {
                state.put(&case, now);
            }
            for message in &done.messages {
                state.tell_chat(case.code, message);
            }
            state.tell_customer(&case, now);
            state.announce(before.as_deref(), &case);
            // Whose session ended may have time for somebody who waits.
            case.waits() || before.is_some_and(|before| before.in_session())
        });
        if assign {
            self.assign.notify_one();
        }
    }

    /// A customer came: whoever it is for is told.
    pub(crate) fn announce(&self, code: Code) {
        self.with(|state| {
            if let Some(case) = state.cases.get(&code).cloned() {
                state.announce(None, &case);
            }
        });
    }

    /// A case looks different though nothing of it was changed: somebody came or left, or time
    /// passed.
    pub(crate) fn touch(&self, code: Code, now: Millis) {
        self.with(|state| {
            if let Some(case) = state.cases.get(&code).cloned() {
                state.put(&case, now);
                state.tell_customer(&case, now);
            }
        });
    }

    /// The cases whose offer was not taken in time.
    pub(crate) fn lapsed(&self, now: Millis) -> Vec<Code> {
        let due = |case: &&Arc<Case>| {
            case.closed_at.is_none() && case.offered_until.is_some_and(|until| until <= now)
        };
        self.with(|state| {
            state
                .cases
                .values()
                .filter(due)
                .map(|case| case.code)
                .collect()
        })
    }

    /// The cases that expired in this span.
    pub(crate) fn expired_between(&self, after: Millis, until: Millis) -> Vec<Code> {
        let expired = |case: &&Arc<Case>| {
            case.closed_at.is_none() && case.expires_at > after && case.expires_at <= until
        };
        self.with(|state| {
            state
                .cases
                .values()
                .filter(expired)
                .map(|case| case.code)
                .collect()
        })
    }

    /// The cases in which a customer waits online and whose channel assigns by itself, in turn.
    pub(crate) fn to_assign(&self) -> Vec<Code> {
        self.with(|state| {
            let off = aldis_wire::signal::Assignment::Off;
            if state
                .channels
                .values()
                .all(|channel| channel.setup.assignment == off)
            {
                return Vec::new();
            }
            let people = state.present_people();
            let mut waiting: Vec<_> = state
                .waiting()
                .filter(|(channel, case)| {
                    // Where nobody could take it, the records need not be asked.
                    let channel = state.channels.get(channel);
                    channel.is_some_and(|channel| choose(channel, case, &people, 0).is_some())
                })
                .map(|(_, case)| aldis_desk::queue::turn(case))
                .collect();
            waiting.sort_unstable();
            waiting.into_iter().map(|(_, _, code)| code).collect()
        })
    }

    /// Everybody, with the cases he has and whether he takes more.
    pub(crate) fn people(&self) -> Vec<Supporter> {
        self.with(|state| state.present_people())
    }

    /// Whether this supporter takes requests now.
    pub(crate) fn availability(&self, name: &str) -> Availability {
        self.with(|state| state.availability(name))
    }
}

impl State {
    fn put(&mut self, case: &Arc<Case>, now: Millis) {
        let code = case.code;
        let before = self.take_off(code);
        if case.status(now).is_open() {
            self.count(case, true);
        } else {
            self.ended
                .insert((case.closed_at.unwrap_or(case.expires_at), code));
        }
        self.cases.insert(code, Arc::clone(case));
        self.mark(code);
        self.judge_anew(before.as_deref(), case);
        while self.ended.len() > ENDED {
            let Some((_, oldest)) = self.ended.first().copied() else {
                break;
            };
            self.take(oldest);
        }
    }

    fn take(&mut self, code: Code) {
        self.take_off(code);
        self.readers.remove(&code);
        self.gone.remove(&code);
        self.mark(code);
    }

    fn take_off(&mut self, code: Code) -> Option<Arc<Case>> {
        let case = self.cases.remove(&code)?;
        let at = case.closed_at.unwrap_or(case.expires_at);
        // What had ended was nobody's work any more.
        if !self.ended.remove(&(at, code)) {
            self.count(&case, false);
        }
        Some(case)
    }

    /// Whoever has a session more or less than before may take requests now, or no longer.
    fn judge_anew(&mut self, before: Option<&Case>, case: &Case) {
        let busy = |case: &Case| -> BTreeSet<String> {
            case.running()
                .map(|session| session.supporter.clone())
                .collect()
        };
        let (before, now) = (before.map(busy).unwrap_or_default(), busy(case));
        let Self {
            watchers, cases, ..
        } = self;
        for watcher in watchers.values_mut() {
            if before.contains(&watcher.name) != now.contains(&watcher.name) {
                watcher.doubt_all(cases);
            }
        }
    }

    /// Counts what an open case adds to people's work, or takes from it.
    fn count(&mut self, case: &Case, adds: bool) {
        let step = |count: &mut u32| {
            *count = if adds {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
        };
        if let Some(assignee) = &case.assignee {
            step(&mut self.load.entry(assignee.clone()).or_default().0);
        }
        for session in case.running() {
            step(&mut self.load.entry(session.supporter.clone()).or_default().1);
        }
    }

    /// Everyone looks at this case anew.
    fn mark(&mut self, code: Code) {
        self.line_up(code);
        self.moved = true;
        self.desks_moved = true;
        for watcher in self.watchers.values_mut() {
            watcher.mark(code);
        }
    }

    /// Tells whom a case waits for, if it did not before.
    fn announce(&mut self, before: Option<&Case>, case: &Case) {
        if case.closed_at.is_some() || !self.customers.contains_key(&case.code) {
            return;
        }
        let unchanged = before.is_some_and(|before| {
            before.assignee == case.assignee
                && before.place == case.place
                && before.waiting_since.is_some() == case.waiting_since.is_some()
        });
        if unchanged || case.waiting_since.is_none() {
            return;
        }
        let gave_up = before.and_then(|before| before.assignee.as_deref());
        for watcher in self.watchers.values() {
            let name = watcher.name.as_str();
            let person = self.person_at(name);
            let for_him = match &case.assignee {
                Some(assignee) => assignee == name && gave_up != Some(name),
                None => {
                    gave_up != Some(name)
                        && person.is_some_and(|one| one.sees(case, self.channel_of(case)))
                }
            };
            if for_him {
                watcher.mailbox.push(Push::Waiting(case.code));
            }
        }
    }

    fn tell_customer(&mut self, case: &Case, now: Millis) {
        let place = self.place_to_tell(case.code, now);
        if let Some(customer) = self.customers.get(&case.code) {
            customer.push(Push::Own(case.own_view(place, now)));
        }
    }

    pub(super) fn channel_of(&self, case: &Case) -> Option<&Channel> {
        match &case.place {
            Place::Channel(id) => self.channels.get(id),
            Place::Private(_) => None,
        }
    }

    /// A supporter as he is at his window now.
    pub(super) fn person(&self, name: &str) -> Option<Supporter> {
        Some(Supporter {
            availability: self.availability(name),
            ..self.people.get(name)?.clone()
        })
    }

    /// How many open cases somebody has, and in how many sessions he is.
    pub(super) fn load_of(&self, name: &str) -> (u32, u32) {
        self.load.get(name).copied().unwrap_or_default()
    }

    fn present_people(&self) -> Vec<Supporter> {
        let present = self.present();
        self.people
            .values()
            .map(|one| {
                let (cases, sessions) = self.load_of(&one.name);
                let here = present.contains(one.name.as_str());
                Supporter {
                    cases,
                    availability: self.judge(one, here, sessions),
                    ..one.clone()
                }
            })
            .collect()
    }

    pub(super) fn availability(&self, name: &str) -> Availability {
        let here = self.watchers.values().any(|watcher| watcher.name == name);
        let (_, sessions) = self.load_of(name);
        self.people
            .get(name)
            .map_or(Availability::Offline, |one| self.judge(one, here, sessions))
    }

    /// What he says of himself, unless he is not there or has enough sessions.
    pub(super) fn judge(&self, one: &Supporter, here: bool, sessions: u32) -> Availability {
        let stated = self.stated.get(&one.name).copied().unwrap_or_default();
        match stated {
            _ if !here => Availability::Offline,
            Availability::Available if sessions >= one.busy_at.max(1) => Availability::Busy,
            stated => stated,
        }
    }
}
