//! Where monitors lie beside each other.

/// A monitor as the desktop tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its corner, in the desktop's own units, if that is told.
    pub(crate) corner: Option<(i32, i32)>,
    /// Its size in pixels.
    pub(crate) size: (u32, u32),
}

/// Where each monitor lies, in pixels.
///
/// The desktop's own places count in larger units where monitors are scaled, and some desktops tell none; where that
/// makes monitors overlap they stand in a row instead.
pub(crate) fn arrange(places: &[Place]) -> Vec<(i32, i32)> {
    let told: Option<Vec<_>> = places.iter().map(|place| place.corner).collect();
    if let Some(corners) = told {
        let later = |number| places.iter().skip(number + 1);
        let mut each = places.iter().enumerate();
        if each.all(|(number, a)| later(number).all(|b| !a.overlaps(*b))) {
            return corners;
        }
    }
    let mut x = 0_i32;
    let stand = |place: &Place| {
        let corner = (x, 0);
        x = x.saturating_add_unsigned(place.size.0);
        corner
    };
    places.iter().map(stand).collect()
}

impl Place {
    fn overlaps(self, other: Self) -> bool {
        let (Some((ax, ay)), Some((bx, by))) = (self.corner, other.corner) else {
            return false;
        };
        let edge = |from: i32, size: u32| i64::from(from) + i64::from(size);
        i64::from(ax) < edge(bx, other.size.0)
            && i64::from(bx) < edge(ax, self.size.0)
            && i64::from(ay) < edge(by, other.size.1)
            && i64::from(by) < edge(ay, self.size.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(corner: Option<(i32, i32)>, size: (u32, u32)) -> Place {
        Place { corner, size }
    }

    #[test]
    fn monitors_stay_where_the_desktop_says_unless_they_would_overlap() {
        let one = place(Some((0, 0)), (800, 600));
        let side_by_side = [one, place(Some((800, -10)), (640, 480))];
        assert_eq!(arrange(&side_by_side), [(0, 0), (800, -10)]);
        let large = place(Some((0, 0)), (3840, 2160));
        let scaled = [large, place(Some((1920, 0)), (1920, 1080))];
        assert_eq!(arrange(&scaled), [(0, 0), (3840, 0)]);
        assert_eq!(arrange(&[place(None, (800, 600)), one]), [(0, 0), (800, 0)]);
    }
}
