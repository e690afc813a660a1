//! Hostile parts: each is answered, none panics, none takes memory that its picture does not have.

use std::time::Duration;

use aldis_wire::peer::{Move, SLOTS};

use super::*;
use crate::encode::Encoder;
use crate::settings::Settings;

const START: Op = Op::Start {
    width: 64,
    height: 32,
};

fn part(op: Op) -> ScreenPart {
    ScreenPart {
        sequence: 1,
        last: true,
        op,
    }
}

fn answer(decoder: &mut Decoder, op: Op) -> Result<(), DecodeError> {
    decoder.decode(&part(op), &mut Region::new())
}

fn started() -> Decoder {
    let mut decoder = Decoder::new();
    answer(&mut decoder, START).unwrap();
    decoder
}

const fn area(x: u16, y: u16, width: u16, height: u16) -> Area {
    Area {
        x,
        y,
        width,
        height,
    }
}

/// Parts of a noisy picture.
fn good() -> Vec<ScreenPart> {
    let mut frame = Frame::new(64, 32).unwrap();
    for (index, byte) in frame.data_mut().iter_mut().enumerate() {
        if index % 4 != 3 {
            *byte = (index * 7 % 251) as u8;
        }
    }
    let mut damage = Region::new();
    damage.add(frame.bounds());
    Encoder::new(Settings::default(), 1)
        .unwrap()
        .encode(&frame, &damage, Duration::ZERO)
        .unwrap()
}

#[test]
fn nothing_can_be_done_before_the_start() {
    for part in good().into_iter().skip(1) {
        let answer = Decoder::new().decode(&part, &mut Region::new());
        assert_eq!(answer, Err(DecodeError::Outside));
    }
}

#[test]
fn rectangles_outside_the_picture_are_refused() {
    let outside = [
        area(0, 0, 0, 1),
        area(0, 0, 1, 0),
        area(0, 0, 65, 1),
        area(0, 32, 1, 1),
        area(63, 31, 2, 1),
        area(u16::MAX, u16::MAX, u16::MAX, u16::MAX),
        area(0, 0, u16::MAX, u16::MAX),
    ];
    for area in outside {
        let ops = [
            Op::Fill {
                area,
                colour: [0; 3],
            },
            Op::Pixels {
                areas: vec![area],
                data: Vec::new(),
            },
            Op::Move(vec![Move {
                x: 0,
                y: 0,
                to: area,
            }]),
        ];
        for op in ops {
            assert_eq!(answer(&mut started(), op), Err(DecodeError::Outside));
        }
    }
}

#[test]
fn a_move_from_outside_and_one_of_too_much_are_refused() {
    let to = area(0, 0, 10, 10);
    for (x, y) in [(55, 0), (0, 23), (u16::MAX, u16::MAX)] {
        let op = Op::Move(vec![Move { x, y, to }]);
        assert_eq!(answer(&mut started(), op), Err(DecodeError::Outside));
    }
    let all = Move {
        x: 0,
        y: 0,
        to: area(0, 0, 64, 32),
    };
    assert_eq!(
        answer(&mut started(), Op::Move(vec![all; 2])),
        Err(DecodeError::TooLarge)
    );
}

#[test]
fn a_picture_too_large_for_memory_is_refused() {
    for (width, height) in [(0, 0), (0, 9), (u16::MAX, u16::MAX), (16_384, 16_384)] {
        let answer = answer(&mut Decoder::new(), Op::Start { width, height });
        assert!(matches!(answer, Err(DecodeError::Size(_))));
    }
}

#[test]
fn pixels_for_more_than_a_part_are_refused() {
    let mut decoder = Decoder::new();
    let start = Op::Start {
        width: 4096,
        height: 4096,
    };
    answer(&mut decoder, start).unwrap();
    let op = |areas| Op::Pixels {
        areas,
        data: Vec::new(),
    };
    let large = op(vec![area(0, 0, 4096, 4096)]);
    assert_eq!(answer(&mut decoder, large), Err(DecodeError::TooLarge));
    let many = op(vec![area(0, 0, 1, 1); MAX_AREAS + 1]);
    assert_eq!(answer(&mut decoder, many), Err(DecodeError::TooLarge));
}

#[test]
fn damaged_pixels_are_refused_and_never_panic() {
    let parts = good();
    let changed = &mut Region::new();
    for (index, part) in parts.iter().enumerate() {
        let Op::Pixels { areas, data } = &part.op else {
            continue;
        };
        let with = |data| ScreenPart {
            op: Op::Pixels {
                areas: areas.clone(),
                data,
            },
            ..part.clone()
        };
        for position in 0..data.len() {
            for flip in [1, 0x20, 0x80, 0xff] {
                let mut data = data.clone();
                data[position] ^= flip;
                let mut decoder = Decoder::new();
                for part in &parts[..index] {
                    decoder.decode(part, changed).unwrap();
                }
                drop(decoder.decode(&with(data), changed));
            }
        }
        for end in 0..data.len() {
            let mut decoder = Decoder::new();
            for part in &parts[..index] {
                decoder.decode(part, changed).unwrap();
            }
            let short = with(data[..end].to_vec());
            assert_eq!(decoder.decode(&short, changed), Err(DecodeError::Damaged));
        }
    }
}

