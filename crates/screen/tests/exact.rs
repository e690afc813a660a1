//! Whatever happens on the screen, once it rests the viewer's picture is the very same.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::time::Duration;

use aldis_screen::decode::Decoder;
use aldis_screen::encode::Encoder;
use aldis_screen::{Detail, Frame, Rect, Region, Settings};
use aldis_wire::peer::ScreenPart;
use proptest::prelude::*;

/// Enough for everything that a test leaves to be made exact.
const BUDGET: usize = 1 << 16;

/// More than it ever takes until nothing is due.
const ROUNDS: usize = 10_000;

/// What happens on the screen.
#[derive(Clone, Debug)]
enum Event {
    /// A rectangle of one colour.
    Fill(Rect, u32),
    /// Something like text: short dark runs on a light ground.
    Text(Rect, u64),
    /// Something like a photograph: smooth, with grain.
    Photo(Rect, u64),
    /// What a rectangle shows goes elsewhere: a scrolled page, a dragged window.
    Drag(Rect, i32, i32),
    /// The picture of so many events ago is back: a closed menu, a window that comes to the front.
    Back(usize),
    /// The screen has another size.
    Resize(u32, u32),
    /// The link broke, or somebody new looks on: the viewer knows nothing.
    Restart,
    /// Time passes, and what is not exact may become so.
    Wait(u64),
}

fn rects() -> impl Strategy<Value = Rect> {
    (0..400_u32, 0..300_u32, 1..300_u32, 1..250_u32)
        .prop_map(|(x, y, width, height)| Rect::new(x, y, width, height))
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        (rects(), any::<u32>()).prop_map(|(rect, colour)| Event::Fill(rect, colour)),
        (rects(), any::<u64>()).prop_map(|(rect, seed)| Event::Text(rect, seed)),
        (rects(), any::<u64>()).prop_map(|(rect, seed)| Event::Photo(rect, seed)),
        (rects(), -80..80_i32, -80..80_i32).prop_map(|(rect, x, y)| Event::Drag(rect, x, y)),
        (1..6_usize).prop_map(Event::Back),
        (1..480_u32, 1..330_u32).prop_map(|(width, height)| Event::Resize(width, height)),
        Just(Event::Restart),
        (0..400_u64).prop_map(Event::Wait),
    ]
}

fn settings() -> impl Strategy<Value = Detail> {
    prop_oneof![
        Just(Detail::Automatic),
        Just(Detail::Sharp),
        Just(Detail::Fast),
        Just(Detail::LowData),
    ]
}

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as u32 % below
    }
}

fn paint(frame: &mut Frame, rect: Rect, mut colour: impl FnMut(u32, u32) -> [u8; 3]) {
    let rect = rect.intersection(frame.bounds());
    if rect.is_empty() {
        return;
    }
    for y in rect.y..rect.bottom() {
        let row = frame.row_mut(rect, y).chunks_exact_mut(4);
        for (x, pixel) in (rect.x..).zip(row) {
            pixel[..3].copy_from_slice(&colour(x, y));
        }
    }
}

/// Both ends, and the screen between them.
struct Bench {
    detail: Detail,
    screen: Frame,
    past: Vec<Frame>,
    encoder: Encoder,
    decoder: Decoder,
    now: Duration,
}

impl Bench {
    fn new(detail: Detail) -> Self {
        let settings = Settings {
            detail,
            grey: false,
        };
        Self {
            detail,
            screen: Frame::new(400, 300).unwrap(),
            past: Vec::new(),
            encoder: Encoder::new(settings, 1).unwrap(),
            decoder: Decoder::new(),
            now: Duration::ZERO,
        }
    }

