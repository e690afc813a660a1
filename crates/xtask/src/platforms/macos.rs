//! macOS: no machine here can link or run it, but the compiler can judge every line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aldis_e2e::binaries;
use anyhow::{Context as _, Result};

use super::Library;
use crate::run::{cargo, step};
use crate::setup::{self, Consent, Purpose};

/// The target's name.
const TARGET: &str = "aarch64-apple-darwin";

/// A C compiler and archiver in one that makes empty files: a type check links nothing.
const STUB: &str = include_str!("stub-cc.sh");

/// Type-checks the three programs.
pub(super) fn check(consent: Consent) -> Result<String> {
    setup::ensure(&[Purpose::Build], consent)?;
    let library = Library::find(TARGET);
    if library == Library::FromSource {
        setup::ensure(&[Purpose::WindowsCompiler], consent)?;
    }
    let folder = binaries::target().join("macos");
    let stub = write_stub(&folder)?;
    let mut command = cargo();
    command.args([
        "check",
        "--target",
        TARGET,
        "-p",
        "aldis-supporter",
        "-p",
        "aldis-customer",
        "-p",
        "aldis-server",
    ]);
    library.apply(&mut command);
    command.arg("--target-dir").arg(&folder);
    for tool in ["CC", "CXX", "AR"] {
        command.env(format!("{tool}_aarch64_apple_darwin"), &stub);
    }
    // Else the C compiler's driver would ask Xcode where its library is.
    command.env("SDKROOT", "/");
    step("type check for macOS", &mut command)?;
    Ok("macOS type-checked, not run".to_owned())
}

fn write_stub(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("stub-cc");
    fs::write(&path, STUB)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}
