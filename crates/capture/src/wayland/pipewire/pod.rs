//! PipeWire's parameters as bytes: what we offer, and what was agreed on.
//!
//! The layout is PipeWire's "plain old data": a size, a type, the body, padded to eight bytes.

use crate::pixels::Layout;

/// Everything is padded to this many bytes.
const ALIGN: usize = 8;

/// The most bytes that a parameter may have that we are told.
pub(super) const MAX: usize = 64 * 1024;

const TYPE_ID: u32 = 3;
const TYPE_INT: u32 = 4;
const TYPE_RECTANGLE: u32 = 10;
const TYPE_FRACTION: u32 = 11;
const TYPE_OBJECT: u32 = 15;
const TYPE_CHOICE: u32 = 19;
const OBJECT_FORMAT: u32 = 0x4_0003;
const OBJECT_BUFFERS: u32 = 0x4_0004;
const OBJECT_META: u32 = 0x4_0005;

const PARAM_ENUM_FORMAT: u32 = 3;
/// The parameter that says what was agreed on.
pub(super) const PARAM_FORMAT: u32 = 4;
const PARAM_BUFFERS: u32 = 5;
const PARAM_META: u32 = 6;

const FORMAT_MEDIA_TYPE: u32 = 1;
const FORMAT_MEDIA_SUBTYPE: u32 = 2;
const FORMAT_VIDEO_FORMAT: u32 = 0x2_0001;
const FORMAT_VIDEO_SIZE: u32 = 0x2_0003;
const FORMAT_VIDEO_RATE: u32 = 0x2_0004;
const MEDIA_TYPE_VIDEO: u32 = 2;
const MEDIA_SUBTYPE_RAW: u32 = 1;

const BUFFERS_COUNT: u32 = 1;
const BUFFERS_BLOCKS: u32 = 2;
const BUFFERS_MEMORY: u32 = 6;
/// Memory of our own process, and shared memory; graphics memory cannot be read quickly.
const MEMORY: u32 = 1 << 1 | 1 << 2;

const META_TYPE: u32 = 1;
const META_SIZE: u32 = 2;

const CHOICE_RANGE: u32 = 1;
const CHOICE_ENUM: u32 = 3;
const CHOICE_FLAGS: u32 = 4;

/// A picture's kind, as it was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) layout: Layout,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// The pictures that we can read: four bytes a pixel, of any size, at any rate.
pub(super) fn formats(layouts: &[(u32, Layout)]) -> Vec<u64> {
    let ids: Vec<u32> = layouts.iter().map(|(id, _)| *id).collect();
    let preferred = ids.first().copied().unwrap_or_default();
    let kinds: Vec<[u32; 1]> = std::iter::once(preferred)
        .chain(ids)
        .map(|id| [id])
        .collect();
    object(
        OBJECT_FORMAT,
        PARAM_ENUM_FORMAT,
        &[
            (FORMAT_MEDIA_TYPE, plain(TYPE_ID, [MEDIA_TYPE_VIDEO])),
            (FORMAT_MEDIA_SUBTYPE, plain(TYPE_ID, [MEDIA_SUBTYPE_RAW])),
            (FORMAT_VIDEO_FORMAT, choice(CHOICE_ENUM, TYPE_ID, &kinds)),
            (
                FORMAT_VIDEO_SIZE,
                choice(
                    CHOICE_RANGE,
                    TYPE_RECTANGLE,
                    &[[1920, 1080], [1, 1], [16_384, 16_384]],
                ),
            ),
            (
                FORMAT_VIDEO_RATE,
                choice(CHOICE_RANGE, TYPE_FRACTION, &[[60, 1], [0, 1], [1000, 1]]),
            ),
        ],
    )
}

/// The buffers that we want: a few, because the newest is kept until the next one is there.
pub(super) fn buffers() -> Vec<u64> {
    object(
        OBJECT_BUFFERS,
        PARAM_BUFFERS,
        &[
            (
                BUFFERS_COUNT,
                choice(CHOICE_RANGE, TYPE_INT, &[[4], [2], [16]]),
            ),
            (BUFFERS_BLOCKS, plain(TYPE_INT, [1])),
            (BUFFERS_MEMORY, choice(CHOICE_FLAGS, TYPE_INT, &[[MEMORY]])),
        ],
    )
}

/// Something that we want to be told about each picture: `size` bytes, or as many as `least` to `most`.
pub(super) fn meta(kind: u32, size: u32, least: u32, most: u32) -> Vec<u64> {
    object(
        OBJECT_META,
        PARAM_META,
        &[
            (META_TYPE, plain(TYPE_ID, [kind])),
            (
                META_SIZE,
                choice(CHOICE_RANGE, TYPE_INT, &[[size], [least], [most]]),
            ),
        ],
    )
}

