//! The system's file manager, asked to show where a file lies.

use std::io;
use std::path::Path;
use std::process::Stdio;

#[cfg(target_os = "macos")]
#[path = "folder/macos.rs"]
mod imp;
#[cfg(windows)]
#[path = "folder/win32.rs"]
mod imp;
#[cfg(not(any(target_os = "macos", windows)))]
#[path = "folder/xdg.rs"]
mod imp;

/// Opens the file manager where this file lies; Windows and macOS also mark it there.
///
/// Some desktops answer only when the person closes the file manager, so no window may wait for this.
///
/// # Errors
///
/// There is no file manager, or it says that it cannot.
pub fn show(file: &Path) -> io::Result<()> {
    let mut opener = imp::opener(file);
    let (nothing, silent, quiet) = (Stdio::null(), Stdio::null(), Stdio::null());
    let status = opener
        .stdin(nothing)
        .stdout(silent)
        .stderr(quiet)
        .status()?;
    if status.success() || !imp::TELLS {
        return Ok(());
    }
    Err(io::Error::other(format!("the file manager: {status}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(any(target_os = "macos", windows)))]
    #[test]
    fn the_folder_is_opened_and_not_the_file() {
        let opener = imp::opener(Path::new("/home/ana/recordings/one two.aldisrec"));
        assert_eq!(opener.get_program(), "xdg-open");
        let arguments: Vec<_> = opener.get_args().collect();
        assert_eq!(arguments, ["/home/ana/recordings"]);
    }
}
