//! Imports point down only.

use super::metadata::Package;

/// The layers, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// The words that all speak; the lowest.
    Wire,
    /// Knows no system and no clock.
    Pure,
    /// Knows the system.
    Adapter,
    /// Owns runtime and clock.
    Shell,
    /// A program.
    App,
    /// Builds and tests the others; nobody depends on it.
    Tool,
}

/// The table of the design document.
const LAYERS: &[(Layer, &[&str])] = &[
    (Layer::Wire, &["wire"]),
    (Layer::Pure, &["desk", "session", "path", "screen", "trust"]),
    (
        Layer::Adapter,
        &[
            "link", "capture", "inject", "platform", "present", "record", "store",
        ],
    ),
    (Layer::Shell, &["host", "viewer", "rendezvous", "ui", "cli"]),
    (Layer::App, &["supporter", "customer", "server"]),
    (
        Layer::Tool,
        &[
            "xtask", "crowd", "e2e", "powercut", "guild", "scenes", "stage", "sim", "links",
            "netlab", "fuzz",
        ],
    ),
];

/// The layer of the package `aldis-NAME`, or `None` if it is not in the table.
pub(super) fn layer_of(package: &str) -> Option<Layer> {
    let name = package.strip_prefix("aldis-")?;
    LAYERS
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(layer, _)| *layer)
}

/// The packages that must be pure.
pub(super) fn pure_packages() -> impl Iterator<Item = String> {
    LAYERS
        .iter()
        .filter(|(layer, _)| *layer <= Layer::Pure)
        .flat_map(|(_, names)| names.iter())
        .map(|name| format!("aldis-{name}"))
}

/// Every dependency between our packages that does not point down.
pub(super) fn check(members: &[Package]) -> Vec<String> {
    let mut breaches = Vec::new();
    for package in members {
        let Some(layer) = layer_of(&package.name) else {
            breaches.push(format!(
                "{} is in no layer; add it to the table in tidy/layers.rs",
                package.name
            ));
            continue;
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|it| it.starts_with("aldis-"))
        {
            let below =
                layer_of(dependency).is_none_or(|other| other < layer || layer == Layer::Tool);
            if !below {
                breaches.push(format!(
                    "{} must not import {dependency}: it is not below it",
                    package.name
                ));
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        let dependencies = dependencies.iter().map(|it| (*it).to_owned()).collect();
        Package {
            name: name.to_owned(),
            dependencies,
            ..Package::default()
        }
    }

    #[test]
    fn down_is_fine() {
        let members = [
            package("aldis-wire", &["serde"]),
            package("aldis-session", &["aldis-wire"]),
            package("aldis-inject", &["aldis-session", "aldis-wire"]),
            package("aldis-host", &["aldis-inject", "tokio"]),
            package("aldis-customer", &["aldis-host", "aldis-ui"]),
            package("aldis-xtask", &["aldis-e2e"]),
        ];
        assert_eq!(check(&members), Vec::<String>::new());
    }

    #[test]
    fn up_and_sideways_are_found() {
        for (name, dependency) in [
            ("aldis-wire", "aldis-session"),
            ("aldis-session", "aldis-inject"),
            ("aldis-session", "aldis-trust"),
            ("aldis-capture", "aldis-link"),
            ("aldis-ui", "aldis-viewer"),
            ("aldis-host", "aldis-customer"),
            ("aldis-customer", "aldis-e2e"),
        ] {
            assert_eq!(
                check(&[package(name, &[dependency])]).len(),
                1,
                "{name} → {dependency}"
            );
        }
    }

    #[test]
    fn a_package_that_nobody_placed_is_found() {
        assert_eq!(check(&[package("aldis-surprise", &[])]).len(), 1);
    }
}
