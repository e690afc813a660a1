//! A session: its toolbar, and what stands before and after it.

use aldis_trust::Proven;
use aldis_ui::theme::{self, space};
use aldis_ui::{Texts, time, widgets};
use aldis_viewer::{Command, Mapping, Over, Session, SessionStage};
use aldis_wire::peer::{ALL_MONITORS, EndReason, Grant, Look};
use aldis_wire::signal::Case;
use egui::{Align, Button, ComboBox, Id, Layout, RichText, Role, Spinner, Ui, Vec2, WidgetInfo};

use super::link::link;
use super::look::look;
use super::{Act, people, recording};
use crate::remote::Scale;
use crate::typing::RELEASE_CHORD;

/// The height of a row of buttons in points.
const ROW: f32 = 32.0;

/// What the toolbar shows.
#[derive(Clone, Copy)]
pub(crate) struct Bar<'a> {
    pub(crate) texts: Texts,
    pub(crate) session: &'a Session,
    pub(crate) case: Option<&'a Case>,
    pub(crate) customer: &'a str,
    pub(crate) scale: Scale,
    pub(crate) fullscreen: bool,
    pub(crate) grabbed: bool,
    /// There is a queue to go back to.
    pub(crate) queue: bool,
    /// The chat is shown beside the screen.
    pub(crate) chat: bool,
    /// How the customer's screen is to look.
    pub(crate) look: Look,
    /// How many of its messages are unread.
    pub(crate) unread: u32,
    /// This machine's clock plus this is the server's, in milliseconds.
    pub(crate) ahead: i64,
    /// What came of asking the router for a port.
    pub(crate) router: Mapping,
    /// What customers are shown of this supporter, by his certificate.
    pub(crate) proven: Option<&'a Proven>,
}

/// The toolbar at the top of a live session; `invited` is the name in its field.
///
/// Where the window is too narrow for all of it, the buttons have a row of their own.
pub(crate) fn toolbar(ui: &mut Ui, bar: Bar<'_>, invited: &mut String) -> Option<Act> {
    // As wide as it was in the frame before.
    let known = Id::unique("toolbar-width");
    let before = ui.data(|data| data.get_temp::<f32>(known));
    let room = ui.available_width();
    let narrow = |width: f32| width > room;
    let in_two = before.is_some_and(narrow);
    let mut act = None;
    let mut buttons_wide = 0.0;
    let mut buttons_here = |ui: &mut Ui| {
        let right = Layout::right_to_left(Align::Center).with_main_wrap(in_two);
        let row = Vec2::new(ui.available_width(), ROW);
        let shown = ui.allocate_ui_with_layout(row, right, |ui| {
            let pressed = buttons(ui, bar, invited);
            (pressed, ui.min_rect().width())
        });
        buttons_wide = shown.inner.1;
        shown.inner.0
    };
    let row = ui.horizontal(|ui| {
        let facts = ui.horizontal(|ui| facts(ui, bar));
        act = facts.inner;
        if !in_two {
            act = act.take().or_else(|| buttons_here(ui));
        }
        facts.response.rect.width()
    });
    if in_two {
        let pressed = buttons_here(ui);
        act = act.or(pressed);
    }
    let width = row.inner + ui.spacing().item_spacing.x + buttons_wide;
    ui.data_mut(|data| data.insert_temp(known, width));
    if narrow(width) != in_two {
        ui.ctx().request_repaint();
    }
    act
}

/// With whom the session is, what is allowed, since when, and over what.
fn facts(ui: &mut Ui, bar: Bar<'_>) -> Option<Act> {
    let texts = bar.texts;
    let tokens = theme::tokens(ui);
    let mut act = None;
    if bar.queue && ui.button(texts.get("queue")).clicked() {
        act = Some(Act::ShowQueue);
    }
    ui.label(RichText::new(bar.customer).font(theme::strong(14.5)));
    if let SessionStage::Live { grant, since } = bar.session.stage {
        let (word, ink, tint) = match grant {
            Grant::Control => ("full-control", tokens.good, tokens.good_soft),
            Grant::View => ("view-only", tokens.warn, tokens.warn_soft),
        };
        // Of several, the row with everybody says who controls.
        if bar.session.seats.len() < 2 {
            widgets::badge(ui, &texts.get(word), ink, tint);
        } else if people::controller(bar.session).is_none() {
            widgets::badge(ui, &texts.get("controls-nobody"), ink, tint);
        }
        widgets::quiet(ui, time::clock(since));
    }
    if let Some(over) = &bar.session.link {
        let pressed = link(ui, texts, over, bar.router, bar.proven);
        act = act.or(pressed);
    }
    act
}

