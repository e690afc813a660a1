//! Boxes cut into lines of text, and pixels in the order in which letters repeat.
//!
//! Pixels travel column by column.
//! In a strip that is one line high, a letter that was there before is then one long repetition,
//! where row by row it would be as many short ones as it has rows.

use aldis_wire::peer::MAX_PART_RAW;

use crate::frame::Frame;
use crate::region::Rect;

/// The most rows of a strip; what is higher is no line of text.
const MAX_HEIGHT: u32 = 64;

/// Columns that are turned at once, so that both sides stay in the cache.
const CHUNK: usize = 16;

/// Cuts a box above every line of text.
pub(crate) fn split(frame: &Frame, rect: Rect) -> Vec<Rect> {
    // The widest picture has room for sixteen rows in a part.
    let most = MAX_HEIGHT.min(MAX_PART_RAW as u32 / (rect.width * 4));
    let mut strips = Vec::new();
    let mut top = rect.y;
    let mut after_blank = false;
    for y in rect.y..rect.bottom() {
        let blank = is_blank(frame.row(rect, y));
        if y > top && (after_blank && !blank || y - top == most) {
            strips.push(Rect::new(rect.x, top, rect.width, y - top));
            top = y;
        }
        after_blank = blank;
    }
    strips.push(Rect::new(rect.x, top, rect.width, rect.bottom() - top));
    strips
}

/// Whether a row has one colour: then it equals itself a pixel further.
fn is_blank(row: &[u8]) -> bool {
    row[4..] == row[..row.len() - 4]
}

/// Appends the pixels of `rect`, column by column.
pub(crate) fn get(frame: &Frame, rect: Rect, columns: &mut Vec<u8>) {
    let height = rect.height as usize;
    let start = columns.len();
    columns.resize(start + rect.area() as usize * 4, 0);
    let (columns, _) = columns[start..].as_chunks_mut::<4>();
    for (chunk, columns) in columns.chunks_mut(CHUNK * height).enumerate() {
        let left = chunk * CHUNK * 4;
        for (step, y) in (rect.y..rect.bottom()).enumerate() {
            let (row, _) = frame.row(rect, y)[left..].as_chunks::<4>();
            for (column, pixel) in columns.chunks_exact_mut(height).zip(row) {
                column[step] = *pixel;
            }
        }
    }
}

/// Takes over the pixels of `rect` from `columns`.
pub(crate) fn put(frame: &mut Frame, rect: Rect, columns: &[u8]) {
    let height = rect.height as usize;
    let (columns, _) = columns.as_chunks::<4>();
    for (chunk, columns) in columns.chunks(CHUNK * height).enumerate() {
        let left = chunk * CHUNK * 4;
        for (step, y) in (rect.y..rect.bottom()).enumerate() {
            let (row, _) = frame.row_mut(rect, y)[left..].as_chunks_mut::<4>();
            for (column, pixel) in columns.chunks_exact(height).zip(row) {
                let [blue, green, red, _] = column[step];
                *pixel = [blue, green, red, 255];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_as_rows() {
        let mut frame = Frame::new(50, 20).unwrap();
        for (number, pixel) in (0_u32..).zip(frame.data_mut().chunks_exact_mut(4)) {
            pixel[..3].copy_from_slice(&number.to_le_bytes()[..3]);
        }
        for rect in [
            Rect::new(3, 2, 40, 15),
            Rect::new(0, 0, 50, 20),
            Rect::new(7, 7, 1, 1),
        ] {
            let mut columns = Vec::new();
            get(&frame, rect, &mut columns);
            let mut other = Frame::new(50, 20).unwrap();
            put(&mut other, rect, &columns);
            for y in rect.y..rect.bottom() {
                assert_eq!(frame.row(rect, y), other.row(rect, y));
            }
        }
    }

    #[test]
    fn a_page_is_cut_above_its_lines() {
        let mut frame = Frame::new(40, 100).unwrap();
        for line in [10, 30, 50] {
            for y in line..line + 8 {
                let letter = Rect::new(5, y, 3, 1);
                frame.row_mut(letter, y).fill(255);
            }
        }
        let strips = split(&frame, frame.bounds());
        let edges: Vec<(u32, u32)> = strips
            .iter()
            .map(|strip| (strip.y, strip.bottom()))
            .collect();
        assert_eq!(edges, [(0, 10), (10, 30), (30, 50), (50, 100)]);
    }
}
