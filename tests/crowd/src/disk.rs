//! What the disk alone takes, beside the server that waits for it.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow};

/// As much as a page of a database.
const PAGE: [u8; 4096] = [7; 4096];

/// The pause between two pages.
const PAUSE: Duration = Duration::from_millis(5);

/// A page written and synced again and again until it is asked for its times.
#[derive(Debug)]
pub(crate) struct Disk {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<std::io::Result<Vec<Duration>>>,
}

impl Disk {
    /// Begins in this folder.
    pub(crate) fn watch(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        let enough = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&enough);
        let thread = std::thread::Builder::new()
            .name("disk".to_owned())
            .spawn(move || write(file, &stop))?;
        Ok(Self { enough, thread })
    }

    /// How long each page took, the shortest first.
    pub(crate) fn times(self) -> Result<Vec<Duration>> {
        self.enough.store(true, Ordering::Relaxed);
        let times = self.thread.join();
        let mut times = times.map_err(|_panic| anyhow!("the disk's watcher panicked"))??;
        times.sort_unstable();
        Ok(times)
    }
}

fn write(mut file: File, enough: &AtomicBool) -> std::io::Result<Vec<Duration>> {
    let mut times = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        let clock = crate::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(clock.elapsed());
        std::thread::sleep(PAUSE);
    }
    Ok(times)
}
