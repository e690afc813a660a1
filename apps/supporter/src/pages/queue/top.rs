//! The bar at the top.

use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Texts, theme};
use aldis_viewer::{Desk, Wish};
use aldis_wire::signal::Availability;
use egui::{Align, Color32, Layout, RichText, Ui};

use super::super::{Act, settings_menu};
use super::{Now, Palette, Queue};
use crate::settings::Settings;

/// What a supporter can say of himself.
pub(super) const STATES: [(Availability, &str); 3] = [
    (Availability::Available, "available"),
    (Availability::Away, "away"),
    (Availability::Busy, "busy"),
];

/// The bar.
pub(super) fn bar(
    ui: &mut Ui,
    now: Now<'_>,
    state: &mut Queue,
    settings: &Settings,
) -> Option<Act> {
    let texts = now.texts;
    let mut act = None;
    ui.horizontal(|ui| {
        ui.heading(texts.get("service-queue"));
        ui.add_space(12.0);
        if widgets::primary_small(ui, &texts.get("new-case"), now.online).clicked() {
            state.open_new_case();
        }
        if ui.button(texts.get("command-palette")).clicked() {
            state.palette = Some(Palette::default());
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            // Not outermost: there the session page has its End session, which may be clicked twice.
            act = settings_menu(ui, texts, settings);
            if ui.button(texts.get("sign-out")).clicked() {
                act = Some(Act::SignOut);
            }
            let chosen = availability(ui, now);
            act = act.take().or(chosen);
            if let Desk::SignedIn { supporter, .. } = &now.view.desk {
                let organisation = now.view.standing.organisation();
                let button = match organisation {
                    Some(organisation) => format!("{}, {organisation}", supporter.name),
                    None => format!("{}, {}", supporter.name, texts.get("organisation")),
                };
                if ui.button(button).clicked() {
                    act = Some(Act::ShowOrganisation(true));
                }
            }
        });
    });
    if let Some((tone, words)) = super::super::warning(texts, &now.view.standing, now.clock) {
        widgets::notice(ui, tone, &words);
        // An admin can do something about it.
        if now.view.standing.may_found()
            && widgets::primary_small(ui, &texts.get("organisation-create"), now.online).clicked()
        {
            act = Some(Act::ShowOrganisation(true));
        }
    }
    if !now.online {
        widgets::notice(ui, Tone::Warn, &texts.get("offline"));
    }
    act
}

/// The menu of what a supporter says of himself.
fn availability(ui: &mut Ui, now: Now<'_>) -> Option<Act> {
    let texts = now.texts;
    let current = now.service().desk.availability;
    let mut act = None;
    let ink = colour(ui, current);
    let word = RichText::new(format!("● {}", word(texts, current))).color(ink);
    let menu = ui.menu_button(word, |ui| {
        for (state, id) in STATES {
            if ui
                .selectable_label(state == current, texts.get(id))
                .clicked()
            {
                act = Some(Act::Desk(Wish::SetAvailability(state)));
                ui.close();
            }
        }
    });
    let name = format!(
        "{}: {}",
        texts.get("availability"),
        self::word(texts, current)
    );
    menu.response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    act
}

/// A state in the person's language.
pub(super) fn word(texts: Texts, state: Availability) -> String {
    let known = STATES.iter().find(|(known, _)| *known == state);
    texts
        .get(known.map_or("not-signed-in", |(_, id)| id))
        .into_owned()
}

/// A state's colour.
pub(super) fn colour(ui: &Ui, state: Availability) -> Color32 {
    let tokens = theme::tokens(ui);
    match state {
        Availability::Available => tokens.good,
        Availability::Away => tokens.warn,
        Availability::Busy => tokens.bad,
        Availability::Offline => tokens.quiet,
    }
}
