//! Pictures as cameras make them: soft forms of every size, some edges, and grain.

use crate::canvas::Canvas;
use crate::random::at;

/// Smooth noise between 0 and 1, one hill about every unit.
fn hills(seed: u64, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
    let (across, down) = (smooth(x - left), smooth(y - top));
    let (left, top) = (left as u64, top as u64);
    let corner = |x: u64, y: u64| (at(seed, x, y) >> 40) as f32 / (1_u64 << 24) as f32;
    let upper = corner(left, top) * (1.0 - across) + corner(left + 1, top) * across;
    let lower = corner(left, top + 1) * (1.0 - across) + corner(left + 1, top + 1) * across;
    upper * (1.0 - down) + lower * down
}

/// Hills upon hills, each half as wide and `falling` times as high as the ones below.
fn land(seed: u64, x: f32, y: f32, octaves: u64, falling: f32) -> f32 {
    let (mut sum, mut all, mut high, mut scale) = (0.0, 0.0, 1.0, 1.0);
    for octave in 0..octaves {
        sum += high * hills(seed + octave, x * scale, y * scale);
        all += high;
        high *= falling;
        scale *= 2.03;
    }
    sum / all
}

/// A photograph as one finds them in offices, its grain lost on the way: sky, ridges and a meadow.
pub(crate) fn photo(seed: u64, width: usize, height: usize) -> Canvas {
    Canvas::from_fn(width, height, |x, y| {
        let (across, down) = (x as f32 / width as f32, y as f32 / height as f32);
        let (u, v) = (x as f32 / 260.0, y as f32 / 260.0);
        let ridge = |number: u64, level: f32, rough: f32| {
            down > level + rough * (land(seed + 40 * number, across * 5.0, 0.5, 7, 0.5) - 0.5)
        };
        let texture = land(seed + 7, u * 2.0, v * 2.0, 7, 0.56);
        let cloud = land(seed + 300, u, v * 1.7, 7, 0.47);
        let (bright, tint) = if ridge(3, 0.78, 0.25) {
            (0.15 + 0.55 * texture, [0.75, 1.0, 0.45])
        } else if ridge(2, 0.58, 0.5) {
            (0.10 + 0.45 * texture, [0.85, 0.9, 0.8])
        } else if ridge(1, 0.42, 0.5) {
            (0.30 + 0.30 * texture, [0.8, 0.9, 1.05])
        } else {
            (0.45 + 0.5 * cloud, [0.85 + 0.15 * cloud, 0.95, 1.1])
        };
        let hue = land(seed + 900, u * 0.5, v * 0.5, 3, 0.5) - 0.5;
        let turned = [tint[0] + 0.4 * hue, tint[1], tint[2] - 0.4 * hue];
        pixel(bright, turned, 0.0)
    })
}

/// A larger landscape than a camera sees at once.
#[derive(Debug)]
pub(crate) struct Film {
    land: Vec<[f32; 3]>,
    side: usize,
}

impl Film {
    /// Draws the landscape.
    pub(crate) fn new(seed: u64) -> Self {
        let side = 1024;
        let mut film = Vec::with_capacity(side * side);
        for y in 0..side {
            for x in 0..side {
                let (u, v) = (x as f32 / 150.0, y as f32 / 150.0);
                let bright = 0.1 + 0.8 * land(seed, u, v, 7, 0.66);
                let hue = land(seed + 60, u * 0.6, v * 0.6, 4, 0.5) - 0.5;
                film.push([bright * (1.0 + hue), bright, bright * (1.0 - hue)]);
            }
        }
        Self { land: film, side }
    }

    /// The frame of this number: the camera pans, something passes by, and every frame has its own grain.
    pub(crate) fn frame(&self, number: usize, width: usize, height: usize) -> Canvas {
        let time = number as f32;
        let shift = (time * 2.3, 60.0 + 40.0 * (time / 25.0).sin());
        let ball = (
            width as f32 * (0.5 + 0.4 * (time / 18.0).sin()),
            height as f32 * (0.5 + 0.25 * (time / 11.0).cos()),
        );
        Canvas::from_fn(width, height, |x, y| {
            let from_ball = (x as f32 - ball.0).hypot(y as f32 - ball.1);
            let colour = if from_ball < 48.0 {
                let shade = 1.0 - from_ball / 80.0;
                [0.9 * shade, 0.35 * shade, 0.2 * shade]
            } else {
                self.seen(x as f32 + shift.0, y as f32 + shift.1)
            };
            pixel(1.0, colour, grain(number as u64, x, y))
        })
    }

    /// The landscape between its points, as a lens sees it.
    fn seen(&self, x: f32, y: f32) -> [f32; 3] {
        let (left, top) = (x.floor(), y.floor());
        let (across, down) = (x - left, y - top);
        let at = |x: usize, y: usize| self.land[y % self.side * self.side + x % self.side];
        let (left, top) = (left as usize, top as usize);
        let upper = (at(left, top), at(left + 1, top));
        let lower = (at(left, top + 1), at(left + 1, top + 1));
        std::array::from_fn(|channel| {
            let upper = upper.0[channel] * (1.0 - across) + upper.1[channel] * across;
            let lower = lower.0[channel] * (1.0 - across) + lower.1[channel] * across;
            upper * (1.0 - down) + lower * down
        })
    }
}

/// What a sensor adds by itself, in steps of brightness around zero.
fn grain(seed: u64, x: usize, y: usize) -> f32 {
    let noise = at(seed ^ 1 << 32, x as u64, y as u64);
    // The sum of four throws is a bell.
    let throws = noise.to_le_bytes();
    let sum: u32 = throws.iter().take(4).map(|it| u32::from(*it)).sum();
    (sum as f32 - 510.0) / 148.0 * 0.9
}

fn pixel(bright: f32, tint: [f32; 3], grain: f32) -> u32 {
    tint.into_iter().fold(0, |pixel, tint| {
        let value = (bright * tint * 255.0 + grain).clamp(0.0, 255.0);
        pixel << 8 | value as u32
    })
}
