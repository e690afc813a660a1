//! The question, and the way to the answer's use.

use aldis_host::{About, Choice, DIGITS, TRIES};
use aldis_ui::Texts;
use aldis_ui::avatar::Avatar;
use aldis_ui::theme::{self, space};
use aldis_ui::widgets::{self, Tone};
use aldis_wire::Millis;
use aldis_wire::signal::Supporter;
use egui::{RichText, Spinner, Ui, Vec2};

use super::Act;

/// A supporter's question as the prompt shows it.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) supporter: &'a Supporter,
    /// Who has signed for the supporter.
    pub(crate) organisation: &'a str,
    /// That is not known to be true yet.
    pub(crate) is_new: bool,
    /// No more than seeing is asked for.
    pub(crate) view_only: bool,
    /// Milliseconds until it declines by itself.
    pub(crate) left: Millis,
    /// Who is connected already.
    pub(crate) others: &'a [String],
    /// The two were talking in the chat.
    pub(crate) from_chat: bool,
    /// Who records meanwhile.
    pub(crate) recording: &'a [String],
}

/// What a supporter asks for, or the digits that he reads out.
pub(crate) fn question(
    ui: &mut Ui,
    texts: Texts,
    avatar: &mut Avatar,
    question: &Question<'_>,
    about: About,
    digits: &mut String,
) -> Option<Act> {
    match about {
        About::Digits { left } => asked_digits(ui, texts, avatar, question, left, digits),
        About::Record => asked_to_record(ui, texts, avatar, question),
        About::Connect if question.others.is_empty() => asked(ui, texts, avatar, question),
        About::Connect => asked_to_join(ui, texts, avatar, question),
    }
}

/// A supporter asks.
fn asked(ui: &mut Ui, texts: Texts, avatar: &mut Avatar, question: &Question<'_>) -> Option<Act> {
    let &Question {
        supporter,
        organisation: _,
        is_new: _,
        view_only,
        left,
        others: _,
        from_chat,
        recording: _,
    } = question;
    widgets::column(ui, 420.0, |ui| {
        ui.vertical_centered(|ui| avatar.show(ui, &supporter.name, &supporter.picture, 96.0));
        widgets::gap(ui);
        let asks = if view_only {
            "asks-view"
        } else {
            "asks-control"
        };
        widgets::heading(
            ui,
            texts.with(asks, [("name", supporter.name.as_str().into())]),
        );
        vouched(ui, texts, question);
        widgets::quiet(ui, texts.get("asks-lead"));
        ui.add_space(space::LARGE);
        let mut chosen = None;
        let allow = if from_chat {
            "share-my-screen"
        } else {
            "allow"
        };
        if !view_only && widgets::primary(ui, &texts.get(allow), true).clicked() {
            chosen = Some(Choice::Allow);
        }
        let view = texts.get("view-only");
        let pressed = if view_only {
            widgets::primary(ui, &view, true)
        } else {
            widgets::secondary(ui, &view)
        };
        if pressed.clicked() {
            chosen = Some(Choice::ViewOnly);
        }
        if widgets::secondary(ui, &texts.get("decline")).clicked() {
            chosen = Some(Choice::Decline);
        }
        widgets::gap(ui);
        widgets::quiet(
            ui,
            texts.with("asks-timeout", [("seconds", left.div_ceil(1000).into())]),
        );
        chosen.map(Act::Choose)
    })
}

/// A supporter asks to join those who are connected; meanwhile none of them moves anything.
fn asked_to_join(
    ui: &mut Ui,
    texts: Texts,
    avatar: &mut Avatar,
    question: &Question<'_>,
) -> Option<Act> {
    let Question {
        supporter,
        organisation: _,
        is_new: _,
        view_only,
        left,
        others,
        from_chat: _,
        recording,
    } = question;
    widgets::column(ui, 420.0, |ui| {
        ui.vertical_centered(|ui| avatar.show(ui, &supporter.name, &supporter.picture, 80.0));
        widgets::gap(ui);
        let name = supporter.name.as_str();
        widgets::heading(ui, texts.with("asks-join", [("name", name.into())]));
        vouched(ui, texts, question);
        let others = super::names(others.iter().map(String::as_str));
        let others = texts.with("asks-join-others", [("names", others.into())]);
        widgets::quiet(ui, others);
        ui.add_space(space::SMALL);
        let lead = if *view_only {
            "asks-join-view"
        } else {
            "asks-join-lead"
        };
        widgets::quiet(ui, texts.with(lead, [("name", name.into())]));
        if !recording.is_empty() {
            let names = super::names(recording.iter().map(String::as_str));
            widgets::gap(ui);
            let words = texts.with("recording-by", [("name", names.into())]);
            widgets::notice(ui, Tone::Bad, &words);
        }
        ui.add_space(space::LARGE);
        let mut act = None;
        if widgets::primary(ui, &texts.get("allow-join"), true).clicked() {
            act = Some(Act::Choose(Choice::Allow));
        }
        if !view_only && widgets::secondary(ui, &texts.get("view-only")).clicked() {
            act = Some(Act::Choose(Choice::ViewOnly));
        }
        if widgets::secondary(ui, &texts.get("decline")).clicked() {
            act = Some(Act::Choose(Choice::Decline));
        }
        widgets::gap(ui);
        widgets::quiet(
            ui,
            texts.with("asks-timeout", [("seconds", left.div_ceil(1000).into())]),
        );
        widgets::gap(ui);
        if widgets::danger(ui, &texts.get("end-all"), Vec2::new(0.0, 34.0)).clicked() {
            act = Some(Act::End);
        }
        act
    })
}

