//! Links delay, lose, hold back and slow down as they are asked to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use aldis_netlab::{Conditions, Direction, Lab, Loss, Nat, Queue, Reorder, Site};
use anyhow::{Context as _, Result, ensure};

use crate::sockets::{at, bind, hear, receive, until};

/// A packet of this size is one of 1,250 bytes with the headers of IP and UDP: 10 ms at 1 Mbit/s.
const LOAD: usize = 1_222;

struct Stage {
    _server_site: Site,
    home: Site,
    server: UdpSocket,
    server_at: SocketAddr,
    inside: UdpSocket,
    _lab: Lab,
}

impl Stage {
    fn new(seed: u64) -> Result<Option<Self>> {
        let available = Lab::or_skip()?.is_some();
        if !available {
            return Ok(None);
        }
        let lab = Lab::with_seed(seed)?;
        let (site, home) = (
            lab.public("server")?,
            lab.site("home", Nat::PortRestricted)?,
        );
        let (server, inside) = (bind(site.host())?, bind(home.host())?);
        Ok(Some(Self {
            server_at: at(site.host(), &server)?,
            _server_site: site,
            home,
            server,
            inside,
            _lab: lab,
        }))
    }

    /// There and back, so many times: the shortest, which tells what the link does; the others also tell what else runs on
    /// this machine.
    fn round_trips(&self, count: usize) -> Result<Duration> {
        let mut trips = Vec::new();
        for _ in 0..count {
            let start = Instant::now();
            self.inside.send_to(b"ping", self.server_at)?;
            let (_, peer) = hear(&self.server)?;
            self.server.send_to(b"pong", peer)?;
            hear(&self.inside)?;
            trips.push(start.elapsed());
        }
        trips.into_iter().min().context("a trip")
    }

    /// Sends so many numbered packets from the home, waits for the link to have carried them, and gives those that came.
    fn send_numbers(&self, count: u32, size: usize) -> Result<Vec<u32>> {
        let mut came = Vec::new();
        let before = self.home.link().tally(Direction::Up).packets_in;
        for number in 0..count {
            let mut packet = vec![0; size];
            packet[..4].copy_from_slice(&number.to_be_bytes());
            self.inside.send_to(&packet, self.server_at)?;
            if number % 50 == 49 {
                // No more at once than the kernel's queues hold.
                until("the link has taken them in", || {
                    self.home.link().tally(Direction::Up).packets_in > before + u64::from(number)
                })?;
                self.take(&mut came, Duration::from_millis(1))?;
            }
        }
        self.take(&mut came, Duration::from_millis(150))?;
        Ok(came)
    }