/// The buttons, from right to left.
fn buttons(ui: &mut Ui, bar: Bar<'_>, invited: &mut String) -> Option<Act> {
    let texts = bar.texts;
    let mut act = None;
    if widgets::danger(ui, &texts.get("end-session"), Vec2::new(0.0, ROW)).clicked() {
        act = Some(Act::EndSession);
    }
    let full = if bar.fullscreen {
        "leave-full-screen"
    } else {
        "full-screen"
    };
    if ui.button(texts.get(full)).clicked() {
        act = Some(Act::ToggleFullscreen);
    }
    let scale = if bar.scale == Scale::Fit {
        "actual-size"
    } else {
        "fit"
    };
    if ui.button(texts.get(scale)).clicked() {
        act = Some(Act::ToggleScale);
    }
    act = act.or_else(|| look(ui, texts, bar.look));
    act = act.or_else(|| recording::button(ui, texts, bar.session, bar.ahead));
    let hint = texts.with("keyboard-hint", [("keys", RELEASE_CHORD.into())]);
    let keyboard = Button::selectable(bar.grabbed, texts.get("keyboard"));
    if ui.add(keyboard).on_hover_text(hint).clicked() {
        act = Some(Act::ToggleGrab);
    }
    let word = if bar.unread > 0 {
        format!("{} {}", texts.get("chat"), bar.unread)
    } else {
        texts.get("chat").into_owned()
    };
    if ui.add(Button::selectable(bar.chat, word)).clicked() {
        act = Some(Act::ToggleChat);
    }
    let invite = people::invite(ui, texts, bar.session, bar.case, invited);
    act.or(invite).or_else(|| monitors(ui, bar))
}

fn monitors(ui: &mut Ui, bar: Bar<'_>) -> Option<Act> {
    let (texts, session) = (bar.texts, bar.session);
    if session.monitors.len() < 2 {
        return None;
    }
    let name = |place: usize| {
        let monitor = session.monitors.get(place)?;
        let number = place + 1;
        let name = monitor.name.as_str();
        // Some systems give them no names but their numbers.
        if name.is_empty() || name == number.to_string() {
            return Some(texts.with("monitor-number", [("number", number.into())]));
        }
        let name = [("number", number.into()), ("name", name.into())];
        Some(texts.with("monitor-name", name))
    };
    let shown = session
        .monitors
        .iter()
        .position(|monitor| monitor.id == session.shared);
    let all = texts.get("monitor-all");
    let shown = if session.shared == ALL_MONITORS {
        all.clone().into_owned()
    } else {
        shown.and_then(name).unwrap_or_default()
    };
    let mut chosen = None;
    let response = ComboBox::new("monitor", "")
        .selected_text(&shown)
        .show_ui(ui, |ui| {
            let monitors = session.monitors.iter().enumerate();
            let each = monitors.filter_map(|(number, monitor)| Some((monitor.id, name(number)?)));
            let all = session
                .all_monitors
                .then(|| (ALL_MONITORS, all.into_owned()));
            for (id, name) in each.chain(all) {
                if ui.selectable_label(id == session.shared, name).clicked() {
                    chosen = Some(Act::Engine(Command::SelectMonitor(id)));
                    // By itself the list closes only for the mouse.
                    ui.close();
                }
            }
        })
        .response
        .on_hover_text(texts.get("monitor"));
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, texts.get("monitor"));
        info.current_text_value = Some(shown.clone());
        info
    });
    chosen
}

/// Before the two sides are connected, and between.
pub(crate) fn waiting(ui: &mut Ui, texts: Texts, session: &Session) -> Option<Act> {
    widgets::column(ui, 420.0, |ui| {
        ui.add_space(ui.available_height() * 0.3);
        let words = match session.stage {
            SessionStage::Asking => "asking",
            SessionStage::Returning => "returning",
            _ => "connecting-session",
        };
        let mut act = None;
        widgets::card(ui, |ui| {
            if let SessionStage::Digits(digits) = &session.stage {
                ui.label(texts.get("read-digits"));
                ui.add_space(space::SMALL);
                let apart: Vec<String> = digits.chars().map(String::from).collect();
                widgets::big_code(ui, &apart.join(" "));
            } else {
                widgets::big_code(ui, &session.code.to_string());
                ui.horizontal(|ui| {
                    ui.add(Spinner::new());
                    ui.label(texts.get(words));
                });
            }
            ui.add_space(space::LARGE);
            if widgets::secondary(ui, &texts.get("cancel")).clicked() {
                act = Some(Act::EndSession);
            }
        });
        act
    })
}

/// After a session.
pub(crate) fn over(ui: &mut Ui, texts: Texts, session: &Session, over: &Over) -> Option<Act> {
    let words = match over {
        Over::Declined { timed_out: false } => texts.get("over-declined").into_owned(),
        Over::Declined { timed_out: true } => texts.get("over-timed-out").into_owned(),
        Over::Distrusted(why) => {
            let reason = texts.distrust(*why);
            texts.with("over-distrusted", [("reason", reason.into())])
        }
        Over::Refused(refusal) => texts.refusal(refusal),
        Over::Unreachable(error) => texts.dial_error(error),
        Over::Ended(EndReason::Customer) => texts.get("over-by-customer").into_owned(),
        Over::Ended(EndReason::Supporter) => texts.get("over-by-supporter").into_owned(),
        Over::Ended(EndReason::CaseClosed) => texts.get("over-by-close").into_owned(),
        Over::Ended(EndReason::Lost) => texts.get("over-by-loss").into_owned(),
        Over::Ended(EndReason::Removed) => texts.get("over-by-removal").into_owned(),
    };
    widgets::column(ui, 420.0, |ui| {
        ui.add_space(ui.available_height() * 0.3);
        let mut act = None;
        widgets::card(ui, |ui| {
            widgets::big_code(ui, &session.code.to_string());
            ui.label(words);
            ui.add_space(space::LARGE);
            if widgets::primary(ui, &texts.get("close"), true).clicked() {
                act = Some(Act::Dismiss);
            }
        });
        act
    })
}
