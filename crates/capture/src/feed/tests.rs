//! Monitors that are duplicated, with everything that may happen to them.

#![expect(clippy::disallowed_methods, reason = "tests have deadlines")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_screen::{Frame, Rect, Region};
use proptest::prelude::*;

use super::bell::{Bell, Ring};
use super::keeper::{Keeper, Step};
use super::screen::Screen;
use super::tap::Machine as _;
use super::{Feed, Feeds, Loss};
use crate::duplication::fake::{Fake, scribbled};
use crate::{ALL, CaptureError, Changes, Source};

/// How long something may take that should come at once.
const LIMIT: Duration = Duration::from_secs(20);

/// Something that happens to a monitor, or to who looks at it.
#[derive(Clone, Debug)]
enum Event {
    Draw(Rect, u32),
    DrawUnsaid(Rect, u32),
    Shift(Rect, (i32, i32)),
    Point(Option<(i32, i32)>),
    Lose,
    Mode((u32, u32), u32),
    Lock,
    Unlock,
    /// The feed reads what there is.
    Read,
    /// The viewer looks.
    Look,
    /// Both, so that the viewer sees what is there if it can be read.
    Follow,
}

fn event() -> impl Strategy<Value = Event> {
    let rect = || {
        let corner = (0..40_u32, 0..40_u32);
        let size = (1..30_u32, 1..30_u32);
        (corner, size).prop_map(|((x, y), (width, height))| Rect::new(x, y, width, height))
    };
    let size = (8..48_u32, 8..48_u32);
    prop_oneof![
        6 => (rect(), any::<u32>()).prop_map(|(rect, seed)| Event::Draw(rect, seed)),
        1 => (rect(), any::<u32>()).prop_map(|(rect, seed)| Event::DrawUnsaid(rect, seed)),
        6 => (rect(), (-20..20, -20..20)).prop_map(|(rect, by)| Event::Shift(rect, by)),
        1 => any::<Option<(i32, i32)>>().prop_map(Event::Point),
        1 => Just(Event::Lose),
        1 => (size, 0..4_u32).prop_map(|(size, quarters)| Event::Mode(size, quarters)),
        1 => Just(Event::Lock),
        1 => Just(Event::Unlock),
        4 => Just(Event::Read),
        4 => Just(Event::Look),
        6 => Just(Event::Follow),
    ]
}

/// A feed without a thread, and somebody who looks at it.
struct Bench {
    fake: Fake,
    feed: Feed,
    keeper: Keeper,
    bell: Arc<Bell>,
    viewer: u64,
    seen: Frame,
}

impl Bench {
    fn new() -> Self {
        let mut fake = Fake::default();
        fake.plug(1, (0, 0), 0, scribbled(32, 24, 1));
        let feed = Feed::new(1);
        let bell = Arc::new(Bell::default());
        let viewer = feed.enter(Arc::clone(&bell), (0, 0));
        let monitors = fake.monitors().unwrap();
        let keeper = Keeper::new(fake.opens(&monitors[0]));
        Self {
            fake,
            feed,
            keeper,
            bell,
            viewer,
            seen: Frame::default(),
        }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Draw(rect, seed) => self.fake.draw(1, rect, seed),
            Event::DrawUnsaid(rect, seed) => self.fake.draw_unsaid(1, rect, seed),
            Event::Shift(rect, by) => self.fake.shift(1, rect, by),
            Event::Point(place) => self.fake.point(1, place),
            Event::Lose => self.fake.lose(),
            Event::Mode((width, height), quarters) => {
                self.fake
                    .plug(1, (0, 0), quarters, scribbled(width, height, 7));
            }
            Event::Lock => self.fake.lock(true),
            Event::Unlock => self.fake.lock(false),
            Event::Read => drop(self.read()),
            Event::Look => self.look(),
            Event::Follow => {
                let step = self.read();
                self.look();
                if step == Step::On {
                    assert!(self.seen == self.fake.upright(1), "what is seen is there");
                }
            }
        }
    }

    fn read(&mut self) -> Step {
        let step = self.keeper.step(&self.feed, Duration::ZERO);
        if matches!(step, Step::End(_)) {
            // The next source begins anew.
            let open = self.fake.opens(&self.fake.clone().monitors().unwrap()[0]);
            self.keeper = Keeper::new(open);
        }
        step
    }

    /// Takes over what is said to be new, and nothing else.
    fn look(&mut self) {
        self.bell.looked();
        let look = self.feed.look(self.viewer);
        if look.all {
            self.seen.clone_from(&look.picture);
        } else {
            self.seen.follow(&look.picture, look.damage.rects());
        }
        assert!(self.seen == *look.picture, "the damage covers what changed");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_what_is_seen_is_what_is_there(
        events in proptest::collection::vec(event(), 1..40),
    ) {
        let mut bench = Bench::new();
        for event in &events {
            bench.happen(event);
        }
        bench.happen(&Event::Follow);
        bench.fake.lock(false);
        // One step finds that the duplication was lost, the next one opens it again.
        bench.read();
        prop_assert_eq!(bench.read(), Step::On);
        bench.look();
        prop_assert_eq!(&bench.seen, &bench.fake.upright(1));
    }
}

