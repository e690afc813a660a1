//! A window that the processor paints.
//!
//! What the system tells is gathered until nothing more waits, then there is at most one frame.
//! A frame that egui asks for itself, for something that moves, keeps a distance to the one before;
//! one that answers a person or the customer's screen comes at once.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::UserEvent;
use egui::{
    Context, FullOutput, LogicOutput, RawInput, ViewportCommand, ViewportEvent, ViewportId,
    ViewportInfo,
};
use egui_winit::{ActionRequested, accesskit_winit};
use raw_window_handle::{HasDisplayHandle as _, RawDisplayHandle};
use winit::application::ApplicationHandler;
use winit::event::{Modifiers, StartCause, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow, DeviceEvents, EventLoop, EventLoopProxy};
use winit::platform::run_on_demand::EventLoopExtRunOnDemand as _;
use winit::window::WindowId;

use crate::canvas::Canvas;
use crate::live::Direct;
use crate::pixels::pixel;
use crate::{App, Create, OnFrame, Options, WindowError};

/// The distance between frames of something that moves by itself.
const MOTION: Duration = Duration::from_millis(16);

/// How often a hidden window's program runs at most.
const HIDDEN: Duration = Duration::from_millis(100);

/// How long the compositor may take with a frame before the program goes on without one: it gives
/// none to windows that nobody sees.
const OVERDUE: Duration = Duration::from_millis(400);

/// The largest picture's side that egui may make; any size works.
const MAX_TEXTURE_SIDE: usize = 8192;

thread_local! {
    /// egui is describing a frame on this thread: what it asks for now is motion.
    static DESCRIBING: Cell<bool> = const { Cell::new(false) };
}

/// Opens the window and stays until it is closed.
pub(crate) fn run(
    options: Options<'_>,
    create: Create<'_>,
    events: &mut EventLoop<UserEvent>,
) -> Result<(), WindowError> {
    let mut window = Software {
        proxy: events.create_proxy(),
        start: Some((options, create)),
        running: None,
        outcome: Ok(()),
    };
    events.run_app_on_demand(&mut window)?;
    window.outcome
}

/// The window, before and while it is open.
struct Software<'a> {
    proxy: EventLoopProxy<UserEvent>,
    start: Option<(Options<'a>, Create<'a>)>,
    running: Option<Running<'a>>,
    outcome: Result<(), WindowError>,
}

struct Running<'a> {
    ctx: Context,
    app: Box<dyn App>,
    system: egui_winit::State,
    info: ViewportInfo,
    actions: Vec<ActionRequested>,
    /// What a hidden window heard.
    unheard: RawInput,
    /// Which of Shift, Ctrl and their like are held.
    modifiers: Modifiers,
    canvas: Canvas,
    on_frame: Option<OnFrame<'a>>,
    /// When the next frame is due.
    next: Option<Instant>,
    /// When the last one began.
    last: Instant,
    sight: Sight,
    /// A screen reader did something, which works in a window that nobody sees too.
    called: bool,
    closing: bool,
    /// The compositor says when it wants a frame; elsewhere, that the window's pixels were lost.
    paced: bool,
    asked: Asked,
}

/// What the compositor was asked for, where it paces frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Nothing of egui's.
    Nothing,
    /// A frame, at this time.
    Frame(Instant),
    /// A frame that did not come for so long that the program went on without.
    Overdue,
}

/// What can be seen of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// It is not shown before it has something to show.
    Empty,
    /// It is on the screen.
    Seen,
    /// It is minimised, or nobody sees it for another reason.
    Hidden,
}

