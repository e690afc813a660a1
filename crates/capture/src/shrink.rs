//! Desktops with more pixels than a picture may have: each pixel shown is the mean of several.

use aldis_screen::{Frame, FrameError, Rect};

use crate::Place;

/// The most pixels on one axis of the desktop that are held at once.
const STRIP: u32 = 2_048;

/// Brings `parts` of `frame` up to date, which shows `place`.
///
/// `fetch` fills a frame with the desktop's own pixels from this place on.
pub(crate) fn fetch<E: From<FrameError>>(
    place: Place,
    parts: &[Rect],
    frame: &mut Frame,
    mut fetch: impl FnMut((i32, i32), &mut Frame) -> Result<(), E>,
) -> Result<(), E> {
    let shrink = place.shrink.max(1);
    let step = (STRIP / shrink).max(1);
    let mut strip = Frame::default();
    for part in parts {
        for (x, y) in corners(*part, step) {
            let piece = Rect::new(
                x,
                y,
                step.min(part.right() - x),
                step.min(part.bottom() - y),
            );
            let (left, top) = (x * shrink, y * shrink);
            let width = (piece.width * shrink).min(place.width - left);
            let height = (piece.height * shrink).min(place.height - top);
            if (strip.width(), strip.height()) != (width, height) {
                strip = Frame::new(width, height)?;
            }
            let on_desktop = |start: i32, inside: u32| start.saturating_add_unsigned(inside);
            fetch(
                (on_desktop(place.x, left), on_desktop(place.y, top)),
                &mut strip,
            )?;
            put_mean(&strip, shrink, piece, frame);
        }
    }
    Ok(())
}

/// What of a rectangle of the desktop, counted from the place's corner, touches the picture's pixels.
pub(crate) fn touched(place: Place, rect: Rect) -> Rect {
    let shrink = place.shrink.max(1);
    let (x, y) = (rect.x / shrink, rect.y / shrink);
    let right = rect.right().div_ceil(shrink);
    let bottom = rect.bottom().div_ceil(shrink);
    Rect::new(x, y, right - x, bottom - y)
}

fn corners(part: Rect, step: u32) -> impl Iterator<Item = (u32, u32)> {
    let rows = (part.y..part.bottom()).step_by(step as usize);
    rows.flat_map(move |y| {
        let columns = (part.x..part.right()).step_by(step as usize);
        columns.map(move |x| (x, y))
    })
}

/// Writes the means of squares of `strip` into `piece`; at the edges less than a square may be left.
fn put_mean(strip: &Frame, shrink: u32, piece: Rect, frame: &mut Frame) {
    for (y, row) in (0..).zip(piece.y..piece.bottom()) {
        let lines = y * shrink..((y + 1) * shrink).min(strip.height());
        let pixels = frame.row_mut(piece, row).as_chunks_mut::<4>().0;
        for (x, pixel) in (0..).zip(pixels) {
            let left = x * shrink;
            let width = shrink.min(strip.width() - left);
            let mut sums = [0; 3];
            for line in lines.clone() {
                let square = strip.row(Rect::new(left, line, width, 1), line);
                for [blue, green, red, _] in square.as_chunks::<4>().0 {
                    sums[0] += u32::from(*blue);
                    sums[1] += u32::from(*green);
                    sums[2] += u32::from(*red);
                }
            }
            let count = width * lines.len() as u32;
            let mean = |sum: u32| ((sum + count / 2) / count) as u8;
            *pixel = [mean(sums[0]), mean(sums[1]), mean(sums[2]), 255];
        }
    }
}

#[cfg(test)]
mod tests {
    use aldis_screen::{Frame, FrameError, Rect};

    use super::{fetch, touched};
    use crate::Place;

    /// A desktop whose pixels tell where they are.
    fn colour(x: u32, y: u32) -> [u8; 4] {
        [(x * 7) as u8, (y * 5) as u8, (x + y) as u8, 255]
    }

    #[test]
    fn every_pixel_is_the_mean_of_its_square_also_at_the_edges() {
        let place = Place {
            x: -3,
            y: 5,
            width: 4_103,
            height: 10,
            shrink: 4,
        };
        let (width, height) = place.picture();
        assert_eq!((width, height), (1_026, 3));
        let mut frame = Frame::new(width, height).unwrap();
        let whole = [frame.bounds()];
        fetch(place, &whole, &mut frame, |(left, top), strip| {
            let bounds = strip.bounds();
            for y in 0..bounds.height {
                let row = strip.row_mut(bounds, y).as_chunks_mut::<4>().0;
                for (x, pixel) in (0..).zip(row) {
                    *pixel = colour((left + 3) as u32 + x, (top - 5) as u32 + y);
                }
            }
            Ok::<(), FrameError>(())
        })
        .unwrap();
        for (x, y) in [(0, 0), (511, 1), (512, 1), (1_025, 0), (1_025, 2)] {
            let square: Vec<[u8; 4]> = (y * 4..(y * 4 + 4).min(place.height))
                .flat_map(|y| (x * 4..(x * 4 + 4).min(place.width)).map(move |x| colour(x, y)))
                .collect();
            let mean = |channel: usize| {
                let sum: u32 = square.iter().map(|it| u32::from(it[channel])).sum();
                let count = square.len() as u32;
                ((sum + count / 2) / count) as u8
            };
            let shown = frame.row(Rect::new(x, y, 1, 1), y);
            assert_eq!(shown, [mean(0), mean(1), mean(2), 255], "at {x}, {y}");
        }
    }

    #[test]
    fn damage_touches_whole_pixels() {
        let place = Place {
            shrink: 4,
            ..Place::default()
        };
        let touches = |rect| touched(place, rect);
        assert_eq!(touches(Rect::new(3, 4, 2, 4)), Rect::new(0, 1, 2, 1));
        assert_eq!(touches(Rect::new(0, 0, 1, 9)), Rect::new(0, 0, 1, 3));
    }
}
