//! The front door: only what a visitor should see first.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// All that may lie at the top; hidden files are settings, and `target` is never committed.
const ALLOWED: &[&str] = &[
    "apps",
    "assets",
    "Cargo.lock",
    "Cargo.toml",
    "crates",
    "installers",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "target",
    "tests",
];

/// Everything at the top that does not belong there.
pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(breaches(&names))
}

fn breaches(names: &[String]) -> Vec<String> {
    let stray = names
        .iter()
        .filter(|name| !name.starts_with('.') && !ALLOWED.contains(&name.as_str()));
    stray
        .map(|name| format!("{name} does not belong at the top level"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_file_is_found() {
        let names = ["Cargo.toml", ".ci", "notes.txt"].map(str::to_owned);
        assert_eq!(
            breaches(&names),
            ["notes.txt does not belong at the top level"]
        );
    }
}
