//! The details of the selected case, and what can be done with it.

use aldis_ui::{theme, time, widgets};
use aldis_viewer::Wish;
use aldis_wire::Code;
use aldis_wire::signal::{Case, Doer, Event, Origin, Outcome, Priority};
use egui::{Label, RichText, ScrollArea, Ui, Vec2};

use super::super::{Act, status_colours, status_text};
use super::{Now, Queue, Tab, actions, talk};

/// The width of the facts' names in points.
const NAMES: f32 = 118.0;

/// The panel.
pub(super) fn details(ui: &mut Ui, now: Now<'_>, state: &mut Queue) -> Option<Act> {
    let texts = now.texts;
    let codes: Vec<Code> = state.selected.iter().copied().collect();
    if codes.len() > 1 {
        let count = texts.with("selected-count", [("count", codes.len().into())]);
        widgets::heading(ui, count);
        widgets::gap(ui);
        return actions::buttons(ui, now, state, &codes);
    }
    let found = now.service().found.as_ref();
    let case = state.current.and_then(|code| {
        let older = found.and_then(|found| found.1.iter().find(|case| case.code == code));
        now.case(code).or(older)
    });
    let Some(case) = case else {
        ui.add_space(ui.available_height() * 0.35);
        ui.vertical_centered(|ui| widgets::quiet(ui, texts.get("select-case")));
        return None;
    };
    let mut act = None;
    head(ui, now, case);
    if case.status.is_open() {
        act = actions::connecting(ui, now, state, case);
    }
    act = actions::buttons(ui, now, state, &[case.code]).or(act);
    ui.add_space(6.0);
    let unread = now.service().unread(case);
    ui.horizontal(|ui| {
        let chat = if unread > 0 {
            format!("{} {unread}", texts.get("chat"))
        } else {
            texts.get("chat").into_owned()
        };
        let tabs = [
            (Tab::Chat, chat),
            (Tab::Facts, texts.get("details").into_owned()),
            (Tab::History, texts.get("history").into_owned()),
        ];
        for (tab, words) in tabs {
            if ui.selectable_label(state.tab == tab, words).clicked() {
                state.tab = tab;
                if tab == Tab::History {
                    act = Some(Act::Desk(Wish::ShowHistory(case.code)));
                }
            }
        }
    });
    ui.separator();
    match state.tab {
        Tab::Chat => {
            let said = talk::talk(ui, now, state, case);
            act.or(said)
        }
        Tab::Facts => {
            ScrollArea::vertical()
                .id_salt("facts")
                .auto_shrink(false)
                .show(ui, |ui| {
                    facts(ui, now, case);
                });
            act
        }
        Tab::History => {
            let known = now
                .service()
                .history
                .as_ref()
                .filter(|known| known.0 == case.code);
            if known.is_none() && act.is_none() {
                act = Some(Act::Desk(Wish::ShowHistory(case.code)));
            }
            history(ui, now, case.code);
            act
        }
    }
}

fn head(ui: &mut Ui, now: Now<'_>, case: &Case) {
    let texts = now.texts;
    ui.horizontal(|ui| {
        let code = RichText::new(case.code.to_string()).font(theme::strong(24.0));
        ui.add(Label::new(code).selectable(true));
        let (ink, tint) = status_colours(ui, case.status);
        let word = if case.queued {
            texts.get("queued").into_owned()
        } else {
            status_text(texts, case.status)
        };
        widgets::badge(ui, &word, ink, tint);
    });
    ui.horizontal(|ui| {
        let name = if case.customer.is_empty() {
            texts.get("customer-unknown").into_owned()
        } else {
            case.customer.clone()
        };
        ui.add(Label::new(RichText::new(name).font(theme::strong(14.5))).truncate());
        let tokens = theme::tokens(ui);
        let (word, ink, tint) = if case.customer_online {
            ("customer-online", tokens.good, tokens.good_soft)
        } else {
            ("customer-offline", tokens.quiet, tokens.hover)
        };
        widgets::badge(ui, &texts.get(word), ink, tint);
    });
    if let Some(until) = case.offered_until
        && case.assignee.as_deref() == Some(now.me())
    {
        let time = time::clock(until);
        let words = texts.with("offered-until", [("time", time.into())]);
        widgets::notice(ui, widgets::Tone::Warn, &words);
    }
}

