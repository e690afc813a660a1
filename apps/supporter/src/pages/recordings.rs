//! All recordings on this machine.

use std::path::PathBuf;

use aldis_ui::theme::{self, space};
use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Texts, time};
use aldis_viewer::record::Listed;
use aldis_viewer::{Export, Shelved};
use egui::{
    Align, CentralPanel, Frame, Key, Label, Layout, Margin, Modal, Modifiers, Panel, ProgressBar,
    RichText, Role, ScrollArea, Ui, Vec2, WidgetInfo,
};

use super::player::span;
use super::{Act, dismissible};

/// The height of a row in points.
const ROW: f32 = 46.0;

/// What is done about recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shelve {
    /// Shows the page.
    Show,
    /// Leaves it.
    Leave,
    /// Replays this one.
    Open(PathBuf),
    /// Leaves the player.
    Close,
    /// Deletes this one for good.
    Delete(PathBuf),
    /// Makes a video of this one.
    Export(PathBuf),
    /// Gives the running export up, or has read how it went.
    EndExport,
}

/// The page; `confirm` is the recording that is about to be deleted.
pub(crate) fn recordings(
    ui: &mut Ui,
    texts: Texts,
    shelved: &Shelved,
    quota: u64,
    confirm: &mut Option<PathBuf>,
) -> Option<Act> {
    let tokens = theme::tokens(ui);
    let mut act = None;
    let bar = Frame::new().inner_margin(Margin::symmetric(16, 10));
    Panel::top("recordings-top").frame(bar).show(ui, |ui| {
        ui.horizontal(|ui| {
            if ui.button(texts.get("queue")).clicked() {
                act = Some(Shelve::Leave);
            }
            ui.heading(texts.get("recordings"));
            if let Some(list) = &shelved.list {
                let used = list.iter().map(|listed| listed.size).sum::<u64>();
                let sizes = [("used", bytes(used).into()), ("most", bytes(quota).into())];
                widgets::quiet(ui, texts.with("recordings-size", sizes));
            }
        });
        act = export(ui, texts, shelved).or_else(|| act.take());
        if let Some(reason) = &shelved.refused {
            let reason = [("reason", reason.as_str().into())];
            widgets::notice(ui, Tone::Bad, &texts.with("recording-not-deleted", reason));
        }
    });
    let middle = Frame::new()
        .fill(tokens.ground)
        .inner_margin(Margin::symmetric(16, 12));
    CentralPanel::default().frame(middle).show(ui, |ui| {
        let Some(list) = &shelved.list else {
            ui.centered_and_justified(|ui| ui.spinner());
            return;
        };
        if list.is_empty() {
            ui.add_space(ui.available_height() * 0.3);
            ui.vertical_centered(|ui| {
                ui.heading(texts.get("recordings-empty"));
                widgets::quiet(ui, texts.get("recordings-empty-lead"));
            });
            return;
        }
        let busy = matches!(shelved.export, Some(Export::Running { .. }));
        ScrollArea::vertical()
            .auto_shrink(false)
            .show_rows(ui, ROW, list.len(), |ui, rows| {
                for listed in &list[rows] {
                    act = act.take().or_else(|| row(ui, texts, listed, busy, confirm));
                }
            });
    });
    act = ask(ui, texts, confirm).or(act);
    let escape = || ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    if act.is_none() && confirm.is_none() && escape() {
        act = Some(Shelve::Leave);
    }
    act.map(Act::Shelve)
}

/// How the export goes.
fn export(ui: &mut Ui, texts: Texts, shelved: &Shelved) -> Option<Shelve> {
    let mut act = None;
    match shelved.export.as_ref()? {
        Export::Running { from, share } => {
            ui.horizontal(|ui| {
                let name = from.file_stem().unwrap_or_default().to_string_lossy();
                let words = texts.with("recording-exporting", [("name", name.into())]);
                ui.label(&words);
                if ui.button(texts.get("cancel")).clicked() {
                    act = Some(Shelve::EndExport);
                }
                let bar = ui.add(ProgressBar::new(*share).show_percentage());
                bar.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &words));
            });
        }
        Export::Done(path) => {
            let path = [("path", path.display().to_string().into())];
            act = told(ui, texts, Tone::Good, &texts.with("exported-to", path));
        }
        Export::Failed(reason) => {
            let reason = [("reason", reason.as_str().into())];
            act = told(ui, texts, Tone::Bad, &texts.with("not-exported", reason));
        }
    }
    act
}

