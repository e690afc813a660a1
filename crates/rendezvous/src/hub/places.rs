//! The customers' places in the queue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aldis_desk::{Case, Supporter, queue};
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
    /// Who was told last of those further back.
    told_last: Option<Code>,
}

/// So many at the head of a queue are told of every change at once.
const NEXT: u32 = 20;

/// So many of the others are told in one round; to tell thousands at a time would keep supporters
/// waiting for what they do.
const ROUND: usize = 100;

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
    /// This customer's place.
    pub(crate) fn place_of(&self, code: Code, now: Millis) -> Option<QueuePlace> {
        self.with(|state| state.place_now(code, now))
    }

    /// Tells customers whose place has changed, as many as one round may.
    pub(crate) fn tell_places(&self, now: Millis) {
        self.with(|state| {
            if std::mem::take(&mut state.moved) {
                state.moved = state.tell_some_places(now);
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

    /// How many customers wait in the channels that this supporter works in.
    pub(super) fn waiting_for(&self, me: &Supporter) -> usize {
        if !me.companies.is_empty() {
            let mine = |case: &Case| me.has_access(case, self.channel_of(case));
            return self.waiting().filter(|(_, case)| mine(case)).count();
        }
        // Who works for every company sees whole queues, and nobody has to count them one by one.
        let works = |id: &ChannelId| self.channels.get(id).is_some_and(|one| me.works_in(one));
        let queues = self.queues.turns.iter().filter(|(id, _)| works(id));
        queues.map(|(_, turns)| turns.len()).sum()
    }

    fn place_now(&self, code: Code, now: Millis) -> Option<QueuePlace> {
        let (channel, turn) = *self.queues.waiting.get(&code)?;
        let before = self.queues.turns.get(&channel)?.range(..turn).count();
        Some(QueuePlace {
            ahead: u32::try_from(before).unwrap_or(u32::MAX),
            usual_wait: self.usual_wait(channel, now),
        })
    }

    /// This customer's place, which he is being told: what was pushed last is what his app knows.
    pub(super) fn place_to_tell(&mut self, code: Code, now: Millis) -> Option<QueuePlace> {
        let place = self.place_now(code, now)?;
        self.queues.told.insert(code, place);
        Some(place)
    }

    fn usual_wait(&self, channel: ChannelId, now: Millis) -> Option<Millis> {
        let waits = self.waits.get(&channel).into_iter().flatten().copied();
        queue::usual_wait(waits, now)
    }

    /// Whether there is more to tell in the next round.
    fn tell_some_places(&mut self, now: Millis) -> bool {
        let (mut news, mut later) = (Vec::new(), Vec::new());
        for (channel, turns) in &self.queues.turns {
            let usual_wait = self.usual_wait(*channel, now);
            for (ahead, (_, _, code)) in (0..).zip(turns) {
                let place = QueuePlace { ahead, usual_wait };
                if self.queues.told.get(code) == Some(&place) {
                    continue;
                }
                let list = if ahead < NEXT { &mut news } else { &mut later };
                list.push((*code, place));
            }
        }
        // The others take turns by their codes, so that none is left out for good.
        later.sort_unstable_by_key(|(code, _)| *code);
        let last = self.queues.told_last;
        let begin = later.partition_point(|(code, _)| Some(*code) <= last);
        later.rotate_left(begin);
        let more = later.len() > ROUND;
        later.truncate(ROUND);
        if let Some((code, _)) = later.last() {
            self.queues.told_last = Some(*code);
        }
        for (code, place) in news.into_iter().chain(later) {
            if let (Some(case), Some(customer)) = (self.cases.get(&code), self.customers.get(&code))
            {
                customer.push(Push::Own(case.own_view(Some(place), now)));
            }
            self.queues.told.insert(code, place);
        }
        more
    }
}
