//! The two lists: support requests, and my support requests.

use std::sync::Arc;

use aldis_ui::theme;
use aldis_ui::widgets::{self, Tone};
use aldis_wire::Code;
use aldis_wire::signal::{Availability, Case, Status};
use egui::{Align, Key, Layout, Modifiers, RichText, ScrollArea, TextEdit, Ui};

use super::super::{Act, status_text};
use super::list::Which;
use super::row::{self, GAP, ROW};
use super::{Now, Queue, Scope, mine};

/// How often waiting times are painted anew.
const PULSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Both lists.
pub(super) fn panels(ui: &mut Ui, now: Now<'_>, state: &mut Queue) -> Option<Act> {
    state.list.refresh(now, state.scope);
    state.areas.clear();
    let mut act = None;
    let my = Arc::clone(&state.tally.mine);
    // The second list has its own place unless the first shows the same.
    let below = if state.scope == Scope::Home {
        0.0
    } else {
        mine::height(ui.available_height(), my.len())
    };
    let above = ui.available_height() - below;
    ui.allocate_ui(egui::Vec2::new(ui.available_width(), above), |ui| {
        ui.set_min_height(above);
        act = requests(ui, now, state);
    });
    if below > 0.0 {
        let chosen = mine::panel(ui, now, state, &my);
        act = act.or(chosen);
    }
    let waits = |case: &Arc<Case>| case.customer_online && case.waiting_since.is_some();
    if state.list.waits || my.iter().any(waits) {
        ui.ctx().request_repaint_after(PULSE);
    }
    act
}

fn requests(ui: &mut Ui, now: Now<'_>, state: &mut Queue) -> Option<Act> {
    let texts = now.texts;
    let mut act = None;
    ui.horizontal_wrapped(|ui| {
        let title = match state.scope {
            Scope::Home => texts.get("home").into_owned(),
            Scope::Private => texts.get("private").into_owned(),
            Scope::Channel(id) => now.place(&aldis_wire::signal::Place::Channel(id)),
            Scope::All => texts.get("support-requests").into_owned(),
        };
        ui.label(RichText::new(title).font(theme::strong(16.0)));
        ui.add_space(6.0);
        for (which, count) in Which::ALL.into_iter().zip(state.list.counts) {
            let words = format!("{} {count}", texts.get(which.text()));
            if ui
                .selectable_label(state.list.which == which, words)
                .clicked()
            {
                state.list.which = which;
            }
        }
    });
    act = filters(ui, now, state).or(act);
    if now.service().desk.availability != Availability::Available && now.service().complete {
        let count = now.service().desk.waiting;
        let words = texts.with("away-lead", [("count", count.into())]);
        widgets::notice(ui, Tone::Warn, &words);
    }
    if state.list.rows.is_empty() {
        ui.add_space((ui.available_height() * 0.3).min(120.0));
        ui.vertical_centered(|ui| {
            let below = state.scope != Scope::Home && !state.tally.mine.is_empty();
            let (title, lead) = if state.list.is_narrowed() && !now.service().cases.is_empty() {
                ("no-match", "no-match-lead")
            } else if below {
                ("queue-no-others", "queue-no-others-lead")
            } else {
                ("queue-empty", "queue-empty-lead")
            };
            widgets::heading(ui, texts.get(title));
            widgets::quiet(ui, texts.get(lead));
        });
        return act;
    }
    if let Some(column) = row::header(ui, now, state.list.sort) {
        let (sorted, down) = state.list.sort;
        state.list.sort = (column, sorted != column || !down);
    }
    let rows = std::mem::take(&mut state.list.rows);
    show_rows(ui, now, state, &rows, "requests");
    state.list.rows = rows;
    act
}

