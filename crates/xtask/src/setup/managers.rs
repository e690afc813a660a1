//! The package managers: how each is asked and told.

use std::fmt;
use std::process::Command;

use anyhow::{Context as _, Result};

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    /// Debian, Ubuntu and their kin.
    Apt,
    /// Fedora and its kin.
    Dnf,
    /// Arch and its kin.
    Pacman,
    /// openSUSE.
    Zypper,
    /// macOS.
    Brew,
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program())
    }
}

impl Manager {
    /// All of them, in the order they are looked for.
    pub(super) const ALL: [Self; 5] =
        [Self::Apt, Self::Dnf, Self::Pacman, Self::Zypper, Self::Brew];

    /// The one that this machine has.
    pub(super) fn find() -> Option<Self> {
        Self::ALL.into_iter().find(|manager| {
            let (program, arguments) = manager.query();
            crate::run::works(manager.program(), &["--version"])
                && Command::new(program).args(arguments).output().is_ok()
        })
    }

    /// Whether its column of the table has been used on a real machine.
    pub(super) fn is_tried(self) -> bool {
        self == Self::Apt
    }

    fn program(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Pacman => "pacman",
            Self::Zypper => "zypper",
            Self::Brew => "brew",
        }
    }

    /// The program that tells of one package whether it is installed.
    fn query(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Apt => ("dpkg-query", &["-W", "-f=${db:Status-Status}"]),
            Self::Dnf | Self::Zypper => ("rpm", &["-q"]),
            Self::Pacman => ("pacman", &["-Q"]),
            Self::Brew => ("brew", &["list", "--versions"]),
        }
    }

    /// Those of these packages that are not installed.
    pub(super) fn missing<'a>(self, packages: &[&'a str]) -> Result<Vec<&'a str>> {
        let (program, arguments) = self.query();
        let mut missing = Vec::new();
        for package in packages {
            let output = Command::new(program)
                .args(arguments)
                .arg(package)
                .output()
                .with_context(|| format!("asking {program} for {package}"))?;
            // dpkg also knows packages that were removed and left their settings.
            let installed =
                output.status.success() && (self != Self::Apt || output.stdout == b"installed");
            if !installed && !missing.contains(package) {
                missing.push(*package);
            }
        }
        Ok(missing)
    }

    /// The command that fetches the list of packages, where there is one.
    pub(super) fn refresh_command(self, root: bool) -> Option<Vec<String>> {
        match self {
            Self::Apt => Some(self.privileged(root, &["apt-get", "update", "-qq"])),
            Self::Dnf | Self::Pacman | Self::Zypper | Self::Brew => None,
        }
    }

    /// The command that installs these packages.
    pub(super) fn install_command(self, packages: &[&str], root: bool) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Apt => &["apt-get", "install", "-y", "-qq", "--no-install-recommends"],
            Self::Dnf => &["dnf", "install", "-y"],
            Self::Pacman => &["pacman", "-S", "--needed", "--noconfirm"],
            Self::Zypper => &["zypper", "--non-interactive", "install"],
            Self::Brew => &["brew", "install"],
        };
        let mut command = self.privileged(root, words);
        command.extend(packages.iter().map(|package| (*package).to_owned()));
        command
    }

    /// The command with the rights that it needs.
    fn privileged(self, root: bool, words: &[&str]) -> Vec<String> {
        let sudo = (!root && self != Self::Brew).then_some("sudo");
        sudo.into_iter()
            .chain(words.iter().copied())
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_without_rights_ask_for_them() {
        assert_eq!(
            Manager::Apt
                .install_command(&["gcc"], true)
                .first()
                .map(String::as_str),
            Some("apt-get")
        );
        assert_eq!(
            Manager::Dnf
                .install_command(&["gcc"], false)
                .first()
                .map(String::as_str),
            Some("sudo")
        );
        assert_eq!(
            Manager::Brew.install_command(&["gcc"], false),
            ["brew", "install", "gcc"]
        );
    }
}