#[test]
fn a_lie_about_what_is_kept_is_refused() {
    let run = |tile, slot, count| vec![Run { tile, slot, count }];
    // Nothing was kept.
    let lie = answer(&mut started(), Op::Show(run(0, 0, 1)));
    assert_eq!(lie, Err(DecodeError::NotKept));
    // Other slots than that, other sizes, and slots that do not exist.
    let mut decoder = Decoder::new();
    let start = Op::Start {
        width: 100,
        height: 64,
    };
    answer(&mut decoder, start).unwrap();
    answer(&mut decoder, Op::Keep(run(0, 7, 1))).unwrap();
    for (tile, slot, count) in [(0, 8, 1), (1, 7, 1), (0, u16::MAX, 1), (0, SLOTS, 1)] {
        let lie = answer(&mut decoder, Op::Show(run(tile, slot, count)));
        assert_eq!(lie, Err(DecodeError::NotKept), "{tile} {slot}");
    }
    for slot in [SLOTS, u16::MAX] {
        let lie = answer(&mut decoder, Op::Keep(run(0, slot, 1)));
        assert_eq!(lie, Err(DecodeError::NotKept));
    }
    // Tiles that the picture does not have.
    for (tile, count) in [(2, 1), (0, 3), (u16::MAX, 2), (1, u16::MAX)] {
        let lie = answer(&mut decoder, Op::Show(run(tile, 7, count)));
        assert!(lie.is_err(), "{tile} {count}");
        let lie = answer(&mut decoder, Op::Keep(run(tile, 7, count)));
        assert_eq!(lie, Err(DecodeError::Outside), "{tile} {count}");
    }
    let many = Op::Keep(vec![run(0, 0, 2)[0]; 1000]);
    assert_eq!(answer(&mut decoder, many), Err(DecodeError::TooLarge));
    // What is true is still shown.
    assert!(answer(&mut decoder, Op::Show(run(0, 7, 1))).is_ok());
}

/// A photograph and its exact pixels, after the start.
fn photograph() -> Vec<Op> {
    let mut frame = Frame::new(128, 96).unwrap();
    for (index, byte) in frame.data_mut().iter_mut().enumerate() {
        if index % 4 != 3 {
            *byte = (index * index / 50 + index / 3 * 7) as u8;
        }
    }
    let mut damage = Region::new();
    damage.add(frame.bounds());
    let mut encoder = Encoder::new(Settings::default(), 1).unwrap();
    let mut parts = encoder.encode(&frame, &damage, Duration::ZERO).unwrap();
    parts.extend(encoder.refine(Duration::from_secs(1), 1 << 20).unwrap());
    parts.into_iter().map(|part| part.op).collect()
}

#[test]
fn a_photograph_with_false_sizes_is_refused() {
    let ops = photograph();
    let [start, photo @ Op::Photo { .. }, exact @ Op::Exact { .. }] = ops.as_slice() else {
        panic!("{ops:?}");
    };
    let falsify = |sizes: &[u32]| {
        let mut all = vec![
            Vec::new(),
            vec![0; sizes.len()],
            vec![u32::MAX; sizes.len()],
        ];
        for index in 0..sizes.len() {
            for change in [1, u32::MAX, 1 << 31] {
                let mut sizes = sizes.to_vec();
                sizes[index] = sizes[index].wrapping_add(change);
                all.push(sizes);
            }
        }
        all
    };
    let mut wrong = Vec::new();
    if let Op::Photo {
        area,
        step,
        sizes,
        tokens,
        bits,
    } = photo
    {
        let with = |step, sizes, bits: &[u8]| Op::Photo {
            area: *area,
            step,
            sizes,
            tokens: tokens.clone(),
            bits: bits.to_vec(),
        };
        wrong.extend(
            falsify(sizes)
                .into_iter()
                .map(|sizes| with(*step, sizes, bits)),
        );
        wrong.push(with(0, sizes.clone(), bits));
        wrong.push(with(*step, sizes.clone(), &bits[..bits.len() - 4]));
    }
    if let Op::Exact { area, sizes, data } = exact {
        wrong.extend(falsify(sizes).into_iter().map(|sizes| Op::Exact {
            area: *area,
            sizes,
            data: data.clone(),
        }));
    }
    for op in wrong {
        let mut decoder = Decoder::new();
        answer(&mut decoder, start.clone()).unwrap();
        if matches!(op, Op::Exact { .. }) {
            answer(&mut decoder, photo.clone()).unwrap();
        }
        assert_eq!(answer(&mut decoder, op), Err(DecodeError::Damaged));
    }
}

#[test]
fn a_photograph_larger_than_a_part_is_refused() {
    let mut decoder = Decoder::new();
    let start = Op::Start {
        width: 4096,
        height: 4096,
    };
    answer(&mut decoder, start).unwrap();
    let area = area(0, 0, 4096, 4096);
    let photo = Op::Photo {
        area,
        step: 1,
        sizes: vec![0; 9],
        tokens: Vec::new(),
        bits: Vec::new(),
    };
    let exact = Op::Exact {
        area,
        sizes: vec![0; 24],
        data: Vec::new(),
    };
    for op in [photo, exact] {
        assert_eq!(answer(&mut decoder, op), Err(DecodeError::TooLarge));
    }
}

/// Every byte of real photographs changed in turn: each answer will do but a panic.
#[test]
fn damaged_photographs_never_panic() {
    fn data(op: &mut Op) -> Option<&mut Vec<u8>> {
        if let Op::Photo { tokens: data, .. } | Op::Exact { data, .. } = op {
            return Some(data);
        }
        None
    }
    let ops = photograph();
    for index in 1..ops.len() {
        let length = data(&mut ops[index].clone()).map_or(0, |data| data.len());
        for place in 0..length.min(2_000) {
            let mut decoder = Decoder::new();
            for op in &ops[..index] {
                answer(&mut decoder, op.clone()).unwrap();
            }
            let mut op = ops[index].clone();
            if let Some(data) = data(&mut op) {
                data[place] ^= [1, 0x10, 0x80, 0xff][place % 4];
            }
            drop(answer(&mut decoder, op));
        }
    }
}
