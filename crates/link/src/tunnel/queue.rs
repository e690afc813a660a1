//! Datagrams that wait for TCP.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Bytes;

/// The most of them.
const MOST: usize = 128;

/// A queue that gives up its oldest rather than grow.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<VecDeque<Bytes>>,
    filled: Notify,
}

impl Queue {
    pub(super) fn push(&self, datagram: Bytes) {
        let mut waiting = self.lock();
        if waiting.len() >= MOST {
            waiting.pop_front();
        }
        waiting.push_back(datagram);
        self.filled.notify_one();
    }

    /// The next one, for the only one who takes them.
    pub(super) async fn pop(&self) -> Bytes {
        loop {
            if let Some(datagram) = self.try_pop() {
                return datagram;
            }
            self.filled.notified().await;
        }
    }

    pub(super) fn try_pop(&self) -> Option<Bytes> {
        self.lock().pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_are_given_up_first_and_the_order_stays() {
        let queue = Queue::default();
        for number in 0..MOST + 3 {
            queue.push(Bytes::copy_from_slice(&number.to_le_bytes()));
        }
        for number in 3..MOST + 3 {
            assert_eq!(queue.pop().await, number.to_le_bytes()[..]);
        }
        assert_eq!(queue.try_pop(), None);
    }
}
