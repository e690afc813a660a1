//! The service desk with thousands of customers.

use std::path::Path;
use std::process::Command;

use aldis_e2e::binaries;
use anyhow::Result;

use super::scroll;
use crate::run::{cargo, step};
use crate::setup::{self, Consent, Purpose};

/// Builds, lets so many customers come, and scrolls through so many cases.
pub(super) fn run(
    consent: Consent,
    customers: Option<u32>,
    data: Option<&Path>,
    rows: u32,
    release: bool,
) -> Result<()> {
    setup::ensure(&[Purpose::Build, Purpose::Run, Purpose::Test], consent)?;
    let mut build = cargo();
    build.arg("build");
    for package in ["aldis-server", "aldis-supporter", "aldis-crowd"] {
        build.args(["--package", package]);
    }
    if release {
        build.arg("--release");
    }
    step("build", &mut build)?;
    let folder = binaries::target().join(if release { "release" } else { "debug" });
    let crowd = folder.join("aldis-crowd");
    if let Some(customers) = customers {
        let mut measure = Command::new(&crowd);
        measure
            .args(["measure", "--customers", &customers.to_string()])
            .arg("--server")
            .arg(folder.join("aldis-server"));
        if let Some(data) = data {
            measure.arg("--data").arg(data);
        }
        step(&format!("{customers} customers come"), &mut measure)?;
    }
    scroll::run(&folder, &crowd, rows)
}
