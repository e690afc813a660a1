//! The dialogs above the page.

use aldis_ui::widgets;
use aldis_viewer::Wish;
use aldis_wire::Code;
use aldis_wire::signal::{Action, Canned, Case, Channel, Draft, NewPlace, Outcome};
use egui::{Frame, Modal, Ui, Vec2};

use super::super::Act;
use super::pick::{self, Pick};
use super::{Now, Queue, Scope, channel, details, edit};

/// A dialog that is open.
#[derive(Debug)]
pub(crate) enum Dialog {
    /// Makes a case.
    NewCase {
        /// What is known about it.
        form: Box<edit::Form>,
        /// Where it shall belong.
        place: Option<NewPlace>,
        /// Leave it to the queue.
        to_queue: bool,
    },
    /// Closes cases.
    Close(Vec<Code>, Outcome),
    /// Deletes cases.
    Delete(Vec<Code>),
    /// Chooses a colleague or a channel.
    Pick(Pick, Vec<Code>, String),
    /// Changes what is written.
    Edit(Code, Box<edit::Form>),
    /// Makes a channel or sets one up.
    Channel(Box<channel::Form>),
    /// Keeps a canned reply.
    Canned(Canned),
}

impl Dialog {
    pub(super) fn new_case(scope: Scope) -> Self {
        let place = match scope {
            Scope::Channel(id) => Some(NewPlace::Channel(id)),
            Scope::Private => Some(NewPlace::Private),
            Scope::All | Scope::Home => None,
        };
        Self::NewCase {
            form: Box::default(),
            place,
            to_queue: false,
        }
    }

    pub(super) fn close(codes: Vec<Code>) -> Self {
        Self::Close(codes, Outcome::Unknown)
    }

    pub(super) fn pick(pick: Pick, codes: Vec<Code>) -> Self {
        Self::Pick(pick, codes, String::new())
    }

    pub(super) fn edit(case: &Case) -> Self {
        Self::Edit(case.code, Box::new(edit::Form::of(case)))
    }

    pub(super) fn channel(channel: Option<Channel>) -> Self {
        Self::Channel(Box::new(channel::Form::of(channel)))
    }

    pub(super) fn canned(text: String) -> Self {
        let title = String::new();
        Self::Canned(Canned { title, text })
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NewCase { .. } => "new-case",
            Self::Close(..) => "close-case",
            Self::Delete(_) => "delete",
            Self::Pick(pick, ..) => pick.title(),
            Self::Edit(..) => "edit",
            Self::Channel(form) if form.id.is_none() => "new-channel",
            Self::Channel(_) => "edit-channel",
            Self::Canned(_) => "canned-save",
        }
    }
}

/// Shows the dialog that is open, if there is one.
pub(super) fn show(ui: &Ui, now: Now<'_>, state: &mut Queue) -> Option<Act> {
    let mut dialog = state.dialog.take()?;
    let texts = now.texts;
    let (mut act, mut stays) = (None, true);
    let frame = Frame::popup(ui.style()).inner_margin(20);
    let modal = Modal::new(egui::Id::unique("dialog")).frame(frame);
    let modal = modal.show(ui.ctx(), |ui| {
        ui.set_width(440.0);
        widgets::heading(ui, texts.get(dialog.title()));
        act = content(ui, now, &mut dialog);
        stays = !widgets::secondary(ui, &texts.get("cancel")).clicked();
    });
    if act.is_none() && stays && !modal.should_close() {
        state.dialog = Some(dialog);
    }
    act
}

