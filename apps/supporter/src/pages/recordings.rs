//! All recordings on this machine.

use std::path::PathBuf;

use aldis_ui::theme::{self, space};
use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Texts, time};
use aldis_viewer::record::Listed;
use aldis_viewer::{Export, Shelved, Trouble};
use egui::{
    Align, CentralPanel, Frame, Key, Label, Layout, Margin, Modal, Modifiers, Panel, ProgressBar,
    RichText, Role, ScrollArea, TextEdit, Ui, Vec2, WidgetInfo,
};

use super::player::span;
use super::{Act, dismissible};

/// The height of a row in points.
const ROW: f32 = 46.0;

/// From this width in points on, a row has room for all its buttons in every language.
const WIDE: f32 = 1340.0;

/// What can be done about a recording beside playing it, by the names of the words.
const DEEDS: [&str; 4] = ["recording-export", "show-in-folder", "copy-path", "delete"];

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
    /// Shows in the system's file manager where this one lies.
    Folder(PathBuf),
    /// Makes a video of this one.
    Export(PathBuf),
    /// Gives the running export up, or has read how it went.
    EndExport,
}

/// What the page keeps between two frames.
#[derive(Debug, Default)]
pub(crate) struct Browse {
    /// What is searched for.
    search: String,
    /// The recording that is about to be deleted.
    confirm: Option<PathBuf>,
}

/// The page.
pub(crate) fn recordings(
    ui: &mut Ui,
    texts: Texts,
    shelved: &Shelved,
    quota: u64,
    browse: &mut Browse,
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
                let sizes = [
                    ("used", texts.size(used).into()),
                    ("most", texts.size(quota).into()),
                ];
                widgets::quiet(ui, texts.with("recordings-size", sizes));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                search(ui, texts, &mut browse.search);
            });
        });
        act = export(ui, texts, shelved).or_else(|| act.take());
        if let Some(trouble) = &shelved.trouble {
            widgets::notice(ui, Tone::Bad, &told_trouble(texts, trouble));
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
        let words = words(&browse.search);
        let found = list.iter().filter(|listed| holds_all(listed, &words));
        let found: Vec<&Listed> = found.collect();
        if found.is_empty() {
            ui.add_space(ui.available_height() * 0.3);
            ui.vertical_centered(|ui| ui.heading(texts.get("recordings-no-match")));
            return;
        }
        let busy = matches!(shelved.export, Some(Export::Running { .. }));
        ScrollArea::vertical()
            .auto_shrink(false)
            .show_rows(ui, ROW, found.len(), |ui, rows| {
                let confirm = &mut browse.confirm;
                for listed in &found[rows] {
                    act = act.take().or_else(|| row(ui, texts, listed, busy, confirm));
                }
            });
    });
    act = ask(ui, texts, &mut browse.confirm).or(act);
    let escape = || ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    if act.is_none() && browse.confirm.is_none() && escape() {
        act = Some(Shelve::Leave);
    }
    act.map(Act::Shelve)
}

/// The field that narrows the list down; Ctrl+F leads to it.
fn search(ui: &mut Ui, texts: Texts, search: &mut String) {
    let edit = TextEdit::singleline(search)
        .hint_text(texts.get("recordings-search-hint"))
        .char_limit(100)
        .desired_width(240.0)
        .margin(Margin::symmetric(8, 6));
    let field = ui.add(edit);
    let name = texts.get("search");
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
    if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F)) {
        field.request_focus();
    }
}

/// The words of a search, in lower case.
fn words(search: &str) -> Vec<String> {
    let search = search.to_lowercase();
    search.split_whitespace().map(str::to_owned).collect()
}

fn told_trouble(texts: Texts, trouble: &Trouble) -> String {
    match trouble {
        Trouble::System(reason) => {
            let reason = [("reason", reason.as_str().into())];
            texts.with("recording-not-deleted", reason)
        }
        Trouble::NotShown(folder) => {
            let path = [("path", folder.display().to_string().into())];
            texts.with("folder-not-shown", path)
        }
    }
}

