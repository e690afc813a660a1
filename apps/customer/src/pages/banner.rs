//! The bar that stays on top while supporters are connected.

use aldis_host::{Notice, Person};
use aldis_ui::avatar::Avatar;
use aldis_ui::theme;
use aldis_ui::widgets;
use aldis_ui::{Texts, time};
use aldis_wire::Millis;
use aldis_wire::peer::Grant;
use egui::{
    Align, Button, Label, Layout, RichText, Role, Sense, Ui, Vec2, ViewportCommand, WidgetInfo,
};

use super::{Act, show_notice};

/// The height of the bar inside its margins in points.
const HEIGHT: f32 = 76.0;

/// The height of the banner's three lines in points.
const WORDS: f32 = 54.0;

/// The most characters of one of several names.
const SHORT: usize = 14;

/// A session as the banner shows it.
#[derive(Debug)]
pub(crate) struct Live<'a> {
    /// Who is connected, the lead first.
    pub(crate) people: &'a [Person],
    /// Milliseconds since 1970.
    pub(crate) since: Millis,
    /// The hot key, if it works.
    pub(crate) keys: Option<&'a str>,
    pub(crate) notice: Option<&'a Notice>,
    /// The chat is open below.
    pub(crate) chat: bool,
    /// How many messages were not seen.
    pub(crate) unread: u32,
}

/// The bar.
///
/// Nothing on it moves by itself: it is part of the screen that is being shared.
pub(crate) fn banner(
    ui: &mut Ui,
    texts: Texts,
    avatars: &mut [Avatar],
    live: &Live<'_>,
) -> Option<Act> {
    // Only while it is dragged: a window manager that is told of a mere click may miss that it is over, and
    // then the bar clings to the pointer.
    let sense = Sense::click_and_drag();
    let ground = ui.interact(ui.max_rect(), ui.scope_id().with("ground"), sense);
    if ground.drag_started() && ui.input(|input| input.pointer.primary_down()) {
        ui.ctx().send_viewport_cmd(ViewportCommand::StartDrag);
    }
    ui.spacing_mut().item_spacing = Vec2::new(10.0, 1.0);
    let mut act = None;
    let bar = Vec2::new(ui.available_width(), HEIGHT);
    ui.allocate_ui_with_layout(bar, Layout::left_to_right(Align::Center), |ui| {
        pictures(ui, avatars, live.people);
        let buttons = Layout::right_to_left(Align::Center);
        ui.with_layout(buttons, |ui| {
            if widgets::danger(ui, &texts.get("end"), Vec2::new(84.0, 36.0)).clicked() {
                act = Some(Act::End);
            }
            let stop = Button::new(texts.get("stop-control")).min_size(Vec2::new(0.0, 36.0));
            let allowed = |person: &Person| person.grant == Grant::Control;
            if live.people.iter().any(allowed) && ui.add(stop).clicked() {
                act = Some(Act::StopControl);
            }
            if live.people.iter().any(|person| person.records) {
                let stop = texts.get("stop-recording");
                if widgets::danger(ui, &stop, Vec2::new(0.0, 36.0)).clicked() {
                    act = Some(Act::StopRecording);
                }
            }
            let word = if live.unread > 0 {
                format!("{} {}", texts.get("chat"), live.unread)
            } else {
                texts.get("chat").into_owned()
            };
            let chat = Button::selectable(live.chat, word).min_size(Vec2::new(0.0, 36.0));
            if ui.add(chat).clicked() {
                act = Some(Act::ToggleChat);
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                // Three lines in the middle of the bar.
                ui.add_space(((ui.available_height() - WORDS) / 2.0).max(0.0));
                let away = who(ui, texts, live.people);
                act = away.or_else(|| act.take());
                what(ui, texts, live);
                small_print(ui, texts, live);
            });
        });
    });
    act
}

fn pictures(ui: &mut Ui, avatars: &mut [Avatar], people: &[Person]) {
    let size = if people.len() > 1 { 34.0 } else { 44.0 };
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (avatar, person) in avatars.iter_mut().zip(people) {
            let supporter = &person.supporter;
            avatar.show(ui, &supporter.name, &supporter.picture, size);
        }
    });
}