/// Rows to select from, by mouse and by keyboard.
pub(super) fn show_rows(
    ui: &mut Ui,
    now: Now<'_>,
    state: &mut Queue,
    rows: &[Arc<Case>],
    name: &'static str,
) {
    let keys = state.dialog.is_none()
        && state.palette.is_none()
        && ui.memory(|memory| memory.focused()).is_none()
        && state
            .current
            .is_some_and(|code| rows.iter().any(|case| case.code == code));
    let first = state.current.is_none() && name == "requests";
    let step = if keys || first { arrow(ui) } else { 0 };
    let mut scroll_to = None;
    if step != 0 {
        let current = rows
            .iter()
            .position(|case| Some(case.code) == state.current);
        let next = current.map_or(0, |index| index.saturating_add_signed(step));
        if let Some(case) = rows.get(next.min(rows.len().saturating_sub(1))) {
            state.select(case.code);
            scroll_to = Some(next);
        }
    }
    ui.spacing_mut().item_spacing.y = GAP;
    let mut area = ScrollArea::vertical().id_salt(name).auto_shrink(false);
    if let Some(row) = scroll_to {
        // One row stays above and below where there is one.
        let top = (row as f32 - 2.0).max(0.0) * (ROW + GAP);
        area = area.vertical_scroll_offset(top);
    }
    let shown = area.show_rows(ui, ROW, rows.len(), |ui, range| {
        for case in rows.get(range).unwrap_or_default() {
            let selected = state.selected.contains(&case.code);
            let response = row::row(ui, now, case, selected);
            row::gap(ui, response.rect);
            if response.clicked() {
                let modifiers = ui.input(|input| input.modifiers);
                choose(state, rows, case.code, modifiers);
            }
        }
    });
    let end = shown.inner_rect.top() + shown.content_size.y - shown.state.unclamped_offset().y;
    let mut area = shown.inner_rect;
    area.max.y = area.max.y.min(end);
    state.areas.push(area);
}

fn arrow(ui: &Ui) -> isize {
    ui.input_mut(|input| {
        let none = Modifiers::NONE;
        let down = input.consume_key(none, Key::ArrowDown);
        let up = input.consume_key(none, Key::ArrowUp);
        isize::from(down) - isize::from(up)
    })
}

/// Selects one case, one more, or all up to it.
fn choose(state: &mut Queue, rows: &[Arc<Case>], code: Code, modifiers: Modifiers) {
    if modifiers.command {
        if !state.selected.remove(&code) {
            state.selected.insert(code);
        }
        state.current = Some(code);
        return;
    }
    if modifiers.shift {
        let place = |code| rows.iter().position(|case| Some(case.code) == code);
        if let (Some(from), Some(to)) = (place(state.current), place(Some(code))) {
            let span = from.min(to)..=from.max(to);
            let codes = rows
                .get(span)
                .unwrap_or_default()
                .iter()
                .map(|case| case.code);
            state
                .selected
                .extend(codes.take(aldis_wire::signal::MAX_SELECTED));
            return;
        }
    }
    state.select(code);
}

fn filters(ui: &mut Ui, now: Now<'_>, state: &mut Queue) -> Option<Act> {
    const STATUSES: [Status; 5] = [
        Status::New,
        Status::Pending,
        Status::InProgress,
        Status::Closed,
        Status::Expired,
    ];
    let texts = now.texts;
    let list = &mut state.list;
    let mut act = None;
    ui.horizontal_wrapped(|ui| {
        let search = TextEdit::singleline(&mut list.search)
            .hint_text(texts.get("search-hint"))
            .char_limit(100)
            .desired_width(180.0)
            .margin(egui::Margin::symmetric(8, 6));
        let field = ui.add(search);
        let name = texts.get("search");
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, &name));
        if std::mem::take(&mut list.wants_focus) {
            field.request_focus();
        }
        let any = texts.get("filter-any");
        let company = list
            .company
            .clone()
            .unwrap_or_else(|| any.clone().into_owned());
        widgets::choice(ui, &texts.get("filter-company"), &company, 150.0, |ui| {
            ui.selectable_value(&mut list.company, None, any.clone());
            for company in &list.companies {
                ui.selectable_value(&mut list.company, Some(company.clone()), company);
            }
        });
        let status = list.status.map_or_else(
            || any.clone().into_owned(),
            |status| status_text(texts, status),
        );
        widgets::choice(ui, &texts.get("filter-status"), &status, 150.0, |ui| {
            ui.selectable_value(&mut list.status, None, any);
            for status in STATUSES {
                let words = status_text(texts, status);
                ui.selectable_value(&mut list.status, Some(status), words);
            }
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let wanted = !list.search.trim().is_empty();
            let found = now.service().found.as_ref();
            let known = found.is_some_and(|found| found.0 == list.search);
            let older = wanted && !known && now.online;
            if older && ui.button(texts.get("search-older")).clicked() {
                act = Some(Act::Desk(aldis_viewer::Wish::Find(list.search.clone())));
            }
        });
    });
    act
}
