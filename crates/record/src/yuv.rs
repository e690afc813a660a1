//! From the pixels of a screen to those of a film.
//!
//! Films keep brightness and two colours apart, the colours at half the width and height, with
//! the weights of Rec. ITU-R BT.709 and 16 to 235 for black to white.

use aldis_screen::{Frame, Pointer};

/// A picture of a film.
#[derive(Debug)]
pub(crate) struct Yuv {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) planes: [Vec<u8>; 3],
    /// A row of blue, green and red for each of two rows at a time.
    rows: [Vec<[u8; 3]>; 2],
}

impl Yuv {
    /// A black picture; both sides must be even.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let small = width / 2 * (height / 2);
        Self {
            width,
            height,
            planes: [vec![16; width * height], vec![128; small], vec![128; small]],
            rows: [vec![[0; 3]; width], vec![[0; 3]; width]],
        }
    }

    /// Shows a screen with its pointer in the top left corner, every `shrink` pixels as one.
    pub(crate) fn show(&mut self, frame: &Frame, pointer: &Pointer, shrink: usize) {
        let Self {
            width,
            height,
            planes: [ys, us, vs],
            rows: [upper, lower],
        } = self;
        for pair in 0..*height / 2 {
            for (row, y) in [(&mut *upper, pair * 2), (&mut *lower, pair * 2 + 1)] {
                shrunk_row(frame, pointer, shrink, y, row);
                let line = &mut ys[y * *width..][..*width];
                for (to, pixel) in line.iter_mut().zip(row) {
                    *to = brightness(*pixel);
                }
            }
            let start = pair * (*width / 2);
            let colours = us[start..].iter_mut().zip(&mut vs[start..]);
            let (above, below) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
            for ((u, v), (above, below)) in colours.zip(above.iter().zip(below)) {
                (*u, *v) = colour([above[0], above[1], below[0], below[1]]);
            }
        }
    }
}

/// A row of the film's picture, black where the screen does not reach.
fn shrunk_row(frame: &Frame, pointer: &Pointer, shrink: usize, y: usize, row: &mut [[u8; 3]]) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    row.fill([0; 3]);
    let rows = (y * shrink..(y + 1) * shrink).filter(|y| *y < height);
    let rows: Vec<&[[u8; 4]]> = rows
        .map(|y| {
            frame.data()[y * width * 4..][..width * 4]
                .as_chunks::<4>()
                .0
        })
        .collect();
    if let [one] = rows[..]
        && shrink == 1
    {
        for (to, pixel) in row.iter_mut().zip(one) {
            *to = [pixel[0], pixel[1], pixel[2]];
        }
    } else if !rows.is_empty() {
        for (x, to) in row.iter_mut().enumerate().take(width.div_ceil(shrink)) {
            *to = mean(&rows, x * shrink, ((x + 1) * shrink).min(width));
        }
    }
    put_pointer(pointer, shrink, y, row);
}

fn mean(rows: &[&[[u8; 4]]], from: usize, to: usize) -> [u8; 3] {
    let mut sum = [0_u32; 3];
    for pixel in rows.iter().flat_map(|row| &row[from..to]) {
        for (sum, value) in sum.iter_mut().zip(pixel) {
            *sum += u32::from(*value);
        }
    }
    let count = (rows.len() * (to - from)).max(1) as u32;
    sum.map(|sum| (sum / count) as u8)
}

/// The pointer lies on the picture; its pixels are red, green, blue and alpha, premultiplied.
fn put_pointer(pointer: &Pointer, shrink: usize, y: usize, row: &mut [[u8; 3]]) {
    let (Some(shape), Some(place)) = (&pointer.shape, pointer.place) else {
        return;
    };
    let corner = |at: u16, hot: u16| i64::from(at) / shrink.cast_signed() as i64 - i64::from(hot);
    let (left, top) = (corner(place.0, shape.hot_x), corner(place.1, shape.hot_y));
    let Some(line) = usize::try_from(y.cast_signed() as i64 - top).ok() else {
        return;
    };
    let width = usize::from(shape.width);
    if width == 0 || line >= usize::from(shape.height) {
        return;
    }
    let Some(pixels) = shape
        .rgba
        .as_chunks::<4>()
        .0
        .get(line * width..(line + 1) * width)
    else {
        return;
    };
    for (x, [red, green, blue, alpha]) in (left..).zip(pixels) {
        let Some(under) = usize::try_from(x).ok().and_then(|x| row.get_mut(x)) else {
            continue;
        };
        for (under, over) in under.iter_mut().zip([blue, green, red]) {
            let shines = u32::from(*under) * u32::from(255 - alpha) / 255;
            *under = (shines + u32::from(*over)).min(255) as u8;
        }
    }
}