/// A supporter who is connected asks to record; meanwhile nobody moves anything.
fn asked_to_record(
    ui: &mut Ui,
    texts: Texts,
    avatar: &mut Avatar,
    question: &Question<'_>,
) -> Option<Act> {
    let supporter = question.supporter;
    widgets::column(ui, 420.0, |ui| {
        ui.vertical_centered(|ui| avatar.show(ui, &supporter.name, &supporter.picture, 80.0));
        widgets::gap(ui);
        let name = supporter.name.as_str();
        widgets::heading(ui, texts.with("asks-record", [("name", name.into())]));
        widgets::quiet(ui, texts.with("asks-record-lead", [("name", name.into())]));
        ui.add_space(space::SMALL);
        widgets::quiet(ui, texts.get("asks-record-stop"));
        ui.add_space(space::LARGE);
        let mut act = None;
        if widgets::primary(ui, &texts.get("allow-record"), true).clicked() {
            act = Some(Act::Choose(Choice::Allow));
        }
        if widgets::secondary(ui, &texts.get("decline")).clicked() {
            act = Some(Act::Choose(Choice::Decline));
        }
        widgets::gap(ui);
        let left = question.left.div_ceil(1000);
        widgets::quiet(ui, texts.with("asks-timeout", [("seconds", left.into())]));
        widgets::gap(ui);
        if widgets::danger(ui, &texts.get("end-session"), Vec2::new(0.0, 34.0)).clicked() {
            act = Some(Act::End);
        }
        act
    })
}

/// Who has signed for the supporter.
fn vouched(ui: &mut Ui, texts: Texts, question: &Question<'_>) {
    let tokens = theme::tokens(ui);
    let (words, ink) = if question.is_new {
        ("asks-new-organisation", tokens.warn)
    } else {
        ("asks-organisation", tokens.good)
    };
    let words = texts.with(words, [("organisation", question.organisation.into())]);
    ui.label(RichText::new(words).strong().color(ink));
    ui.add_space(space::SMALL);
}

/// A supporter who was allowed reads out digits, and the person types them.
fn asked_digits(
    ui: &mut Ui,
    texts: Texts,
    avatar: &mut Avatar,
    question: &Question<'_>,
    left: u32,
    digits: &mut String,
) -> Option<Act> {
    let supporter = question.supporter;
    widgets::column(ui, 420.0, |ui| {
        ui.vertical_centered(|ui| avatar.show(ui, &supporter.name, &supporter.picture, 80.0));
        widgets::gap(ui);
        let about = || {
            [
                ("name", supporter.name.as_str().into()),
                ("organisation", question.organisation.into()),
            ]
        };
        widgets::heading(ui, texts.with("digits-title", about()));
        widgets::quiet(ui, texts.with("digits-lead", about()));
        ui.add_space(space::LARGE);
        if left < TRIES {
            let words = texts.with("digits-wrong", [("left", left.into())]);
            widgets::notice(ui, Tone::Bad, &words);
            widgets::gap(ui);
        }
        let field = widgets::field(ui, &texts.get("digits-field"), digits, "", false);
        let entered = widgets::entered(&field);
        if ui.memory(|memory| memory.focused().is_none()) {
            field.request_focus();
        }
        let typed = digits.chars().filter(char::is_ascii_digit).count() == DIGITS;
        let mut act = None;
        let pressed = widgets::primary(ui, &texts.get("digits-confirm"), typed).clicked();
        if typed && (pressed || entered) {
            act = Some(Act::Digits);
        }
        if widgets::secondary(ui, &texts.get("decline")).clicked() {
            act = Some(Act::Choose(Choice::Decline));
        }
        widgets::gap(ui);
        let left = question.left.div_ceil(1000);
        widgets::quiet(ui, texts.with("asks-timeout", [("seconds", left.into())]));
        act
    })
}

/// The supporter was allowed and is on the way.
pub(crate) fn connecting(ui: &mut Ui, texts: Texts, supporter: &Supporter) -> Option<Act> {
    widgets::column(ui, 420.0, |ui| {
        ui.horizontal(|ui| {
            ui.add(Spinner::new());
            ui.label(texts.with("connecting", [("name", supporter.name.as_str().into())]));
        });
        ui.add_space(space::LARGE);
        widgets::secondary(ui, &texts.get("cancel"))
            .clicked()
            .then_some(Act::End)
    })
}
