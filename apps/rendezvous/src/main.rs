//! `aldis-server`: the rendezvous server's command line.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command line speaks there")]

use std::io::{Read as _, Write as _};
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
        /// Where to listen (UDP and TCP); port 0 takes any. Default: every address, port 4747.
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Option<SocketAddr>,
        /// One more TCP port for apps whose network blocks UDP; they try 443 by themselves. May be
        /// given several times.
        #[arg(long, value_name = "ADDR:PORT")]
        tcp: Vec<SocketAddr>,
    },
    /// Supporters' accounts; works while the server runs.
    #[command(subcommand)]
    User(User),
    /// Checks that nothing of the cases' history was changed, left out or put in.
    ///
    /// Prints the last entry's number and hash; whoever keeps these elsewhere can tell later that
    /// nothing was cut off either.
    Verify {
        /// A number and hash that an earlier check has printed, as `NUMBER:HASH`.
        #[arg(long, value_name = "NUMBER:HASH")]
        since: Option<String>,
        #[command(flatten)]
        data: Data,
    },
    /// Copies the database and the server's key to a folder; works while the server runs.
    Backup {
        /// The folder; made if it is not there, and must have no backup in it.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        #[command(flatten)]
        data: Data,
    },
    /// Puts a backup in the place of the data; the server must not run.
    ///
    /// What was there before is kept beside it.
    Restore {
        /// The backup's folder.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        #[command(flatten)]
        data: Data,
    },
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
        /// Whether it may release cases and hand them to a colleague.
        #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
        may_release: Option<bool>,
        /// With so many remote sessions it is busy by itself.
        #[arg(long, value_name = "SESSIONS")]
        busy_at: Option<u32>,
        /// What it knows about, separated by commas, for assignment by skill; empty for nothing.
        #[arg(long, value_delimiter = ',')]
        skills: Option<Vec<String>>,
        /// The companies whose cases it sees, separated by commas; empty for all.
        #[arg(long, value_delimiter = ',')]
        companies: Option<Vec<String>>,
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
        Command::Run { data, listen, tcp } => serve(&data.folder()?, listen, &tcp),
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
            may_release,
            busy_at,
            skills,
            companies,
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
                may_release,
                busy_at,
                skills: skills.map(without_empty),
                companies: companies.map(without_empty),
            };
            accounts::set(&store, &name, change)?;
            println!("changed {name}");
            Ok(())
        }
        Command::User(User::List { data }) => {
            for account in accounts::list(&Store::open(&data.folder()?)?)? {
                let role = format!("{:?}", account.role).to_lowercase();
                println!("{}\t{role}", account.name);
            }
            Ok(())
        }
        Command::Verify { since, data } => verify(&data.folder()?, since.as_deref()),
        Command::Backup { to, data } => {
            aldis_rendezvous::backup::save(&data.folder()?, &to)?;
            println!("saved to {}", to.display());
            Ok(())
        }
        Command::Restore { from, data } => {
            let folder = data.folder()?;
            let kept = aldis_rendezvous::backup::restore(&from, &folder)?;
            println!("restored to {}", folder.display());
            if let Some(kept) = kept {
                println!("what was there is in {}", kept.display());
            }
            Ok(())
        }
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("say yes or no".to_owned()),
    }
}

/// `--skills ""` is one empty word, and means none.
fn without_empty(words: Vec<String>) -> Vec<String> {
    words
        .into_iter()
        .filter(|word| !word.trim().is_empty())
        .collect()
}

fn verify(folder: &std::path::Path, since: Option<&str>) -> anyhow::Result<()> {
    let store = Store::open(folder)?;
    let since = since.map(str::to_owned);
    let (head, known) = store.run_blocking(move |transaction| {
        let number = since.as_deref().and_then(|since| since.split_once(':'));
        let number = number.and_then(|(number, _)| number.parse().ok());
        let known = match number {
            Some(number) => transaction.history_hash(number)?,
            None => None,
        };
        let known = known
            .zip(number)
            .map(|(hash, number)| format!("{number}:{}", hex(&hash)));
        let right = since.is_none() || known == since;
        Ok((transaction.verify_history()?, right))
    })?;
    let (number, hash) = head?;
    if !known {
        anyhow::bail!(
            "the history is not the one of that earlier check; it was cut off or replaced"
        );
    }
    println!("{number}:{}", hex(&hash));
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| {
        let (high, low) = (byte >> 4, byte & 15);
        let digit = |part: u8| char::from_digit(part.into(), 16).unwrap_or('?');
        text + &digit(high).to_string() + &digit(low).to_string()
    })
}

fn serve(
    folder: &std::path::Path,
    listen: Option<SocketAddr>,
    tcp: &[SocketAddr],
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    runtime.block_on(async {
        let mut server = start(folder, listen)?;
        for address in tcp {
            server.listen_tcp(*address)?;
        }
        println!("listening on {}", server.name());
        if let Some(invitation) = server.first_invitation().await? {
            // Whoever started it may have read its name and nothing more; it serves all the same.
            drop(writeln!(
                std::io::stdout(),
                "open this in the supporter's app to become the first admin: {invitation}"
            ));
        }
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
