//! Other programs, run with their output in view.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use aldis_e2e::binaries;
use anyhow::{Context as _, Result, bail};

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(binaries::workspace());
    // What cargo tells this program about itself must not reach the next one: ring's build script watches these
    // names, and would compile anew whenever a build from here follows one from a shell.
    for (name, _) in env::vars_os() {
        let told = |prefix: &str| name.to_str().is_some_and(|name| name.starts_with(prefix));
        if [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ]
        .into_iter()
        .any(told)
        {
            command.env_remove(name);
        }
    }
    command
}

/// Says what is run, runs it, and fails if it does.
pub(crate) fn step(what: &str, command: &mut Command) -> Result<()> {
    println!("── {what}");
    let status = command
        .status()
        .with_context(|| format!("{what}: starting {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Whether a program with these arguments can be started and succeeds.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Builds the three programs that ship and gives the folder they are in.
pub(crate) fn build_apps(release: bool) -> Result<PathBuf> {
    let mut command = cargo();
    command.args([
        "build",
        "-p",
        "aldis-supporter",
        "-p",
        "aldis-customer",
        "-p",
        "aldis-server",
    ]);
    if release {
        command.arg("--release");
    }
    step("build", &mut command)?;
    Ok(binaries::target().join(if release { "release" } else { "debug" }))
}
