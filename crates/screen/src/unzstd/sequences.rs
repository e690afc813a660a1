//! What a block copies from the history, and the literals between.

use super::Corrupt;
use super::bits::Backward;
use super::entropy::{MAX_LOG, Table};
use super::history::History;

/// The longest offset that fits the window, and a repeated one.
const MAX_OFFSET_CODE: u8 = super::WINDOW_LOG as u8;

/// The first value of each literal length's code and how many bits are added to it.
#[rustfmt::skip]
const LITERAL_LENGTHS: [(u32, u8); 36] = [
    (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0),
    (8, 0), (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0),
    (16, 1), (18, 1), (20, 1), (22, 1), (24, 2), (28, 2), (32, 3), (40, 3),
    (48, 4), (64, 6), (128, 7), (256, 8), (512, 9), (1024, 10), (2048, 11), (4096, 12),
    (8192, 13), (16384, 14), (32768, 15), (65536, 16),
];

/// The same for match lengths.
#[rustfmt::skip]
const MATCH_LENGTHS: [(u32, u8); 53] = [
    (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0),
    (11, 0), (12, 0), (13, 0), (14, 0), (15, 0), (16, 0), (17, 0), (18, 0),
    (19, 0), (20, 0), (21, 0), (22, 0), (23, 0), (24, 0), (25, 0), (26, 0),
    (27, 0), (28, 0), (29, 0), (30, 0), (31, 0), (32, 0), (33, 0), (34, 0),
    (35, 1), (37, 1), (39, 1), (41, 1), (43, 2), (47, 2), (51, 3), (59, 3),
    (67, 4), (83, 4), (99, 5), (131, 7), (259, 8), (515, 9), (1027, 10), (2051, 11),
    (4099, 12), (8195, 13), (16387, 14), (32771, 15), (65539, 16),
];

/// The likelihoods that both sides know (RFC 8878, section 3.1.1.3.2.2).
const LITERAL_LENGTH_DEFAULT: [i16; 36] = [
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
    -1, -1, -1, -1,
];
const OFFSET_DEFAULT: [i16; 29] = [
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
];
const MATCH_LENGTH_DEFAULT: [i16; 53] = [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
];

/// One of the three tables, kept from block to block.
#[derive(Debug)]
struct Kept {
    table: Option<Table>,
    default: Table,
    max_log: u32,
    max_symbol: u8,
    /// The table of this block is `default`.
    is_default: bool,
}

impl Kept {
    fn new(default_log: u32, default: &[i16], max_log: u32, max_symbol: u8) -> Self {
        Self {
            table: None,
            default: Table::new(default_log, default),
            max_log,
            max_symbol,
            is_default: false,
        }
    }

    /// Reads which table comes next; returns what follows its description.
    fn read<'a>(&mut self, mode: u8, data: &'a [u8]) -> Result<&'a [u8], Corrupt> {
        let used = match mode {
            0 => {
                self.is_default = true;
                0
            }
            1 => {
                let symbol = *data.first().ok_or(Corrupt)?;
                if symbol > self.max_symbol {
                    return Err(Corrupt);
                }
                self.is_default = false;
                self.table = Some(Table::single(symbol));
                1
            }
            2 => {
                let (table, used) = Table::read(data, self.max_log, self.max_symbol)?;
                self.is_default = false;
                self.table = Some(table);
                used
            }
            _ => 0,
        };
        Ok(&data[used..])
    }

    fn table(&self) -> Result<&Table, Corrupt> {
        if self.is_default {
            return Ok(&self.default);
        }
        self.table.as_ref().ok_or(Corrupt)
    }
}

/// Runs blocks' sequences.
#[derive(Debug)]
pub(super) struct Sequences {
    literal_lengths: Kept,
    offsets: Kept,
    match_lengths: Kept,
    recent: [usize; 3],
}

