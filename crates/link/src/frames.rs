//! `wire`'s messages over one QUIC stream.

use std::marker::PhantomData;

use aldis_wire::{DecodeError, Message, frame};
use quinn::{ReadError, RecvStream, SendStream, VarInt, WriteError};
use thiserror::Error;

/// The most bytes taken from the stream in one read.
const CHUNK: usize = 64 * 1024;

/// The sending half of a typed stream.
#[derive(Debug)]
pub struct FrameSender<M> {
    stream: SendStream,
    kind: PhantomData<fn(M)>,
}

/// The receiving half of a typed stream.
///
/// [`recv`](Self::recv) may be cancelled at any point: what came stays in the buffer.
#[derive(Debug)]
pub struct FrameReceiver<M> {
    stream: RecvStream,
    buffer: Vec<u8>,
    kind: PhantomData<fn() -> M>,
}

/// A message could not be sent.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The message is over its own bound: our own fault.
    #[error(transparent)]
    Encode(#[from] DecodeError),
    /// The connection is gone.
    #[error("the connection was lost")]
    Lost(#[from] WriteError),
}

/// A message could not be received.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RecvError {
    /// The peer sent what is no message; the connection should be closed.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The connection is gone.
    #[error("the connection was lost")]
    Lost(#[from] ReadError),
}

impl<M: Message> FrameSender<M> {
    /// Wraps a stream; `priority` orders streams of one connection, higher first.
    pub fn new(stream: SendStream, priority: i32) -> Self {
        // Fails only on a stream that is gone, which the first send reports.
        drop(stream.set_priority(priority));
        Self {
            stream,
            kind: PhantomData,
        }
    }

    /// Sends one message; returns its size on the stream in bytes.
    ///
    /// Waits while the peer's window is full. A cancelled send breaks the stream.
    pub async fn send(&mut self, message: &M) -> Result<usize, SendError> {
        let bytes = frame::encode(message)?;
        self.stream.write_all(&bytes).await?;
        Ok(bytes.len())
    }

    /// Sends messages that are encoded already.
    pub(crate) async fn send_encoded(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Says that what was sent does not matter here any more.
    pub(crate) fn abandon(&mut self) {
        // Fails only if it is over already.
        drop(self.stream.reset(VarInt::from_u32(0)));
    }

    /// Says that nothing more will come.
    pub fn finish(&mut self) {
        // Fails only if it is finished already.
        drop(self.stream.finish());
    }

    /// Waits until the peer has received all that was sent and finished, or is gone.
    pub async fn delivered(&mut self) {
        drop(self.stream.stopped().await);
    }
}

impl<M: Message> FrameReceiver<M> {
    /// Wraps a stream.
    pub fn new(stream: RecvStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            kind: PhantomData,
        }
    }

    /// The next message; `None` at the stream's orderly end.
    pub async fn recv(&mut self) -> Result<Option<M>, RecvError> {
        Ok(self.recv_sized().await?.map(|(message, _)| message))
    }

    /// The next message and its size on the stream in bytes.
    pub(crate) async fn recv_sized(&mut self) -> Result<Option<(M, usize)>, RecvError> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            match self.stream.read_chunk(CHUNK, true).await? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk.bytes),
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(RecvError::Malformed(DecodeError::Malformed)),
            }
        }
    }

    /// Tells the sender to stop.
    pub fn stop(&mut self) {
        drop(self.stream.stop(VarInt::from_u32(0)));
    }

    fn take(&mut self) -> Result<Option<(M, usize)>, DecodeError> {
        let Some((header, rest)) = self.buffer.split_first_chunk::<{ frame::HEADER }>() else {
            return Ok(None);
        };
        let length = frame::length::<M>(*header)?;
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let message = frame::decode(body)?;
        let size = frame::HEADER + length;
        self.buffer.drain(..size);
        Ok(Some((message, size)))
    }
}

/// Writes the number with which a stream of a session's screen begins.
pub async fn write_number(stream: &mut SendStream, number: u32) -> Result<(), SendError> {
    Ok(stream.write_all(&number.to_le_bytes()).await?)
}

/// Reads the number with which a stream of a session's screen begins.
pub async fn read_number(stream: &mut RecvStream) -> Option<u32> {
    let mut number = [0; 4];
    stream.read_exact(&mut number).await.ok()?;
    Some(u32::from_le_bytes(number))
}
