//! Several monitors in one picture; black where none is.

use aldis_screen::{Frame, FrameError, Rect};

use crate::{Place, shrink};

/// A monitor's picture, and where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tile<'a> {
    /// Its corner on the desktop.
    pub(crate) corner: (i32, i32),
    /// Its pixels.
    pub(crate) picture: &'a Frame,
}

/// Brings `parts` of `frame` up to date, which shows `place`.
pub(crate) fn compose(
    place: Place,
    tiles: &[Tile<'_>],
    parts: &[Rect],
    frame: &mut Frame,
) -> Result<(), FrameError> {
    if place.shrink > 1 {
        return shrink::fetch(place, parts, frame, |corner, strip| {
            paint(corner, tiles, strip.bounds(), strip);
            Ok(())
        });
    }
    for part in parts {
        paint((place.x, place.y), tiles, *part, frame);
    }
    Ok(())
}

/// What of a monitor's rectangle is in the picture of `place`, in that picture's pixels.
pub(crate) fn shown(place: Place, corner: (i32, i32), rect: Rect) -> Option<Rect> {
    let whole = Rect::new(0, 0, place.width, place.height);
    let rect = moved(rect, corner, (place.x, place.y), whole)?;
    Some(shrink::touched(place, rect))
}

/// Paints `part` of a frame whose corner lies at `origin` on the desktop.
fn paint(origin: (i32, i32), tiles: &[Tile<'_>], part: Rect, frame: &mut Frame) {
    let over = |tile: &Tile<'_>| moved(tile.picture.bounds(), tile.corner, origin, part);
    if !tiles.iter().any(|tile| over(tile) == Some(part)) {
        for y in part.y..part.bottom() {
            frame
                .row_mut(part, y)
                .as_chunks_mut::<4>()
                .0
                .fill([0, 0, 0, 255]);
        }
    }
    for tile in tiles {
        let Some(to) = over(tile) else { continue };
        let inside = |at: u32, origin: i32, corner: i32| {
            let inside = i64::from(at) + i64::from(origin) - i64::from(corner);
            u32::try_from(inside).unwrap_or(0)
        };
        let left = inside(to.x, origin.0, tile.corner.0);
        let top = inside(to.y, origin.1, tile.corner.1);
        let from = Rect::new(left, top, to.width, to.height);
        for (y, row) in (to.y..to.bottom()).zip(top..) {
            frame
                .row_mut(to, y)
                .copy_from_slice(tile.picture.row(from, row));
        }
    }
}

/// The part of `rect`, counted from `corner`, that lies in `within`, counted from `origin`.
fn moved(rect: Rect, corner: (i32, i32), origin: (i32, i32), within: Rect) -> Option<Rect> {
    let axis = |start: u32, end: u32, shift: i64, from: u32, to: u32| {
        let start = (i64::from(start) + shift).max(from.into());
        let end = (i64::from(end) + shift).min(to.into());
        let length = u32::try_from(end - start).ok().filter(|it| *it > 0)?;
        Some((u32::try_from(start).ok()?, length))
    };
    let shift = |corner: i32, origin: i32| i64::from(corner) - i64::from(origin);
    let across = shift(corner.0, origin.0);
    let (x, width) = axis(rect.x, rect.right(), across, within.x, within.right())?;
    let down = shift(corner.1, origin.1);
    let (y, height) = axis(rect.y, rect.bottom(), down, within.y, within.bottom())?;
    Some(Rect::new(x, y, width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32, colour: u8) -> Frame {
        let mut frame = Frame::new(width, height).unwrap();
        for pixel in frame.data_mut().as_chunks_mut::<4>().0 {
            *pixel = [colour, colour, colour, 255];
        }
        frame
    }

    fn colours(frame: &Frame) -> Vec<Vec<u8>> {
        let row = |y| {
            frame
                .row(frame.bounds(), y)
                .as_chunks::<4>()
                .0
                .iter()
                .map(|it| it[0])
        };
        (0..frame.height()).map(|y| row(y).collect()).collect()
    }

    #[test]
    fn monitors_lie_where_they_are_and_between_them_it_is_black() {
        let (left, right) = (plain(2, 2, 7), plain(3, 1, 9));
        let tiles = [
            Tile {
                corner: (-2, 0),
                picture: &left,
            },
            Tile {
                corner: (1, 1),
                picture: &right,
            },
        ];
        let place = Place {
            x: -2,
            y: 0,
            width: 6,
            height: 2,
            shrink: 1,
        };
        let mut frame = plain(6, 2, 200);
        let whole = frame.bounds();
        compose(place, &tiles, &[whole], &mut frame).unwrap();
        assert_eq!(colours(&frame), [[7, 7, 0, 0, 0, 0], [7, 7, 0, 9, 9, 9]]);
        let damaged = shown(place, (1, 1), Rect::new(1, 0, 9, 9));
        assert_eq!(damaged, Some(Rect::new(4, 1, 2, 1)), "cut to what is shown");
        assert_eq!(shown(place, (40, 1), Rect::new(0, 0, 9, 9)), None);
    }

    #[test]
    fn only_the_part_asked_for_is_painted() {
        let left = plain(4, 4, 7);
        let tiles = [Tile {
            corner: (0, 0),
            picture: &left,
        }];
        let place = Place {
            x: 0,
            y: 0,
            width: 4,
            height: 4,
            shrink: 1,
        };
        let mut frame = plain(4, 4, 200);
        compose(place, &tiles, &[Rect::new(1, 1, 2, 1)], &mut frame).unwrap();
        let untouched = [200; 4];
        assert_eq!(
            colours(&frame),
            [untouched, [200, 7, 7, 200], untouched, untouched]
        );
    }

    #[test]
    fn a_shrunk_pixel_is_the_mean_across_the_monitors_edge() {
        let (left, right) = (plain(3, 2, 100), plain(3, 2, 200));
        let tiles = [
            Tile {
                corner: (0, 0),
                picture: &left,
            },
            Tile {
                corner: (3, 0),
                picture: &right,
            },
        ];
        let place = Place {
            x: 0,
            y: 0,
            width: 6,
            height: 2,
            shrink: 2,
        };
        let mut frame = plain(3, 1, 1);
        let whole = frame.bounds();
        compose(place, &tiles, &[whole], &mut frame).unwrap();
        assert_eq!(colours(&frame), [[100, 150, 200]]);
    }
}
