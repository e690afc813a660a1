//! While no supporter is there yet.

use aldis_host::View;
use aldis_ui::Texts;
use aldis_ui::theme::space;
use aldis_ui::widgets::{self, Tone};
use egui::Ui;

use super::{Act, show_notice};

/// The case is joined; its code is there to be read out.
pub(crate) fn waiting(ui: &mut Ui, texts: Texts, view: &View) -> Option<Act> {
    widgets::column(ui, 420.0, |ui| {
        widgets::heading(ui, texts.get("waiting"));
        ui.add_space(space::LARGE);
        if !view.online {
            widgets::notice(ui, Tone::Warn, &texts.get("waiting-offline"));
            widgets::gap(ui);
        }
        show_notice(ui, texts, view.notice.as_ref());
        widgets::card(ui, |ui| {
            widgets::quiet(ui, texts.get("waiting-code"));
            if let Some(case) = &view.case {
                widgets::big_code(ui, &case.code.to_string());
            }
            widgets::quiet(ui, texts.get("waiting-lead"));
        });
        ui.add_space(space::LARGE);
        widgets::secondary(ui, &texts.get("leave"))
            .clicked()
            .then_some(Act::Leave)
    })
}
