//! The capture of a real X server's screen.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the helpers of a test are test code and have deadlines"
)]

mod monitors;
mod stage;

use std::time::{Duration, Instant};

use aldis_capture::{CaptureError, Changes, open_display};
use aldis_screen::{Rect, Region};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateWindowAux, MOTION_NOTIFY_EVENT, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use stage::{LIMIT, SECOND, Xvfb, draw, pixels, settle, wait_for};

#[test]
fn drawn_pixels_are_reported_and_grabbed_exactly() {
    let server = Xvfb::start(&[]);
    drawn_pixels(&server);
}

#[test]
fn drawn_pixels_are_grabbed_without_shared_memory_too() {
    let server = Xvfb::start(&["-extension", "MIT-SHM"]);
    drawn_pixels(&server);
}

fn drawn_pixels(server: &Xvfb) {
    let mut source = server.source();
    let first = source.wait(Some(LIMIT)).unwrap();
    assert!(first.screen && first.pointer.is_some() && first.pointer_shape.is_some());
    let mut frame = settle(&mut *source);
    assert_eq!((frame.width(), frame.height()), (800, 600));

    let (conn, root) = server.client();
    for seed in 1..20 {
        let rect = Rect::new(
            seed * 31 % 500,
            seed * 17 % 400,
            20 + seed * 7,
            30 + seed * 5,
        );
        let wanted = draw(&conn, root, rect, seed);
        wait_for(&mut *source, |changes| changes.screen);
        let mut damage = Region::new();
        source.grab(&mut frame, &mut damage).unwrap();
        assert_eq!(pixels(&frame, rect), wanted);
        let around = damage
            .rects()
            .iter()
            .copied()
            .fold(Rect::default(), Rect::union);
        assert_eq!(around, rect);
    }
}

#[test]
fn many_small_changes_are_one_report_and_all_of_them_arrive() {
    let server = Xvfb::start(&[]);
    let mut source = server.source();
    let mut frame = settle(&mut *source);
    let (conn, root) = server.client();
    let drawn: Vec<(Rect, Vec<u8>)> = (0..100)
        .map(|i| {
            let rect = Rect::new(i % 10 * 75 + 3, i / 10 * 55 + 2, 8, 6);
            (rect, draw(&conn, root, rect, i))
        })
        .collect();
    let mut damage = Region::new();
    wait_for(&mut *source, |changes| changes.screen);
    source.grab(&mut frame, &mut damage).unwrap();
    for (rect, wanted) in drawn {
        assert_eq!(pixels(&frame, rect), wanted);
        assert!(damage.rects().iter().any(|known| known.contains(rect)));
    }
}

#[test]
fn a_window_is_seen_and_an_idle_screen_is_silent() {
    let server = Xvfb::start(&[]);
    let mut source = server.source();
    let mut frame = settle(&mut *source);
    let start = Instant::now();
    assert!(source.wait(Some(SECOND)).unwrap().is_empty());
    assert!(start.elapsed() >= SECOND);
    let mut damage = Region::new();
    source.grab(&mut frame, &mut damage).unwrap();
    assert!(damage.is_empty());

    let (conn, root) = server.client();
    let window = conn.generate_id().unwrap();
    let aux = CreateWindowAux::new()
        .background_pixel(0x0012_3456)
        .override_redirect(1);
    conn.create_window(
        24,
        window,
        root,
        50,
        60,
        70,
        80,
        0,
        WindowClass::INPUT_OUTPUT,
        0,
        &aux,
    )
    .unwrap();
    conn.map_window(window).unwrap();
    conn.flush().unwrap();
    wait_for(&mut *source, |changes| changes.screen);
    source.grab(&mut frame, &mut damage).unwrap();
    let inside = Rect::new(50, 60, 70, 80);
    assert!(
        pixels(&frame, inside)
            .chunks(4)
            .all(|pixel| pixel == [0x56, 0x34, 0x12, 255])
    );
}

#[test]
fn a_moving_pointer_is_reported_and_so_is_a_new_shape() {
    let server = Xvfb::start(&[]);
    let mut source = server.source();
    settle(&mut *source);
    let (conn, root) = server.client();
    conn.xtest_fake_input(MOTION_NOTIFY_EVENT, 0, 0, root, 123, 45, 0)
        .unwrap();
    conn.flush().unwrap();
    let changes = wait_for(&mut *source, |changes| changes.pointer.is_some());
    assert_eq!(changes.pointer, Some((123, 45)));

    let font = conn.generate_id().unwrap();
    let cursor = conn.generate_id().unwrap();
    conn.open_font(font, b"cursor").unwrap();
    conn.create_glyph_cursor(cursor, font, font, 34, 35, 65535, 0, 0, 0, 0, 65535)
        .unwrap();
    let aux = x11rb::protocol::xproto::ChangeWindowAttributesAux::new().cursor(cursor);
    conn.change_window_attributes(root, &aux).unwrap();
    conn.flush().unwrap();
    let changes = wait_for(&mut *source, |changes| changes.pointer_shape.is_some());
    let shape = changes.pointer_shape.unwrap();
    assert_eq!(
        shape.rgba.len(),
        usize::from(shape.width) * usize::from(shape.height) * 4
    );
    assert!(shape.rgba.chunks(4).any(|pixel| pixel == [255, 0, 0, 255]));
}

#[test]
fn a_waker_ends_a_wait() {
    let server = Xvfb::start(&[]);
    let mut source = server.source();
    settle(&mut *source);
    let waker = source.waker();
    let thread = std::thread::Builder::new().spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        waker.wake();
    });
    let start = Instant::now();
    let changes = source.wait(None).unwrap();
    assert_eq!(
        changes,
        Changes {
            woken: true,
            ..Changes::default()
        }
    );
    assert!(start.elapsed() < LIMIT);
    thread.unwrap().join().unwrap();
    assert!(
        source
            .wait(Some(Duration::from_millis(100)))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_missing_display_and_a_dying_one_are_errors() {
    assert!(matches!(
        open_display(Some(":5999")),
        Err(CaptureError::NoDisplay)
    ));
    let server = Xvfb::start(&[]);
    let mut source = server.source();
    let mut frame = settle(&mut *source);
    drop(server);
    assert!(matches!(source.wait(Some(LIMIT)), Err(CaptureError::Lost)));
    let grabbed = source.grab(&mut frame, &mut Region::new());
    assert!(matches!(grabbed, Err(CaptureError::Lost)));
}
