//! A signal on the session bus, once Unity's and now understood by most docks.
//!
//! See <https://wiki.ubuntu.com/Unity/LauncherAPI>.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use zbus::Variant;

/// Any path will do; docks go by the desktop file.
const PATH: &str = "/org/aldis/launcher";
const INTERFACE: &str = "com.canonical.Unity.LauncherEntry";

#[derive(Debug)]
pub(super) struct Speaker {
    count: Arc<AtomicU32>,
    /// Says that there is a new number. One that waits already is enough: the newest is told.
    wake: SyncSender<()>,
}

impl Speaker {
    pub(super) fn start(desktop_file: &'static str) -> std::io::Result<Self> {
        let count = Arc::<AtomicU32>::default();
        let (wake, woken) = sync_channel(1);
        let newest = Arc::clone(&count);
        std::thread::Builder::new()
            .name("launcher".to_owned())
            .spawn(move || {
                // A desktop without a bus is no fault: the window's title says the same.
                if let Err(error) = zbus::block_on(speak(desktop_file, &newest, &woken)) {
                    tracing::info!(%error, "docks are told no number");
                }
            })?;
        Ok(Self { count, wake })
    }

    pub(super) fn show(&self, count: u32) {
        self.count.store(count, Ordering::Relaxed);
        // Full is as good as sent.
        if let Err(TrySendError::Disconnected(())) = self.wake.try_send(()) {
            tracing::debug!("docks are told no number any more");
        }
    }
}

/// Tells every new number, on one connection: docks forget the number of whoever has left the bus.
async fn speak(desktop_file: &str, newest: &AtomicU32, woken: &Receiver<()>) -> zbus::Result<()> {
    let uri = format!("application://{desktop_file}");
    let bus = zbus::Connection::session().await?;
    // This thread does nothing else, so it may block here.
    while woken.recv().is_ok() {
        let count = newest.load(Ordering::Relaxed);
        let properties = BTreeMap::from([
            ("count", Variant::from(i64::from(count))),
            ("count-visible", Variant::from(count > 0)),
        ]);
        bus.emit_signal(
            None::<&str>,
            PATH,
            INTERFACE,
            "Update",
            &(uri.as_str(), properties),
        )
        .await?;
    }
    Ok(())
}
