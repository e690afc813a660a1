//! The window: from what egui describes to pixels on the screen.
//!
//! Where there is a graphics card, eframe runs the window.
//! Where there is none, painting a whole frame again for every change is what would make a window
//! slow, so [`software`] paints the pixels that changed and no others, on the processor.
//! An [`App`] does not know which of the two runs it.

#![forbid(unsafe_code)]

mod area;
mod canvas;
mod graphics;
mod live;
mod pixels;
mod raster;
mod scaler;
mod scene;
mod software;
#[cfg(test)]
mod tests;
mod texture;

use std::cell::RefCell;
use std::error::Error as StdError;
use std::rc::Rc;
use std::time::Duration;

use eframe::UserEvent;
use egui::{Color32, Context, RawInput, Ui, ViewportBuilder, Visuals};
use raw_window_handle::{HasDisplayHandle, HasWindowHandle};
use thiserror::Error;
use winit::event_loop::EventLoop;

pub use crate::live::{LivePane, LiveWaker};

/// A program with one window.
pub trait App {
    /// Changes what was heard of the system before the window's parts hear it, and answers what
    /// cannot wait for a frame.
    fn hear(&mut self, _ctx: &Context, _input: &mut RawInput) {}

    /// What is to be done before a frame, and also while the window is hidden.
    fn logic(&mut self, _ctx: &Context) {}

    /// The colour that the window has before anything is painted.
    fn ground(&self, visuals: &Visuals) -> Color32 {
        visuals.window_fill
    }

    /// Describes a frame.
    fn ui(&mut self, ui: &mut Ui, window: &dyn Handles);

    /// The window is about to go.
    fn on_exit(&mut self) {}
}

/// The system's names of a window and of the display that it is on.
pub trait Handles: HasDisplayHandle + HasWindowHandle {}

impl<T: HasDisplayHandle + HasWindowHandle> Handles for T {}

/// Makes the program once its window is there.
pub type Create<'a> =
    Box<dyn FnOnce(&Context, &dyn HasDisplayHandle) -> Result<Box<dyn App>, Failure> + 'a>;

/// Why a program could not be made.
pub type Failure = Box<dyn StdError + Send + Sync>;

/// Is told when a frame began and how long it took: from the system's word that the window be
/// painted to the pixels that are handed over.
pub type OnFrame<'a> = Box<dyn FnMut(std::time::Instant, Duration) + 'a>;

/// What the window is like.
pub struct Options<'a> {
    /// Size, title and everything else that the desktop wants to know.
    pub viewport: ViewportBuilder,
    /// Opens in the middle of the screen.
    pub centered: bool,
    /// Ctrl+C and its like are copy and paste, not keys.
    pub clipboard_shortcuts: bool,
    /// Hears of every frame.
    pub on_frame: Option<OnFrame<'a>>,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("viewport", &self.viewport)
            .finish_non_exhaustive()
    }
}

/// Why there is no window.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WindowError {
    /// The desktop cannot be reached.
    #[error("the desktop cannot be reached")]
    Desktop(#[from] winit::error::EventLoopError),
    /// The desktop does not let us open a window.
    #[error("the desktop does not let us open a window")]
    Refused(#[from] winit::error::OsError),
    /// Pixels cannot be brought into the window.
    #[error("nothing can be painted into the window: {0}")]
    Pixels(String),
    /// The program behind the window could not start.
    #[error(transparent)]
    App(Failure),
}

/// Who paints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Painter {
    /// The graphics card, through OpenGL.
    Graphics,
    /// The processor.
    Processor,
}

impl Painter {
    /// The one that suits this machine, unless `ALDIS_PAINTER` names one (`graphics` or
    /// `processor`).
    pub fn of_machine() -> Self {
        match std::env::var("ALDIS_PAINTER").as_deref() {
            Ok("graphics") => Self::Graphics,
            Ok("processor") => Self::Processor,
            Ok(_) | Err(_) if graphics::has_card() => Self::Graphics,
            Ok(_) | Err(_) => Self::Processor,
        }
    }
}

/// Opens the window and stays until it is closed.
pub fn run(name: &str, options: Options<'_>, create: Create<'_>) -> Result<(), WindowError> {
    let mut events = EventLoop::<UserEvent>::with_user_event().build()?;
    let mut options = options;
    let create = Rc::new(RefCell::new(Some(create)));
    if Painter::of_machine() == Painter::Graphics {
        graphics::run(name, &mut options, &create, &mut events)?;
        if create.borrow().is_none() {
            return Ok(());
        }
        tracing::info!("OpenGL does not work here; the processor paints");
    }
    let create = create.borrow_mut().take();
    match create {
        Some(create) => software::run(options, create, &mut events),
        None => Ok(()),
    }
}
