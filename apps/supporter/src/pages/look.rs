//! How the customer's screen is to look, as a menu of the toolbar.

use aldis_ui::Texts;
use aldis_ui::theme::space;
use aldis_ui::widgets;
use aldis_wire::peer::{Detail, Look};
use egui::containers::menu::MenuButton;
use egui::{Align, Layout, Ui};

use super::Act;

/// The menu's width in points.
const WIDTH: f32 = 280.0;

/// What can be chosen, with its name and what it means.
const DETAILS: [(Detail, &str, &str); 4] = [
    (Detail::Automatic, "look-automatic", "look-automatic-lead"),
    (Detail::Sharp, "look-sharp", "look-sharp-lead"),
    (Detail::Fast, "look-fast", "look-fast-lead"),
    (Detail::LowData, "look-low-data", "look-low-data-lead"),
];

/// The limits of updates a second.
const RATES: [Option<u8>; 4] = [None, Some(30), Some(15), Some(5)];

/// A button with the choices in its menu.
pub(crate) fn look(ui: &mut Ui, texts: Texts, now: Look) -> Option<Act> {
    let mut wished = now;
    let menu = MenuButton::new(texts.get("look")).config(widgets::page_menu());
    menu.ui(ui, |ui| {
        ui.set_width(WIDTH);
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.visuals_mut().indent_has_left_vline = false;
            for (detail, name, lead) in DETAILS {
                ui.selectable_value(&mut wished.detail, detail, texts.get(name));
                ui.indent(name, |ui| widgets::quiet(ui, texts.get(lead)));
            }
            ui.add_space(space::SMALL);
            ui.checkbox(&mut wished.grey, texts.get("look-grey"));
            ui.add_space(space::SMALL);
            widgets::quiet(ui, texts.get("look-rate"));
            ui.horizontal(|ui| {
                for rate in RATES {
                    let words = match rate {
                        None => texts.get("look-rate-none").into_owned(),
                        Some(rate) => rate.to_string(),
                    };
                    ui.selectable_value(&mut wished.rate, rate, words);
                }
            });
        });
    });
    (wished != now).then_some(Act::Look(wished))
}
