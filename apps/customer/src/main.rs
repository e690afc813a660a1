//! `aldis-sos`: the small app that a customer double-clicks.

#![forbid(unsafe_code)]
// A double-clicked program must not open a console window.
#![cfg_attr(windows, windows_subsystem = "windows")]

mod already;
mod app;
mod pages;
mod settings;
mod window;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aldis_host::Host;
use aldis_platform::only::{Only, OnlyError};
use aldis_trust::{CaseLink, ServerName};
use aldis_ui::{Appearance, Language, Texts};
use aldis_wire::Code;
use anyhow::Context as _;
use clap::Parser;

use settings::Settings;

/// Lets a supporter help you on this computer, once you allow it.
#[derive(Debug, Parser)]
#[command(name = "aldis-sos", version)]
struct Arguments {
    /// The server, as its administrator gave it.
    #[arg(long, value_name = "HOST:PORT#FINGERPRINT")]
    server: Option<ServerName>,
    /// The session code; with it the app joins by itself.
    #[arg(long)]
    code: Option<Code>,
    /// The customer link; with it the app joins by itself.
    #[arg(value_name = "LINK")]
    link: Option<CaseLink>,
    /// The person pressed the SOS button; supporters see it.
    #[arg(long)]
    sos: bool,
    /// The window's language instead of the system's.
    #[arg(long)]
    language: Option<Language>,
    /// The window's appearance instead of the system's.
    #[arg(long)]
    theme: Option<Appearance>,
}

fn main() -> ExitCode {
    aldis_cli::main(run)
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    window::check_display()?;
    // A later start asks this one to show itself, perhaps before there is a window.
    let window: Arc<OnceLock<egui::Context>> = Arc::default();
    let shown = Arc::clone(&window);
    let show = move || {
        if let Some(window) = shown.get() {
            window::show(window);
        }
    };
    let folder = settings::folder().unwrap_or_default();
    // Given back when it ends, last of all.
    let _only = match Only::claim("SOS", &folder, show) {
        Ok(only) => only,
        Err(OnlyError::Taken) => return already_open(&arguments),
        Err(error) => return Err(error.into()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")?;
    // The window's owner gives it back here, so that its last words get out.
    let engine: Arc<Mutex<Option<Host>>> = Arc::default();
    let left = Arc::clone(&engine);
    let handle = runtime.handle().clone();
    let create: aldis_present::Create<'_> = Box::new(move |ctx, _display| {
        window.get_or_init(|| ctx.clone());
        let app = app::App::new(ctx, &handle, arguments, left)?;
        Ok(Box::new(app))
    });
    let outcome = aldis_present::run("aldis-sos", window::options(), create);
    let host = engine.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(host) = host {
        runtime.block_on(host.close());
    }
    runtime.shutdown_background();
    outcome.map_err(|error| cannot_open(&error))
}

/// Says so, in the window's language also where a script reads it.
fn already_open(arguments: &Arguments) -> anyhow::Result<()> {
    let mut settings = Settings::load();
    settings.appearance = arguments.theme.unwrap_or(settings.appearance);
    let language = arguments.language.or(settings.language);
    let texts = Texts::new(language.unwrap_or_else(Language::of_system));
    already::say(texts, &settings).map_err(|error| cannot_open(&error))?;
    anyhow::bail!("{}", texts.get("already-open"))
}

fn cannot_open(error: &aldis_present::WindowError) -> anyhow::Error {
    anyhow::anyhow!("cannot open a window: {error}")
}
