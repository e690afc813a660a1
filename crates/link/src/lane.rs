//! One direction of a conversation that outlives its connections, over QUIC streams.
//!
//! An [`OutLane`] takes messages whether or not there is a connection, and writes them to the
//! stream that it was given last; an [`InLane`] hears the streams of several connections and gives
//! every message once. What is kept and what is dropped, `path::lane` decides.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aldis_path::lane::{Heard, Inbox, Keep, NeverSaid, Outbox};
use aldis_wire::{Message, frame};
use tokio::sync::{mpsc, watch};

use crate::frames::{FrameReceiver, FrameSender, RecvError, SendError};

/// The most bytes that may wait for the other side's confirmation; more make the sender wait.
const UNCONFIRMED: usize = 16 << 20;

/// After how many messages the other side is told that they have come.
const CONFIRM_MESSAGES: u64 = 64;

/// After how many bytes it is.
const CONFIRM_BYTES: usize = 256 * 1024;

/// Messages on their way out.
#[derive(Debug)]
pub struct OutLane<M> {
    outbox: Mutex<Outbox>,
    place: watch::Sender<Place>,
    /// How many messages may wait where there is no stream.
    patience: usize,
    kind: std::marker::PhantomData<fn(M)>,
}

/// How far a lane has come.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The number of the next message.
    end: u64,
    /// The number of the next message that is written to a stream.
    written: u64,
    /// Counts confirmations that made room.
    room: u64,
    /// There is a stream.
    open: bool,
    /// Counts the streams.
    streams: u64,
}

impl<M: Message> Default for OutLane<M> {
    fn default() -> Self {
        Self {
            outbox: Mutex::default(),
            place: watch::Sender::default(),
            patience: 0,
            kind: std::marker::PhantomData,
        }
    }
}

impl<M: Message> OutLane<M> {
    /// A lane that takes this many messages while there is no stream; more wait.
    pub fn patient(messages: usize) -> Self {
        Self {
            patience: messages,
            ..Self::default()
        }
    }

    /// Says a message; waits until everything before it is on a stream.
    ///
    /// What is meant for the moment only is dropped while there is no stream.
    pub async fn send(&self, message: &M, keep: Keep) -> Result<(), SendError> {
        let bytes: Arc<[u8]> = frame::encode(message)?.into();
        let mut place = self.place.subscribe();
        loop {
            let now = *place.borrow_and_update();
            if !now.open && keep == Keep::WhileConnected {
                return Ok(());
            }
            if self.push(&bytes, keep, now) || place.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// Takes the message if there is room.
    fn push(&self, bytes: &Arc<[u8]>, keep: Keep, place: Place) -> bool {
        let mut outbox = self.outbox();
        let waiting = (outbox.end() - outbox.first()) as usize;
        let has_room = if place.open {
            place.written >= outbox.end()
        } else {
            waiting < self.patience
        };
        let free = has_room && outbox.bytes() < UNCONFIRMED;
        if free {
            outbox.push(Arc::clone(bytes), keep);
            let end = outbox.end();
            drop(outbox);
            self.place.send_modify(|place| place.end = end);
        }
        free
    }

    /// Where a stream begins for an other side that lacks the messages from `lacking` on.
    pub fn begin(&self, lacking: u64) -> u64 {
        let outbox = self.outbox();
        lacking.clamp(outbox.first(), outbox.end())
    }

    /// Writes to this stream from the message with this number on, until the stream breaks or the
    /// future is dropped; then the stream is abandoned, perhaps within a message.
    pub async fn pump(&self, stream: FrameSender<M>, from: u64) -> Result<(), SendError> {
        let mut mine = 0;
        self.place.send_modify(|place| {
            place.written = from;
            place.open = true;
            place.streams += 1;
            mine = place.streams;
        });
        let ended = self.write(Abandoned(stream), from).await;
        // It broke; unless another one has taken over, nothing is written any more.
        self.place.send_if_modified(|place| {
            let last = place.streams == mine;
            place.open &= !last;
            last
        });
        ended
    }

    async fn write(&self, mut stream: Abandoned<M>, from: u64) -> Result<(), SendError> {
        let mut place = self.place.subscribe();
        let mut next = from;
        loop {
            let message = self.outbox().get(next).map(Arc::clone);
            if let Some(message) = message {
                stream.0.send_encoded(&message).await?;
                next += 1;
                self.place.send_modify(|place| place.written = next);
                continue;
            }
            // Confirmed over another connection before it was written here.
            let first = self.outbox().first();
            if next < first {
                next = first;
                continue;
            }
            if place.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// The other side has everything below this number.
    pub fn confirm(&self, below: u64) -> Result<(), NeverSaid> {
        self.outbox().confirm(below)?;
        self.place.send_modify(|place| place.room += 1);
        Ok(())
    }

    /// There is no stream any more, and none is known to come.
    pub fn close(&self) {
        let mut outbox = self.outbox();
        outbox.forget_the_passing();
        let end = outbox.end();
        drop(outbox);
        self.place.send_modify(|place| {
            place.open = false;
            place.end = end;
            place.written = place.written.min(end);
        });
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that is abandoned when nobody writes to it any more.
struct Abandoned<M: Message>(FrameSender<M>);

impl<M: Message> Drop for Abandoned<M> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Messages on their way in.
#[derive(Debug)]
pub struct InLane<M> {
    inbox: tokio::sync::Mutex<Arrivals>,
    news: mpsc::Sender<M>,
    /// The number of the first message that is lacking.
    lacking: AtomicU64,
    /// The number below which everything has come, told now and then.
    confirmed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Arrivals {
    inbox: Inbox,
    confirmed: u64,
    bytes: usize,
}

impl<M: Message> InLane<M> {
    /// A lane whose messages come out of a channel.
    pub fn new(news: mpsc::Sender<M>) -> Self {
        Self {
            inbox: tokio::sync::Mutex::default(),
            news,
            lacking: AtomicU64::new(0),
            confirmed: watch::Sender::new(0),
        }
    }

    /// The number of the first message that is lacking.
    pub fn lacking(&self) -> u64 {
        self.lacking.load(Ordering::SeqCst)
    }

    /// Tells now and then what has come, so that the other side need not keep it.
    pub fn confirmed(&self) -> watch::Receiver<u64> {
        self.confirmed.subscribe()
    }

    /// Hears a stream that begins with the message of this number, to its end; several at once may
    /// be heard.
    ///
    /// Gives `false` if nobody takes the messages any more.
    pub async fn hear(&self, stream: &mut FrameReceiver<M>, from: u64) -> Result<bool, RecvError> {
        {
            let mut heard = self.inbox.lock().await;
            heard.inbox.begins_at(from);
            self.lacking.store(heard.inbox.next(), Ordering::SeqCst);
        }
        let mut number = from;
        while let Some((message, size)) = stream.recv_sized().await? {
            let mut heard = self.inbox.lock().await;
            if heard.inbox.judge(number) == Heard::New {
                // Others wait for the lock meanwhile: the order is that of the numbers.
                if self.news.send(message).await.is_err() {
                    return Ok(false);
                }
                heard.inbox.take();
                heard.bytes += size;
                let next = heard.inbox.next();
                self.lacking.store(next, Ordering::SeqCst);
                if heard.bytes >= CONFIRM_BYTES || next - heard.confirmed >= CONFIRM_MESSAGES {
                    (heard.bytes, heard.confirmed) = (0, next);
                    self.confirmed.send_replace(next);
                }
            }
            number = number.saturating_add(1);
        }
        Ok(true)
    }
}
