//! What a second start shows where the app is open: one sentence, and nothing to allow.

use aldis_ui::widgets;
use aldis_ui::{Texts, theme};
use egui::{CentralPanel, Frame, Key, Margin, Ui, Vec2, ViewportBuilder, ViewportCommand};

use crate::settings::Settings;

/// The window's size in points.
const SIZE: Vec2 = Vec2::new(420.0, 256.0);

/// Says it in a window of its own until it is closed: the other one may be hidden.
pub(crate) fn say(texts: Texts, settings: &Settings) -> eframe::Result<()> {
    let options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_app_id("aldis-sos")
            .with_icon(aldis_ui::icon::icon(0))
            .with_title(texts.get("customer-title"))
            .with_inner_size(SIZE)
            .with_resizable(false),
        centered: true,
        persist_window: false,
        ..eframe::NativeOptions::default()
    };
    let appearance = settings.appearance;
    let create: eframe::AppCreator<'_> = Box::new(move |context| {
        theme::apply(&context.egui_ctx, appearance);
        Ok(Box::new(Sentence(texts)))
    });
    eframe::run_native("aldis-sos", options, create)
}

struct Sentence(Texts);

impl eframe::App for Sentence {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
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
