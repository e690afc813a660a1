//! Replays a recording: the picture and the pointer as they were at any moment.

use std::io::{self, Read, Seek};

use aldis_screen::decode::Decoder;
use aldis_screen::{Frame, Pointer, Region};
use aldis_wire::Millis;

use crate::entry::{Entry, Head};
use crate::reader::{OpenError, Reader};

/// A recording that is being replayed.
#[derive(Debug)]
pub struct Player<R> {
    reader: Reader<R>,
    decoder: Decoder,
    pointer: Pointer,
    changed: Region,
    position: Millis,
    /// Read, but later than `position`.
    waiting: Option<Entry>,
    /// What comes cannot be understood before the next key.
    lost: bool,
}

impl<R: Read + Seek> Player<R> {
    /// Opens a recording at its beginning.
    pub fn open(file: R) -> Result<Self, OpenError> {
        let mut player = Self {
            reader: Reader::open(file)?,
            decoder: Decoder::new(),
            pointer: Pointer::default(),
            changed: Region::new(),
            position: 0,
            waiting: None,
            lost: true,
        };
        // The first picture, however long it took to come.
        let first = player.reader.keys()[0].at;
        player.begin_at(0)?;
        player.go_on(first)?;
        player.position = 0;
        Ok(player)
    }

    /// What it is of.
    pub fn head(&self) -> &Head {
        self.reader.head()
    }

    /// The file.
    pub fn reader(&self) -> &Reader<R> {
        &self.reader
    }

    /// How long it is in milliseconds.
    pub fn length(&self) -> Millis {
        self.reader.length()
    }

    /// The moment that is shown.
    pub fn position(&self) -> Millis {
        self.position
    }

    /// The picture at that moment.
    pub fn frame(&self) -> &Frame {
        self.decoder.frame()
    }

    /// The pointer at that moment.
    pub fn pointer(&self) -> &Pointer {
        &self.pointer
    }

    /// Where the picture changed since this was asked last.
    pub fn take_changed(&mut self) -> Region {
        std::mem::take(&mut self.changed)
    }

    /// Goes to this moment, forwards or backwards.
    pub fn seek(&mut self, to: Millis) -> io::Result<()> {
        let to = to.min(self.length());
        let key = self.reader.key_before(to);
        if to < self.position || self.lost || key.at > self.position {
            self.begin_at(to)?;
        }
        self.go_on(to.max(self.reader.keys()[0].at))?;
        self.position = to;
        Ok(())
    }

    /// When something next changes, if anything does.
    pub fn next_change(&mut self) -> io::Result<Option<Millis>> {
        loop {
            if self.waiting.is_none() {
                self.waiting = self.reader.read_on()?;
            }
            match &self.waiting {
                Some(Entry::Part(at, _) | Entry::Shape(at, _) | Entry::Place(at, _)) => {
                    return Ok(Some(*at));
                }
                Some(Entry::Key(..)) => {
                    if let Some(key) = self.waiting.take() {
                        self.apply(key);
                    }
                }
                Some(_) => self.waiting = None,
                None => return Ok(None),
            }
        }
    }

    /// Forgets everything and starts at the key before this moment.
    fn begin_at(&mut self, at: Millis) -> io::Result<()> {
        self.reader.go_to(self.reader.key_before(at))?;
        self.waiting = None;
        self.lost = true;
        Ok(())
    }

    fn go_on(&mut self, to: Millis) -> io::Result<()> {
        loop {
            let entry = match self.waiting.take() {
                Some(entry) => entry,
                None => match self.reader.read_on()? {
                    Some(entry) => entry,
                    None => return Ok(()),
                },
            };
            if entry.at() > to {
                self.waiting = Some(entry);
                return Ok(());
            }
            self.apply(entry);
        }
    }

    fn apply(&mut self, entry: Entry) {
        match entry {
            // Its first part begins everything anew, and the pointer is told after it.
            Entry::Key(..) => {
                self.lost = false;
                self.pointer.shape = None;
                self.pointer.shape_number += 1;
            }
            Entry::Part(_, part) if !self.lost => {
                let done = self.decoder.decode(&part, &mut self.changed);
                self.lost = done.is_err();
            }
            Entry::Shape(_, shape) => {
                self.pointer.shape = Some(shape);
                self.pointer.shape_number += 1;
            }
            Entry::Place(_, place) => self.pointer.place = place,
            Entry::Part(..) | Entry::Head(_) | Entry::Clock(_) | Entry::Index(..) => {}
        }
    }
}
