//! `aldis replay`: a window that is only the player.

use std::path::PathBuf;

use aldis_ui::{Language, Texts, theme};
use anyhow::Context as _;
use egui::{CentralPanel, Color32, Frame, Ui, Visuals};

use crate::pages::{self, Showing};
use crate::settings::Settings;
use crate::{Look, shelves, window};

struct Replaying {
    texts: Texts,
    showing: Showing,
}

/// Opens the window and stays until it is closed.
pub(crate) fn open(look: Look, file: PathBuf) -> anyhow::Result<()> {
    // A file that cannot be replayed is said on the command line.
    let opened =
        std::fs::File::open(&file).with_context(|| format!("cannot open {}", file.display()))?;
    aldis_viewer::record::Reader::open(opened)?;
    window::check_display()?;
    let create: aldis_present::Create<'_> = Box::new(move |ctx, _| {
        let settings = Settings::load();
        theme::apply(ctx, look.theme.unwrap_or(settings.appearance));
        let language = look.language.or(settings.language);
        Ok(Box::new(Replaying {
            texts: Texts::new(language.unwrap_or_else(Language::of_system)),
            showing: shelves::showing(ctx, file),
        }))
    });
    aldis_present::run("aldis", window::options(false), create).context("cannot open a window")
}

impl aldis_present::App for Replaying {
    fn ground(&self, visuals: &Visuals) -> Color32 {
        theme::tokens_of(visuals).ground
    }

    fn ui(&mut self, ui: &mut Ui, _window: &dyn aldis_present::Handles) {
        let Self { texts, showing } = self;
        let player = |ui: &mut Ui| pages::player(ui, *texts, showing, false);
        CentralPanel::default().frame(Frame::NONE).show(ui, player);
    }
}
