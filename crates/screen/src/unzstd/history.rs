//! What was unpacked before: the source of every copy, bounded by the window.

use super::{Corrupt, WINDOW_LOG};

/// The most bytes that a copy may reach back.
const WINDOW: usize = 1 << WINDOW_LOG;

/// The window, and the run that is being unpacked behind it.
#[derive(Debug)]
pub(super) struct History {
    bytes: Vec<u8>,
    /// Where the run begins in `bytes`.
    start: usize,
    /// Where it must end.
    end: usize,
}

impl History {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            end: 0,
        }
    }

    /// Begins a run of `size` bytes; forgets what no copy may reach any more.
    pub(super) fn begin(&mut self, size: usize) {
        // The window slides only when as much again lies before it, so a byte moves once at most.
        if self.bytes.len() >= 2 * WINDOW {
            let old = self.bytes.len() - WINDOW;
            self.bytes.copy_within(old.., 0);
            self.bytes.truncate(WINDOW);
        }
        self.start = self.bytes.len();
        self.end = self.start + size;
        self.bytes.reserve(size);
    }

    /// The run, if it has come to its end.
    pub(super) fn end(&self) -> Option<&[u8]> {
        (self.bytes.len() == self.end).then(|| &self.bytes[self.start..])
    }

    /// Appends bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Corrupt> {
        self.room(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends one byte again and again.
    pub(super) fn fill(&mut self, byte: u8, count: usize) -> Result<(), Corrupt> {
        self.room(count)?;
        self.bytes.resize(self.bytes.len() + count, byte);
        Ok(())
    }

    /// Appends `count` of the bytes from `offset` bytes back on, also those that this makes.
    pub(super) fn copy(&mut self, offset: usize, count: usize) -> Result<(), Corrupt> {
        self.room(count)?;
        if offset == 0 || offset > WINDOW || offset > self.bytes.len() {
            return Err(Corrupt);
        }
        let from = self.bytes.len() - offset;
        let mut left = count;
        while left > 0 {
            // What is there already repeats with the period `offset`.
            let ready = left.min(self.bytes.len() - from);
            self.bytes.extend_from_within(from..from + ready);
            left -= ready;
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    fn room(&self, count: usize) -> Result<(), Corrupt> {
        (count <= self.end - self.bytes.len())
            .then_some(())
            .ok_or(Corrupt)
    }
}
