//! The form of what is written about a case.

use aldis_ui::{theme, widgets};
use aldis_wire::signal::{Case, Facts, MAX_TEXT, Priority};
use egui::{Label, Margin, RichText, ScrollArea, TextEdit, Ui};

use super::{Now, details};

/// What is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(super) customer: String,
    facts: Facts,
    tags: String,
}

impl Form {
    pub(super) fn of(case: &Case) -> Self {
        Self {
            customer: case.customer.clone(),
            facts: case.facts.clone(),
            tags: case.facts.tags.join(", "),
        }
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            tags: self
                .tags
                .split(',')
                .map(|tag| tag.trim().to_owned())
                .collect(),
            ..self.facts.clone()
        }
    }
}

/// The form; `true` if Enter was pressed in one of its lines.
pub(super) fn form(ui: &mut Ui, now: Now<'_>, form: &mut Form, all: bool) -> bool {
    let texts = now.texts;
    let hint = texts.get("customer-optional");
    let mut entered = false;
    let most = ui.ctx().content_rect().height() - 290.0;
    ScrollArea::vertical()
        .max_height(most.max(160.0))
        .show(ui, |ui| {
            let field =
                widgets::field(ui, &texts.get("customer"), &mut form.customer, &hint, false);
            entered = widgets::entered(&field);
            if !ui.memory(|memory| memory.focused().is_some()) {
                field.request_focus();
            }
            let facts = &mut form.facts;
            let mut line = |ui: &mut Ui, name: &str, value: &mut String, hint: &str| {
                let field = widgets::field(ui, &texts.get(name), value, hint, false);
                entered |= widgets::entered(&field);
            };
            line(ui, "company", &mut facts.company, "");
            line(ui, "email", &mut facts.email, "");
            text(ui, &texts.get("description"), &mut facts.description);
            line(ui, "ticket", &mut facts.ticket, "");
            ui.horizontal(|ui| {
                let width = ui.available_width();
                let chosen = texts.get(details::priority(facts.priority));
                widgets::choice(ui, &texts.get("priority"), &chosen, width, |ui| {
                    let all = [
                        Priority::Low,
                        Priority::Normal,
                        Priority::High,
                        Priority::Urgent,
                    ];
                    for known in all {
                        let words = texts.get(details::priority(known));
                        ui.selectable_value(&mut facts.priority, known, words);
                    }
                });
            });
            if all {
                line(ui, "category", &mut facts.category, "");
                line(ui, "kind", &mut facts.kind, "");
                line(ui, "via", &mut facts.via, "");
                line(ui, "tags", &mut form.tags, &texts.get("tags-hint"));
                text(ui, &texts.get("notes"), &mut facts.notes);
            }
        });
    entered
}

fn text(ui: &mut Ui, name: &str, value: &mut String) {
    let label = ui.add(Label::new(RichText::new(name).font(theme::strong(12.5))));
    let edit = TextEdit::multiline(value)
        .char_limit(MAX_TEXT)
        .desired_rows(3)
        .margin(Margin::symmetric(10, 8))
        .desired_width(f32::INFINITY);
    ui.add(edit).labelled_by(label.id);
    ui.add_space(8.0);
}
