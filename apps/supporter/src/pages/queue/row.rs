//! One case as a line of a list.

use aldis_ui::{theme, time};
use aldis_wire::Millis;
use aldis_wire::signal::{Case, Priority};
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, FontId, Painter, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

use super::super::{status_colours, status_text};
use super::Now;
use super::list::Column;

/// A row's height in points.
pub(super) const ROW: f32 = 36.0;

/// Between two rows.
pub(super) const GAP: f32 = 2.0;

/// Room at a row's left for the signs.
const SIGNS: f32 = 30.0;

/// Waiting longer than this needs a look, and longer than that is too long.
const PATIENCE: [Millis; 2] = [2 * 60_000, 5 * 60_000];

/// The columns that fit into a width, with the part of the width that each has.
pub(super) fn columns(width: f32) -> &'static [(Column, f32)] {
    const WIDE: [(Column, f32); 9] = [
        (Column::Code, 0.11),
        (Column::Customer, 0.17),
        (Column::Company, 0.14),
        (Column::Status, 0.12),
        (Column::Channel, 0.11),
        (Column::Assignee, 0.11),
        (Column::Waiting, 0.08),
        (Column::Created, 0.08),
        (Column::Expires, 0.08),
    ];
    const NARROW: [(Column, f32); 6] = [
        (Column::Code, 0.17),
        (Column::Customer, 0.22),
        (Column::Company, 0.20),
        (Column::Status, 0.19),
        (Column::Waiting, 0.10),
        (Column::Created, 0.12),
    ];
    if width > 1000.0 { &WIDE } else { &NARROW }
}

/// The line above a list; gives the column that was pressed.
pub(super) fn header(ui: &mut Ui, now: Now<'_>, sort: (Column, bool)) -> Option<Column> {
    let tokens = theme::tokens(ui);
    let mut pressed = None;
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 24.0), Sense::hover());
    let mut left = rect.left() + SIGNS;
    let width = rect.width() - SIGNS - 10.0;
    for (column, part) in columns(rect.width()) {
        let cell = Rect::from_min_size(
            egui::pos2(left, rect.top()),
            Vec2::new(part * width, rect.height()),
        );
        left += part * width;
        let id = ui.scope_id().with(("column", column.text()));
        let response = ui.interact(cell, id, Sense::click());
        let text = now.texts.get(column.text());
        let sorted = sort.0 == *column;
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, sorted, &text));
        let ink = if sorted || response.hovered() {
            tokens.text
        } else {
            tokens.quiet
        };
        let end = clipped(ui.painter(), cell, &text, theme::strong(12.5), ink);
        if sorted {
            arrow(
                ui.painter(),
                egui::pos2(end + 8.0, cell.center().y),
                sort.1,
                ink,
            );
        }
        if response.has_focus() {
            let line = Stroke::new(2.0, tokens.accent);
            ui.painter().rect_stroke(cell, 4, line, StrokeKind::Inside);
        }
        if response.clicked() {
            pressed = Some(*column);
        }
    }
    pressed
}

