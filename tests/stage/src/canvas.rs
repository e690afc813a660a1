//! Pictures in memory.

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    /// Left edge.
    pub(crate) x: usize,
    /// Top edge.
    pub(crate) y: usize,
    /// Width.
    pub(crate) width: usize,
    /// Height.
    pub(crate) height: usize,
}

impl Area {
    /// The rectangle at this place with this size.
    pub(crate) const fn new(x: usize, y: usize, width: usize, height: usize) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// The smallest rectangle around both.
    pub(crate) fn with(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self::new(x, y, right - x, bottom - y)
    }
}

/// A picture, `0x00RRGGBB` a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u32>,
}

impl Canvas {
    /// A picture of one colour.
    pub(crate) fn new(width: usize, height: usize, colour: u32) -> Self {
        Self {
            width,
            height,
            pixels: vec![colour; width * height],
        }
    }

    /// A picture whose pixels are told one by one.
    pub(crate) fn from_fn(
        width: usize,
        height: usize,
        colour: impl Fn(usize, usize) -> u32,
    ) -> Self {
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            pixels.extend((0..width).map(|x| colour(x, y)));
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// A picture from its pixels, row by row; what is missing is black.
    pub(crate) fn from_pixels(width: usize, height: usize, mut pixels: Vec<u32>) -> Self {
        pixels.resize(width * height, 0);
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Width in pixels.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// One row.
    pub(crate) fn row(&self, y: usize) -> &[u32] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// Changes one pixel; outside nothing happens.
    pub(crate) fn set(&mut self, x: usize, y: usize, change: impl FnOnce(u32) -> u32) {
        if x < self.width && y < self.height {
            let pixel = &mut self.pixels[y * self.width + x];
            *pixel = change(*pixel);
        }
    }

    /// Fills a rectangle.
    pub(crate) fn fill(&mut self, area: Area, colour: u32) {
        let right = (area.x + area.width).min(self.width);
        for y in area.y..(area.y + area.height).min(self.height) {
            self.pixels[y * self.width + area.x.min(right)..y * self.width + right].fill(colour);
        }
    }

    /// A part as a picture of its own.
    pub(crate) fn part(&self, area: Area) -> Self {
        let mut pixels = Vec::with_capacity(area.width * area.height);
        for y in area.y..area.y + area.height {
            pixels.extend_from_slice(&self.row(y)[area.x..area.x + area.width]);
        }
        Self::from_pixels(area.width, area.height, pixels)
    }

    /// The rows as X servers take them.
    pub(crate) fn bytes(&self, rows: std::ops::Range<usize>) -> Vec<u8> {
        self.pixels[rows.start * self.width..rows.end * self.width]
            .iter()
            .flat_map(|pixel| pixel.to_le_bytes())
            .collect()
    }
}

/// How bright a pixel is, 0 to 255.
pub(crate) fn brightness(pixel: u32) -> u32 {
    let [_, red, green, blue] = pixel.to_be_bytes().map(u32::from);
    (red * 77 + green * 150 + blue * 29) >> 8
}

/// Two colours mixed: `share` of 255 of the upper.
pub(crate) fn mix(lower: u32, upper: u32, share: u8) -> u32 {
    let share = u32::from(share);
    let channel = |shift: u32| {
        let (lower, upper) = ((lower >> shift) & 0xff, (upper >> shift) & 0xff);
        ((lower * (255 - share) + upper * share + 127) / 255) << shift
    };
    channel(16) | channel(8) | channel(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_holds_what_was_filled() {
        let mut canvas = Canvas::new(10, 8, 1);
        canvas.fill(Area::new(2, 3, 4, 20), 7);
        assert_eq!(
            canvas.part(Area::new(2, 3, 4, 5)),
            Canvas::new(4, 5, 7),
            "cut at the bottom"
        );
        assert_eq!(canvas.row(2), [1; 10]);
    }

    #[test]
    fn mixing_reaches_both_ends() {
        assert_eq!(mix(0x0012_3456, 0x00ff_ffff, 0), 0x0012_3456);
        assert_eq!(mix(0x0012_3456, 0x00fe_dcba, 255), 0x00fe_dcba);
    }
}
