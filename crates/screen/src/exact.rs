//! Exact pixels of photographs, where rows repeat nothing.
//!
//! Every value is foretold from its neighbours, and only what the forecast missed travels.
//! Misses are sorted by how restless the neighbourhood is, which the receiver sees as well;
//! so each sort gets its own Huffman tree from zstd.

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

/// The coded form of a rectangle.
#[derive(Debug)]
pub(crate) struct Coded {
    /// How many misses of each sort there are.
    pub(crate) sizes: Vec<u32>,
    /// The misses, packed.
    pub(crate) data: Vec<u8>,
}

/// Codes rectangles; keeps its memory between them.
#[derive(Debug, Default)]
pub(crate) struct Coder {
    streams: [Vec<u8>; STREAMS],
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
                for plane in 0..PLANES {
                    let (guess, sort) = foretell(left[plane], top[plane], corner[plane], sorts);
                    self.streams[plane * sorts + sort].push(values[plane].wrapping_sub(guess));
                }
                row[index + 1] = values;
            }
            std::mem::swap(&mut above, &mut row);
        }
        let streams = &self.streams[..PLANES * sorts];
        let mut data = Vec::new();
        for stream in streams.iter().filter(|stream| !stream.is_empty()) {
            data.append(&mut packer.pack(stream)?);
        }
        Ok(Coded {
            sizes: streams.iter().map(|stream| stream.len() as u32).collect(),
            data,
        })
    }
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
    let size = rect.area() as usize * PLANES;
    let total: u64 = sizes.iter().map(|size| u64::from(*size)).sum();
    if sizes.len() != PLANES * sorts || total != size as u64 {
        return Err(Corrupt);
    }
    let mut rest = unpacker.unpack(data, size)?;
    let mut streams: [&[u8]; STREAMS] = [&[]; STREAMS];
    for (stream, size) in streams.iter_mut().zip(sizes) {
        (*stream, rest) = rest.split_at(*size as usize);
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
            for plane in 0..PLANES {
                let (guess, sort) = foretell(left[plane], top[plane], corner[plane], sorts);
                let stream = &mut streams[plane * sorts + sort];
                let (miss, others) = stream.split_first().ok_or(Corrupt)?;
                *stream = others;
                values[plane] = guess.wrapping_add(*miss);
            }
            let [green, blue, red] = values;
            *pixel = [together(blue, green), green, together(red, green), 255];
            row[index + 1] = values;
        }
        std::mem::swap(&mut above, &mut row);
    }
    Ok(())
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

/// What a value probably is, and the sort of its neighbourhood.
fn foretell(left: u8, top: u8, corner: u8, sorts: usize) -> (u8, usize) {
    let (low, high) = (left.min(top), left.max(top));
    // At an edge the neighbour on this side of it; elsewhere the plane through the three.
    let guess = if corner >= high {
        low
    } else if corner <= low {
        high
    } else {
        left.wrapping_add(top).wrapping_sub(corner)
    };
    let restless = (high - low)
        .max(left.abs_diff(corner))
        .max(top.abs_diff(corner));
    let sort = if sorts == 2 {
        usize::from(restless >= SORTS[3])
    } else {
        usize::from(SORT[usize::from(restless)])
    };
    (guess, sort)
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
