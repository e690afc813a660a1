//! What lies in one of PipeWire's buffers: pixels, and what is told beside them.

use std::ptr::NonNull;

use aldis_screen::{MAX_SIDE, Rect};

use super::pod::Format;
use super::sys::{Buffer, Chunk, Meta, StreamBuffer};
use crate::pixels::{Layout, Rows, Turn};
use crate::wayland::board::{Cursor, News};
use crate::{MAX_POINTER_SIDE, PointerShape};

/// `struct spa_meta_header`: whether the buffer is whole.
pub(super) const META_HEADER: u32 = 1;
/// `struct spa_meta_region`: the part of the buffer that is the picture.
pub(super) const META_CROP: u32 = 2;
/// Several of `struct spa_meta_region`: what changed.
pub(super) const META_DAMAGE: u32 = 3;
/// `struct spa_meta_cursor`: the pointer.
pub(super) const META_CURSOR: u32 = 5;
/// `struct spa_meta_videotransform`: how the picture is turned.
pub(super) const META_TURN: u32 = 8;

pub(super) const HEADER_SIZE: u32 = 32;
pub(super) const REGION_SIZE: u32 = 16;
pub(super) const TURN_SIZE: u32 = 4;

/// The most rectangles of damage that are asked for.
pub(super) const MAX_DAMAGE: u32 = 16;

const CURSOR_HEAD: usize = 28;
const BITMAP_HEAD: usize = 20;

/// The bytes of a pointer with this many pixels on each side.
pub(super) const fn cursor_size(side: u32) -> u32 {
    CURSOR_HEAD as u32 + BITMAP_HEAD as u32 + side * side * 4
}

const HEADER_CORRUPTED: u32 = 1 << 1;
const CHUNK_CORRUPTED: u32 = 1 << 0;

/// The most metadata of one kind that is looked at.
const MAX_META: usize = 1 << 20;

/// A whole picture in a buffer that is ours until it is given back.
#[derive(Debug)]
pub(crate) struct Picture {
    buffer: NonNull<StreamBuffer>,
    /// The first pixel.
    pixels: NonNull<u8>,
    stride: usize,
    width: u32,
    height: u32,
    pub(crate) layout: Layout,
    pub(crate) turn: Turn,
}

// SAFETY: the pointers are to memory of the process, not to anything of a thread; it is only read,
// and the board keeps it until PipeWire takes it away.
unsafe impl Send for Picture {}
// SAFETY: as above: reading is all that is done through a shared reference.
unsafe impl Sync for Picture {}

impl Picture {
    /// The buffer that it lies in.
    pub(crate) fn buffer(&self) -> NonNull<StreamBuffer> {
        self.buffer
    }

    /// Width and height when it stands upright.
    pub(crate) fn upright(&self) -> (u32, u32) {
        self.turn.size(self.width, self.height)
    }
}

impl Rows for Picture {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn read(&self, x: u32, y: u32, row: &mut [u8]) {
        assert!(
            y < self.height && x as usize * 4 + row.len() <= self.width as usize * 4,
            "a row within the picture"
        );
        // SAFETY: `look` has checked that every pixel of the picture is in the buffer's memory, which is mapped until
        // `remove_buffer`, and the board lets go of the picture there. The compositor may write to a shared memory at
        // any time, so the bytes are copied without ever being borrowed; four of any bytes are a pixel.
        unsafe {
            let from = self.pixels.add(y as usize * self.stride + x as usize * 4);
            std::ptr::copy_nonoverlapping(from.as_ptr(), row.as_mut_ptr(), row.len());
        }
    }
}

