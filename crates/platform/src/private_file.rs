//! Files that only their owner can read: tokens, keys and recordings.
//!
//! On Unix the file gets mode 0600 and a new folder 0700.
//! On Windows it inherits the folder's rights, which in a user's profile admit the user and the
//! administrators only.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The most bytes that such a file may have.
pub const MAX_BYTES: usize = 1 << 20;

/// Why a private file could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PrivateFileError {
    /// There is no such file.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// Others can read or change it.
    #[error("others can read {path}; if none did, run: chmod 600 '{path}'", path = .0.display())]
    Exposed(PathBuf),
    /// It has more than [`MAX_BYTES`] bytes.
    #[error("{} is too large to be a file that Aldis wrote; move it away", .0.display())]
    TooLarge(PathBuf),
    /// The path names no file in a folder.
    #[error("{} is not the name of a file", .0.display())]
    NoFile(PathBuf),
    /// The system refused to read.
    #[error("{path} cannot be read ({source}); check who owns it", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused to write.
    #[error(
        "{path} cannot be written ({source}); check the disk's free space and who owns the folder",
        path = .path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads a private file.
///
/// Fails with [`PrivateFileError::Missing`] if there is none, and with
/// [`PrivateFileError::Exposed`] if others can read it, because then its secret is none.
pub fn read(path: &Path) -> Result<Vec<u8>, PrivateFileError> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::NotFound {
            PrivateFileError::Missing(path.to_owned())
        } else {
            PrivateFileError::Read {
                path: path.to_owned(),
                source,
            }
        }
    };
    let file = File::open(path).map_err(failed)?;
    if is_exposed(&file).map_err(failed)? {
        return Err(PrivateFileError::Exposed(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > MAX_BYTES {
        return Err(PrivateFileError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

/// Writes a private file, in place of an old one, and makes its folder if there is none.
///
/// A reader sees the old bytes or the new ones, never a part, also after a power cut.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), PrivateFileError> {
    if bytes.len() > MAX_BYTES {
        return Err(PrivateFileError::TooLarge(path.to_owned()));
    }
    let (Some(folder), Some(_)) = (path.parent(), path.file_name()) else {
        return Err(PrivateFileError::NoFile(path.to_owned()));
    };
    // A bare file name has the empty parent.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    write_in(folder, path, bytes).map_err(|source| PrivateFileError::Write {
        path: path.to_owned(),
        source,
    })
}

fn write_in(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_folder(folder)?;
    // In the same folder, so that it can be renamed; on Unix with mode 0600 from the start.
    let mut file = tempfile::Builder::new()
        .prefix(".aldis-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Makes a private file to be written bit by bit, and its folder if there is none.
///
/// An error of the kind `AlreadyExists` says that there is one of this name.
pub fn create_new(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        make_folder(folder)?;
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// The new name is safe only when the folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "Unix can fail here")]
fn is_exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Windows cannot sync a folder; NTFS journals its names.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "Unix can fail here")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/token");
        assert!(matches!(read(&path), Err(PrivateFileError::Missing(_))));
        write(&path, b"first secret").unwrap();
        assert_eq!(read(&path).unwrap(), b"first secret");
        write(&path, b"second").unwrap();
        assert_eq!(read(&path).unwrap(), b"second");
        let names = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(names, 1, "no temporary file stays");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_has_rights_and_others_rights_are_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/root");
        write(&path, b"secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);

        let other = folder.path().join("films/one");
        create_new(&other).unwrap();
        assert_eq!(mode(&other), 0o600);
        assert_eq!(mode(other.parent().unwrap()), 0o700);
        let again = create_new(&other).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
        // Written anew it is private again.
        write(&path, b"secret").unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn sizes_are_bounded_and_a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big");
        let big = vec![0; MAX_BYTES + 1];
        assert!(matches!(
            write(&path, &big),
            Err(PrivateFileError::TooLarge(_))
        ));
        write(&path, &big[1..]).unwrap();
        assert_eq!(read(&path).unwrap().len(), MAX_BYTES);
        assert!(matches!(
            write(Path::new("/"), b""),
            Err(PrivateFileError::NoFile(_))
        ));
        let failed = write(folder.path(), b"");
        assert!(matches!(failed, Err(PrivateFileError::Write { .. })));
    }
}
