//! Photographs and film: lossy at first sight, small and quick.
//!
//! The method is JPEG's: luma and halved chroma, cosine transform, coarse steps, runs of zeros.
//! What differs is what a screen needs: blocks that did not change are left out, the numbers are
//! packed by the Huffman coder that the exact pixels use already, and decoder and encoder are a
//! few hundred lines that cannot read a byte beyond their part.

#![expect(
    clippy::inline_always,
    reason = "it is compiled anew for wide instructions wherever it is inlined"
)]

mod dct;
mod tokens;

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::frame::Frame;
use crate::helpers::{Helpers, Work};
use crate::region::Rect;
use crate::stream::Packer;
use crate::unzstd::{Corrupt, Unpacker};
use crate::wide;

use dct::Block;
use tokens::{Kind, MODES, Reader, STREAMS, Writer};

/// A macroblock's side: four blocks of luma, one of each chroma.
pub(crate) const SIDE: u32 = 16;

/// A macroblock that stays as it is.
const SKIP: u8 = 0;

/// A macroblock that is coded by itself.
const CODED: u8 = 1;

/// Fewer macroblocks are coded before a helper has begun.
const SHARED: usize = 320;

/// Adding this rounds a small number to an integer that stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// A coefficient that is only just half a step is worth less than its bits.
const DEAD: f32 = 0.16;

/// The coded form of a rectangle.
#[derive(Debug)]
pub(crate) struct Coded {
    /// How many tokens each stream has.
    pub(crate) sizes: Vec<u32>,
    /// The token streams, packed.
    pub(crate) tokens: Vec<u8>,
    /// The loose bits.
    pub(crate) bits: Vec<u8>,
}

/// Codes rectangles; keeps its memory between them.
#[derive(Debug, Default)]
pub(crate) struct Coder {
    writer: Writer,
    /// What helpers had last.
    part: Arc<Part>,
}

/// A macroblock's samples: four blocks of luma, then blue and red chroma.
type Samples = [Block; 6];

impl Coder {
    /// The coded form of `rect`, with those of its [`blocks`] that have `changed`.
    pub(crate) fn encode(
        &mut self,
        frame: &Frame,
        rect: Rect,
        step: u8,
        changed: &[bool],
        packer: &mut Packer,
        helpers: &dyn Helpers,
    ) -> io::Result<Coded> {
        let scales = [scale(step, Kind::Luma), scale(step, Kind::Chroma)];
        self.writer.clear();
        if helpers.are_there() && changed.len() >= SHARED {
            self.share(frame, rect, &scales, changed, helpers);
        } else {
            code(frame, rect, &scales, changed, &mut self.writer);
        }
        self.writer.finish();
        let mut tokens = Vec::new();
        let streams = &self.writer.streams;
        for stream in streams.iter().filter(|stream| !stream.is_empty()) {
            tokens.append(&mut packer.pack(stream)?);
        }
        Ok(Coded {
            sizes: streams.iter().map(|stream| stream.len() as u32).collect(),
            tokens,
            bits: self.writer.bits.clone(),
        })
    }

    /// Writes a rectangle together with helpers.
    fn share(
        &mut self,
        frame: &Frame,
        rect: Rect,
        scales: &[[f32; 64]; 2],
        changed: &[bool],
        helpers: &dyn Helpers,
    ) {
        // One who comes late may still look at the last part.
        if Arc::get_mut(&mut self.part).is_none() {
            self.part = Arc::default();
        }
        if let Some(part) = Arc::get_mut(&mut self.part) {
            part.set(frame, rect, scales, changed);
        }
        helpers.call(Arc::<Part>::clone(&self.part));
        self.part.take_part();
        for row in 0..self.part.rows() {
            // Whoever has begun with a row may have been interrupted.
            let done = self
                .part
                .done()
                .get_mut(row as usize)
                .and_then(Option::take);
            let done = done.unwrap_or_else(|| self.part.code(row));
            self.writer.append(&done);
        }
    }
}

