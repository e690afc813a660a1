//! The service queue.

use std::collections::BTreeMap;

use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Appearance, Texts, theme, time};
use aldis_viewer::{Desk, SessionStage, View};
use aldis_wire::signal::Case;
use aldis_wire::{Code, Millis};
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align, Align2, CentralPanel, FontId, Frame, Key, Layout, Margin, Modal, Panel, Rect, Role,
    ScrollArea, Sense, Ui, Vec2, WidgetInfo,
};

use super::{Act, details, settings_menu, status_colours, status_text};

/// A row's height in points.
const ROW: f32 = 44.0;

/// What the page keeps between two frames.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) selected: Option<Code>,
    /// The open dialog for a new case, with the customer's name.
    pub(crate) new_case: Option<String>,
    /// The case that is about to be closed.
    pub(crate) closing: Option<Code>,
    /// What was copied last.
    pub(crate) copied: Option<String>,
}

/// What the page is painted with.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    pub(crate) texts: Texts,
    /// The server's clock.
    pub(crate) now: Millis,
}

/// The page.
pub(crate) fn queue(
    ui: &mut Ui,
    texts: Texts,
    now: Millis,
    view: &View,
    state: &mut Queue,
    appearance: Appearance,
    refusal: Option<String>,
) -> Option<Act> {
    let tokens = theme::tokens(ui);
    let now = Now { texts, now };
    let mut act = None;
    let bar = Frame::new()
        .fill(tokens.raised)
        .inner_margin(Margin::symmetric(20, 12));
    Panel::top("bar").frame(bar).show(ui, |ui| {
        act = top_bar(ui, texts, view, appearance);
    });
    if let Some(session) = &view.session
        && !matches!(session.stage, SessionStage::Over(_))
    {
        let strip = Frame::new()
            .fill(tokens.good_soft)
            .inner_margin(Margin::symmetric(20, 6));
        Panel::top("session").frame(strip).show(ui, |ui| {
            ui.horizontal(|ui| {
                let name = customer_of(view, session.code, texts);
                ui.label(texts.with("session-with", [("name", name.into())]));
                if ui.button(texts.get("session-return")).clicked() {
                    act = Some(Act::ShowSession);
                }
            });
        });
    }
    let side = Frame::new()
        .fill(tokens.raised)
        .inner_margin(Margin::same(20));
    Panel::right("details")
        .exact_size(340.0)
        .frame(side)
        .show(ui, |ui| {
            let case = state.selected.and_then(|code| view.cases.get(&code));
            let pressed = ScrollArea::vertical()
                .auto_shrink(false)
                .show(ui, |ui| {
                    details(ui, now, view, case, state.copied.as_deref())
                })
                .inner;
            act = act.take().or(pressed);
        });
    let middle = Frame::new()
        .fill(tokens.ground)
        .inner_margin(Margin::same(20));
    CentralPanel::default().frame(middle).show(ui, |ui| {
        if let Some(refusal) = refusal {
            ui.horizontal(|ui| {
                let close = texts.get("close");
                let width = ui.available_width() - 110.0;
                ui.allocate_ui(Vec2::new(width, 0.0), |ui| {
                    widgets::notice(ui, Tone::Bad, &refusal);
                });
                if ui.button(close).clicked() {
                    act = Some(Act::DismissRefusal);
                }
            });
            widgets::gap(ui);
        }
        let pressed = rows(ui, now, &view.cases, state);
        act = act.take().or(pressed);
    });
    act.or_else(|| dialogs(ui, texts, state))
}

fn customer_of(view: &View, code: Code, texts: Texts) -> String {
    let name = view
        .cases
        .get(&code)
        .map(|case| case.customer.clone())
        .unwrap_or_default();
    if name.is_empty() {
        texts.get("the-customers-computer").into_owned()
    } else {
        name
    }
}

