//! Exact pixels of photographs, where rows repeat nothing.
//!
//! Every value is foretold from its neighbours, and only what the forecast missed travels.
//! Misses are sorted by how restless the neighbourhood is, which the receiver sees as well;
//! so each sort gets its own Huffman tree from zstd.
//! Where it is calm a miss is worth about a bit, which is the least that a Huffman tree can spend:
//! there two misses are one symbol.

use std::io;

use crate::frame::Frame;
use crate::region::Rect;
use crate::stream::Packer;
use crate::unzstd::{Corrupt, Unpacker};

/// Green, blue less green, red less green.
const PLANES: usize = 3;

/// The restlessness at which each sort but the first begins.
const SORTS: [u8; 7] = [1, 3, 6, 10, 17, 29, 51];

/// The most streams.
const STREAMS: usize = PLANES * (SORTS.len() + 1);

/// Fewer pixels than this are not worth many trees.
const MANY: u64 = 16_384;

/// In the first so many of many sorts, two misses are one symbol.
const PAIRED: usize = 2;

/// The furthest miss, up or down, that a pair's symbol can tell.
const NEAR: u8 = 7;

/// Stands before the two misses of a pair that no symbol tells.
const FAR: u8 = u8::MAX;

/// The coded form of a rectangle.
#[derive(Debug)]
pub(crate) struct Coded {
    /// How many bytes there are of each sort.
    pub(crate) sizes: Vec<u32>,
    /// The misses, packed.
    pub(crate) data: Vec<u8>,
}

/// Codes rectangles; keeps its memory between them.
#[derive(Debug, Default)]
pub(crate) struct Coder {
    streams: [Vec<u8>; STREAMS],
    pairs: Vec<u8>,
}

impl Coder {
    /// The coded form of `rect`.
    pub(crate) fn encode(
        &mut self,
        frame: &Frame,
        rect: Rect,
        packer: &mut Packer,
    ) -> io::Result<Coded> {
        self.streams.iter_mut().for_each(Vec::clear);
        let sorts = sorts(rect);
        let width = rect.width as usize;
        let (mut above, mut row) = (
            vec![[128; PLANES]; width + 1],
            vec![[128; PLANES]; width + 1],
        );
        for y in rect.y..rect.bottom() {
            let (pixels, _) = frame.row(rect, y).as_chunks::<4>();
            row[0] = above[1];
            for (index, &[blue, green, red, _]) in pixels.iter().enumerate() {
                let values = [green, apart(blue, green), apart(red, green)];
                let (left, corner, top) = (row[index], above[index], above[index + 1]);
                let mut wrong = 0;
                for plane in 0..PLANES {
                    let (left, top, corner) = (left[plane], top[plane], corner[plane]);
                    let guess = foretell(left, top, corner);
                    let sort = sort(left, top, corner, wrong, sorts);
                    let miss = values[plane].wrapping_sub(guess);
                    self.streams[plane * sorts + sort].push(miss);
                    if plane == 0 {
                        wrong = miss.cast_signed().unsigned_abs();
                    }
                }
                row[index + 1] = values;
            }
            std::mem::swap(&mut above, &mut row);
        }
        let (mut sizes, mut data) = (Vec::new(), Vec::new());
        for (index, stream) in self.streams[..PLANES * sorts].iter().enumerate() {
            let bytes = if is_paired(index, sorts) {
                join(stream, &mut self.pairs);
                &self.pairs
            } else {
                stream
            };
            sizes.push(bytes.len() as u32);
            if !bytes.is_empty() {
                data.append(&mut packer.pack(bytes)?);
            }
        }
        Ok(Coded { sizes, data })
    }
}

/// Whether two misses of this stream are one symbol.
fn is_paired(stream: usize, sorts: usize) -> bool {
    stream % sorts < PAIRED.min(sorts - 1)
}

/// Makes pairs of misses; a last one without another gets a 0.
fn join(misses: &[u8], pairs: &mut Vec<u8>) {
    pairs.clear();
    let (twos, last) = misses.as_chunks::<2>();
    let last = last.first().map(|last| [*last, 0]);
    for &[first, second] in twos.iter().chain(&last) {
        // Counted from the furthest miss down.
        let (high, low) = (first.wrapping_add(NEAR), second.wrapping_add(NEAR));
        if high.max(low) <= 2 * NEAR {
            pairs.push(high * (2 * NEAR + 1) + low);
        } else {
            pairs.extend([FAR, first, second]);
        }
    }
}

/// Adds the misses that these pairs stand for.
fn part(pairs: &[u8], misses: &mut Vec<u8>) -> Result<(), Corrupt> {
    let mut pairs = pairs.iter();
    while let Some(&symbol) = pairs.next() {
        misses.extend(if symbol == FAR {
            let mut told = || pairs.next().copied().ok_or(Corrupt);
            [told()?, told()?]
        } else {
            let (high, low) = (symbol / (2 * NEAR + 1), symbol % (2 * NEAR + 1));
            [high.wrapping_sub(NEAR), low.wrapping_sub(NEAR)]
        });
    }
    Ok(())
}

