//! The canvas with the customer's screen: pixels in, mouse and keyboard out.
//!
//! What mouse and keyboard do goes out before the frame that shows it is described
//! ([`Remote::hear`]), by where the canvas was in the frame before: a person clicks what they see.

use std::sync::Arc;

use aldis_present::LivePane;
use aldis_screen::Live;
use aldis_session::typing::Typing;
use aldis_ui::{Texts, theme};
use aldis_viewer::Session;
use aldis_wire::input::{Button, Input};
use egui::{
    Context, CursorIcon, Event, EventFilter, Id, LayerId, Pos2, RawInput, Rect, Response, Role,
    Sense, Ui, Vec2, WidgetInfo,
    style::{ScrollFadeStyle, ScrollStyle},
};

use crate::pointer::PointerImage;
use crate::typing::{self, Chord};

/// How the customer's screen fills the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    /// As large as the window allows.
    #[default]
    Fit,
    /// One remote pixel on one of ours, centred, with scroll bars where it is larger.
    Actual,
    /// One remote pixel on one of ours, from the window's top left corner.
    Corner,
}

/// What the canvas keeps between two frames.
#[derive(Default)]
pub(crate) struct Remote {
    pane: LivePane,
    pointer: PointerImage,
    typing: Typing,
    logo: bool,
    buttons: Vec<Button>,
    wants_focus: bool,
    aim: Aim,
    /// The canvas that may be used, as it was shown last.
    shown: Option<Shown>,
    chord: Option<Chord>,
}

/// A canvas that takes mouse and keyboard.
#[derive(Clone, Copy, Debug)]
struct Shown {
    layer: LayerId,
    area: Rect,
    image: Rect,
    /// The customer's screen in its pixels.
    size: (u32, u32),
    focused: bool,
}

impl Shown {
    /// Whether the pointer is over the customer's screen there, and over nothing of ours.
    fn has(&self, ctx: &Context, at: Pos2) -> bool {
        let free = |memory: &egui::Memory| {
            let top = memory.layer_id_at(at);
            top.is_none_or(|top| top == self.layer) && memory.allows_interaction(self.layer)
        };
        self.area.contains(at) && self.image.contains(at) && ctx.memory(free)
    }

    fn place(&self, at: Pos2) -> Input {
        let (width, height) = self.size;
        let part = (at - self.image.min) / self.image.size();
        let scaled =
            |part: f32, size: u32| (part * size as f32).clamp(0.0, (size - 1) as f32) as u16;
        Input::PointerMove {
            x: scaled(part.x, width),
            y: scaled(part.y, height),
        }
    }
}

/// Whether it is known where our own pointer is in the window.
///
/// No system tells a window that it moved under a resting pointer, as it does when it fills the screen; and what was
/// said of the pointer just before may be heard just after.
#[derive(Default)]
struct Aim {
    window: Option<Rect>,
    since: f64,
    known: bool,
}

impl Aim {
    /// The time in seconds after which nothing of the window's earlier place is heard any more.
    const SETTLES: f64 = 0.3;

    fn hear(&mut self, window: Option<Rect>, now: f64, pointer: bool) {
        if window != self.window {
            *self = Self {
                window,
                since: now,
                known: false,
            };
        } else if pointer && now > self.since + Self::SETTLES {
            self.known = true;
        }
    }
}

/// What happened on the canvas.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    pub(crate) inputs: Vec<Input>,
    pub(crate) chord: Option<Chord>,
    pub(crate) focused: bool,
    /// Something was pressed that does nothing, for lack of control.
    pub(crate) unheard: bool,
}

impl Remote {
    /// The canvas takes the keyboard the next time it is shown.
    pub(crate) fn take_focus(&mut self) {
        self.wants_focus = true;
    }

    /// Lets go of everything that is held on the customer's machine.
    pub(crate) fn let_go(&mut self) -> Vec<Input> {
        let mut out = Vec::new();
        self.typing.release_all(&mut out);
        self.logo = false;
        let up = |button| Input::Button {
            button,
            pressed: false,
        };
        out.extend(self.buttons.drain(..).map(up));
        self.shown = None;
        out
    }

