//! The service queue: sidebar, support requests, my support requests, details.

mod actions;
mod channel;
mod details;
mod dialogs;
mod edit;
mod list;
mod mine;
mod palette;
mod pick;
mod requests;
mod row;
mod sidebar;
mod talk;
mod tally;
mod top;

use std::collections::{BTreeMap, BTreeSet};

use aldis_ui::widgets::{self, Tone};
use aldis_ui::{Texts, theme};
use aldis_viewer::{Desk, Service, SessionStage, View};
use aldis_wire::signal::{Case, ChannelId, Place};
use aldis_wire::{Code, Millis};
use egui::{CentralPanel, Frame, Key, Margin, Modifiers, Panel, Rect, Shape, Ui, Vec2};

use super::Act;
use crate::ground::around;
use crate::settings::Settings;
pub(crate) use dialogs::Dialog;
use list::List;
use palette::Palette;
use tally::Tally;

/// Which cases the window is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Every channel.
    #[default]
    All,
    /// What is assigned to me.
    Home,
    /// One channel.
    Channel(ChannelId),
    /// What only I see.
    Private,
}

/// What the details show below the actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    /// The chat.
    Chat,
    /// What is known about the case.
    #[default]
    Facts,
    /// What happened to it.
    History,
}

/// What the page keeps between two frames.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    scope: Scope,
    tally: Tally,
    /// Where rows are shown, from top to bottom.
    areas: Vec<Rect>,
    list: List,
    /// The selected cases; the last one pressed is the one whose details are shown.
    selected: BTreeSet<Code>,
    current: Option<Code>,
    tab: Tab,
    dialog: Option<Dialog>,
    palette: Option<Palette>,
    /// What is being written in each chat.
    drafts: BTreeMap<Code, String>,
    /// What was copied last.
    pub(crate) copied: Option<String>,
    /// Where a chat was exported to, or why not.
    pub(crate) exported: Option<Result<String, String>>,
}

/// What the page is painted with.
#[derive(Clone, Copy)]
struct Now<'a> {
    texts: Texts,
    /// The server's clock.
    clock: Millis,
    view: &'a View,
    /// The server can be reached.
    online: bool,
}

impl<'a> Now<'a> {
    fn new(texts: Texts, clock: Millis, view: &'a View) -> Self {
        Self {
            texts,
            clock,
            view,
            online: matches!(view.desk, Desk::SignedIn { online: true, .. }),
        }
    }

    fn service(self) -> &'a Service {
        &self.view.service
    }

    fn me(self) -> &'a str {
        &self.view.service.desk.me
    }

    fn case(self, code: Code) -> Option<&'a Case> {
        self.view.service.cases.get(&code).map(|case| &**case)
    }

    /// The name of a place.
    fn place(self, place: &Place) -> String {
        match place {
            Place::Private(_) => self.texts.get("private").into_owned(),
            Place::Channel(id) => {
                let channels = &self.view.service.desk.channels;
                let known = channels.iter().find(|channel| channel.id == *id);
                known.map_or_else(String::new, |channel| channel.setup.name.clone())
            }
        }
    }
}

impl Queue {
    /// Shows this case's details.
    pub(crate) fn select(&mut self, code: Code) {
        self.current = Some(code);
        self.selected = BTreeSet::from([code]);
        self.copied = None;
        self.exported = None;
    }

    pub(crate) fn open_new_case(&mut self) {
        self.dialog = Some(Dialog::new_case(self.scope));
    }
}

