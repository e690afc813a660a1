//! `--frame-times`: how long the window took for each frame, a line of JSON a frame.
//!
//! A frame is everything between the system's word that the window be painted and the finished
//! swap: the app's logic, the layout, the tessellation and, where the processor paints in place of
//! a graphics card, the painting too.
//! Only who asks for it pays for it: without the option eframe runs the window itself.

use std::fs::File;
use std::io::{LineWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use eframe::{AppCreator, EframeWinitApplication, NativeOptions, UserEvent};
use serde::Serialize;
use winit::application::ApplicationHandler;
use winit::event::{DeviceEvent, DeviceId, StartCause, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoop};
use winit::window::WindowId;

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

/// Runs the window to its end and writes down each of its frames.
pub(crate) fn run(
    name: &str,
    options: NativeOptions,
    create: AppCreator<'_>,
    file: File,
) -> anyhow::Result<()> {
    let events = EventLoop::<UserEvent>::with_user_event().build()?;
    let mut timed = Timed {
        window: eframe::create_native(name, options, create, &events),
        file: Some(LineWriter::new(file)),
        start: now(),
    };
    events.run_app(&mut timed)?;
    Ok(())
}

/// The window, with a watch held beside it.
struct Timed<'a> {
    window: EframeWinitApplication<'a>,
    /// `None` once it could not be written.
    file: Option<LineWriter<File>>,
    start: Instant,
}

impl Timed<'_> {
    fn write(&mut self, began: Instant) {
        let ended = now();
        let milliseconds = |from, to: Instant| to.duration_since(from).as_secs_f64() * 1000.0;
        let line = Line {
            at_ms: milliseconds(self.start, began),
            took_ms: milliseconds(began, ended),
        };
        let Some(file) = &mut self.file else {
            return;
        };
        let written = serde_json::to_string(&line)
            .map_err(std::io::Error::other)
            .and_then(|line| writeln!(file, "{line}"));
        if let Err(error) = written {
            tracing::warn!(%error, "the frames' times are no longer written");
            self.file = None;
        }
    }
}

impl ApplicationHandler<UserEvent> for Timed<'_> {
    fn window_event(&mut self, active: &ActiveEventLoop, window: WindowId, event: WindowEvent) {
        let is_frame = matches!(event, WindowEvent::RedrawRequested);
        let began = now();
        self.window.window_event(active, window, event);
        if is_frame {
            self.write(began);
        }
    }

    // Everything else only passes through.

    fn resumed(&mut self, active: &ActiveEventLoop) {
        self.window.resumed(active);
    }

    fn new_events(&mut self, active: &ActiveEventLoop, cause: StartCause) {
        self.window.new_events(active, cause);
    }

    fn user_event(&mut self, active: &ActiveEventLoop, event: UserEvent) {
        self.window.user_event(active, event);
    }

    fn device_event(&mut self, active: &ActiveEventLoop, device: DeviceId, event: DeviceEvent) {
        self.window.device_event(active, device, event);
    }

    fn about_to_wait(&mut self, active: &ActiveEventLoop) {
        self.window.about_to_wait(active);
    }

    fn suspended(&mut self, active: &ActiveEventLoop) {
        self.window.suspended(active);
    }

    fn exiting(&mut self, active: &ActiveEventLoop) {
        self.window.exiting(active);
    }

    fn memory_warning(&mut self, active: &ActiveEventLoop) {
        self.window.memory_warning(active);
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}
