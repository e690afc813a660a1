//! The supporters' windows: what each has been shown, and what is news to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aldis_desk::{Case, Supporter};
use aldis_wire::signal::{Availability, Colleague, Desk, MAX_CASES, Push};
use aldis_wire::{Code, Millis};

use super::{ConnectionId, Hub, Mailbox, State};

/// About so many bytes of cases go into one message.
const MESSAGE: usize = 256 * 1024;

/// One supporter's window.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) name: String,
    pub(super) mailbox: Mailbox,
    /// The cases that it shows.
    seen: BTreeSet<Code>,
    /// The cases that look different from what it shows.
    marked: BTreeSet<Code>,
    /// The cases that he may see now and did not, or the other way round.
    doubted: BTreeSet<Code>,
    /// The desk as it was told last.
    desk: Option<Desk>,
    /// The desk may be another one now.
    desk_due: bool,
    /// It has been told everything once.
    complete: bool,
}

impl Watcher {
    pub(super) fn mark(&mut self, code: Code) {
        self.marked.insert(code);
        self.mailbox.news.notify_one();
    }

    /// What he may see has changed.
    pub(super) fn doubt_all(&mut self, cases: &BTreeMap<Code, Arc<Case>>) {
        self.doubted.extend(cases.keys());
        self.mailbox.news.notify_one();
    }
}

impl Hub {
    /// From now on this window is shown everything.
    pub(crate) fn watch(&self, name: &str, availability: Availability, mailbox: Mailbox) {
        self.with(|state| {
            let mut watcher = Watcher {
                name: name.to_owned(),
                mailbox,
                seen: BTreeSet::new(),
                marked: BTreeSet::new(),
                doubted: BTreeSet::new(),
                desk: None,
                desk_due: true,
                complete: false,
            };
            watcher.doubt_all(&state.cases);
            state.watchers.insert(watcher.mailbox.id, watcher);
            state.state_availability(name, availability);
        });
        self.assign.notify_one();
    }

    /// A supporter says whether he takes requests.
    pub(crate) fn set_availability(&self, name: &str, availability: Availability) {
        self.with(|state| state.state_availability(name, availability));
        self.assign.notify_one();
    }

    /// This connection's supporter is gone, and with him what he asked.
    pub(crate) fn supporter_left(&self, id: ConnectionId) {
        let cancelled = self.with(|state| {
            state.apps.remove(&id);
            if state.watchers.remove(&id).is_some() {
                state.show_desks();
            }
            state.readers.retain(|_, readers| {
                readers.remove(&id);
                !readers.is_empty()
            });
            state.take_open_asks_of(id)
        });
        for (session, customer) in cancelled {
            customer.push(Push::ConnectCancelled { session });
        }
    }

    /// What is news to this window; `None` when there is nothing more.
    pub(crate) fn news(&self, id: ConnectionId, now: Millis) -> Option<Push> {
        self.with(|state| {
            let mut watcher = state.watchers.remove(&id)?;
            let news = state.news_for(&mut watcher, now);
            state.watchers.insert(id, watcher);
            news
        })
    }

    /// Tells the desks' counts, if they have changed since the last time.
    pub(crate) fn tell_counts(&self) {
        self.with(|state| {
            if std::mem::take(&mut state.desks_moved) {
                state.show_desks();
            }
        });
    }

    /// The desk as this supporter sees it.
    pub(crate) fn desk(&self, name: &str) -> Option<Desk> {
        self.with(|state| {
            let me = state.person(name)?;
            Some(state.desk_of(&me))
        })
    }

    /// Shows these cases as this supporter sees them now; those that he does not are left out.
    pub(crate) fn seen_by(
        &self,
        name: &str,
        cases: &[Case],
        now: Millis,
    ) -> Vec<aldis_wire::signal::Case> {
        self.with(|state| {
            let Some(me) = state.person(name).map(Supporter::at_work) else {
                return Vec::new();
            };
            cases
                .iter()
                .filter(|case| me.sees(case, state.channel_of(case)))
                .map(|case| case.view(state.customers.contains_key(&case.code), now))
                .collect()
        })
    }

