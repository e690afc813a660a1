//! Where the programs under test are.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The folder for build output.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace().join("target"), |dir| workspace().join(dir))
}

/// The three programs of one build.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The build that this very test (or tool) belongs to.
    pub fn beside_me() -> Result<Self> {
        let me = env::current_exe().context("where is this program?")?;
        let mut folder = me.parent().context("this program lies in no folder")?;
        if folder.ends_with("deps") {
            folder = folder.parent().unwrap_or(folder);
        }
        Ok(Self::at(folder))
    }

    /// The build in `folder`.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
        }
    }

    /// The supporter's app.
    pub fn supporter(&self) -> Result<PathBuf> {
        self.find("aldis")
    }

    /// The customer's app.
    pub fn customer(&self) -> Result<PathBuf> {
        self.find("aldis-sos")
    }

    /// The server.
    pub fn server(&self) -> Result<PathBuf> {
        self.find("aldis-server")
    }

    /// The customer's app as a Windows program, if `cargo xtask platforms` has built it.
    pub fn customer_for_windows() -> Option<PathBuf> {
        let path = target().join("windows/x86_64-pc-windows-gnu/debug/aldis-sos.exe");
        path.is_file().then_some(path)
    }

    fn find(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        if !path.is_file() {
            bail!(
                "{} is not built; run `cargo xtask test`, which builds what the tests start",
                path.display()
            );
        }
        Ok(path)
    }
}
