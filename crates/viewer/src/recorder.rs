//! The thread that keeps what the supporter sees.
//!
//! It takes the newest picture at a bounded rate, so neither the session nor the window ever waits
//! for the disk.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_platform::private_file;
use aldis_record::{Full, Head, Shelf, Tape, TapeError};
use aldis_screen::{Frame, Region};
use aldis_wire::Millis;

use crate::picture::{Copied, Picture};
use crate::view::RecordProblem;

/// The time between two pictures: at most 15 a second.
const STEP: Duration = Duration::from_millis(66);

/// So often something is done though nothing changes: what rests becomes exact.
const REST: Duration = Duration::from_millis(250);

/// No more than this is lost when the app dies.
const FLUSH: Duration = Duration::from_millis(500);

/// So often the disk is asked for its room.
const LOOK: Duration = Duration::from_secs(5);

/// A recording that is about to begin.
pub(crate) struct Recorder {
    pub(crate) picture: Arc<Picture>,
    pub(crate) shelf: Shelf,
    pub(crate) head: Head,
    pub(crate) seed: u128,
}

/// A recording that is over: its file, and why it ended if nobody wanted it to.
pub(crate) struct Outcome {
    pub(crate) path: Option<PathBuf>,
    pub(crate) problem: Option<RecordProblem>,
}

impl From<TapeError> for RecordProblem {
    fn from(error: TapeError) -> Self {
        match error {
            TapeError::Write(error) if error.kind() == io::ErrorKind::StorageFull => {
                Self::Full(Full::Disk)
            }
            error => Self::System(error.to_string()),
        }
    }
}

impl Recorder {
    /// Records until [`Picture::end_copy`] is called, or until there is no more room.
    pub(crate) fn run(self) -> Outcome {
        let failed = |problem| Outcome {
            path: None,
            problem: Some(problem),
        };
        let room = match self.shelf.room() {
            Ok(room) => room,
            Err(full) => return failed(RecordProblem::Full(full)),
        };
        let (path, file) = match self.create() {
            Ok(created) => created,
            Err(error) => return failed(RecordProblem::System(error.to_string())),
        };
        let problem = self.keep(file, room).err();
        if let Some(problem) = &problem {
            tracing::warn!(?problem, "the recording ended");
        }
        Outcome {
            path: Some(path),
            problem,
        }
    }

    fn create(&self) -> io::Result<(PathBuf, File)> {
        for path in self.shelf.names(&self.head) {
            match private_file::create_new(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn keep(&self, file: File, room: u64) -> Result<(), RecordProblem> {
        let out = BufWriter::with_capacity(1 << 16, file);
        let mut tape = Tape::start(out, &self.head, self.seed)?;
        let (mut frame, mut damage) = (Frame::default(), Region::new());
        let start = now();
        let (mut flushed, mut looked) = (None::<Instant>, start);
        let mut last = start;
        let full = loop {
            let wait = (last + STEP, now() + REST);
            let copied = self.picture.copy(&mut frame, &mut damage, wait);
            last = now();
            let at = millis(last - start);
            match copied {
                Copied::Changed(pointer) => tape.record(&frame, &damage, &pointer, at)?,
                Copied::Same => tape.rest(at)?,
                Copied::Ended => break None,
            }
            if flushed.is_none_or(|flushed| last - flushed >= FLUSH) {
                tape.flush()?;
                flushed = Some(last);
            }
            if tape.bytes() >= room {
                break Some(Full::Quota);
            }
            if last - looked >= LOOK {
                looked = last;
                if self.shelf.disk() == Some(0) {
                    break Some(Full::Disk);
                }
            }
        };
        let out = tape.finish(millis(now() - start))?;
        let file = out
            .into_inner()
            .map_err(|error| TapeError::from(error.into_error()))?;
        file.sync_all().map_err(TapeError::from)?;
        match full {
            Some(full) => Err(RecordProblem::Full(full)),
            None => Ok(()),
        }
    }
}

fn millis(time: Duration) -> Millis {
    u64::try_from(time.as_millis()).unwrap_or(Millis::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the shell's clock")]
fn now() -> Instant {
    Instant::now()
}
