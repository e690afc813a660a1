//! Opens the window: the whole app, or only the viewer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aldis_present::{LiveWaker, Options};
use aldis_viewer::{Changed, Viewer};
use anyhow::Context as _;
use egui::{Vec2, ViewportBuilder};

use crate::app::App;
use crate::settings::{self, SignIn};
use crate::{Look, Target, cli, frames, stats};

/// What `aldis connect` asks for.
#[derive(Clone, Debug)]
pub(crate) struct ViewerOnly {
    pub(crate) target: Target,
    pub(crate) view_only: bool,
    pub(crate) fullscreen: bool,
    pub(crate) stats_json: Option<PathBuf>,
}

/// Opens the window and stays until it is closed.
pub(crate) fn open(
    runtime: &tokio::runtime::Runtime,
    look: Look,
    frame_times: Option<&Path>,
    only: Option<ViewerOnly>,
) -> anyhow::Result<()> {
    check_display()?;
    let frame_times = frame_times.map(frames::file).transpose()?;
    let sign_in = SignIn::load();
    if only.is_some() && sign_in.is_none() {
        anyhow::bail!("you are not signed in; use `aldis login` or open the window once");
    }
    let named = only.as_ref().and_then(|only| only.target.server.as_ref());
    let known = sign_in.as_ref().map(|(server, _)| server);
    if named.is_some_and(|named| known.is_some_and(|known| known.fingerprint != named.fingerprint))
    {
        anyhow::bail!("the link is for another server than the one you are signed in to");
    }
    if let Some(only) = &only {
        runtime.block_on(cli::check_open(only.target.code))?;
    }
    let identity = settings::identity()?;
    let key = identity.hash();
    // The engine starts before the window is there to be repainted.
    let painter: Arc<OnceLock<(egui::Context, LiveWaker)>> = Arc::default();
    let repaint = Arc::clone(&painter);
    let changed = move |what| {
        if let Some((window, screen)) = repaint.get() {
            match what {
                Changed::Picture => screen.wake(),
                Changed::View => window.request_repaint(),
            }
        }
    };
    let viewer = Arc::new(Viewer::start(runtime.handle(), identity, changed)?);
    if let Some(path) = only.as_ref().and_then(|only| only.stats_json.as_ref()) {
        stats::start(runtime.handle(), Arc::clone(&viewer), path)?;
    }
    let fullscreen = only.as_ref().is_some_and(|only| only.fullscreen);
    let queue = only.is_none();
    let app_viewer = Arc::clone(&viewer);
    let create: aldis_present::Create<'_> = Box::new(move |ctx, display| {
        painter.get_or_init(|| (ctx.clone(), LiveWaker::new(ctx)));
        let app = App::new(ctx, display, (app_viewer, key), look, sign_in, only);
        Ok(Box::new(app))
    });
    let mut options = Options {
        on_frame: frame_times.map(frames::write),
        ..options(fullscreen)
    };
    if queue {
        // Its three columns need more room than a viewer.
        options.viewport = options
            .viewport
            .with_min_inner_size(Vec2::new(900.0, 520.0));
    }
    let outcome = aldis_present::run("aldis", options, create);
    runtime.block_on(viewer.close());
    outcome.context("cannot open a window")
}

pub(crate) fn options(fullscreen: bool) -> Options<'static> {
    Options {
        viewport: ViewportBuilder::default()
            .with_app_id("aldis")
            .with_title("Aldis")
            .with_icon(aldis_ui::icon::icon(0))
            // With its frame and a panel it fits a screen of 1280 by 720.
            .with_inner_size(Vec2::new(1240.0, 650.0))
            .with_min_inner_size(Vec2::new(640.0, 420.0))
            .with_fullscreen(fullscreen)
            .with_decorations(!fullscreen),
        centered: !fullscreen,
        // Copy and paste shortcuts belong to the customer's computer while the viewer has focus.
        clipboard_shortcuts: false,
        on_frame: None,
    }
}

pub(crate) fn check_display() -> anyhow::Result<()> {
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        let missing = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
        if missing("DISPLAY") && missing("WAYLAND_DISPLAY") {
            anyhow::bail!("there is no display; start it in a desktop session");
        }
    }
    Ok(())
}
