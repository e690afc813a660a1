//! A recording that is being replayed.

use std::path::PathBuf;

use aldis_present::LivePane;
use aldis_ui::theme::{self, space};
use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Texts, time};
use aldis_viewer::{Playing, Replay, ReplayStage};
use egui::{
    Align, Button, CentralPanel, Frame, Key, Layout, Margin, Modifiers, Panel, Rect, Response,
    RichText, Role, Sense, Slider, Ui, Vec2, WidgetInfo,
};

use crate::pointer::PointerImage;
use crate::remote::{fitted, on_image};

/// How fast a recording can be replayed.
const SPEEDS: [f64; 6] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// How far an arrow key goes, in milliseconds.
const LEAP: u64 = 5_000;

/// A recording on the window.
pub(crate) struct Showing {
    pub(crate) path: PathBuf,
    replay: Replay,
    pane: LivePane,
    pointer: PointerImage,
}

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlayerAct {
    Close,
    Export,
}

impl Showing {
    pub(crate) fn new(path: PathBuf, replay: Replay) -> Self {
        Self {
            path,
            replay,
            pane: LivePane::default(),
            pointer: PointerImage::default(),
        }
    }
}

/// The player; with `back` there is a page behind it.
pub(crate) fn player(
    ui: &mut Ui,
    texts: Texts,
    showing: &mut Showing,
    back: bool,
) -> Option<PlayerAct> {
    let playing = showing.replay.playing();
    let tokens = theme::tokens(ui);
    let bar = Frame::new()
        .fill(tokens.raised)
        .inner_margin(Margin::symmetric(12, 8));
    let mut act = Panel::top("player-top")
        .frame(bar)
        .show(ui, |ui| title(ui, texts, &playing, back))
        .inner;
    let ready = match &playing.stage {
        ReplayStage::Ready { length, .. } => Some(*length),
        ReplayStage::Opening => None,
        ReplayStage::Failed(reason) => {
            ui.add_space(space::LARGE);
            ui.horizontal(|ui| widgets::notice(ui, Tone::Bad, reason));
            return act;
        }
    };
    if let Some(length) = ready {
        act = keys(ui, &showing.replay, &playing, length, back).or(act);
        Panel::bottom("player-controls").frame(bar).show(ui, |ui| {
            controls(ui, texts, &showing.replay, &playing, length);
        });
    }
    CentralPanel::default()
        .frame(Frame::NONE)
        .show(ui, |ui| picture(ui, texts, showing));
    act
}

fn title(ui: &mut Ui, texts: Texts, playing: &Playing, back: bool) -> Option<PlayerAct> {
    let mut act = None;
    ui.horizontal(|ui| {
        if back && ui.button(texts.get("recordings")).clicked() {
            act = Some(PlayerAct::Close);
        }
        let ReplayStage::Ready { head, finished, .. } = &playing.stage else {
            widgets::quiet(ui, texts.get("recording-opening"));
            return;
        };
        let customer = if head.customer.is_empty() {
            texts.get("the-customers-computer").into_owned()
        } else {
            head.customer.clone()
        };
        ui.label(RichText::new(customer).font(theme::strong(14.5)));
        widgets::quiet(ui, head.case.clone());
        let started = time::moment(head.started, time::now(), texts.language());
        widgets::quiet(ui, started);
        widgets::quiet(
            ui,
            texts.with("recorded-by", [("name", head.supporter.as_str().into())]),
        );
        if !finished {
            let tokens = theme::tokens(ui);
            let words = texts.get("recording-cut");
            widgets::badge(ui, &words, tokens.warn, tokens.warn_soft);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if back && ui.button(texts.get("recording-export")).clicked() {
                act = Some(PlayerAct::Export);
            }
        });
    });
    act
}

