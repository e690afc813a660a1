//! A recording plays by itself, at the speed that is wished, and from wherever one wants.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use aldis_screen::{Frame, Pointer, Region};
use aldis_viewer::record::shelf::DEFAULT_QUOTA;
use aldis_viewer::record::{Head, Shelf, Tape};
use aldis_viewer::{Export, Library, Playing, Replay, ReplayStage};

/// How long anything may take on a slow machine.
const SOON: Duration = Duration::from_secs(20);

/// An hour in which the screen changes its colour four times.
const COLOURS: [(u64, u8); 4] = [(0, 10), (1_000, 60), (1_500_000, 110), (3_600_000, 160)];

fn plain(value: u8) -> Frame {
    let mut frame = Frame::new(64, 48).unwrap();
    for pixel in frame.data_mut().chunks_exact_mut(4) {
        pixel[..3].fill(value);
    }
    frame
}

fn recording(folder: &tempfile::TempDir) -> PathBuf {
    let head = Head {
        case: "s12-345-678".to_owned(),
        ..Head::default()
    };
    let mut tape = Tape::start(Vec::new(), &head, 7).unwrap();
    let mut whole = Region::new();
    whole.add(plain(0).bounds());
    for (at, value) in COLOURS {
        let pointer = Pointer::default();
        tape.record(&plain(value), &whole, &pointer, at).unwrap();
    }
    let path = folder.path().join("one.aldisrec");
    std::fs::write(&path, tape.finish(3_600_500).unwrap()).unwrap();
    path
}

fn open(path: PathBuf) -> (Replay, Receiver<()>) {
    let (told, hears) = sync_channel(1);
    let replay = Replay::open(path, move |_| told.try_send(()).unwrap_or_default());
    (replay, hears)
}

/// Waits until the replay says so.
fn until(replay: &Replay, hears: &Receiver<()>, so: impl Fn(&Playing) -> bool) -> Playing {
    loop {
        let playing = replay.playing();
        if so(&playing) {
            return playing;
        }
        hears.recv_timeout(SOON).unwrap();
    }
}

/// The one colour of the picture.
fn colour(replay: &Replay) -> u8 {
    let mut colour = 0;
    replay.picture().look(&mut |frame, _| {
        colour = frame.data()[0];
        true
    });
    colour
}

#[test]
fn an_idle_hour_is_skipped_and_the_end_stays_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let (replay, hears) = open(recording(&folder));
    replay.set_skips(true);
    replay.set_speed(16.0);
    let end = until(&replay, &hears, |playing| {
        matches!(playing.stage, ReplayStage::Ready { .. }) && !playing.plays
    });
    assert_eq!((end.position, colour(&replay)), (3_600_500, 160));
    // Playing on begins anew.
    replay.set_skips(false);
    replay.play(true);
    let again = until(&replay, &hears, |playing| playing.position < 3_600_000);
    assert!(again.plays);
}

#[test]
fn one_can_go_anywhere_while_it_rests() {
    let folder = tempfile::tempdir().unwrap();
    let (replay, hears) = open(recording(&folder));
    replay.play(false);
    until(&replay, &hears, |playing| {
        matches!(
            &playing.stage,
            ReplayStage::Ready {
                length: 3_600_500,
                finished: true,
                ..
            }
        )
    });
    for (at, value) in COLOURS.into_iter().rev().chain(COLOURS) {
        replay.seek(at + 300);
        while colour(&replay) != value {
            hears.recv_timeout(SOON).unwrap();
        }
        assert_eq!(replay.playing().position, at + 300);
        assert!(!replay.playing().plays);
    }
}

#[test]
fn what_is_no_recording_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.aldisrec");
    std::fs::write(&path, b"something else").unwrap();
    let (replay, hears) = open(path);
    let failed = until(&replay, &hears, |playing| {
        playing.stage != ReplayStage::Opening
    });
    assert!(
        matches!(failed.stage, ReplayStage::Failed(reason) if reason.contains("not a recording"))
    );
}

#[test]
fn the_library_lists_exports_and_deletes() {
    let folder = tempfile::tempdir().unwrap();
    let path = recording(&folder);
    let (told, hears) = sync_channel(1);
    let shelf = Shelf {
        folder: folder.path().to_owned(),
        quota: DEFAULT_QUOTA,
    };
    let library = Library::new(shelf, move || told.try_send(()).unwrap_or_default());
    let wait = |so: &dyn Fn() -> bool| {
        while !so() {
            hears.recv_timeout(SOON).unwrap();
        }
    };
    library.refresh();
    wait(&|| library.view().list.is_some_and(|list| list.len() == 1));
    let to = folder.path().join("film.mp4");
    library.export(path.clone(), to.clone());
    wait(&|| library.view().export == Some(Export::Done(to.clone())));
    assert!(to.metadata().unwrap().len() > 100);
    library.delete(path);
    wait(&|| library.view().list.is_some_and(|list| list.is_empty()));
}
