//! The customers' places in the queue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aldis_desk::queue;
use aldis_wire::signal::{ChannelId, Place, Push, QueuePlace};
use aldis_wire::{Code, Millis};

use super::{Hub, State};

impl Hub {
    /// This customer's place.
    pub(crate) fn place_of(&self, code: Code, now: Millis) -> Option<QueuePlace> {
        self.with(|state| {
            let case = state.cases.get(&code).filter(|case| case.waits())?;
            let Place::Channel(channel) = case.place else {
                return None;
            };
            let mine = queue::turn(case);
            let before = |(other, case): &(ChannelId, &std::sync::Arc<aldis_desk::Case>)| {
                *other == channel && queue::turn(case) < mine
            };
            let ahead = state.waiting().filter(before).count();
            Some(QueuePlace {
                ahead: u32::try_from(ahead).unwrap_or(u32::MAX),
                usual_wait: state.usual_wait(channel, now),
            })
        })
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
    fn usual_wait(&self, channel: ChannelId, now: Millis) -> Option<Millis> {
        let waits = self.waits.get(&channel).into_iter().flatten().copied();
        queue::usual_wait(waits, now)
    }

    fn places_now(&self, now: Millis) -> BTreeMap<Code, QueuePlace> {
        let mut queues: BTreeMap<ChannelId, Vec<queue::Turn>> = BTreeMap::new();
        for (channel, case) in self.waiting() {
            queues.entry(channel).or_default().push(queue::turn(case));
        }
        let mut places = BTreeMap::new();
        for (channel, mut turns) in queues {
            turns.sort_unstable();
            let usual_wait = self.usual_wait(channel, now);
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
