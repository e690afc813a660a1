//! An X server, and what is drawn on it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aldis_capture::{Changes, Source, open_display};
use aldis_screen::{Frame, Rect, Region};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux, ImageFormat};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// An X server of the test's own.
pub(crate) struct Xvfb {
    process: Child,
    pub(crate) name: String,
}

impl Xvfb {
    pub(crate) fn start(extra: &[&str]) -> Self {
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

    pub(crate) fn source(&self) -> Box<dyn Source> {
        open_display(Some(&self.name)).unwrap()
    }

    pub(crate) fn client(&self) -> (RustConnection, u32) {
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
pub(crate) fn draw(conn: &RustConnection, root: u32, rect: Rect, seed: u32) -> Vec<u8> {
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

pub(crate) fn pixels(frame: &Frame, rect: Rect) -> Vec<u8> {
    (rect.y..rect.bottom())
        .flat_map(|y| frame.row(rect, y).to_vec())
        .collect()
}

/// Waits until the changes have what is asked for.
pub(crate) fn wait_for(source: &mut dyn Source, wanted: impl Fn(&Changes) -> bool) -> Changes {
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
pub(crate) fn settle(source: &mut dyn Source) -> Frame {
    let mut frame = Frame::default();
    loop {
        source.grab(&mut frame, &mut Region::new()).unwrap();
        let changes = source.wait(Some(Duration::from_millis(200))).unwrap();
        if changes.is_empty() {
            return frame;
        }
    }
}
