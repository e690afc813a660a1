//! Hashes of tiles: quick, and unpredictable for whoever does not know the seed.
//!
//! Pairs of pixels, each with a secret number added, are multiplied and summed up.
//! Two different tiles then meet in one sum with a likelihood of at most 2⁻³² (this is the family
//! of hashes known as NH), and three sums with different secrets make that 2⁻⁹⁶.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use crate::frame::Frame;
use crate::region::Rect;
use crate::wide;

/// The most pixels on a side of what is hashed.
const SIDE: usize = 64;

/// How many sums are kept.
const SUMS: usize = 3;

/// How far the secrets of one sum are from those of the next.
const APART: usize = 8;

/// A tile's pixels in short, and its size.
pub(crate) type Hash = ([u64; SUMS], (u32, u32));

/// The secrets.
#[derive(Debug)]
pub(crate) struct Hasher {
    secrets: Vec<[u32; SIDE + APART * (SUMS - 1)]>,
}

impl Hasher {
    /// Draws the secrets from a seed.
    pub(crate) fn new(seed: u128) -> Self {
        let secret = |row: usize, column: usize| {
            let mut drawn = SipHasher13::new_with_keys(seed as u64, (seed >> 64) as u64);
            drawn.write_usize(row);
            drawn.write_usize(column);
            drawn.finish() as u32
        };
        let row = |row| std::array::from_fn(|column| secret(row, column));
        Self {
            secrets: (0..SIDE).map(row).collect(),
        }
    }

    /// The hash of a rectangle of at most [`SIDE`] pixels on each side, or of every so many of its
    /// rows.
    pub(crate) fn hash(&self, frame: &Frame, rect: Rect, every: usize) -> Hash {
        let sums = wide::run(
            #[inline(always)]
            || self.sums(frame, rect, every),
        );
        (sums, (rect.width, rect.height))
    }

    #[expect(
        clippy::inline_always,
        reason = "it is compiled anew for wide instructions wherever it is inlined"
    )]
    #[inline(always)]
    fn sums(&self, frame: &Frame, rect: Rect, every: usize) -> [u64; SUMS] {
        let mut sums = [0_u64; SUMS];
        let rows = (rect.y..rect.bottom()).zip(&self.secrets).step_by(every);
        for (y, secrets) in rows {
            let (pixels, _) = frame.row(rect, y).as_chunks::<4>();
            let mut words = [0; SIDE];
            for (word, pixel) in words.iter_mut().zip(pixels) {
                *word = u32::from_le_bytes(*pixel);
            }
            let (left, right) = words.split_at(SIDE / 2);
            for (index, sum) in sums.iter_mut().enumerate() {
                let secrets = &secrets[index * APART..index * APART + SIDE];
                let (first, second) = secrets.split_at(SIDE / 2);
                for at in 0..SIDE / 2 {
                    let one = left[at].wrapping_add(first[at]);
                    let other = right[at].wrapping_add(second[at]);
                    *sum = sum.wrapping_add(u64::from(one) * u64::from(other));
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_and_every_seed_counts() {
        let hasher = Hasher::new(1);
        let mut frame = Frame::new(70, 70).unwrap();
        let tile = Rect::new(3, 5, 64, 64);
        let before = hasher.hash(&frame, tile, 1);
        assert_eq!(before, hasher.hash(&frame.clone(), tile, 1));
        assert_ne!(before, Hasher::new(2).hash(&frame, tile, 1));
        for y in 5..69 {
            for x in 3..67 {
                let pixel = Rect::new(x, y, 1, 1);
                frame.row_mut(pixel, y)[1] ^= 1;
                assert_ne!(before, hasher.hash(&frame, tile, 1), "{x} {y}");
                frame.row_mut(pixel, y)[1] ^= 1;
            }
        }
        assert_ne!(before, hasher.hash(&frame, Rect::new(3, 5, 64, 63), 1));
    }
}
