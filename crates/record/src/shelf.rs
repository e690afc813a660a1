//! The folder with all recordings of a supporter, and how much may lie in it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use aldis_wire::Millis;
use chrono::{Local, TimeZone as _};
use thiserror::Error;

use crate::entry::Head;
use crate::reader::Reader;

/// How a recording's file name ends.
pub const EXTENSION: &str = "aldisrec";

/// How much all recordings may take unless somebody says otherwise: 10 GB.
pub const DEFAULT_QUOTA: u64 = 10_000_000_000;

/// What is left free on the disk for everything else.
pub const SPARE: u64 = 500_000_000;

/// With less room than this no recording begins.
const LEAST: u64 = 1_000_000;

/// The most recordings that are listed; of more, those with the last names.
const MOST: usize = 10_000;

/// The folder, and how much may lie in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// The folder.
    pub folder: PathBuf,
    /// The most bytes that all recordings together may take.
    pub quota: u64,
}

/// A recording as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
    /// What it is of.
    pub head: Head,
    /// How long it is in milliseconds.
    pub length: Millis,
    /// Its writer has finished it; otherwise it is being written, or its writer died.
    pub finished: bool,
}

/// Nothing more may be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Full {
    /// All recordings together take as much as they may.
    #[error("the recordings take all the space that they may; delete some first")]
    Quota,
    /// The disk is nearly full.
    #[error("the disk is nearly full; make room first")]
    Disk,
}

impl Shelf {
    /// All recordings, the newest first; a file that cannot be replayed is left out.
    pub fn list(&self) -> Vec<Listed> {
        let mut files = self.files();
        files.sort_unstable_by(|one, other| other.cmp(one));
        files.truncate(MOST);
        let mut list: Vec<_> = files.iter().filter_map(|path| look(path)).collect();
        list.sort_by_key(|listed| std::cmp::Reverse(listed.head.started));
        list
    }

    /// How many bytes may be recorded now.
    pub fn room(&self) -> Result<u64, Full> {
        let sizes = self.files().into_iter().filter_map(|path| {
            let size = fs::metadata(path).ok()?.len();
            Some(size)
        });
        let left = self.quota.saturating_sub(sizes.sum());
        if left < LEAST {
            return Err(Full::Quota);
        }
        match self.disk() {
            Some(free) if free < LEAST => Err(Full::Disk),
            Some(free) => Ok(left.min(free)),
            None => Ok(left),
        }
    }

    /// How many bytes the disk has to spare, if the system tells.
    pub fn disk(&self) -> Option<u64> {
        // The folder itself may still have to be made.
        let there = self.folder.ancestors().find(|folder| folder.is_dir())?;
        let free = fs4::available_space(there).ok()?;
        Some(free.saturating_sub(SPARE))
    }

    /// The names that a recording may have, the first one that is free to be taken.
    pub fn names(&self, head: &Head) -> impl Iterator<Item = PathBuf> + use<> {
        let started = Local.timestamp_millis_opt(head.started.cast_signed());
        let started = started.single().unwrap_or_default();
        let case: String = head.case.chars().filter(|c| is_plain(*c)).collect();
        let stem = format!("{case} {}", started.format("%Y-%m-%d %H.%M"));
        let folder = self.folder.clone();
        (1..100).map(move |number| {
            let name = if number == 1 {
                format!("{stem}.{EXTENSION}")
            } else {
                format!("{stem} ({number}).{EXTENSION}")
            };
            folder.join(name)
        })
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let ours = |path: &PathBuf| path.extension().is_some_and(|it| it == EXTENSION);
        paths.filter(ours).collect()
    }
}

/// Looks into a recording.
pub fn look(path: &Path) -> Option<Listed> {
    let file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let reader = Reader::open(file).ok()?;
    Some(Listed {
        path: path.to_owned(),
        size,
        head: reader.head().clone(),
        length: reader.length(),
        finished: reader.is_finished(),
    })
}

/// Removes a recording for good.
pub fn delete(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_case_and_time_and_nothing_that_a_disk_does_not_take() {
        let shelf = Shelf {
            folder: PathBuf::from("recordings"),
            quota: DEFAULT_QUOTA,
        };
        let head = Head {
            case: "s12-345-678/../x".to_owned(),
            started: 1_790_000_000_000,
            ..Head::default()
        };
        let names: Vec<_> = shelf.names(&head).take(2).collect();
        for name in &names {
            assert_eq!(name.parent(), Some(shelf.folder.as_path()));
            let name = name.file_name().unwrap().to_str().unwrap();
            assert!(name.starts_with("s12-345-678x 2026-09-2"), "{name}");
            assert!(!name.contains([':', '/']), "{name}");
        }
        assert!(names[1].to_str().unwrap().ends_with(" (2).aldisrec"));
    }

    #[test]
    fn a_full_shelf_takes_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        let mut shelf = Shelf {
            folder: folder.path().join("not/there"),
            quota: 5_000_000,
        };
        assert!(shelf.room().is_ok_and(|room| room <= 5_000_000));
        assert_eq!(shelf.list(), []);
        shelf.folder = folder.path().to_owned();
        let file = File::create(folder.path().join("a.aldisrec")).unwrap();
        file.set_len(3_000_000).unwrap();
        File::create(folder.path().join("b.mp4"))
            .unwrap()
            .set_len(9_000_000)
            .unwrap();
        assert!(shelf.room().is_ok_and(|room| room <= 2_000_000));
        file.set_len(4_500_000).unwrap();
        assert_eq!(shelf.room(), Err(Full::Quota));
        assert_eq!(shelf.list(), [], "nothing that could be replayed");
    }
}