/// Everything that a buffer tells.
///
/// # Safety
///
/// `buffer` must have been dequeued and not given back, and must outlive the picture.
pub(super) unsafe fn look(buffer: NonNull<StreamBuffer>, format: Option<Format>) -> News {
    // SAFETY: PipeWire's buffers have these fields for as long as the buffer is ours.
    let Some(inner) = (unsafe { buffer.as_ref().buffer.as_ref() }) else {
        return News::default();
    };
    let metas = Metas(inner);
    let turn = metas.get(META_TURN, TURN_SIZE as usize);
    let turn = Turn::from_wayland(turn.map_or(0, |bytes| word(&bytes, 0)));
    let crop = metas
        .get(META_CROP, REGION_SIZE as usize)
        .and_then(|bytes| region(&bytes));
    // SAFETY: the caller's promise.
    let seen = format.and_then(|format| unsafe { pixels(buffer, inner, format, crop, turn) });
    let corrupted = metas
        .get(META_HEADER, HEADER_SIZE as usize)
        .is_some_and(|bytes| word(&bytes, 0) & HEADER_CORRUPTED != 0);
    let (picture, spoilt) = match seen {
        Some(Seen::Picture(picture)) if !corrupted => (Some(picture), false),
        Some(Seen::Nothing) | None => (None, false),
        Some(Seen::Picture(_) | Seen::Spoilt) => (None, true),
    };
    let (width, height) = format.map_or((0, 0), |format| (format.width, format.height));
    let shown = crop.unwrap_or_else(|| Rect::new(0, 0, width, height));
    News {
        damage: picture
            .as_ref()
            .and_then(|_| metas.all(META_DAMAGE))
            .and_then(|bytes| damage(&bytes, shown, turn)),
        cursor: metas
            .all(META_CURSOR)
            .map(|bytes| cursor(&bytes, shown, turn)),
        picture,
        spoilt,
    }
}

/// What a buffer's memory holds.
enum Seen {
    Picture(Picture),
    /// Only the pointer changed.
    Nothing,
    /// A picture was meant, but did not work out.
    Spoilt,
}

/// # Safety
///
/// As for [`look`].
unsafe fn pixels(
    buffer: NonNull<StreamBuffer>,
    inner: &Buffer,
    format: Format,
    crop: Option<Rect>,
    turn: Turn,
) -> Option<Seen> {
    if inner.datas_len == 0 {
        return None;
    }
    // SAFETY: there is at least one, and its chunk is there as long as it.
    let (data, chunk) = unsafe {
        let data = inner.datas.as_ref()?;
        (data, data.chunk.as_ref()?)
    };
    let Chunk {
        offset,
        size,
        stride,
        flags,
    } = *chunk;
    if size == 0 {
        return Some(Seen::Nothing);
    }
    if flags & CHUNK_CORRUPTED != 0 {
        return Some(Seen::Spoilt);
    }
    let whole = Rect::new(0, 0, format.width, format.height);
    let part = crop.map_or(whole, |crop| whole.intersection(crop));
    let stride = match usize::try_from(stride) {
        Ok(0) => format.width as usize * 4,
        Ok(stride) => stride,
        // Upside down; nobody sends this.
        Err(_) => return Some(Seen::Spoilt),
    };
    let max_size = data.max_size as usize;
    let start = (offset as usize).checked_rem(max_size)?;
    let fits = !part.is_empty()
        && part.right().max(part.bottom()) <= MAX_SIDE
        && stride >= format.width as usize * 4
        && stride
            .checked_mul(part.bottom() as usize - 1)
            .and_then(|rows| rows.checked_add(start + part.right() as usize * 4))
            .is_some_and(|end| end <= max_size);
    let memory = NonNull::new(data.memory.cast_mut());
    let (true, Some(memory)) = (fits, memory) else {
        tracing::debug!(?format, kind = data.kind, "a buffer that cannot be read");
        return Some(Seen::Spoilt);
    };
    // SAFETY: the sum was just checked to lie within the memory.
    let pixels = unsafe { memory.add(start + part.y as usize * stride + part.x as usize * 4) };
    Some(Seen::Picture(Picture {
        buffer,
        pixels,
        stride,
        width: part.width,
        height: part.height,
        layout: format.layout,
        turn,
    }))
}

/// What is told beside the pixels.
struct Metas<'a>(&'a Buffer);

