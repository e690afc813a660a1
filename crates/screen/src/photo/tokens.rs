//! Quantised coefficients as tokens and loose bits.
//!
//! A token says how many zeros precede a number and how many bits the number has; its bits follow
//! in a stream of their own, for they have no pattern.
//! Tokens of like places go into one stream, so that each gets its own Huffman tree from zstd.

#![expect(
    clippy::inline_always,
    reason = "it is compiled anew for wide instructions wherever it is inlined"
)]

use crate::unzstd::Corrupt;

/// How many token streams there are.
pub(super) const STREAMS: usize = 9;

/// The stream that says how each macroblock is coded.
pub(super) const MODES: usize = 0;

/// The order in which coefficients are looked at: the smooth ones first.
const ORDER: [u8; 64] = order();

/// The token of a block's end.
const END: u8 = 0;

/// The token of sixteen zeros.
const ZEROS: u8 = 0xF0;

/// Where a block belongs: luma or chroma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Luma,
    Chroma,
}

impl Kind {
    #[inline(always)]
    fn first(self) -> usize {
        match self {
            Self::Luma => 1,
            Self::Chroma => 5,
        }
    }

    /// The stream of a token for the coefficient at this place.
    #[inline(always)]
    fn stream(self, place: usize) -> usize {
        self.first()
            + match place {
                0 => 0,
                1..3 => 1,
                3..10 => 2,
                _ => 3,
            }
    }
}

/// Tokens on their way out.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) streams: [Vec<u8>; STREAMS],
    pub(super) bits: Vec<u8>,
    word: u64,
    used: u32,
}

impl Writer {
    /// Empties everything for the next picture.
    pub(super) fn clear(&mut self) {
        self.streams.iter_mut().for_each(Vec::clear);
        self.bits.clear();
        self.word = 0;
        self.used = 0;
    }

    /// Writes a block, its first coefficient as the difference from `base`.
    #[inline(always)]
    pub(super) fn block(&mut self, kind: Kind, block: &[i32; 64], base: i32) {
        let mut sorted = [0; 64];
        let mut set = 0_u64;
        for (place, (value, from)) in sorted.iter_mut().zip(ORDER).enumerate() {
            *value = block[usize::from(from)];
            set |= u64::from(*value != 0) << place;
        }
        self.number(kind, 0, 0, sorted[0] - base);
        set &= !1;
        let mut place = 1;
        while set != 0 {
            let next = set.trailing_zeros() as usize;
            let mut zeros = next - place;
            while zeros > 15 {
                self.streams[kind.stream(place)].push(ZEROS);
                place += 16;
                zeros -= 16;
            }
            self.number(kind, place, zeros as u8, sorted[next]);
            place = next + 1;
            set &= set - 1;
        }
        if place < 64 {
            self.streams[kind.stream(place)].push(END);
        }
    }

    #[inline(always)]
    fn number(&mut self, kind: Kind, place: usize, zeros: u8, value: i32) {
        let size = u32::BITS - value.unsigned_abs().leading_zeros();
        self.streams[kind.stream(place)].push(zeros << 4 | size as u8);
        // A negative number is stored as one less, so that its highest bit tells the sign.
        let bits = (value - i32::from(value < 0)).cast_unsigned() & ((1 << size) - 1);
        self.put(bits, size);
    }

    /// Writes the lowest `size` bits, above which there are none.
    #[inline(always)]
    fn put(&mut self, bits: u32, size: u32) {
        self.word |= u64::from(bits) << self.used;
        self.used += size;
        while self.used >= 32 {
            self.bits
                .extend_from_slice(&(self.word as u32).to_le_bytes());
            self.word >>= 32;
            self.used -= 32;
        }
    }

    /// Writes everything that another has, who has not finished.
    pub(super) fn append(&mut self, other: &Self) {
        for (stream, others) in self.streams.iter_mut().zip(&other.streams) {
            stream.extend_from_slice(others);
        }
        for word in other.bits.as_chunks::<4>().0 {
            self.put(u32::from_le_bytes(*word), u32::BITS);
        }
        self.put(other.word as u32, other.used);
    }

    /// Writes what is left of the bits.
    pub(super) fn finish(&mut self) {
        let bytes = self.used.div_ceil(8) as usize;
        self.bits
            .extend_from_slice(&self.word.to_le_bytes()[..bytes]);
        self.word = 0;
        self.used = 0;
    }
}

/// Tokens on their way in.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    streams: [&'a [u8]; STREAMS],
    bits: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(streams: [&'a [u8]; STREAMS], bits: &'a [u8]) -> Self {
        Self {
            streams,
            bits,
            position: 0,
        }
    }

    /// The next token of a stream.
    #[inline(always)]
    pub(super) fn token(&mut self, stream: usize) -> Result<u8, Corrupt> {
        let (token, rest) = self.streams[stream].split_first().ok_or(Corrupt)?;
        self.streams[stream] = rest;
        Ok(*token)
    }

    /// Whether all tokens were read.
    pub(super) fn is_done(&self) -> bool {
        self.streams.iter().all(|stream| stream.is_empty())
    }

    /// Reads a block; returns whether any coefficient but the first is set.
    #[inline(always)]
    pub(super) fn block(
        &mut self,
        kind: Kind,
        base: i32,
        block: &mut [i32; 64],
    ) -> Result<bool, Corrupt> {
        block.fill(0);
        let token = self.token(kind.stream(0))?;
        if token > 15 {
            return Err(Corrupt);
        }
        block[0] = base.wrapping_add(self.number(token)?);
        let mut place = 1;
        while place < 64 {
            let token = self.token(kind.stream(place))?;
            if token == END {
                return Ok(place > 1);
            }
            if token == ZEROS {
                place += 16;
                continue;
            }
            place += usize::from(token >> 4);
            let from = *ORDER.get(place).ok_or(Corrupt)?;
            block[usize::from(from)] = self.number(token & 15)?;
            place += 1;
        }
        if place == 64 { Ok(true) } else { Err(Corrupt) }
    }

    #[inline(always)]
    fn number(&mut self, size: u8) -> Result<i32, Corrupt> {
        let size = usize::from(size);
        if size == 0 {
            return Ok(0);
        }
        let (byte, offset) = (self.position / 8, self.position % 8);
        self.position += size;
        if self.position > self.bits.len() * 8 {
            return Err(Corrupt);
        }
        let mut word = [0; 4];
        let rest = &self.bits[byte..];
        let count = rest.len().min(4);
        word[..count].copy_from_slice(&rest[..count]);
        let bits = (u32::from_le_bytes(word) >> offset & ((1 << size) - 1)).cast_signed();
        let negative = bits >> (size - 1) == 0;
        Ok(if negative {
            bits + 1 - (1 << size)
        } else {
            bits
        })
    }
}

/// Diagonals from the smooth corner to the rough one, in turns up and down.
const fn order() -> [u8; 64] {
    let mut order = [0; 64];
    let (mut index, mut sum) = (0, 0);
    while sum < 15 {
        let mut step = 0;
        while step <= sum {
            let (row, column) = if sum % 2 == 0 {
                (sum - step, step)
            } else {
                (step, sum - step)
            };
            if row < 8 && column < 8 {
                order[index] = (row * 8 + column) as u8;
                index += 1;
            }
            step += 1;
        }
        sum += 1;
    }
    order
}
