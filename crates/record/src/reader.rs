//! A recording from its other end: what it is of, how long it is, and one entry after the other.

use std::cmp::Ordering;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use aldis_wire::Millis;
use thiserror::Error;

use crate::entry::{
    self, END, Entry, Found, Head, Key, MAGIC, MAX_KEYS, MAX_LENGTH, START, VERSION,
};

/// The bytes behind the index.
const TRAILER: u64 = 16;

/// A recording that is open.
#[derive(Debug)]
pub struct Reader<R> {
    file: BufReader<R>,
    head: Head,
    length: Millis,
    /// Where the last whole entry ends.
    end: u64,
    keys: Vec<Key>,
    finished: bool,
    position: u64,
    last: Millis,
}

/// The file cannot be replayed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is something else.
    #[error("this is not a recording of Aldis")]
    NotOurs,
    /// A later version wrote it.
    #[error("a newer Aldis made this recording; update this one")]
    Newer,
    /// A version from before the first release wrote it.
    #[error("an Aldis from before the first release made this recording; this one cannot read it")]
    Older,
    /// Nothing was recorded before it ended.
    #[error("nothing is in this recording")]
    Empty,
    /// The system cannot read it.
    #[error("the recording cannot be read: {0}")]
    Read(#[from] io::Error),
}

impl<R: Read + Seek> Reader<R> {
    /// Opens a recording, also one whose writer died: it then ends with the last whole update.
    pub fn open(file: R) -> Result<Self, OpenError> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let mut start = [0; START as usize];
        if !entry::fill(&mut file, &mut start)? || start[..MAGIC.len()] != MAGIC {
            return Err(OpenError::NotOurs);
        }
        let [.., low, high] = start;
        match u16::from_le_bytes([low, high]).cmp(&VERSION) {
            Ordering::Less => return Err(OpenError::Older),
            Ordering::Equal => {}
            Ordering::Greater => return Err(OpenError::Newer),
        }
        let (head, size) = match entry::read(&mut file)? {
            Found::Entry(Entry::Head(head), size) => (head, size),
            Found::End => return Err(OpenError::Empty),
            Found::Entry(..) | Found::Damaged => return Err(OpenError::NotOurs),
        };
        let mut reader = Self {
            file,
            head,
            length: 0,
            end: u64::MAX,
            keys: Vec::new(),
            finished: false,
            position: START + size,
            last: 0,
        };
        if !reader.read_index()? {
            reader.scan(START + size)?;
        }
        if reader.keys.is_empty() {
            return Err(OpenError::Empty);
        }
        reader.go_to(reader.keys[0])?;
        Ok(reader)
    }

    /// What it is of.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How long it is in milliseconds.
    pub fn length(&self) -> Millis {
        self.length
    }

    /// Where replaying can begin; never empty.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Whether its writer has finished it.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Takes the index from the end of the file, if it has one that can be true.
    fn read_index(&mut self) -> io::Result<bool> {
        let size = self.file.seek(SeekFrom::End(0))?;
        let Some(at) = size.checked_sub(TRAILER).filter(|at| *at >= self.position) else {
            return Ok(false);
        };
        self.file.seek(SeekFrom::Start(at))?;
        let mut trailer = [0; TRAILER as usize];
        if !entry::fill(&mut self.file, &mut trailer)? {
            return Ok(false);
        }
        let (offset, end) = trailer.split_at(8);
        let offset = u64::from_le_bytes(offset.try_into().unwrap_or_default());
        if end != END || offset < self.position || offset >= at {
            return Ok(false);
        }
        self.file.seek(SeekFrom::Start(offset))?;
        let Found::Entry(Entry::Index(length, keys), taken) = entry::read(&mut self.file)? else {
            return Ok(false);
        };
        let rises = |pair: &[Key]| pair[0].offset < pair[1].offset && pair[0].at <= pair[1].at;
        let inside = |key: &Key| (self.position..offset).contains(&key.offset) && key.at <= length;
        let sound = offset + taken == at
            && length <= MAX_LENGTH
            && keys.iter().all(inside)
            && keys.windows(2).all(rises);
        if sound {
            (self.length, self.end, self.keys) = (length, offset, keys);
            self.finished = true;
        }
        Ok(sound)
    }

    /// Looks through the whole file, up to where it ends or is damaged.
    fn scan(&mut self, start: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(start))?;
        (self.position, self.last) = (start, 0);
        let mut end = start;
        // A key or an update has begun and is not whole yet.
        let mut begun = false;
        loop {
            let offset = self.position;
            match self.read_on()? {
                Some(Entry::Key(at, width, height)) => {
                    if self.keys.len() < MAX_KEYS {
                        self.keys.push(Key {
                            at,
                            offset,
                            width,
                            height,
                        });
                    }
                    begun = true;
                }
                Some(Entry::Part(_, part)) => begun = !part.last,
                Some(_) => {}
                None => break,
            }
            if !begun {
                end = self.position;
                self.length = self.last;
            }
        }
        self.keys.retain(|key| key.offset < end);
        self.end = end;
        Ok(())
    }

    /// The last place at or before this moment where replaying can begin.
    pub fn key_before(&self, at: Millis) -> Key {
        let after = self.keys.partition_point(|key| key.at <= at);
        self.keys[after.saturating_sub(1)]
    }

    /// The next entry is that of this key.
    pub fn go_to(&mut self, key: Key) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(key.offset))?;
        (self.position, self.last) = (key.offset, key.at);
        Ok(())
    }

    /// The next entry; after a damaged one that of the next key, and `None` at the end.
    pub fn read_on(&mut self) -> io::Result<Option<Entry>> {
        while self.position < self.end {
            match entry::read(&mut self.file)? {
                Found::Entry(entry, size) if self.follows(&entry) => {
                    self.position += size;
                    self.last = entry.at();
                    return Ok(Some(entry));
                }
                Found::Entry(..) | Found::Damaged | Found::End => {
                    let after = |key: &&Key| key.offset > self.position && key.at >= self.last;
                    let Some(key) = self.keys.iter().find(after).copied() else {
                        break;
                    };
                    self.go_to(key)?;
                }
            }
        }
        Ok(None)
    }

    fn follows(&self, entry: &Entry) -> bool {
        let at = entry.at();
        let inside = matches!(
            entry,
            Entry::Key(..)
                | Entry::Part(..)
                | Entry::Shape(..)
                | Entry::Place(..)
                | Entry::Clock(_)
        );
        inside && at >= self.last && at <= MAX_LENGTH
    }
}