#[test]
fn only_what_was_drawn_or_moved_is_damage() {
    let mut bench = Bench::new();
    assert_eq!(bench.read(), Step::On);
    bench.look();
    bench.fake.shift(1, Rect::new(0, 10, 20, 6), (2, -4));
    bench.fake.draw(1, Rect::new(30, 20, 9, 2), 5);
    bench.read();
    let look = bench.feed.look(bench.viewer);
    assert!(!look.all);
    let damage = [Rect::new(2, 6, 20, 6), Rect::new(30, 20, 2, 2)];
    assert_eq!(look.damage.rects(), damage);
}

#[test]
fn a_pointer_alone_changes_no_pixel() {
    let mut bench = Bench::new();
    bench.read();
    bench.look();
    bench.fake.shape(1, 4, (1, 2));
    bench.fake.point(1, Some((10, 10)));
    bench.read();
    let changes = heard(&bench.bell);
    assert!(!changes.screen);
    assert_eq!(changes.pointer, Some((11, 12)), "where its point is");
    let shape = changes.pointer_shape.unwrap();
    assert_eq!((shape.width, shape.hot_x, shape.hot_y), (4, 1, 2));
    bench.fake.point(1, None);
    bench.read();
    assert_eq!(heard(&bench.bell).pointer, Some((i32::MIN, i32::MIN)));
}

