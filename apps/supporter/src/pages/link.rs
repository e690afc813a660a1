//! What a session goes over, as a menu of the toolbar.

use aldis_ui::theme::{self, space};
use aldis_ui::{Texts, widgets};
use aldis_viewer::{Kind, Link, Tried};
use egui::containers::menu::MenuButton;
use egui::{Align, Button, Layout, RichText, Role, Ui, Vec2, WidgetInfo};

use super::Act;

/// The menu's width in points.
const WIDTH: f32 = 340.0;

/// A button that says what the session goes over, with the details in its menu.
pub(crate) fn link(ui: &mut Ui, texts: Texts, link: &Link) -> Option<Act> {
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
                details(ui, texts, link, kind, &rtt)
            });
            details.inner
        });
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    inner.and_then(|inner| inner.inner)
}

fn details(ui: &mut Ui, texts: Texts, link: &Link, kind: Kind, rtt: &str) -> Option<Act> {
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
    widgets::quiet(ui, texts.get("link-who"));
    ui.add_space(space::SMALL);
    let copy = ui.button(texts.get("link-copy")).clicked();
    copy.then(|| Act::Copy(report(texts, link, kind, rtt)))
}

/// What was tried and what came of it, for a ticket.
fn report(texts: Texts, link: &Link, kind: Kind, rtt: &str) -> String {
    let mut lines = vec![
        format!("Aldis {}", env!("CARGO_PKG_VERSION")),
        texts.with(
            "link-spoken",
            [
                ("way", texts.get(name(kind)).as_ref().into()),
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
    lines.join("\n")
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
