//! What the app remembers between two runs.

use std::path::PathBuf;

use aldis_platform::private_file::{self, PrivateFileError};
use aldis_trust::ServerName;
use aldis_ui::{Appearance, Language};
use aldis_viewer::Identity;
use aldis_viewer::record::Shelf;
use aldis_viewer::record::shelf::DEFAULT_QUOTA;
use aldis_wire::peer::Look;
use aldis_wire::signal::{Availability, Token};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// What the app remembers; whatever is missing has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The server that was signed in to last.
    pub(crate) server: String,
    /// The account that signed in last.
    pub(crate) name: String,
    /// The chosen language; `None` is the system's.
    pub(crate) language: Option<Language>,
    /// The chosen appearance.
    pub(crate) appearance: Appearance,
    /// Whether requests are taken, as chosen last.
    pub(crate) availability: Availability,
    /// How the customer's screen is to look.
    pub(crate) look: Look,
    /// Notify on the desktop.
    pub(crate) notify: bool,
    /// With a sound.
    pub(crate) sound: bool,
    /// How many bytes all recordings together may take.
    pub(crate) recordings_quota: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            server: String::new(),
            name: String::new(),
            language: None,
            appearance: Appearance::default(),
            availability: Availability::default(),
            look: Look::default(),
            notify: true,
            sound: true,
            recordings_quota: DEFAULT_QUOTA,
        }
    }
}

impl Settings {
    /// What was remembered; a file that cannot be read counts as none.
    pub(crate) fn load() -> Self {
        let bytes = path("settings.json")
            .ok()
            .and_then(|path| private_file::read(&path).ok());
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Remembers.
    pub(crate) fn save(&self) {
        if let Err(error) = write(
            "settings.json",
            &serde_json::to_vec_pretty(self).unwrap_or_default(),
        ) {
            tracing::warn!(%error, "the settings are not remembered");
        }
    }
}

/// A sign-in that is remembered.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SignIn {
    pub(crate) server: String,
    pub(crate) token: Token,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

impl SignIn {
    /// The sign-in that was remembered, if there is one.
    pub(crate) fn load() -> Option<(ServerName, Token)> {
        let bytes = private_file::read(&path("sign-in.json").ok()?).ok()?;
        let Self { server, token } = serde_json::from_slice(&bytes).ok()?;
        Some((server.parse().ok()?, token))
    }

    /// Remembers.
    pub(crate) fn save(server: &ServerName, token: Token) -> anyhow::Result<()> {
        let sign_in = Self {
            server: server.to_string(),
            token,
        };
        write("sign-in.json", &serde_json::to_vec(&sign_in)?)
    }

    /// Forgets.
    pub(crate) fn forget() {
        if let Ok(path) = path("sign-in.json")
            && let Err(error) = std::fs::remove_file(path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the sign-in is still on the disk");
        }
    }
}

/// The supporter's key: customers who allowed it need not be asked again when it comes back.
pub(crate) fn identity() -> anyhow::Result<Identity> {
    let path = path("supporter.key")?;
    match private_file::read(&path) {
        Ok(bytes) => return Ok(Identity::from_pkcs8(&bytes)?),
        Err(PrivateFileError::Missing(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let identity = Identity::generate()?;
    private_file::write(&path, &identity.to_pkcs8())?;
    Ok(identity)
}

/// Where an admin's keys are kept.
pub(crate) fn office() -> anyhow::Result<PathBuf> {
    path("office")
}

/// Where recordings are kept.
pub(crate) fn shelf(settings: &Settings) -> anyhow::Result<Shelf> {
    Ok(Shelf {
        folder: path("recordings")?,
        quota: settings.recordings_quota,
    })
}

fn write(name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    Ok(private_file::write(&path(name)?, bytes)?)
}

fn path(name: &str) -> anyhow::Result<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "aldis")
        .context("there is no home folder to remember things in; set HOME")?;
    Ok(folders.data_local_dir().join(name))
}