    /// Says something to every window of a supporter.
    pub(crate) fn tell(&self, name: &str, push: &Push) {
        self.with(|state| {
            for watcher in state
                .watchers
                .values()
                .filter(|watcher| watcher.name == name)
            {
                watcher.mailbox.push(push.clone());
            }
        });
    }
}

impl State {
    fn state_availability(&mut self, name: &str, availability: Availability) {
        if availability == Availability::Offline {
            self.stated.remove(name);
        } else {
            self.stated.insert(name.to_owned(), availability);
        }
        let Self {
            watchers, cases, ..
        } = self;
        for watcher in watchers.values_mut().filter(|watcher| watcher.name == name) {
            watcher.doubt_all(cases);
        }
        self.show_desks();
    }

    /// Everybody looks at his desk anew.
    pub(super) fn show_desks(&mut self) {
        for watcher in self.watchers.values_mut() {
            watcher.desk_due = true;
            watcher.mailbox.news.notify_one();
        }
    }

    /// Everybody who has a window open.
    pub(super) fn present(&self) -> BTreeSet<&str> {
        self.watchers
            .values()
            .map(|watcher| watcher.name.as_str())
            .collect()
    }

    fn news_for(&self, watcher: &mut Watcher, now: Millis) -> Option<Push> {
        let me = self.person_at(&watcher.name)?;
        if watcher.desk.is_none() {
            watcher.desk_due = false;
            let desk = self.desk_of(&me);
            watcher.desk = Some(desk.clone());
            return Some(Push::Desk(Box::new(desk)));
        }
        let (mut changed, mut gone, mut size) = (Vec::new(), Vec::new(), 0);
        while changed.len() < MAX_CASES && gone.len() < MAX_CASES && size < MESSAGE {
            let marked = watcher.marked.pop_first();
            let Some(code) = marked.or_else(|| watcher.doubted.pop_first()) else {
                break;
            };
            let case = self.cases.get(&code);
            match case.filter(|case| me.sees(case, self.channel_of(case))) {
                Some(_) if marked.is_none() && watcher.seen.contains(&code) => {}
                Some(case) => {
                    watcher.seen.insert(code);
                    let online = self.customers.contains_key(&code);
                    size += 500 + case.facts.description.len() + case.facts.notes.len();
                    changed.push(case.view(online, now));
                }
                None if watcher.seen.remove(&code) => gone.push(code),
                None => {}
            }
        }
        let complete = watcher.marked.is_empty() && watcher.doubted.is_empty();
        if !changed.is_empty() || !gone.is_empty() || (complete && !watcher.complete) {
            watcher.complete |= complete;
            return Some(Push::Cases {
                changed,
                gone,
                complete: watcher.complete,
            });
        }
        if !std::mem::take(&mut watcher.desk_due) {
            return None;
        }
        let desk = self.desk_of(&me);
        if watcher.desk.as_ref() == Some(&desk) {
            return None;
        }
        watcher.desk = Some(desk.clone());
        Some(Push::Desk(Box::new(desk)))
    }

    /// A supporter who has a window open.
    pub(super) fn person_at(&self, name: &str) -> Option<Supporter> {
        let one = self.people.get(name)?;
        let (_, sessions) = self.load_of(name);
        Some(Supporter {
            availability: self.judge(one, true, sessions),
            ..one.clone()
        })
    }

    fn desk_of(&self, me: &Supporter) -> Desk {
        let present = self.present();
        let colleagues = self.people.values().map(|one| {
            let (cases, sessions) = self.load_of(&one.name);
            let here = one.name == me.name || present.contains(one.name.as_str());
            Colleague {
                name: one.name.clone(),
                availability: self.judge(one, here, sessions),
                cases,
                skills: one.skills.clone(),
            }
        });
        let colleagues = colleagues
            .take(aldis_wire::signal::MAX_COLLEAGUES)
            .collect();
        Desk {
            me: me.name.clone(),
            role: me.role,
            may_release: me.may_release,
            availability: me.availability,
            channels: self
                .channels
                .values()
                .filter(|one| me.works_in(one))
                .cloned()
                .collect(),
            colleagues,
            waiting: u32::try_from(self.waiting_for(me)).unwrap_or(u32::MAX),
        }
    }
}
