//! While a supporter is waited for, and while one only chats.

use aldis_host::{Host, View};
use aldis_ui::chat::{self, ChatAct, ChatView};
use aldis_ui::theme::space;
use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Texts, theme};
use aldis_wire::signal::{MAX_TEXT, OwnCase, Speaker};
use egui::{Margin, TextEdit, Ui};

use super::{Act, show_notice};

/// What is typed while waiting.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) message: String,
    pub(crate) description: String,
    /// The description is being written.
    pub(crate) describing: bool,
}

/// The case is joined; its code is there to be read out, and somebody to talk to.
pub(crate) fn waiting(ui: &mut Ui, texts: Texts, view: &View, words: &mut Words) -> Option<Act> {
    let mut act = None;
    let chatting = view
        .case
        .as_ref()
        .is_some_and(|case| !case.chatting.is_empty());
    let title = if chatting {
        "chat-with-supporter"
    } else {
        "waiting"
    };
    widgets::heading(ui, texts.get(title));
    ui.add_space(space::SMALL);
    if !view.online {
        widgets::notice(ui, Tone::Warn, &texts.get("waiting-offline"));
        widgets::gap(ui);
    }
    show_notice(ui, texts, view.notice.as_ref());
    let Some(case) = &view.case else {
        return widgets::secondary(ui, &texts.get("leave"))
            .clicked()
            .then_some(Act::Leave);
    };
    widgets::card(ui, |ui| {
        if let Some(name) = case.chatting.first().or(case.assignee.as_ref()) {
            let words = texts.with("assigned-to", [("name", name.as_str().into())]);
            widgets::notice(ui, Tone::Good, &words);
        } else {
            ui.label(place_in_words(texts, case));
        }
        ui.horizontal(|ui| {
            widgets::quiet(ui, texts.get("waiting-code"));
            widgets::big_code(ui, &case.code.to_string());
        });
        widgets::quiet(ui, texts.get("waiting-lead"));
    });
    ui.add_space(space::SMALL);
    act = describe(ui, texts, case, words).or(act);
    ui.add_space(space::SMALL);
    let buttons = 48.0;
    let room = (ui.available_height() - buttons).max(120.0);
    ui.allocate_ui(egui::Vec2::new(ui.available_width(), room), |ui| {
        let said = talk(ui, texts, view, words);
        act = said.or_else(|| act.take());
    });
    ui.horizontal(|ui| {
        if ui.button(texts.get("leave")).clicked() {
            act = Some(Act::Leave);
        }
        if ui.button(texts.get("withdraw")).clicked() {
            act = Some(Act::Withdraw);
        }
    });
    act
}

/// The chat of the case, in the space that there is.
pub(crate) fn talk(ui: &mut Ui, texts: Texts, view: &View, words: &mut Words) -> Option<Act> {
    let (chat, case) = (view.chat.as_ref()?, view.case.as_ref()?);
    let chat_view = ChatView {
        chat,
        me: &Speaker::Customer,
        customer: "",
        typing: chat.typing(Host::now()),
        open: case.status.is_open(),
    };
    match chat::show(ui, texts, chat_view, &mut words.message)? {
        ChatAct::Say(text) => Some(Act::Say(text)),
        ChatAct::Write => Some(Act::Writing),
    }
}

fn place_in_words(texts: Texts, case: &OwnCase) -> String {
    let Some(place) = case.place else {
        return texts.get("waiting").into_owned();
    };
    let mut words = if place.ahead == 0 {
        texts.get("queue-first").into_owned()
    } else {
        texts.with("queue-ahead", [("count", place.ahead.into())])
    };
    if let Some(wait) = place.usual_wait {
        let minutes = wait.div_ceil(60_000).max(1);
        let time = texts.with("about-minutes", [("minutes", minutes.into())]);
        words.push(' ');
        words.push_str(&texts.with("queue-wait", [("time", time.into())]));
    }
    words
}

/// What is wrong, in the customer's words.
fn describe(ui: &mut Ui, texts: Texts, case: &OwnCase, words: &mut Words) -> Option<Act> {
    if !words.describing {
        let text = if case.description.is_empty() {
            texts.get("describe-hint").into_owned()
        } else {
            case.description.clone()
        };
        let mut pressed = false;
        ui.horizontal(|ui| {
            pressed = ui.button(texts.get("describe")).clicked();
            let tokens = theme::tokens(ui);
            let text = egui::RichText::new(text).color(tokens.quiet);
            ui.add(egui::Label::new(text).truncate());
        });
        if pressed {
            words.describing = true;
            words.description.clone_from(&case.description);
        }
        return None;
    }
    let name = texts.get("describe");
    let edit = TextEdit::multiline(&mut words.description)
        .hint_text(texts.get("describe-hint"))
        .char_limit(MAX_TEXT)
        .desired_rows(3)
        .margin(Margin::symmetric(10, 8))
        .desired_width(f32::INFINITY);
    let field = ui.add(edit);
    field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, &name));
    let mut act = None;
    ui.horizontal(|ui| {
        if ui.button(texts.get("describe-send")).clicked() {
            words.describing = false;
            act = Some(Act::Describe(words.description.trim().to_owned()));
        }
        if ui.button(texts.get("cancel")).clicked() {
            words.describing = false;
        }
    });
    act
}
