//! The details of the selected case, and what can be done with it.

use aldis_trust::CaseLink;
use aldis_ui::widgets;
use aldis_ui::{theme, time};
use aldis_viewer::{Command, Desk, View};
use aldis_wire::peer::MAX_SEATS;
use aldis_wire::signal::{Case, Status};
use egui::{Button, Label, RichText, Ui, Vec2};

use super::queue::Now;
use super::{Act, status_colours, status_text};

/// The width of the facts' names in points.
const NAMES: f32 = 118.0;

/// No session runs, or this supporter is invited to it and not in it yet.
fn is_free(case: &Case, me: &str) -> bool {
    if case.status != Status::InProgress {
        return true;
    }
    let is_me = |name: &String| name == me;
    case.invited.iter().any(is_me)
        && !case.supporters.iter().any(is_me)
        && case.supporters.len() < MAX_SEATS
}

/// The panel.
pub(crate) fn details(
    ui: &mut Ui,
    now: Now,
    view: &View,
    case: Option<&Case>,
    copied: Option<&str>,
) -> Option<Act> {
    let texts = now.texts;
    let Some(case) = case else {
        ui.add_space(ui.available_height() * 0.35);
        ui.vertical_centered(|ui| widgets::quiet(ui, texts.get("select-case")));
        return None;
    };
    let Desk::SignedIn {
        supporter,
        server,
        online,
        ..
    } = &view.desk
    else {
        return None;
    };
    let link = CaseLink {
        server: server.clone(),
        code: case.code,
    }
    .to_string();
    let code = case.code.to_string();
    let open = matches!(
        case.status,
        Status::New | Status::Pending | Status::InProgress
    );
    let mut act = None;
    widgets::big_code(ui, &code);
    ui.horizontal(|ui| {
        let (ink, tint) = status_colours(ui, case.status);
        widgets::badge(ui, &status_text(texts, case.status), ink, tint);
        let tokens = theme::tokens(ui);
        let (word, ink, tint) = if case.customer_online {
            ("customer-online", tokens.good, tokens.good_soft)
        } else {
            ("customer-offline", tokens.quiet, tokens.hover)
        };
        widgets::badge(ui, &texts.get(word), ink, tint);
    });
    widgets::gap(ui);
    if open {
        let ready = *online && case.customer_online && is_free(case, &supporter.name);
        if widgets::primary(ui, &texts.get("connect"), ready).clicked() {
            act = Some(Act::Connect {
                code: case.code,
                view_only: false,
            });
        }
        let view_only = widgets::secondary_if(ui, &texts.get("connect-view"), ready);
        if view_only.clicked() {
            act = Some(Act::Connect {
                code: case.code,
                view_only: true,
            });
        }
        widgets::gap(ui);
        ui.horizontal_wrapped(|ui| {
            if ui.button(texts.get("copy-code")).clicked() {
                act = Some(Act::Copy(code.clone()));
            }
            if ui.button(texts.get("copy-link")).clicked() {
                act = Some(Act::Copy(link.clone()));
            }
            if copied.is_some_and(|copied| copied == code || copied == link) {
                widgets::quiet(ui, texts.get("copied"));
            }
        });
        widgets::gap(ui);
        widgets::quiet(ui, texts.get("customer-link"));
        ui.add(
            Label::new(RichText::new(&link).small())
                .wrap()
                .selectable(true),
        );
        widgets::gap(ui);
    }
    facts(ui, now, case);
    if open {
        widgets::gap(ui);
        ui.horizontal_wrapped(|ui| {
            let mine = case.assignee.as_deref() == Some(supporter.name.as_str());
            let (word, command) = if mine {
                ("release", Command::Release(case.code))
            } else {
                ("assign-to-me", Command::AssignToMe(case.code))
            };
            if ui
                .add_enabled(*online, Button::new(texts.get(word)))
                .clicked()
            {
                act = Some(Act::Engine(command));
            }
        });
    }
    if case.status != Status::Closed {
        widgets::gap(ui);
        if widgets::danger(ui, &texts.get("close-case"), Vec2::new(0.0, 34.0)).clicked() {
            act = Some(Act::AskClose(case.code));
        }
    }
    act
}

fn facts(ui: &mut Ui, now: Now, case: &Case) {
    let texts = now.texts;
    let some = |text: &str, none: &str| {
        if text.is_empty() {
            texts.get(none).into_owned()
        } else {
            text.to_owned()
        }
    };
    let moment = |at| time::moment(at, now.now);
    let mut facts = vec![
        ("customer", some(&case.customer, "customer-unknown")),
        (
            "assignee",
            some(case.assignee.as_deref().unwrap_or_default(), "nobody"),
        ),
        ("created", moment(case.created_at)),
        ("expires", moment(case.expires_at)),
    ];
    facts.extend(case.started_at.map(|at| ("started", moment(at))));
    facts.extend(case.ended_at.map(|at| ("ended", moment(at))));
    if case.duration > 0 {
        facts.push(("lasted", texts.duration(case.duration)));
    }
    for (name, value) in facts {
        ui.horizontal_top(|ui| {
            let column = Vec2::new(NAMES, 0.0);
            ui.allocate_ui(column, |ui| {
                ui.set_min_width(NAMES);
                widgets::quiet(ui, texts.get(name));
            });
            ui.add(Label::new(value).wrap());
        });
    }
}
