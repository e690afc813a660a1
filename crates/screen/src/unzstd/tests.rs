//! Against the original: whatever it packs comes out, and nothing that is broken panics.

use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation as _, OutBuffer};

use super::*;

/// A small generator, so that every run sees the same bytes.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    /// Bytes of one of several characters: noise, a skewed alphabet, repeats, one value.
    fn bytes(&mut self, length: usize, past: &[u8]) -> Vec<u8> {
        let alphabet = [2, 5, 17, 60, 256][self.roll(5)];
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            match self.roll(4) {
                0 => {
                    let byte = self.roll(alphabet) as u8;
                    bytes.resize(bytes.len() + 1 + self.roll(400), byte);
                }
                1 if !past.is_empty() => {
                    let from = self.roll(past.len());
                    let to = (from + self.roll(5_000)).min(past.len());
                    bytes.extend_from_slice(&past[from..to]);
                }
                2 if bytes.len() > 10 => {
                    let from = self.roll(bytes.len());
                    let to = (from + self.roll(300)).min(bytes.len());
                    bytes.extend_from_within(from..to);
                }
                _ => {
                    for _ in 0..self.roll(200) {
                        let squared = self.roll(alphabet) * self.roll(alphabet);
                        bytes.push((squared / alphabet) as u8);
                    }
                }
            }
        }
        bytes.truncate(length);
        bytes
    }
}

fn pack(zstd: &mut Encoder<'_>, bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; bytes.len() * 2 + 4096];
    let mut output = OutBuffer::around(&mut packed);
    zstd.run(&mut InBuffer::around(bytes), &mut output).unwrap();
    while zstd.flush(&mut output).unwrap() > 0 {}
    let length = output.pos();
    packed.truncate(length);
    packed
}

/// Runs of a stream at one of zstd's levels, packed and as they were.
fn stream(level: i32, runs: usize, longest: usize, dice: &mut Dice) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut zstd = Encoder::new(level).unwrap();
    zstd.set_parameter(CParameter::WindowLog(WINDOW_LOG))
        .unwrap();
    let mut past = Vec::new();
    let mut made = Vec::new();
    for _ in 0..runs {
        let length = 1 + dice.roll(longest);
        let bytes = dice.bytes(length, &past);
        past.extend_from_slice(&bytes);
        made.push((pack(&mut zstd, &bytes), bytes));
    }
    made
}

#[test]
fn every_run_comes_out_whole_at_every_level() {
    let mut dice = Dice(7);
    for level in [-5, 1, 3, 6, 12, 19] {
        let mut unpacker = Unpacker::new();
        let longest = if level > 10 { 60_000 } else { 400_000 };
        for (run, (packed, bytes)) in stream(level, 40, longest, &mut dice).iter().enumerate() {
            let unpacked = unpacker.unpack(packed, bytes.len());
            assert!(unpacked == Ok(bytes), "level {level}, run {run}");
        }
    }
}

#[test]
fn the_history_reaches_over_the_whole_window_and_memory_stays_bounded() {
    let mut dice = Dice(9);
    let mut zstd = Encoder::new(1).unwrap();
    zstd.set_parameter(CParameter::WindowLog(WINDOW_LOG))
        .unwrap();
    let mut unpacker = Unpacker::new();
    let screens: Vec<Vec<u8>> = (0..5).map(|_| dice.bytes(1 << 20, &[])).collect();
    for round in 0..8 {
        for bytes in &screens[..3 + round % 3] {
            let packed = pack(&mut zstd, bytes);
            assert!(unpacker.unpack(&packed, bytes.len()) == Ok(bytes));
            assert!(unpacker.history.capacity() <= 5 << WINDOW_LOG);
        }
    }
}

#[test]
fn a_size_other_than_announced_is_refused() {
    let mut dice = Dice(3);
    let (packed, bytes) = stream(1, 1, 5_000, &mut dice).remove(0);
    for wrong in [0, 1, bytes.len() - 1, bytes.len() + 1, 1 << 20] {
        assert_eq!(Unpacker::new().unpack(&packed, wrong), Err(Corrupt));
    }
}

#[test]
fn a_bomb_ends_before_it_takes_memory() {
    // 128 KiB of zeros in 4 bytes, a thousand times over.
    let mut bomb = vec![0x28, 0xB5, 0x2F, 0xFD, 0, 0x60];
    for _ in 0..1000 {
        bomb.extend_from_slice(&[0x02, 0x00, 0x10, 0]);
    }
    let mut unpacker = Unpacker::new();
    assert_eq!(unpacker.unpack(&bomb, 10_000), Err(Corrupt));
    assert!(unpacker.history.capacity() < 1 << 20);
}

#[test]
fn a_larger_window_a_dictionary_and_a_checksum_are_refused() {
    for header in [[0, 0x61], [0, 0x68], [0x20, 0x60], [1, 0x60], [4, 0x60]] {
        let frame = [&[0x28, 0xB5, 0x2F, 0xFD], header.as_slice()].concat();
        assert_eq!(Unpacker::new().unpack(&frame, 0), Err(Corrupt));
    }
}

/// Truncated, flipped and exchanged bytes of real streams.
#[test]
fn broken_streams_are_answered_and_never_panic() {
    let mut dice = Dice(11);
    for level in [1, 3, 19] {
        let runs = stream(level, 6, 3_000, &mut dice);
        for _ in 0..3_000 {
            let mut unpacker = Unpacker::new();
            let victim = dice.roll(runs.len());
            for (run, (packed, bytes)) in runs.iter().enumerate() {
                let mut packed = packed.clone();
                if run == victim {
                    for _ in 0..=dice.roll(4) {
                        let place = dice.roll(packed.len());
                        match dice.roll(3) {
                            0 => packed[place] ^= 1 << dice.roll(8),
                            1 => packed[place] = dice.roll(256) as u8,
                            _ => packed.truncate(place.max(1)),
                        }
                    }
                }
                if unpacker.unpack(&packed, bytes.len()).is_err() {
                    break;
                }
            }
        }
    }
}