/// One case.
pub(super) fn row(ui: &mut Ui, now: Now<'_>, case: &Case, selected: bool) -> Response {
    let texts = now.texts;
    let tokens = theme::tokens(ui);
    let size = Vec2::new(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let status = if case.queued {
        texts.get("queued").into_owned()
    } else {
        status_text(texts, case.status)
    };
    response.widget_info(|| {
        let name = format!("{}, {}, {status}", case.code, case.customer);
        WidgetInfo::selected(Role::Button, true, selected, name)
    });
    let painter = ui.painter_at(rect);
    // The others lie bare on the page's ground.
    if selected {
        painter.rect_filled(rect, 6, tokens.accent_soft);
    } else if response.hovered() {
        painter.rect_filled(rect, 6, tokens.hover);
    }
    if response.has_focus() {
        let line = Stroke::new(2.0, tokens.accent);
        painter.rect_stroke(rect, 6, line, StrokeKind::Inside);
    }
    signs(&painter, now, case, rect, tokens);
    let mut left = rect.left() + SIGNS;
    let width = rect.width() - SIGNS - 10.0;
    for (column, part) in columns(rect.width()) {
        let cell = Rect::from_min_size(
            egui::pos2(left, rect.top()),
            Vec2::new(part * width, rect.height()),
        );
        left += part * width;
        if *column == Column::Status {
            let (ink, tint) = status_colours(ui, case.status);
            let word = painter.layout_no_wrap(status.clone(), FontId::proportional(12.5), ink);
            let at = egui::pos2(cell.left() + 8.0, cell.center().y - word.size().y / 2.0);
            let badge = Rect::from_min_size(at, word.size()).expand2(Vec2::new(8.0, 3.0));
            painter.rect_filled(badge, 9, tint);
            painter.galley(at, word, ink);
            continue;
        }
        let (text, ink) = cell_text(now, case, *column, tokens);
        let font = if *column == Column::Code {
            theme::strong(14.0)
        } else {
            FontId::proportional(14.0)
        };
        clipped(&painter, cell, &text, font, ink);
    }
    response
}

/// The line below a row.
pub(super) fn gap(ui: &Ui, row: Rect) {
    let line = Rect::from_min_size(row.left_bottom(), Vec2::new(row.width(), GAP));
    ui.painter().rect_filled(line, 0, theme::tokens(ui).ground);
}

/// The signs at a row's left: the customer is there, or how many messages are unread.
fn signs(painter: &Painter, now: Now<'_>, case: &Case, rect: Rect, tokens: theme::Tokens) {
    let at = egui::pos2(rect.left() + 15.0, rect.center().y);
    let unread = now.service().unread(case);
    if unread > 0 && case.status.is_open() {
        painter.circle_filled(at, 9.0, tokens.accent);
        let font = theme::strong(11.0);
        let count = if unread > 99 {
            "99".to_owned()
        } else {
            unread.to_string()
        };
        painter.text(at, Align2::CENTER_CENTER, count, font, tokens.on_accent);
    } else if case.customer_online {
        painter.circle_filled(at, 4.5, tokens.good);
    } else if case.status.is_open() {
        painter.circle_stroke(at, 4.0, Stroke::new(1.0, tokens.line));
    }
    let urgent = match case.facts.priority {
        Priority::Urgent => Some(tokens.bad),
        Priority::High => Some(tokens.warn),
        Priority::Low | Priority::Normal => None,
    };
    if let Some(ink) = urgent.filter(|_| case.status.is_open()) {
        let edge = Rect::from_min_size(rect.min, Vec2::new(3.0, rect.height()));
        painter.rect_filled(edge.shrink2(Vec2::new(0.0, 6.0)), 2, ink);
    }
}

fn cell_text(
    now: Now<'_>,
    case: &Case,
    column: Column,
    tokens: theme::Tokens,
) -> (String, Color32) {
    let moment = |at| time::moment(at, now.clock, now.texts.language());
    match column {
        Column::Code => (case.code.to_string(), tokens.text),
        Column::Customer if case.customer.is_empty() => {
            (now.texts.get("customer-unknown").into_owned(), tokens.quiet)
        }
        Column::Customer => (case.customer.clone(), tokens.text),
        Column::Company => (case.facts.company.clone(), tokens.text),
        Column::Channel => (now.place(&case.place), tokens.quiet),
        Column::Assignee => (case.assignee.clone().unwrap_or_default(), tokens.quiet),
        Column::Waiting => waiting(now, case, tokens),
        Column::Created => (moment(case.created_at), tokens.quiet),
        Column::Expires => (moment(case.expires_at), tokens.quiet),
        Column::Status => (String::new(), tokens.text),
    }
}

/// How long the customer waits, in a colour that says whether that is long.
pub(super) fn waiting(now: Now<'_>, case: &Case, tokens: theme::Tokens) -> (String, Color32) {
    let Some(since) = case.waiting_since.filter(|_| case.customer_online) else {
        return (String::new(), tokens.quiet);
    };
    let waits = now.clock.saturating_sub(since);
    let ink = match waits {
        waits if waits >= PATIENCE[1] => tokens.bad,
        waits if waits >= PATIENCE[0] => tokens.warn,
        _ => tokens.text,
    };
    let (hours, minutes, seconds) = (waits / 3_600_000, waits / 60_000 % 60, waits / 1000 % 60);
    let text = if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    };
    (text, ink)
}

/// A small triangle that points the way the column is sorted.
fn arrow(painter: &Painter, at: egui::Pos2, down: bool, ink: Color32) {
    let side = if down { 3.0 } else { -3.0 };
    let points = vec![
        at + Vec2::new(-4.0, -side),
        at + Vec2::new(4.0, -side),
        at + Vec2::new(0.0, side),
    ];
    painter.add(egui::Shape::convex_polygon(points, ink, Stroke::NONE));
}

/// Text that fits into the cell; gives where it ends.
fn clipped(painter: &Painter, cell: Rect, text: &str, font: FontId, ink: Color32) -> f32 {
    if text.is_empty() {
        return cell.left();
    }
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, ink);
    job.wrap = TextWrapping::truncate_at_width(cell.width() - 8.0);
    let line = painter.layout_job(job);
    let at = egui::pos2(cell.left(), cell.center().y - line.size().y / 2.0);
    let end = at.x + line.size().x;
    painter.galley(at, line, ink);
    end
}
