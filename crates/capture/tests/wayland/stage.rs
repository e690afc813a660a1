//! A test on a desktop of its own, and what it waits for.

use std::time::{Duration, Instant};

use aldis_capture::{Changes, Source};
use aldis_e2e::{Picture, Sway, SwayOptions};
use aldis_screen::{Frame, Region};

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// How long a whole test may take.
const WHOLE: Duration = Duration::from_mins(2);

/// Runs a test on a new desktop.
///
/// The test runs in a process of its own there, because a process has one desktop and one user.
pub(crate) fn on_sway(test: &str, options: SwayOptions<'_>, inside: impl FnOnce(&Sway)) {
    if let Some(desktop) = Sway::here() {
        tracing_subscriber::fmt()
            .with_env_filter("aldis_capture=debug")
            .with_writer(std::io::stderr)
            .init();
        return inside(&desktop);
    }
    if let Some(why) = Sway::missing() {
        println!("skipped: {why}");
        return;
    }
    let desktop = Sway::start(&format!("capture-{test}"), "desktop", options).unwrap();
    desktop.run_again(test, WHOLE).unwrap();
}

/// The frame as a picture.
pub(crate) fn picture(frame: &Frame) -> Picture {
    let (pixels, _) = frame.data().as_chunks::<4>();
    let pixels = pixels.iter().map(|[blue, green, red, alpha]| {
        assert_eq!(*alpha, 255);
        u32::from_be_bytes([0, *red, *green, *blue])
    });
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    Picture::new(width, height, pixels.collect()).unwrap()
}

/// Waits until the changes have what is asked for.
pub(crate) fn wait_for(source: &mut dyn Source, wanted: impl Fn(&Changes) -> bool) -> Changes {
    let start = Instant::now();
    loop {
        let changes = source.wait(Some(LIMIT)).unwrap();
        if wanted(&changes) {
            return changes;
        }
        assert!(
            start.elapsed() < LIMIT,
            "in vain, the last were {changes:?}"
        );
    }
}

/// Follows the screen, as the owner of a source does, until the frame shows what is wanted.
pub(crate) fn follow(
    source: &mut dyn Source,
    frame: &mut Frame,
    what: &str,
    wanted: impl Fn(&Picture) -> bool,
) {
    let start = Instant::now();
    loop {
        source.grab(frame, &mut Region::new()).unwrap();
        if wanted(&picture(frame)) {
            return;
        }
        if start.elapsed() > LIMIT {
            let file = std::path::Path::new(&std::env::var("HOME").unwrap()).join("seen.png");
            picture(frame).save(&file).unwrap();
            panic!("in vain for {what}; what was seen is in {}", file.display());
        }
        // What else happens need not be a change of the screen; so the frame is looked at now and then.
        source.wait(Some(Duration::from_millis(500))).unwrap();
    }
}

/// Takes what there is from the start, so that only later changes remain.
pub(crate) fn settle(source: &mut dyn Source, frame: &mut Frame) {
    loop {
        source.grab(frame, &mut Region::new()).unwrap();
        let changes = source.wait(Some(Duration::from_millis(400))).unwrap();
        if changes.is_empty() {
            return;
        }
    }
}
