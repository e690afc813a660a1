//! Writes a recording while the session runs.

use std::io::{self, Write};
use std::time::Duration;

use aldis_screen::encode::{EncodeError, Encoder};
use aldis_screen::{Detail, Frame, Pointer, Region, Settings};
use aldis_wire::Millis;
use aldis_wire::peer::ScreenPart;
use thiserror::Error;

use crate::entry::{END, Entry, Head, Key, MAGIC, MAX_KEYS, VERSION, short};

/// Replaying can begin anew this often, if what is between was as much to code as a whole picture.
const KEY_EVERY: Millis = 10_000;

/// And this often whatever it was, if anything changed.
const KEY_AT_LAST: Millis = 60_000;

/// While nothing changes, this often the recording says so.
const CLOCK_EVERY: Millis = 1_000;

/// The most bytes of photographs that are made exact at once.
const REFINE: usize = 1 << 20;

/// A recording that is being written.
pub struct Tape<W> {
    out: W,
    encoder: Encoder,
    size: (u32, u32),
    pointer: Pointer,
    keys: Vec<Key>,
    /// The bytes written so far.
    bytes: u64,
    /// The bytes of the last key's picture.
    key_bytes: u64,
    key_end: u64,
    last: Millis,
}

/// The recording cannot go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TapeError {
    /// The file cannot be written; the system's words.
    #[error("the recording cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The picture cannot be coded.
    #[error("the recording cannot go on: {0}")]
    Encode(#[from] EncodeError),
}

impl<W> std::fmt::Debug for Tape<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tape")
            .field("bytes", &self.bytes)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

impl<W: Write> Tape<W> {
    /// Begins a recording; `seed` is the encoder's.
    pub fn start(out: W, head: &Head, seed: u128) -> Result<Self, TapeError> {
        let mut tape = Self {
            out,
            encoder: Encoder::new(settings(false), seed)?,
            size: (0, 0),
            pointer: Pointer::default(),
            keys: Vec::new(),
            bytes: 0,
            key_bytes: 0,
            key_end: 0,
            last: 0,
        };
        tape.put(&MAGIC)?;
        tape.put(&VERSION.to_le_bytes())?;
        tape.write(&Entry::Head(Head {
            case: short(&head.case),
            customer: short(&head.customer),
            supporter: short(&head.supporter),
            started: head.started,
        }))?;
        Ok(tape)
    }

    /// Writes how the picture and the pointer are now, looking for changes only inside `damage`.
    pub fn record(
        &mut self,
        frame: &Frame,
        damage: &Region,
        pointer: &Pointer,
        at: Millis,
    ) -> Result<(), TapeError> {
        let at = at.max(self.last);
        if !damage.is_empty() && !frame.bounds().is_empty() {
            let size = (frame.width(), frame.height());
            let key = self.keys.is_empty() || size != self.size || self.key_is_due(at);
            self.size = size;
            if key {
                self.key(frame, at)?;
            } else {
                let parts = self.encoder.encode(frame, damage, clock(at))?;
                self.parts(parts, at)?;
            }
        }
        self.point(pointer, at)
    }

    fn key_is_due(&self, at: Millis) -> bool {
        let since = at - self.keys.last().map_or(0, |key| key.at);
        let much = self.bytes - self.key_end >= self.key_bytes;
        since >= KEY_AT_LAST || since >= KEY_EVERY && much
    }

    /// Writes everything that a player needs who knows nothing yet.
    fn key(&mut self, frame: &Frame, at: Millis) -> Result<(), TapeError> {
        let offset = self.bytes;
        let (width, height) = (frame.width() as u16, frame.height() as u16);
        if self.keys.len() < MAX_KEYS {
            self.keys.push(Key {
                at,
                offset,
                width,
                height,
            });
        }
        self.write(&Entry::Key(at, width, height))?;
        if let Some(shape) = self.pointer.shape.clone() {
            self.write(&Entry::Shape(at, shape))?;
        }
        self.write(&Entry::Place(at, self.pointer.place))?;
        // What is looked at again and again is not made exact again and again.
        self.encoder.set(settings(true));
        self.encoder.restart();
        let mut whole = Region::new();
        whole.add(frame.bounds());
        let parts = self.encoder.encode(frame, &whole, clock(at))?;
        self.encoder.set(settings(false));
        self.parts(parts, at)?;
        self.key_bytes = self.bytes - offset;
        self.key_end = self.bytes;
        Ok(())
    }

    fn point(&mut self, pointer: &Pointer, at: Millis) -> Result<(), TapeError> {
        if pointer.shape_number != self.pointer.shape_number
            && let Some(shape) = &pointer.shape
        {
            self.write(&Entry::Shape(at, shape.clone()))?;
        }
        if pointer.place != self.pointer.place {
            self.write(&Entry::Place(at, pointer.place))?;
        }
        self.pointer.clone_from(pointer);
        Ok(())
    }

    /// Nothing changed until now: what rests becomes exact, and the recording says how late it is.
    pub fn rest(&mut self, at: Millis) -> Result<(), TapeError> {
        let at = at.max(self.last);
        let parts = self.encoder.refine(clock(at), REFINE)?;
        self.parts(parts, at)?;
        if at - self.last >= CLOCK_EVERY {
            self.write(&Entry::Clock(at))?;
        }
        Ok(())
    }

    /// Hands everything to the system, which keeps it also when this program dies.
    pub fn flush(&mut self) -> Result<(), TapeError> {
        Ok(self.out.flush()?)
    }

    /// Writes the index and gives the file back.
    pub fn finish(mut self, at: Millis) -> Result<W, TapeError> {
        let (at, offset) = (at.max(self.last), self.bytes);
        let keys = std::mem::take(&mut self.keys);
        self.write(&Entry::Index(at, keys))?;
        self.put(&offset.to_le_bytes())?;
        self.put(&END)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// How many bytes were written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn parts(&mut self, parts: Vec<ScreenPart>, at: Millis) -> Result<(), TapeError> {
        for part in parts {
            self.write(&Entry::Part(at, part))?;
        }
        Ok(())
    }

    fn write(&mut self, entry: &Entry) -> Result<(), TapeError> {
        self.last = self.last.max(entry.at());
        let chunk = entry.to_chunk()?;
        self.put(&chunk)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), TapeError> {
        self.out.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Photographs are exact at once where replaying begins, and elsewhere once they rest.
fn settings(exact: bool) -> Settings {
    let detail = if exact {
        Detail::Sharp
    } else {
        Detail::Automatic
    };
    Settings {
        detail,
        grey: false,
    }
}

fn clock(at: Millis) -> Duration {
    Duration::from_millis(at)
}
