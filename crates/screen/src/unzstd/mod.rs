//! The receiving half of the stream of exact pixels: zstd (RFC 8878), in safe Rust.
//!
//! It is written here because a screen needs what a decoder of files does not offer.
//! Every flushed run of blocks has to come out whole at once while the history stays,
//! and a block that stands for more than was announced must end before it has taken memory.
//!
//! - [`bits`]: the two ways in which zstd reads bits.
//! - [`entropy`]: finite state tables and their description.
//! - [`literals`]: Huffman trees and the literals that they pack.
//! - [`sequences`]: what to copy from where.
//! - [`history`]: the bounded past that sequences copy from.

mod bits;
mod entropy;
mod history;
mod literals;
mod sequences;

use history::History;
use literals::Literals;
use sequences::Sequences;

/// The base-two logarithm of the history's size; an encoder may use less and never more.
pub(crate) const WINDOW_LOG: u32 = 22;

/// The most bytes that one block stands for (RFC 8878, section 3.1.1.2.4).
const MAX_BLOCK: usize = 128 * 1024;

/// Bytes that no honest encoder makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Corrupt;

/// Unpacks one endless zstd frame, run by run.
#[derive(Debug)]
pub(crate) struct Unpacker {
    begun: bool,
    history: History,
    literals: Literals,
    sequences: Sequences,
}

impl Unpacker {
    /// An unpacker that waits for a stream's beginning.
    pub(crate) fn new() -> Self {
        Self {
            begun: false,
            history: History::new(),
            literals: Literals::new(),
            sequences: Sequences::new(),
        }
    }

    /// The `size` bytes that a run of whole blocks stands for; neither more nor fewer will do.
    ///
    /// After an error the stream cannot go on.
    pub(crate) fn unpack(&mut self, run: &[u8], size: usize) -> Result<&[u8], Corrupt> {
        let mut rest = run;
        if !self.begun {
            rest = frame_header(rest)?;
            self.begun = true;
        }
        self.history.begin(size);
        while !rest.is_empty() {
            rest = self.block(rest)?;
        }
        self.history.end().ok_or(Corrupt)
    }

    fn block<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8], Corrupt> {
        let (&[a, b, c], rest) = data.split_first_chunk::<3>().ok_or(Corrupt)?;
        let header = u32::from_le_bytes([a, b, c, 0]);
        let (last, kind, size) = (header & 1, header >> 1 & 3, (header >> 3) as usize);
        // The stream ends with its link and never by itself.
        if last == 1 || size > MAX_BLOCK {
            return Err(Corrupt);
        }
        let stored = if kind == 1 { 1 } else { size };
        let (content, rest) = rest.split_at_checked(stored).ok_or(Corrupt)?;
        match kind {
            0 => self.history.push(content)?,
            1 => self.history.fill(content[0], size)?,
            2 => {
                let packed = self.literals.read(content)?;
                self.sequences
                    .run(packed, self.literals.bytes(), &mut self.history)?;
            }
            _ => return Err(Corrupt),
        }
        Ok(rest)
    }
}

/// Reads the header of a frame of unknown length without dictionary and checksum.
fn frame_header(data: &[u8]) -> Result<&[u8], Corrupt> {
    let (&[a, b, c, d, descriptor, window], rest) = data.split_first_chunk::<6>().ok_or(Corrupt)?;
    let log = 10 + u32::from(window >> 3);
    let fits = log < WINDOW_LOG || log == WINDOW_LOG && window.trailing_zeros() >= 3;
    if u32::from_le_bytes([a, b, c, d]) != 0xFD2F_B528 || descriptor != 0 || !fits {
        return Err(Corrupt);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests;