impl ApplicationHandler<UserEvent> for Software<'_> {
    fn resumed(&mut self, active: &ActiveEventLoop) {
        let Some((options, create)) = self.start.take() else {
            return;
        };
        // What a mouse does is heard as the pointer's moves; heard raw as well, and before, it would
        // cost a frame for nothing.
        active.listen_device_events(DeviceEvents::Never);
        match Running::open(active, options, create, &self.proxy) {
            Ok(mut running) => {
                running.frame(active);
                self.running = Some(running);
            }
            Err(error) => {
                self.outcome = Err(error);
                active.exit();
            }
        }
    }

    fn window_event(&mut self, active: &ActiveEventLoop, _window: WindowId, event: WindowEvent) {
        let Some(running) = &mut self.running else {
            return;
        };
        match event {
            WindowEvent::RedrawRequested if !running.paced => {
                if running.sight == Sight::Hidden {
                    // It is seen again, and what happened meanwhile is not painted yet.
                    running.due(now());
                }
                return running.canvas.show_again();
            }
            WindowEvent::RedrawRequested if running.asked == Asked::Nothing => {
                return running.follow();
            }
            WindowEvent::RedrawRequested => {
                running.asked = Asked::Nothing;
                return running.frame(active);
            }
            // X11 says it again with every mouse button, just before the button itself; a frame for
            // that would keep the button waiting.
            WindowEvent::ModifiersChanged(modifiers) if modifiers == running.modifiers => return,
            WindowEvent::ModifiersChanged(modifiers) => running.modifiers = modifiers,
            WindowEvent::Occluded(occluded) => running.info.occluded = Some(occluded),
            WindowEvent::CloseRequested => running.info.events.push(ViewportEvent::Close),
            _ => {}
        }
        let closes = matches!(event, WindowEvent::CloseRequested);
        let answer = running
            .system
            .on_window_event(&running.canvas.window, &event);
        if answer.repaint || closes {
            running.due(now());
        }
    }

    fn user_event(&mut self, active: &ActiveEventLoop, event: UserEvent) {
        let Some(running) = &mut self.running else {
            return;
        };
        match event {
            UserEvent::RequestRepaint { viewport_id, .. } if viewport_id == Direct::mark() => {
                if running.paced {
                    running.canvas.window.request_redraw();
                } else {
                    running.follow();
                }
            }
            UserEvent::RequestRepaint { when, .. } => running.due(when),
            UserEvent::AccessKitActionRequest(event) => match event.window_event {
                accesskit_winit::WindowEvent::InitialTreeRequested => {
                    running.ctx.enable_accesskit();
                    running.frame(active);
                }
                accesskit_winit::WindowEvent::ActionRequested(request) => {
                    running.system.on_accesskit_action_request(request);
                    running.called = true;
                    running.due(now());
                }
                accesskit_winit::WindowEvent::AccessibilityDeactivated => {
                    running.ctx.disable_accesskit();
                }
            },
        }
    }

    fn new_events(&mut self, _active: &ActiveEventLoop, _cause: StartCause) {}

    fn about_to_wait(&mut self, active: &ActiveEventLoop) {
        let Some(running) = &mut self.running else {
            return;
        };
        if running.next.is_some_and(|next| next <= now()) {
            running.next = None;
            if running.paced && running.sight != Sight::Empty {
                running.asked = Asked::Frame(now());
                running.canvas.window.request_redraw();
            } else {
                running.frame(active);
            }
        }
        if let Asked::Frame(since) = running.asked
            && since + OVERDUE <= now()
        {
            running.asked = Asked::Overdue;
            running.frame(active);
        }
        if running.closing {
            running.app.on_exit();
            running.ctx.on_exit();
            self.running = None;
            return active.exit();
        }
        let overdue = match running.asked {
            Asked::Frame(since) => Some(since + OVERDUE),
            Asked::Nothing | Asked::Overdue => None,
        };
        active.set_control_flow(match running.next.into_iter().chain(overdue).min() {
            Some(next) => ControlFlow::WaitUntil(next),
            None => ControlFlow::Wait,
        });
    }

    fn exiting(&mut self, _active: &ActiveEventLoop) {
        if let Some(mut running) = self.running.take() {
            running.app.on_exit();
            running.ctx.on_exit();
        }
    }
}

