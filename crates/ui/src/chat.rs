//! The chat, as both windows show it.

use aldis_session::chat::Chat;
use aldis_wire::signal::{Body, ChatMessage, MAX_MESSAGE, Speaker};
use egui::{
    Align, Align2, Button, FontId, Frame, Key, Label, Layout, Margin, Modifiers, RichText,
    ScrollArea, TextEdit, Ui, Vec2,
};

use crate::theme::{self, RADIUS};
use crate::widgets::Tone;
use crate::{Texts, time, widgets};

/// What the person did in the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatAct {
    /// Sends the draft.
    Say(String),
    /// Is writing.
    Write,
}

/// What a chat's view needs to know.
#[derive(Clone, Copy, Debug)]
pub struct ChatView<'a> {
    /// What was said.
    pub chat: &'a Chat,
    /// Who looks at it.
    pub me: &'a Speaker,
    /// What the customer is called; empty: just that.
    pub customer: &'a str,
    /// Who is writing at this moment.
    pub typing: Option<&'a Speaker>,
    /// Words can be sent.
    pub open: bool,
}

/// The chat in the space that there is, the newest message at the bottom.
pub fn show(ui: &mut Ui, texts: Texts, view: ChatView<'_>, draft: &mut String) -> Option<ChatAct> {
    let input = if view.open { 52.0 } else { 0.0 };
    let height = (ui.available_height() - input - 26.0).max(60.0);
    ScrollArea::vertical()
        .id_salt("chat")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink([false, false])
        .stick_to_bottom(true)
        .show(ui, |ui| {
            if view.chat.messages().is_empty() {
                widgets::quiet(ui, texts.get("chat-kept"));
            }
            for message in view.chat.messages() {
                line(ui, texts, view, message);
            }
            if let Some((text, refusal)) = view.chat.refused() {
                bubble(ui, &texts.get("chat-you"), text, "", true);
                let reason = [("reason", texts.refusal(refusal).into())];
                widgets::notice(ui, Tone::Bad, &texts.with("chat-not-sent", reason));
            }
            for text in view.chat.pending() {
                let when = texts.get("chat-pending");
                bubble(ui, &texts.get("chat-you"), text, &when, true);
            }
        });
    let typing = view.typing.filter(|who| *who != view.me);
    let who = typing
        .map(|who| name_of(texts, view, who))
        .unwrap_or_default();
    let tokens = theme::tokens(ui);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), 16.0), egui::Sense::hover());
    if !who.is_empty() {
        let words = texts.with("chat-typing", [("name", who.into())]);
        let font = FontId::proportional(12.5);
        let at = rect.left_center();
        ui.painter()
            .text(at, Align2::LEFT_CENTER, &words, font, tokens.quiet);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &words));
    }
    if view.open {
        compose(ui, texts, draft)
    } else {
        None
    }
}

fn compose(ui: &mut Ui, texts: Texts, draft: &mut String) -> Option<ChatAct> {
    let mut act = None;
    ui.horizontal(|ui| {
        let send = texts.get("chat-send");
        let font = FontId::proportional(14.5);
        let ink = theme::tokens(ui).text;
        let words = ui
            .painter()
            .layout_no_wrap(send.clone().into_owned(), font, ink);
        let width = ui.available_width() - words.size().x - 44.0;
        let edit = TextEdit::singleline(draft)
            .hint_text(texts.get("chat-hint"))
            .char_limit(MAX_MESSAGE)
            .margin(Margin::symmetric(10, 8))
            .desired_width(width);
        let field = ui.add(edit);
        let name = texts.get("chat-message");
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, &name));
        if field.changed() {
            act = Some(ChatAct::Write);
        }
        let enter = ui.input(|input| input.key_pressed(Key::Enter))
            && !ui.input(|input| input.modifiers.matches_logically(Modifiers::SHIFT));
        let entered = field.lost_focus() && enter;
        let ready = !draft.trim().is_empty();
        let pressed = ui.add_enabled(ready, Button::new(send)).clicked();
        if ready && (entered || pressed) {
            act = Some(ChatAct::Say(std::mem::take(draft)));
        }
        if entered || pressed {
            field.request_focus();
        }
    });
    act
}

/// What somebody is called in the chat.
fn name_of(texts: Texts, view: ChatView<'_>, who: &Speaker) -> String {
    match who {
        who if who == view.me => texts.get("chat-you").into_owned(),
        Speaker::Customer if view.customer.is_empty() => texts.get("chat-customer").into_owned(),
        Speaker::Customer => view.customer.to_owned(),
        Speaker::Supporter(name) => name.clone(),
    }
}

fn line(ui: &mut Ui, texts: Texts, view: ChatView<'_>, message: &ChatMessage) {
    if let Body::Text(text) = &message.body {
        let name = name_of(texts, view, &message.from);
        let when = time::clock(message.at);
        bubble(ui, &name, text, &when, message.from == *view.me);
        return;
    }
    let tokens = theme::tokens(ui);
    let name = match &message.from {
        Speaker::Supporter(name) => name,
        Speaker::Customer => view.customer,
    };
    ui.vertical_centered(|ui| {
        let what = happening(texts, &message.body, name);
        let words = format!("{what} · {}", time::clock(message.at));
        ui.add(Label::new(RichText::new(words).small().color(tokens.quiet)).wrap());
    });
}

/// What a message that is no text says.
fn happening(texts: Texts, body: &Body, name: &str) -> String {
    let id = match body {
        Body::Text(text) => return text.clone(),
        Body::Joined => "chat-joined",
        Body::Left => "chat-left",
        Body::SharingAsked => "chat-sharing-asked",
        Body::SharingAllowed => return texts.get("chat-sharing-allowed").into_owned(),
        Body::SharingDeclined => return texts.get("chat-sharing-declined").into_owned(),
    };
    texts.with(id, [("name", name.into())])
}

fn bubble(ui: &mut Ui, name: &str, text: &str, when: &str, mine: bool) {
    let tokens = theme::tokens(ui);
    let side = if mine { Align::Max } else { Align::Min };
    let fill = if mine {
        tokens.accent_soft
    } else {
        tokens.hover
    };
    ui.with_layout(Layout::top_down(side), |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let head = format!("{name} · {when}");
        ui.add(Label::new(RichText::new(head).small().color(tokens.quiet)));
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width() * 0.86);
            Frame::new()
                .fill(fill)
                .corner_radius(RADIUS)
                .inner_margin(Margin::symmetric(10, 6))
                .show(ui, |ui| {
                    let words = RichText::new(text).color(tokens.text);
                    // Lines begin below each other on either side.
                    let words = Label::new(words).wrap().halign(Align::LEFT);
                    ui.add(words.selectable(true));
                });
        });
        ui.add_space(6.0);
    });
}

/// The whole chat as text, a line a message, for a file.
pub fn export(texts: Texts, messages: &[ChatMessage], customer: &str) -> String {
    let mut out = String::new();
    for message in messages {
        let name = match &message.from {
            Speaker::Customer if customer.is_empty() => texts.get("chat-customer").into_owned(),
            Speaker::Customer => customer.to_owned(),
            Speaker::Supporter(name) => name.clone(),
        };
        let what = match &message.body {
            Body::Text(text) => format!("{name}: {}", text.replace('\n', "\n    ")),
            other => format!("* {}", happening(texts, other, &name)),
        };
        out.push_str(&time::stamp(message.at));
        out.push_str("  ");
        out.push_str(&what);
        out.push('\n');
    }
    out
}
