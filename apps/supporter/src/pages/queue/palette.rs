//! The command palette: everything that the page can do, found by typing.

use aldis_ui::{Appearance, Language, theme};
use aldis_viewer::{Command, SessionStage, Wish};
use aldis_wire::Code;
use egui::{Align, Frame, Key, Layout, Modal, Modifiers, ScrollArea, Stroke, TextEdit, Ui, Vec2};

use super::super::{Act, Shelve};
use super::actions::{self, Does};
use super::{Dialog, Now, Queue, Scope, list, top};

/// The most lines that are shown.
const SHOWN: usize = 60;

/// The palette, open.
#[derive(Debug, Default)]
pub(super) struct Palette {
    text: String,
    /// The line that Enter takes.
    at: usize,
}

/// A line of the palette.
struct Line {
    words: String,
    does: What,
}

enum What {
    Do(Does),
    Go(Scope),
    Look(list::Which),
    Select(Code),
}

/// Shows the palette, if it is open.
pub(super) fn show(ui: &Ui, now: Now<'_>, state: &mut Queue) -> Option<Act> {
    let mut palette = state.palette.take()?;
    let mut lines = lines(now, state);
    let wanted = palette.text.to_lowercase();
    let fits = |line: &Line| {
        let words = line.words.to_lowercase();
        wanted.split_whitespace().all(|word| words.contains(word))
    };
    lines.retain(fits);
    lines.truncate(SHOWN);
    let mut chosen = None;
    let frame = Frame::popup(ui.style()).inner_margin(12);
    let modal = Modal::new(egui::Id::unique("palette")).frame(frame);
    let modal = modal.show(ui.ctx(), |ui| {
        ui.set_width(480.0);
        let step = ui.input_mut(|input| {
            let down = input.consume_key(Modifiers::NONE, Key::ArrowDown);
            let up = input.consume_key(Modifiers::NONE, Key::ArrowUp);
            isize::from(down) - isize::from(up)
        });
        palette.at = palette
            .at
            .saturating_add_signed(step)
            .min(lines.len().saturating_sub(1));
        let edit = TextEdit::singleline(&mut palette.text)
            .hint_text(now.texts.get("command-hint"))
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(10, 8));
        let field = ui.add(edit);
        let name = now.texts.get("command-palette");
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, &name));
        if field.changed() {
            palette.at = 0;
        }
        if ui.input(|input| input.key_pressed(Key::Enter)) && !lines.is_empty() {
            chosen = Some(palette.at);
        } else if !field.has_focus() {
            field.request_focus();
        }
        ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.with_layout(Layout::top_down_justified(Align::Min), |ui| {
                let tokens = theme::tokens(ui);
                for (index, line) in lines.iter().enumerate() {
                    let size = Vec2::new(ui.available_width(), 30.0);
                    let fill = if index == palette.at {
                        tokens.accent_soft
                    } else {
                        tokens.raised
                    };
                    let button = egui::Button::new(&line.words)
                        .fill(fill)
                        .stroke(Stroke::NONE);
                    let response = ui.add(button.min_size(size).truncate());
                    if index == palette.at && step != 0 {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() {
                        chosen = Some(index);
                    }
                }
            });
        });
    });
    if let Some(index) = chosen
        && index < lines.len()
    {
        return match lines.swap_remove(index).does {
            What::Do(does) => does.run(state),
            What::Go(scope) => {
                state.scope = scope;
                None
            }
            What::Look(which) => {
                state.list.which = which;
                None
            }
            What::Select(code) => {
                state.select(code);
                None
            }
        };
    }
    if !modal.should_close() {
        state.palette = Some(palette);
    }
    None
}

fn lines(now: Now<'_>, state: &Queue) -> Vec<Line> {
    let texts = now.texts;
    let mut lines = Vec::new();
    let mut add = |words: String, does: What| lines.push(Line { words, does });
    let word = |id: &str| texts.get(id).into_owned();
    add(
        word("new-case"),
        What::Do(Does::Open(Dialog::new_case(state.scope))),
    );
    let selected: Vec<Code> = state.selected.iter().copied().collect();
    for deed in actions::deeds(now, &selected) {
        let about = match selected.as_slice() {
            [code] => code.to_string(),
            many => texts.with("selected-count", [("count", many.len().into())]),
        };
        add(
            format!("{} ({about})", texts.get(deed.text)),
            What::Do(deed.does),
        );
    }
    if let [code] = selected[..] {
        for (id, view_only) in [("connect", false), ("connect-view", true)] {
            let act = Act::Connect { code, view_only };
            add(
                format!("{} ({code})", texts.get(id)),
                What::Do(Does::Act(act)),
            );
        }
    }
    let recordings = Act::Shelve(Shelve::Show);
    add(word("recordings"), What::Do(Does::Act(recordings)));
    if let Some(session) = &now.view.session
        && matches!(session.stage, SessionStage::Live { .. })
    {
        let runs = session.recording.since.is_some();
        let id = if runs {
            "stop-recording"
        } else {
            "record-session"
        };
        let act = Act::Engine(Command::Record(!runs));
        add(word(id), What::Do(Does::Act(act)));
    }
    for (state, id) in top::STATES {
        let act = Act::Desk(Wish::SetAvailability(state));
        let words = format!("{}: {}", texts.get("availability"), texts.get(id));
        add(words, What::Do(Does::Act(act)));
    }
    for which in list::Which::ALL {
        let words = format!(
            "{}: {}",
            texts.get("support-requests"),
            texts.get(which.text())
        );
        add(words, What::Look(which));
    }
    let places = [
        ("all-channels", Scope::All),
        ("home", Scope::Home),
        ("private", Scope::Private),
    ];
    for (id, scope) in places {
        add(word(id), What::Go(scope));
    }
    for channel in &now.service().desk.channels {
        let words = format!("{}: {}", texts.get("channel"), channel.setup.name);
        add(words, What::Go(Scope::Channel(channel.id)));
    }
    for (language, name) in Language::ALL {
        let words = format!("{}: {name}", texts.get("language"));
        add(words, What::Do(Does::Act(Act::Language(language))));
    }
    for (appearance, id) in [
        (Appearance::System, "theme-system"),
        (Appearance::Light, "theme-light"),
        (Appearance::Dark, "theme-dark"),
    ] {
        let words = format!("{}: {}", texts.get("theme"), texts.get(id));
        add(words, What::Do(Does::Act(Act::Appearance(appearance))));
    }
    add(word("sign-out"), What::Do(Does::Act(Act::SignOut)));
    for case in now.service().cases.values().rev() {
        let words = format!("{}  {}  {}", case.code, case.customer, case.facts.company);
        add(words, What::Select(case.code));
    }
    lines
}
