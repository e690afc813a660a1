//! Thousands of customers who wait on one real server, and the supporters who watch them.
//!
//! Every customer has a socket of his own at an address of his own in 127.0.0.0/8, so the server
//! sees as many machines as it would.
//! The measured server is another process; what it costs is read from the kernel's books.
#![expect(clippy::print_stdout, reason = "a measurement prints its table")]

mod customer;
mod disk;
mod figures;
mod fill;
mod server;
mod supporter;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_link::Identity;
use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use tokio::task::JoinSet;

use customer::Customer;
use disk::Disk;
use figures::{Table, milliseconds, quantile};
use fill::Fill;
use server::Server;
use supporter::Supporter;

/// How many customers join at the same time.
const DOORS: usize = 64;

/// How long anything may take.
const LIMIT: Duration = Duration::from_mins(3);

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Starts a server, lets the crowd come and measures what that costs.
    Measure(Measure),
    /// Makes many cases on a server that runs already.
    Fill(Fill),
}

/// What is measured.
#[derive(Debug, Args)]
struct Measure {
    /// The server's program.
    #[arg(long)]
    server: PathBuf,
    /// The server's data is in a new folder in this one; the system's folder for such files otherwise.
    #[arg(long)]
    data: Option<PathBuf>,
    /// How many customers wait.
    #[arg(long, default_value_t = 5_000)]
    customers: u32,
    /// How many supporters watch.
    #[arg(long, default_value_t = 50)]
    supporters: u32,
    /// How many changes are followed to every supporter.
    #[arg(long, default_value_t = 100)]
    changes: u32,
    /// How many cases a second are made.
    #[arg(long, default_value_t = 300)]
    rate: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// For how many seconds the server is watched while nothing happens.
    #[arg(long, default_value_t = 30)]
    idle: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Measure(arguments) => measure(&arguments).await,
        Task::Fill(fill) => fill.run().await,
    }
}

