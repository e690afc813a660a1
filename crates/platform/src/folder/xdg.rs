//! `xdg-open`, which desktops of Linux have.

use std::path::Path;
use std::process::Command;

/// Whether the end of the program tells if it could.
pub(super) const TELLS: bool = true;

/// It opens a folder; a file would be opened by whatever program such files belong to.
pub(super) fn opener(file: &Path) -> Command {
    let mut command = Command::new("xdg-open");
    command.arg(file.parent().unwrap_or(file));
    command
}
