//! Everything we ship is under a licence on the list of `.deny.toml`, and comes from crates.io.
//!
//! The same list as `cargo deny` reads, so that the rule holds where cargo-deny is not installed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::metadata::{Metadata, Package};
use super::spdx;

/// Where cargo says that a package comes from when it is from crates.io.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What `.deny.toml` says, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rules {
    allowed: Vec<String>,
    exceptions: BTreeMap<String, Vec<String>>,
    banned: Vec<String>,
}

/// Every package that breaks the rules.
pub(super) fn check(root: &Path, metadata: &Metadata) -> Result<Vec<String>> {
    let text = fs::read_to_string(root.join(".deny.toml")).context("reading .deny.toml")?;
    let rules = Rules::parse(&text)?;
    Ok(metadata
        .packages
        .values()
        .filter_map(|package| rules.breach(package))
        .collect())
}

impl Rules {
    /// Reads the lists out of the file; one entry a line, as it is written there.
    fn parse(text: &str) -> Result<Self> {
        let mut rules = Self::default();
        let (mut section, mut list) = ("", "");
        for line in text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default().trim())
        {
            let strings = || line.split('"').skip(1).step_by(2).map(str::to_owned);
            if line.starts_with('[') && line.ends_with(']') && !line.contains('"') {
                section = line.trim_matches(['[', ']']);
            } else if let Some((key, value)) =
                line.split_once(" = [").filter(|_| !line.starts_with('{'))
            {
                list = if value.contains(']') { "" } else { key };
            } else if line.starts_with(']') {
                list = "";
            } else {
                match (section, list) {
                    ("licenses", "allow") => rules.allowed.extend(strings()),
                    ("licenses", "exceptions") => {
                        let mut words = strings();
                        if let Some(name) = words.next() {
                            rules.exceptions.insert(name, words.collect());
                        }
                    }
                    ("bans", "deny") => rules.banned.extend(strings().take(1)),
                    _ => {}
                }
            }
        }
        ensure!(
            !rules.allowed.is_empty(),
            ".deny.toml allows no licence at all"
        );
        Ok(rules)
    }

    fn breach(&self, package: &Package) -> Option<String> {
        let name = &package.name;
        let mut allowed = self.allowed.clone();
        allowed.extend(self.exceptions.get(name).into_iter().flatten().cloned());
        if !spdx::is_allowed(&package.licence, &allowed) {
            return Some(format!(
                "{name} is under the licence {:?}, which is not allowed",
                package.licence
            ));
        }
        if self.banned.contains(name) {
            return Some(format!("{name} is banned"));
        }
        let foreign = package
            .source
            .as_deref()
            .filter(|source| *source != CRATES_IO)?;
        Some(format!("{name} comes from {foreign}, not from crates.io"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "[licenses]\nallow = [\n  \"MIT\", # fine\n]\nexceptions = [\n  { name = \"odd\", allow = [\"MPL-2.0\"] },\n]\n\
                         [bans]\ndeny = [\n  { name = \"openssl-sys\" },\n]\n";

    fn package(name: &str, licence: &str, source: Option<&str>) -> Package {
        let source = source.map(str::to_owned);
        Package {
            name: name.to_owned(),
            licence: licence.to_owned(),
            source,
            ..Package::default()
        }
    }

    #[test]
    fn the_lists_are_read() {
        let rules = Rules::parse(RULES).expect("rules");
        assert_eq!(rules.allowed, ["MIT"]);
        assert_eq!(
            rules.exceptions.get("odd"),
            Some(&vec!["MPL-2.0".to_owned()])
        );
        assert_eq!(rules.banned, ["openssl-sys"]);
        assert!(Rules::parse("").is_err());
    }

    #[test]
    fn what_breaks_the_rules_is_found() {
        let rules = Rules::parse(RULES).expect("rules");
        assert_eq!(rules.breach(&package("ours", "MIT", None)), None);
        assert_eq!(
            rules.breach(&package("odd", "MPL-2.0", Some(CRATES_IO))),
            None
        );
        assert!(
            rules
                .breach(&package("other", "MPL-2.0", Some(CRATES_IO)))
                .is_some()
        );
        assert!(
            rules
                .breach(&package("none", "", Some(CRATES_IO)))
                .is_some()
        );
        assert!(
            rules
                .breach(&package("openssl-sys", "MIT", Some(CRATES_IO)))
                .is_some()
        );
        assert!(
            rules
                .breach(&package(
                    "fork",
                    "MIT",
                    Some("git+https://example.org/fork")
                ))
                .is_some()
        );
    }
}
