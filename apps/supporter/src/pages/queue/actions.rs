//! What can be done with the selected cases: the buttons, and the same in the palette.

use aldis_trust::CaseLink;
use aldis_ui::{Texts, theme, widgets};
use aldis_viewer::{Desk, Wish};
use aldis_wire::Code;
use aldis_wire::signal::{Action, Case, Place};
use egui::{Button, Ui};

use super::super::Act;
use super::pick::Pick;
use super::{Dialog, Now, Queue};

/// Something to press.
pub(super) struct Deed {
    pub(super) text: &'static str,
    pub(super) does: Does,
}

/// What pressing it does.
pub(super) enum Does {
    Act(Act),
    Open(Dialog),
}

/// What can be done with these cases now; what the server would refuse anyway is left out.
pub(super) fn deeds(now: Now<'_>, codes: &[Code]) -> Vec<Deed> {
    let cases: Vec<&Case> = codes.iter().filter_map(|code| now.case(*code)).collect();
    let me = now.me();
    let all =
        |test: &dyn Fn(&Case) -> bool| !cases.is_empty() && cases.iter().all(|case| test(case));
    let open = all(&|case| case.status.is_open());
    let shared = all(&|case| !matches!(case.place, Place::Private(_)));
    let mine = all(&|case| case.assignee.as_deref() == Some(me));
    let free = all(&|case| case.assignee.is_none());
    let may_release = now.service().desk.may_release;
    let act = |text, action: Action| Deed {
        text,
        does: Does::Act(Act::Desk(Wish::Act {
            codes: codes.to_vec(),
            action,
        })),
    };
    let pick = |text, pick| Deed {
        text,
        does: Does::Open(Dialog::pick(pick, codes.to_vec())),
    };
    let mut deeds = Vec::new();
    if open && !mine {
        deeds.push(act("assign-to-me", Action::AssignToMe));
    }
    if let [case] = cases[..]
        && open
        && (mine || free || case.invited.iter().any(|name| name == me))
    {
        let inside = case.chatting.iter().any(|name| name == me);
        deeds.push(if inside {
            act("end-chat", Action::LeaveChat)
        } else {
            act("join-chat", Action::JoinChat)
        });
    }
    if open && mine && shared {
        deeds.push(act("unassign", Action::Unassign));
        if may_release {
            deeds.push(act("release", Action::Release));
            deeds.push(pick("transfer-to", Pick::Transfer));
        }
    }
    if open && shared {
        deeds.push(pick("assign-to", Pick::Assign));
        deeds.push(pick("move-to", Pick::Move));
    }
    if open && !shared && mine {
        deeds.push(pick("move-to", Pick::Move));
    }
    if cases.len() == 1 && open && shared && !free {
        deeds.push(pick("invite", Pick::Invite));
    }
    if let [case] = cases[..] {
        deeds.push(Deed {
            text: "edit",
            does: Does::Open(Dialog::edit(case)),
        });
    }
    if all(&|case| !case.status.is_open()) {
        deeds.push(Deed {
            text: "delete",
            does: Does::Open(Dialog::Delete(codes.to_vec())),
        });
    }
    if all(&|case| case.closed_at.is_none()) {
        deeds.push(Deed {
            text: "close-case",
            does: Does::Open(Dialog::close(codes.to_vec())),
        });
    }
    deeds
}

impl Does {
    /// Does it.
    pub(super) fn run(self, state: &mut Queue) -> Option<Act> {
        match self {
            Self::Act(act) => Some(act),
            Self::Open(dialog) => {
                state.dialog = Some(dialog);
                None
            }
        }
    }
}

/// What is done rarely, in a menu where there is little room.
const RARE: [&str; 4] = ["unassign", "assign-to", "move-to", "invite"];

/// The buttons for the selected cases; of one case the rare ones are in a menu, so that its chat has room.
pub(super) fn buttons(ui: &mut Ui, now: Now<'_>, state: &mut Queue, codes: &[Code]) -> Option<Act> {
    let texts = now.texts;
    let mut done = None;
    let (rare, often): (Vec<Deed>, Vec<Deed>) = deeds(now, codes)
        .into_iter()
        .partition(|deed| codes.len() == 1 && RARE.contains(&deed.text));
    let mut copied = None;
    ui.horizontal_wrapped(|ui| {
        widgets::compact(ui);
        for deed in often {
            let words = texts.get(deed.text);
            let pressed = if matches!(deed.text, "close-case" | "delete") {
                widgets::danger_small(ui, &words).clicked()
            } else {
                ui.add_enabled(now.online, Button::new(words)).clicked()
            };
            if pressed {
                done = Some(deed.does);
            }
        }
        let [code] = codes else { return };
        ui.menu_button(texts.get("more-actions"), |ui| {
            for deed in rare {
                let words = Button::new(texts.get(deed.text));
                if ui.add_enabled(now.online, words).clicked() {
                    done = Some(deed.does);
                    ui.close();
                }
            }
            if let Some((_, link)) = links(now, *code)
                && ui.button(texts.get("copy-supporter-link")).clicked()
            {
                copied = Some(Act::Copy(link));
                ui.close();
            }
        });
    });
    copied.or_else(|| done?.run(state))
}

/// The customer's link and the supporters'.
fn links(now: Now<'_>, code: Code) -> Option<(String, String)> {
    let Desk::SignedIn { server, .. } = &now.view.desk else {
        return None;
    };
    let link = CaseLink {
        server: server.clone(),
        code,
    };
    Some((link.to_string(), link.for_supporter()))
}

/// Connecting, and what is given to the customer.
pub(super) fn connecting(ui: &mut Ui, now: Now<'_>, state: &Queue, case: &Case) -> Option<Act> {
    let texts = now.texts;
    let me = now.me();
    let inside = case.supporters.iter().any(|name| name == me);
    let joins = !case.supporters.is_empty();
    let ready = now.online && case.customer_online && !inside && may_connect(case, me);
    let mut act = None;
    let code = case.code;
    // In a chat one asks; else one connects, which asks the same.
    let word = if case.chatting.iter().any(|name| name == me) && !joins {
        "request-sharing"
    } else {
        "connect"
    };
    if widgets::primary(ui, &texts.get(word), ready).clicked() {
        let view_only = false;
        act = Some(Act::Connect { code, view_only });
    }
    let Some((customer, supporter)) = links(now, code) else {
        return act;
    };
    let text_code = code.to_string();
    ui.horizontal_wrapped(|ui| {
        widgets::compact(ui);
        let seeing = Button::new(texts.get("connect-view"));
        if ui.add_enabled(ready, seeing).clicked() {
            let view_only = true;
            act = Some(Act::Connect { code, view_only });
        }
        for (word, text) in [("copy-code", &text_code), ("copy-link", &customer)] {
            if ui.button(texts.get(word)).clicked() {
                act = Some(Act::Copy(text.clone()));
            }
        }
        if state
            .copied
            .as_ref()
            .is_some_and(|copied| [&text_code, &customer, &supporter].contains(&copied))
        {
            copied(ui, texts);
        }
    });
    act
}

fn copied(ui: &mut Ui, texts: Texts) {
    let ink = theme::tokens(ui).good;
    ui.label(egui::RichText::new(texts.get("copied")).small().color(ink));
}

/// Whether the server would let me ask for a session.
fn may_connect(case: &Case, me: &str) -> bool {
    let mine = case.assignee.as_deref() == Some(me);
    let invited = case.invited.iter().any(|name| name == me);
    mine || invited || (case.assignee.is_none() && case.supporters.is_empty())
}
