//! The customers' places in the queue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aldis_desk::{Case, queue};
use aldis_wire::signal::{ChannelId, Place, Push, QueuePlace};
use aldis_wire::{Code, Millis};

use super::{Hub, State};

/// Who waits online for whoever takes his case, channel by channel.
#[derive(Debug, Default)]
pub(super) struct Queues {
    /// In the order in which they are served.
    turns: BTreeMap<ChannelId, BTreeSet<queue::Turn>>,
    /// Where each is in it.
    waiting: BTreeMap<Code, (ChannelId, queue::Turn)>,
    /// What each was told last.
    told: BTreeMap<Code, QueuePlace>,
}

impl Queues {
    /// Puts the customer where he belongs now; `None` is nowhere.
    fn put(&mut self, code: Code, at: Option<(ChannelId, queue::Turn)>) {
        if let Some((channel, turn)) = self.waiting.remove(&code) {
            let turns = self.turns.entry(channel).or_default();
            turns.remove(&turn);
            if turns.is_empty() {
                self.turns.remove(&channel);
            }
        }
        match at {
            Some((channel, turn)) => {
                self.turns.entry(channel).or_default().insert(turn);
                self.waiting.insert(code, (channel, turn));
            }
            None => {
                self.told.remove(&code);
            }
        }
    }
}

impl Hub {
    /// This customer's place, which he is being told.
    pub(crate) fn place_of(&self, code: Code, now: Millis) -> Option<QueuePlace> {
        self.with(|state| state.place_to_tell(code, now))
    }

    /// Tells every customer whose place has changed.
    pub(crate) fn count_places(&self, now: Millis) {
        self.with(|state| {
            if std::mem::take(&mut state.moved) {
                state.tell_places(now);
            }
        });
    }
}

impl State {
    /// Whoever waits in this case online stands in the queue, and nobody else.
    pub(super) fn line_up(&mut self, code: Code) {
        let case = self.cases.get(&code).filter(|case| case.waits());
        let at = case.and_then(|case| match &case.place {
            Place::Channel(id) => Some((*id, queue::turn(case))),
            Place::Private(_) => None,
        });
        let online = self.customers.contains_key(&code);
        self.queues.put(code, at.filter(|_| online));
    }

    /// The cases in which a customer waits online for whoever takes it.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (ChannelId, &Arc<Case>)> {
        let waiting = self.queues.waiting.iter();
        waiting.filter_map(|(code, (channel, _))| Some((*channel, self.cases.get(code)?)))
    }

    /// This customer's place, which he is being told.
    pub(super) fn place_to_tell(&mut self, code: Code, now: Millis) -> Option<QueuePlace> {
        let (channel, turn) = *self.queues.waiting.get(&code)?;
        let before = self.queues.turns.get(&channel)?.range(..turn).count();
        let place = QueuePlace {
            ahead: u32::try_from(before).unwrap_or(u32::MAX),
            usual_wait: self.usual_wait(channel, now),
        };
        self.queues.told.insert(code, place);
        Some(place)
    }

    fn usual_wait(&self, channel: ChannelId, now: Millis) -> Option<Millis> {
        let waits = self.waits.get(&channel).into_iter().flatten().copied();
        queue::usual_wait(waits, now)
    }

    fn tell_places(&mut self, now: Millis) {
        let mut news = Vec::new();
        for (channel, turns) in &self.queues.turns {
            let usual_wait = self.usual_wait(*channel, now);
            for (ahead, (_, _, code)) in (0..).zip(turns) {
                let place = QueuePlace { ahead, usual_wait };
                if self.queues.told.get(code) != Some(&place) {
                    news.push((*code, place));
                }
            }
        }
        for (code, place) in news {
            if let (Some(case), Some(customer)) = (self.cases.get(&code), self.customers.get(&code))
            {
                customer.push(Push::Own(case.own_view(Some(place), now)));
            }
            self.queues.told.insert(code, place);
        }
    }
}
