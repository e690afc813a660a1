//! The sidebar: home, channels with their counts, private.

use aldis_ui::theme;
use aldis_wire::signal::Role;
use egui::{Align2, FontId, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::super::{Act, Shelve};
use super::tally::Count;
use super::{Dialog, Now, Queue, Scope};

/// The sidebar.
pub(super) fn sidebar(ui: &mut Ui, now: Now<'_>, state: &mut Queue) -> Option<Act> {
    let texts = now.texts;
    let places = [
        (Scope::All, "all-channels"),
        (Scope::Home, "home"),
        (Scope::Private, "private"),
    ];
    for (scope, name) in places {
        entry(ui, now, state, scope, &texts.get(name));
    }
    ui.add_space(10.0);
    let tokens = theme::tokens(ui);
    let mut act = None;
    if ui.button(texts.get("recordings")).clicked() {
        act = Some(Act::Shelve(Shelve::Show));
    }
    ui.add_space(10.0);
    ui.label(
        egui::RichText::new(texts.get("channels"))
            .font(theme::strong(12.5))
            .color(tokens.quiet),
    );
    egui::ScrollArea::vertical()
        .id_salt("channels")
        .show(ui, |ui| {
            for channel in &now.service().desk.channels {
                let scope = Scope::Channel(channel.id);
                entry(ui, now, state, scope, &channel.setup.name);
            }
            let desk = &now.service().desk;
            aldis_ui::widgets::compact(ui);
            if desk.role != Role::Technician && ui.button(texts.get("new-channel")).clicked() {
                state.dialog = Some(Dialog::channel(None));
            }
            let manages = |channel: &&aldis_wire::signal::Channel| {
                let manager =
                    |member: &aldis_wire::signal::Member| member.manager && member.name == desk.me;
                let here = state.scope == Scope::Channel(channel.id);
                here && (desk.role == Role::Admin || channel.setup.members.iter().any(manager))
            };
            if let Some(channel) = desk.channels.iter().find(manages)
                && ui.button(texts.get("edit-channel")).clicked()
            {
                state.dialog = Some(Dialog::channel(Some(channel.clone())));
            }
        });
    act
}

/// One place, with how many are open there, and how many of them wait.
fn entry(ui: &mut Ui, now: Now<'_>, state: &mut Queue, scope: Scope, name: &str) {
    let tokens = theme::tokens(ui);
    let Count {
        open: count,
        waiting,
    } = state.tally.of(scope);
    let size = Vec2::new(ui.available_width(), 32.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let selected = state.scope == scope;
    response.widget_info(|| {
        let waits = now.texts.with("waiting-count", [("count", waiting.into())]);
        let words = format!("{name}, {count}, {waits}");
        WidgetInfo::selected(egui::Role::Button, true, selected, words)
    });
    let painter = ui.painter_at(rect);
    if selected {
        painter.rect_filled(rect, 6, tokens.accent_soft);
    } else if response.hovered() {
        painter.rect_filled(rect, 6, tokens.hover);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, 6, Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
    }
    let font = if selected {
        theme::strong(14.5)
    } else {
        FontId::proportional(14.5)
    };
    let room = Rect::from_min_max(rect.min, egui::pos2(rect.right() - 62.0, rect.bottom()));
    let mut job = egui::text::LayoutJob::simple_singleline(name.to_owned(), font, tokens.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room.width() - 10.0);
    let line = painter.layout_job(job);
    let at = egui::pos2(rect.left() + 10.0, rect.center().y - line.size().y / 2.0);
    painter.galley(at, line, tokens.text);
    let right = egui::pos2(rect.right() - 10.0, rect.center().y);
    let small = FontId::proportional(12.5);
    let number = painter.text(right, Align2::RIGHT_CENTER, count, small, tokens.quiet);
    if waiting > 0 {
        let word = painter.layout_no_wrap(waiting.to_string(), theme::strong(12.0), tokens.warn);
        let at = egui::pos2(
            number.left() - 14.0 - word.size().x,
            rect.center().y - word.size().y / 2.0,
        );
        let badge = Rect::from_min_size(at, word.size()).expand2(Vec2::new(6.0, 2.0));
        painter.rect_filled(badge, 8, tokens.warn_soft);
        painter.galley(at, word, tokens.warn);
    }
    if response.clicked() {
        state.scope = scope;
    }
}
