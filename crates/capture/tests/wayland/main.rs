//! The capture of a real Wayland desktop, through its portal and PipeWire.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the helpers of a test are test code and have deadlines"
)]

mod easel;
mod stage;

use std::time::Duration;

use aldis_capture::{ALL, CaptureError, Monitor, Source};
use aldis_e2e::{Picture, Sway, SwayOptions};
use aldis_screen::{Frame, Rect, Region};

use easel::Easel;

use stage::{LIMIT, follow, on_sway, picture, settle, wait_for};

const MONITOR: &str = "HEADLESS-1";

#[test]
fn the_frame_is_the_screen() {
    on_sway(
        "the_frame_is_the_screen",
        SwayOptions::default(),
        |desktop| {
            let shown = Picture::random(800, 600, 1);
            aldis_capture::check().unwrap();
            assert_eq!(desktop.asked(), 0, "looking whether it works asks nobody");
            let mut source = aldis_capture::open().unwrap();
            let monitors = source.monitors();
            assert_eq!((monitors[0].width, monitors[0].height), (800, 600));
            assert!(source.wait(None).unwrap().screen, "the first wait says so");
            let mut frame = Frame::default();
            // This desktop sends its first picture with the first change.
            desktop.hang(MONITOR, &shown).unwrap();
            follow(&mut *source, &mut frame, "the picture", |it| *it == shown);
            let other = Picture::random(800, 600, 2);
            settle(&mut *source, &mut frame);
            desktop.hang(MONITOR, &other).unwrap();
            wait_for(&mut *source, |changes| changes.screen);
            follow(&mut *source, &mut frame, "the other one", |it| *it == other);
        },
    );
}

#[test]
fn a_new_mode_and_every_rotation_are_followed() {
    on_sway(
        "a_new_mode_and_every_rotation_are_followed",
        SwayOptions::default(),
        |desktop| {
            let mut source = aldis_capture::open().unwrap();
            let mut frame = Frame::default();
            settle(&mut *source, &mut frame);
            let mut seed = 0;
            let mut expect = |words: [&str; 2], size: (u32, u32)| {
                desktop
                    .message(&["output", MONITOR, words[0], words[1]])
                    .unwrap();
                seed += 1;
                let shown = Picture::random(size.0 as usize, size.1 as usize, seed);
                desktop.hang(MONITOR, &shown).unwrap();
                let seen = |it: &aldis_capture::Monitor| (it.width, it.height) == size;
                while !source.monitors().iter().any(seen) {
                    wait_for(&mut *source, |changes| changes.monitors);
                }
                let what = words.join(" ");
                follow(&mut *source, &mut frame, &what, |it| *it == shown);
            };
            expect(["mode", "1024x768"], (1024, 768));
            expect(["mode", "640x480"], (640, 480));
            for transform in ["90", "270", "flipped-90", "flipped-270"] {
                expect(["transform", transform], (480, 640));
            }
            for transform in ["180", "flipped", "flipped-180", "normal"] {
                expect(["transform", transform], (640, 480));
            }
        },
    );
}

#[test]
fn every_monitor_that_is_shared_can_be_looked_at() {
    on_sway(
        "every_monitor_that_is_shared_can_be_looked_at",
        SwayOptions {
            monitors: &[(800, 600), (640, 480)],
            several: true,
            ..SwayOptions::default()
        },
        |desktop| {
            let mut source = aldis_capture::open().unwrap();
            let place = |it: &Monitor| (it.id, it.x, it.y, it.width, it.height, it.primary);
            let places: Vec<_> = source.monitors().iter().map(place).collect();
            assert_eq!(
                places,
                [(0, 0, 0, 800, 600, true), (1, 800, 0, 640, 480, false)]
            );
            assert_eq!(source.shared(), 0);
            let (left, right) = (Picture::random(800, 600, 1), Picture::random(640, 480, 2));
            let mut frame = Frame::default();
            desktop.hang(MONITOR, &left).unwrap();
            follow(&mut *source, &mut frame, "the left one", |it| *it == left);
            source.select(1).unwrap();
            assert_eq!(source.shared(), 1);
            desktop.hang("HEADLESS-2", &right).unwrap();
            follow(&mut *source, &mut frame, "the right one", |it| *it == right);
            // Another viewer looks at the left one meanwhile.
            let mut other = aldis_capture::open().unwrap();
            let mut others = Frame::default();
            follow(&mut *other, &mut others, "the left one", |it| *it == left);
            assert!(matches!(
                source.select(2),
                Err(CaptureError::UnknownMonitor(2))
            ));
            source.select(0).unwrap();
            follow(&mut *source, &mut frame, "the left again", |it| *it == left);
        },
    );
}

