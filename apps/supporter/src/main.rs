//! `aldis`: the supporter's app, and its command line for scripts.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command line speaks there")]

mod app;
mod attention;
mod cli;
mod export;
mod frames;
mod ground;
mod in_vain;
mod pages;
mod pointer;
mod remote;
mod replaying;
mod settings;
mod shelves;
mod stats;
mod typing;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;

use aldis_trust::{CaseLink, Invitation, ServerName};
use aldis_ui::{Appearance, Language};
use aldis_wire::{Code, CodeError};
use clap::{Args, Parser, Subcommand};

/// The supporter's app of Aldis: the service queue and the remote viewer.
///
/// Without a command it opens the window.
#[derive(Debug, Parser)]
#[command(name = "aldis", version)]
struct Arguments {
    #[command(flatten)]
    look: Look,
    /// Writes how long each frame of the window took to this file, a line of JSON a frame.
    #[arg(long, global = true, value_name = "FILE")]
    frame_times: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// How a window looks.
#[derive(Clone, Copy, Debug, Args)]
struct Look {
    /// The window's language instead of the system's.
    #[arg(long, global = true)]
    language: Option<Language>,
    /// The window's appearance instead of the system's.
    #[arg(long, global = true)]
    theme: Option<Appearance>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Signs in; later commands and the window need no password then.
    Login {
        /// The server, as its administrator gave it.
        #[arg(long, value_name = "HOST:PORT#FINGERPRINT")]
        server: ServerName,
        /// The account.
        #[arg(long)]
        user: String,
        /// Reads the password from standard input, up to the end of the first line.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Uses an invitation for the first time, and signs in.
    Join {
        /// The invitation, read from the environment variable `ALDIS_INVITATION` where it is not
        /// given: an argument is seen by everybody on this computer.
        #[arg(env = "ALDIS_INVITATION", hide_env_values = true)]
        invitation: Invitation,
        /// The account's name; counts only where the invitation names none.
        #[arg(long, default_value = "")]
        user: String,
        /// Reads the new password from standard input, up to the end of the first line.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Works with the organisation that signs for its supporters.
    #[command(subcommand)]
    Organisation(cli::Organisation),
    /// Signs out; the token is void from then on.
    Logout,
    /// Says what this network allows on the way to a server, without signing in; it takes at most
    /// 15 seconds and ends with an error if no session can come up from here.
    Doctor {
        /// The server, as its administrator gave it.
        #[arg(long, value_name = "HOST:PORT#FINGERPRINT")]
        server: ServerName,
    },
    /// Works with cases.
    #[command(subcommand)]
    Cases(cli::Cases),
    /// Works with channels.
    #[command(subcommand)]
    Channels(cli::Channels),
    /// Works with the recordings on this machine.
    #[command(subcommand)]
    Recordings(cli::Recordings),
    /// Replays a recording in a window.
    Replay {
        /// The recording.
        file: PathBuf,
    },
    /// Opens only the viewer, on this case's customer.
    Connect {
        /// The case: its code, or the supporter link.
        #[arg(value_name = "CODE", value_parser = target)]
        target: Target,
        /// Ask for no more than seeing.
        #[arg(long)]
        view_only: bool,
        /// Remote pixels 1:1 from the display's top left corner, toolbar hidden until asked for.
        #[arg(long)]
        fullscreen: bool,
        /// Writes measures to this file, a line of JSON a second.
        #[arg(long, value_name = "FILE")]
        stats_json: Option<PathBuf>,
    },
}

/// A case that is asked for by its code, perhaps on a named server.
#[derive(Clone, Debug)]
struct Target {
    code: Code,
    server: Option<ServerName>,
}

fn target(text: &str) -> Result<Target, String> {
    if text.contains("://") {
        let link = CaseLink::from_supporter_link(text).map_err(|error| error.to_string())?;
        return Ok(Target {
            code: link.code,
            server: Some(link.server),
        });
    }
    let code = text.parse().map_err(|error: CodeError| error.to_string())?;
    Ok(Target { code, server: None })
}

fn main() -> ExitCode {
    aldis_cli::main(run)
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments {
        look,
        frame_times,
        command,
    } = arguments;
    let frames = frame_times.as_deref();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    match command {
        None => window::open(&runtime, look, frames, None),
        Some(Command::Connect {
            target,
            view_only,
            fullscreen,
            stats_json,
        }) => {
            let only = window::ViewerOnly {
                target,
                view_only,
                fullscreen,
                stats_json,
            };
            window::open(&runtime, look, frames, Some(only))
        }
        Some(Command::Login {
            server,
            user,
            password_stdin: _,
        }) => runtime.block_on(cli::login(server, user)),
        Some(Command::Join {
            invitation,
            user,
            password_stdin: _,
        }) => runtime.block_on(cli::join(invitation, user)),
        Some(Command::Organisation(command)) => runtime.block_on(cli::organisation(command)),
        Some(Command::Doctor { server }) => runtime.block_on(cli::doctor(server)),
        Some(Command::Logout) => runtime.block_on(cli::logout()),
        Some(Command::Cases(cases)) => runtime.block_on(cli::cases(cases)),
        Some(Command::Recordings(recordings)) => cli::recordings(recordings),
        Some(Command::Replay { file }) => replaying::open(look, file),
        Some(Command::Channels(channels)) => runtime.block_on(cli::channels(channels)),
    }
}
