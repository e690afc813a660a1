//! One direction of a conversation that outlives its connections.
//!
//! Messages are numbered from 0 by their order; the numbers do not travel. Whoever sends keeps a
//! message in an [`Outbox`] until the other side has confirmed it. A new connection begins with
//! what the other side still lacks, and an [`Inbox`] drops what came twice, so that nothing is
//! lost and nothing acts twice, even while two connections carry the same messages.

use std::collections::VecDeque;
use std::sync::Arc;

/// What becomes of a message that was not confirmed when the last connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It is said again.
    Always,
    /// It is forgotten: what was meant for that moment must not act in a later one.
    WhileConnected,
}

/// What was said and is not confirmed.
#[derive(Debug, Default)]
pub struct Outbox {
    /// The number of the first message that is kept.
    first: u64,
    kept: VecDeque<(Arc<[u8]>, Keep)>,
    bytes: usize,
}

/// The other side confirms what was never said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverSaid;

impl Outbox {
    /// Nothing is said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says one more message.
    pub fn push(&mut self, message: Arc<[u8]>, keep: Keep) {
        self.bytes += message.len();
        self.kept.push_back((message, keep));
    }

    /// The message with this number, if it is said and still kept.
    pub fn get(&self, number: u64) -> Option<&Arc<[u8]>> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        Some(&self.kept.get(place)?.0)
    }

    /// The other side has every message below this number.
    pub fn confirm(&mut self, below: u64) -> Result<(), NeverSaid> {
        if below > self.end() {
            return Err(NeverSaid);
        }
        while self.first < below {
            self.first += 1;
            if let Some((message, _)) = self.kept.pop_front() {
                self.bytes -= message.len();
            }
        }
        Ok(())
    }

    /// The last connection is gone: forgets what was meant for its time only.
    ///
    /// What is left moves to the highest numbers: the other side may have had some of what is
    /// forgotten, and then it may have had some of what is left, which it then takes once more.
    pub fn forget_the_passing(&mut self) {
        let end = self.end();
        self.kept.retain(|(_, keep)| *keep == Keep::Always);
        self.bytes = self.kept.iter().map(|(message, _)| message.len()).sum();
        self.first = end - self.kept.len() as u64;
    }

    /// The number of the oldest message that is kept; a new connection can begin no earlier.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next message will have.
    pub fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// The bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Inbox {
    next: u64,
}

/// What a message is by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The next one.
    New,
    /// One that came before.
    Again,
}

impl Inbox {
    /// Nothing is heard yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of the first message that is lacking.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// A connection begins with the message of this number; what comes before it, the sender has
    /// given up.
    pub fn begins_at(&mut self, number: u64) {
        self.next = self.next.max(number);
    }

    /// A message with this number came; [`take`](Self::take) it once it is dealt with.
    pub fn judge(&self, number: u64) -> Heard {
        if number < self.next {
            Heard::Again
        } else {
            Heard::New
        }
    }

    /// The next message is dealt with.
    pub fn take(&mut self) {
        // A peer may say that it begins with the last number there is.
        self.next = self.next.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(byte: u8) -> Arc<[u8]> {
        Arc::from([byte].as_slice())
    }

    #[test]
    fn what_is_confirmed_is_forgotten_and_nothing_else() {
        let mut outbox = Outbox::new();
        for byte in 0..5 {
            outbox.push(message(byte), Keep::Always);
        }
        assert_eq!(outbox.confirm(3), Ok(()));
        assert_eq!((outbox.first(), outbox.end(), outbox.bytes()), (3, 5, 2));
        assert_eq!(outbox.get(2), None);
        assert_eq!(outbox.get(3), Some(&message(3)));
        assert_eq!(outbox.get(5), None);
        assert_eq!(outbox.confirm(1), Ok(()), "late news is no news");
        assert_eq!(outbox.confirm(6), Err(NeverSaid));
    }

    #[test]
    fn what_was_meant_for_the_moment_does_not_outlive_the_connection() {
        let mut outbox = Outbox::new();
        outbox.push(message(0), Keep::WhileConnected);
        outbox.push(message(1), Keep::Always);
        outbox.push(message(2), Keep::WhileConnected);
        outbox.forget_the_passing();
        assert_eq!((outbox.first(), outbox.end()), (2, 3));
        assert_eq!(outbox.get(2), Some(&message(1)));
    }

    /// Two connections that carry overlapping parts of one conversation, in any interleaving.
    #[test]
    fn overlapping_connections_give_every_message_once_and_in_order() {
        for pattern in 0_u32..4096 {
            let mut inbox = Inbox::new();
            // The old one has everything from 0 on, the new one begins at 2.
            let mut streams = [0_u64, 2];
            let mut heard = Vec::new();
            // The new one cannot be ahead of what the receiver said it has: it had 2.
            for number in 0..2 {
                heard.push(number);
                inbox.take();
                streams[0] = number + 1;
            }
            for step in 0..12 {
                let which = (pattern >> step & 1) as usize;
                let number = streams[which];
                if number >= 8 {
                    continue;
                }
                streams[which] += 1;
                if inbox.judge(number) == Heard::New {
                    heard.push(number);
                    inbox.take();
                }
            }
            let expected: Vec<u64> = (0..heard.len() as u64).collect();
            assert_eq!(heard, expected);
            assert_eq!(*streams.iter().max().unwrap(), inbox.next().max(2));
        }
    }
}