/// A rectangle that several code together, a row of macroblocks at a time.
///
/// It has pixels of its own, for the screen goes on while somebody may still look at them.
#[derive(Debug)]
struct Part {
    frame: Frame,
    scales: [[f32; 64]; 2],
    changed: Vec<bool>,
    /// The row that nobody has begun with.
    next: AtomicU32,
    done: Mutex<Vec<Option<Writer>>>,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            frame: Frame::default(),
            scales: [[0.0; 64]; 2],
            changed: Vec::new(),
            next: AtomicU32::new(0),
            done: Mutex::default(),
        }
    }
}

impl Part {
    fn set(&mut self, frame: &Frame, rect: Rect, scales: &[[f32; 64]; 2], changed: &[bool]) {
        self.frame.cut(frame, rect);
        self.scales = *scales;
        self.changed.clear();
        self.changed.extend_from_slice(changed);
        self.next = AtomicU32::new(0);
        let rows = self.rows() as usize;
        let mut done = self.done();
        done.clear();
        done.resize_with(rows, || None);
    }

    fn rows(&self) -> u32 {
        self.frame.height().div_ceil(SIDE)
    }

    fn done(&self) -> MutexGuard<'_, Vec<Option<Writer>>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn code(&self, row: u32) -> Writer {
        let (width, y) = (self.frame.width(), row * SIDE);
        let band = Rect::new(0, y, width, SIDE).intersection(self.frame.bounds());
        let columns = width.div_ceil(SIDE) as usize;
        let changed = &self.changed[row as usize * columns..][..columns];
        let mut writer = Writer::default();
        code(&self.frame, band, &self.scales, changed, &mut writer);
        writer
    }
}

impl Work for Part {
    fn take_part(&self) {
        loop {
            let row = self.next.fetch_add(1, Ordering::Relaxed);
            if row >= self.rows() {
                return;
            }
            let writer = self.code(row);
            self.done()[row as usize] = Some(writer);
        }
    }
}

/// Writes rows of macroblocks.
fn code(frame: &Frame, band: Rect, scales: &[[f32; 64]; 2], changed: &[bool], writer: &mut Writer) {
    wide::run(
        #[inline(always)]
        || code_rows(frame, band, scales, changed, writer),
    );
}

#[inline(always)]
fn code_rows(
    frame: &Frame,
    band: Rect,
    scales: &[[f32; 64]; 2],
    changed: &[bool],
    writer: &mut Writer,
) {
    let columns = band.width.div_ceil(SIDE);
    let mut samples = [[[0.0; 8]; 8]; 6];
    for (row, changed) in (0..).zip(changed.chunks(columns as usize)) {
        // What a block begins with is told as the difference from the one before.
        let mut bases = [0; 3];
        for (column, changed) in (0..).zip(changed) {
            if !*changed {
                writer.streams[MODES].push(SKIP);
                continue;
            }
            writer.streams[MODES].push(CODED);
            sample(frame, macroblock(band, column, row), &mut samples);
            for (index, block) in samples.iter().enumerate() {
                let (kind, plane) = belongs(index);
                let values = quantise(&dct::forward(block), &scales[plane.min(1)]);
                writer.block(kind, &values, bases[plane]);
                bases[plane] = values[0];
            }
        }
    }
}

/// The macroblocks of a rectangle, row by row.
pub(crate) fn blocks(rect: Rect) -> impl Iterator<Item = Rect> {
    let (columns, rows) = (rect.width.div_ceil(SIDE), rect.height.div_ceil(SIDE));
    (0..rows).flat_map(move |row| (0..columns).map(move |column| macroblock(rect, column, row)))
}