fn told(ui: &mut Ui, texts: Texts, tone: Tone, words: &str) -> Option<Shelve> {
    dismissible(ui, texts, tone, words).then_some(Shelve::EndExport)
}

fn row(
    ui: &mut Ui,
    texts: Texts,
    listed: &Listed,
    busy: bool,
    confirm: &mut Option<PathBuf>,
) -> Option<Shelve> {
    let tokens = theme::tokens(ui);
    let mut act = None;
    let path = || listed.path.clone();
    let size = Vec2::new(ui.available_width(), ROW - 4.0);
    let layout = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.painter().rect_filled(ui.max_rect(), 8, tokens.raised);
        ui.add_space(space::MEDIUM);
        let head = &listed.head;
        let customer = if head.customer.is_empty() {
            texts.get("the-customers-computer").into_owned()
        } else {
            head.customer.clone()
        };
        let name = RichText::new(&customer).font(theme::strong(14.5));
        cell(ui, 190.0, |ui| ui.add(Label::new(name).truncate()));
        cell(ui, 100.0, |ui| ui.label(&head.case));
        let started = time::moment(head.started, time::now());
        cell(ui, 120.0, |ui| widgets::quiet(ui, started.clone()));
        cell(ui, 70.0, |ui| ui.label(span(listed.length)));
        cell(ui, 70.0, |ui| widgets::quiet(ui, bytes(listed.size)));
        if !listed.finished {
            let words = texts.get("recording-cut");
            widgets::badge(ui, &words, tokens.warn, tokens.warn_soft);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            widgets::compact(ui);
            ui.add_space(space::SMALL);
            let button = |ui: &mut Ui, id: &str, enabled: bool| {
                let word = texts.get(id);
                let response = ui.add_enabled(enabled, egui::Button::new(&*word));
                // One row's button is told from another's.
                let about = format!("{word}: {customer}, {started}");
                response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &about));
                response.clicked()
            };
            if button(ui, "delete", true) {
                *confirm = Some(path());
            }
            if button(ui, "copy-path", true) {
                ui.ctx().copy_text(listed.path.display().to_string());
            }
            if button(ui, "recording-export", !busy) {
                act = Some(Shelve::Export(path()));
            }
            if button(ui, "play", true) {
                act = Some(Shelve::Open(path()));
            }
        });
    });
    act
}

fn cell<R>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> R) {
    let layout = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(Vec2::new(width, ROW - 4.0), layout, |ui| {
        ui.set_min_width(width);
        ui.set_max_width(width);
        add(ui)
    });
}

/// Whether it is really to be deleted.
fn ask(ui: &Ui, texts: Texts, confirm: &mut Option<PathBuf>) -> Option<Shelve> {
    let path = confirm.clone()?;
    let mut act = None;
    let frame = Frame::popup(ui.style()).inner_margin(20);
    let modal = Modal::new(egui::Id::unique("delete-recording")).frame(frame);
    let modal = modal.show(ui.ctx(), |ui| {
        ui.set_width(400.0);
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        ui.label(texts.with("recording-delete-ask", [("name", name.into())]));
        ui.add_space(space::MEDIUM);
        let size = Vec2::new(ui.available_width(), 40.0);
        if widgets::danger(ui, &texts.get("recording-delete-yes"), size).clicked() {
            act = Some(Shelve::Delete(path.clone()));
            *confirm = None;
        }
        if widgets::secondary(ui, &texts.get("cancel")).clicked() {
            *confirm = None;
        }
    });
    if modal.should_close() {
        *confirm = None;
    }
    act
}

/// A size as people say it.
fn bytes(count: u64) -> String {
    match count {
        ..1_000_000 => format!("{} kB", count.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        1_000_000_000.. => format!("{:.1} GB", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_words() {
        assert_eq!(bytes(0), "0 kB");
        assert_eq!(bytes(1), "1 kB");
        assert_eq!(bytes(1_550_000), "1.6 MB");
        assert_eq!(bytes(10_000_000_000), "10.0 GB");
    }
}
