//! The service desk with thousands of customers.

use std::path::Path;

use aldis_e2e::binaries;
use anyhow::Result;

use crate::run::{cargo, step};

/// Builds the server and the crowd, and lets the crowd come.
pub(super) fn run(customers: u32, data: Option<&Path>, release: bool) -> Result<()> {
    let mut build = cargo();
    build.args([
        "build",
        "--package",
        "aldis-server",
        "--package",
        "aldis-crowd",
    ]);
    if release {
        build.arg("--release");
    }
    step("build", &mut build)?;
    let folder = binaries::target().join(if release { "release" } else { "debug" });
    let mut crowd = std::process::Command::new(folder.join("aldis-crowd"));
    crowd.arg("--server").arg(folder.join("aldis-server"));
    crowd.args(["--customers", &customers.to_string()]);
    if let Some(data) = data {
        crowd.arg("--data").arg(data);
    }
    step(&format!("{customers} customers come"), &mut crowd)
}