fn content(ui: &mut Ui, now: Now<'_>, dialog: &mut Dialog) -> Option<Act> {
    let texts = now.texts;
    let wide = Vec2::new(ui.available_width(), 40.0);
    let act = |codes: &[Code], action| {
        Act::Desk(Wish::Act {
            codes: codes.to_vec(),
            action,
        })
    };
    match dialog {
        Dialog::NewCase {
            form,
            place,
            to_queue,
        } => {
            widgets::quiet(ui, texts.get("new-case-lead"));
            widgets::gap(ui);
            let entered = edit::form(ui, now, form, false);
            where_to(ui, now, place);
            if *place != Some(NewPlace::Private) {
                ui.checkbox(to_queue, texts.get("leave-to-queue"));
            }
            widgets::gap(ui);
            let pressed = widgets::primary(ui, &texts.get("create-case"), true).clicked();
            (pressed || entered).then(|| {
                Act::Desk(Wish::NewCase(Box::new(Draft {
                    place: *place,
                    customer: form.customer.trim().to_owned(),
                    facts: form.facts(),
                    to_queue: *to_queue,
                    by_script: false,
                })))
            })
        }
        Dialog::Close(codes, outcome) => {
            let question = match codes.as_slice() {
                [code] => texts.with("close-case-ask", [("code", code.to_string().into())]),
                _ => texts.with("close-many", [("count", codes.len().into())]),
            };
            ui.label(question);
            widgets::gap(ui);
            ui.horizontal(|ui| {
                widgets::quiet(ui, texts.get("outcome"));
                for known in [Outcome::Resolved, Outcome::Unresolved, Outcome::Unknown] {
                    ui.selectable_value(outcome, known, texts.get(details::outcome(known)));
                }
            });
            widgets::gap(ui);
            widgets::danger(ui, &texts.get("close-case-yes"), wide)
                .clicked()
                .then(|| act(codes, Action::Close(*outcome)))
        }
        Dialog::Delete(codes) => {
            ui.label(texts.with("delete-ask", [("count", codes.len().into())]));
            widgets::gap(ui);
            widgets::danger(ui, &texts.get("delete"), wide)
                .clicked()
                .then(|| act(codes, Action::Delete))
        }
        Dialog::Pick(pick, codes, filter) => pick::choose(ui, now, *pick, codes, filter),
        Dialog::Edit(code, form) => {
            let entered = edit::form(ui, now, form, true) && now.online;
            let customer = form.customer.trim().to_owned();
            let pressed = widgets::primary(ui, &texts.get("save"), now.online).clicked();
            (pressed || entered).then(|| {
                let facts = Box::new(form.facts());
                act(&[*code], Action::Edit { customer, facts })
            })
        }
        Dialog::Channel(form) => {
            channel::form(ui, now, form);
            let pressed = widgets::primary(ui, &texts.get("save"), now.online).clicked();
            let remove = form
                .id
                .filter(|id| *id != aldis_wire::signal::DEFAULT_CHANNEL);
            if let Some(id) = remove
                && widgets::danger(ui, &texts.get("remove-channel"), wide).clicked()
            {
                return Some(Act::Desk(Wish::RemoveChannel(id)));
            }
            pressed.then(|| {
                let setup = form.setup();
                Act::Desk(match form.id {
                    Some(id) => Wish::SetChannel(Box::new(Channel { id, setup })),
                    None => Wish::NewChannel(Box::new(setup)),
                })
            })
        }
        Dialog::Canned(canned) => {
            let title = texts.get("canned-title");
            let field = widgets::field(ui, &title, &mut canned.title, "", false);
            let entered = widgets::entered(&field);
            ui.label(&canned.text);
            widgets::gap(ui);
            let ready = now.online && !canned.title.trim().is_empty();
            let pressed = widgets::primary(ui, &texts.get("save"), ready).clicked();
            (ready && (pressed || entered)).then(|| Act::Desk(Wish::KeepCanned(canned.clone())))
        }
    }
}

/// Where a new case shall belong.
fn where_to(ui: &mut Ui, now: Now<'_>, place: &mut Option<NewPlace>) {
    let texts = now.texts;
    let channels = &now.service().desk.channels;
    let private = texts.get("private");
    let chosen = match *place {
        Some(NewPlace::Private) => private.clone().into_owned(),
        Some(NewPlace::Channel(id)) => now.place(&aldis_wire::signal::Place::Channel(id)),
        None => channels
            .first()
            .map_or_else(String::new, |first| first.setup.name.clone()),
    };
    ui.horizontal(|ui| {
        let width = ui.available_width();
        widgets::choice(ui, &texts.get("channel"), &chosen, width, |ui| {
            for channel in channels {
                let id = Some(NewPlace::Channel(channel.id));
                ui.selectable_value(place, id, &channel.setup.name);
            }
            ui.selectable_value(place, Some(NewPlace::Private), private);
        });
    });
}
