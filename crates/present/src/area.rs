//! Rectangles of whole pixels.

/// A rectangle of pixels of the window; nothing is in it where `left` is not less than `right`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) right: i32,
    pub(crate) bottom: i32,
}

impl Area {
    pub(crate) fn of_size([width, height]: [u32; 2]) -> Self {
        Self {
            left: 0,
            top: 0,
            right: width.cast_signed(),
            bottom: height.cast_signed(),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    pub(crate) fn width(self) -> u32 {
        (self.right - self.left).max(0) as u32
    }

    pub(crate) fn height(self) -> u32 {
        (self.bottom - self.top).max(0) as u32
    }

    pub(crate) fn pixels(self) -> u64 {
        u64::from(self.width()) * u64::from(self.height())
    }

    pub(crate) fn intersect(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// The smallest rectangle around both.
    pub(crate) fn around(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

/// The first pixel whose centre is not left of (or above) `edge`.
///
/// A shape between two edges has the pixels from the one's to before the other's, so that shapes
/// which share an edge neither overlap nor leave a gap: the rule of graphics cards.
pub(crate) fn first_inside(edge: f32) -> i32 {
    (edge - 0.5).ceil() as i32
}

/// A count of pixels as a distance; no window is so large that it would not fit.
pub(crate) fn distance(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
