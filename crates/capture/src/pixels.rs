//! Pixels on their way from the desktop's memory into a [`Frame`]: order of bytes, and rotation.

use aldis_screen::{Frame, Rect};

/// The order of a pixel's bytes; the fourth is never looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Blue, green, red.
    #[cfg_attr(
        target_os = "macos",
        expect(dead_code, reason = "what is read there has the other one")
    )]
    Bgr,
    /// Red, green, blue.
    Rgb,
}

impl Layout {
    fn pixel(self, [a, b, c, _]: [u8; 4]) -> [u8; 4] {
        match self {
            Self::Bgr => [a, b, c, 255],
            Self::Rgb => [c, b, a, 255],
        }
    }
}

/// How the pixels in memory must be turned to stand upright.
///
/// Wayland says it the other way around: "90" is a monitor whose picture was turned by 90° counter-clockwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Turn {
    /// Columns and rows change places.
    swapped: bool,
    /// Then left and right do.
    mirrored: bool,
    /// Then top and bottom do.
    flipped: bool,
}

impl Turn {
    /// From `enum wl_output.transform`, which PipeWire's values are, too; anything else is no turn.
    #[cfg(any(target_os = "linux", windows))]
    pub(crate) fn from_wayland(value: u32) -> Self {
        let (swapped, mirrored, flipped) = match value {
            1 => (true, true, false),
            2 => (false, true, true),
            3 => (true, false, true),
            4 => (false, true, false),
            5 => (true, false, false),
            6 => (false, false, true),
            7 => (true, true, true),
            _ => (false, false, false),
        };
        Self {
            swapped,
            mirrored,
            flipped,
        }
    }

    /// By so many quarters of a turn clockwise.
    #[cfg(any(windows, test))]
    pub(crate) fn clockwise(quarters: u32) -> Self {
        // Clockwise is what undoes a picture that was turned counter-clockwise.
        Self::from_wayland(quarters % 4)
    }

