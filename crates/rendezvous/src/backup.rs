//! Copies of the data folder: the database, and the key that names the server.

use std::path::{Path, PathBuf};

use aldis_platform::private_file::{self, PrivateFileError};
use aldis_store::{CopyError, OpenError, Store};
use thiserror::Error;

use crate::server::{self, StartError};

/// The database's file in a data folder and in a backup.
const DATABASE: &str = "aldis.sqlite";

/// The key's file.
const KEY: &str = "server.key";

/// A backup could not be made or put back; nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The data cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The key cannot be copied.
    #[error(transparent)]
    Key(#[from] PrivateFileError),
    /// There is a backup already.
    #[error("there is a backup in {0} already; choose another folder")]
    Taken(PathBuf),
    /// There is no backup.
    #[error("there is no backup in {0}; name the folder that `backup --to` has written")]
    Missing(PathBuf),
    /// The server runs, or its folder cannot be used.
    #[error(transparent)]
    InUse(#[from] StartError),
    /// A file cannot be moved or made.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}

/// Saves the data to another folder, while the server runs or not.
pub fn save(data: &Path, to: &Path) -> Result<(), BackupError> {
    std::fs::create_dir_all(to).map_err(|source| BackupError::Write {
        path: to.to_owned(),
        source,
    })?;
    let copy = to.join(DATABASE);
    if copy.exists() {
        return Err(BackupError::Taken(to.to_owned()));
    }
    // Opening first makes sure that it is a database of ours.
    drop(Store::open(data)?);
    aldis_store::copy(&data.join(DATABASE), &copy)?;
    match private_file::read(&data.join(KEY)) {
        Ok(key) => private_file::write(&to.join(KEY), &key)?,
        // A server that never ran has accounts and no key yet.
        Err(PrivateFileError::Missing(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Puts a backup in the place of the data; gives where what was there is kept.
pub fn restore(from: &Path, data: &Path) -> Result<Option<PathBuf>, BackupError> {
    let copy = from.join(DATABASE);
    if !copy.is_file() {
        return Err(BackupError::Missing(from.to_owned()));
    }
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| BackupError::Write { path, source }
    };
    std::fs::create_dir_all(data).map_err(write(data))?;
    let _lock = server::lock(data)?;
    // The backup proves itself before anything is moved.
    let new = data.join("restoring.sqlite");
    if new.exists() {
        std::fs::remove_file(&new).map_err(write(&new))?;
    }
    aldis_store::copy(&copy, &new)?;
    let key = match private_file::read(&from.join(KEY)) {
        Ok(key) => Some(key),
        Err(PrivateFileError::Missing(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let kept = set_aside(data)?;
    let database = data.join(DATABASE);
    std::fs::rename(&new, &database).map_err(write(&database))?;
    if let Some(key) = key {
        private_file::write(&data.join(KEY), &key)?;
    }
    Ok(kept)
}

/// Moves the database, its logs and the key to a folder beside them.
fn set_aside(data: &Path) -> Result<Option<PathBuf>, BackupError> {
    let names = [
        DATABASE.to_owned(),
        format!("{DATABASE}-wal"),
        format!("{DATABASE}-shm"),
        KEY.to_owned(),
    ];
    if !data.join(DATABASE).exists() {
        return Ok(None);
    }
    let free = (1..1000)
        .map(|number| data.join(format!("before-restore-{number}")))
        .find(|folder| !folder.exists());
    let Some(aside) = free else {
        return Err(BackupError::Taken(data.to_owned()));
    };
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| BackupError::Write { path, source }
    };
    std::fs::create_dir(&aside).map_err(write(&aside))?;
    for name in names {
        let (old, new) = (data.join(&name), aside.join(&name));
        if old.exists() {
            std::fs::rename(&old, &new).map_err(write(&new))?;
        }
    }
    Ok(Some(aside))
}