impl Sequences {
    pub(super) fn new() -> Self {
        Self {
            literal_lengths: Kept::new(6, &LITERAL_LENGTH_DEFAULT, MAX_LOG, 35),
            offsets: Kept::new(5, &OFFSET_DEFAULT, 8, 31),
            match_lengths: Kept::new(6, &MATCH_LENGTH_DEFAULT, MAX_LOG, 52),
            recent: [1, 4, 8],
        }
    }

    /// Runs the sequences in `packed` over the block's literals.
    pub(super) fn run(
        &mut self,
        packed: &[u8],
        mut literals: &[u8],
        history: &mut History,
    ) -> Result<(), Corrupt> {
        let (count, rest) = count(packed)?;
        if count == 0 {
            return if rest.is_empty() {
                history.push(literals)
            } else {
                Err(Corrupt)
            };
        }
        let (&modes, rest) = rest.split_first().ok_or(Corrupt)?;
        if modes & 3 != 0 {
            return Err(Corrupt);
        }
        let rest = self.literal_lengths.read(modes >> 6, rest)?;
        let rest = self.offsets.read(modes >> 4 & 3, rest)?;
        let rest = self.match_lengths.read(modes >> 2 & 3, rest)?;
        let (lengths, offsets, matches) = (
            self.literal_lengths.table()?,
            self.offsets.table()?,
            self.match_lengths.table()?,
        );
        let mut bits = Backward::new(rest)?;
        let mut length = lengths.start(&mut bits);
        let mut offset = offsets.start(&mut bits);
        let mut matched = matches.start(&mut bits);
        for index in 0..count {
            bits.load();
            if offset.symbol > MAX_OFFSET_CODE {
                return Err(Corrupt);
            }
            let distance = (1 << offset.symbol) + bits.take(offset.symbol.into()) as usize;
            let (base, extra) = MATCH_LENGTHS[usize::from(matched.symbol)];
            let copied = base as usize + bits.take(extra.into()) as usize;
            let (base, extra) = LITERAL_LENGTHS[usize::from(length.symbol)];
            // 22 and 16 bits are gone by now, and another 16 must be ready.
            let fresh = base as usize + bits.take(extra.into()) as usize;
            let distance = resolve(&mut self.recent, distance, fresh);
            let (bytes, others) = literals.split_at_checked(fresh).ok_or(Corrupt)?;
            literals = others;
            history.push(bytes)?;
            history.copy(distance, copied)?;
            if index + 1 < count {
                bits.load();
                length = lengths.next(length, &mut bits);
                matched = matches.next(matched, &mut bits);
                offset = offsets.next(offset, &mut bits);
            }
        }
        if bits.left() != 0 {
            return Err(Corrupt);
        }
        history.push(literals)
    }
}

/// The number of sequences, and what follows it.
fn count(data: &[u8]) -> Result<(usize, &[u8]), Corrupt> {
    let (&first, rest) = data.split_first().ok_or(Corrupt)?;
    let first = usize::from(first);
    match first {
        0..128 => Ok((first, rest)),
        128..255 => {
            let (&low, rest) = rest.split_first().ok_or(Corrupt)?;
            Ok((((first - 128) << 8) + usize::from(low), rest))
        }
        _ => {
            let (&bytes, rest) = rest.split_first_chunk::<2>().ok_or(Corrupt)?;
            Ok((usize::from(u16::from_le_bytes(bytes)) + 0x7F00, rest))
        }
    }
}

/// The distance that a code stands for: one of the recent three, or a new one.
///
/// 0 comes out where a stream is corrupt, and no copy takes that.
fn resolve(recent: &mut [usize; 3], code: usize, fresh: usize) -> usize {
    let [first, second, third] = *recent;
    // Without fresh literals the last distance would have made one longer copy of two.
    let which = if fresh == 0 { code + 1 } else { code };
    let (distance, order) = match (code, which) {
        (4.., _) => (code - 3, [code - 3, first, second]),
        (_, 1) => (first, [first, second, third]),
        (_, 2) => (second, [second, first, third]),
        (_, 3) => (third, [third, first, second]),
        _ => (
            first.saturating_sub(1),
            [first.saturating_sub(1), first, second],
        ),
    };
    *recent = order;
    distance
}
