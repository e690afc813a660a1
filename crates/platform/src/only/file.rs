//! A file that is locked for as long as the program runs; the system unlocks it whatever happens.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::OnlyError;

pub(super) fn lock(folder: &Path, name: &str) -> Result<File, OnlyError> {
    fs::create_dir_all(folder)?;
    let path = folder.join(format!("{name}.lock"));
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OnlyError::Taken),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_held_once_until_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("made");
        let first = lock(&inside, "lamp").unwrap();
        assert!(matches!(lock(&inside, "lamp"), Err(OnlyError::Taken)));
        lock(&inside, "other").unwrap();
        drop(first);
        lock(&inside, "lamp").unwrap();
    }
}
