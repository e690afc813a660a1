//! What the app remembers between two runs.

use std::path::PathBuf;

use aldis_host::Known;
use aldis_platform::private_file::{self, PrivateFileError};
use aldis_trust::ServerName;
use aldis_ui::{Appearance, Language};
use aldis_wire::signal::{RejoinSecret, Source};
use serde::{Deserialize, Serialize};

/// What the app remembers; whatever is missing has a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The server that was joined last.
    pub(crate) server: String,
    /// The chosen language; `None` is the system's.
    pub(crate) language: Option<Language>,
    /// The chosen appearance.
    pub(crate) appearance: Appearance,
    /// The organisations whose digits were typed once.
    pub(crate) met: Vec<Met>,
}

/// An organisation that this machine knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Met {
    /// Its root, as a fingerprint is written.
    root: String,
    /// The number of the newest revocation list that was seen of it.
    list: u64,
}

impl Met {
    pub(crate) fn of(known: &Known) -> Self {
        Self {
            root: known.root.to_string(),
            list: known.list,
        }
    }

    /// `None` if the file was damaged.
    pub(crate) fn known(&self) -> Option<Known> {
        Some(Known {
            root: self.root.parse().ok()?,
            list: self.list,
        })
    }
}

impl Settings {
    /// What was remembered; a file that cannot be read counts as none.
    pub(crate) fn load() -> Self {
        let bytes = path("settings.json").and_then(|path| private_file::read(&path).ok());
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Remembers; what cannot be remembered is asked again next time.
    pub(crate) fn save(&self) {
        let (Some(path), Ok(bytes)) = (path("settings.json"), serde_json::to_vec_pretty(self))
        else {
            return;
        };
        if let Err(error) = private_file::write(&path, &bytes) {
            tracing::warn!(%error, "the settings are not remembered");
        }
    }
}

/// The secret by which this machine may come back to its case on this server.
///
/// One a server, so that two servers cannot tell that they know the same machine.
pub(crate) fn rejoin_secret(server: &ServerName) -> RejoinSecret {
    let name = format!("rejoin-{:.16}.key", server.fingerprint.to_string());
    let path = path(&name);
    if let Some(path) = &path {
        match private_file::read(path).map(RejoinSecret::try_from) {
            Ok(Ok(secret)) => return secret,
            Ok(Err(_)) | Err(PrivateFileError::Missing(_)) => {}
            Err(error) => tracing::warn!(%error, "this machine cannot come back to its case"),
        }
    }
    let mut secret = RejoinSecret::default();
    if getrandom::fill(&mut secret).is_err() {
        tracing::error!("the system gives no randomness");
    }
    if let Some(path) = path
        && let Err(error) = private_file::write(&path, &secret)
    {
        tracing::warn!(%error, "this machine cannot come back to its case");
    }
    secret
}

/// What this machine is.
pub(crate) fn source() -> Source {
    Source {
        address: String::new(),
        device: whoami::devicename()
            .ok()
            .filter(|name| !name.is_empty())
            .or_else(|| whoami::hostname().ok())
            .unwrap_or_default(),
        system: whoami::distro().unwrap_or_default(),
        app: concat!("aldis-sos ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

fn path(name: &str) -> Option<PathBuf> {
    Some(folder()?.join(name))
}

/// Where the app keeps its files; `None` for a person without a home.
pub(crate) fn folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "aldis-sos")?;
    Some(folders.data_local_dir().to_owned())
}
