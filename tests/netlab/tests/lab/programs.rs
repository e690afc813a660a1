//! Programs and runtimes are where they are put, and nothing stays behind.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use aldis_netlab::{Lab, Nat, Site};
use anyhow::{Context as _, Result, ensure};
use tokio::net::{self, TcpListener, TcpStream};

use crate::sockets::until;

#[test]
fn a_program_sees_its_own_network_alone() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let home = lab.site("home", Nat::PortRestricted)?;
    let output = home.command("ip").args(["-o", "addr"]).output()?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(
        text.contains(&format!("inet {}/24", home.address())),
        "{text}"
    );
    let devices = text.lines().filter(|it| !it.contains(" lo ")).count();
    ensure!(devices <= 2, "nothing but its cable: {text}");
    Ok(())
}

#[test]
fn nothing_is_left_of_a_lab() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (server, home) = (lab.public("server")?, lab.site("home", Nat::Symmetric)?);
    let mut program = home
        .command("sleep")
        .arg("infinity")
        .stdout(Stdio::null())
        .spawn()?;
    let network = fs::read_link(format!("/proc/{}/ns/net", home.host().id()))?;
    until("the program is in its network", || {
        is_in(program.id(), &network)
    })?;
    let threads = || fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let before = threads();
    drop(server);
    drop((home, lab));
    program.kill()?;
    program.wait()?;
    ensure!(threads() < before, "its threads are gone");
    let open = fs::read_dir("/proc/self/fd")?.filter_map(|it| fs::read_link(it.ok()?.path()).ok());
    ensure!(
        !open.into_iter().any(|it| it == network),
        "and so is its network"
    );
    Ok(())
}

#[test]
fn nothing_is_left_of_a_process_that_is_killed() -> Result<()> {
    const VICTIM: &str = "ALDIS_NETLAB_VICTIM";
    const NAME: &str = "programs::nothing_is_left_of_a_process_that_is_killed";
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    if env::var_os(VICTIM).is_some() {
        let home = lab.site("home", Nat::Symmetric)?;
        let mut program = home.command("sleep").arg("infinity").spawn()?;
        let network = fs::read_link(format!("/proc/{}/ns/net", home.host().id()))?;
        until("the program is in its network", || {
            is_in(program.id(), &network)
        })?;
        println!("\nvictim {} {}", program.id(), network.display());
        program.wait()?;
        return Ok(());
    }
    let mut victim = Command::new(env::current_exe()?)
        .args(["--exact", NAME, "--nocapture"])
        .env(VICTIM, "yes")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(victim.stdout.take().context("its output")?).lines();
    let told = lines.find_map(|line| Some(line.ok()?.strip_prefix("victim ")?.to_owned()));
    victim.kill()?;
    victim.wait()?;
    let told = told.context("it made its lab")?;
    let (program, network) = told.split_once(' ').context("two words")?;
    let (program, network) = (program.parse()?, Path::new(network));
    until("its program is gone, too", || !is_in(program, network))?;
    let all = fs::read_dir("/proc")?.filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok());
    let left: Vec<u32> = all.filter(|id| is_in(*id, network)).collect();
    ensure!(left.is_empty(), "{left:?} are in {}", network.display());
    Ok(())
}

/// Whether that process is in this network.
fn is_in(process: u32, network: &Path) -> bool {
    fs::read_link(format!("/proc/{process}/ns/net")).is_ok_and(|it| it == network)
}

#[test]
fn a_runtime_is_where_it_was_made() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (server, home) = (
        lab.public("server")?,
        lab.site("home", Nat::PortRestricted)?,
    );
    let (there, here) = (server.runtime()?, home.runtime()?);
    let address = (server.address(), 4_747);
    let (udp, tcp) = there.block_on(async {
        let udp = net::UdpSocket::bind(("0.0.0.0", 4_747)).await?;
        anyhow::Ok((udp, TcpListener::bind(("0.0.0.0", 4_747)).await?))
    })?;
    let talk = here.handle().spawn(async move {
        // On a worker, and made there.
        let socket = net::UdpSocket::bind("0.0.0.0:0").await?;
        socket.send_to(b"hello", address).await?;
        let from_blocking =
            tokio::task::spawn_blocking(move || std::net::TcpStream::connect(address));
        from_blocking.await??;
        TcpStream::connect(address).await?;
        anyhow::Ok(())
    });
    there.block_on(async {
        let mut buffer = [0; 16];
        let limit = Duration::from_secs(10);
        let (_, peer) = tokio::time::timeout(limit, udp.recv_from(&mut buffer)).await??;
        ensure!(peer.ip() == home.public_address(), "{peer}");
        for _ in 0..2 {
            let (_, peer) = tokio::time::timeout(limit, tcp.accept()).await??;
            ensure!(peer.ip() == home.public_address(), "{peer}");
        }
        anyhow::Ok(())
    })?;
    here.block_on(talk).context("the home's side")??;
    Ok(())
}

#[test]
fn labs_at_once_do_not_meet() -> Result<()> {
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let other = Lab::new()?;
    let (one, two) = (lab.public("server")?, other.public("server")?);
    ensure!(
        one.address() == two.address(),
        "each has an internet of its own"
    );
    let bind = |site: &Site| site.run(|| UdpSocket::bind((site.address(), 4_747)));
    let (_first, _second) = (bind(&one)??, bind(&two)??);
    Ok(())
}
