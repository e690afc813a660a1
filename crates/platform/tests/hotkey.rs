//! The stop keys on a real X server.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test are test code")]

mod xvfb;

use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use aldis_platform::hotkey::{Hotkey, HotkeyError};

use xvfb::Xvfb;

const LIMIT: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_millis(300);

impl Xvfb {
    fn run(&self, program: &str, args: &[&str]) {
        let status = Command::new(program)
            .args(args)
            .env("DISPLAY", &self.name)
            .status()
            .unwrap();
        assert!(status.success(), "{program} {args:?}");
    }

    fn hotkey(&self) -> (Hotkey, Receiver<()>) {
        let (press, pressed) = sync_channel(16);
        let on_press = move || press.try_send(()).unwrap();
        (
            Hotkey::register_on_display(&self.name, on_press).unwrap(),
            pressed,
        )
    }

    fn press(&self) {
        self.run("xdotool", &["key", "ctrl+shift+F12"]);
    }
}

#[test]
fn the_stop_keys_are_heard_once_each_and_no_other_keys() {
    let server = Xvfb::start();
    let (_hotkey, pressed) = server.hotkey();
    server.run(
        "xdotool",
        &["key", "F12", "ctrl+F12", "shift+F12", "ctrl+shift+F11", "a"],
    );
    for _ in 0..3 {
        server.press();
        pressed.recv_timeout(LIMIT).unwrap();
    }
    assert!(matches!(
        pressed.recv_timeout(SILENCE),
        Err(RecvTimeoutError::Timeout)
    ));
}

#[test]
fn a_held_key_counts_once() {
    let server = Xvfb::start();
    let (_hotkey, pressed) = server.hotkey();
    server.run(
        "xdotool",
        &["keydown", "ctrl", "keydown", "shift", "keydown", "F12"],
    );
    pressed.recv_timeout(LIMIT).unwrap();
    let long = Duration::from_secs(1);
    assert!(matches!(
        pressed.recv_timeout(long),
        Err(RecvTimeoutError::Timeout)
    ));
}

#[test]
fn locks_layouts_and_groups_do_not_matter() {
    let server = Xvfb::start();
    let (_hotkey, pressed) = server.hotkey();
    for key in ["Caps_Lock", "Num_Lock", "Caps_Lock"] {
        server.run("xdotool", &["key", key]);
        server.press();
        pressed.recv_timeout(LIMIT).unwrap();
    }
    server.run("setxkbmap", &["us,de"]);
    server.run("xdotool", &["key", "ISO_Next_Group"]);
    server.press();
    pressed.recv_timeout(LIMIT).unwrap();
}

#[test]
fn a_grab_of_the_whole_keyboard_does_not_hide_them() {
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, GrabStatus};
    let server = Xvfb::start();
    let (_hotkey, pressed) = server.hotkey();
    let (conn, number) = x11rb::connect(Some(&server.name)).unwrap();
    let root = conn.setup().roots[number].root;
    let mode = GrabMode::ASYNC;
    let reply = conn
        .grab_keyboard(true, root, x11rb::CURRENT_TIME, mode, mode)
        .unwrap();
    assert_eq!(reply.reply().unwrap().status, GrabStatus::SUCCESS);
    server.press();
    pressed.recv_timeout(LIMIT).unwrap();
}

#[test]
fn two_programs_hear_them_and_after_the_end_they_are_free() {
    let server = Xvfb::start();
    let (first, heard_first) = server.hotkey();
    let (second, heard_second) = server.hotkey();
    server.press();
    heard_first.recv_timeout(LIMIT).unwrap();
    heard_second.recv_timeout(LIMIT).unwrap();
    drop((first, second));
    // The callbacks are gone with their threads.
    assert!(matches!(
        heard_first.recv_timeout(LIMIT),
        Err(RecvTimeoutError::Disconnected)
    ));
    assert!(matches!(
        heard_second.recv_timeout(LIMIT),
        Err(RecvTimeoutError::Disconnected)
    ));
}

#[test]
fn no_display_is_an_error() {
    let failed = Hotkey::register_on_display(":5998", || ());
    assert!(matches!(failed, Err(HotkeyError::NoDisplay)));
}