/// In 65536ths.
fn brightness([blue, green, red]: [u8; 3]) -> u8 {
    let sum = i32::from(red) * 11_966 + i32::from(green) * 40_254 + i32::from(blue) * 4_064;
    (((sum + 32_768) >> 16) + 16) as u8
}

/// The two colours that four pixels share.
fn colour(pixels: [[u8; 3]; 4]) -> (u8, u8) {
    let mut sum = [0_i32; 3];
    for pixel in pixels {
        for (sum, value) in sum.iter_mut().zip(pixel) {
            *sum += i32::from(value);
        }
    }
    let [blue, green, red] = sum;
    let u = blue * 28_784 - red * 6_596 - green * 22_188;
    let v = red * 28_784 - green * 26_145 - blue * 2_639;
    let near = |sum: i32| (((sum + 131_072) >> 18) + 128).clamp(16, 240) as u8;
    (near(u), near(v))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aldis_wire::peer::PointerShape;

    /// What a player makes of it.
    fn back(yuv: &Yuv, x: usize, y: usize) -> [f64; 3] {
        let small = y / 2 * (yuv.width / 2) + x / 2;
        let luma = (f64::from(yuv.planes[0][y * yuv.width + x]) - 16.0) * 255.0 / 219.0;
        let colour = |plane: usize| (f64::from(yuv.planes[plane][small]) - 128.0) * 255.0 / 224.0;
        let (u, v) = (colour(1), colour(2));
        [
            luma + 1.8556 * u,
            luma - 0.1873 * u - 0.4681 * v,
            luma + 1.5748 * v,
        ]
    }

    fn plain(colour: [u8; 3], width: u32, height: u32) -> Frame {
        let mut frame = Frame::new(width, height).unwrap();
        for pixel in frame.data_mut().chunks_exact_mut(4) {
            pixel[..3].copy_from_slice(&colour);
        }
        frame
    }

    #[test]
    fn colours_come_back_at_every_scale() {
        let colours = [
            [0, 0, 0],
            [255, 255, 255],
            [255, 0, 0],
            [0, 255, 0],
            [0, 0, 255],
            [40, 90, 200],
        ];
        for colour in colours {
            for shrink in [1, 2, 3] {
                let mut yuv = Yuv::new(20, 10);
                yuv.show(&plain(colour, 20 * 3, 10 * 3), &Pointer::default(), shrink);
                for (seen, meant) in back(&yuv, 5, 4).into_iter().zip(colour) {
                    assert!((seen - f64::from(meant)).abs() < 4.0, "{colour:?} {seen}");
                }
            }
        }
    }

    #[test]
    fn the_pointer_is_in_the_picture_and_may_hang_over_its_edge() {
        let shape = PointerShape {
            width: 4,
            height: 4,
            hot_x: 1,
            hot_y: 1,
            rgba: [255, 255, 255, 255].repeat(16),
        };
        for place in [(0, 0), (10, 5), (19, 9)] {
            let pointer = Pointer {
                shape: Some(shape.clone()),
                shape_number: 1,
                place: Some(place),
            };
            let mut yuv = Yuv::new(20, 10);
            yuv.show(&plain([0, 0, 0], 20, 10), &pointer, 1);
            let at = usize::from(place.1) * 20 + usize::from(place.0);
            assert_eq!(yuv.planes[0][at], 235);
            assert!(yuv.planes[0].contains(&16), "and not everywhere");
        }
    }
}
