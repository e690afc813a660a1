//! Where the supporter signs in.

use aldis_trust::Invitation;
use aldis_ui::Texts;
use aldis_ui::theme::space;
use aldis_ui::widgets::{self, Tone};
use aldis_viewer::Desk;
use egui::{Spinner, Ui};

use super::{Act, settings_menu};
use crate::settings::Settings;

/// What is typed there.
#[derive(Default)]
pub(crate) struct Entry {
    pub(crate) server: String,
    pub(crate) name: String,
    pub(crate) password: String,
    /// What is wrong with it.
    pub(crate) problem: Option<String>,
}

/// The page.
pub(crate) fn sign_in(
    ui: &mut Ui,
    texts: Texts,
    desk: &Desk,
    entry: &mut Entry,
    settings: &Settings,
) -> Option<Act> {
    widgets::column(ui, 420.0, |ui| {
        ui.add_space(ui.available_height() * 0.12);
        let mut act = None;
        widgets::card(ui, |ui| {
            widgets::heading(ui, "Aldis");
            widgets::quiet(ui, texts.get("sign-in-lead"));
            ui.add_space(space::LARGE);
            let problem = match desk {
                Desk::Refused(error) if entry.problem.is_none() => Some(texts.signal_error(error)),
                _ => entry.problem.clone(),
            };
            if let Some(problem) = problem {
                widgets::notice(ui, Tone::Bad, &problem);
                widgets::gap(ui);
            }
            let busy = matches!(desk, Desk::SigningIn);
            let mut entered = false;
            let mut changed = false;
            let mut field = |ui: &mut Ui, id: &str, value: &mut String, hint: &str| {
                let response = widgets::field(ui, &texts.get(id), value, hint, id == "password");
                entered |= widgets::entered(&response);
                changed |= response.changed();
            };
            field(ui, "server", &mut entry.server, &texts.get("server-hint"));
            // The first invitation names nobody; of any other the server knows whose it is.
            let invited = entry.server.parse::<Invitation>().ok();
            if invited.is_some() {
                widgets::quiet(ui, texts.get("sign-in-invited"));
                ui.add_space(space::SMALL);
            }
            if invited.is_none_or(|it| it.server.organisation.is_none()) {
                field(ui, "name", &mut entry.name, "");
            }
            field(ui, "password", &mut entry.password, "");
            if changed {
                // What was wrong with it may no longer be.
                entry.problem = None;
            }
            ui.add_space(space::SMALL);
            let pressed = widgets::primary(ui, &texts.get("sign-in"), !busy).clicked();
            if busy {
                ui.horizontal(|ui| {
                    ui.add(Spinner::new());
                    ui.label(texts.get("signing-in"));
                });
            } else if pressed || entered {
                act = Some(Act::SignIn);
            }
        });
        widgets::gap(ui);
        act.or_else(|| ui.horizontal(|ui| settings_menu(ui, texts, settings)).inner)
    })
}