/// Puts a coded rectangle into the picture, which has room for it.
pub(crate) fn decode(
    frame: &mut Frame,
    rect: Rect,
    sizes: &[u32],
    data: &[u8],
    unpacker: &mut Unpacker,
) -> Result<(), Corrupt> {
    let sorts = sorts(rect);
    let total: u64 = sizes.iter().map(|size| u64::from(*size)).sum();
    // Three bytes for two misses are the worst, and a stream's last pair may be half empty.
    let most = rect.area() * PLANES as u64 * 3 / 2 + 3 * STREAMS as u64;
    if sizes.len() != PLANES * sorts || total > most {
        return Err(Corrupt);
    }
    let mut rest = unpacker.unpack(data, total as usize)?;
    let mut misses = Vec::with_capacity(rect.area() as usize * PLANES + STREAMS);
    let mut ends = [0; STREAMS];
    for ((index, size), end) in sizes.iter().enumerate().zip(&mut ends) {
        let (bytes, others) = rest.split_at(*size as usize);
        if is_paired(index, sorts) {
            part(bytes, &mut misses)?;
        } else {
            misses.extend_from_slice(bytes);
        }
        (*end, rest) = (misses.len(), others);
    }
    let mut streams: [&[u8]; STREAMS] = [&[]; STREAMS];
    let mut start = 0;
    for (stream, end) in streams.iter_mut().zip(&ends[..sizes.len()]) {
        *stream = &misses[start..*end];
        start = *end;
    }
    let width = rect.width as usize;
    let (mut above, mut row) = (
        vec![[128; PLANES]; width + 1],
        vec![[128; PLANES]; width + 1],
    );
    for y in rect.y..rect.bottom() {
        let (pixels, _) = frame.row_mut(rect, y).as_chunks_mut::<4>();
        row[0] = above[1];
        for (index, pixel) in pixels.iter_mut().enumerate() {
            let (left, corner, top) = (row[index], above[index], above[index + 1]);
            let mut values = [0; PLANES];
            let mut wrong = 0;
            for plane in 0..PLANES {
                let (left, top, corner) = (left[plane], top[plane], corner[plane]);
                let sort = sort(left, top, corner, wrong, sorts);
                let stream = &mut streams[plane * sorts + sort];
                let (miss, others) = stream.split_first().ok_or(Corrupt)?;
                *stream = others;
                values[plane] = foretell(left, top, corner).wrapping_add(*miss);
                if plane == 0 {
                    wrong = miss.cast_signed().unsigned_abs();
                }
            }
            let [green, blue, red] = values;
            *pixel = [together(blue, green), green, together(red, green), 255];
            row[index + 1] = values;
        }
        std::mem::swap(&mut above, &mut row);
    }
    // Of a last pair only one may be needed.
    let used = streams.iter().all(|stream| stream.len() < 2);
    used.then_some(()).ok_or(Corrupt)
}

/// How many sorts a rectangle of this size has.
fn sorts(rect: Rect) -> usize {
    if rect.area() < MANY {
        2
    } else {
        SORTS.len() + 1
    }
}

/// A colour less green; 128 where they are the same.
fn apart(colour: u8, green: u8) -> u8 {
    colour.wrapping_sub(green).wrapping_add(128)
}

fn together(value: u8, green: u8) -> u8 {
    value.wrapping_add(green).wrapping_sub(128)
}

/// What a value probably is.
fn foretell(left: u8, top: u8, corner: u8) -> u8 {
    let (low, high) = (left.min(top), left.max(top));
    // At an edge the neighbour on this side of it; elsewhere the plane through the three.
    if corner >= high {
        low
    } else if corner <= low {
        high
    } else {
        left.wrapping_add(top).wrapping_sub(corner)
    }
}

/// The sort of a miss: by how much the neighbours differ, and by how `wrong` the forecast of the
/// same pixel's green was.
fn sort(left: u8, top: u8, corner: u8, wrong: u8, sorts: usize) -> usize {
    let restless = left
        .abs_diff(top)
        .max(left.abs_diff(corner))
        .max(top.abs_diff(corner))
        .saturating_add(wrong);
    if sorts == 2 {
        usize::from(restless >= SORTS[3])
    } else {
        usize::from(SORT[usize::from(restless)])
    }
}

/// The sort of each restlessness.
const SORT: [u8; 256] = {
    let mut sort = [0; 256];
    let mut restless = 0;
    while restless < 256 {
        let mut index = 0;
        while index < SORTS.len() {
            if restless >= SORTS[index] as usize {
                sort[restless] += 1;
            }
            index += 1;
        }
        restless += 1;
    }
    sort
};
