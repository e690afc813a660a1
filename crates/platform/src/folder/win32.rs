//! Windows' Explorer.

use std::ffi::OsString;
use std::os::windows::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Whether the end of the program tells if it could: Explorer says 1 in any case.
pub(super) const TELLS: bool = false;

/// It reads its command line in a way of its own: only the path is quoted, and no file name has quotes.
pub(super) fn opener(file: &Path) -> Command {
    let mut select = OsString::from("/select,\"");
    select.push(file);
    select.push("\"");
    let mut command = Command::new("explorer.exe");
    command.raw_arg(select);
    command
}