impl Metas<'_> {
    /// All bytes of this kind, copied, because the memory is shared.
    fn all(&self, kind: u32) -> Option<Vec<u8>> {
        let count = self.0.metas_len as usize;
        if self.0.metas.is_null() {
            return None;
        }
        // SAFETY: PipeWire gives the number of entries, which do not change while the buffer is there.
        let metas: &[Meta] = unsafe { std::slice::from_raw_parts(self.0.metas, count) };
        let meta = metas.iter().find(|meta| meta.kind == kind)?;
        let length = (meta.size as usize).min(MAX_META);
        if meta.data.is_null() {
            return None;
        }
        let mut bytes = vec![0; length];
        // SAFETY: PipeWire gives the number of bytes, which are mapped while the buffer is there.
        unsafe { std::ptr::copy_nonoverlapping(meta.data, bytes.as_mut_ptr(), length) };
        Some(bytes)
    }

    /// The bytes of this kind, if there are at least so many.
    fn get(&self, kind: u32, length: usize) -> Option<Vec<u8>> {
        self.all(kind).filter(|bytes| bytes.len() >= length)
    }
}

/// What changed, in the upright picture; `None` if that is not told.
fn damage(bytes: &[u8], shown: Rect, turn: Turn) -> Option<Vec<Rect>> {
    let (entries, _) = bytes.as_chunks::<{ REGION_SIZE as usize }>();
    let rects: Vec<Rect> = entries
        .iter()
        .map_while(|entry| region(entry))
        .map(|rect| rect.intersection(shown))
        .filter(|rect| !rect.is_empty())
        .map(|rect| {
            let inside = Rect::new(rect.x - shown.x, rect.y - shown.y, rect.width, rect.height);
            turn.rect(inside, shown.width, shown.height)
        })
        .collect();
    // A new picture without damage: some say so when they do not know.
    (!rects.is_empty()).then_some(rects)
}

/// A region with at least one pixel.
fn region(bytes: &[u8]) -> Option<Rect> {
    let at = |at| i32::from_ne_bytes(word(bytes, at).to_ne_bytes());
    let (x, y) = (i64::from(at(0)), i64::from(at(4)));
    let (right, bottom) = (
        x + i64::from(word(bytes, 8)),
        y + i64::from(word(bytes, 12)),
    );
    let clamp = |value: i64| value.clamp(0, MAX_SIDE.into()) as u32;
    let (x, y, right, bottom) = (clamp(x), clamp(y), clamp(right), clamp(bottom));
    (right > x && bottom > y).then(|| Rect::new(x, y, right - x, bottom - y))
}

fn cursor(bytes: &[u8], shown: Rect, turn: Turn) -> Cursor {
    let signed = |at| i32::from_ne_bytes(word(bytes, at).to_ne_bytes());
    if bytes.len() < CURSOR_HEAD || word(bytes, 0) == 0 {
        return Cursor::default();
    }
    let x = signed(8).saturating_sub(shown.x.cast_signed());
    let y = signed(12).saturating_sub(shown.y.cast_signed());
    let bitmap = word(bytes, 24) as usize;
    Cursor {
        place: Some(turn.point((x, y), shown.width, shown.height)),
        shape: (bitmap >= CURSOR_HEAD)
            .then(|| bytes.get(bitmap..))
            .flatten()
            .and_then(|bytes| shape(bytes, (signed(16), signed(20)))),
    }
}

