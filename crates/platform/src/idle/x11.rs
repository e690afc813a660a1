//! The X server's screen saver extension counts the time since the last input.

use std::time::Duration;

use x11rb::connection::Connection as _;
use x11rb::protocol::screensaver::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

#[derive(Debug)]
pub(super) struct Idle {
    connection: RustConnection,
    root: u32,
}

impl Idle {
    pub(super) fn open() -> Option<Self> {
        let (connection, screen) = x11rb::connect(None).ok()?;
        let root = connection.setup().roots.get(screen)?.root;
        let idle = Self { connection, root };
        idle.time().is_some().then_some(idle)
    }

    pub(super) fn time(&self) -> Option<Duration> {
        let asked = self.connection.screensaver_query_info(self.root).ok()?;
        let info = asked.reply().ok()?;
        Some(Duration::from_millis(info.ms_since_user_input.into()))
    }
}
