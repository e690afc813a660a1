//! Copies of a database that is in use.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use thiserror::Error;

/// How many pages are copied before writers may go on.
const PAGES: i32 = 1000;

/// A database could not be copied; what was written of the copy is taken away again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CopyError {
    /// It cannot be read, or the copy cannot be written.
    #[error("cannot copy {path}: {reason}")]
    Failed {
        /// The database.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The copy is not whole.
    #[error("the copy of {0} is damaged, so the database itself may be; it is not used")]
    Damaged(PathBuf),
}

/// Copies a database as it is at one moment, while others read and write it, and checks the copy.
pub fn copy(from: &Path, to: &Path) -> Result<(), CopyError> {
    let failed = |error: rusqlite::Error| CopyError::Failed {
        path: from.to_owned(),
        reason: error.to_string(),
    };
    let outcome = write(from, to).map_err(failed);
    let outcome = outcome.and_then(|whole| {
        if whole {
            Ok(())
        } else {
            Err(CopyError::Damaged(from.to_owned()))
        }
    });
    if outcome.is_err() {
        // Best effort: the error that is told is the copy's.
        drop(std::fs::remove_file(to));
    }
    outcome
}

fn write(from: &Path, to: &Path) -> rusqlite::Result<bool> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    source.busy_timeout(Duration::from_secs(10))?;
    let mut copy = Connection::open(to)?;
    Backup::new(&source, &mut copy)?.run_to_completion(PAGES, Duration::from_millis(1), None)?;
    let check: String = copy.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    // A file that is copied elsewhere must not need another one beside it.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(check == "ok")
}
