//! The arithmetic of pixels.
//!
//! A pixel is `0xAARRGGBB` with its colours multiplied by its alpha; the window's own pixels are
//! opaque, and their alpha is not looked at.
//! All four channels are reckoned at once, two in each half of a pair of words.

use egui::Color32;

/// The two channels that stand at the even bytes.
const EVEN: u32 = 0x00ff_00ff;

/// A pixel of this colour.
pub(crate) fn pixel(colour: Color32) -> u32 {
    let [red, green, blue, alpha] = colour.to_array();
    u32::from_be_bytes([alpha, red, green, blue])
}

/// Every channel of `pixel` times `factor` / 255, rounded.
pub(crate) fn scale(pixel: u32, factor: u32) -> u32 {
    let even = (pixel & EVEN) * factor + 0x0080_0080;
    let odd = ((pixel >> 8) & EVEN) * factor + 0x0080_0080;
    // Dividing by 255 is dividing by 256 and adding a 256th of the quotient.
    let even = ((even + ((even >> 8) & EVEN)) >> 8) & EVEN;
    let odd = (odd + ((odd >> 8) & EVEN)) & !EVEN;
    even | odd
}

/// `front` over `back`.
pub(crate) fn over(front: u32, back: u32) -> u32 {
    match front >> 24 {
        255 => front,
        // Light without cover is light that is added, as a graphics card does it.
        0 if front == 0 => back,
        alpha => add(front, scale(back, 255 - alpha)),
    }
}

/// The sum of two pixels, no channel above 255.
fn add(one: u32, other: u32) -> u32 {
    let even = (one & EVEN) + (other & EVEN);
    let odd = ((one >> 8) & EVEN) + ((other >> 8) & EVEN);
    // A ninth bit becomes eight ones.
    let full = |sum: u32| {
        let carry = (sum >> 8) & 0x0001_0001;
        (sum | (carry * 255)) & EVEN
    };
    full(even) | full(odd) << 8
}

/// Channel by channel, `one` times `other` / 255.
pub(crate) fn multiply(one: u32, other: u32) -> u32 {
    if one == u32::MAX {
        return other;
    }
    let [one, other] = [one, other].map(u32::to_be_bytes);
    let channel = |index: usize| {
        let product = u32::from(one[index]) * u32::from(other[index]) + 128;
        ((product + (product >> 8)) >> 8) as u8
    };
    u32::from_be_bytes([channel(0), channel(1), channel(2), channel(3)])
}

/// A pixel from four channels between 0 and 255, in the order of [`pixel`].
pub(crate) fn from_channels(channels: [f32; 4]) -> u32 {
    u32::from_be_bytes(channels.map(|channel| (channel + 0.5).clamp(0.0, 255.0) as u8))
}

/// The four channels of a pixel, in the same order.
pub(crate) fn channels(pixel: u32) -> [f32; 4] {
    pixel.to_be_bytes().map(f32::from)
}

/// Between `from` and `to`; `share` is 0 for the one and 256 for the other.
pub(crate) fn between(from: u32, to: u32, share: u32) -> u32 {
    let mix = |from: u32, to: u32| {
        let (from, to) = (from & EVEN, to & EVEN);
        ((from * (256 - share) + to * share + 0x0080_0080) >> 8) & EVEN
    };
    mix(from, to) | mix(from >> 8, to >> 8) << 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(pixel: u32, other: u32, reckon: impl Fn(f64, f64) -> f64) -> u32 {
        let (pixel, other) = (pixel.to_be_bytes(), other.to_be_bytes());
        let channel = |index: usize| {
            let exact = reckon(f64::from(pixel[index]), f64::from(other[index]));
            (exact + 0.5).floor().min(255.0) as u8
        };
        u32::from_be_bytes([channel(0), channel(1), channel(2), channel(3)])
    }

    #[test]
    fn channels_do_not_touch_each_other() {
        for seed in 0_u32..20_000 {
            let (one, other) = (
                seed.wrapping_mul(2_654_435_761),
                seed.wrapping_mul(40_503_777),
            );
            let factor = seed % 256;
            assert_eq!(
                scale(one, factor),
                each(one, 0, |it, _| it * f64::from(factor) / 255.0)
            );
            assert_eq!(multiply(one, other), each(one, other, |a, b| a * b / 255.0));
            assert_eq!(add(one, other), each(one, other, |a, b| a + b));
            let share = seed % 257;
            assert_eq!(
                between(one, other, share),
                each(one, other, |a, b| {
                    (a * f64::from(256 - share) + b * f64::from(share)) / 256.0
                })
            );
        }
    }

    #[test]
    fn over_keeps_and_covers() {
        assert_eq!(over(0, 0x1234_5678), 0x1234_5678);
        assert_eq!(over(0xff01_0203, 0x1234_5678), 0xff01_0203);
        assert_eq!(over(0x8080_0000, 0xff00_00ff) & 0x00ff_ffff, 0x0080_007f);
    }
}
