//! The capture of a real X server's screen through `scrap`.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the helpers of a test are test code and have deadlines"
)]

use aldis_capture::{CaptureError, open, open_display};
use aldis_screen::{Frame, Rect, Region};

#[path = "x11/stage.rs"]
#[expect(dead_code, reason = "most of the stage is for the usual way")]
mod stage;

use stage::{Xvfb, draw, pixels, wait_for};

/// One test, because it changes what `DISPLAY` says.
#[test]
fn it_stands_in_where_the_x_server_lacks_an_extension() {
    let server = Xvfb::start(&["-extension", "DAMAGE"]);
    use_display(&server);
    let usual = open_display(Some(&server.name)).map(drop);
    assert!(matches!(usual, Err(CaptureError::MissingExtension(_))));

    let mut source = open().unwrap();
    let mut frame = Frame::default();
    source.grab(&mut frame, &mut Region::new()).unwrap();
    assert_eq!((frame.width(), frame.height()), (800, 600));
    let (conn, root) = server.client();
    for seed in 1..5 {
        let rect = Rect::new(seed * 31, seed * 17, 20 + seed * 70, 30 + seed * 50);
        let wanted = draw(&conn, root, rect, seed);
        wait_for(&mut *source, |changes| changes.screen);
        let mut damage = Region::new();
        source.grab(&mut frame, &mut damage).unwrap();
        assert_eq!(pixels(&frame, rect), wanted);
        let rows = Rect::new(0, rect.y, 800, rect.height);
        assert_eq!(damage.rects(), [rows]);
    }
    let mut damage = Region::new();
    source.grab(&mut frame, &mut damage).unwrap();
    assert!(damage.is_empty());
    drop(source);

    // What it needs itself is asked for, or the picture would be black.
    let server = Xvfb::start(&["-extension", "MIT-SHM", "-extension", "DAMAGE"]);
    use_display(&server);
    assert!(matches!(
        open(),
        Err(CaptureError::MissingExtension("DAMAGE"))
    ));
}

#[expect(unsafe_code, reason = "scrap knows no other display than this one")]
fn use_display(server: &Xvfb) {
    // SAFETY: no other thread of this process reads or changes the environment: it runs one test,
    // and the harness only waits for it.
    unsafe { std::env::set_var("DISPLAY", &server.name) };
}
