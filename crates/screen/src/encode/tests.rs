//! What a frame costs, part by part.

use super::*;
use crate::decode::Decoder;

const NOW: Duration = Duration::ZERO;

/// A small xorshift, so that a failure can be repeated.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }
}

/// Noise of which every second pixel equals its neighbour, so that it is no photograph.
fn paint(frame: &mut Frame, rect: Rect, noise: &mut Noise) {
    for y in rect.y..rect.bottom() {
        for pixels in frame.row_mut(rect, y).chunks_mut(8) {
            let [blue, green, red, _] = noise.next().to_le_bytes();
            for pixel in pixels.chunks_exact_mut(4) {
                pixel.copy_from_slice(&[blue, green, red, 255]);
            }
        }
    }
}

fn whole(frame: &Frame) -> Region {
    let mut region = Region::new();
    region.add(frame.bounds());
    region
}

#[test]
fn damage_without_a_change_sends_nothing() {
    let frame = Frame::new(100, 100).unwrap();
    let mut encoder = Encoder::new(Settings::default(), 1).unwrap();
    assert!(
        !encoder
            .encode(&frame, &whole(&frame), NOW)
            .unwrap()
            .is_empty()
    );
    assert!(
        encoder
            .encode(&frame, &whole(&frame), NOW)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn one_changed_pixel_is_one_small_part() {
    let mut frame = Frame::new(1920, 1080).unwrap();
    let mut encoder = Encoder::new(Settings::default(), 1).unwrap();
    encoder.encode(&frame, &whole(&frame), NOW).unwrap();
    let dot = Rect::new(777, 555, 1, 1);
    frame.row_mut(dot, 555).copy_from_slice(&[1, 2, 3, 255]);
    let parts = encoder.encode(&frame, &whole(&frame), NOW).unwrap();
    let fill = Op::Fill {
        area: dot.into(),
        colour: [1, 2, 3],
    };
    assert_eq!(
        parts.iter().map(|part| &part.op).collect::<Vec<_>>(),
        [&fill]
    );
}

#[test]
fn a_large_noisy_picture_travels_in_parts_within_their_bound() {
    let mut noise = Noise(1);
    let mut frame = Frame::new(1920, 1080).unwrap();
    let bounds = frame.bounds();
    paint(&mut frame, bounds, &mut noise);
    let parts = Encoder::new(Settings::default(), 1)
        .unwrap()
        .encode(&frame, &whole(&frame), NOW)
        .unwrap();
    assert!(parts.len() > 1);
    let mut decoder = Decoder::new();
    for (index, part) in parts.iter().enumerate() {
        assert_eq!(part.last, index + 1 == parts.len());
        assert!(aldis_wire::encode(part).is_ok());
        decoder.decode(part, &mut Region::new()).unwrap();
    }
    assert_eq!(decoder.frame(), &frame);
}

#[test]
fn a_scrolled_page_is_a_move_and_a_strip() {
    let mut noise = Noise(2);
    let mut frame = Frame::new(640, 480).unwrap();
    // Not aligned with any block, as windows are.
    let page = Rect::new(37, 51, 500, 400);
    paint(&mut frame, page, &mut noise);
    let mut encoder = Encoder::new(Settings::default(), 1).unwrap();
    encoder.encode(&frame, &whole(&frame), NOW).unwrap();
    for step in [19, 19, 7, 40] {
        let mut next = frame.clone();
        let shift = Shift {
            x: page.x,
            y: page.y + step,
            to: Rect::new(page.x, page.y, page.width, page.height - step),
        };
        next.shift(&[shift], &mut Vec::new());
        let strip = Rect::new(page.x, page.bottom() - step, page.width, step);
        paint(&mut next, strip, &mut noise);
        let parts = encoder.encode(&next, &whole(&next), NOW).unwrap();
        let sent: u64 = parts
            .iter()
            .filter_map(|part| match &part.op {
                Op::Pixels { areas, .. } => Some(areas),
                Op::Photo { .. } | Op::Exact { .. } | Op::Show(_) => panic!("{part:?}"),
                Op::Start { .. } | Op::Move(_) | Op::Fill { .. } | Op::Keep(_) => None,
            })
            .flatten()
            .map(|area| Rect::from(*area).area())
            .sum();
        assert_eq!(sent, strip.area(), "by {step}");
        frame = next;
    }
}

#[test]
fn a_dragged_window_leaves_only_what_it_uncovers() {
    let mut noise = Noise(3);
    let mut desktop = Frame::new(640, 480).unwrap();
    let bounds = desktop.bounds();
    paint(&mut desktop, bounds, &mut noise);
    let mut window = Frame::new(200, 150).unwrap();
    let bounds = window.bounds();
    paint(&mut window, bounds, &mut noise);
    let mut encoder = Encoder::new(Settings::default(), 1).unwrap();
    let mut decoder = Decoder::new();
    for step in 0..10_u32 {
        let mut frame = desktop.clone();
        let place = Rect::new(100 + step * 13, 90 + step * 7, 200, 150);
        frame.put(place, window.data());
        let mut sent = 0;
        for part in encoder.encode(&frame, &whole(&frame), NOW).unwrap() {
            decoder.decode(&part, &mut Region::new()).unwrap();
            sent += part.payload();
        }
        assert_eq!(decoder.frame(), &frame);
        // 13 columns and 7 rows of noise become free; with whole tiles that is 16 rows.
        assert!(
            step == 0 || sent < 13 * 150 * 4 + 200 * 16 * 4 + 2_000,
            "{sent}"
        );
    }
}

#[test]
fn a_small_budget_makes_photographs_coarser() {
    let film = |budget| {
        let mut encoder = Encoder::new(Settings::default(), 1).unwrap();
        encoder.set_budget(budget);
        let mut noise = Noise(5);
        let mut bytes = 0;
        for round in 0..12_u32 {
            let mut frame = Frame::new(320, 240).unwrap();
            for (index, pixel) in (0_u32..).zip(frame.data_mut().chunks_exact_mut(4)) {
                let level = (index % 320 + index / 320 + round * 3) / 3 + noise.next() % 8;
                pixel[..3].fill(level as u8);
            }
            let parts = encoder.encode(&frame, &whole(&frame), NOW).unwrap();
            bytes = parts.iter().map(ScreenPart::payload).sum();
        }
        bytes
    };
    let free = film(None);
    let bound = film(Some(free / 3));
    assert!(bound < free / 2, "{free} {bound}");
}

#[test]
fn without_colours_the_viewer_sees_the_brightness_of_everything() {
    let mut noise = Noise(6);
    let mut frame = Frame::new(200, 100).unwrap();
    let bounds = frame.bounds();
    paint(&mut frame, bounds, &mut noise);
    let settings = Settings {
        grey: true,
        ..Settings::default()
    };
    let mut encoder = Encoder::new(settings, 1).unwrap();
    let mut decoder = Decoder::new();
    for round in 0..3 {
        let place = Rect::new(round * 40, 20, 50, 50);
        paint(&mut frame, place, &mut noise);
        let mut damage = Region::new();
        damage.add(place);
        for part in encoder.encode(&frame, &damage, NOW).unwrap() {
            decoder.decode(&part, &mut Region::new()).unwrap();
        }
        let mut grey = Frame::new(200, 100).unwrap();
        grey.put_grey(bounds, &frame);
        assert_eq!(decoder.frame(), &grey);
    }
}

#[test]
fn photographs_become_exact_where_the_pointer_is_first() {
    let mut noise = Noise(11);
    let mut frame = Frame::new(640, 640).unwrap();
    for pixel in frame.data_mut().as_chunks_mut::<4>().0 {
        let [blue, green, red, _] = noise.next().to_le_bytes();
        *pixel = [blue, green, red, 255];
    }
    let mut encoder = Encoder::new(Settings::default(), 1).unwrap();
    encoder.encode(&frame, &whole(&frame), NOW).unwrap();
    for (x, y) in [(600, 630), (5, 5), (300, 300)] {
        encoder.set_focus(Some((x, y)));
        let parts = encoder.refine(Duration::from_secs(1), 1).unwrap();
        let [part] = parts.as_slice() else {
            panic!("{} parts for a budget of a byte", parts.len());
        };
        let Op::Exact { area, .. } = &part.op else {
            panic!("{:?}", part.op);
        };
        let rect = Rect::from(*area);
        assert_eq!(distance(rect, (x, y)), 0, "{rect:?} is not at {x}, {y}");
    }
}

/// A photograph, and what a link of so many bytes a second makes of it: the steps of its lossy
/// parts in their order, those that came before it rested included.
fn steps_over(rate: Option<usize>) -> Vec<u8> {
    let mut noise = Noise(17);
    let mut frame = Frame::new(640, 480).unwrap();
    for (index, pixel) in (0_u32..).zip(frame.data_mut().as_chunks_mut::<4>().0) {
        let level = (index % 640 + index / 640) / 5 + noise.next() % 9;
        *pixel = [level as u8, (level / 2) as u8, 200 - (level / 2) as u8, 255];
    }
    let mut encoder = Encoder::new(Settings::default(), 1).unwrap();
    let mut decoder = Decoder::new();
    let mut steps = Vec::new();
    let mut heed = |parts: Vec<ScreenPart>| {
        for part in parts {
            decoder.decode(&part, &mut Region::new()).unwrap();
            if let Op::Photo { step, .. } = part.op {
                steps.push(step);
            }
        }
        decoder.frame() == &frame
    };
    encoder.set_rate(rate);
    encoder.set_budget(rate.map(|rate| rate / 16));
    heed(encoder.encode(&frame, &whole(&frame), NOW).unwrap());
    let mut now = NOW;
    for _ in 0..1_000 {
        let due = encoder.refine_at().expect("nothing is exact yet");
        now = due.max(now + Duration::from_millis(1));
        if heed(encoder.refine(now, 4_000).unwrap()) {
            return steps;
        }
    }
    panic!("it never became exact: {steps:?}");
}

#[test]
fn where_exact_pixels_take_long_a_photograph_becomes_finer_once_before() {
    let (slow, quick) = (steps_over(Some(100_000)), steps_over(Some(100_000_000)));
    let pieces = quick.len();
    assert_eq!(
        quick,
        steps_over(None),
        "a quick link needs no step between"
    );
    assert_eq!(slow.len(), 2 * pieces, "{slow:?}");
    let (first, finer) = slow.split_at(pieces);
    assert!(
        finer.iter().max() < first.iter().min(),
        "{first:?} {finer:?}"
    );
}
