//! What the window shows at each stage.
//!
//! A page is given what it shows and returns what was pressed; it changes nothing itself.

mod banner;
mod consent;
mod entry;
mod over;
mod waiting;

use aldis_host::{Choice, Notice};
use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Appearance, Language, Texts};
use egui::Ui;

pub(crate) use banner::{Live, banner};
pub(crate) use consent::{Question, connecting, question};
pub(crate) use entry::{Entry, Look, joining, start};
pub(crate) use over::{Over, closed, over};
pub(crate) use waiting::{Words, talk, waiting};

/// What was pressed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    GetHelp,
    Choose(Choice),
    /// The digits are typed.
    Digits,
    StopControl,
    StopRecording,
    EndOne(u32),
    End,
    Leave,
    Withdraw,
    Describe(String),
    Say(String),
    Writing,
    /// Shows or hides the chat beside the session.
    ToggleChat,
    Close,
    Language(Language),
    Appearance(Appearance),
}

/// Shows what the person should know, if there is something.
fn show_notice(ui: &mut Ui, texts: Texts, notice: Option<&Notice>) {
    let Some(notice) = notice else { return };
    let (tone, text) = match notice {
        Notice::Join(error) => (Tone::Bad, texts.signal_error(error)),
        Notice::Distrusted(why) => {
            let reason = texts.distrust(*why);
            let words = texts.with("notice-distrusted", [("reason", reason.into())]);
            (Tone::Bad, words)
        }
        Notice::StaleList(days) => (
            Tone::Warn,
            texts.with("notice-stale-list", [("days", (*days).into())]),
        ),
        Notice::AnswerMissed => (Tone::Warn, texts.get("notice-answer-missed").into_owned()),
        Notice::AskCancelled => (Tone::Warn, texts.get("notice-ask-cancelled").into_owned()),
        Notice::NeverConnected => (Tone::Warn, texts.get("notice-never-connected").into_owned()),
        Notice::Left(name) => (
            Tone::Warn,
            texts.with("notice-left", [("name", name.as_str().into())]),
        ),
        Notice::InputIgnored => (Tone::Warn, texts.get("notice-input-ignored").into_owned()),
        Notice::NoScreen(reason) => (
            Tone::Bad,
            texts.with("notice-no-screen", [("reason", reason.as_str().into())]),
        ),
        Notice::NoHands(why) => (Tone::Bad, texts.no_hands(why)),
    };
    widgets::notice(ui, tone, &text);
    widgets::gap(ui);
}

/// Names in one line.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
