//! What a recording consists of, and how it lies in the file.
//!
//! The file begins with [`MAGIC`] and a version of two bytes.
//! Then chunk follows chunk: a length of four bytes, an [`Entry`] in postcard, and the CRC-32 of
//! both, all little-endian.
//! A recording that was finished ends with [`Entry::Index`] and a trailer: where the index begins,
//! and [`END`].

use std::io::{self, Read};

use aldis_wire::Millis;
use aldis_wire::frame::{self, HEADER, Message};
use aldis_wire::peer::{MAX_POINTER_SIDE, PointerShape, ScreenPart};
use serde::{Deserialize, Serialize};

/// The first bytes of every recording.
pub const MAGIC: [u8; 8] = *b"ALDISREC";

/// The version of what follows them.
pub const VERSION: u16 = 2;

/// How many bytes stand before the first chunk.
pub const START: u64 = MAGIC.len() as u64 + 2;

/// The last bytes of a recording that was finished.
pub const END: [u8; 8] = *b"ALDISEND";

/// The bytes of the checksum behind each entry.
pub const CHECK: usize = 4;

/// No recording is longer, in milliseconds; a file that says so is damaged.
pub const MAX_LENGTH: Millis = 7 * 24 * 3_600_000;

/// The most places in the index; a longer recording is found by reading on from the last one.
pub const MAX_KEYS: usize = 32_768;

/// The most characters of a name.
const MAX_NAME: usize = 200;

/// What a recording is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The session code of the case.
    pub case: String,
    /// The customer's name, as far as it is known.
    pub customer: String,
    /// Who recorded.
    pub supporter: String,
    /// When, in milliseconds since 1970 by the server's clock.
    pub started: Millis,
}

/// A place where replaying can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// When, in milliseconds since the recording began.
    pub at: Millis,
    /// Where its [`Entry::Key`] begins in the file.
    pub offset: u64,
    /// The picture's width from there on.
    pub width: u16,
    /// The picture's height.
    pub height: u16,
}

/// One thing in a recording; `at` never goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// The first one.
    Head(Head),
    /// The next part needs nothing of what was before.
    Key(Millis, u16, u16),
    /// A step to the next picture.
    Part(Millis, ScreenPart),
    /// The pointer's new shape.
    Shape(Millis, PointerShape),
    /// The pointer's new place.
    Place(Millis, Option<(u16, u16)>),
    /// Nothing has changed until now.
    Clock(Millis),
    /// The last one: how long the recording is, and where replaying can begin.
    Index(Millis, Vec<Key>),
}

impl Message for Entry {
    const MAX: usize = ScreenPart::MAX + 64;
}

impl Entry {
    /// When it happens; the index says when everything ends.
    pub fn at(&self) -> Millis {
        match self {
            Self::Head(_) => 0,
            Self::Key(at, ..)
            | Self::Part(at, _)
            | Self::Shape(at, _)
            | Self::Place(at, _)
            | Self::Clock(at)
            | Self::Index(at, _) => *at,
        }
    }

    /// The bytes in the file.
    pub fn to_chunk(&self) -> io::Result<Vec<u8>> {
        let mut bytes = frame::encode(self).map_err(io::Error::other)?;
        let check = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&check.to_le_bytes());
        Ok(bytes)
    }

    /// Whether there can be such an entry in an honest recording.
    fn is_sound(&self) -> bool {
        match self {
            Self::Head(head) => {
                let names = [&head.case, &head.customer, &head.supporter];
                names.iter().all(|name| name.chars().count() <= MAX_NAME)
            }
            Self::Shape(_, shape) => {
                let side = 1..=MAX_POINTER_SIDE;
                let pixels = usize::from(shape.width) * usize::from(shape.height);
                side.contains(&shape.width)
                    && side.contains(&shape.height)
                    && shape.rgba.len() == pixels * 4
            }
            Self::Index(_, keys) => keys.len() <= MAX_KEYS,
            Self::Key(..) | Self::Part(..) | Self::Place(..) | Self::Clock(_) => true,
        }
    }
}

/// What is found where a chunk should be.
#[derive(Debug)]
pub enum Found {
    /// A whole one, and how many bytes it takes.
    Entry(Entry, u64),
    /// The file ends here, or within the chunk.
    End,
    /// Something that nobody wrote like this.
    Damaged,
}

/// Reads a chunk; memory grows with the bytes that are really there.
pub fn read(file: &mut impl Read) -> io::Result<Found> {
    let mut header = [0; HEADER];
    if !fill(file, &mut header)? {
        return Ok(Found::End);
    }
    let Ok(length) = frame::length::<Entry>(header) else {
        return Ok(Found::Damaged);
    };
    let mut bytes = Vec::new();
    let whole = (length + CHECK) as u64;
    if file.take(whole).read_to_end(&mut bytes)? as u64 != whole {
        return Ok(Found::End);
    }
    let (body, check) = bytes.split_at(length);
    let mut sum = crc32fast::Hasher::new();
    sum.update(&header);
    sum.update(body);
    if sum.finalize().to_le_bytes() != check {
        return Ok(Found::Damaged);
    }
    match frame::decode::<Entry>(body) {
        Ok(entry) if entry.is_sound() => Ok(Found::Entry(entry, HEADER as u64 + whole)),
        Ok(_) | Err(_) => Ok(Found::Damaged),
    }
}

/// Fills the buffer; `false` where the file ends before.
pub(crate) fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// A name as a recording may bear it.
pub(crate) fn short(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}