fn top_bar(ui: &mut Ui, texts: Texts, view: &View, appearance: Appearance) -> Option<Act> {
    let mut act = None;
    ui.horizontal(|ui| {
        ui.heading(texts.get("service-queue"));
        ui.add_space(12.0);
        let online = matches!(view.desk, Desk::SignedIn { online: true, .. });
        let new_case = widgets::primary_small(ui, &texts.get("new-case"), online);
        let shortcut =
            ui.input_mut(|input| input.consume_key(egui::Modifiers::COMMAND, Key::N) && online);
        if new_case.clicked() || shortcut {
            act = Some(Act::OpenNewCase);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button(texts.get("sign-out")).clicked() {
                act = Some(Act::SignOut);
            }
            let chosen = settings_menu(ui, texts, appearance);
            act = act.take().or(chosen);
            if let Desk::SignedIn { supporter, .. } = &view.desk {
                ui.label(&supporter.name);
            }
        });
    });
    if matches!(
        view.desk,
        Desk::SignedIn { online: false, .. } | Desk::SigningIn
    ) {
        widgets::notice(ui, Tone::Warn, &texts.get("offline"));
    }
    act
}

/// Where the columns begin, as parts of the width.
struct Columns {
    code: f32,
    customer: f32,
    status: f32,
    created: f32,
    expires: f32,
    live: f32,
}

const COLUMNS: Columns = Columns {
    code: 0.0,
    customer: 0.17,
    status: 0.39,
    created: 0.58,
    expires: 0.74,
    live: 0.93,
};

fn rows(ui: &mut Ui, now: Now, cases: &BTreeMap<Code, Case>, state: &mut Queue) -> Option<Act> {
    let texts = now.texts;
    if cases.is_empty() {
        ui.add_space(ui.available_height() * 0.3);
        ui.vertical_centered(|ui| {
            widgets::heading(ui, texts.get("queue-empty"));
            widgets::quiet(ui, texts.get("queue-empty-lead"));
        });
        return None;
    }
    let mut newest: Vec<&Case> = cases.values().collect();
    newest.sort_by_key(|case| (std::cmp::Reverse(case.created_at), case.code));
    header(ui, texts);
    let step = ui.input_mut(|input| {
        let none = egui::Modifiers::NONE;
        i32::from(input.consume_key(none, Key::ArrowDown))
            - i32::from(input.consume_key(none, Key::ArrowUp))
    });
    let mut act = None;
    if step != 0 && state.new_case.is_none() && state.closing.is_none() {
        let current = newest
            .iter()
            .position(|case| Some(case.code) == state.selected);
        let next = current.map_or(0, |index| index.saturating_add_signed(step as isize));
        act = newest.get(next).map(|case| Act::Select(case.code));
    }
    ui.spacing_mut().item_spacing.y = 2.0;
    ScrollArea::vertical()
        .auto_shrink(false)
        .show_rows(ui, ROW, newest.len(), |ui, range| {
            for case in newest.get(range).unwrap_or_default() {
                if row(ui, now, case, state.selected == Some(case.code)) {
                    act = Some(Act::Select(case.code));
                }
            }
        });
    act
}

fn header(ui: &mut Ui, texts: Texts) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 24.0), Sense::hover());
    let columns = [
        (COLUMNS.code, "code"),
        (COLUMNS.customer, "customer"),
        (COLUMNS.status, "status"),
        (COLUMNS.created, "created"),
        (COLUMNS.expires, "expires"),
        (COLUMNS.live, "live"),
    ];
    for (start, id) in columns {
        let at = rect.left_center() + Vec2::new(14.0 + start * (rect.width() - 28.0), 0.0);
        let font = theme::strong(12.5);
        ui.painter()
            .text(at, Align2::LEFT_CENTER, texts.get(id), font, tokens.quiet);
    }
}

