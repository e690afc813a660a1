//! Seeded numbers, so that every run and every peer is shown the same.

/// Steele and others' generator.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// One that always tells the same.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// The next number below this.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Two numbers and a seed as one that tells nothing of them.
pub(crate) fn at(seed: u64, x: u64, y: u64) -> u64 {
    let x = x.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let y = y.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    mixed(seed ^ x ^ y.rotate_left(31))
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