#[test]
fn all_monitors_are_one_picture_and_black_where_none_is() {
    on_sway(
        "all_monitors_are_one_picture_and_black_where_none_is",
        SwayOptions {
            monitors: &[(800, 600), (640, 480)],
            several: true,
            ..SwayOptions::default()
        },
        |desktop| {
            let mut source = aldis_capture::open().unwrap();
            assert!(source.has_all());
            source.select(ALL).unwrap();
            assert_eq!(source.shared(), ALL);
            let place = source.place();
            assert_eq!((place.x, place.y), (0, 0));
            assert_eq!((place.width, place.height), (1_440, 600));
            let mut frame = Frame::default();
            let mut left = Picture::random(800, 600, 1);
            let mut right = Picture::random(640, 480, 2);
            desktop.hang(MONITOR, &left).unwrap();
            desktop.hang("HEADLESS-2", &right).unwrap();
            let both = beside(&left, &right);
            follow(&mut *source, &mut frame, "both", |it| *it == both);
            settle(&mut *source, &mut frame);
            right = Picture::random(640, 480, 3);
            desktop.hang("HEADLESS-2", &right).unwrap();
            let both = beside(&left, &right);
            follow(&mut *source, &mut frame, "the right one anew", |it| {
                *it == both
            });
            left = Picture::random(800, 600, 4);
            desktop.hang(MONITOR, &left).unwrap();
            let both = beside(&left, &right);
            follow(&mut *source, &mut frame, "the left one anew", |it| {
                *it == both
            });
            source.select(1).unwrap();
            follow(&mut *source, &mut frame, "one of them", |it| *it == right);
        },
    );
}

/// Two pictures beside each other, aligned at the top.
fn beside(left: &Picture, right: &Picture) -> Picture {
    let (width, height) = (left.width() + right.width(), left.height());
    let mut pixels = vec![0; width * height];
    for (picture, from) in [(left, 0), (right, left.width())] {
        for (y, row) in picture.pixels().chunks(picture.width()).enumerate() {
            let start = y * width + from;
            pixels[start..start + row.len()].copy_from_slice(row);
        }
    }
    Picture::new(width, height, pixels).unwrap()
}

#[test]
fn only_what_changed_is_damaged_and_grabbed() {
    on_sway(
        "only_what_changed_is_damaged_and_grabbed",
        SwayOptions::default(),
        |_desktop| {
            let whole = Rect::new(0, 0, 800, 600);
            let easel = Easel::open();
            let mut shown = Picture::random(800, 600, 4);
            let mut source = aldis_capture::open().unwrap();
            easel.show(&shown, whole);
            let mut frame = Frame::default();
            follow(&mut *source, &mut frame, "the window", |it| *it == shown);
            settle(&mut *source, &mut frame);
            for seed in 5..15 {
                let place = Rect::new(40 * seed, 30 * seed, 64, 48);
                shown = with_part(&shown, 0x0001_F3A7 * seed, place);
                easel.show(&shown, place);
                let mut damage = Region::new();
                let before = frame.clone();
                while picture(&frame) != shown {
                    wait_for(&mut *source, |changes| changes.screen);
                    source.grab(&mut frame, &mut damage).unwrap();
                }
                let around = damage
                    .rects()
                    .iter()
                    .copied()
                    .fold(Rect::default(), Rect::union);
                assert!(around.contains(place), "{place:?} in {around:?}");
                assert!(
                    around.area() < whole.area() / 8,
                    "{around:?} is little more than {place:?}"
                );
                // What is not damaged is not touched.
                for y in 0..600 {
                    for x in (0..800).filter(|x| !around.contains(Rect::new(*x, y, 1, 1))) {
                        let pixel = Rect::new(x, y, 1, 1);
                        assert_eq!(frame.row(pixel, y), before.row(pixel, y));
                    }
                }
            }
        },
    );
}

/// The picture with a part of one colour.
fn with_part(picture: &Picture, colour: u32, part: Rect) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let mut pixels = picture.pixels().to_vec();
    for y in part.y..part.bottom() {
        let start = y as usize * width + part.x as usize;
        pixels[start..start + part.width as usize].fill(colour & 0x00FF_FFFF);
    }
    Picture::new(width, height, pixels).unwrap()
}

