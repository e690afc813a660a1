//! `--frame-times`: how long the window took for each frame, a line of JSON a frame.
//!
//! A frame is everything between the system's word that the window be painted and the finished
//! swap: the app's logic, the layout, the tessellation and, where the processor paints in place of
//! a graphics card, the painting too.

use std::fs::File;
use std::io::{LineWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use aldis_present::OnFrame;
use anyhow::Context as _;
use serde::Serialize;

/// One frame.
#[derive(Serialize)]
struct Line {
    /// When it began, since the window's start.
    at_ms: f64,
    /// How long it took.
    took_ms: f64,
}

/// Makes the file.
pub(crate) fn file(path: &Path) -> anyhow::Result<File> {
    File::create(path)
        .with_context(|| format!("cannot write the frames' times to {}", path.display()))
}

/// Writes down every frame that it is told of.
pub(crate) fn write(file: File) -> OnFrame<'static> {
    let start = now();
    // `None` once it could not be written.
    let mut file = Some(LineWriter::new(file));
    Box::new(move |began, took| {
        let line = Line {
            at_ms: began.saturating_duration_since(start).as_secs_f64() * 1000.0,
            took_ms: took.as_secs_f64() * 1000.0,
        };
        let Some(open) = &mut file else {
            return;
        };
        let written = serde_json::to_string(&line)
            .map_err(std::io::Error::other)
            .and_then(|line| writeln!(open, "{line}"));
        if let Err(error) = written {
            tracing::warn!(%error, "the frames' times are no longer written");
            file = None;
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}
