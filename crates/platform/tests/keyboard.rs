//! The keyboard grab on a real X server, with a window as winit makes it.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the helpers of a test are test code and have deadlines"
)]

mod xvfb;

use std::ffi::{CString, c_ulong};
use std::process::Command;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

use aldis_platform::keyboard::{GrabError, KeyboardGrab};
use raw_window_handle::{
    RawDisplayHandle, RawWindowHandle, WaylandDisplayHandle, WaylandWindowHandle,
    XlibDisplayHandle, XlibWindowHandle,
};
use x11_dl::{xinput2, xlib};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, GrabStatus, ModMask};
use x11rb::wrapper::ConnectionExt as _;

use xvfb::Xvfb;

const LIMIT: Duration = Duration::from_secs(20);

impl Xvfb {
    fn xdotool(&self, args: &[&str]) {
        let mut command = Command::new("xdotool");
        assert!(
            command
                .args(args)
                .env("DISPLAY", &self.name)
                .status()
                .unwrap()
                .success()
        );
    }
}

/// A focused window that hears what a winit window hears.
struct Window {
    xlib: xlib::Xlib,
    display: *mut xlib::Display,
    id: c_ulong,
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Key(u32),
    FocusOut(i32),
    FocusIn(i32),
}

#[expect(unsafe_code, reason = "Xlib is a C library")]
impl Window {
    fn open(server: &Xvfb) -> Self {
        let xlib = xlib::Xlib::open().unwrap();
        let xi = xinput2::XInput2::open().unwrap();
        let name = CString::new(server.name.clone()).unwrap();
        // SAFETY: plain Xlib calls on a display that this thread has just opened.
        unsafe {
            let display = (xlib.XOpenDisplay)(name.as_ptr());
            assert!(!display.is_null());
            let root = (xlib.XDefaultRootWindow)(display);
            let window = (xlib.XCreateSimpleWindow)(display, root, 0, 0, 200, 100, 0, 0, 0);
            (xlib.XSelectInput)(
                display,
                window,
                xlib::KeyPressMask | xlib::KeyReleaseMask | xlib::ExposureMask,
            );
            let mut mask = (xinput2::XI_FocusInMask | xinput2::XI_FocusOutMask).to_le_bytes();
            let mut masks = xinput2::XIEventMask {
                deviceid: xinput2::XIAllMasterDevices,
                mask_len: 4,
                mask: mask.as_mut_ptr(),
            };
            (xi.XISelectEvents)(display, window, &raw mut masks, 1);
            (xlib.XMapWindow)(display, window);
            let mut event = std::mem::zeroed();
            (xlib.XWindowEvent)(display, window, xlib::ExposureMask, &raw mut event);
            (xlib.XSetInputFocus)(display, window, xlib::RevertToParent, xlib::CurrentTime);
            (xlib.XSync)(display, xlib::False);
            let this = Self {
                xlib,
                display,
                id: window,
            };
            while this.next() != Heard::FocusIn(0) {}
            this
        }
    }

    /// The next event that matters; waits for it.
    fn next(&self) -> Heard {
        // SAFETY: as in `open`; the cookie's data is read between getting and freeing it.
        unsafe {
            let start = Instant::now();
            loop {
                assert!(start.elapsed() < LIMIT, "in vain");
                if (self.xlib.XPending)(self.display) == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                    continue;
                }
                let mut event: xlib::XEvent = std::mem::zeroed();
                (self.xlib.XNextEvent)(self.display, &raw mut event);
                if event.get_type() == xlib::KeyPress {
                    return Heard::Key(event.key.keycode);
                }
                if event.get_type() != xlib::GenericEvent {
                    continue;
                }
                let cookie = &mut event.generic_event_cookie;
                assert_ne!((self.xlib.XGetEventData)(self.display, cookie), 0);
                let kind = cookie.evtype;
                let focus = &*cookie.data.cast::<xinput2::XIFocusInEvent>();
                let mode = focus.mode;
                (self.xlib.XFreeEventData)(self.display, cookie);
                match kind {
                    xinput2::XI_FocusIn => return Heard::FocusIn(mode),
                    xinput2::XI_FocusOut => return Heard::FocusOut(mode),
                    _ => {}
                }
            }
        }
    }

    fn grab(&self) -> Result<KeyboardGrab, GrabError> {
        KeyboardGrab::new(
            RawWindowHandle::Xlib(XlibWindowHandle::new(self.id)),
            RawDisplayHandle::Xlib(XlibDisplayHandle::new(NonNull::new(self.display.cast()), 0)),
        )
    }
}

impl Drop for Window {
    #[expect(unsafe_code, reason = "Xlib is a C library")]
    fn drop(&mut self) {
        // SAFETY: opened by `open`, used by nobody any more.
        unsafe { (self.xlib.XCloseDisplay)(self.display) };
    }
}

/// The grab must not look like a loss of focus: winit takes each `XI_FocusOut` for one, whatever
/// its mode.
#[test]
fn a_window_managers_keys_reach_the_window_and_the_focus_stays() {
    let server = Xvfb::start();
    let (conn, number) = x11rb::connect(Some(&server.name)).unwrap();
    let root = conn.setup().roots[number].root;
    // What a window manager does for Alt+Tab (23) and F5 (71).
    for (modifiers, keycode) in [(ModMask::M1, 23_u8), (ModMask::ANY, 71)] {
        let mode = GrabMode::ASYNC;
        conn.grab_key(false, root, modifiers, keycode, mode, mode)
            .unwrap()
            .check()
            .unwrap();
    }
    let window = Window::open(&server);
    let grab = window.grab().unwrap();
    server.xdotool(&["key", "F5", "a", "alt+Tab"]);
    // Alt is 64; nothing but keys is heard, so no event of focus.
    let heard: Vec<_> = (0..4).map(|_| window.next()).collect();
    assert_eq!(heard, [71, 38, 64, 23].map(Heard::Key));
    conn.sync().unwrap();
    while let Some(event) = conn.poll_for_event().unwrap() {
        assert!(
            !matches!(event, Event::KeyPress(_)),
            "the window manager hears {event:?}"
        );
    }

    let mode = GrabMode::ASYNC;
    let other = || {
        let reply = conn
            .grab_keyboard(true, root, x11rb::CURRENT_TIME, mode, mode)
            .unwrap();
        reply.reply().unwrap().status
    };
    assert_eq!(other(), GrabStatus::ALREADY_GRABBED);
    drop(grab);
    let start = Instant::now();
    while other() != GrabStatus::SUCCESS {
        assert!(start.elapsed() < LIMIT);
    }
    assert!(matches!(window.grab(), Err(GrabError::Busy)));
}

#[test]
fn a_wayland_window_is_refused_with_a_sentence() {
    let pointer = NonNull::dangling();
    let failed = KeyboardGrab::new(
        RawWindowHandle::Wayland(WaylandWindowHandle::new(pointer)),
        RawDisplayHandle::Wayland(WaylandDisplayHandle::new(pointer)),
    );
    assert!(matches!(failed, Err(GrabError::Wayland)));
}
