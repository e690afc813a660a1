//! The customer's screen in the window.
//!
//! With a graphics card it is a texture like any other, of which only what changed is sent to the
//! card.
//! Without one its pixels are painted straight from where they were decoded, and what changes in
//! it does not concern egui at all: see [`LiveWaker`].

use std::sync::{Arc, Mutex, PoisonError};

use aldis_screen::{Frame, Live};
use eframe::UserEvent;
use egui::{
    Color32, ColorImage, Context, Id, PaintCallback, Pos2, Rect, TextureHandle, TextureOptions, Ui,
    ViewportId,
};
use winit::event_loop::EventLoopProxy;

/// Where a window shows the customer's screen.
#[derive(Debug, Default)]
pub struct LivePane {
    shown: Option<Shown>,
}

/// The customer's screen as a texture.
struct Shown {
    live: Arc<dyn Live>,
    texture: TextureHandle,
    options: TextureOptions,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown")
            .field("texture", &self.texture.id())
            .finish_non_exhaustive()
    }
}

/// What stands in egui's list of shapes for the customer's screen.
pub(crate) struct LiveShape {
    pub(crate) live: Arc<dyn Live>,
}

impl LivePane {
    /// Shows all of the customer's screen in `image`, and nothing of it outside of `area`; both in
    /// points.
    ///
    /// At one pixel on one pixel, and at whole multiples of that, it is exact.
    pub fn show(&mut self, ui: &Ui, area: Rect, image: Rect, live: &Arc<dyn Live>) {
        let painter = ui.painter_at(area);
        if Direct::of(ui.ctx()).is_some() {
            let callback = Arc::new(LiveShape {
                live: Arc::clone(live),
            });
            painter.add(PaintCallback {
                rect: image,
                callback,
            });
            return;
        }
        let Some((width, _)) = live.size() else {
            return;
        };
        let factor = image.width() * ui.ctx().pixels_per_point() / width as f32;
        let exact = factor >= 0.999 && (factor - factor.round()).abs() < 0.001;
        let options = if exact {
            TextureOptions::NEAREST
        } else {
            TextureOptions::LINEAR
        };
        self.upload(ui.ctx(), live, options);
        if let Some(shown) = &self.shown {
            let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
            painter.image(shown.texture.id(), image, whole, Color32::WHITE);
        }
    }

    /// Brings the texture up to date: only what changed, unless it must be made anew.
    fn upload(&mut self, ctx: &Context, live: &Arc<dyn Live>, options: TextureOptions) {
        live.look(&mut |frame, rects| {
            let size = [frame.width() as usize, frame.height() as usize];
            let fits = |shown: &&mut Shown| {
                Arc::ptr_eq(&shown.live, live)
                    && shown.options == options
                    && shown.texture.size() == size
            };
            if let Some(shown) = self.shown.as_mut().filter(fits) {
                for rect in rects {
                    let place = [rect.x as usize, rect.y as usize];
                    let pixels = crop(frame, *rect);
                    shown.texture.set_partial(place, pixels, options);
                }
            } else {
                let pixels = crop(frame, frame.bounds());
                self.shown = Some(Shown {
                    live: Arc::clone(live),
                    texture: ctx.load_texture("remote-screen", pixels, options),
                    options,
                });
            }
            true
        });
    }
}

/// The pixels of `rect` as egui takes them.
fn crop(frame: &Frame, rect: aldis_screen::Rect) -> ColorImage {
    let mut pixels = Vec::with_capacity((rect.width * rect.height) as usize);
    for y in rect.y..rect.bottom() {
        let row = frame.row(rect, y).chunks_exact(4);
        pixels.extend(
            row.map(|pixel| Color32::from_rgba_premultiplied(pixel[2], pixel[1], pixel[0], 255)),
        );
    }
    ColorImage::new([rect.width as usize, rect.height as usize], pixels)
}

/// Tells the window that pixels of the customer's screen changed, and nothing else.
#[derive(Clone, Debug)]
pub struct LiveWaker {
    ctx: Context,
    direct: Option<Direct>,
}

impl LiveWaker {
    /// One for this window; may be used in any thread.
    pub fn new(ctx: &Context) -> Self {
        Self {
            ctx: ctx.clone(),
            direct: Direct::of(ctx),
        }
    }

    /// There are pixels to show.
    pub fn wake(&self) {
        match &self.direct {
            Some(direct) => direct.wake(),
            None => self.ctx.request_repaint(),
        }
    }
}

/// The way past egui to a window that the processor paints.
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    events: Arc<Mutex<EventLoopProxy<UserEvent>>>,
}

impl Direct {
    /// Opens the way for everything that knows `ctx`.
    pub(crate) fn open(ctx: &Context, events: EventLoopProxy<UserEvent>) {
        let events = Arc::new(Mutex::new(events));
        ctx.data_mut(|data| data.insert_temp(Id::NULL, Self { events }));
    }

    fn of(ctx: &Context) -> Option<Self> {
        ctx.data(|data| data.get_temp(Id::NULL))
    }

    fn wake(&self) {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody is left to be told once the window is gone.
        drop(events.send_event(UserEvent::RequestRepaint {
            viewport_id: Self::mark(),
            when: now(),
            cumulative_pass_nr: 0,
        }));
    }

    /// Stands for the customer's screen where a window is named.
    pub(crate) fn mark() -> ViewportId {
        ViewportId::from_hash_of("the customer's screen")
    }
}

#[expect(clippy::disallowed_methods, reason = "a shell's clock")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
