//! The Windows build, and a session with it under wine.

use std::fs;
use std::path::Path;
use std::process::Command;

use aldis_e2e::binaries;
use anyhow::{Context as _, Result};

use super::Library;
use crate::run::{cargo, step, works};
use crate::setup::{self, Consent, Purpose};

/// The target's name.
const TARGET: &str = "x86_64-pc-windows-gnu";

/// Builds all three programs, and runs the customer's under wine against a Linux supporter.
pub(super) fn check(consent: Consent) -> Result<String> {
    setup::ensure(
        &[
            Purpose::Build,
            Purpose::Run,
            Purpose::Test,
            Purpose::Windows,
        ],
        consent,
    )?;
    let library = Library::find(TARGET);
    if library == Library::FromSource {
        setup::ensure(&[Purpose::WindowsCompiler], consent)?;
    }
    let mut command = cargo();
    command.args([
        "build",
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
    command
        .arg("--target-dir")
        .arg(binaries::target().join("windows"));
    step("build for Windows", &mut command)?;

    let folder = binaries::target()
        .join("windows")
        .join(TARGET)
        .join("debug");
    stand_in(&folder)?;
    // Just as the tests are built, so that after them nothing is compiled anew.
    step("build", cargo().args(["test", "--workspace", "--no-run"]))?;
    let mut command = cargo();
    if works("cargo-nextest", &["nextest", "--version"]) {
        command.args([
            "nextest",
            "run",
            "--workspace",
            "--test",
            "wine",
            "--no-capture",
        ]);
    } else {
        command.args([
            "test",
            "--workspace",
            "--test",
            "wine",
            "--",
            "--nocapture",
            "--test-threads",
            "1",
        ]);
    }
    step("a session with the Windows build under wine", &mut command)?;
    Ok("Windows built and tried under wine".to_owned())
}

/// Lays a `bcryptprimitives.dll` beside the programs: wine 8 has none, and Rust's library asks it for random numbers.
///
/// Only wine takes it from there; a real Windows has its own and never looks beside the program for this one.
fn stand_in(folder: &Path) -> Result<()> {
    let source = binaries::workspace().join("tests/e2e/wine/bcryptprimitives.c");
    let library = folder.join("bcryptprimitives.dll");
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let mut command = Command::new("x86_64-w64-mingw32-gcc");
    command
        .args(["-shared", "-O1", "-o"])
        .arg(library)
        .arg(source)
        .arg("-ladvapi32");
    step("stand-in library for wine", &mut command)
}
