//! The capture of a real X server's screen.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the helpers of a test are test code and have deadlines"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aldis_capture::{CaptureError, Changes, Source, open_display};
use aldis_screen::{Frame, Rect, Region};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, ImageFormat, MOTION_NOTIFY_EVENT, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

const SECOND: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(20);

/// An X server of the test's own.
struct Xvfb {
    process: Child,
    name: String,
}

impl Xvfb {
    fn start(extra: &[&str]) -> Self {
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-screen", "0", "800x600x24"])
            .args(extra)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed");
        let mut number = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut number)
            .unwrap();
        Self {
            process,
            name: format!(":{}", number.trim()),
        }
    }

    fn source(&self) -> Box<dyn Source> {
        open_display(Some(&self.name)).unwrap()
    }

    fn client(&self) -> (RustConnection, u32) {
        let (conn, number) = RustConnection::connect(Some(&self.name)).unwrap();
        let root = conn.setup().roots[number].root;
        (conn, root)
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Puts random pixels onto the root window and gives them as the capture must show them.
fn draw(conn: &RustConnection, root: u32, rect: Rect, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut sent = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..rect.area() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, r, g, b] = state.to_be_bytes();
        sent.extend([b, g, r, 0]);
        seen.extend([b, g, r, 255]);
    }
    let gc = conn.generate_id().unwrap();
    conn.create_gc(gc, root, &CreateGCAux::new()).unwrap();
    conn.put_image(
        ImageFormat::Z_PIXMAP,
        root,
        gc,
        rect.width as u16,
        rect.height as u16,
        i16::try_from(rect.x).unwrap(),
        i16::try_from(rect.y).unwrap(),
        0,
        24,
        &sent,
    )
    .unwrap();
    conn.free_gc(gc).unwrap();
    conn.sync().unwrap();
    seen
}

fn pixels(frame: &Frame, rect: Rect) -> Vec<u8> {
    (rect.y..rect.bottom())
        .flat_map(|y| frame.row(rect, y).to_vec())
        .collect()
}

/// Waits until the changes have what is asked for.
fn wait_for(source: &mut dyn Source, wanted: impl Fn(&Changes) -> bool) -> Changes {
    let start = Instant::now();
    loop {
        let changes = source.wait(Some(LIMIT)).unwrap();
        if wanted(&changes) {
            return changes;
        }
        assert!(
            start.elapsed() < LIMIT,
            "in vain, the last were {changes:?}"
        );
    }
}

/// Takes what there is from the start, so that only later changes remain.
fn settle(source: &mut dyn Source) -> Frame {
    let mut frame = Frame::default();
    loop {
        source.grab(&mut frame, &mut Region::new()).unwrap();
        let changes = source.wait(Some(Duration::from_millis(200))).unwrap();
        if changes.is_empty() {
            return frame;
        }
    }
}

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
fn only_a_known_monitor_can_be_chosen() {
    let server = Xvfb::start(&[]);
    let mut source = server.source();
    let frame = settle(&mut *source);
    let shared = source.shared();
    let unknown = source
        .monitors()
        .iter()
        .map(|monitor| monitor.id)
        .max()
        .unwrap()
        + 1;
    assert!(
        matches!(source.select(unknown), Err(CaptureError::UnknownMonitor(id)) if id == unknown)
    );
    assert_eq!(source.shared(), shared);
    source.select(shared).unwrap();
    assert!(source.wait(Some(LIMIT)).unwrap().screen);
    let mut again = frame.clone();
    let mut damage = Region::new();
    source.grab(&mut again, &mut damage).unwrap();
    assert_eq!(damage.rects(), [frame.bounds()]);
    assert_eq!(again, frame);
}

#[test]
fn a_second_monitor_is_cut_out_of_the_desktop() {
    use x11rb::protocol::randr::{ConnectionExt as _, MonitorInfo};
    let server = Xvfb::start(&[]);
    let (conn, root) = server.client();
    let name = conn
        .intern_atom(false, b"right")
        .unwrap()
        .reply()
        .unwrap()
        .atom;
    let (x, y, width, height) = (500, 100, 200, 300);
    let info = MonitorInfo {
        name,
        x,
        y,
        width,
        height,
        ..MonitorInfo::default()
    };
    conn.randr_set_monitor(root, info).unwrap();
    conn.sync().unwrap();
    let mut source = server.source();
    let id = source
        .monitors()
        .iter()
        .find(|monitor| monitor.name == "right")
        .unwrap()
        .id;
    settle(&mut *source);
    source.select(id).unwrap();
    let mut frame = Frame::default();
    source.grab(&mut frame, &mut Region::new()).unwrap();
    assert_eq!((frame.width(), frame.height()), (200, 300));

    let wanted = draw(&conn, root, Rect::new(490, 90, 30, 40), 5);
    wait_for(&mut *source, |changes| changes.screen);
    let mut damage = Region::new();
    source.grab(&mut frame, &mut damage).unwrap();
    assert_eq!(damage.rects(), [Rect::new(0, 0, 20, 30)]);
    let corner = &wanted[(10 * 30 + 10) * 4..][..20 * 4];
    assert_eq!(frame.row(Rect::new(0, 0, 20, 30), 0), corner);
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
