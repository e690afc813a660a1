//! More monitors than one, and monitors that come, go and change.

use aldis_capture::{ALL, CaptureError, Monitor, Source};
use aldis_screen::{Frame, Rect, Region};
use x11rb::protocol::randr::{self, ConnectionExt as _, ModeInfo, MonitorInfo};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::stage::{LIMIT, Xvfb, draw, pixels, settle, wait_for};

/// The person who sits at the X server and arranges monitors.
struct Desk {
    conn: RustConnection,
    root: u32,
}

impl Desk {
    fn of(server: &Xvfb) -> Self {
        let (conn, root) = server.client();
        Self { conn, root }
    }

    fn atom(&self, name: &str) -> u32 {
        let cookie = self.conn.intern_atom(false, name.as_bytes()).unwrap();
        cookie.reply().unwrap().atom
    }

    /// Makes a monitor; it may take the only output away from the server's own monitor.
    fn place(&self, name: &str, at: Rect, with_output: bool) {
        let resources = self.resources();
        let info = MonitorInfo {
            name: self.atom(name),
            x: i16::try_from(at.x).unwrap(),
            y: i16::try_from(at.y).unwrap(),
            width: at.width as u16,
            height: at.height as u16,
            outputs: resources.outputs[..usize::from(with_output)].to_vec(),
            ..MonitorInfo::default()
        };
        let cookie = self.conn.randr_set_monitor(self.root, info).unwrap();
        cookie.check().unwrap();
    }

    fn remove(&self, name: &str) {
        let name = self.atom(name);
        let cookie = self.conn.randr_delete_monitor(self.root, name).unwrap();
        cookie.check().unwrap();
    }

    fn resources(&self) -> randr::GetScreenResourcesReply {
        let cookie = self.conn.randr_get_screen_resources(self.root).unwrap();
        cookie.reply().unwrap()
    }

    /// Gives the server's own monitor another place and size, and the desktop just the room for it.
    fn arrange(&self, at: Rect) {
        let name = format!("{at:?}");
        let info = ModeInfo {
            width: at.width as u16,
            height: at.height as u16,
            name_len: name.len() as u16,
            ..ModeInfo::default()
        };
        let cookie = self
            .conn
            .randr_create_mode(self.root, info, name.as_bytes());
        let mode = cookie.unwrap().reply().unwrap().mode;
        let known = self.resources();
        let (crtc, output) = (known.crtcs[0], known.outputs[0]);
        self.conn.randr_add_output_mode(output, mode).unwrap();
        let set = |mode: u32, outputs: &[u32]| {
            let rotation = randr::Rotation::ROTATE0;
            let (x, y) = (at.x as i16, at.y as i16);
            let known = known.config_timestamp;
            let cookie = self
                .conn
                .randr_set_crtc_config(crtc, 0, known, x, y, mode, rotation, outputs);
            let status = cookie.unwrap().reply().unwrap().status;
            assert_eq!(status, randr::SetConfig::SUCCESS);
        };
        set(x11rb::NONE, &[]);
        let (width, height) = (at.right() as u16, at.bottom() as u16);
        let cookie = self
            .conn
            .randr_set_screen_size(self.root, width, height, 100, 100);
        cookie.unwrap().check().unwrap();
        set(mode, &[output]);
        self.conn.sync().unwrap();
    }

    /// Checks that exactly the shared monitor's pixels are captured, now and after all of the desktop was drawn anew.
    fn check(&self, source: &mut dyn Source, frame: &mut Frame, seed: u32) {
        source.grab(frame, &mut Region::new()).unwrap();
        self.compare(source, frame);
        let geometry = self.conn.get_geometry(self.root).unwrap().reply().unwrap();
        for y in (0..u32::from(geometry.height)).step_by(60) {
            let stripe = Rect::new(0, y, geometry.width.into(), 60);
            draw(&self.conn, self.root, stripe, seed + y);
        }
        wait_for(source, |changes| changes.screen);
        source.grab(frame, &mut Region::new()).unwrap();
        self.compare(source, frame);
    }