fn facts(ui: &mut Ui, now: Now<'_>, case: &Case) {
    let texts = now.texts;
    let moment = |at| time::moment(at, now.clock, texts.language());
    let nobody = || texts.get("nobody").into_owned();
    let written = &case.facts;
    let mut facts = vec![
        ("assignee", case.assignee.clone().unwrap_or_else(nobody)),
        ("channel", now.place(&case.place)),
        ("created", moment(case.created_at)),
        ("expires", moment(case.expires_at)),
        ("origin", texts.get(origin(case.origin)).into_owned()),
        ("company", written.company.clone()),
        ("email", written.email.clone()),
        ("description", written.description.clone()),
        ("category", written.category.clone()),
        ("kind", written.kind.clone()),
        ("via", written.via.clone()),
        ("ticket", written.ticket.clone()),
        ("tags", written.tags.join(", ")),
        ("notes", written.notes.clone()),
        ("in-session", case.supporters.join(", ")),
        ("invited-names", case.invited.join(", ")),
    ];
    if written.priority != Priority::Normal {
        facts.push((
            "priority",
            texts.get(priority(written.priority)).into_owned(),
        ));
    }
    facts.extend(case.started_at.map(|at| ("started", moment(at))));
    facts.extend(case.ended_at.map(|at| ("ended", moment(at))));
    if case.duration > 0 {
        facts.push(("lasted", texts.duration(case.duration)));
    }
    if case.closed_at.is_some() {
        facts.push(("outcome", texts.get(outcome(case.outcome)).into_owned()));
    }
    lines(ui, now, facts);
    let source = &case.source;
    if !source.address.is_empty() {
        widgets::gap(ui);
        ui.label(RichText::new(texts.get("source-information")).font(theme::strong(13.5)));
        let source = vec![
            ("source-address", source.address.clone()),
            ("source-device", source.device.clone()),
            ("source-system", source.system.clone()),
            ("source-app", source.app.clone()),
        ];
        lines(ui, now, source);
    }
}

fn lines(ui: &mut Ui, now: Now<'_>, facts: Vec<(&str, String)>) {
    for (name, value) in facts {
        if value.is_empty() {
            continue;
        }
        ui.horizontal_top(|ui| {
            let column = Vec2::new(NAMES, 0.0);
            ui.allocate_ui(column, |ui| {
                ui.set_min_width(NAMES);
                widgets::quiet(ui, now.texts.get(name));
            });
            ui.add(Label::new(value).wrap().selectable(true));
        });
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Manual => "origin-manual",
        Origin::CustomerApp => "origin-customer-app",
        Origin::SosButton => "origin-sos",
        Origin::Api => "origin-api",
    }
}

/// A priority's text.
pub(super) fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "priority-low",
        Priority::Normal => "priority-normal",
        Priority::High => "priority-high",
        Priority::Urgent => "priority-urgent",
    }
}

/// An outcome's text.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unknown => "outcome-unknown",
        Outcome::Resolved => "outcome-resolved",
        Outcome::Unresolved => "outcome-unresolved",
    }
}

fn history(ui: &mut Ui, now: Now<'_>, code: Code) {
    let Some(known) = now
        .service()
        .history
        .as_ref()
        .filter(|known| known.0 == code)
    else {
        ui.spinner();
        return;
    };
    let texts = now.texts;
    ScrollArea::vertical()
        .id_salt("history")
        .auto_shrink(false)
        .show(ui, |ui| {
            for entry in known.1.iter().rev() {
                let by = match &entry.by {
                    Doer::Supporter(name) => name.clone(),
                    Doer::Customer => texts.get("chat-customer").into_owned(),
                    Doer::Server => texts.get("by-server").into_owned(),
                };
                ui.horizontal_top(|ui| {
                    ui.allocate_ui(Vec2::new(NAMES, 0.0), |ui| {
                        ui.set_min_width(NAMES);
                        widgets::quiet(ui, time::moment(entry.at, now.clock, now.texts.language()));
                    });
                    ui.vertical(|ui| {
                        ui.spacing_mut().item_spacing.y = 1.0;
                        ui.add(Label::new(happened(now, &entry.event)).wrap());
                        ui.add(Label::new(RichText::new(by).small()).wrap());
                    });
                });
            }
        });
}

fn happened(now: Now<'_>, event: &Event) -> String {
    let named = |id: &str, name: &str| now.texts.with(id, [("name", name.into())]);
    let plain = |id: &str| now.texts.get(id).into_owned();
    match event {
        Event::Created { .. } => plain("event-created"),
        Event::CustomerJoined => plain("event-customer-joined"),
        Event::SupporterJoined => plain("event-supporter-joined"),
        Event::Assigned { to } => named("event-assigned", to),
        Event::Offered { to } => named("event-offered", to),
        Event::OfferLapsed { from } => named("event-offer-lapsed", from),
        Event::Unassigned { from } => named("event-unassigned", from),
        Event::Released { .. } => plain("event-released"),
        Event::Moved { .. } => plain("event-moved"),
        Event::Transferred { to, .. } => named("event-transferred", to),
        Event::Invited { who } => named("event-invited", who),
        Event::Edited { fields } => named("event-edited", &fields.join(", ")),
        Event::Described => plain("event-described"),
        Event::ChatJoined => plain("event-chat-joined"),
        Event::ChatLeft => plain("event-chat-left"),
        Event::SessionStarted { supporter } => named("event-session-started", supporter),
        Event::SessionEnded { supporter } => named("event-session-ended", supporter),
        Event::SessionResumed { supporter } => named("event-session-resumed", supporter),
        Event::Withdrawn => plain("event-withdrawn"),
        Event::Closed { .. } => plain("event-closed"),
        Event::Deleted => plain("event-deleted"),
    }
}