    /// Shows the customer's screen in the rest of `ui`.
    pub(crate) fn show(
        &mut self,
        ui: &mut Ui,
        texts: Texts,
        session: &Session,
        scale: Scale,
        control: bool,
    ) -> Happened {
        let Some((width, height)) = session.picture.size() else {
            ui.centered_and_justified(|ui| ui.label(texts.get("waiting-for-picture")));
            return Happened::default();
        };
        let pixel = 1.0 / ui.ctx().pixels_per_point();
        let size = Vec2::new(width as f32, height as f32) * pixel;
        if scale == Scale::Actual {
            ui.spacing_mut().scroll = bars();
            let (quiet, widgets) = (theme::tokens(ui).quiet, &mut ui.visuals_mut().widgets);
            widgets.inactive.fg_stroke.color = quiet.gamma_multiply(0.6);
            widgets.hovered.fg_stroke.color = quiet;
            let scrolled = egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
                let area = Rect::from_min_size(ui.cursor().min, ui.available_size().max(size));
                let image = centred(area, size, pixel);
                self.canvas(ui, texts, session, area, image, control)
            });
            if let Some(shown) = &mut self.shown {
                shown.area = shown.area.intersect(scrolled.inner_rect);
            }
            return scrolled.inner;
        }
        let area = ui.available_rect_before_wrap();
        let image = match scale {
            Scale::Corner => Rect::from_min_size(area.min, size),
            Scale::Fit | Scale::Actual => fitted(area, size, pixel),
        };
        self.canvas(ui, texts, session, area, image, control)
    }

    fn canvas(
        &mut self,
        ui: &mut Ui,
        texts: Texts,
        session: &Session,
        area: Rect,
        image: Rect,
        control: bool,
    ) -> Happened {
        let response = ui.interact(area, Id::unique("remote-screen"), Sense::click_and_drag());
        ui.advance_cursor_after_rect(area);
        let name = texts.get("remote-screen");
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &name));
        let live: Arc<dyn Live> = Arc::clone(&session.picture) as _;
        self.pane.show(ui, area, image, &live);
        let mut happened = self.look_after(ui, &response, image, control);
        self.shown = control.then_some(Shown {
            layer: response.layer_id,
            area: response.interact_rect,
            image,
            size: session.picture.size().unwrap_or((1, 1)),
            focused: happened.focused,
        });
        happened.chord = self.chord.take().or(happened.chord);
        self.paint_pointer(ui, &response, session, image, control);
        happened
    }

    /// The canvas as a part of the window: its focus, and what cannot be done there.
    fn look_after(&mut self, ui: &Ui, response: &Response, image: Rect, control: bool) -> Happened {
        if self.wants_focus || response.clicked() || response.drag_started() {
            response.request_focus();
            self.wants_focus = false;
        }
        let everything = EventFilter {
            tab: true,
            horizontal_arrows: true,
            vertical_arrows: true,
            escape: true,
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, everything));
        let (window, events) = ui.input(|input| (input.focused, input.events.clone()));
        let mut happened = Happened {
            focused: response.has_focus() && window,
            ..Happened::default()
        };
        let of_pointer =
            |event: &Event| matches!(event, Event::PointerMoved(_) | Event::PointerButton { .. });
        let (inner, now) = ui.input(|input| (input.viewport().inner_rect, input.time));
        self.aim.hear(inner, now, events.iter().any(of_pointer));
        if control {
            if !happened.focused && self.shown.is_some_and(|shown| shown.focused) {
                happened.inputs = self.let_go();
            }
            return happened;
        }
        // The customer's machine has let go by itself.
        drop(self.let_go());
        // Our own chords work in every session.
        let mut unheard = Vec::new();
        for event in &events {
            let chord = typing::keyboard(&mut Typing::new(), &mut false, event, &mut unheard);
            happened.chord = chord.or(happened.chord);
            happened.unheard |= match event {
                Event::Key { pressed: true, .. } | Event::Text(_) => {
                    happened.focused && chord.is_none()
                }
                Event::PointerButton { pos, pressed, .. } => {
                    *pressed && response.contains_pointer() && image.contains(*pos)
                }
                _ => false,
            };
        }
        happened
    }

    /// What mouse and keyboard do on the customer's machine.
    pub(crate) fn hear(&mut self, ctx: &Context, input: &RawInput) -> Vec<Input> {
        let Some(shown) = self.shown else {
            return Vec::new();
        };
        let mut out = Vec::new();
        // Many moves at once are one, unless something is done between them.
        let mut moved = None;
        let mut focused = shown.focused && input.focused;
        let mut over = ctx.pointer_latest_pos();
        for event in &input.events {
            match event {
                Event::PointerMoved(at) => {
                    over = Some(*at);
                    if !self.buttons.is_empty() || shown.has(ctx, *at) {
                        moved = Some(shown.place(*at));
                    }
                }
                Event::PointerGone => over = None,
                Event::PointerButton {
                    pos,
                    button,
                    pressed,
                    ..
                } => {
                    let button = typing::button(*button);
                    let held = self.buttons.contains(&button);
                    let starts = *pressed && shown.has(ctx, *pos);
                    if starts {
                        // What is typed right after it goes where it was pressed.
                        focused = input.focused;
                        self.wants_focus = true;
                    }
                    if starts || (!pressed && held) {
                        out.extend(moved.take());
                        out.push(shown.place(*pos));
                        out.push(Input::Button {
                            button,
                            pressed: *pressed,
                        });
                        self.buttons.retain(|known| *known != button);
                        if *pressed {
                            self.buttons.push(button);
                        }
                    }
                }
                Event::MouseWheel { unit, delta, .. }
                    if over.is_some_and(|at| shown.has(ctx, at)) =>
                {
                    out.extend(moved.take());
                    out.push(typing::wheel(*unit, *delta));
                }
                event if focused => {
                    out.extend(moved.take());
                    let chord = typing::keyboard(&mut self.typing, &mut self.logo, event, &mut out);
                    self.chord = chord.or(self.chord);
                }
                _ => {}
            }
        }
        out.extend(moved);
        if shown.focused && !input.focused {
            out.extend(self.let_go());
        }
        out
    }

    /// The customer's pointer: under ours where we control, where it is otherwise.
    fn paint_pointer(
        &mut self,
        ui: &Ui,
        response: &Response,
        session: &Session,
        image: Rect,
        control: bool,
    ) {
        let pointer = session.picture.pointer();
        if pointer.shape.is_none() {
            return;
        }
        let hovered = response
            .hover_pos()
            .filter(|at| image.contains(*at) && control && self.aim.known);
        let size = session.picture.size().unwrap_or((1, 1));
        let remote = pointer.place.map(|place| on_image(place, size, image));
        let Some(at) = hovered.or(remote) else { return };
        if hovered.is_some() {
            ui.ctx().set_cursor_icon(CursorIcon::None);
        }
        let painter = ui.painter_at(response.rect);
        self.pointer.paint(&painter, &pointer, at);
    }
}

