//! The chat of the selected case.

use aldis_ui::chat::{self, ChatAct, ChatView};
use aldis_ui::time;
use aldis_ui::widgets::{self, Tone};
use aldis_viewer::Wish;
use aldis_wire::signal::Case;
use egui::Ui;

use super::super::Act;
use super::{Dialog, Now, Queue};

/// The chat, with canned replies and export.
pub(super) fn talk(ui: &mut Ui, now: Now<'_>, state: &mut Queue, case: &Case) -> Option<Act> {
    let texts = now.texts;
    let code = case.code;
    let Some(chat) = now.service().chats.get(&code) else {
        ui.spinner();
        return Some(Act::Desk(Wish::OpenChat(code)));
    };
    let mut act = None;
    let me = now.service().me();
    let inside = case.chatting.iter().any(|name| name == now.me()) && case.status.is_open();
    let draft = state.drafts.entry(code).or_default();
    ui.horizontal(|ui| {
        widgets::compact(ui);
        if inside {
            ui.menu_button(texts.get("canned"), |ui| {
                let canned = &now.service().canned;
                if canned.is_empty() {
                    widgets::quiet(ui, texts.get("canned-none"));
                }
                for reply in canned.iter() {
                    if ui.button(&reply.title).clicked() {
                        if !draft.is_empty() {
                            draft.push(' ');
                        }
                        draft.push_str(&reply.text);
                        ui.close();
                    }
                }
                ui.separator();
                let keep = !draft.trim().is_empty();
                let save = egui::Button::new(texts.get("canned-save"));
                if ui.add_enabled(keep, save).clicked() {
                    state.dialog = Some(Dialog::canned(draft.trim().to_owned()));
                    ui.close();
                }
            });
        }
        let export = egui::Button::new(texts.get("export-chat"));
        if ui
            .add_enabled(!chat.messages().is_empty(), export)
            .clicked()
        {
            let text = chat::export(texts, chat.messages(), &case.customer);
            act = Some(Act::ExportChat { code, text });
        }
    });
    match &state.exported {
        Some(Ok(path)) => {
            let words = texts.with("exported-to", [("path", path.as_str().into())]);
            widgets::notice(ui, Tone::Good, &words);
        }
        Some(Err(reason)) => {
            let words = texts.with("not-exported", [("reason", reason.as_str().into())]);
            widgets::notice(ui, Tone::Bad, &words);
        }
        None => {}
    }
    let clock = time::now();
    let view = ChatView {
        chat,
        me: &me,
        customer: &case.customer,
        typing: chat.typing(clock),
        open: inside,
    };
    if chat.typing(clock).is_some() {
        // The words go away by themselves.
        ui.ctx()
            .request_repaint_after(std::time::Duration::from_secs(1));
    }
    let draft = state.drafts.entry(code).or_default();
    match chat::show(ui, texts, view, draft) {
        Some(ChatAct::Say(text)) => return Some(Act::Desk(Wish::Say { code, text })),
        Some(ChatAct::Write) => act = act.or(Some(Act::Desk(Wish::Write(code)))),
        None => {}
    }
    let seen = chat.last();
    let read = now.service().read.get(&code).copied().unwrap_or_default();
    if act.is_none() && seen > read && ui.input(|input| input.focused) {
        act = Some(Act::Desk(Wish::MarkRead(code, seen)));
    }
    act
}