/// The keys go before the widgets: they mean the same wherever the focus is.
fn keys(ui: &Ui, replay: &Replay, playing: &Playing, length: u64, back: bool) -> Option<PlayerAct> {
    // Quick presses may come together.
    let times = |key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key));
    let pressed = |key| times(key) > 0;
    if times(Key::Space) % 2 == 1 {
        replay.play(!playing.plays);
    }
    let leaps = |key| LEAP * times(key) as u64;
    let (left, right) = (leaps(Key::ArrowLeft), leaps(Key::ArrowRight));
    if left != right {
        let to = playing.position.saturating_add(right);
        replay.seek(to.saturating_sub(left).min(length));
    }
    for (key, to) in [(Key::Home, 0), (Key::End, length)] {
        if pressed(key) {
            replay.seek(to);
        }
    }
    let (up, down) = (times(Key::ArrowUp), times(Key::ArrowDown));
    if up != down {
        let at = SPEEDS.iter().position(|speed| *speed >= playing.speed);
        let at = at.unwrap_or(SPEEDS.len() - 1) + up;
        replay.set_speed(SPEEDS[at.saturating_sub(down).min(SPEEDS.len() - 1)]);
    }
    (back && pressed(Key::Escape)).then_some(PlayerAct::Close)
}

fn controls(ui: &mut Ui, texts: Texts, replay: &Replay, playing: &Playing, length: u64) {
    ui.horizontal(|ui| {
        let word = if playing.plays { "pause" } else { "play" };
        let button = Button::new(texts.get(word)).min_size(Vec2::new(92.0, 32.0));
        if ui.add(button).clicked() {
            replay.play(!playing.plays);
        }
        ui.label(span(playing.position));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let mut skips = playing.skips;
            let name = texts.get("skip-idle");
            if ui
                .checkbox(&mut skips, name)
                .on_hover_text(texts.get("skip-idle-lead"))
                .changed()
            {
                replay.set_skips(skips);
            }
            let times = |speed: f64| format!("{}×", texts.number(speed));
            let shown = times(playing.speed);
            widgets::choice(ui, &texts.get("speed"), &shown, 150.0, |ui| {
                for speed in SPEEDS {
                    let here = speed.to_bits() == playing.speed.to_bits();
                    if ui.selectable_label(here, times(speed)).clicked() {
                        replay.set_speed(speed);
                        ui.close();
                    }
                }
            });
            ui.label(span(length));
            let mut position = playing.position;
            ui.spacing_mut().slider_width = (ui.available_width() - 8.0).max(40.0);
            let response = seek_bar(ui, &mut position, length);
            let name = texts.get("position");
            let value = position as f64 / 1000.0;
            response.widget_info(|| WidgetInfo::slider(true, value, &name));
            if response.changed() {
                replay.seek(position);
            }
        });
    });
}

/// What has been played is filled, what has not is a line.
fn seek_bar(ui: &mut Ui, position: &mut u64, length: u64) -> Response {
    let tokens = theme::tokens(ui);
    ui.scope(|ui| {
        let visuals = ui.visuals_mut();
        visuals.widgets.inactive.bg_fill = tokens.line;
        visuals.selection.bg_fill = tokens.accent;
        let slider = Slider::new(position, 0..=length.max(1))
            .show_value(false)
            .trailing_fill(true);
        ui.add(slider)
    })
    .inner
}

fn picture(ui: &mut Ui, texts: Texts, showing: &mut Showing) {
    let live = showing.replay.picture();
    let area = ui.available_rect_before_wrap();
    let Some(size) = live.size() else {
        ui.centered_and_justified(|ui| ui.label(texts.get("recording-opening")));
        return;
    };
    let pixel = 1.0 / ui.ctx().pixels_per_point();
    let points = Vec2::new(size.0 as f32, size.1 as f32) * pixel;
    let image: Rect = fitted(area, points, pixel);
    let response = ui.interact(area, egui::Id::unique("replay"), Sense::click());
    let name = texts.get("recorded-screen");
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &name));
    if response.clicked() {
        let plays = showing.replay.playing().plays;
        showing.replay.play(!plays);
    }
    showing.pane.show(ui, area, image, &live);
    let pointer = showing.replay.pointer();
    if let Some(place) = pointer.place {
        let at = on_image(place, size, image);
        showing.pointer.paint(&ui.painter_at(area), &pointer, at);
    }
}

/// Minutes and seconds, and hours where there are any.
pub(crate) fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_on_a_clock() {
        assert_eq!(span(0), "0:00");
        assert_eq!(span(65_999), "1:05");
        assert_eq!(span(3_600_000 * 11 + 61_000), "11:01:01");
    }
}