/// One case; `true` if it was pressed.
fn row(ui: &mut Ui, now: Now, case: &Case, selected: bool) -> bool {
    let texts = now.texts;
    let tokens = theme::tokens(ui);
    let size = Vec2::new(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let status = status_text(texts, case.status);
    let name = format!("{}, {}, {status}", case.code, case.customer);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &name));
    let painter = ui.painter_at(rect);
    let fill = if selected {
        tokens.accent_soft
    } else if response.hovered() {
        tokens.hover
    } else {
        tokens.raised
    };
    painter.rect_filled(rect, 8, fill);
    if response.has_focus() {
        let line = egui::Stroke::new(2.0, tokens.accent);
        painter.rect_stroke(rect, 8, line, egui::StrokeKind::Inside);
    }
    let inner = rect.shrink2(Vec2::new(14.0, 0.0));
    let x = |part: f32| inner.left() + part * inner.width();
    let cell = |from: f32, to: f32, text: &str, font: FontId, ink| {
        let mut job = LayoutJob::simple_singleline(text.to_owned(), font, ink);
        job.wrap = TextWrapping::truncate_at_width(x(to) - x(from) - 10.0);
        let line = painter.layout_job(job);
        let at = egui::pos2(x(from), rect.center().y - line.size().y / 2.0);
        painter.galley(at, line, ink);
    };
    let body = FontId::proportional(14.5);
    cell(
        COLUMNS.code,
        COLUMNS.customer,
        &case.code.to_string(),
        theme::strong(14.5),
        tokens.text,
    );
    if case.customer.is_empty() {
        let unknown = texts.get("customer-unknown");
        cell(
            COLUMNS.customer,
            COLUMNS.status,
            &unknown,
            body.clone(),
            tokens.quiet,
        );
    } else {
        cell(
            COLUMNS.customer,
            COLUMNS.status,
            &case.customer,
            body.clone(),
            tokens.text,
        );
    }
    let (ink, tint) = status_colours(ui, case.status);
    let word = painter.layout_no_wrap(status, FontId::proportional(12.5), ink);
    let at = egui::pos2(
        x(COLUMNS.status) + 9.0,
        rect.center().y - word.size().y / 2.0,
    );
    let badge = Rect::from_min_size(at, word.size()).expand2(Vec2::new(9.0, 4.0));
    painter.rect_filled(badge, 10, tint);
    painter.galley(at, word, ink);
    let created = time::moment(case.created_at, now.now);
    cell(
        COLUMNS.created,
        COLUMNS.expires,
        &created,
        body.clone(),
        tokens.quiet,
    );
    let expires = time::moment(case.expires_at, now.now);
    cell(COLUMNS.expires, COLUMNS.live, &expires, body, tokens.quiet);
    let dot = egui::pos2(x(COLUMNS.live) + 12.0, rect.center().y);
    if case.customer_online {
        painter.circle_filled(dot, 5.0, tokens.good);
    } else {
        painter.circle_stroke(dot, 4.5, egui::Stroke::new(1.0, tokens.line));
    }
    response.clicked()
}

fn dialogs(ui: &mut Ui, texts: Texts, state: &mut Queue) -> Option<Act> {
    let mut act = None;
    if let Some(customer) = &mut state.new_case {
        let modal = Modal::new(egui::Id::unique("new-case")).show(ui.ctx(), |ui| {
            ui.set_width(360.0);
            widgets::heading(ui, texts.get("new-case"));
            widgets::quiet(ui, texts.get("new-case-lead"));
            widgets::gap(ui);
            let hint = texts.get("customer-optional");
            let field = widgets::field(ui, &texts.get("customer"), customer, &hint, false);
            if !ui.memory(|memory| memory.focused().is_some()) {
                field.request_focus();
            }
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if widgets::primary(ui, &texts.get("create-case"), true).clicked() || entered {
                act = Some(Act::CreateCase);
            }
            if widgets::secondary(ui, &texts.get("cancel")).clicked() {
                act = Some(Act::CloseDialog);
            }
        });
        if modal.should_close() {
            act = act.or(Some(Act::CloseDialog));
        }
    }
    if let Some(code) = state.closing {
        let modal = Modal::new(egui::Id::unique("close-case")).show(ui.ctx(), |ui| {
            ui.set_width(360.0);
            widgets::heading(ui, texts.get("close-case"));
            ui.label(texts.with("close-case-ask", [("code", code.to_string().into())]));
            widgets::gap(ui);
            let width = Vec2::new(ui.available_width(), 40.0);
            if widgets::danger(ui, &texts.get("close-case-yes"), width).clicked() {
                act = Some(Act::CloseNow(code));
            }
            if widgets::secondary(ui, &texts.get("close-case-no")).clicked() {
                act = Some(Act::CloseDialog);
            }
        });
        if modal.should_close() {
            act = act.or(Some(Act::CloseDialog));
        }
    }
    act
}
