//! What cargo knows about the workspace and all that it depends on.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::run;

/// One package.
#[derive(Clone, Debug, Default)]
pub(super) struct Package {
    /// Its name.
    pub(super) name: String,
    /// The names of what it depends on directly; what only its tests need is not among them.
    pub(super) dependencies: Vec<String>,
    /// Its licence, as SPDX says it.
    pub(super) licence: String,
    /// Where it comes from, or `None` if it is ours.
    pub(super) source: Option<String>,
}

/// All packages, by cargo's id.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// The packages.
    pub(super) packages: BTreeMap<String, Package>,
    /// What each depends on to run, on any platform.
    edges: BTreeMap<String, Vec<String>>,
}

impl Metadata {
    /// Asks cargo.
    pub(super) fn read() -> Result<Self> {
        let output = run::cargo()
            // An optional dependency ships, too, with whoever asks for it.
            .args(["metadata", "--format-version", "1", "--all-features"])
            .output()
            .context("cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self::parse(&serde_json::from_slice(&output.stdout)?)
    }

    fn parse(value: &Value) -> Result<Self> {
        let mut metadata = Self::default();
        for package in value["packages"].as_array().context("packages")? {
            let dependencies = package["dependencies"].as_array().context("dependencies")?;
            let dependencies = dependencies
                .iter()
                // A test may bring a real counterpart from beside or above what it tests.
                .filter(|it| it["kind"] != "dev")
                .filter_map(|it| it["name"].as_str())
                .map(str::to_owned)
                .collect();
            let text = |key: &str| package[key].as_str().map(str::to_owned);
            metadata.packages.insert(
                text("id").context("an id")?,
                Package {
                    name: text("name").context("a name")?,
                    dependencies,
                    licence: text("license").unwrap_or_default(),
                    source: text("source"),
                },
            );
        }
        for node in value["resolve"]["nodes"].as_array().context("resolve")? {
            let to_run = |dependency: &&Value| {
                dependency["dep_kinds"]
                    .as_array()
                    .is_none_or(|kinds| kinds.iter().any(|it| it["kind"].is_null()))
            };
            let dependencies = node["deps"].as_array().context("deps")?;
            let ids = dependencies
                .iter()
                .filter(to_run)
                .filter_map(|it| it["pkg"].as_str())
                .map(str::to_owned);
            metadata.edges.insert(
                node["id"].as_str().context("an id")?.to_owned(),
                ids.collect(),
            );
        }
        Ok(metadata)
    }

    /// Our own packages.
    pub(super) fn members(&self) -> Vec<Package> {
        self.packages
            .values()
            .filter(|package| package.source.is_none())
            .cloned()
            .collect()
    }

    /// The names of all that the package of ours with this name pulls in to run.
    pub(super) fn closure(&self, name: &str) -> BTreeSet<String> {
        let is_it = |package: &Package| package.source.is_none() && package.name == name;
        let mut todo: Vec<&String> = self
            .packages
            .iter()
            .filter(|(_, package)| is_it(package))
            .map(|(id, _)| id)
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if seen.insert(id) {
                todo.extend(self.edges.get(id).into_iter().flatten());
            }
        }
        seen.into_iter()
            .filter_map(|id| self.packages.get(id))
            .map(|package| package.name.clone())
            .collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A workspace of two packages, one of which pulls in `mio` through `helper`.
    pub(in crate::tidy) fn small() -> Metadata {
        let package = |name: &str, source: Option<&str>, dependencies: &[&str]| {
            serde_json::json!({
                "id": name, "name": name, "source": source, "license": "MIT",
                "dependencies": dependencies.iter().map(|it| serde_json::json!({ "name": it })).collect::<Vec<_>>(),
            })
        };
        let node = |id: &str, dependencies: &[(&str, Option<&str>)]| {
            let one = |(id, kind): &(&str, Option<&str>)| serde_json::json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
            serde_json::json!({ "id": id, "deps": dependencies.iter().map(one).collect::<Vec<_>>() })
        };
        Metadata::parse(&serde_json::json!({
            "packages": [
                package("aldis-session", None, &["helper"]),
                package("aldis-wire", None, &["tester"]),
                package("helper", Some("registry"), &["mio"]),
                package("mio", Some("registry"), &[]),
                package("tester", Some("registry"), &["mio"]),
            ],
            "resolve": { "nodes": [
                node("aldis-session", &[("helper", None)]),
                node("aldis-wire", &[("tester", Some("dev"))]),
                node("helper", &[("mio", None)]),
                node("mio", &[]),
                node("tester", &[("mio", None)]),
            ] },
        }))
        .expect("a small workspace")
    }

    #[test]
    fn the_closure_follows_what_runs_and_not_what_tests() {
        assert!(small().closure("aldis-session").contains("mio"));
        assert!(!small().closure("aldis-wire").contains("mio"));
    }
}
