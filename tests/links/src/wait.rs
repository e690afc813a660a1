//! Waiting for what must happen.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// How long anything may take that a person waits for.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// What the future gives, or an error that says what did not happen.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(PATIENCE, future)
        .await
        .with_context(|| format!("{what} did not happen within {} s", PATIENCE.as_secs()))
}
