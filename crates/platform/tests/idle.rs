//! The idle time of a real X server.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod xvfb;

use std::process::Command;
use std::time::Duration;

use aldis_platform::idle::Idle;
use x11rb::connection::Connection as _;
use x11rb::protocol::xtest::ConnectionExt as _;

use xvfb::Xvfb;

#[test]
fn an_untouched_machine_grows_idle_and_a_touch_ends_it() {
    const NAME: &str = "ALDIS_TEST_IDLE";
    // The display is chosen by the environment, which only a process of its own may set.
    if std::env::var_os(NAME).is_none() {
        let server = Xvfb::start();
        let test = "an_untouched_machine_grows_idle_and_a_touch_ends_it";
        let mut again = Command::new(std::env::current_exe().unwrap());
        again
            .args(["--exact", test])
            .env("DISPLAY", &server.name)
            .env(NAME, "1");
        assert!(again.status().unwrap().success());
        return;
    }
    let idle = Idle::open().unwrap();
    let before = idle.time().unwrap();
    let grown = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        idle.time().unwrap() > before + Duration::from_millis(300)
    });
    assert!(grown, "the time passes");
    let (connection, screen) = x11rb::connect(None).unwrap();
    let root = connection.setup().roots[screen].root;
    connection
        .xtest_fake_input(6, 0, 0, root, 40, 50, 0)
        .unwrap()
        .check()
        .unwrap();
    assert!(
        idle.time().unwrap() < Duration::from_millis(300),
        "somebody is there"
    );
}
