//! The discrete cosine transform of blocks of eight times eight samples, and back.
//!
//! Both directions are additions and multiplications of `f32` in a fixed order, which every
//! processor rounds alike.

#![expect(
    clippy::inline_always,
    reason = "it is compiled anew for wide instructions wherever it is inlined"
)]

/// Samples or coefficients, by rows.
pub(super) type Block = [[f32; 8]; 8];

/// Half the cosine of multiples of π/16; the constant one is that of the even half.
const C1: f32 = 0.490_392_64;
const C2: f32 = 0.461_939_76;
const C3: f32 = 0.415_734_8;
const C4: f32 = 0.353_553_4;
const C5: f32 = 0.277_785_12;
const C6: f32 = 0.191_341_71;
const C7: f32 = 0.097_545_16;

/// The coefficients of a block, transposed.
#[inline(always)]
pub(super) fn forward(block: &Block) -> Block {
    forward_columns(&transposed(&forward_columns(block)))
}

/// The samples of transposed coefficients.
#[inline(always)]
pub(super) fn inverse(block: &Block) -> Block {
    inverse_columns(&transposed(&inverse_columns(block)))
}

#[inline(always)]
fn transposed(block: &Block) -> Block {
    std::array::from_fn(|row| std::array::from_fn(|column| block[column][row]))
}

#[inline(always)]
fn forward_columns(x: &Block) -> Block {
    let mut out = [[0.0; 8]; 8];
    for i in 0..8 {
        let (s0, d0) = (x[0][i] + x[7][i], x[0][i] - x[7][i]);
        let (s1, d1) = (x[1][i] + x[6][i], x[1][i] - x[6][i]);
        let (s2, d2) = (x[2][i] + x[5][i], x[2][i] - x[5][i]);
        let (s3, d3) = (x[3][i] + x[4][i], x[3][i] - x[4][i]);
        let (e0, e2) = (s0 + s3, s0 - s3);
        let (e1, e3) = (s1 + s2, s1 - s2);
        out[0][i] = (e0 + e1) * C4;
        out[4][i] = (e0 - e1) * C4;
        out[2][i] = e2 * C2 + e3 * C6;
        out[6][i] = e2 * C6 - e3 * C2;
        out[1][i] = d0 * C1 + d1 * C3 + d2 * C5 + d3 * C7;
        out[3][i] = d0 * C3 - d1 * C7 - d2 * C1 - d3 * C5;
        out[5][i] = d0 * C5 - d1 * C1 + d2 * C7 + d3 * C3;
        out[7][i] = d0 * C7 - d1 * C5 + d2 * C3 - d3 * C1;
    }
    out
}

#[inline(always)]
fn inverse_columns(x: &Block) -> Block {
    let mut out = [[0.0; 8]; 8];
    for i in 0..8 {
        let (t0, t1) = ((x[0][i] + x[4][i]) * C4, (x[0][i] - x[4][i]) * C4);
        let t2 = x[2][i] * C2 + x[6][i] * C6;
        let t3 = x[2][i] * C6 - x[6][i] * C2;
        let (s0, s3) = (t0 + t2, t0 - t2);
        let (s1, s2) = (t1 + t3, t1 - t3);
        let d0 = x[1][i] * C1 + x[3][i] * C3 + x[5][i] * C5 + x[7][i] * C7;
        let d1 = x[1][i] * C3 - x[3][i] * C7 - x[5][i] * C1 - x[7][i] * C5;
        let d2 = x[1][i] * C5 - x[3][i] * C1 + x[5][i] * C7 + x[7][i] * C3;
        let d3 = x[1][i] * C7 - x[3][i] * C5 + x[5][i] * C3 - x[7][i] * C1;
        (out[0][i], out[7][i]) = (s0 + d0, s0 - d0);
        (out[1][i], out[6][i]) = (s1 + d1, s1 - d1);
        (out[2][i], out[5][i]) = (s2 + d2, s2 - d2);
        (out[3][i], out[4][i]) = (s3 + d3, s3 - d3);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same() {
        let block: Block = std::array::from_fn(|row| {
            std::array::from_fn(|column| ((row * 37 + column * 101) % 256) as f32 - 128.0)
        });
        let back = inverse(&forward(&block));
        for (row, other) in block.iter().zip(&back) {
            for (sample, other) in row.iter().zip(other) {
                assert!((sample - other).abs() < 0.01, "{sample} {other}");
            }
        }
    }

    #[test]
    fn a_flat_block_is_one_coefficient() {
        let coefficients = forward(&[[10.0; 8]; 8]);
        assert!((coefficients[0][0] - 80.0).abs() < 0.01);
        assert!(
            coefficients[1..]
                .iter()
                .flatten()
                .all(|one| one.abs() < 0.01)
        );
    }
}
