//! `aldis-server`: the rendezvous server's command line.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command line speaks there")]

use std::io::Read as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use aldis_rendezvous::accounts::{self, AccountChange};
use aldis_rendezvous::{Server, StartError};
use aldis_store::Store;
use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

/// The port where none is asked for.
const DEFAULT_PORT: u16 = 4747;

/// Introduces supporters and customers to each other, and keeps the service cases.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server until it is stopped.
    Run {
        #[command(flatten)]
        data: Data,
        /// Where to listen (UDP); port 0 takes any. Default: every address, port 4747.
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Option<SocketAddr>,
    },
    /// Supporters' accounts; works while the server runs.
    #[command(subcommand)]
    User(User),
}

#[derive(Debug, Subcommand)]
enum User {
    /// Makes an account.
    Add {
        /// The account's name, as customers will see it.
        name: String,
        /// What the account may do: technician, manager or admin.
        #[arg(long, default_value = "technician")]
        role: String,
        /// Reads the password from standard input, up to the end of the first line.
        #[arg(long, required = true)]
        password_stdin: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Changes an account.
    Set {
        /// The account's name.
        name: String,
        /// What the account may do: technician, manager or admin.
        #[arg(long)]
        role: Option<String>,
        /// A PNG or JPEG file that customers see when they are asked.
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
        /// Reads a new password from standard input, and signs the account out everywhere.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Shows every account and its role.
    List {
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
struct Data {
    /// The folder of the database and the server's key.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Data {
    fn folder(self) -> anyhow::Result<PathBuf> {
        match self.data {
            Some(folder) => Ok(folder),
            None => directories::ProjectDirs::from("", "", "aldis-server")
                .map(|folders| folders.data_dir().to_owned())
                .context("there is no home folder; say where the data is with --data DIR"),
        }
    }
}

fn main() -> ExitCode {
    aldis_cli::main(|Arguments { command }| run(command))
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run { data, listen } => serve(&data.folder()?, listen),
        Command::User(User::Add {
            name,
            role,
            password_stdin: _,
            data,
        }) => {
            let store = Store::open(&data.folder()?)?;
            accounts::add(&store, &name, &role, &read_password()?)?;
            println!("added {name}");
            Ok(())
        }
        Command::User(User::Set {
            name,
            role,
            picture,
            password_stdin,
            data,
        }) => {
            let store = Store::open(&data.folder()?)?;
            let picture = picture.map(|path| {
                std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
            });
            let change = AccountChange {
                password: password_stdin.then(read_password).transpose()?,
                role,
                picture: picture.transpose()?,
            };
            accounts::set(&store, &name, change)?;
            println!("changed {name}");
            Ok(())
        }
        Command::User(User::List { data }) => {
            for (name, role) in accounts::list(&Store::open(&data.folder()?)?)? {
                println!("{name}\t{role}");
            }
            Ok(())
        }
    }
}

fn serve(folder: &std::path::Path, listen: Option<SocketAddr>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    runtime.block_on(async {
        let server = start(folder, listen)?;
        println!("listening on {}", server.name());
        server.run(stopped()).await;
        Ok(())
    })
}

fn start(folder: &std::path::Path, listen: Option<SocketAddr>) -> Result<Server, StartError> {
    if let Some(listen) = listen {
        return Server::start(folder, listen);
    }
    let any6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT));
    let any4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT));
    match Server::start(folder, any6) {
        // A machine without IPv6.
        Err(StartError::Bind(aldis_rendezvous::BindError::Refused { .. })) => {
            Server::start(folder, any4)
        }
        other => other,
    }
}

/// Ready when the system or a person asks the server to stop.
async fn stopped() {
    let interrupt = async {
        // Without a handler the system ends the process anyway.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    interrupt.await;
}

fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    let limit = accounts::MAX_PASSWORD as u64 + 2;
    std::io::stdin()
        .take(limit)
        .read_to_string(&mut text)
        .context("cannot read the password from standard input")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
