//! A window that a graphics card paints: eframe's own.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use eframe::{AppCreator, EframeWinitApplication, NativeOptions, UserEvent};
use egui::{Color32, Context, RawInput, Ui, Visuals};
use winit::application::ApplicationHandler;
use winit::event::{DeviceEvent, DeviceId, StartCause, WindowEvent};
use winit::event_loop::{ActiveEventLoop, EventLoop};
use winit::platform::run_on_demand::EventLoopExtRunOnDemand as _;
use winit::window::WindowId;

use crate::{App, Create, OnFrame, Options, WindowError};

/// Whether this machine has a graphics card that programs may use.
///
/// Only Linux has a software OpenGL that works and is slow; elsewhere OpenGL without a card fails,
/// which [`run`] finds out.
pub(crate) fn has_card() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let is_card = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("renderD");
    let nodes = std::fs::read_dir("/dev/dri")
        .into_iter()
        .flatten()
        .flatten();
    nodes.into_iter().any(|node| is_card(&node.file_name()))
}

/// Runs the window until it is closed, or until OpenGL has failed: `create` is still there then.
pub(crate) fn run<'a>(
    name: &str,
    options: &mut Options<'a>,
    create: &Rc<RefCell<Option<Create<'a>>>>,
    events: &mut EventLoop<UserEvent>,
) -> Result<(), WindowError> {
    let failure = Rc::new(RefCell::new(None));
    let native = NativeOptions {
        viewport: options.viewport.clone(),
        centered: options.centered,
        clipboard_shortcuts: options.clipboard_shortcuts,
        persist_window: false,
        // Every colour of the customer's screen must come out as it is.
        dithering: false,
        ..NativeOptions::default()
    };
    let (taken, failed) = (Rc::clone(create), Rc::clone(&failure));
    let creator: AppCreator<'_> = Box::new(move |creation| {
        let create = taken.borrow_mut().take().ok_or("made already")?;
        match create(&creation.egui_ctx, creation) {
            Ok(app) => Ok(Box::new(Adapter(app))),
            Err(error) => {
                let said = error.to_string();
                *failed.borrow_mut() = Some(error);
                Err(said.into())
            }
        }
    });
    let mut window = Timed {
        window: eframe::create_native(name, native, creator, events),
        on_frame: options.on_frame.take(),
    };
    events.run_app_on_demand(&mut window)?;
    options.on_frame = window.on_frame.take();
    let failure = failure.borrow_mut().take();
    failure.map_or(Ok(()), |failure| Err(WindowError::App(failure)))
}

struct Adapter(Box<dyn App>);

impl eframe::App for Adapter {
    fn raw_input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        self.0.hear(ctx, input);
    }

    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.0.logic(ctx);
    }

    fn clear_color(&self, visuals: &Visuals) -> [f32; 4] {
        Color32::to_normalized_gamma_f32(self.0.ground(visuals))
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        self.0.ui(ui, frame);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.0.on_exit();
    }
}

/// eframe's window, with a watch held beside it.
struct Timed<'a> {
    window: EframeWinitApplication<'a>,
    on_frame: Option<OnFrame<'a>>,
}

impl ApplicationHandler<UserEvent> for Timed<'_> {
    fn window_event(&mut self, active: &ActiveEventLoop, window: WindowId, event: WindowEvent) {
        let is_frame = matches!(event, WindowEvent::RedrawRequested);
        let began = now();
        self.window.window_event(active, window, event);
        if is_frame && let Some(on_frame) = &mut self.on_frame {
            on_frame(began, began.elapsed());
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