    fn compare(&self, source: &dyn Source, frame: &Frame) {
        let monitor = shared(source);
        assert_eq!(
            (frame.width(), frame.height()),
            (monitor.width, monitor.height)
        );
        let cookie = self.conn.get_image(
            ImageFormat::Z_PIXMAP,
            self.root,
            monitor.x as i16,
            monitor.y as i16,
            monitor.width as u16,
            monitor.height as u16,
            !0,
        );
        let mut real = cookie.unwrap().reply().unwrap().data;
        real.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
        assert!(pixels(frame, frame.bounds()) == real, "{monitor:?}");
    }
}

fn shared(source: &dyn Source) -> Monitor {
    let id = source.shared();
    source
        .monitors()
        .iter()
        .find(|monitor| monitor.id == id)
        .unwrap()
        .clone()
}

/// The id of the monitor with this name.
fn id(source: &dyn Source, name: &str) -> u32 {
    source
        .monitors()
        .iter()
        .find(|monitor| monitor.name == name)
        .unwrap()
        .id
}

fn places(source: &dyn Source) -> Vec<(&str, Rect)> {
    let place = |monitor: &Monitor| {
        Rect::new(
            monitor.x as u32,
            monitor.y as u32,
            monitor.width,
            monitor.height,
        )
    };
    source
        .monitors()
        .iter()
        .map(|monitor| (monitor.name.as_str(), place(monitor)))
        .collect()
}

const LEFT: Rect = Rect::new(0, 0, 300, 600);
const RIGHT: Rect = Rect::new(300, 60, 500, 540);

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
fn each_of_two_monitors_shows_its_own_pixels() {
    let server = Xvfb::start(&[]);
    let desk = Desk::of(&server);
    desk.place("left", LEFT, true);
    desk.place("right", RIGHT, false);
    let mut source = server.source();
    assert_eq!(places(&*source), [("left", LEFT), ("right", RIGHT)]);
    let mut frame = settle(&mut *source);
    for (seed, name) in ["right", "left", "right"].into_iter().enumerate() {
        let id = id(&*source, name);
        source.select(id).unwrap();
        desk.check(&mut *source, &mut frame, seed as u32);
    }
    let inside = Rect::new(RIGHT.x - 10, RIGHT.y - 10, 30, 40);
    settle(&mut *source);
    draw(&desk.conn, desk.root, inside, 5);
    wait_for(&mut *source, |changes| changes.screen);
    let mut damage = Region::new();
    source.grab(&mut frame, &mut damage).unwrap();
    assert_eq!(damage.rects(), [Rect::new(0, 0, 20, 30)]);
}

#[test]
fn monitors_may_come_and_go() {
    let server = Xvfb::start(&[]);
    let desk = Desk::of(&server);
    let mut source = server.source();
    let mut frame = settle(&mut *source);
    let whole = Rect::new(0, 0, 800, 600);
    assert_eq!(places(&*source), [("screen", whole)]);

    desk.place("right", RIGHT, false);
    wait_for(&mut *source, |changes| changes.monitors);
    let right = id(&*source, "right");
    let first = source.shared();
    assert_ne!(
        first, right,
        "a new monitor does not take an old one's place"
    );
    desk.check(&mut *source, &mut frame, 1);
    source.select(right).unwrap();
    desk.check(&mut *source, &mut frame, 2);

    desk.remove("right");
    wait_for(&mut *source, |changes| changes.monitors && changes.screen);
    assert_eq!(places(&*source), [("screen", whole)]);
    assert_eq!(source.shared(), first);
    desk.check(&mut *source, &mut frame, 3);
}

#[test]
fn a_monitor_of_another_size_or_at_another_place_is_followed() {
    let server = Xvfb::start(&[]);
    let desk = Desk::of(&server);
    let mut source = server.source();
    let mut frame = settle(&mut *source);
    for (seed, place) in [
        Rect::new(0, 0, 640, 480),
        Rect::new(100, 40, 640, 480),
        Rect::new(0, 0, 800, 600),
        Rect::new(0, 0, 320, 240),
    ]
    .into_iter()
    .enumerate()
    {
        desk.arrange(place);
        // The first look may come between two steps of the change.
        while places(&*source) != [("screen", place)] {
            wait_for(&mut *source, |changes| changes.monitors);
        }
        desk.check(&mut *source, &mut frame, seed as u32);
    }
}