fn heard(bell: &Bell) -> Changes {
    match bell.wait(Instant::now()) {
        Ring::Changes(changes) => changes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_locked_screen_ends_the_feed_after_some_tries_and_a_lost_one_comes_back() {
    let mut bench = Bench::new();
    bench.read();
    bench.fake.lose();
    assert!(matches!(bench.read(), Step::Pause(_)));
    assert_eq!(bench.read(), Step::On, "opened again");
    bench.fake.lock(true);
    let mut tries = 0;
    let end = loop {
        match bench.read() {
            Step::Pause(_) => tries += 1,
            end => break end,
        }
    };
    assert_eq!(end, Step::End(Loss::Locked));
    assert!(tries > 3, "a change of mode is no lock");
    bench.fake.unplug(1);
    bench.fake.plug(2, (0, 0), 0, scribbled(8, 8, 1));
    assert!(matches!(
        bench.keeper.step(&bench.feed, Duration::ZERO),
        Step::Pause(_)
    ));
    bench.fake.lock(false);
    assert_eq!(
        bench.keeper.step(&bench.feed, Duration::ZERO),
        Step::End(Loss::Gone)
    );
}

/// A computer with its feeds.
fn computer() -> (Fake, &'static Feeds) {
    let fake = Fake::default();
    fake.plug(1, (0, 0), 0, scribbled(40, 30, 1));
    (fake, Box::leak(Box::new(Feeds::new())))
}

fn wait_for(source: &mut dyn Source, what: &str, is_it: impl Fn(&Changes) -> bool) -> Changes {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        let changes = source.wait(Some(LIMIT)).unwrap();
        if is_it(&changes) {
            return changes;
        }
    }
    panic!("not seen: {what}");
}

/// Follows the screen until the picture is this one.
fn follow(source: &mut dyn Source, frame: &mut Frame, what: &str, wanted: impl Fn() -> Frame) {
    let end = Instant::now() + LIMIT;
    let mut before = frame.clone();
    loop {
        let mut damage = Region::new();
        source.grab(frame, &mut damage).unwrap();
        before.follow(frame, damage.rects());
        assert!(before == *frame, "{what}: the damage covers what changed");
        if *frame == wanted() {
            return;
        }
        assert!(Instant::now() < end, "not seen: {what}");
        wait_for(source, what, |changes| changes.screen || changes.monitors);
    }
}

#[test]
fn several_look_at_one_monitor_that_only_one_may_duplicate() {
    let (fake, feeds) = computer();
    let mut one = Screen::open(fake.clone(), feeds).unwrap();
    let mut other = Screen::open(fake.clone(), feeds).unwrap();
    assert!(one.wait(None).unwrap().screen, "the first wait says so");
    let (mut ones, mut others) = (Frame::default(), Frame::default());
    for seed in 2..6 {
        fake.draw(1, Rect::new(seed, 3, 20, 20), seed);
        follow(&mut one, &mut ones, "a drawing", || fake.upright(1));
        follow(&mut other, &mut others, "a drawing", || fake.upright(1));
    }
    drop((one, other));
    fake.wait_until(1, |_, taken| !taken);
    let mut again = Screen::open(fake.clone(), feeds).unwrap();
    follow(&mut again, &mut ones, "the screen again", || {
        fake.upright(1)
    });
}

#[test]
fn a_screen_at_rest_is_silent_and_a_waker_ends_a_wait_at_once() {
    let (fake, feeds) = computer();
    let mut source = Screen::open(fake.clone(), feeds).unwrap();
    follow(&mut source, &mut Frame::default(), "the screen", || {
        fake.upright(1)
    });
    let changes = source.wait(Some(Duration::from_millis(50))).unwrap();
    assert!(changes.is_empty(), "{changes:?}");
    source.check().unwrap();
    let waker = source.waker();
    let woken = std::thread::Builder::new()
        .spawn(move || waker.wake())
        .unwrap();
    assert!(source.wait(None).unwrap().woken);
    woken.join().unwrap();
}

#[test]
fn a_change_is_said_once_until_it_was_grabbed() {
    let (fake, feeds) = computer();
    let mut source = Screen::open(fake.clone(), feeds).unwrap();
    let mut frame = Frame::default();
    follow(&mut source, &mut frame, "the screen", || fake.upright(1));
    let before = fake.acquired(1);
    fake.draw(1, Rect::new(0, 0, 4, 4), 9);
    wait_for(&mut source, "a drawing", |changes| changes.screen);
    fake.draw(1, Rect::new(8, 8, 4, 4), 9);
    fake.wait_until(1, |acquired, _| acquired > before + 1);
    assert!(
        source
            .wait(Some(Duration::from_millis(20)))
            .unwrap()
            .is_empty()
    );
    follow(&mut source, &mut frame, "both drawings", || fake.upright(1));
}

#[test]
fn what_a_hidden_viewer_does_not_fetch_is_not_read_for_ever() {
    let (fake, feeds) = computer();
    let mut source = Screen::open(fake.clone(), feeds).unwrap();
    let mut frame = Frame::default();
    follow(&mut source, &mut frame, "the screen", || fake.upright(1));
    let start = fake.acquired(1);
    for seed in 0..super::UNSEEN * 2 {
        let before = fake.acquired(1);
        fake.draw(1, Rect::new(0, 0, 40, 30), seed);
        if seed < super::UNSEEN {
            fake.wait_until(1, |acquired, _| acquired > before);
        }
    }
    let read = fake.acquired(1) - start;
    assert!(read <= super::UNSEEN as usize + 2, "{read} frames");
    follow(&mut source, &mut frame, "the newest", || fake.upright(1));
}

#[test]
fn a_locked_screen_is_an_error_until_it_is_open_again() {
    let (fake, feeds) = computer();
    let mut source = Screen::open(fake.clone(), feeds).unwrap();
    follow(&mut source, &mut Frame::default(), "the screen", || {
        fake.upright(1)
    });
    fake.lock(true);
    let error = loop {
        match source.wait(Some(LIMIT)) {
            Ok(changes) => assert!(!changes.is_empty(), "nothing was heard of it"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CaptureError::Locked), "{error}");
    let error = Screen::open(fake.clone(), feeds).err();
    assert!(matches!(error, Some(CaptureError::Locked)), "{error:?}");
    fake.lock(false);
    let mut again = Screen::open(fake.clone(), feeds).unwrap();
    follow(&mut again, &mut Frame::default(), "the screen", || {
        fake.upright(1)
    });
}

#[test]
fn modes_rotations_and_monitors_that_come_and_go_are_followed() {
    let (fake, feeds) = computer();
    let mut source = Screen::open(fake.clone(), feeds).unwrap();
    let mut frame = Frame::default();
    for quarters in 0..4 {
        fake.plug(1, (0, 0), quarters, scribbled(50, 20, quarters));
        follow(&mut source, &mut frame, "another mode", || fake.upright(1));
        let place = source.place();
        assert_eq!((place.width, place.height), (frame.width(), frame.height()));
    }
    assert!(!source.has_all());
    fake.plug(2, (50, 0), 0, scribbled(30, 30, 2));
    wait_for(&mut source, "a second monitor", |changes| changes.monitors);
    assert_eq!(source.monitors().len(), 2);
    source.select(2).unwrap();
    follow(&mut source, &mut frame, "the second", || fake.upright(2));
    assert!(matches!(
        source.select(3),
        Err(CaptureError::UnknownMonitor(3))
    ));
    fake.unplug(2);
    wait_for(&mut source, "that it is gone", |changes| changes.monitors);
    assert_eq!(source.shared(), 1);
    follow(&mut source, &mut frame, "the first again", || {
        fake.upright(1)
    });
}

/// Both monitors beside each other, as [`both`] plugs them in.
fn together(fake: &Fake) -> Frame {
    let mut all = Frame::new(40 + 20, 30 + 10).unwrap();
    let bounds = all.bounds();
    for (picture, x, top) in [(fake.upright(1), 20, 0), (fake.upright(2), 0, 10)] {
        for y in 0..picture.height() {
            let to = Rect::new(x, y + top, picture.width(), 1);
            assert!(bounds.contains(to));
            let row = picture.row(picture.bounds(), y);
            all.row_mut(to, y + top).copy_from_slice(row);
        }
    }
    all
}

/// A second monitor that stands on its side, to the left and a little below.
fn both() -> (Fake, &'static Feeds) {
    let (fake, feeds) = computer();
    fake.plug(2, (-20, 10), 3, scribbled(30, 20, 2));
    (fake, feeds)
}

#[test]
fn all_monitors_are_one_picture() {
    let (fake, feeds) = both();
    let mut source = Screen::open(fake.clone(), feeds).unwrap();
    let mut frame = Frame::default();
    assert!(source.has_all());
    source.select(ALL).unwrap();
    let place = source.place();
    let around = (place.x, place.y, place.width, place.height);
    assert_eq!(around, (-20, 0, 60, 40));
    follow(&mut source, &mut frame, "both", || together(&fake));
    for seed in 1..8 {
        fake.draw(1, Rect::new(seed, 2, 9, 9), seed);
        fake.shift(2, Rect::new(0, 0, 9, 9), (seed.cast_signed(), 1));
        follow(&mut source, &mut frame, "drawings", || together(&fake));
    }
    source.select(2).unwrap();
    follow(&mut source, &mut frame, "one of them", || fake.upright(2));
}

#[test]
fn the_pointer_goes_from_monitor_to_monitor() {
    let (fake, feeds) = both();
    let mut source = Screen::open(fake.clone(), feeds).unwrap();
    source.select(ALL).unwrap();
    follow(&mut source, &mut Frame::default(), "both", || {
        together(&fake)
    });
    fake.point(1, Some((3, 4)));
    wait_for(&mut source, "the pointer", |it| it.pointer == Some((3, 4)));
    // The one that has it now says so before the other one says that it left.
    fake.point(2, Some((5, 6)));
    wait_for(&mut source, "the pointer", |it| {
        it.pointer == Some((-15, 16))
    });
    let before = fake.acquired(1);
    fake.point(1, None);
    fake.draw(1, Rect::new(0, 0, 4, 4), 9);
    fake.wait_until(1, |acquired, _| acquired > before);
    let changes = wait_for(&mut source, "a drawing", |changes| changes.screen);
    assert_eq!(changes.pointer, None);
    fake.point(2, None);
    wait_for(&mut source, "that it is hidden", |it| it.pointer.is_some());
}
