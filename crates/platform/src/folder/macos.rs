//! The Finder.

use std::path::Path;
use std::process::Command;

/// Whether the end of the program tells if it could.
pub(super) const TELLS: bool = true;

/// It opens the folder and marks the file.
pub(super) fn opener(file: &Path) -> Command {
    let mut command = Command::new("open");
    command.arg("-R").arg(file);
    command
}
