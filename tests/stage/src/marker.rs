//! A frame's number as blocks of black and white, which survive every codec.

use crate::canvas::{Area, Canvas, brightness};

/// Width and height of a block.
const BLOCK: usize = 16;
/// Bits of the number.
const NUMBER: u32 = 11;
/// Bits that check it: a marker of which one half is old reads as nothing.
const CHECK: u32 = 5;
/// A prime below what the check can hold, of which no power of two that fits is one more than a multiple.
const MODULUS: u32 = 29;

/// Width of a marker.
pub(crate) const WIDTH: usize = BLOCK * (NUMBER + CHECK) as usize;
/// Height of a marker.
pub(crate) const HEIGHT: usize = BLOCK;

/// Brighter than this is white, darker than its mirror is black, between is neither.
const WHITE: u32 = 176;

/// Where the white blocks of this number are, the marker's corner being at `x`, `y`.
pub(crate) fn white_blocks(number: u32, (x, y): (usize, usize)) -> Vec<Area> {
    let code = code(number);
    (0..NUMBER + CHECK)
        .filter(|bit| code >> bit & 1 == 1)
        .map(|bit| Area::new(x + bit as usize * BLOCK, y, BLOCK, BLOCK))
        .collect()
}

/// Draws it into a picture.
pub(crate) fn draw(canvas: &mut Canvas, number: u32, at: (usize, usize)) {
    canvas.fill(Area::new(at.0, at.1, WIDTH, HEIGHT), 0);
    for block in white_blocks(number, at) {
        canvas.fill(block, 0x00ff_ffff);
    }
}

/// The one row that reading looks at.
pub(crate) fn row((x, y): (usize, usize)) -> Area {
    Area::new(x, y + BLOCK / 2, WIDTH, 1)
}

/// The number that this row of pixels shows, if it shows one.
pub(crate) fn read(row: &[u32]) -> Option<u32> {
    let mut code = 0;
    for bit in 0..NUMBER + CHECK {
        let middle = bit as usize * BLOCK + BLOCK / 2;
        let pixels = row.get(middle - 2..middle + 2)?;
        let bright = pixels.iter().map(|pixel| brightness(*pixel)).sum::<u32>() / 4;
        if bright > WHITE {
            code |= 1 << bit;
        } else if bright > 255 - WHITE {
            return None;
        }
    }
    let number = code & ((1 << NUMBER) - 1);
    (self::code(number) == code).then_some(number)
}

fn code(number: u32) -> u32 {
    let number = number & ((1 << NUMBER) - 1);
    // Numbers that follow each other differ in many bits of the check.
    let check = (number * 11 + 7) % MODULUS;
    number | check << NUMBER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_read_back_and_half_of_another_is_not() {
        let mut wrong = 0;
        for number in 0..1 << NUMBER {
            let mut canvas = Canvas::new(WIDTH, HEIGHT, 0x0080_8080);
            assert_eq!(read(canvas.row(8)), None, "grey is nothing");
            draw(&mut canvas, number, (0, 0));
            assert_eq!(read(canvas.row(8)), Some(number));
            let mut next = canvas.clone();
            draw(&mut next, number + 1, (0, 0));
            for cut in (BLOCK..WIDTH).step_by(BLOCK) {
                let mixed: Vec<u32> = [&next.row(8)[..cut], &canvas.row(8)[cut..]].concat();
                let read = read(&mixed);
                let either = [None, Some(number), Some((number + 1) % (1 << NUMBER))];
                wrong += u32::from(!either.contains(&read));
            }
        }
        assert_eq!(wrong, 0);
    }
}