/// What an agreed format says; `None` if it is none that we have offered.
pub(super) fn read_format(bytes: &[u8], layouts: &[(u32, Layout)]) -> Option<Format> {
    let (kind, body, _) = split(bytes)?;
    if kind != TYPE_OBJECT || word(body, 0)? != OBJECT_FORMAT {
        return None;
    }
    let (mut layout, mut size) = (None, None);
    let mut rest = body.get(8..)?;
    while !rest.is_empty() {
        let key = word(rest, 0)?;
        let (kind, value, after) = split(rest.get(8..)?)?;
        let (kind, value) = first_of(kind, value)?;
        match (key, kind) {
            (FORMAT_VIDEO_FORMAT, TYPE_ID) => {
                let id = word(value, 0)?;
                layout = layouts.iter().find(|(known, _)| *known == id);
            }
            (FORMAT_VIDEO_SIZE, TYPE_RECTANGLE) => size = Some((word(value, 0)?, word(value, 4)?)),
            _ => {}
        }
        rest = after;
    }
    let (_, layout) = *layout?;
    let (width, height) = size?;
    Some(Format {
        layout,
        width,
        height,
    })
}

/// A pod's type and body, and what follows it.
fn split(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let size = word(bytes, 0)? as usize;
    let kind = word(bytes, 4)?;
    let rest = bytes.get(8..)?;
    let body = rest.get(..size)?;
    let after = rest.get(size.next_multiple_of(ALIGN)..).unwrap_or_default();
    Some((kind, body, after))
}

/// The value itself, or a choice's first one.
fn first_of(kind: u32, body: &[u8]) -> Option<(u32, &[u8])> {
    if kind == TYPE_CHOICE {
        Some((word(body, 12)?, body.get(16..)?))
    } else {
        Some((kind, body))
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn object(kind: u32, id: u32, properties: &[(u32, Vec<u32>)]) -> Vec<u64> {
    let mut body = vec![kind, id];
    for (key, value) in properties {
        body.extend([*key, 0]);
        body.extend(value);
    }
    let words = pod(TYPE_OBJECT, &body);
    let (pairs, _) = words.as_chunks::<2>();
    pairs
        .iter()
        .map(|pair| {
            let mut bytes = [0; 8];
            for (half, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(pair) {
                *half = word.to_ne_bytes();
            }
            u64::from_ne_bytes(bytes)
        })
        .collect()
}

fn plain<const N: usize>(kind: u32, value: [u32; N]) -> Vec<u32> {
    pod(kind, &value)
}

fn choice<const N: usize>(how: u32, kind: u32, values: &[[u32; N]]) -> Vec<u32> {
    let mut body = vec![how, 0, (N * 4) as u32, kind];
    body.extend(values.iter().flatten());
    pod(TYPE_CHOICE, &body)
}

fn pod(kind: u32, body: &[u32]) -> Vec<u32> {
    let mut words = vec![(body.len() * 4) as u32, kind];
    words.extend(body);
    if words.len() % 2 == 1 {
        words.push(0);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUTS: &[(u32, Layout)] = &[(8, Layout::Bgr), (7, Layout::Rgb)];

    fn bytes(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn an_agreed_format_is_read() {
        let agreed = object(
            OBJECT_FORMAT,
            PARAM_FORMAT,
            &[
                (FORMAT_MEDIA_TYPE, plain(TYPE_ID, [MEDIA_TYPE_VIDEO])),
                (FORMAT_VIDEO_FORMAT, plain(TYPE_ID, [7])),
                (FORMAT_VIDEO_SIZE, plain(TYPE_RECTANGLE, [800, 600])),
            ],
        );
        let format = read_format(&bytes(&agreed), LAYOUTS);
        let expected = Format {
            layout: Layout::Rgb,
            width: 800,
            height: 600,
        };
        assert_eq!(format, Some(expected));
    }

    #[test]
    fn of_a_choice_the_first_counts() {
        let offer = read_format(&bytes(&formats(LAYOUTS)), LAYOUTS).unwrap();
        assert_eq!((offer.layout, offer.width), (Layout::Bgr, 1920));
    }

    #[test]
    fn what_is_cut_or_strange_is_no_format() {
        let whole = bytes(&formats(LAYOUTS));
        for length in 0..whole.len() {
            assert_eq!(read_format(&whole[..length], LAYOUTS), None, "{length}");
        }
        assert_eq!(read_format(&bytes(&buffers()), LAYOUTS), None);
        assert_eq!(read_format(&whole, &[]), None);
        let mut endless = whole;
        endless[..4].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(read_format(&endless, LAYOUTS), None);
    }
}
