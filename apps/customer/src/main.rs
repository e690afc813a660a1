//! `aldis-sos`: the small app that a customer double-clicks.

#![forbid(unsafe_code)]
// A double-clicked program must not open a console window.
#![cfg_attr(windows, windows_subsystem = "windows")]

mod app;
mod pages;
mod settings;
mod window;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use aldis_host::Host;
use aldis_trust::{CaseLink, ServerName};
use aldis_ui::{Appearance, Language};
use aldis_wire::Code;
use anyhow::Context as _;
use clap::Parser;

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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")?;
    // The window's owner gives it back here, so that its last words get out.
    let engine: Arc<Mutex<Option<Host>>> = Arc::default();
    let left = Arc::clone(&engine);
    let handle = runtime.handle().clone();
    let create: eframe::AppCreator<'_> = Box::new(move |context| {
        let app = app::App::new(&context.egui_ctx, &handle, arguments, left)?;
        Ok(Box::new(app))
    });
    window::check_display()?;
    let outcome = eframe::run_native("aldis-sos", window::options(), create);
    let host = engine.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(host) = host {
        runtime.block_on(host.close());
    }
    runtime.shutdown_background();
    outcome.map_err(|error| anyhow::anyhow!("cannot open a window: {error}"))
}