/// Scroll bars beside the customer's pixels: nothing of ours is over them, no shade at the edges
/// either.
fn bars() -> ScrollStyle {
    ScrollStyle {
        bar_width: 10.0,
        bar_inner_margin: 1.0,
        bar_outer_margin: 1.0,
        foreground_color: true,
        fade: ScrollFadeStyle {
            strength: 0.0,
            ..ScrollFadeStyle::default()
        },
        ..ScrollStyle::solid()
    }
}

/// Where a pixel of the screen is in its picture.
pub(crate) fn on_image((x, y): (u16, u16), size: (u32, u32), image: Rect) -> Pos2 {
    let factor = image.size() / Vec2::new(size.0 as f32, size.1 as f32);
    image.min + Vec2::new(f32::from(x), f32::from(y)) * factor
}

/// A screen of this size in points, as large as `area` allows.
///
/// A hair's breadth below 1:1 is 1:1, and sharp; so is what could be a little larger, for that shows nothing more.
pub(crate) fn fitted(area: Rect, size: Vec2, pixel: f32) -> Rect {
    const SHARP: std::ops::Range<f32> = 0.996..1.25;
    let factor = (area.size() / size).min_elem().max(0.01);
    let factor = if SHARP.contains(&factor) { 1.0 } else { factor };
    centred(area, size * factor, pixel)
}

/// `size` in the middle of `area`, its corner on whole pixels.
fn centred(area: Rect, size: Vec2, pixel: f32) -> Rect {
    let corner = area.min + ((area.size() - size) / 2.0).max(Vec2::ZERO);
    Rect::from_min_size((corner / pixel).round() * pixel, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_sharp_where_it_fits_and_not_much_larger() {
        let width = |area: f32| {
            let area = Rect::from_min_size(Pos2::ZERO, Vec2::new(area, 5_000.0));
            fitted(area, Vec2::new(1_000.0, 500.0), 1.0).width()
        };
        assert!((width(500.0) - 500.0).abs() < 0.1, "smaller");
        assert!((width(998.0) - 1_000.0).abs() < 0.1, "a hair's breadth");
        assert!((width(1_200.0) - 1_000.0).abs() < 0.1, "no use");
        assert!((width(2_000.0) - 2_000.0).abs() < 0.1, "twice");
    }

    #[test]
    fn a_window_that_moved_does_not_know_where_our_pointer_is() {
        let at = |x: f32| Some(Rect::from_min_size(Pos2::new(x, 0.0), Vec2::splat(100.0)));
        let mut aim = Aim::default();
        let mut known = |window, now, pointer| {
            aim.hear(window, now, pointer);
            aim.known
        };
        assert!(!known(at(0.0), 1.0, true), "of an earlier place");
        assert!(!known(at(0.0), 1.1, true), "perhaps of an earlier place");
        assert!(!known(at(0.0), 2.0, false), "nothing");
        assert!(known(at(0.0), 3.0, true));
        assert!(known(at(0.0), 4.0, false));
        assert!(!known(at(9.0), 5.0, false), "the window moved");
        assert!(known(at(9.0), 6.0, true));
    }
}
