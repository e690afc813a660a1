//! A disk under SQLite that loses its power, or its room, when a test says so.
//!
//! [`Disk::install`] puts a layer between SQLite and the system's files.
//! It writes through, and remembers of every file what was there at its last sync and what was
//! written since.
//! When the power goes, everything fails from that moment on; [`Disk::restore`] then makes each
//! file what a disk may hold after that: what was synced, and of what was not an arbitrary part,
//! some of it torn.

#![expect(
    unsafe_code,
    reason = "SQLite's layer over files is a table of C functions"
)]

mod layer;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// The disk of this process.
#[derive(Debug, Default)]
pub struct Disk {
    state: Mutex<State>,
    closed: Condvar,
    user: Mutex<()>,
}

/// Held by the one test that uses the disk.
#[derive(Debug)]
pub struct User {
    _turn: MutexGuard<'static, ()>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, File>,
    /// How many files are open.
    open: usize,
    /// There is no power.
    dead: bool,
    /// The power goes after so many writes and syncs.
    steps_left: Option<u64>,
    /// So many bytes fit onto the disk.
    room: Option<u64>,
}

#[derive(Debug)]
struct File {
    /// What is there for sure.
    synced: Vec<u8>,
    /// What was done since.
    since: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

/// Why the disk does not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NoPower,
    NoRoom,
}

/// The smallest part of a write that a disk keeps whole.
const SECTOR: usize = 512;

impl Disk {
    /// The disk that all databases of this process are on from now on, with power and room.
    pub fn install() -> (&'static Self, User) {
        static DISK: OnceLock<&'static Disk> = OnceLock::new();
        let disk = *DISK.get_or_init(|| {
            let disk: &'static Self = Box::leak(Box::default());
            layer::install(disk);
            disk
        });
        let turn = disk.user.lock().unwrap_or_else(PoisonError::into_inner);
        // The threads of an earlier user may still be closing their files.
        *disk.wait_until_closed(disk.lock()) = State::default();
        (disk, User { _turn: turn })
    }

    /// The power goes after so many further writes and syncs.
    pub fn cut_after(&self, steps: u64) {
        self.lock().steps_left = Some(steps);
    }

    /// So many bytes more fit onto the disk; `None` is as many as one likes.
    pub fn set_room(&self, room: Option<u64>) {
        self.lock().room = room;
    }

    /// Waits until nobody has a file open, and gives the power back.
    ///
    /// `survives` says of each change that was not synced how much of it is on the disk: a number
    /// of bytes, of which whole sectors count.
    pub fn restore(&self, mut survives: impl FnMut(usize) -> usize) -> io::Result<()> {
        let mut state = self.lock();
        state.dead = true;
        state = self.wait_until_closed(state);
        for (path, file) in std::mem::take(&mut state.files) {
            let mut bytes = file.synced;
            for change in file.since {
                match change {
                    Change::Write(at, data) => {
                        let kept = survives(data.len()).min(data.len());
                        let kept = if kept == data.len() {
                            kept
                        } else {
                            kept / SECTOR * SECTOR
                        };
                        write(&mut bytes, at, &data[..kept]);
                    }
                    Change::Truncate(size) if survives(1) > 0 => bytes.truncate(size),
                    Change::Truncate(_) => {}
                }
            }
            std::fs::write(path, bytes)?;
        }
        *state = State::default();
        Ok(())
    }

    fn wait_until_closed<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        while state.open > 0 {
            state = self
                .closed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self, path: &Path) -> Result<(), Fault> {
        let mut state = self.lock();
        if state.dead {
            return Err(Fault::NoPower);
        }
        state.open += 1;
        state.files.entry(path.to_owned()).or_insert_with(|| File {
            synced: std::fs::read(path).unwrap_or_default(),
            since: Vec::new(),
        });
        Ok(())
    }

    fn closed(&self) {
        self.lock().open -= 1;
        self.closed.notify_all();
    }

    fn deleted(&self, path: &Path) -> Result<(), Fault> {
        let mut state = self.lock();
        state.step()?;
        state.files.remove(path);
        Ok(())
    }

    fn wrote(&self, path: &Path, at: usize, data: &[u8], size: u64) -> Result<(), Fault> {
        let mut state = self.lock();
        state.step()?;
        let grows = ((at + data.len()) as u64).saturating_sub(size);
        if let Some(room) = &mut state.room {
            *room = room.checked_sub(grows).ok_or(Fault::NoRoom)?;
        }
        state.note(path, Change::Write(at, data.to_vec()));
        Ok(())
    }

    fn truncated(&self, path: &Path, size: usize) -> Result<(), Fault> {
        let mut state = self.lock();
        state.step()?;
        state.note(path, Change::Truncate(size));
        Ok(())
    }

    fn synced(&self, path: &Path) -> Result<(), Fault> {
        let mut state = self.lock();
        state.step()?;
        if let Some(file) = state.files.get_mut(path) {
            for change in std::mem::take(&mut file.since) {
                match change {
                    Change::Write(at, data) => write(&mut file.synced, at, &data),
                    Change::Truncate(size) => file.synced.truncate(size),
                }
            }
        }
        Ok(())
    }
}

impl State {
    fn step(&mut self) -> Result<(), Fault> {
        match &mut self.steps_left {
            Some(0) => self.dead = true,
            Some(left) => *left -= 1,
            None => {}
        }
        if self.dead {
            Err(Fault::NoPower)
        } else {
            Ok(())
        }
    }

    fn note(&mut self, path: &Path, change: Change) {
        if let Some(file) = self.files.get_mut(path) {
            file.since.push(change);
        }
    }
}

fn write(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    let end = at + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[at..end].copy_from_slice(data);
}
