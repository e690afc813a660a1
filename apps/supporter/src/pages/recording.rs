//! The button that records a session, and what is said about it.

use std::time::Duration;

use aldis_ui::widgets::Tone;
use aldis_ui::{Texts, theme, time};
use aldis_viewer::record::Full;
use aldis_viewer::{Command, RecordProblem, Session};
use aldis_wire::Millis;
use aldis_wire::peer::Recording;
use egui::{Button, RichText, Role, Ui, Vec2, WidgetInfo};

use super::Act;
use super::player::span;

/// The button's width in points while it counts minutes and seconds.
const WIDTH: f32 = 84.0;

/// The button: asks, says that it was asked, and shows for how long there has been a recording.
pub(super) fn button(ui: &mut Ui, texts: Texts, session: &Session, ahead: i64) -> Option<Act> {
    let tokens = theme::tokens(ui);
    let recording = &session.recording;
    let record = texts.get("record");
    // What is seen is short, for the bar is full; what is said is a sentence.
    let (button, words, wish) = match (recording.since, recording.told) {
        (Some(since), _) => {
            ui.ctx().request_repaint_after(Duration::from_millis(500));
            let lasts = span(now(ahead).saturating_sub(since));
            let words = format!("{} {lasts}", texts.get("stop-recording"));
            let shown = RichText::new(format!("● {lasts}")).color(tokens.bad);
            // As the digits change, the buttons beside it stay where they are.
            let button = Button::new(shown).min_size(Vec2::new(WIDTH, 0.0));
            (button.fill(tokens.bad_soft), words, false)
        }
        (None, Recording::Asked | Recording::On) => {
            let words = texts.get("record-asked").into_owned();
            let button = Button::selectable(true, format!("{record} …"));
            (button, words, false)
        }
        (None, Recording::Off | Recording::Declined | Recording::Stopped | Recording::NotNow) => {
            (Button::new(&*record), record.clone().into_owned(), true)
        }
    };
    let hint = if wish {
        texts.get("record-lead").into_owned()
    } else {
        words.clone()
    };
    let pressed = ui.add(button).on_hover_text(hint);
    pressed.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    pressed
        .clicked()
        .then_some(Act::Engine(Command::Record(wish)))
}

fn now(ahead: i64) -> Millis {
    time::now().saturating_add_signed(ahead)
}

/// What the supporter should know about the recording, if anything.
pub(crate) fn notice(texts: Texts, session: &Session) -> Option<(Tone, String)> {
    let recording = &session.recording;
    let say = |tone, id: &str| Some((tone, texts.get(id).into_owned()));
    match &recording.problem {
        Some(RecordProblem::Full(Full::Quota)) => return say(Tone::Bad, "record-quota"),
        Some(RecordProblem::Full(Full::Disk)) => return say(Tone::Bad, "record-disk"),
        Some(RecordProblem::System(reason)) => {
            let reason = [("reason", reason.as_str().into())];
            return Some((Tone::Bad, texts.with("record-failed", reason)));
        }
        None => {}
    }
    match recording.told {
        Recording::Asked => say(Tone::Warn, "record-asking"),
        Recording::Declined => say(Tone::Warn, "record-declined"),
        Recording::Stopped => say(Tone::Warn, "record-stopped"),
        Recording::NotNow => say(Tone::Warn, "record-not-now"),
        Recording::On => None,
        Recording::Off => recording
            .saved
            .is_some()
            .then(|| (Tone::Good, texts.get("record-saved").into_owned())),
    }
}