/// Puts a coded rectangle into the picture, which has room for it.
pub(crate) fn decode(
    frame: &mut Frame,
    rect: Rect,
    step: u8,
    coded: (&[u32], &[u8], &[u8]),
    unpacker: &mut Unpacker,
) -> Result<(), Corrupt> {
    let (sizes, tokens, bits) = coded;
    let (columns, rows) = (rect.width.div_ceil(SIDE), rect.height.div_ceil(SIDE));
    // Each of a macroblock's 384 coefficients has one token at most, and each block an end.
    let most = columns as usize * rows as usize * (6 * 65 + 1);
    let mut room = most;
    if sizes.len() != STREAMS || step == 0 {
        return Err(Corrupt);
    }
    for size in sizes {
        room = room.checked_sub(*size as usize).ok_or(Corrupt)?;
    }
    let mut rest = unpacker.unpack(tokens, most - room)?;
    let mut streams: [&[u8]; STREAMS] = [&[]; STREAMS];
    for (stream, size) in streams.iter_mut().zip(sizes) {
        (*stream, rest) = rest.split_at(*size as usize);
    }
    let mut reader = Reader::new(streams, bits);
    let steps = [steps(step, Kind::Luma), steps(step, Kind::Chroma)];
    wide::run(
        #[inline(always)]
        || decode_rows(frame, rect, &steps, &mut reader),
    )?;
    reader.is_done().then_some(()).ok_or(Corrupt)
}

#[inline(always)]
fn decode_rows(
    frame: &mut Frame,
    rect: Rect,
    steps: &[[f32; 64]; 2],
    reader: &mut Reader<'_>,
) -> Result<(), Corrupt> {
    let (columns, rows) = (rect.width.div_ceil(SIDE), rect.height.div_ceil(SIDE));
    for row in 0..rows {
        let mut bases = [0; 3];
        for column in 0..columns {
            let place = macroblock(rect, column, row);
            match reader.token(MODES)? {
                SKIP => continue,
                CODED => {}
                _ => return Err(Corrupt),
            }
            let mut samples: Samples = [[[0.0; 8]; 8]; 6];
            for (index, block) in samples.iter_mut().enumerate() {
                let (kind, plane) = belongs(index);
                let mut values = [0; 64];
                let rough = reader.block(kind, bases[plane], &mut values)?;
                bases[plane] = values[0];
                *block = if rough {
                    dct::inverse(&dequantise(&values, &steps[plane.min(1)]))
                } else {
                    [[values[0] as f32 * steps[plane.min(1)][0] / 8.0; 8]; 8]
                };
            }
            paint(frame, place, &samples);
        }
    }
    Ok(())
}

/// A macroblock's pixels; at the right and bottom edge fewer than elsewhere.
#[inline(always)]
fn macroblock(rect: Rect, column: u32, row: u32) -> Rect {
    Rect::new(rect.x + column * SIDE, rect.y + row * SIDE, SIDE, SIDE).intersection(rect)
}

/// What a macroblock's block shows.
#[inline(always)]
fn belongs(index: usize) -> (Kind, usize) {
    match index {
        0..4 => (Kind::Luma, 0),
        _ => (Kind::Chroma, index - 3),
    }
}

/// The steps' widths; rough coefficients and colours are seen less.
fn steps(step: u8, kind: Kind) -> [f32; 64] {
    std::array::from_fn(|index| {
        let roughness = (index / 8 + index % 8) as f32;
        let colour = match kind {
            Kind::Luma => 1.0,
            Kind::Chroma => 1.5,
        };
        (f32::from(step) * (1.0 + roughness / 16.0) * colour).max(1.0)
    })
}

fn scale(step: u8, kind: Kind) -> [f32; 64] {
    steps(step, kind).map(|step| 1.0 / step)
}

#[inline(always)]
fn quantise(block: &Block, scale: &[f32; 64]) -> [i32; 64] {
    let mut values = [0; 64];
    let coefficients = block.as_flattened();
    for ((value, coefficient), scale) in values.iter_mut().zip(coefficients).zip(scale) {
        let size = (coefficient.abs() * scale - DEAD).max(0.0);
        let size = rounded(size);
        *value = if *coefficient < 0.0 { -size } else { size };
    }
    values
}

