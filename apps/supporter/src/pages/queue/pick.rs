//! Choosing a colleague or a channel.

use aldis_ui::widgets;
use aldis_viewer::Wish;
use aldis_wire::Code;
use aldis_wire::signal::{Action, Availability};
use egui::{RichText, ScrollArea, Ui, Vec2};

use super::super::Act;
use super::{Now, top};

/// What the choice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    Assign,
    Transfer,
    Invite,
    Move,
}

impl Pick {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Assign => "assign-to",
            Self::Transfer => "transfer-to",
            Self::Invite => "invite",
            Self::Move => "move-to",
        }
    }
}

/// The list to choose from.
pub(super) fn choose(
    ui: &mut Ui,
    now: Now<'_>,
    pick: Pick,
    codes: &[Code],
    filter: &mut String,
) -> Option<Act> {
    let texts = now.texts;
    let field = widgets::field(ui, &texts.get("search"), filter, "", false);
    let entered = widgets::entered(&field);
    if !ui.memory(|memory| memory.focused().is_some()) {
        field.request_focus();
    }
    let wanted = filter.to_lowercase();
    let mut chosen = None;
    let size = Vec2::new(ui.available_width(), 34.0);
    ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
        if pick == Pick::Move {
            let channels = now.service().desk.channels.iter();
            let fitting = channels.filter(|one| one.setup.name.to_lowercase().contains(&wanted));
            for (index, channel) in fitting.enumerate() {
                let button = egui::Button::new(&channel.setup.name);
                if ui.add_sized(size, button).clicked() || (entered && index == 0) {
                    chosen = chosen.take().or(Some(Action::Move(channel.id)));
                }
            }
            return;
        }
        let mut colleagues: Vec<_> = now
            .service()
            .desk
            .colleagues
            .iter()
            .filter(|one| one.name.to_lowercase().contains(&wanted))
            .filter(|one| one.name != now.me() || pick == Pick::Assign)
            .collect();
        // Who can take it first.
        colleagues.sort_by_key(|one| (one.availability, one.cases, one.name.clone()));
        for (index, one) in colleagues.into_iter().enumerate() {
            let able = pick != Pick::Transfer || one.availability == Availability::Available;
            let state = top::word(texts, one.availability);
            let words = format!("{} · {state} · {}", one.name, one.cases);
            let words = RichText::new(words).color(top::colour(ui, one.availability));
            let pressed = ui
                .add_enabled_ui(able, |ui| ui.add_sized(size, egui::Button::new(words)))
                .inner;
            if pressed.clicked() || (entered && able && index == 0) {
                let name = one.name.clone();
                chosen = chosen.take().or(Some(match pick {
                    Pick::Assign => Action::Assign(name),
                    Pick::Transfer => Action::Transfer(name),
                    Pick::Invite | Pick::Move => Action::Invite(name),
                }));
            }
        }
    });
    let action = chosen?;
    Some(Act::Desk(Wish::Act {
        codes: codes.to_vec(),
        action,
    }))
}
