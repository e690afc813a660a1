//! zstd's bits: forward in table descriptions, backward everywhere else.

use super::Corrupt;

/// Reads from the first byte on, lowest bits first.
#[derive(Debug)]
pub(super) struct Forward<'a> {
    data: &'a [u8],
    position: usize,
}

impl<'a> Forward<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    /// The next `count` bits, at most 16, without taking them; zeros stand behind the end.
    pub(super) fn peek(&self, count: u32) -> u32 {
        let byte = |index: usize| u32::from(self.data.get(index).copied().unwrap_or(0));
        let first = self.position / 8;
        let word = byte(first) | byte(first + 1) << 8 | byte(first + 2) << 16;
        word >> (self.position % 8) & ((1 << count) - 1)
    }

    pub(super) fn skip(&mut self, count: u32) {
        self.position += count as usize;
    }

    /// How many bytes were begun; an error if there are not that many.
    pub(super) fn bytes(&self) -> Result<usize, Corrupt> {
        let bytes = self.position.div_ceil(8);
        (bytes <= self.data.len()).then_some(bytes).ok_or(Corrupt)
    }
}

/// Reads from the last byte's highest set bit back, highest bits first.
#[derive(Debug)]
pub(super) struct Backward<'a> {
    data: &'a [u8],
    /// The bits that are left; below zero once more were taken than there are.
    left: i64,
    /// The eight bytes up to `loaded` of `data`.
    word: u64,
    /// How many bytes of `data` lie before the end of `word`.
    loaded: usize,
}

impl<'a> Backward<'a> {
    pub(super) fn new(data: &'a [u8]) -> Result<Self, Corrupt> {
        let last = *data.last().ok_or(Corrupt)?;
        if last == 0 {
            return Err(Corrupt);
        }
        let mut bits = Self {
            data,
            // No block has more bytes than fit 17 bits.
            left: i64::from(data.len() as u32) * 8 - i64::from(last.leading_zeros()) - 1,
            word: 0,
            loaded: 0,
        };
        bits.load();
        Ok(bits)
    }

    /// The bits that are left; below zero once more were taken than there are.
    pub(super) fn left(&self) -> i64 {
        self.left
    }

    /// Makes the next 56 bits ready for [`peek`](Self::peek).
    pub(super) fn load(&mut self) {
        let end = (self.left.max(0) as usize).div_ceil(8);
        self.loaded = end;
        self.word = if let Some((_, bytes)) = self.data[..end].split_last_chunk() {
            u64::from_le_bytes(*bytes)
        } else {
            let mut bytes = [0; 8];
            bytes[8 - end..].copy_from_slice(&self.data[..end]);
            u64::from_le_bytes(bytes)
        };
    }

    /// The next `count` bits of those that are ready, without taking them; zeros behind the end.
    pub(super) fn peek(&self, count: u32) -> u64 {
        let used = i64::from(self.loaded as u32) * 8 - self.left;
        // Past the end `used` grows with every bit that was never there.
        if used >= 64 {
            return 0;
        }
        (self.word << used as u32 >> 1 >> (63 - count)) & ((1 << count) - 1)
    }

    pub(super) fn skip(&mut self, count: u32) {
        self.left -= i64::from(count);
    }

    /// Takes `count` bits, at most 56 since the last [`load`](Self::load).
    pub(super) fn take(&mut self, count: u32) -> u64 {
        let bits = self.peek(count);
        self.skip(count);
        bits
    }
}