/// How the export goes.
fn export(ui: &mut Ui, texts: Texts, shelved: &Shelved) -> Option<Shelve> {
    let tokens = theme::tokens(ui);
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
                // What is still to be done is seen, too.
                ui.visuals_mut().extreme_bg_color = tokens.hover;
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
    let narrow = ui.available_width() < WIDE;
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
        let room = if narrow { 150.0 } else { 190.0 };
        cell(ui, room, |ui| ui.add(Label::new(name).truncate()));
        cell(ui, 100.0, |ui| ui.label(&head.case));
        let started = time::moment(head.started, time::now(), texts.language());
        cell(ui, 120.0, |ui| widgets::quiet(ui, started.clone()));
        cell(ui, 70.0, |ui| ui.label(span(listed.length)));
        cell(ui, 70.0, |ui| widgets::quiet(ui, texts.size(listed.size)));
        if !listed.finished {
            let words = texts.get("recording-cut");
            widgets::badge(ui, &words, tokens.warn, tokens.warn_soft);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            widgets::compact(ui);
            ui.add_space(space::SMALL);
            // One row's button is told from another's.
            let about = |word: &str| format!("{word}: {customer}, {started}");
            let button = |ui: &mut Ui, id: &str| {
                let word = texts.get(id);
                let enabled = id != "recording-export" || !busy;
                let response = ui.add_enabled(enabled, egui::Button::new(&*word));
                let about = about(&word);
                response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &about));
                response.clicked()
            };
            let chosen = if narrow {
                let word = texts.get("more-actions");
                let more = ui.menu_button(&*word, |ui| {
                    let chosen = DEEDS.into_iter().filter(|id| button(ui, id)).last();
                    chosen.inspect(|_| ui.close())
                });
                let about = about(&word);
                let name = || WidgetInfo::labeled(Role::Button, true, &about);
                more.response.widget_info(name);
                more.inner.flatten()
            } else {
                // All of them are painted.
                let deeds = DEEDS.into_iter().rev();
                deeds.filter(|id| button(ui, id)).last()
            };
            match chosen {
                Some("recording-export") => act = Some(Shelve::Export(path())),
                Some("show-in-folder") => act = Some(Shelve::Folder(path())),
                Some("copy-path") => ui.ctx().copy_text(listed.path.display().to_string()),
                Some(_) => *confirm = Some(path()),
                None => {}
            }
            if button(ui, "play") {
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

/// Whether all of these lower-case words are found in its customer, case and supporter.
fn holds_all(listed: &Listed, words: &[String]) -> bool {
    let head = &listed.head;
    let fields = [&head.customer, &head.case, &head.supporter];
    // A code may be typed without its hyphens.
    let digits = head.case.replace('-', "");
    words.iter().all(|word| {
        let holds = |field: &&String| field.to_lowercase().contains(word.as_str());
        digits.contains(word.as_str()) || fields.iter().any(holds)
    })
}

#[cfg(test)]
mod tests {
    use aldis_viewer::record::Head;

    use super::*;

    #[test]
    fn a_recording_is_found_by_customer_case_and_supporter() {
        let listed = Listed {
            path: PathBuf::new(),
            size: 0,
            head: Head {
                case: "s12-345-678".to_owned(),
                customer: "Señora Ñandú".to_owned(),
                supporter: "Eva López".to_owned(),
                ..Head::default()
            },
            length: 0,
            finished: true,
        };
        for (search, found) in [
            ("", true),
            ("ñandú", true),
            ("ÑANDÚ", true),
            ("345-6", true),
            ("12345678", true),
            ("eva señora", true),
            ("eva liam", false),
            ("s13", false),
        ] {
            assert_eq!(holds_all(&listed, &words(search)), found, "{search}");
        }
    }
}
