//! Finite state entropy: tables that turn a few bits into symbols of unequal likelihood.

use super::Corrupt;
use super::bits::{Backward, Forward};

/// The largest table that zstd allows for any kind of symbol.
pub(super) const MAX_LOG: u32 = 9;

/// The most symbols that a table may tell apart; match lengths have 53, Huffman weights fewer.
const MAX_SYMBOLS: usize = 64;

/// What a state means and where it leads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) symbol: u8,
    bits: u8,
    base: u16,
}

/// A decoding table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    log: u32,
    cells: [Cell; 1 << MAX_LOG],
}

impl Table {
    /// The table for likelihoods that add up to `1 << log`; -1 stands for "less than one".
    pub(super) fn new(log: u32, likelihoods: &[i16]) -> Self {
        let size = 1_usize << log;
        let mut cells = [Cell::default(); 1 << MAX_LOG];
        let mut next = [0_u16; MAX_SYMBOLS];
        let mut top = size;
        for (symbol, &likelihood) in likelihoods.iter().enumerate() {
            next[symbol] = likelihood.unsigned_abs();
            if likelihood == -1 {
                top -= 1;
                cells[top].symbol = symbol as u8;
            }
        }
        let step = (size >> 1) + (size >> 3) + 3;
        let mut place = 0;
        for (symbol, &likelihood) in likelihoods.iter().enumerate() {
            for _ in 0..likelihood.max(0) {
                cells[place].symbol = symbol as u8;
                loop {
                    place = (place + step) % size;
                    if place < top || top == 0 {
                        break;
                    }
                }
            }
        }
        for cell in &mut cells[..size] {
            let state = &mut next[usize::from(cell.symbol)];
            let bits = log - state.ilog2();
            cell.bits = bits as u8;
            cell.base = (*state << bits) - size as u16;
            *state += 1;
        }
        Self { log, cells }
    }

    /// A table of one symbol that takes no bits.
    pub(super) fn single(symbol: u8) -> Self {
        let mut cells = [Cell::default(); 1 << MAX_LOG];
        cells[0].symbol = symbol;
        Self { log: 0, cells }
    }

    /// Reads a table's description; returns how many bytes it had.
    pub(super) fn read(
        data: &[u8],
        max_log: u32,
        max_symbol: u8,
    ) -> Result<(Self, usize), Corrupt> {
        let mut bits = Forward::new(data);
        let log = bits.peek(4) + 5;
        bits.skip(4);
        if log > max_log {
            return Err(Corrupt);
        }
        let mut likelihoods = [0_i16; MAX_SYMBOLS];
        let mut symbol = 0_usize;
        let mut left = 1_i32 << log;
        while left > 0 {
            if symbol > usize::from(max_symbol) {
                return Err(Corrupt);
            }
            let width = (left + 1).ilog2() + 1;
            let spare = (1 << width) - 1 - (left + 1);
            let value = bits.peek(width).cast_signed();
            let low = value & ((1 << (width - 1)) - 1);
            let value = if low < spare {
                bits.skip(width - 1);
                low
            } else {
                bits.skip(width);
                if value >= 1 << (width - 1) {
                    value - spare
                } else {
                    value
                }
            };
            let likelihood = value - 1;
            left -= likelihood.abs();
            likelihoods[symbol] = likelihood as i16;
            symbol += 1;
            if likelihood == 0 {
                loop {
                    let zeros = bits.peek(2);
                    bits.skip(2);
                    symbol += zeros as usize;
                    if symbol > usize::from(max_symbol) + 1 {
                        return Err(Corrupt);
                    }
                    if zeros != 3 {
                        break;
                    }
                }
            }
        }
        let used = bits.bytes()?;
        if left != 0 {
            return Err(Corrupt);
        }
        Ok((Self::new(log, &likelihoods[..symbol]), used))
    }

    /// The first state; the bits must be ready.
    pub(super) fn start(&self, bits: &mut Backward<'_>) -> Cell {
        self.cells[bits.take(self.log) as usize]
    }

    /// The state after `cell`; the bits must be ready.
    pub(super) fn next(&self, cell: Cell, bits: &mut Backward<'_>) -> Cell {
        let index = usize::from(cell.base) + bits.take(u32::from(cell.bits)) as usize;
        self.cells[index % (1 << MAX_LOG)]
    }
}