/// Who is connected; of several, each can be sent away.
fn who(ui: &mut Ui, texts: Texts, people: &[Person]) -> Option<Act> {
    let strong = |text: String| RichText::new(text).font(theme::strong(15.0));
    if let [person] = people {
        let name = [("name", person.supporter.name.as_str().into())];
        ui.add(Label::new(strong(texts.with("connected", name))).truncate());
        return None;
    }
    let mut act = None;
    // As high as the words, so that three lines fit.
    ui.spacing_mut().interact_size.y = 0.0;
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.spacing_mut().button_padding = Vec2::new(4.0, 0.0);
    let quiet = theme::tokens(ui).quiet;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        for person in people {
            let name = person.supporter.name.as_str();
            let name_shown = strong(short(name));
            ui.label(if person.away {
                name_shown.color(quiet)
            } else {
                name_shown
            });
            let away = texts.with("end-one", [("name", name.into())]);
            let cross = RichText::new("×").size(15.0).color(quiet);
            let button = ui.add(Button::new(cross).frame(false));
            let info = || WidgetInfo::labeled(Role::Button, true, &away);
            button.widget_info(info);
            if button.on_hover_text(&away).clicked() {
                act = Some(Act::EndOne(person.seat));
            }
            ui.add_space(8.0);
        }
    });
    act
}

/// Who may do what, and since when.
fn what(ui: &mut Ui, texts: Texts, live: &Live<'_>) {
    let tokens = theme::tokens(ui);
    let controls = live.people.iter().find(|person| person.controls);
    let away = live.people.iter().all(|person| person.away);
    let may = match (controls, live.people) {
        _ if away => texts.get("reconnecting").into_owned(),
        (Some(_), [_]) => texts.get("full-control").into_owned(),
        (Some(person), _) => {
            let name = short(&person.supporter.name);
            texts.with("controls", [("name", name.into())])
        }
        (None, _) => texts.get("view-only").into_owned(),
    };
    ui.horizontal(|ui| {
        let tone = if away { tokens.bad } else { tokens.good };
        ui.label(RichText::new(may).small().color(tone));
        let since = [("time", time::clock(live.since).into())];
        let since = texts.with("connected-since", since);
        ui.label(RichText::new(since).small().color(tokens.quiet));
    });
}

fn small_print(ui: &mut Ui, texts: Texts, live: &Live<'_>) {
    let tokens = theme::tokens(ui);
    let records = live.people.iter().filter(|person| person.records);
    let records: Vec<_> = records
        .map(|person| short(&person.supporter.name))
        .collect();
    if !records.is_empty() {
        // This goes before everything else that could be said here.
        let words = texts.with("recording-by", [("name", records.join(", ").into())]);
        let words = RichText::new(format!("● {words}")).font(theme::strong(13.0));
        ui.add(Label::new(words.color(tokens.bad)).truncate());
        return;
    }
    let small = match (live.notice, live.keys) {
        (Some(Notice::InputIgnored), _) => Some(texts.get("notice-input-ignored").into_owned()),
        (Some(Notice::StaleList(days)), _) => {
            Some(texts.with("notice-stale-list", [("days", (*days).into())]))
        }
        (Some(Notice::Left(name)), _) => {
            Some(texts.with("notice-left", [("name", name.as_str().into())]))
        }
        (_, Some(keys)) => Some(texts.with("hot-key", [("keys", keys.into())])),
        _ => None,
    };
    if let Some(small) = small {
        let small = RichText::new(small).small().color(tokens.quiet);
        ui.add(Label::new(small).truncate());
    }
    if let Some(Notice::NoScreen(_) | Notice::NoHands(_)) = live.notice {
        show_notice(ui, texts, live.notice);
    }
}

fn short(name: &str) -> String {
    match name.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or(name).trim_end()),
        None => name.to_owned(),
    }
}
