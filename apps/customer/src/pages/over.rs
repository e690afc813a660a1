//! After a session, and after a case.

use aldis_host::View;
use aldis_ui::Texts;
use aldis_ui::theme::space;
use aldis_ui::widgets;
use aldis_wire::Millis;
use aldis_wire::peer::EndReason;
use aldis_wire::signal::{Status, Supporter};
use egui::Ui;

use super::{Act, show_notice};

/// A session that is over.
#[derive(Debug)]
pub(crate) struct Over<'a> {
    pub(crate) supporters: &'a [Supporter],
    /// In milliseconds.
    pub(crate) lasted: Millis,
    pub(crate) reason: EndReason,
}

/// Who was connected, for how long, and why no longer.
pub(crate) fn over(ui: &mut Ui, texts: Texts, view: &View, over: &Over<'_>) -> Option<Act> {
    widgets::column(ui, 420.0, |ui| {
        widgets::heading(ui, texts.get("over"));
        ui.add_space(space::LARGE);
        show_notice(ui, texts, view.notice.as_ref());
        let duration = texts.duration(over.lasted);
        let names = super::names(over.supporters.iter().map(|it| it.name.as_str()));
        let text = if over.supporters.len() > 1 {
            "over-text-several"
        } else {
            "over-text"
        };
        let who = texts.with(
            text,
            [("name", names.into()), ("duration", duration.into())],
        );
        let reason = match over.reason {
            EndReason::Customer => "over-customer",
            EndReason::Supporter => "over-supporter",
            EndReason::CaseClosed => "over-case-closed",
            EndReason::Lost => "over-lost",
            EndReason::Removed => "over-removed",
        };
        let open = view
            .case
            .as_ref()
            .is_some_and(|case| case.status != Status::Closed);
        widgets::card(ui, |ui| {
            ui.label(who);
            ui.label(texts.get(reason));
            if open {
                widgets::gap(ui);
                widgets::quiet(ui, texts.get("over-open"));
            }
        });
        ui.add_space(space::LARGE);
        ends(ui, texts)
    })
}

/// The case was closed.
pub(crate) fn closed(ui: &mut Ui, texts: Texts) -> Option<Act> {
    widgets::column(ui, 420.0, |ui| {
        widgets::heading(ui, texts.get("case-closed"));
        widgets::quiet(ui, texts.get("case-closed-lead"));
        ui.add_space(space::LARGE);
        ends(ui, texts)
    })
}

fn ends(ui: &mut Ui, texts: Texts) -> Option<Act> {
    let close = widgets::primary(ui, &texts.get("close"), true).clicked();
    let anew = widgets::secondary(ui, &texts.get("start-anew")).clicked();
    if close {
        Some(Act::Close)
    } else {
        anew.then_some(Act::Leave)
    }
}