    /// What a picture's width and height become.
    pub(crate) fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swapped {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Where a rectangle of a picture of this size comes to lie.
    pub(crate) fn rect(self, rect: Rect, width: u32, height: u32) -> Rect {
        let Rect {
            mut x,
            mut y,
            width: mut w,
            height: mut h,
        } = rect;
        let (width, height) = self.size(width, height);
        if self.swapped {
            (x, y, w, h) = (y, x, h, w);
        }
        if self.mirrored {
            x = width.saturating_sub(x.saturating_add(w));
        }
        if self.flipped {
            y = height.saturating_sub(y.saturating_add(h));
        }
        Rect::new(x, y, w, h)
    }

    /// Where a rectangle was before it came to lie here, in a picture that had this size.
    fn back(self, rect: Rect, width: u32, height: u32) -> Rect {
        let (turned_width, turned_height) = self.size(width, height);
        let (mut x, mut y) = (rect.x, rect.y);
        if self.mirrored {
            x = turned_width.saturating_sub(rect.right());
        }
        if self.flipped {
            y = turned_height.saturating_sub(rect.bottom());
        }
        if self.swapped {
            Rect::new(y, x, rect.height, rect.width)
        } else {
            Rect::new(x, y, rect.width, rect.height)
        }
    }

    /// Where a point comes to lie.
    #[cfg(target_os = "linux")]
    pub(crate) fn point(self, (x, y): (i32, i32), width: u32, height: u32) -> (i32, i32) {
        let (width, height) = self.size(width, height);
        let (mut x, mut y) = if self.swapped { (y, x) } else { (x, y) };
        let last = |size: u32| i32::try_from(size).unwrap_or(i32::MAX) - 1;
        if self.mirrored {
            x = last(width).saturating_sub(x);
        }
        if self.flipped {
            y = last(height).saturating_sub(y);
        }
        (x, y)
    }
}

/// A picture that somebody else draws; a row is read as a whole, because it may change meanwhile.
pub(crate) trait Rows {
    /// Width and height in memory.
    fn size(&self) -> (u32, u32);
    /// Fills `row` with the pixels of row `y` from column `x` on, which are in the picture.
    fn read(&self, x: u32, y: u32, row: &mut [u8]);
}

/// Copies what comes to lie in `rect` of `frame`, whose size is the turned picture's.
pub(crate) fn copy(
    picture: &dyn Rows,
    layout: Layout,
    turn: Turn,
    rect: Rect,
    frame: &mut Frame,
    scratch: &mut Vec<u8>,
) {
    if turn == Turn::default() {
        for y in rect.y..rect.bottom() {
            let row = frame.row_mut(rect, y);
            picture.read(rect.x, y, row);
            let (pixels, _) = row.as_chunks_mut::<4>();
            for pixel in pixels {
                *pixel = layout.pixel(*pixel);
            }
        }
        return;
    }
    let (width, height) = picture.size();
    let source = turn.back(rect, width, height);
    scratch.resize(source.width as usize * 4, 0);
    for y in source.y..source.bottom() {
        picture.read(source.x, y, scratch);
        let strip = turn.rect(Rect::new(source.x, y, source.width, 1), width, height);
        let (pixels, _) = scratch.as_chunks::<4>();
        let backwards = if turn.swapped {
            turn.flipped
        } else {
            turn.mirrored
        };
        let pixel_at = |step: u32| {
            let step = if backwards {
                source.width - 1 - step
            } else {
                step
            };
            pixels.get(step as usize).copied().unwrap_or_default()
        };
        if turn.swapped {
            for step in 0..strip.height {
                let to = frame.row_mut(strip, strip.y + step);
                to.copy_from_slice(&layout.pixel(pixel_at(step)));
            }
        } else {
            let row = frame.row_mut(strip, strip.y);
            let (to, _) = row.as_chunks_mut::<4>();
            for (step, to) in (0..).zip(to) {
                *to = layout.pixel(pixel_at(step));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of numbered pixels.
    struct Numbered(u32, u32);

    impl Rows for Numbered {
        fn size(&self) -> (u32, u32) {
            (self.0, self.1)
        }

        fn read(&self, x: u32, y: u32, row: &mut [u8]) {
            for (x, pixel) in (x..).zip(row.as_chunks_mut::<4>().0) {
                *pixel = [x as u8, y as u8, 77, 0];
            }
        }
    }

    /// The column and row in memory of every pixel of the upright picture.
    fn upright(value: u32, layout: Layout) -> Vec<Vec<(u8, u8)>> {
        let turn = Turn::from_wayland(value);
        let (width, height) = turn.size(3, 2);
        let mut frame = Frame::new(width, height).unwrap();
        let whole = frame.bounds();
        copy(
            &Numbered(3, 2),
            layout,
            turn,
            whole,
            &mut frame,
            &mut Vec::new(),
        );
        (0..height)
            .map(|y| {
                let (pixels, _) = frame.row(whole, y).as_chunks::<4>();
                let place = |[a, b, c, alpha]: &[u8; 4]| {
                    assert_eq!(*alpha, 255);
                    if layout == Layout::Bgr {
                        (*a, *b)
                    } else {
                        (*c, *b)
                    }
                };
                pixels.iter().map(place).collect()
            })
            .collect()
    }

    #[test]
    fn every_turn_is_undone() {
        // In memory: (0,0) (1,0) (2,0) above (0,1) (1,1) (2,1).
        let expected: [&[&[(u8, u8)]]; 8] = [
            &[&[(0, 0), (1, 0), (2, 0)], &[(0, 1), (1, 1), (2, 1)]],
            &[&[(0, 1), (0, 0)], &[(1, 1), (1, 0)], &[(2, 1), (2, 0)]],
            &[&[(2, 1), (1, 1), (0, 1)], &[(2, 0), (1, 0), (0, 0)]],
            &[&[(2, 0), (2, 1)], &[(1, 0), (1, 1)], &[(0, 0), (0, 1)]],
            &[&[(2, 0), (1, 0), (0, 0)], &[(2, 1), (1, 1), (0, 1)]],
            &[&[(0, 0), (0, 1)], &[(1, 0), (1, 1)], &[(2, 0), (2, 1)]],
            &[&[(0, 1), (1, 1), (2, 1)], &[(0, 0), (1, 0), (2, 0)]],
            &[&[(2, 1), (2, 0)], &[(1, 1), (1, 0)], &[(0, 1), (0, 0)]],
        ];
        for (value, expected) in (0..).zip(expected) {
            for layout in [Layout::Bgr, Layout::Rgb] {
                assert_eq!(upright(value, layout), expected, "{value}");
            }
        }
    }

    #[test]
    fn a_part_is_what_the_whole_has_there() {
        for value in 0..8 {
            let turn = Turn::from_wayland(value);
            let (width, height) = turn.size(40, 30);
            let mut whole = Frame::new(width, height).unwrap();
            let all = whole.bounds();
            let (picture, mut scratch) = (Numbered(40, 30), Vec::new());
            copy(&picture, Layout::Bgr, turn, all, &mut whole, &mut scratch);
            let mut part = Frame::new(width, height).unwrap();
            let rect = Rect::new(5, 7, 11, 6);
            copy(&picture, Layout::Bgr, turn, rect, &mut part, &mut scratch);
            for y in rect.y..rect.bottom() {
                assert_eq!(part.row(rect, y), whole.row(rect, y), "{value}");
            }
            let source = turn.back(rect, 40, 30);
            assert_eq!(turn.rect(source, 40, 30), rect);
            let corner = (source.x.cast_signed(), source.y.cast_signed());
            let place = turn.point(corner, 40, 30);
            assert!(rect.contains(Rect::new(
                place.0.cast_unsigned(),
                place.1.cast_unsigned(),
                1,
                1
            )));
        }
    }
}
