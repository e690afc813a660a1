//! The pages of the supporter's window.
//!
//! A page is given what it shows and returns what was pressed; it changes nothing itself.

mod link;
mod look;
mod no_picture;
mod organisation;
mod people;
mod player;
mod queue;
mod recording;
mod recordings;
mod session;
mod sign_in;

use aldis_ui::widgets::{Tone, notice};
use aldis_ui::{Appearance, Language, Texts};
use aldis_viewer::{Command, Wish};
use aldis_wire::Code;
use aldis_wire::peer::Look;
use aldis_wire::signal::Status;
use egui::{Align, Align2, Area, Id, Layout, Rect, Ui, Vec2};

use crate::settings::Settings;

pub(crate) use no_picture::{away, no_picture};
pub(crate) use organisation::{About, Organisation, organisation, warning};
pub(crate) use people::{people, watching};
pub(crate) use player::{PlayerAct, Showing, player};
pub(crate) use queue::{Queue, chat, queue, session_strip};
pub(crate) use recording::notice as recording_notice;
pub(crate) use recordings::{Browse, Shelve, recordings};
pub(crate) use session::{Bar, over, toolbar, waiting};
pub(crate) use sign_in::{Entry, sign_in};

/// What was pressed.
#[derive(Debug)]
pub(crate) enum Act {
    Engine(Command),
    Desk(Wish),
    SignIn,
    SignOut,
    /// Shows the page of the organisation, or leaves it.
    ShowOrganisation(bool),
    Copy(String),
    ExportChat {
        code: Code,
        text: String,
    },
    Connect {
        code: Code,
        view_only: bool,
    },
    ShowQueue,
    ShowSession,
    Dismiss,
    ToggleScale,
    ToggleFullscreen,
    ToggleGrab,
    ToggleChat,
    /// The customer's screen is to look like this.
    Look(Look),
    EndSession,
    DismissRefusal,
    /// What was said of the recording is read.
    DismissRecording(String),
    /// Something about the recordings on this machine.
    Shelve(Shelve),
    Language(Language),
    Appearance(Appearance),
    /// Notify on the desktop, or not.
    Notify(bool),
    /// With a sound, or not.
    Sound(bool),
    /// All recordings together may take so many bytes.
    Quota(u64),
}

/// The most points that a word over the customer's screen is wide, and what it leaves free.
const WORD_WIDTH: f32 = 640.0;
const WORD_EDGE: f32 = 24.0;

/// A sentence that can be put away; whether it was.
pub(crate) fn dismissible(ui: &mut Ui, texts: Texts, tone: Tone, words: &str) -> bool {
    let row = Vec2::new(ui.available_width(), 40.0);
    let layout = Layout::right_to_left(Align::Center);
    let row = ui.allocate_ui_with_layout(row, layout, |ui| {
        let closed = ui.button(texts.get("close")).clicked();
        let rest = Vec2::new(ui.available_width(), 36.0);
        let layout = Layout::top_down(Align::Min);
        ui.allocate_ui_with_layout(rest, layout, |ui| notice(ui, tone, words));
        closed
    });
    row.inner
}

/// Says something over the lower end of the customer's screen, which it neither moves nor makes smaller.
pub(crate) fn over_the_canvas<R>(ui: &Ui, canvas: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let width = (canvas.width() - 2.0 * WORD_EDGE).clamp(0.0, WORD_WIDTH);
    Area::new(Id::unique("word-over-the-canvas"))
        .pivot(Align2::CENTER_BOTTOM)
        .fixed_pos(canvas.center_bottom() - Vec2::new(0.0, WORD_EDGE))
        .show(ui.ctx(), |ui| {
            ui.set_width(width);
            add(ui)
        })
        .inner
}

/// A status in the person's language.
pub(crate) fn status_text(texts: Texts, status: Status) -> String {
    texts
        .get(match status {
            Status::New => "status-new",
            Status::Pending => "status-pending",
            Status::InProgress => "status-in-progress",
            Status::Closed => "status-closed",
            Status::Expired => "status-expired",
        })
        .into_owned()
}

/// The colours of a status: its word and its tint.
pub(crate) fn status_colours(ui: &Ui, status: Status) -> (egui::Color32, egui::Color32) {
    let tokens = aldis_ui::theme::tokens(ui);
    match status {
        Status::New => (tokens.accent, tokens.accent_soft),
        Status::Pending => (tokens.warn, tokens.warn_soft),
        Status::InProgress => (tokens.good, tokens.good_soft),
        Status::Closed | Status::Expired => (tokens.quiet, tokens.hover),
    }
}

/// How much all recordings together may take, to choose from, in bytes.
const QUOTAS: [u64; 7] = [
    1_000_000_000,
    5_000_000_000,
    10_000_000_000,
    20_000_000_000,
    50_000_000_000,
    100_000_000_000,
    500_000_000_000,
];

/// The menu with language, appearance, notices and the room for recordings.
pub(crate) fn settings_menu(ui: &mut Ui, texts: Texts, settings: &Settings) -> Option<Act> {
    const APPEARANCES: [(Appearance, &str); 3] = [
        (Appearance::System, "theme-system"),
        (Appearance::Light, "theme-light"),
        (Appearance::Dark, "theme-dark"),
    ];
    let mut act = None;
    ui.menu_button(texts.get("settings"), |ui| {
        aldis_ui::widgets::quiet(ui, texts.get("language"));
        for (language, name) in Language::ALL {
            if ui
                .selectable_label(language == texts.language(), name)
                .clicked()
            {
                act = Some(Act::Language(language));
                ui.close();
            }
        }
        ui.separator();
        aldis_ui::widgets::quiet(ui, texts.get("theme"));
        for (known, name) in APPEARANCES {
            if ui
                .selectable_label(known == settings.appearance, texts.get(name))
                .clicked()
            {
                act = Some(Act::Appearance(known));
                ui.close();
            }
        }
        ui.separator();
        let (mut notify, mut sound) = (settings.notify, settings.sound);
        if ui.checkbox(&mut notify, texts.get("notify")).changed() {
            act = Some(Act::Notify(notify));
        }
        if ui.checkbox(&mut sound, texts.get("notify-sound")).changed() {
            act = Some(Act::Sound(sound));
        }
        ui.separator();
        let most = |bytes: u64| texts.size(bytes);
        let chosen = [("size", most(settings.recordings_quota).into())];
        ui.menu_button(texts.with("recordings-quota", chosen), |ui| {
            for quota in QUOTAS {
                let here = quota == settings.recordings_quota;
                if ui.selectable_label(here, most(quota)).clicked() {
                    act = Some(Act::Quota(quota));
                    ui.close();
                }
            }
        });
    });
    act
}
