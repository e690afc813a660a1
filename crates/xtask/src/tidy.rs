//! The rules of the house that no compiler knows.

mod layers;
mod licences;
mod metadata;
mod purity;
mod spdx;
mod texts;
mod top_level;

use anyhow::{Result, bail};

use metadata::Metadata;

/// The task `tidy`: all checks, and every breach at once.
pub(crate) fn run() -> Result<()> {
    let root = aldis_e2e::binaries::workspace();
    let metadata = Metadata::read()?;
    let mut breaches = layers::check(&metadata.members());
    breaches.extend(purity::check_dependencies(&metadata));
    breaches.extend(purity::check_sources(&root)?);
    breaches.extend(licences::check(&root, &metadata)?);
    breaches.extend(top_level::check(&root)?);
    breaches.extend(texts::check(&root)?);
    if breaches.is_empty() {
        println!("tidy: layers, purity, licences, texts and the top level are as they should be");
        return Ok(());
    }
    bail!(
        "{} breaches of the house's rules:\n  {}",
        breaches.len(),
        breaches.join("\n  ")
    );
}
