//! Rectangles, and the small sets of them that say what changed.

use aldis_wire::peer::{Area, Move};

/// A rectangle of pixels, counted from a picture's top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width; an empty rectangle has 0 here or in `height`.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Rect {
    /// The rectangle with this corner and size.
    pub const fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// The first column to the right of it.
    pub fn right(self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// The first row below it.
    pub fn bottom(self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// Whether it has no pixel.
    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// How many pixels it has.
    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Whether every pixel of `other` is in it.
    pub fn contains(self, other: Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && self.right() >= other.right()
            && self.bottom() >= other.bottom()
    }

    /// The pixels that both have.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let right = self.right().min(other.right());
        let bottom = self.bottom().min(other.bottom());
        Self::new(x, y, right.saturating_sub(x), bottom.saturating_sub(y))
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = self.right().max(other.right());
        let bottom = self.bottom().max(other.bottom());
        Self::new(x, y, right - x, bottom - y)
    }
}

impl From<Area> for Rect {
    fn from(area: Area) -> Self {
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        Self::new(x.into(), y.into(), width.into(), height.into())
    }
}

impl From<Rect> for Area {
    /// The rectangle as it travels; no picture reaches beyond 16 bits.
    fn from(rect: Rect) -> Self {
        Self {
            x: rect.x as u16,
            y: rect.y as u16,
            width: rect.width as u16,
            height: rect.height as u16,
        }
    }
}

/// A rectangle of pixels that was elsewhere before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shift {
    /// Left edge of where it was.
    pub(crate) x: u32,
    /// Top edge of where it was.
    pub(crate) y: u32,
    /// Where it is now.
    pub(crate) to: Rect,
}

impl Shift {
    /// Where it was.
    pub(crate) fn source(self) -> Rect {
        Rect::new(self.x, self.y, self.to.width, self.to.height)
    }
}

impl From<Move> for Shift {
    fn from(moved: Move) -> Self {
        Self {
            x: moved.x.into(),
            y: moved.y.into(),
            to: moved.to.into(),
        }
    }
}

impl From<Shift> for Move {
    /// The move as it travels; no picture reaches beyond 16 bits.
    fn from(shift: Shift) -> Self {
        Self {
            x: shift.x as u16,
            y: shift.y as u16,
            to: shift.to.into(),
        }
    }
}

/// The most rectangles a [`Region`] keeps apart.
const MAX_RECTS: usize = 64;

/// Pixels that may have changed, as a bounded list of rectangles that may overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    rects: Vec<Rect>,
}

impl Region {
    /// No pixel.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rectangle; when the list is full everything becomes one box.
    pub fn add(&mut self, rect: Rect) {
        if rect.is_empty() || self.rects.iter().any(|known| known.contains(rect)) {
            return;
        }
        self.rects.retain(|known| !rect.contains(*known));
        if self.rects.len() == MAX_RECTS {
            let all = self.rects.drain(..).fold(rect, Rect::union);
            self.rects.push(all);
        } else {
            self.rects.push(rect);
        }
    }

    /// Adds another region's rectangles.
    pub fn extend(&mut self, other: &Self) {
        for rect in &other.rects {
            self.add(*rect);
        }
    }

    /// The rectangles.
    pub fn rects(&self) -> &[Rect] {
        &self.rects
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.rects.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.rects.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_never_loses_a_pixel_and_stays_bounded() {
        let mut region = Region::new();
        let mut added = Vec::new();
        for i in 0..500 {
            let rect = Rect::new(i * 37 % 1000, i * 91 % 700, 1 + i % 30, 1 + i % 20);
            region.add(rect);
            added.push(rect);
            assert!(region.rects().len() <= MAX_RECTS);
        }
        for rect in added {
            assert!(region.rects().iter().any(|known| known.contains(rect)));
        }
    }

    #[test]
    fn an_intersection_outside_is_empty() {
        assert!(
            Rect::new(0, 0, 5, 5)
                .intersection(Rect::new(5, 0, 5, 5))
                .is_empty()
        );
        assert_eq!(
            Rect::new(0, 0, 6, 5).intersection(Rect::new(5, 1, 5, 2)),
            Rect::new(5, 1, 1, 2)
        );
    }
}
