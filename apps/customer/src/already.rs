//! What a second start shows where the app is open: one sentence, and nothing to allow.

use aldis_present::{Handles, Options, WindowError};
use aldis_ui::widgets;
use aldis_ui::{Texts, theme};
use egui::{CentralPanel, Frame, Key, Margin, Ui, Vec2, ViewportBuilder, ViewportCommand};

use crate::settings::Settings;

/// The window's size in points.
const SIZE: Vec2 = Vec2::new(420.0, 256.0);

/// Says it in a window of its own until it is closed: the other one may be hidden.
pub(crate) fn say(texts: Texts, settings: &Settings) -> Result<(), WindowError> {
    let options = Options {
        viewport: ViewportBuilder::default()
            .with_app_id("aldis-sos")
            .with_icon(aldis_ui::icon::icon(0))
            .with_title(texts.get("customer-title"))
            .with_inner_size(SIZE)
            .with_resizable(false),
        centered: true,
        clipboard_shortcuts: true,
        on_frame: None,
    };
    let appearance = settings.appearance;
    let create: aldis_present::Create<'_> = Box::new(move |ctx, _display| {
        theme::apply(ctx, appearance);
        Ok(Box::new(Sentence(texts)))
    });
    aldis_present::run("aldis-sos", options, create)
}

struct Sentence(Texts);

impl aldis_present::App for Sentence {
    fn ui(&mut self, ui: &mut Ui, _window: &dyn Handles) {
        let Self(texts) = self;
        let ground = Frame::new()
            .fill(theme::tokens(ui).ground)
            .inner_margin(Margin::same(24));
        let closed = CentralPanel::default().frame(ground).show(ui, |ui| {
            widgets::heading(ui, texts.get("already-open"));
            ui.add_space(theme::space::LARGE);
            widgets::quiet(ui, texts.get("already-open-lead"));
            ui.add_space(theme::space::LARGE);
            widgets::primary(ui, &texts.get("close"), true).clicked()
        });
        if closed.inner || ui.input(|input| input.key_pressed(Key::Escape)) {
            ui.ctx().send_viewport_cmd(ViewportCommand::Close);
        }
    }
}
