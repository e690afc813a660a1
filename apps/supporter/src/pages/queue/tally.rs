//! What the page counts: made anew when the cases change, not for every frame.

use std::collections::BTreeMap;
use std::sync::Arc;

use aldis_wire::Code;
use aldis_wire::signal::{Case, ChannelId, Place};

use super::{Now, Scope, mine};

/// How many cases a place has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// That are open.
    pub(super) open: usize,
    /// Whose customers wait, and nobody is responsible.
    pub(super) waiting: usize,
}

impl Count {
    fn add(&mut self, case: &Case) {
        self.open += 1;
        let waits = case.customer_online && case.waiting_since.is_some();
        self.waiting += usize::from(waits && case.assignee.is_none());
    }
}

/// The counts of all places, and the second list.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// What it was made from, held so that no later map can have the same address.
    cases: Arc<BTreeMap<Code, Arc<Case>>>,
    me: String,
    others: Count,
    home: Count,
    private: Count,
    channels: BTreeMap<ChannelId, Count>,
    /// What I have open.
    pub(super) mine: Arc<Vec<Arc<Case>>>,
}

impl Tally {
    /// Counts anew if anything has changed.
    pub(super) fn refresh(&mut self, now: Now<'_>) {
        let cases = &now.service().cases;
        if Arc::ptr_eq(&self.cases, cases) && self.me == now.me() {
            return;
        }
        *self = Self {
            cases: Arc::clone(cases),
            me: now.me().to_owned(),
            mine: Arc::new(mine::mine(now)),
            ..Self::default()
        };
        for case in cases.values().filter(|case| case.status.is_open()) {
            if case.assignee.as_deref() == Some(now.me()) {
                self.home.add(case);
            } else {
                self.others.add(case);
            }
            match &case.place {
                Place::Private(_) => self.private.add(case),
                Place::Channel(id) => self.channels.entry(*id).or_default().add(case),
            }
        }
    }

    /// What the sidebar says of a place.
    pub(super) fn of(&self, scope: Scope) -> Count {
        match scope {
            Scope::All => self.others,
            Scope::Home => self.home,
            Scope::Private => self.private,
            Scope::Channel(id) => self.channels.get(&id).copied().unwrap_or_default(),
        }
    }
}