#[test]
fn a_screen_that_shrank_before_it_was_heard_of_is_followed() {
    let server = Xvfb::start(&[]);
    let desk = Desk::of(&server);
    let mut source = server.source();
    let mut frame = settle(&mut *source);
    draw(&desk.conn, desk.root, Rect::new(600, 500, 100, 90), 1);
    wait_for(&mut *source, |changes| changes.screen);
    desk.arrange(Rect::new(0, 0, 640, 480));
    source.grab(&mut frame, &mut Region::new()).unwrap();
    assert_eq!((frame.width(), frame.height()), (640, 480));
    assert!(source.wait(Some(LIMIT)).unwrap().monitors);
    desk.check(&mut *source, &mut frame, 2);
}

#[test]
fn all_monitors_are_one_picture_if_so_wished() {
    let server = Xvfb::start(&[]);
    let desk = Desk::of(&server);
    desk.place("left", Rect::new(0, 0, 300, 600), true);
    desk.place("right", Rect::new(300, 100, 500, 400), false);
    let mut source = server.source();
    let mut frame = settle(&mut *source);
    assert_eq!((frame.width(), frame.height()), (300, 600));

    source.select(ALL).unwrap();
    assert_eq!(source.shared(), ALL);
    source.grab(&mut frame, &mut Region::new()).unwrap();
    assert_eq!((frame.width(), frame.height()), (800, 600));
    let over_the_seam = Rect::new(250, 120, 100, 50);
    let wanted = draw(&desk.conn, desk.root, over_the_seam, 3);
    wait_for(&mut *source, |changes| changes.screen);
    source.grab(&mut frame, &mut Region::new()).unwrap();
    assert_eq!(pixels(&frame, over_the_seam), wanted);

    // The picture stays the whole desktop, whatever becomes of it.
    desk.remove("right");
    wait_for(&mut *source, |changes| changes.monitors);
    assert_eq!(source.shared(), ALL);
    source.grab(&mut frame, &mut Region::new()).unwrap();
    assert_eq!((frame.width(), frame.height()), (300, 600));
    source.select(source.monitors()[0].id).unwrap();
    assert_ne!(source.shared(), ALL);
}

#[test]
fn a_desktop_larger_than_any_picture_is_shrunk() {
    let server = Xvfb::start(&["-screen", "0", "30720x1080x24"]);
    let (conn, root) = server.client();
    let mut source = server.source();
    let mut frame = settle(&mut *source);
    assert_eq!((frame.width(), frame.height()), (15_360, 540));
    let place = source.place();
    assert_eq!(
        (place.width, place.height, place.shrink),
        (30_720, 1_080, 2)
    );

    // Near the far edge, and not on whole pixels of the picture.
    let drawn = Rect::new(30_001, 901, 41, 31);
    let pixels = draw(&conn, root, drawn, 9);
    wait_for(&mut *source, |changes| changes.screen);
    let mut damage = Region::new();
    source.grab(&mut frame, &mut damage).unwrap();
    assert_eq!(damage.rects(), [Rect::new(15_000, 450, 21, 16)]);
    let desktop = |x: u32, y: u32, channel: usize| {
        let inside = (x.checked_sub(drawn.x), y.checked_sub(drawn.y));
        let (Some(x), Some(y)) = inside else { return 0 };
        u32::from(pixels[((y * drawn.width + x) * 4) as usize + channel])
    };
    for (x, y) in [(15_000, 450), (15_001, 451), (15_020, 465)] {
        let shown = frame.row(Rect::new(x, y, 1, 1), y);
        for (channel, shown) in shown[..3].iter().enumerate() {
            let square = [(0, 0), (1, 0), (0, 1), (1, 1)];
            let sum: u32 = square
                .iter()
                .map(|(right, down)| desktop(x * 2 + right, y * 2 + down, channel))
                .sum();
            assert_eq!(u32::from(*shown), (sum + 2) / 4, "at {x}, {y}");
        }
    }
}
