//! The first page: who needs help, and where to ask.

use aldis_host::Notice;
use aldis_ui::theme::space;
use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Appearance, Language, Texts};
use egui::{ComboBox, Spinner, Ui};

use super::{Act, show_notice};

/// What is typed on the first page.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) server: String,
    /// What is wrong with it.
    pub(crate) problem: Option<String>,
    /// The person has just said that no help is needed any more.
    pub(crate) withdrawn: bool,
}

/// How the window looks now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) language: Language,
    pub(crate) appearance: Appearance,
}

/// The first page.
pub(crate) fn start(
    ui: &mut Ui,
    texts: Texts,
    entry: &mut Entry,
    notice: Option<&Notice>,
    look: Look,
) -> Option<Act> {
    widgets::column(ui, 420.0, |ui| {
        widgets::heading(ui, texts.get("customer-title"));
        widgets::quiet(ui, texts.get("customer-lead"));
        ui.add_space(space::LARGE);
        show_notice(ui, texts, notice);
        if entry.withdrawn {
            widgets::notice(ui, Tone::Good, &texts.get("withdrawn"));
            widgets::gap(ui);
        }
        if let Some(problem) = &entry.problem {
            widgets::notice(ui, Tone::Bad, problem);
            widgets::gap(ui);
        }
        let code_hint = texts.get("customer-code-hint");
        let mut entered = false;
        let mut field = |name: &str, value: &mut String, hint: &str| {
            let response = widgets::field(ui, &texts.get(name), value, hint, false);
            entered |= widgets::entered(&response);
        };
        field("customer-name", &mut entry.name, "");
        field("customer-code", &mut entry.code, &code_hint);
        // A link names its server.
        if !entry.code.contains("://") {
            field("server", &mut entry.server, &texts.get("server-hint"));
        }
        ui.add_space(space::SMALL);
        let pressed = widgets::primary(ui, &texts.get("get-help"), true).clicked();
        ui.add_space(space::LARGE);
        let chosen = choose_look(ui, texts, look);
        if pressed || entered {
            Some(Act::GetHelp)
        } else {
            chosen
        }
    })
}

fn choose_look(ui: &mut Ui, texts: Texts, look: Look) -> Option<Act> {
    const APPEARANCES: [(Appearance, &str); 3] = [
        (Appearance::System, "theme-system"),
        (Appearance::Light, "theme-light"),
        (Appearance::Dark, "theme-dark"),
    ];
    let (mut language, mut appearance) = (look.language, look.appearance);
    ui.horizontal_wrapped(|ui| {
        let named = Language::ALL.iter().find(|(known, _)| *known == language);
        ComboBox::new("language", texts.get("language"))
            .selected_text(named.map_or("", |(_, name)| *name))
            .show_ui(ui, |ui| {
                for (known, name) in Language::ALL {
                    ui.selectable_value(&mut language, known, name);
                }
            });
        let named = APPEARANCES.iter().find(|(known, _)| *known == appearance);
        ComboBox::new("appearance", texts.get("theme"))
            .selected_text(texts.get(named.map_or("", |(_, name)| *name)))
            .show_ui(ui, |ui| {
                for (known, name) in APPEARANCES {
                    ui.selectable_value(&mut appearance, known, texts.get(name));
                }
            });
    });
    if language != look.language {
        Some(Act::Language(language))
    } else if appearance != look.appearance {
        Some(Act::Appearance(appearance))
    } else {
        None
    }
}

/// While the server is being reached.
pub(crate) fn joining(ui: &mut Ui, texts: Texts) -> Option<Act> {
    widgets::column(ui, 420.0, |ui| {
        widgets::heading(ui, texts.get("customer-title"));
        ui.add_space(space::LARGE);
        ui.horizontal(|ui| {
            ui.add(Spinner::new());
            ui.label(texts.get("joining"));
        });
        ui.add_space(space::LARGE);
        widgets::secondary(ui, &texts.get("cancel"))
            .clicked()
            .then_some(Act::Leave)
    })
}