impl<'a> Running<'a> {
    fn open(
        active: &ActiveEventLoop,
        options: Options<'a>,
        create: Create<'a>,
        proxy: &EventLoopProxy<UserEvent>,
    ) -> Result<Self, WindowError> {
        let ctx = Context::default();
        ctx.set_embed_viewports(false);
        // A second pass settles what the first laid out by guessing.
        ctx.options_mut(|options| {
            options.max_passes = std::num::NonZeroUsize::MIN.saturating_add(1);
        });
        // It is shown with its first frame, not empty.
        let builder = placed(options.viewport, options.centered, active).with_visible(false);
        let window = Arc::new(egui_winit::create_window(&ctx, active, &builder)?);
        let mut info = ViewportInfo::default();
        egui_winit::update_viewport_info(&mut info, &ctx, &window, true);
        let scale = window.scale_factor() as f32;
        let mut system = egui_winit::State::new(
            ctx.clone(),
            ViewportId::ROOT,
            &window,
            Some(scale),
            window.theme(),
            Some(MAX_TEXTURE_SIDE),
        );
        system.set_clipboard_shortcuts(options.clipboard_shortcuts);
        system.init_accesskit(active, &window, proxy.clone());
        let wakes = proxy.clone();
        ctx.set_request_repaint_callback(move |info| {
            let delay = if DESCRIBING.get() {
                info.delay.max(MOTION)
            } else {
                info.delay
            };
            let Some(when) = now().checked_add(delay) else {
                return;
            };
            // Nobody is left to be told once the window is gone.
            drop(wakes.send_event(UserEvent::RequestRepaint {
                viewport_id: info.viewport_id,
                when,
                cumulative_pass_nr: info.current_cumulative_pass_nr,
            }));
        });
        Direct::open(&ctx, proxy.clone());
        let canvas = Canvas::new(&window)?;
        let paced = matches!(
            window.display_handle().map(|display| display.as_raw()),
            Ok(RawDisplayHandle::Wayland(_))
        );
        let app = create(&ctx, &window).map_err(WindowError::App)?;
        Ok(Self {
            ctx,
            app,
            system,
            info,
            actions: Vec::new(),
            unheard: RawInput::default(),
            modifiers: Modifiers::default(),
            canvas,
            on_frame: options.on_frame,
            next: None,
            last: now(),
            sight: Sight::Empty,
            called: false,
            closing: false,
            paced,
            asked: Asked::Nothing,
        })
    }

    /// A frame is wanted at this time, or sooner if one is already; of a hidden window not so often.
    fn due(&mut self, when: Instant) {
        let when = if self.sight == Sight::Hidden {
            when.max(self.last + HIDDEN)
        } else {
            when
        };
        self.next = Some(self.next.map_or(when, |next| next.min(when)));
    }

    fn frame(&mut self, active: &ActiveEventLoop) {
        let began = now();
        self.last = began;
        let mut heard = self.system.take_egui_input(&self.canvas.window);
        self.app.hear(&self.ctx, &mut heard);
        egui_winit::update_viewport_info(&mut self.info, &self.ctx, &self.canvas.window, false);
        let visible = self.info.visible().unwrap_or(true)
            || self.actions.iter().any(ActionRequested::wants_paint);
        let empty = self.sight == Sight::Empty;
        if !empty {
            self.sight = if visible && self.asked != Asked::Overdue {
                Sight::Seen
            } else {
                Sight::Hidden
            };
        }
        heard.viewports = std::iter::once((ViewportId::ROOT, self.info.clone())).collect();
        let mut input = std::mem::take(&mut self.unheard);
        input.append(heard);
        let closes = input.viewport().close_requested();
        let called = std::mem::take(&mut self.called);
        let commands = if self.sight == Sight::Hidden && !called {
            self.think(active, input)
        } else {
            self.describe_and_paint(active, input)
        };
        self.info.events.clear();
        if closes && !commands.contains(&ViewportCommand::CancelClose) {
            self.closing = true;
        }
        egui_winit::process_viewport_commands(
            &self.ctx,
            &mut self.info,
            commands,
            &self.canvas.window,
            &mut self.actions,
        );
        self.act();
        if !self.info.events.is_empty() {
            self.due(now());
        }
        if empty {
            self.sight = Sight::Seen;
            self.canvas.window.set_visible(true);
            self.due(now());
        }
        if let Some(on_frame) = &mut self.on_frame {
            on_frame(began, began.elapsed());
        }
    }