/// The page, on a ground of the colour of its rows and panels.
pub(crate) fn queue(
    ui: &mut Ui,
    texts: Texts,
    now: Millis,
    view: &View,
    state: &mut Queue,
    settings: &Settings,
    refusal: Option<String>,
) -> Option<Act> {
    let tokens = theme::tokens(ui);
    let now = Now::new(texts, now, view);
    state.tally.refresh(now);
    let mut act = shortcuts(ui, now, state);
    let bar = Frame::new().inner_margin(Margin::symmetric(16, 10));
    Panel::top("bar").frame(bar).show(ui, |ui| {
        let pressed = top::bar(ui, now, state, settings);
        act = act.take().or(pressed);
    });
    act = session_strip(ui, texts, view).or(act);
    let (places, facts) = sides(ui.available_width());
    let side = Frame::new().inner_margin(Margin::symmetric(10, 14));
    Panel::left("places")
        .exact_size(places)
        .frame(side)
        .show(ui, |ui| {
            let pressed = sidebar::sidebar(ui, now, state);
            act = act.take().or(pressed);
        });
    let side = Frame::new().inner_margin(Margin::same(16));
    Panel::right("details")
        .exact_size(facts)
        .frame(side)
        .show(ui, |ui| {
            let pressed = details::details(ui, now, state);
            act = act.take().or(pressed);
        });
    let middle = Frame::new().inner_margin(Margin::symmetric(14, 12));
    let under = ui.painter().add(Shape::Noop);
    let room = ui.available_rect_before_wrap();
    CentralPanel::default().frame(middle).show(ui, |ui| {
        if let Some(refusal) = refusal {
            ui.horizontal(|ui| {
                let close = texts.get("close");
                let width = ui.available_width() - 110.0;
                ui.allocate_ui(Vec2::new(width, 0.0), |ui| {
                    widgets::notice(ui, Tone::Bad, &refusal);
                });
                if ui.button(close).clicked() {
                    act = Some(Act::DismissRefusal);
                }
            });
            widgets::gap(ui);
        }
        let pressed = requests::panels(ui, now, state);
        act = act.take().or(pressed);
    });
    let ground = around(room, &state.areas, tokens.ground);
    ui.painter().set(under, ground);
    // All of it is painted, whatever was pressed.
    let chosen = dialogs::show(ui, now, state);
    let found = palette::show(ui, now, state);
    act.or(chosen).or(found)
}

/// The widths of the two sides in a window of this width, in points.
fn sides(width: f32) -> (f32, f32) {
    match width {
        ..1100.0 => (164.0, 320.0),
        ..=1500.0 => (184.0, 388.0),
        _ => (240.0, 460.0),
    }
}

/// Says on every page that a session runs, and leads back to it.
pub(crate) fn session_strip(ui: &mut Ui, texts: Texts, view: &View) -> Option<Act> {
    let session = view.session.as_ref()?;
    if matches!(session.stage, SessionStage::Over(_)) {
        return None;
    }
    let strip = Frame::new()
        .fill(theme::tokens(ui).good_soft)
        .inner_margin(Margin::symmetric(16, 6));
    let strip = Panel::top("session").frame(strip).show(ui, |ui| {
        let row = ui.horizontal(|ui| {
            let name = customer_of(texts, view, session.code);
            ui.label(texts.with("session-with", [("name", name.into())]));
            ui.button(texts.get("session-return")).clicked()
        });
        row.inner
    });
    strip.inner.then_some(Act::ShowSession)
}

/// The chat of a case, beside its session.
pub(crate) fn chat(
    ui: &mut Ui,
    texts: Texts,
    now: Millis,
    view: &View,
    state: &mut Queue,
    code: Code,
) -> Option<Act> {
    let now = Now::new(texts, now, view);
    let case = now.case(code)?;
    let inside = case.chatting.iter().any(|name| name == now.me());
    if !inside && ui.button(texts.get("join-chat")).clicked() {
        let (codes, action) = (vec![code], aldis_wire::signal::Action::JoinChat);
        return Some(Act::Desk(aldis_viewer::Wish::Act { codes, action }));
    }
    let act = talk::talk(ui, now, state, case);
    let chosen = dialogs::show(ui, now, state);
    act.or(chosen)
}

/// The keys that work everywhere on the page.
fn shortcuts(ui: &Ui, now: Now<'_>, state: &mut Queue) -> Option<Act> {
    if state.dialog.is_some() || state.palette.is_some() {
        return None;
    }
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, key));
    if now.online && pressed(Key::N) {
        state.open_new_case();
    }
    if pressed(Key::K) {
        state.palette = Some(Palette::default());
    }
    if pressed(Key::F) {
        state.list.wants_focus = true;
    }
    let views = [Key::Num1, Key::Num2, Key::Num3, Key::Num4];
    for (key, which) in views.into_iter().zip(list::Which::ALL) {
        if pressed(key) {
            state.list.which = which;
        }
    }
    None
}

fn customer_of(texts: Texts, view: &View, code: Code) -> String {
    let case = view.service.cases.get(&code);
    let name = case.map(|case| case.customer.clone()).unwrap_or_default();
    if name.is_empty() {
        texts.get("the-customers-computer").into_owned()
    } else {
        name
    }
}