async fn measure(arguments: &Measure) -> Result<()> {
    let mut table = Table::default();
    let data = match &arguments.data {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let mut server = Server::start(&arguments.server, data.path(), arguments.supporters)?;
    let supporters = supporters(&server, arguments.supporters).await?;
    let clock = now();
    let customers = customers(&server, arguments.customers).await?;
    table.row("customers who wait", &customers.len().to_string(), "");
    table.row("all of them joined in", &seconds(clock.elapsed()), "");
    supporters
        .first()
        .context("a supporter")?
        .knows(customers.len())
        .await?;
    idle(&server, arguments.idle, &mut table).await?;
    changes(&supporters, &customers, arguments.changes, &mut table).await?;
    let disk = Disk::watch(data.path())?;
    new_cases(&supporters, arguments.rate, arguments.seconds, &mut table).await?;
    // No server can answer sooner than the disk that it waits for.
    let times = disk.times()?;
    for percent in [50, 99] {
        let name = format!("the disk alone, meanwhile, p{percent}");
        table.row(&name, &milliseconds(quantile(&times, percent)), "");
    }
    restart(&mut server, &customers, &mut table).await?;
    print!("{}", table.text());
    Ok(())
}

async fn supporters(server: &Server, count: u32) -> Result<Vec<Arc<Supporter>>> {
    let mut supporters = Vec::new();
    for number in 0..count {
        supporters.push(Arc::new(Supporter::come(server.name(), number).await?));
    }
    Ok(supporters)
}

async fn customers(server: &Server, count: u32) -> Result<Vec<Arc<Customer>>> {
    let identity = Arc::new(Identity::generate()?);
    let mut coming = JoinSet::new();
    let mut customers = Vec::new();
    for number in 0..count {
        if coming.len() >= DOORS
            && let Some(came) = coming.join_next().await
        {
            customers.push(came??);
        }
        let (name, identity) = (server.name().clone(), Arc::clone(&identity));
        coming.spawn(async move { Customer::come(name, identity, number).await });
    }
    while let Some(came) = coming.join_next().await {
        customers.push(came??);
    }
    Ok(customers)
}

async fn idle(server: &Server, watched: u64, table: &mut Table) -> Result<()> {
    // What the joining left to tell is told before.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (before, clock) = (server.cpu_seconds()?, now());
    tokio::time::sleep(Duration::from_secs(watched)).await;
    let share = (server.cpu_seconds()? - before) / clock.elapsed().as_secs_f64() * 100.0;
    let memory = server.memory_mib()?;
    table.row(
        "server's memory (PSS)",
        &format!("{memory:.0} MiB"),
        "≤ 1024 MiB",
    );
    table.row(
        "server's processor, idle",
        &format!("{share:.1} % of a core"),
        "≤ 25 %",
    );
    Ok(())
}

/// One supporter claims a case; how long until every other one sees that.
async fn changes(
    supporters: &[Arc<Supporter>],
    customers: &[Arc<Customer>],
    count: u32,
    table: &mut Table,
) -> Result<()> {
    let (first, others) = supporters.split_first().context("a supporter")?;
    let mut times = Vec::new();
    for customer in customers.iter().take(count as usize) {
        let code = customer.code();
        let clock = now();
        first.claim(code).await?;
        for other in others {
            let seen = other.sees_assigned(code, LIMIT).await?;
            times.push(seen.saturating_duration_since(clock));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    times.sort_unstable();
    table.row(
        "a claim is seen by all others, p50",
        &milliseconds(quantile(&times, 50)),
        "",
    );
    table.row(
        "a claim is seen by all others, p99",
        &milliseconds(quantile(&times, 99)),
        "≤ 250 ms",
    );
    Ok(())
}

async fn new_cases(
    supporters: &[Arc<Supporter>],
    rate: u32,
    seconds: u32,
    table: &mut Table,
) -> Result<()> {
    let mut asked = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    let start = now();
    for (number, supporter) in (0..rate * seconds).zip(supporters.iter().cycle()) {
        ticks.tick().await;
        let supporter = Arc::clone(supporter);
        asked.spawn(async move {
            let clock = now();
            supporter.new_case(number).await.map(|()| clock.elapsed())
        });
    }
    let mut times = Vec::new();
    while let Some(answered) = asked.join_next().await {
        times.push(answered??);
    }
    let achieved = times.len() as f64 / start.elapsed().as_secs_f64();
    times.sort_unstable();
    table.row(
        "new cases on the disk",
        &format!("{achieved:.0} a second"),
        &format!("{rate} a second"),
    );
    table.row(
        "a new case is answered, p50",
        &milliseconds(quantile(&times, 50)),
        "",
    );
    table.row(
        "a new case is answered, p99",
        &milliseconds(quantile(&times, 99)),
        "≤ 50 ms",
    );
    Ok(())
}

async fn restart(
    server: &mut Server,
    customers: &[Arc<Customer>],
    table: &mut Table,
) -> Result<()> {
    tokio::time::sleep(Duration::from_secs(3)).await;
    let places: Vec<_> = customers.iter().map(|customer| customer.place()).collect();
    let joins: Vec<_> = customers.iter().map(|customer| customer.joins()).collect();
    let clock = now();
    server.restart()?;
    for (customer, joins) in customers.iter().zip(joins) {
        customer.joined_more_than(joins, LIMIT).await?;
    }
    table.row(
        "all customers are back after a kill",
        &self::seconds(clock.elapsed()),
        "≤ 30 s",
    );
    let mut same = false;
    while !same && clock.elapsed() < LIMIT {
        tokio::time::sleep(Duration::from_millis(100)).await;
        same = customers
            .iter()
            .zip(&places)
            .all(|(customer, place)| customer.place() == *place);
    }
    let kept = if same { "yes" } else { "NO" };
    table.row("and each has his old place", kept, "yes");
    table.row("after", &self::seconds(clock.elapsed()), "");
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}