/// Something new happens on the desktop, and is seen.
fn see(desktop: &Sway, source: &mut dyn Source, seed: u64) {
    let shown = Picture::random(800, 600, seed);
    desktop.hang(MONITOR, &shown).unwrap();
    let mut frame = Frame::default();
    follow(source, &mut frame, "the desktop", |it| *it == shown);
}

#[test]
fn the_person_is_asked_once_however_many_look_and_however_often() {
    on_sway(
        "the_person_is_asked_once_however_many_look_and_however_often",
        SwayOptions::default(),
        |desktop| {
            let mut one = aldis_capture::open().unwrap();
            let mut other = aldis_capture::open().unwrap();
            see(desktop, &mut *one, 1);
            see(desktop, &mut *other, 2);
            drop(one);
            see(desktop, &mut *other, 3);
            drop(other);
            let mut again = aldis_capture::open().unwrap();
            see(desktop, &mut *again, 4);
            assert_eq!(desktop.asked(), 1);
        },
    );
}

#[test]
fn a_portal_that_keeps_no_answers_is_asked_once_too() {
    on_sway(
        "a_portal_that_keeps_no_answers_is_asked_once_too",
        SwayOptions {
            keeps_answers: false,
            ..SwayOptions::default()
        },
        |desktop| {
            let mut source = aldis_capture::open().unwrap();
            see(desktop, &mut *source, 1);
            drop(source);
            let mut again = aldis_capture::open().unwrap();
            see(desktop, &mut *again, 2);
            assert_eq!(desktop.asked(), 1);
        },
    );
}

#[test]
fn a_no_is_an_error_and_the_next_time_is_asked_again() {
    on_sway(
        "a_no_is_an_error_and_the_next_time_is_asked_again",
        SwayOptions::default(),
        |desktop| {
            desktop.answer("").unwrap();
            let error = aldis_capture::open().unwrap_err();
            assert!(matches!(error, CaptureError::Declined), "{error}");
            desktop.answer(MONITOR).unwrap();
            see(desktop, &mut *aldis_capture::open().unwrap(), 1);
            assert_eq!(desktop.asked(), 2);
        },
    );
}

#[test]
fn a_desktop_that_goes_away_ends_the_capture_with_a_sentence() {
    on_sway(
        "a_desktop_that_goes_away_ends_the_capture_with_a_sentence",
        SwayOptions::default(),
        |desktop| {
            let mut source = aldis_capture::open().unwrap();
            settle(&mut *source, &mut Frame::default());
            // The connection breaks before there is an answer.
            drop(desktop.message(&["exit"]));
            let error = loop {
                match source.wait(Some(LIMIT)) {
                    Ok(changes) => assert!(!changes.is_empty(), "nothing was heard of it"),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, CaptureError::Stopped), "{error}");
            assert!(aldis_capture::open().is_err(), "there is nothing to share");
        },
    );
}

#[test]
fn a_screen_at_rest_costs_nothing_and_a_waker_ends_a_wait() {
    on_sway(
        "a_screen_at_rest_costs_nothing_and_a_waker_ends_a_wait",
        SwayOptions::default(),
        |_desktop| {
            let mut source = aldis_capture::open().unwrap();
            settle(&mut *source, &mut Frame::default());
            let before = processor_time();
            let changes = source.wait(Some(Duration::from_secs(3))).unwrap();
            assert!(changes.is_empty(), "{changes:?}");
            let used = processor_time().saturating_sub(before);
            assert!(
                used <= Duration::from_millis(20),
                "{used:?} in three seconds"
            );
            source.waker().wake();
            assert!(source.wait(None).unwrap().woken);
        },
    );
}

/// The processor time that this process has used, in steps of ten milliseconds.
fn processor_time() -> Duration {
    let line = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = line.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|it| it.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

#[test]
fn a_desktop_without_a_portal_is_told_in_a_sentence() {
    on_sway(
        "a_desktop_without_a_portal_is_told_in_a_sentence",
        SwayOptions {
            portal: false,
            ..SwayOptions::default()
        },
        |_desktop| {
            let error = aldis_capture::check().unwrap_err();
            assert!(matches!(error, CaptureError::NoPortal), "{error}");
            let error = aldis_capture::open().unwrap_err();
            assert!(matches!(error, CaptureError::NoPortal), "{error}");
        },
    );
}