    /// What has come, until nothing comes for so long.
    fn take(&self, came: &mut Vec<u32>, pause: Duration) -> Result<()> {
        self.server.set_read_timeout(Some(pause))?;
        let mut buffer = [0; 2_048];
        while let Ok((length, _)) = receive(&self.server, &mut buffer) {
            ensure!(length >= 4, "a number");
            came.push(u32::from_be_bytes(buffer[..4].try_into()?));
        }
        self.server.set_read_timeout(Some(crate::sockets::LIMIT))?;
        Ok(())
    }
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_delay_is_there_in_each_direction() -> Result<()> {
    let Some(stage) = Stage::new(1)? else {
        return Ok(());
    };
    let quick = stage.round_trips(20)?;
    ensure!(quick < ms(15), "a new link is quick: {quick:?}");
    let slow = |delay| Conditions {
        delay: ms(delay),
        ..Conditions::default()
    };
    stage.home.link().set(slow(20));
    let least = stage.round_trips(20)?;
    ensure!(least >= ms(40) && least < ms(60), "{least:?}");
    stage.home.link().set_one_way(Direction::Down, slow(0));
    let least = stage.round_trips(20)?;
    ensure!(least >= ms(20) && least < ms(40), "{least:?}");
    Ok(())
}

#[test]
fn loss_is_as_asked_and_the_same_again() -> Result<()> {
    const COUNT: u32 = 2_000;
    let mut runs = Vec::new();
    for _ in 0..2 {
        let Some(stage) = Stage::new(5)? else {
            return Ok(());
        };
        stage.home.link().set(Conditions {
            loss: Loss::random(0.05),
            ..Conditions::default()
        });
        let came = stage.send_numbers(COUNT, 100)?;
        let tally = stage.home.link().tally(Direction::Up);
        assert_eq!(came.len() as u64, tally.packets_out);
        assert_eq!(tally.lost + tally.packets_out, u64::from(COUNT));
        runs.push(came);
    }
    let lost = COUNT as usize - runs[0].len();
    ensure!((60..140).contains(&lost), "{lost} of {COUNT}");
    assert_eq!(runs[0], runs[1], "the same seed loses the same packets");
    Ok(())
}

#[test]
fn packets_are_held_back_and_doubled() -> Result<()> {
    let Some(stage) = Stage::new(9)? else {
        return Ok(());
    };
    stage.home.link().set(Conditions {
        delay: ms(5),
        reorder: Reorder {
            share: 0.25,
            by: ms(5),
        },
        duplicate: 0.05,
        ..Conditions::default()
    });
    let mut came = stage.send_numbers(1_000, 100)?;
    let mut newest = 0;
    let mut overtaken = 0;
    for number in &came {
        overtaken += u32::from(*number < newest);
        newest = newest.max(*number);
    }
    ensure!(overtaken > 100, "{overtaken} overtaken");
    let tally = stage.home.link().tally(Direction::Up);
    ensure!(came.len() as u64 == 1_000 + tally.duplicated, "{tally:?}");
    ensure!((20..100).contains(&tally.duplicated), "{tally:?}");
    came.sort_unstable();
    came.dedup();
    ensure!(came.into_iter().eq(0..1_000), "nothing is missing");
    Ok(())
}

#[test]
fn a_rate_is_kept_and_its_queue_overflows() -> Result<()> {
    let Some(stage) = Stage::new(1)? else {
        return Ok(());
    };
    let link = stage.home.link();
    link.set(Conditions {
        rate: Some(10_000_000),
        queue: Queue::of(ms(50)),
        ..Conditions::default()
    });
    // 1 ms each, all at once: 50 wait, one is being sent, and the others are the sender's own loss.
    let start = Instant::now();
    for _ in 0..200 {
        stage.inside.send_to(&[0; LOAD], stage.server_at)?;
    }
    until("all are through", || {
        let tally = link.tally(Direction::Up);
        tally.packets_out + tally.overflowed == 200
    })?;
    let (took, tally) = (start.elapsed(), link.take_tally(Direction::Up));
    ensure!((50..70).contains(&tally.packets_out), "{tally:?}");
    ensure!(took >= ms(tally.packets_out), "{took:?}, {tally:?}");
    ensure!(
        tally.longest_wait > ms(45) && tally.longest_wait <= ms(50),
        "{tally:?}"
    );
    ensure!(tally.bytes_out == tally.packets_out * 1_250, "{tally:?}");
    ensure!(link.tally(Direction::Up) == aldis_netlab::Tally::default());
    Ok(())
}

#[test]
fn thirty_megabits_are_carried_on_time() -> Result<()> {
    let Some(stage) = Stage::new(1)? else {
        return Ok(());
    };
    let link = stage.home.link();
    link.set(Conditions {
        delay: ms(10),
        rate: Some(30_000_000),
        queue: Queue::of(Duration::from_secs(1)),
        ..Conditions::default()
    });
    let start = Instant::now();
    for _ in 0..600 {
        stage.inside.send_to(&[0; LOAD], stage.server_at)?;
    }
    until("all are through", || {
        link.tally(Direction::Up).packets_out == 600
    })?;
    // 200 ms at that rate, and the way.
    let took = start.elapsed();
    ensure!(took >= ms(208) && took < ms(1_000), "{took:?}");
    Ok(())
}

#[test]
fn a_file_over_tcp_comes_whole_through_a_bad_link() -> Result<()> {
    const SIZE: usize = 500_000;
    let Some(lab) = Lab::or_skip()? else {
        return Ok(());
    };
    let (server, home) = (
        lab.public("server")?,
        lab.site("home", Nat::PortRestricted)?,
    );
    home.link().set(Conditions {
        delay: ms(2),
        loss: Loss::bursts(0.01, 2.0),
        reorder: Reorder {
            share: 0.02,
            by: ms(2),
        },
        duplicate: 0.02,
        rate: Some(50_000_000),
        ..Conditions::default()
    });
    let listener = server.run(|| TcpListener::bind(("0.0.0.0", 4_747)))??;
    let address = (server.address(), 4_747);
    let mut there = home.run(|| TcpStream::connect(address))??;
    let (mut here, _) = listener.accept()?;
    let file: Vec<u8> = (0..SIZE as u32).map(|it| (it ^ (it >> 8)) as u8).collect();
    let sent = file.clone();
    let mut came = Vec::new();
    thread::scope(|scope| {
        let sender = scope.spawn(move || here.write_all(&sent));
        there.read_to_end(&mut came)?;
        sender.join().expect("no panic")?;
        anyhow::Ok(())
    })?;
    ensure!(came == file, "{} of {SIZE} bytes", came.len());
    let tally = home.link().tally(Direction::Down);
    ensure!(tally.lost > 0 && tally.held_back > 0 && tally.duplicated > 0);
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_sent_in_one_call_travels_in_packets_of_its_own() -> Result<()> {
    use nix::sys::socket::{setsockopt, sockopt::UdpGsoSegment};

    let Some(stage) = Stage::new(1)? else {
        return Ok(());
    };
    // As QUIC does: ten packets for the price of one call.
    setsockopt(&stage.inside, UdpGsoSegment, &1_200)?;
    stage.inside.send_to(&[7; 12_000], stage.server_at)?;
    let mut buffer = [0; 2_048];
    for _ in 0..10 {
        ensure!(receive(&stage.server, &mut buffer)?.0 == 1_200);
    }
    let tally = stage.home.link().tally(Direction::Up);
    ensure!(
        (tally.packets_in, tally.bytes_in) == (10, 12_280),
        "{tally:?}"
    );
    Ok(())
}
