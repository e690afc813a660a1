//! The recordings in the window: the page with all of them, and the player.

use std::path::PathBuf;

use aldis_present::LiveWaker;
use aldis_ui::Texts;
use aldis_viewer::{Changed, Library, Replay, Trouble};
use egui::{Context, Ui};

use crate::export;
use crate::pages::{self, Act, Browse, PlayerAct, Shelve, Showing};
use crate::settings::{self, Settings};

/// The recordings in the window.
pub(crate) struct Shelves {
    library: Option<Library>,
    open: bool,
    showing: Option<Showing>,
    browse: Browse,
    /// Why no video could be begun.
    refused: Option<String>,
}

impl Shelves {
    pub(crate) fn new(ctx: &Context, settings: &Settings) -> Self {
        let repaint = ctx.clone();
        let shelf = settings::shelf(settings).ok();
        let library = shelf.map(|shelf| Library::new(shelf, move || repaint.request_repaint()));
        Self {
            library,
            open: false,
            showing: None,
            browse: Browse::default(),
            refused: None,
        }
    }

    /// The page or the player is shown.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn act(&mut self, act: Shelve, ctx: &Context) {
        let Some(library) = &self.library else { return };
        self.refused = None;
        match act {
            Shelve::Show => {
                self.open = true;
                library.refresh();
            }
            Shelve::Leave => self.open = false,
            Shelve::Open(path) => self.showing = Some(showing(ctx, path)),
            Shelve::Close => {
                self.showing = None;
                library.refresh();
            }
            Shelve::Delete(path) => library.delete(path),
            Shelve::Folder(path) => library.show_folder(path),
            Shelve::Export(path) => {
                self.showing = None;
                match export::video_of(&path) {
                    Ok(to) => library.export(path, to),
                    Err(reason) => self.refused = Some(reason),
                }
            }
            Shelve::EndExport => library.end_export(),
        }
    }

    /// Shows the page or the player; all recordings together may take `quota` bytes.
    pub(crate) fn show(&mut self, ui: &mut Ui, texts: Texts, quota: u64) -> Option<Act> {
        if let Some(showing) = &mut self.showing {
            let path = showing.path.clone();
            return match pages::player(ui, texts, showing, true)? {
                PlayerAct::Close => Some(Act::Shelve(Shelve::Close)),
                PlayerAct::Export => Some(Act::Shelve(Shelve::Export(path))),
            };
        }
        let library = self.library.as_ref()?;
        let mut shelved = library.view();
        let refused = || self.refused.clone().map(Trouble::System);
        shelved.trouble = shelved.trouble.or_else(refused);
        pages::recordings(ui, texts, &shelved, quota, &mut self.browse)
    }
}

/// Opens a recording for this window.
pub(crate) fn showing(ctx: &Context, path: PathBuf) -> Showing {
    let (repaint, screen) = (ctx.clone(), LiveWaker::new(ctx));
    let changed = move |what| {
        screen.wake();
        if what == Changed::View {
            repaint.request_repaint();
        }
    };
    let replay = Replay::open(path.clone(), changed);
    Showing::new(path, replay)
}
