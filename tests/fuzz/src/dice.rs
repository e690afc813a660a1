//! Dice that always fall the same way, and what they do to bytes.

/// A generator of numbers (splitmix64).
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// One of these, which are not none.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Bytes with which lengths and numbers are at their ends.
const ENDS: &[&[u8]] = &[
    &[0],
    &[0xff],
    &[0x7f],
    &[0x80],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
];

/// Something like one of the seeds, broken in a few places.
pub(crate) fn broken(seeds: &[Vec<u8>], most: usize, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.one_of(seeds).clone();
    if dice.below(8) == 0 {
        let other = dice.one_of(seeds);
        let (head, tail) = (dice.below(bytes.len() + 1), dice.below(other.len() + 1));
        bytes.truncate(head);
        bytes.extend_from_slice(&other[tail..]);
    }
    for _ in 0..=dice.below(4) {
        // Most of what can go wrong is near the beginning.
        let near = if dice.below(2) == 0 { 48 } else { usize::MAX };
        let place = dice.below(bytes.len().min(near));
        match dice.below(8) {
            0 if place < bytes.len() => bytes[place] ^= 1 << dice.below(8),
            1 if place < bytes.len() => bytes[place] = dice.next() as u8,
            2 if place < bytes.len() => bytes[place] = dice.below(8) as u8,
            3 if place < bytes.len() => {
                bytes.remove(place);
            }
            4 => bytes.truncate(place),
            5 => bytes.insert(place.min(bytes.len()), dice.next() as u8),
            6 => {
                let place = place.min(bytes.len());
                drop(bytes.splice(place..place, dice.one_of(ENDS).iter().copied()));
            }
            _ => {
                let length = dice.below(64);
                let part = bytes
                    .iter()
                    .skip(place)
                    .take(length)
                    .copied()
                    .collect::<Vec<_>>();
                let place = dice.below(bytes.len() + 1);
                drop(bytes.splice(place..place, part));
            }
        }
    }
    bytes.truncate(most);
    bytes
}
