//! What a session goes over, as a menu of the toolbar.

use aldis_trust::Proven;
use aldis_ui::theme::{self, space};
use aldis_ui::{Texts, time, widgets};
use aldis_viewer::{Kind, Link, Mapping, Tried};
use egui::containers::menu::MenuButton;
use egui::{Align, Button, Layout, RichText, Role, Ui, Vec2, WidgetInfo};

use super::Act;

/// The menu's width in points.
const WIDTH: f32 = 340.0;

/// A button that says what the session goes over, with the details in its menu.
pub(crate) fn link(
    ui: &mut Ui,
    texts: Texts,
    link: &Link,
    router: Mapping,
    proven: Option<&Proven>,
) -> Option<Act> {
    let kind = link.kind()?;
    let words = texts.get(name(kind));
    let rtt = link.rtt().as_millis().to_string();
    let spoken = texts.with(
        "link-spoken",
        [("way", words.as_ref().into()), ("ms", rtt.as_str().into())],
    );
    let button = Button::new(RichText::new(words.as_ref()).small());
    let (response, inner) = MenuButton::from_button(button)
        .config(widgets::page_menu())
        .ui(ui, |ui| {
            ui.set_width(WIDTH);
            let details = ui.with_layout(Layout::top_down(Align::Min), |ui| {
                details(ui, texts, link, proven, kind, &rtt)
            });
            details.inner
        });
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    let copy = inner.is_some_and(|inner| inner.inner);
    copy.then(|| Act::Copy(report(texts, link, router, &rtt)))
}

/// Gives whether the report is to be copied.
fn details(
    ui: &mut Ui,
    texts: Texts,
    link: &Link,
    proven: Option<&Proven>,
    kind: Kind,
    rtt: &str,
) -> bool {
    ui.label(RichText::new(texts.get(name(kind))).font(theme::strong(15.0)));
    widgets::quiet(ui, texts.get(lead(kind)));
    ui.add_space(space::SMALL);
    let loss = texts.tenths(link.loss() * 100.0);
    for (word, value) in [
        ("link-rtt", format!("{rtt} ms")),
        ("link-rate", format!("{} kbit/s", link.rate() / 1000)),
        ("link-loss", format!("{loss} %")),
    ] {
        // No higher than its words.
        let line = Vec2::new(ui.available_width(), 0.0);
        let layout = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(line, layout, |ui| {
            widgets::quiet(ui, texts.get(word));
            ui.label(value);
        });
    }
    ui.add_space(space::SMALL);
    widgets::quiet(ui, texts.get("link-sealed"));
    if let Some(proven) = proven {
        let day = time::moment(proven.until, 0, texts.language());
        let known = [
            ("name", proven.name.as_str().into()),
            ("organisation", proven.organisation.as_str().into()),
            ("day", day.into()),
        ];
        widgets::quiet(ui, texts.with("link-proven", known));
    }
    widgets::quiet(ui, texts.get("link-who"));
    ui.add_space(space::SMALL);
    ui.button(texts.get("link-copy")).clicked()
}

/// What was tried and what came of it, for a ticket.
fn report(texts: Texts, link: &Link, router: Mapping, rtt: &str) -> String {
    let way = link.kind().map(|kind| texts.get(name(kind)));
    let mut lines = vec![
        format!("Aldis {}", env!("CARGO_PKG_VERSION")),
        texts.with(
            "link-spoken",
            [
                ("way", way.as_deref().unwrap_or_default().into()),
                ("ms", rtt.into()),
            ],
        ),
    ];
    for Tried { kind, at, after } in link.tried() {
        let way = texts.get(name(kind));
        let at = at.map_or_else(|| "?".to_owned(), |at| at.to_string());
        lines.push(match after {
            Some(after) => {
                let ms = after.as_millis().to_string();
                let said = [
                    ("way", way.as_ref().into()),
                    ("at", at.into()),
                    ("ms", ms.into()),
                ];
                texts.with("link-tried-up", said)
            }
            None => texts.with(
                "link-tried-no",
                [("way", way.as_ref().into()), ("at", at.into())],
            ),
        });
    }
    lines.push(match router {
        Mapping::At(at) => texts.with("link-router-at", [("at", at.to_string().into())]),
        other => texts.get(asked(other)).into_owned(),
    });
    lines.join("\n")
}

/// What the router that was asked for a port has answered.
fn asked(router: Mapping) -> &'static str {
    match router {
        Mapping::Unasked => "link-router-unasked",
        Mapping::Asked => "link-router-asked",
        Mapping::NoRouter => "link-router-none",
        Mapping::Refused => "link-router-refused",
        Mapping::Hidden => "link-router-hidden",
        Mapping::At(_) => "link-router-at",
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Lan => "link-lan",
        Kind::Direct => "link-direct",
        Kind::Relay => "link-relay",
        Kind::TcpRelay => "link-tcp-relay",
    }
}

fn lead(kind: Kind) -> &'static str {
    match kind {
        Kind::Lan => "link-lan-lead",
        Kind::Direct => "link-direct-lead",
        Kind::Relay => "link-relay-lead",
        Kind::TcpRelay => "link-tcp-relay-lead",
    }
}
