//! The bytes of a block that are not copied from the history, packed by Huffman's method.

use super::bits::Backward;
use super::entropy::Table;
use super::{Corrupt, MAX_BLOCK};

/// The longest code.
const MAX_BITS: u32 = 11;

/// A code's symbol and length.
#[derive(Clone, Copy, Debug, Default)]
struct Leaf {
    symbol: u8,
    bits: u8,
}

/// Unpacks literals; the tree of one block may serve the next.
#[derive(Debug)]
pub(super) struct Literals {
    bits: u32,
    leaves: Vec<Leaf>,
    bytes: Vec<u8>,
}

impl Literals {
    pub(super) fn new() -> Self {
        Self {
            bits: 0,
            leaves: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// What the last [`read`](Self::read) unpacked.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Unpacks a block's literals; returns what follows them.
    pub(super) fn read<'a>(&mut self, block: &'a [u8]) -> Result<&'a [u8], Corrupt> {
        let first = *block.first().ok_or(Corrupt)?;
        let (kind, form) = (first & 3, first >> 2 & 3);
        self.bytes.clear();
        if kind < 2 {
            let (header, size) = match form {
                1 => (2, little(block, 2)? >> 4),
                3 => (3, little(block, 3)? >> 4),
                _ => (1, little(block, 1)? >> 3),
            };
            let size = size as usize;
            let rest = &block[header..];
            if size > MAX_BLOCK {
                return Err(Corrupt);
            }
            if kind == 0 {
                let (bytes, rest) = rest.split_at_checked(size).ok_or(Corrupt)?;
                self.bytes.extend_from_slice(bytes);
                return Ok(rest);
            }
            let (&byte, rest) = rest.split_first().ok_or(Corrupt)?;
            self.bytes.resize(size, byte);
            return Ok(rest);
        }
        let (header, width) = match form {
            0 | 1 => (3, 10),
            2 => (4, 14),
            _ => (5, 18),
        };
        let sizes = little(block, header)? >> 4;
        let size = (sizes & ((1 << width) - 1)) as usize;
        let packed = (sizes >> width & ((1 << width) - 1)) as usize;
        if size > MAX_BLOCK {
            return Err(Corrupt);
        }
        let (mut packed, rest) = block[header..].split_at_checked(packed).ok_or(Corrupt)?;
        if kind == 2 {
            packed = self.read_tree(packed)?;
        } else if self.leaves.is_empty() {
            return Err(Corrupt);
        }
        if form == 0 {
            self.stream(packed, size)?;
        } else {
            let (lengths, mut packed) = packed.split_first_chunk::<6>().ok_or(Corrupt)?;
            let quarter = size.div_ceil(4);
            for length in lengths.as_chunks::<2>().0 {
                let length = usize::from(u16::from_le_bytes(*length));
                let (stream, others) = packed.split_at_checked(length).ok_or(Corrupt)?;
                if self.bytes.len() + quarter > size {
                    return Err(Corrupt);
                }
                self.stream(stream, quarter)?;
                packed = others;
            }
            self.stream(packed, size - self.bytes.len())?;
        }
        Ok(rest)
    }

    fn stream(&mut self, data: &[u8], count: usize) -> Result<(), Corrupt> {
        let mut bits = Backward::new(data)?;
        let start = self.bytes.len();
        self.bytes.resize(start + count, 0);
        let leaves: &[Leaf] = &self.leaves;
        // Four codes are at most 44 bits, and 56 are ready.
        for four in self.bytes[start..].chunks_mut(4) {
            bits.load();
            for byte in four {
                let leaf = leaves[bits.peek(self.bits) as usize];
                *byte = leaf.symbol;
                bits.skip(u32::from(leaf.bits));
            }
        }
        (bits.left() == 0).then_some(()).ok_or(Corrupt)
    }

    /// Reads the tree's description; returns what follows it.
    fn read_tree<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8], Corrupt> {
        // One symbol more than was described can be derived.
        let mut weights = [0_u8; 256];
        let (&header, data) = data.split_first().ok_or(Corrupt)?;
        let (known, rest) = if header < 128 {
            let (packed, rest) = data.split_at_checked(header.into()).ok_or(Corrupt)?;
            (packed_weights(packed, &mut weights)?, rest)
        } else {
            let known = usize::from(header - 127);
            let (packed, rest) = data.split_at_checked(known.div_ceil(2)).ok_or(Corrupt)?;
            for (pair, byte) in weights.chunks_mut(2).zip(packed) {
                pair[0] = byte >> 4;
                pair[1] = byte & 15;
            }
            // The filler of an odd count.
            weights[known] = 0;
            (known, rest)
        };
        let mut sum = 0_u32;
        for &weight in &weights[..known] {
            if u32::from(weight) > MAX_BITS {
                return Err(Corrupt);
            }
            sum += 1 << weight >> 1;
        }
        if sum == 0 {
            return Err(Corrupt);
        }
        let bits = sum.ilog2() + 1;
        let left = (1 << bits) - sum;
        if bits > MAX_BITS || !left.is_power_of_two() {
            return Err(Corrupt);
        }
        weights[known] = left.ilog2() as u8 + 1;
        self.bits = bits;
        self.leaves.clear();
        for weight in 1..=bits as u8 {
            let leaf_bits = (bits + 1) as u8 - weight;
            for (symbol, _) in (0_u8..=255)
                .zip(&weights[..=known])
                .filter(|(_, known)| **known == weight)
            {
                let leaf = Leaf {
                    symbol,
                    bits: leaf_bits,
                };
                self.leaves
                    .resize(self.leaves.len() + (1 << (weight - 1)), leaf);
            }
        }
        (self.leaves.len() == 1 << bits)
            .then_some(rest)
            .ok_or(Corrupt)
    }
}

/// Weights from two interleaved states; returns how many there were.
fn packed_weights(data: &[u8], weights: &mut [u8; 256]) -> Result<usize, Corrupt> {
    let (table, used) = Table::read(data, 6, MAX_BITS as u8 + 1)?;
    let mut bits = Backward::new(&data[used..])?;
    let mut states = [table.start(&mut bits), table.start(&mut bits)];
    let mut known = 0;
    // The last symbol's weight is never sent, and needs its place.
    while known < 254 {
        let cell = states[known % 2];
        weights[known] = cell.symbol;
        known += 1;
        bits.load();
        states[(known - 1) % 2] = table.next(cell, &mut bits);
        if bits.left() < 0 {
            weights[known] = states[known % 2].symbol;
            return Ok(known + 1);
        }
    }
    Err(Corrupt)
}

/// The number in the first `count` bytes, lowest first.
fn little(data: &[u8], count: usize) -> Result<u64, Corrupt> {
    let mut bytes = [0; 8];
    bytes[..count].copy_from_slice(data.get(..count).ok_or(Corrupt)?);
    Ok(u64::from_le_bytes(bytes))
}