#[inline(always)]
fn dequantise(values: &[i32; 64], steps: &[f32; 64]) -> Block {
    let mut block = [[0.0; 8]; 8];
    let coefficients = block.as_flattened_mut();
    for ((coefficient, value), step) in coefficients.iter_mut().zip(values).zip(steps) {
        *coefficient = *value as f32 * step;
    }
    block
}

/// The nearest integer; quicker than a cast, which has to mind what is no number.
#[inline(always)]
fn rounded(value: f32) -> i32 {
    (value + ROUND).to_bits().cast_signed() - ROUND.to_bits().cast_signed()
}

/// Takes a macroblock's samples; missing pixels repeat the last ones.
#[inline(always)]
fn sample(frame: &Frame, place: Rect, samples: &mut Samples) {
    let mut blues = [[0.0; 16]; 16];
    let mut reds = [[0.0; 16]; 16];
    for (row, (blues, reds)) in blues.iter_mut().zip(&mut reds).enumerate() {
        let y = place.y + (row as u32).min(place.height - 1);
        let (pixels, _) = frame.row(place, y).as_chunks::<4>();
        let mut words = [0; 16];
        for (word, pixel) in words.iter_mut().zip(pixels) {
            *word = u32::from_le_bytes(*pixel);
        }
        let last = words[pixels.len() - 1];
        words[pixels.len()..].fill(last);
        // Fixed lengths and no branches: the compiler takes several pixels at once.
        let level = |word: u32, shift: u32| (word >> shift & 255).cast_signed() as f32;
        let lumas: [f32; 16] = std::array::from_fn(|column| {
            let word = words[column];
            0.114 * level(word, 0) + 0.587 * level(word, 8) + 0.299 * level(word, 16)
        });
        *blues = std::array::from_fn(|column| (level(words[column], 0) - lumas[column]) * 0.564_33);
        *reds = std::array::from_fn(|column| (level(words[column], 16) - lumas[column]) * 0.713_27);
        for (half, lumas) in lumas.as_chunks::<8>().0.iter().enumerate() {
            samples[row / 8 * 2 + half][row % 8] = lumas.map(|luma| luma - 128.0);
        }
    }
    for (plane, block) in [&blues, &reds].into_iter().zip(&mut samples[4..]) {
        for (rows, line) in plane.as_chunks::<2>().0.iter().zip(block) {
            let [upper, lower] = rows;
            *line = std::array::from_fn(|column| {
                let (left, right) = (2 * column, 2 * column + 1);
                (upper[left] + upper[right] + (lower[left] + lower[right])) * 0.25
            });
        }
    }
}

/// Paints a macroblock's samples.
#[inline(always)]
fn paint(frame: &mut Frame, place: Rect, samples: &Samples) {
    for row in 0..place.height as usize {
        let mut lumas = [0.0; 16];
        for (half, lumas) in lumas.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *lumas = samples[row / 8 * 2 + half][row % 8];
        }
        let twice = |line: &[f32; 8]| -> [f32; 16] { std::array::from_fn(|at| line[at / 2]) };
        let (blues, reds) = (twice(&samples[4][row / 2]), twice(&samples[5][row / 2]));
        let level = |level: f32| rounded((level + 128.0).clamp(0.0, 255.0)).cast_unsigned();
        let words: [u32; 16] = std::array::from_fn(|at| {
            let (luma, blue, red) = (lumas[at], blues[at], reds[at]);
            level(luma + 1.772 * blue)
                | level(luma - 0.344_14 * blue - 0.714_14 * red) << 8
                | level(luma + 1.402 * red) << 16
                | 0xFF00_0000
        });
        let wide = words.map(u32::to_le_bytes);
        let width = place.width as usize;
        frame
            .row_mut(place, place.y + row as u32)
            .copy_from_slice(wide[..width].as_flattened());
    }
}
