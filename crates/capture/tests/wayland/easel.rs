//! A window on the desktop that shows what it is told, and says which part of it is new.

use std::num::NonZeroU32;
use std::rc::Rc;

use aldis_e2e::Picture;
use aldis_screen::Rect;
use winit::application::ApplicationHandler;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, EventLoop, EventLoopProxy, OwnedDisplayHandle};
use winit::platform::wayland::EventLoopBuilderExtWayland as _;
use winit::window::{Window, WindowId};

type Surface = softbuffer::Surface<OwnedDisplayHandle, Rc<Window>>;

/// A window as large as the monitor; sway gives a lone window all of it.
pub(crate) struct Easel(EventLoopProxy<Paint>);

/// From now on the window shows this picture, of which the rectangle is new.
struct Paint(Picture, Rect);

impl Easel {
    pub(crate) fn open() -> Self {
        let (ready, proxy) = std::sync::mpsc::sync_channel(1);
        let run = move || {
            let mut builder = EventLoop::with_user_event();
            let events = builder.with_any_thread(true).build().unwrap();
            ready.send(events.create_proxy()).unwrap();
            let context = softbuffer::Context::new(events.owned_display_handle()).unwrap();
            let mut canvas = Canvas {
                context,
                surface: None,
                shown: None,
            };
            events.run_app(&mut canvas).unwrap();
        };
        std::thread::Builder::new()
            .name("easel".to_owned())
            .spawn(run)
            .unwrap();
        Self(proxy.recv().unwrap())
    }

    pub(crate) fn show(&self, picture: &Picture, new: Rect) {
        assert!(self.0.send_event(Paint(picture.clone(), new)).is_ok());
    }
}

struct Canvas {
    context: softbuffer::Context<OwnedDisplayHandle>,
    surface: Option<Surface>,
    shown: Option<Paint>,
}

impl Canvas {
    fn present(&mut self) {
        let (Some(surface), Some(Paint(picture, new))) = (&mut self.surface, &self.shown) else {
            return;
        };
        let side = |length: usize| NonZeroU32::new(length as u32).unwrap();
        surface
            .resize(side(picture.width()), side(picture.height()))
            .unwrap();
        let mut buffer = surface.buffer_mut().unwrap();
        buffer.copy_from_slice(picture.pixels());
        let damage = softbuffer::Rect {
            x: new.x,
            y: new.y,
            width: NonZeroU32::new(new.width).unwrap(),
            height: NonZeroU32::new(new.height).unwrap(),
        };
        buffer.present_with_damage(&[damage]).unwrap();
    }
}

impl ApplicationHandler<Paint> for Canvas {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        let window = Rc::new(
            events
                .create_window(Window::default_attributes().with_decorations(false))
                .unwrap(),
        );
        self.surface = Some(softbuffer::Surface::new(&self.context, window).unwrap());
    }

    fn user_event(&mut self, _events: &ActiveEventLoop, paint: Paint) {
        self.shown = Some(paint);
        self.present();
    }

    fn window_event(&mut self, _events: &ActiveEventLoop, _window: WindowId, event: WindowEvent) {
        if matches!(
            event,
            WindowEvent::Resized(_) | WindowEvent::RedrawRequested
        ) {
            self.present();
        }
    }
}
