//! The canvas with the customer's screen: pixels in, mouse and keyboard out.

use std::sync::Arc;

use aldis_present::LivePane;
use aldis_screen::Live;
use aldis_session::typing::Typing;
use aldis_ui::Texts;
use aldis_viewer::Session;
use aldis_wire::input::{Button, Input};
use egui::{
    CursorIcon, Event, EventFilter, Id, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo,
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
    had_focus: bool,
    wants_focus: bool,
    aim: Aim,
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
        self.had_focus = false;
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
            return egui::ScrollArea::both()
                .auto_shrink(false)
                .show(ui, |ui| {
                    let area = Rect::from_min_size(ui.cursor().min, ui.available_size().max(size));
                    let image = centred(area, size, pixel);
                    self.canvas(ui, texts, session, area, image, control)
                })
                .inner;
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
        let mut happened = Happened::default();
        self.hear(ui, &response, session, image, control, &mut happened);
        self.paint_pointer(ui, &response, session, image, control);
        happened
    }

    fn hear(
        &mut self,
        ui: &Ui,
        response: &Response,
        session: &Session,
        image: Rect,
        control: bool,
        happened: &mut Happened,
    ) {
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
        let focused = response.has_focus() && window;
        happened.focused = focused;
        let of_pointer =
            |event: &Event| matches!(event, Event::PointerMoved(_) | Event::PointerButton { .. });
        let (inner, now) = ui.input(|input| (input.viewport().inner_rect, input.time));
        self.aim.hear(inner, now, events.iter().any(of_pointer));
        if !control {
            // The customer's machine has let go by itself.
            drop(self.let_go());
        } else if self.had_focus && !focused {
            happened.inputs.extend(self.let_go());
        }
        self.had_focus = focused;
        if !control {
            // Our own chords work in every session.
            let mut unheard = Vec::new();
            for event in &events {
                let chord = typing::keyboard(&mut Typing::new(), &mut false, event, &mut unheard);
                happened.chord = chord.or(happened.chord);
                happened.unheard |= match event {
                    Event::Key { pressed: true, .. } | Event::Text(_) => focused && chord.is_none(),
                    Event::PointerButton { pos, pressed, .. } => {
                        *pressed && response.contains_pointer() && image.contains(*pos)
                    }
                    _ => false,
                };
            }
            return;
        }
        let mut moved = None;
        for event in &events {
            match event {
                Event::PointerMoved(at) if self.is_ours(response, *at, image) => {
                    moved = Some(place(*at, image, session));
                }
                Event::PointerButton {
                    pos,
                    button,
                    pressed,
                    ..
                } => {
                    let button = typing::button(*button);
                    let held = self.buttons.contains(&button);
                    let start = *pressed && response.contains_pointer() && image.contains(*pos);
                    if start || (!pressed && held) {
                        happened.inputs.extend(moved.take());
                        happened.inputs.push(place(*pos, image, session));
                        happened.inputs.push(Input::Button {
                            button,
                            pressed: *pressed,
                        });
                        self.buttons.retain(|known| *known != button);
                        if *pressed {
                            self.buttons.push(button);
                        }
                    }
                }
                Event::MouseWheel { unit, delta, .. } if response.contains_pointer() => {
                    happened.inputs.extend(moved.take());
                    happened.inputs.push(typing::wheel(*unit, *delta));
                }
                event if focused => {
                    happened.inputs.extend(moved.take());
                    let out = &mut happened.inputs;
                    let chord = typing::keyboard(&mut self.typing, &mut self.logo, event, out);
                    happened.chord = chord.or(happened.chord);
                }
                _ => {}
            }
        }
        happened.inputs.extend(moved);
    }

    fn is_ours(&self, response: &Response, at: Pos2, image: Rect) -> bool {
        !self.buttons.is_empty() || response.contains_pointer() && image.contains(at)
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

/// Where a pixel of the screen is in its picture.
pub(crate) fn on_image((x, y): (u16, u16), size: (u32, u32), image: Rect) -> Pos2 {
    let factor = image.size() / Vec2::new(size.0 as f32, size.1 as f32);
    image.min + Vec2::new(f32::from(x), f32::from(y)) * factor
}

/// A screen of this size in points, as large as `area` allows.
pub(crate) fn fitted(area: Rect, size: Vec2, pixel: f32) -> Rect {
    let factor = (area.size() / size).min_elem().max(0.01);
    // A hair's breadth from 1:1 is 1:1, and sharp.
    let factor = if (factor - 1.0).abs() < 0.004 {
        1.0
    } else {
        factor
    };
    centred(area, size * factor, pixel)
}

/// `size` in the middle of `area`, its corner on whole pixels.
fn centred(area: Rect, size: Vec2, pixel: f32) -> Rect {
    let corner = area.min + ((area.size() - size) / 2.0).max(Vec2::ZERO);
    Rect::from_min_size((corner / pixel).round() * pixel, size)
}

fn place(at: Pos2, image: Rect, session: &Session) -> Input {
    let (width, height) = session.picture.size().unwrap_or((1, 1));
    let part = (at - image.min) / image.size();
    let scaled = |part: f32, size: u32| (part * size as f32).clamp(0.0, (size - 1) as f32) as u16;
    Input::PointerMove {
        x: scaled(part.x, width),
        y: scaled(part.y, height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