/// The pointer's looks; `None` if nothing new is told.
fn shape(bytes: &[u8], (hot_x, hot_y): (i32, i32)) -> Option<PointerShape> {
    let head = bytes.get(..BITMAP_HEAD)?;
    let (format, width, height) = (word(head, 0), word(head, 4), word(head, 8));
    let (stride, offset) = (word(head, 12) as usize, word(head, 16) as usize);
    if format == 0 {
        return None;
    }
    let order = match format {
        11 => [0, 1, 2, 3],
        12 => [2, 1, 0, 3],
        13 => [1, 2, 3, 0],
        14 => [3, 2, 1, 0],
        _ => return None,
    };
    let side = u32::from(MAX_POINTER_SIDE);
    if offset < BITMAP_HEAD || width == 0 || height == 0 {
        // Hidden.
        return Some(PointerShape::default());
    }
    let (shown_width, shown_height) = (width.min(side), height.min(side));
    let mut rgba = Vec::with_capacity(shown_width as usize * shown_height as usize * 4);
    for y in 0..shown_height as usize {
        let start = y.checked_mul(stride)?.checked_add(offset)?;
        let row = bytes.get(start..start.checked_add(shown_width as usize * 4)?)?;
        let (pixels, _) = row.as_chunks::<4>();
        for pixel in pixels {
            rgba.extend(order.map(|place: usize| pixel[place]));
        }
    }
    let hot = |hot: i32, size: u32| (hot.max(0).cast_unsigned()).min(size - 1) as u16;
    Some(PointerShape {
        width: shown_width as u16,
        height: shown_height as u16,
        hot_x: hot(hot_x, shown_width),
        hot_y: hot(hot_y, shown_height),
        rgba,
    })
}

/// The word at this place, or 0 beyond the end.
fn word(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..at + 4).and_then(|it| it.try_into().ok());
    found.map_or(0, u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    const SHOWN: Rect = Rect::new(10, 20, 100, 50);

    #[test]
    fn damage_ends_at_the_first_empty_entry_and_counts_from_the_cropped_corner() {
        let told = words(&[0, 0, 15, 30, 50, 60, 500, 500, 0, 0, 0, 0, 11, 21, 5, 5]);
        let expected = vec![Rect::new(0, 0, 5, 10), Rect::new(40, 40, 60, 10)];
        assert_eq!(damage(&told, SHOWN, Turn::default()), Some(expected));
    }

    #[test]
    fn no_damage_is_not_known_damage() {
        assert_eq!(damage(&words(&[0; 8]), SHOWN, Turn::default()), None);
        let outside = words(&[500, 500, 5, 5]);
        assert_eq!(damage(&outside, SHOWN, Turn::default()), None);
        assert_eq!(damage(&[], SHOWN, Turn::default()), None);
    }

    #[test]
    fn a_pointer_is_read_with_its_looks() {
        let mut told = vec![1, 0, 40, 60, 1, 0, 28];
        told.extend([12, 2, 1, 8, 20]);
        told.extend([0x8030_2010_u32.to_le(), 0xFF00_00FF_u32.to_le()]);
        let cursor = cursor(&words(&told), SHOWN, Turn::default());
        assert_eq!(cursor.place, Some((30, 40)));
        let shape = cursor.shape.unwrap();
        assert_eq!((shape.width, shape.height, shape.hot_x), (2, 1, 1));
        assert_eq!(shape.rgba, [0x30, 0x20, 0x10, 0x80, 0, 0, 255, 255]);
    }

    #[test]
    fn a_pointer_that_only_moved_keeps_its_looks_and_none_has_no_place() {
        let moved = words(&[1, 0, 40, 60, 1, 0, 0]);
        let moved = cursor(&moved, SHOWN, Turn::default());
        assert_eq!((moved.place, moved.shape), (Some((30, 40)), None));
        let gone = cursor(&words(&[0; 7]), SHOWN, Turn::default());
        assert_eq!(gone, Cursor::default());
    }

    #[test]
    fn a_pointer_that_claims_too_much_is_not_believed() {
        let mut told = vec![1, 0, 40, 60, 1, 0, 28];
        told.extend([12, 4000, 4000, 16_000, 20]);
        told.extend([0; 16]);
        let cursor = cursor(&words(&told), SHOWN, Turn::default());
        assert_eq!(cursor.shape, None);
    }

    #[test]
    fn a_hidden_pointer_has_no_pixels() {
        let told = words(&[1, 0, 40, 60, 1, 0, 28, 12, 0, 0, 0, 0]);
        let cursor = cursor(&told, SHOWN, Turn::default());
        assert_eq!(cursor.shape, Some(PointerShape::default()));
    }
}