    fn describe_and_paint(
        &mut self,
        active: &ActiveEventLoop,
        input: RawInput,
    ) -> Vec<ViewportCommand> {
        self.ctx.options_mut(|options| options.begin_pass(&input));
        let ground = self.app.ground(&self.ctx.global_style().visuals);
        let (app, window) = (&mut self.app, &self.canvas.window);
        DESCRIBING.set(true);
        let FullOutput {
            platform_output,
            textures_delta,
            shapes,
            pixels_per_point,
            viewport_output,
        } = self.ctx.run_ui(input, |ui| {
            app.logic(ui.ctx());
            app.ui(ui, window);
        });
        DESCRIBING.set(false);
        self.system.handle_platform_output_with_event_loop(
            &self.canvas.window,
            active,
            platform_output,
        );
        let primitives = self.ctx.tessellate(shapes, pixels_per_point);
        let ground = pixel(ground.to_opaque());
        let settled = self
            .canvas
            .paint(primitives, textures_delta, pixels_per_point, ground);
        if !settled {
            self.due(now());
        }
        let of_root = |(id, output): (ViewportId, egui::ViewportOutput)| {
            (id == ViewportId::ROOT).then_some(output.commands)
        };
        viewport_output
            .into_iter()
            .find_map(of_root)
            .unwrap_or_default()
    }

    /// Shows what changed of the customer's screen; nothing else is looked at.
    fn follow(&mut self) {
        let visible = self.info.visible().unwrap_or(true);
        if !visible || !self.canvas.shows_live() || !self.canvas.refresh(Vec::new()) {
            self.due(now());
        }
    }

    /// The program goes on while its window is hidden; what was heard waits.
    fn think(&mut self, active: &ActiveEventLoop, input: RawInput) -> Vec<ViewportCommand> {
        let app = &mut self.app;
        let LogicOutput {
            platform_output,
            mut viewport_commands,
        } = self.ctx.run_logic(&input, |ctx| app.logic(ctx));
        self.unheard = input;
        self.system.handle_platform_output_with_event_loop(
            &self.canvas.window,
            active,
            platform_output,
        );
        viewport_commands
            .remove(&ViewportId::ROOT)
            .unwrap_or_default()
    }

    /// Does what was asked of the window that is not the window's own.
    fn act(&mut self) {
        for action in std::mem::take(&mut self.actions) {
            let event = match action {
                ActionRequested::Screenshot(callback) => {
                    callback.complete(Arc::new(self.canvas.picture()));
                    continue;
                }
                ActionRequested::PaintWhileHidden => continue,
                ActionRequested::Cut => egui::Event::Cut,
                ActionRequested::Copy => egui::Event::Copy,
                ActionRequested::Paste => match self.system.clipboard_text() {
                    Some(text) if !text.is_empty() => {
                        egui::Event::Paste(text.replace("\r\n", "\n"))
                    }
                    Some(_) | None => continue,
                },
            };
            self.system.egui_input_mut().events.push(event);
            self.due(now());
        }
    }
}

/// Not larger than the screen, and in its middle if so wished.
fn placed(
    mut builder: egui::ViewportBuilder,
    centered: bool,
    active: &ActiveEventLoop,
) -> egui::ViewportBuilder {
    let monitor = active
        .primary_monitor()
        .or_else(|| active.available_monitors().next());
    let Some(monitor) = monitor else {
        return builder;
    };
    let room = monitor.size().to_logical::<f32>(monitor.scale_factor());
    let room = egui::vec2(room.width, room.height);
    if room.min_elem() <= 0.0 {
        return builder;
    }
    if let Some(size) = builder.inner_size {
        let size = size.min(room);
        builder = builder.with_inner_size(size);
        if centered {
            builder = builder.with_position(((room - size) / 2.0).to_pos2());
        }
    }
    builder
}

#[expect(clippy::disallowed_methods, reason = "a shell's clock")]
fn now() -> Instant {
    Instant::now()
}