    fn happen(&mut self, event: &Event) {
        self.past.push(self.screen.clone());
        let screen = &mut self.screen;
        match *event {
            Event::Fill(rect, colour) => {
                let [blue, green, red, _] = colour.to_le_bytes();
                paint(screen, rect, |_, _| [blue, green, red]);
            }
            Event::Text(rect, seed) => {
                let mut dice = Dice(seed);
                let mut ink = 0;
                paint(screen, rect, |_, y| {
                    if dice.roll(4) == 0 {
                        ink = dice.roll(3);
                    }
                    if ink > 0 && y % 16 < 11 {
                        [30, 20, 10]
                    } else {
                        [250; 3]
                    }
                });
            }
            Event::Photo(rect, seed) => {
                let mut dice = Dice(seed);
                let tilt = 1 + dice.roll(5);
                paint(screen, rect, |x, y| {
                    let level = x * tilt / 3 + y + dice.roll(9);
                    [level as u8, (level * 2 / 3) as u8, (level / 2) as u8]
                });
            }
            Event::Drag(rect, x, y) => {
                let before = screen.clone();
                let bounds = screen.bounds();
                paint(screen, rect, |column, row| {
                    let from = (column.checked_add_signed(-x), row.checked_add_signed(-y));
                    let (Some(from_x), Some(from_y)) = from else {
                        return [9; 3];
                    };
                    let from = Rect::new(from_x, from_y, 1, 1);
                    if !bounds.contains(from) {
                        return [9; 3];
                    }
                    let row = before.row(from, from_y);
                    [row[0], row[1], row[2]]
                });
            }
            Event::Back(steps) => {
                if let Some(index) = self.past.len().checked_sub(steps) {
                    *screen = self.past[index].clone();
                }
            }
            Event::Resize(width, height) => {
                let mut resized = Frame::new(width, height).unwrap();
                let bounds = resized.bounds();
                let kept = bounds.intersection(screen.bounds());
                paint(&mut resized, bounds, |_, _| [90; 3]);
                for y in 0..kept.height {
                    resized
                        .row_mut(kept, y)
                        .copy_from_slice(screen.row(kept, y));
                }
                *screen = resized;
            }
            Event::Restart => {
                self.encoder.restart();
                self.decoder = Decoder::new();
            }
            Event::Wait(millis) => {
                self.now += Duration::from_millis(millis);
                let parts = self.encoder.refine(self.now, 1_000).unwrap();
                self.receive(&parts);
            }
        }
        let mut damage = Region::new();
        damage.add(self.screen.bounds());
        let parts = self
            .encoder
            .encode(&self.screen, &damage, self.now)
            .unwrap();
        self.receive(&parts);
        if self.detail == Detail::Sharp {
            assert!(self.decoder.frame() == &self.screen, "after {event:?}");
        }
    }

    /// The way of parts to the viewer, with all checks that there are on it.
    fn receive(&mut self, parts: &[ScreenPart]) {
        for (index, part) in parts.iter().enumerate() {
            assert_eq!(part.last, index + 1 == parts.len());
            let bytes = aldis_wire::encode(part).unwrap();
            let part = aldis_wire::decode(&bytes[aldis_wire::frame::HEADER..]).unwrap();
            self.decoder.decode(&part, &mut Region::new()).unwrap();
        }
    }

    fn rest(&mut self) {
        let mut rounds = 0;
        while let Some(due) = self.encoder.refine_at() {
            self.now = self.now.max(due);
            let parts = self.encoder.refine(self.now, BUDGET).unwrap();
            self.receive(&parts);
            rounds += 1;
            assert!(rounds < ROUNDS, "what is due is done");
        }
        assert!(self.decoder.frame() == &self.screen, "exact at rest");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn once_the_screen_rests_the_viewer_shows_it_exactly(
        detail in settings(),
        events in proptest::collection::vec(events(), 1..24),
    ) {
        let mut bench = Bench::new(detail);
        for event in &events {
            bench.happen(event);
        }
        bench.rest();
    }
}

/// The viewer's damage says all that changed: a window that paints only that shows everything.
#[test]
fn what_changed_is_told() {
    let mut bench = Bench::new(Detail::Automatic);
    let mut window = Frame::default();
    let mut rounds = 0_u64;
    while rounds < 60 {
        rounds += 1;
        let place = Rect::new(rounds as u32 * 37 % 300, rounds as u32 * 23 % 200, 120, 90);
        bench.now += Duration::from_millis(60);
        let event = match rounds % 4 {
            0 => Event::Back(2),
            1 => Event::Text(place, rounds),
            2 => Event::Photo(place, rounds),
            _ => Event::Drag(place, 9, 13),
        };
        let mut damage = Region::new();
        damage.add(bench.screen.bounds());
        bench.happen(&event);
        // The same once more, to see what the decoder tells.
        let mut encoder = Encoder::new(Settings::default(), rounds.into()).unwrap();
        let mut decoder = Decoder::new();
        for frame in bench.past.iter().rev().take(3).rev().chain([&bench.screen]) {
            for part in encoder.encode(frame, &damage, bench.now).unwrap() {
                let mut changed = Region::new();
                decoder.decode(&part, &mut changed).unwrap();
                if window.bounds() != decoder.frame().bounds() {
                    window = Frame::new(400, 300).unwrap();
                }
                for rect in changed.rects() {
                    for y in rect.y..rect.bottom() {
                        window
                            .row_mut(*rect, y)
                            .copy_from_slice(decoder.frame().row(*rect, y));
                    }
                }
            }
            assert!(&window == decoder.frame());
        }
    }
}
