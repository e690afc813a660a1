//! `--stats-json`: what went through, a line a second.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aldis_viewer::{Kind, PictureStats, SessionStage, Viewer};
use anyhow::Context as _;
use serde::Serialize;

/// One second of a session.
#[derive(Serialize)]
struct Line {
    /// Updates shown in this second.
    fps: u64,
    /// UDP bytes received so far.
    bytes_in: u64,
    /// UDP bytes sent so far.
    bytes_out: u64,
    /// Bytes of coded pixels received so far.
    screen_bytes: u64,
    /// The round trip's estimate.
    rtt_ms: f64,
    /// How the session runs.
    path: &'static str,
    /// Mean time to decode an update of this second.
    decode_ms: f64,
    /// Mean time that an update of this second waited for the window.
    queue_ms: f64,
}

/// Writes until the file or the app is gone.
pub(crate) fn start(
    runtime: &tokio::runtime::Handle,
    viewer: Arc<Viewer>,
    path: &Path,
) -> anyhow::Result<()> {
    let mut file = std::fs::File::create(path)
        .with_context(|| format!("cannot write the measures to {}", path.display()))?;
    drop(runtime.spawn(async move {
        let mut before = PictureStats::default();
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            let Some(session) = viewer.view().session else {
                continue;
            };
            let (Some(link), SessionStage::Live { .. }) = (session.link, session.stage) else {
                continue;
            };
            let now = session.picture.stats();
            let line = line(&before, &now, &link);
            before = now;
            let written = serde_json::to_string(&line)
                .map_err(std::io::Error::other)
                .and_then(|line| writeln!(file, "{line}"));
            if let Err(error) = written {
                return tracing::warn!(%error, "the measures are no longer written");
            }
        }
    }));
    Ok(())
}

fn line(before: &PictureStats, now: &PictureStats, link: &aldis_viewer::Link) -> Line {
    let updates = now.updates.saturating_sub(before.updates);
    let mean = |before: Duration, now: Duration| {
        let spent = now.saturating_sub(before).as_secs_f64() * 1000.0;
        if updates == 0 {
            0.0
        } else {
            spent / updates as f64
        }
    };
    let (bytes_in, bytes_out) = link.bytes();
    Line {
        fps: updates,
        bytes_in,
        bytes_out,
        screen_bytes: now.bytes,
        rtt_ms: link.rtt().as_secs_f64() * 1000.0,
        path: match link.kind() {
            Some(Kind::Lan) => "lan",
            Some(Kind::Direct) => "direct",
            Some(Kind::Relay) => "relay",
            Some(Kind::TcpRelay) => "tcp-relay",
            None => "none",
        },
        decode_ms: mean(before.decoding, now.decoding),
        queue_ms: mean(before.queued, now.queued),
    }
}
