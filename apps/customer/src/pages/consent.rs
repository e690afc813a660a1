//! The question, and the banner while the answer holds.

use aldis_host::{Choice, Notice};
use aldis_ui::avatar::Avatar;
use aldis_ui::theme::{self, space};
use aldis_ui::widgets;
use aldis_ui::{Texts, time};
use aldis_wire::Millis;
use aldis_wire::peer::Grant;
use aldis_wire::signal::Supporter;
use egui::{Align, Button, Label, Layout, RichText, Sense, Spinner, Ui, Vec2, ViewportCommand};

use super::{Act, show_notice};

/// The height of the banner's three lines in points.
const WORDS: f32 = 54.0;

/// A session as the banner shows it.
#[derive(Debug)]
pub(crate) struct Live<'a> {
    pub(crate) supporter: &'a Supporter,
    pub(crate) grant: Grant,
    /// Milliseconds since 1970.
    pub(crate) since: Millis,
    /// The hot key, if it works.
    pub(crate) keys: Option<&'a str>,
    pub(crate) notice: Option<&'a Notice>,
}

/// A supporter asks.
pub(crate) fn asked(
    ui: &mut Ui,
    texts: Texts,
    avatar: &mut Avatar,
    supporter: &Supporter,
    view_only: bool,
    left: Millis,
) -> Option<Act> {
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
        widgets::quiet(ui, texts.get("asks-lead"));
        ui.add_space(space::LARGE);
        let mut chosen = None;
        if !view_only && widgets::primary(ui, &texts.get("allow"), true).clicked() {
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

/// The bar that stays on top.
///
/// Nothing on it moves by itself: it is part of the screen that is being shared.
pub(crate) fn banner(
    ui: &mut Ui,
    texts: Texts,
    avatar: &mut Avatar,
    live: &Live<'_>,
) -> Option<Act> {
    let tokens = theme::tokens(ui);
    let ground = ui.interact(ui.max_rect(), ui.scope_id().with("ground"), Sense::drag());
    if ground.drag_started() {
        ui.ctx().send_viewport_cmd(ViewportCommand::StartDrag);
    }
    ui.spacing_mut().item_spacing = Vec2::new(10.0, 1.0);
    let mut act = None;
    ui.horizontal_centered(|ui| {
        avatar.show(ui, &live.supporter.name, &live.supporter.picture, 44.0);
        let buttons = Layout::right_to_left(Align::Center);
        ui.with_layout(buttons, |ui| {
            if widgets::danger(ui, &texts.get("end"), Vec2::new(84.0, 36.0)).clicked() {
                act = Some(Act::End);
            }
            let stop = Button::new(texts.get("stop-control")).min_size(Vec2::new(0.0, 36.0));
            if live.grant == Grant::Control && ui.add(stop).clicked() {
                act = Some(Act::StopControl);
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                // Three lines in the middle of the bar.
                ui.add_space(((ui.available_height() - WORDS) / 2.0).max(0.0));
                let name = [("name", live.supporter.name.as_str().into())];
                let who = RichText::new(texts.with("connected", name)).font(theme::strong(15.0));
                ui.add(Label::new(who).truncate());
                let may = match live.grant {
                    Grant::Control => texts.get("full-control"),
                    Grant::View => texts.get("view-only"),
                };
                ui.horizontal(|ui| {
                    ui.label(RichText::new(may).small().color(tokens.good));
                    let since = [("time", time::clock(live.since).into())];
                    let since = texts.with("connected-since", since);
                    ui.label(RichText::new(since).small().color(tokens.quiet));
                });
                let small = match (live.notice, live.keys) {
                    (Some(Notice::InputIgnored), _) => {
                        Some(texts.get("notice-input-ignored").into_owned())
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
            });
        });
    });
    act
}
