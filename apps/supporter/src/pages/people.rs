//! Who is in the session beside this supporter, and what they let each other do.

use aldis_ui::theme::{self, space};
use aldis_ui::{Texts, widgets};
use aldis_viewer::{Command, Session, Wish};
use aldis_wire::peer::{Grant, MAX_SEATS, Seat};
use aldis_wire::signal::{Action, Case};
use egui::containers::menu::MenuButton;
use egui::{Align, Button, Layout, RichText, Ui};

use super::Act;

/// The width of the invitation in points.
const INVITATION: f32 = 260.0;

/// The most characters of a name in the row.
const SHORT: usize = 24;

/// A row with everybody; nothing where this supporter is alone.
pub(crate) fn people(ui: &mut Ui, texts: Texts, session: &Session) -> Option<Act> {
    let me = own(session)?;
    if session.seats.len() < 2 {
        return None;
    }
    let mut act = None;
    ui.horizontal_wrapped(|ui| {
        for seat in &session.seats {
            act = act.take().or_else(|| chip(ui, texts, seat, me));
            ui.add_space(space::SMALL);
        }
        let may = me.grant == Grant::Control && !me.controls;
        if may && me.lead && ui.button(texts.get("take-control")).clicked() {
            act = Some(Act::Engine(Command::HandControl(me.number)));
        }
        if may && !me.lead {
            let word = if me.asks {
                "asked-control"
            } else {
                "ask-control"
            };
            let ask = Button::new(texts.get(word));
            if ui.add_enabled(!me.asks, ask).clicked() {
                act = Some(Act::Engine(Command::AskControl));
            }
        }
    });
    act
}

/// One supporter; for the lead a menu of what can be done about him.
fn chip(ui: &mut Ui, texts: Texts, seat: &Seat, me: &Seat) -> Option<Act> {
    let tokens = theme::tokens(ui);
    let name = short(&seat.name);
    let mut act = None;
    if me.lead && !seat.you {
        let menu = MenuButton::from_button(Button::new(format!("{name}…")));
        menu.ui(ui, |ui| {
            let may = seat.grant == Grant::Control && !seat.controls;
            let hand_over = Button::new(texts.get("hand-control"));
            if ui.add_enabled(may, hand_over).clicked() {
                act = Some(Act::Engine(Command::HandControl(seat.number)));
            }
            if ui.button(texts.get("remove-seat")).clicked() {
                act = Some(Act::Engine(Command::RemoveSeat(seat.number)));
            }
        });
    } else if seat.you {
        ui.label(texts.with("seat-you", [("name", name.as_str().into())]));
    } else {
        ui.label(&name);
    }
    if seat.lead {
        ui.label(
            RichText::new(texts.get("seat-lead"))
                .small()
                .color(tokens.quiet),
        );
    }
    if seat.records {
        let words = texts.get("seat-records");
        widgets::badge(ui, &words, tokens.bad, tokens.bad_soft);
    }
    if seat.controls {
        let words = controls(texts, seat);
        widgets::badge(ui, &words, tokens.good, tokens.good_soft);
    } else if seat.asks {
        let words = texts.get("seat-asks");
        widgets::badge(ui, &words, tokens.warn, tokens.warn_soft);
    }
    act
}

/// The colleague to invite: a field in a menu, and who is invited already.
pub(crate) fn invite(
    ui: &mut Ui,
    texts: Texts,
    session: &Session,
    case: Option<&Case>,
    name: &mut String,
) -> Option<Act> {
    if session.seats.len() >= MAX_SEATS {
        return None;
    }
    let mut act = None;
    let menu = MenuButton::new(texts.get("invite")).config(widgets::page_menu());
    let layout = Layout::top_down(Align::Min);
    menu.ui(ui, |ui| {
        ui.set_width(INVITATION);
        ui.with_layout(layout, |ui| {
            widgets::quiet(ui, texts.get("invite-lead"));
            ui.add_space(space::SMALL);
            let field = widgets::field(ui, &texts.get("invite-name"), name, "", false);
            let typed = name.trim();
            let entered = widgets::entered(&field);
            let pressed =
                widgets::primary(ui, &texts.get("invite-send"), !typed.is_empty()).clicked();
            if (pressed || entered) && !typed.is_empty() {
                let (code, to) = (session.code, typed.to_owned());
                let (codes, action) = (vec![code], Action::Invite(to));
                act = Some(Act::Desk(Wish::Act { codes, action }));
                ui.close();
            }
            let invited = case.map(|case| case.invited.join(", "));
            if let Some(names) = invited.filter(|names| !names.is_empty()) {
                ui.add_space(space::SMALL);
                widgets::quiet(ui, texts.with("invited", [("names", names.into())]));
            }
        });
    });
    if act.is_some() {
        name.clear();
    }
    act
}

/// That this supporter controls, in words.
fn controls(texts: Texts, seat: &Seat) -> String {
    if seat.you {
        return texts.get("controls-you").into_owned();
    }
    let name = short(&seat.name);
    texts.with("controls-other", [("name", name.into())])
}

/// Why mouse and keyboard do nothing here.
pub(crate) fn watching(texts: Texts, session: &Session) -> String {
    let alone = session.seats.len() < 2;
    if alone || own(session).is_none_or(|me| me.grant == Grant::View) {
        return texts.get("input-ignored").into_owned();
    }
    match controller(session) {
        Some(seat) => {
            let name = short(&seat.name);
            texts.with("watching", [("name", name.into())])
        }
        None => texts.get("watching-nobody").into_owned(),
    }
}

/// Whose mouse and keyboard are.
pub(crate) fn controller(session: &Session) -> Option<&Seat> {
    session.seats.iter().find(|seat| seat.controls)
}

fn own(session: &Session) -> Option<&Seat> {
    session.seats.iter().find(|seat| seat.you)
}

fn short(name: &str) -> String {
    match name.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or(name).trim_end()),
        None => name.to_owned(),
    }
}
