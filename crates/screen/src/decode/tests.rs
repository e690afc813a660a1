//! Hostile parts: each is answered, none panics, none takes memory that its picture does not have.

use std::time::Duration;

use aldis_wire::peer::Move;

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
