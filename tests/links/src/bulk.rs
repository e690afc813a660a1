//! Much at once over one stream, as a file would go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aldis_link::{Connection, Identity, Node};
use aldis_links::{Painter, soon};
use aldis_netlab::{Conditions, Direction, Lab, Loss, Nat, Queue, Runtime, Site};
use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::interval;

use crate::figure::Figure;
use crate::typing::percentile;

/// For how long it is sent.
const TIME: Duration = Duration::from_secs(15);

/// How long both ways take beside a rival.
const LONG: Duration = Duration::from_secs(40);

/// How often the delay is probed.
const PROBE: Duration = Duration::from_millis(20);

/// The link of these measurements, in both directions.
const LINE: Conditions = Conditions {
    delay: Duration::from_millis(50),
    rate: Some(20_000_000),
    queue: Queue::of(Duration::from_millis(100)),
    jitter: Duration::ZERO,
    loss: Loss::NONE,
    reorder: aldis_netlab::Reorder {
        share: 0.0,
        by: Duration::ZERO,
    },
    duplicate: 0.0,
};

/// Two computers with public addresses, and a connection between them.
#[derive(Debug)]
struct Pair {
    home: Site,
    sends: Runtime,
    takes: Runtime,
    from: Connection,
    to: Connection,
    /// Where the taker is.
    at: std::net::Ipv4Addr,
    _nodes: [Node; 2],
    _shop: Site,
}

impl Pair {
    fn new(lab: &Lab, line: Conditions) -> Result<Self> {
        let (home, shop) = (lab.site("home", Nat::Open)?, lab.site("shop", Nat::Open)?);
        home.link().set(line);
        let (sends, takes) = (home.runtime()?, shop.runtime()?);
        let node = || Node::bind_any(Arc::new(Identity::generate()?)).map_err(anyhow::Error::from);
        let host = sends.block_on(async { node() })?;
        let viewer = takes.block_on(async { node() })?;
        host.expect_peers(&[viewer.identity().hash()]);
        let door = SocketAddr::from((home.public_address(), host.local_addr()?.port()));
        let (waits, key) = (host.clone(), host.identity().hash());
        let accepted = sends.handle().spawn(async move {
            let incoming = waits.accept().await.context("a caller")?;
            anyhow::Ok(incoming.await?)
        });
        let to = takes.block_on(viewer.dial_peer(&[door], key))?;
        let from = sends.block_on(soon("the caller", accepted))???;
        Ok(Self {
            home,
            sends,
            takes,
            from,
            to,
            at: shop.public_address(),
            _nodes: [host, viewer],
            _shop: shop,
        })
    }

    /// Sends for so long; gives how many bytes arrived.
    fn send(&self, time: Duration) -> Result<u64> {
        let from = self.from.clone();
        let sender = self.sends.handle().spawn(async move {
            let mut stream = from.open_uni().await?;
            let block = vec![7; 64 << 10];
            loop {
                stream.write_all(&block).await?;
            }
            #[expect(unreachable_code, reason = "it says what the task's errors are")]
            anyhow::Ok(())
        });
        let to = self.to.clone();
        let bytes = self.takes.block_on(async move {
            let mut stream = soon("the stream", to.accept_uni()).await??;
            let (mut bytes, mut block) = (0, vec![0; 64 << 10]);
            let end = tokio::time::Instant::now() + time;
            while let Ok(read) = tokio::time::timeout_at(end, stream.read(&mut block)).await {
                bytes += read?.context("more of it")? as u64;
            }
            anyhow::Ok(bytes)
        });
        sender.abort();
        bytes
    }

    /// Asks again and again how long the way there and back takes, until told to end.
    fn probe(&self, is_over: &Arc<AtomicBool>) -> Result<tokio::task::JoinHandle<Vec<Duration>>> {
        let far = self.takes.block_on(UdpSocket::bind(("0.0.0.0", 0)))?;
        let near = self.sends.block_on(UdpSocket::bind(("0.0.0.0", 0)))?;
        let to = SocketAddr::from((self.at, far.local_addr()?.port()));
        self.takes.handle().spawn(async move {
            let mut packet = [0; 8];
            while let Ok((_, from)) = far.recv_from(&mut packet).await {
                drop(far.send_to(&packet, from).await);
            }
        });
        let is_over = Arc::clone(is_over);
        Ok(self.sends.handle().spawn(async move {
            let (mut sent, mut times) = (Vec::new(), Vec::new());
            let (mut beat, mut packet) = (interval(PROBE), [0; 8]);
            while !is_over.load(Ordering::Relaxed) {
                tokio::select! {
                    _ = beat.tick() => {
                        let number = sent.len() as u64;
                        sent.push(Instant::now());
                        drop(near.send_to(&number.to_le_bytes(), to).await);
                    }
                    heard = near.recv_from(&mut packet) => {
                        let number = u64::from_le_bytes(packet) as usize;
                        if let (Ok(_), Some(sent)) = (heard, sent.get(number)) {
                            times.push(sent.elapsed());
                        }
                    }
                }
            }
            times.sort_unstable();
            times
        }))
    }
}

fn megabits(bytes: u64, time: Duration) -> f64 {
    8.0 * bytes as f64 / time.as_secs_f64() / 1e6
}

/// A link that is as fast as this machine but for what it loses.
pub(crate) fn at_loss(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    let line = Conditions {
        delay: Duration::from_millis(50),
        loss: Loss::random(0.05),
        ..Conditions::default()
    };
    let pair = Pair::new(lab, line)?;
    let rate = megabits(pair.send(TIME)?, TIME);
    Ok(vec![Figure::new(
        "5 % loss, 100 ms: a transfer",
        format!("{rate:.1} Mbit/s"),
        "2 Mbit/s",
        rate >= 2.0,
    )])
}

/// A link that is as fast as this machine and loses nothing.
pub(crate) fn near(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    let pair = Pair::new(lab, Conditions::default())?;
    let rate = megabits(pair.send(TIME)?, TIME);
    Ok(vec![Figure::plain(
        "a link as fast as this machine: a transfer",
        format!("{rate:.0} Mbit/s"),
    )])
}

pub(crate) fn over_a_queue(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    transfer(lab, LINE, "20 Mbit/s, 100 ms, queue of 100 ms")
}

pub(crate) fn over_a_lossy_queue(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    let loss = Loss::random(0.05);
    transfer(
        lab,
        Conditions { loss, ..LINE },
        "20 Mbit/s, 100 ms, queue of 100 ms, 5 % loss",
    )
}

fn transfer(lab: &Lab, line: Conditions, what: &str) -> Result<Vec<Figure>> {
    let pair = Pair::new(lab, line)?;
    let is_over = Arc::new(AtomicBool::new(false));
    let probe = pair.probe(&is_over)?;
    let before = pair.home.link().tally(Direction::Up);
    let rate = megabits(pair.send(TIME)?, TIME);
    let tally = pair.home.link().tally(Direction::Up);
    is_over.store(true, Ordering::Relaxed);
    let times = pair.sends.block_on(probe)?;
    let own = 2 * line.delay;
    let above = |percent| percentile(&times, percent).map(|it| it.saturating_sub(own));
    let (half, most) = (above(50)?, above(95)?);
    let (overflowed, sent) = (
        tally.overflowed - before.overflowed,
        tally.packets_in - before.packets_in,
    );
    let overflowed = 100.0 * overflowed as f64 / sent.max(1) as f64;
    println!("{tally:?}");
    Ok(vec![
        Figure::new(
            format!("{what}: a transfer"),
            format!("{rate:.1} Mbit/s"),
            "15 Mbit/s",
            rate >= 15.0,
        ),
        Figure::new(
            "the same: lost by its own doing",
            format!("{overflowed:.2} %"),
            "2 %",
            overflowed <= 2.0,
        ),
        Figure::new(
            "the same: above the path's own delay, p50 / p95",
            format!("{} / {} ms", half.as_millis(), most.as_millis()),
            "60 ms",
            most <= Duration::from_millis(60),
        ),
    ])
}

/// The system's own TCP sends over the same link.
pub(crate) fn beside_tcp(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (rules, is_late, what) in [
        (
            "cubic",
            false,
            "20 Mbit/s, queue of 100 ms, TCP with CUBIC comes 5 s later",
        ),
        ("cubic", true, "the same, TCP was there 5 s before"),
        ("bbr", false, "the same, TCP with BBR comes 5 s later"),
    ] {
        let pair = Pair::new(lab, LINE)?;
        let theirs = Arc::new(AtomicU64::new(0));
        let listener = pair.takes.block_on(TcpListener::bind(("0.0.0.0", 0)))?;
        let to = SocketAddr::from((pair.at, listener.local_addr()?.port()));
        let counts = Arc::clone(&theirs);
        let taker = pair.takes.handle().spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            let mut block = vec![0; 64 << 10];
            loop {
                let read = stream.read(&mut block).await?;
                counts.fetch_add(read as u64, Ordering::Relaxed);
                if read == 0 {
                    return anyhow::Ok(());
                }
            }
        });
        let head_start = Duration::from_secs(5);
        let sender = pair.sends.handle().spawn(async move {
            if !is_late {
                tokio::time::sleep(head_start).await;
            }
            let mut stream = TcpStream::connect(to).await?;
            socket2::SockRef::from(&stream).set_tcp_congestion(rules.as_bytes())?;
            let block = vec![7; 64 << 10];
            loop {
                stream.write_all(&block).await?;
            }
            #[expect(unreachable_code, reason = "it says what the task's errors are")]
            anyhow::Ok(())
        });
        if is_late {
            std::thread::sleep(head_start);
        } else {
            pair.send(head_start)?;
        }
        theirs.store(0, Ordering::Relaxed);
        let ours = pair.send(LONG)?;
        let theirs = theirs.load(Ordering::Relaxed);
        sender.abort();
        taker.abort();
        let ratio = ours as f64 / theirs.max(1) as f64;
        let what = format!("{what}: ours / theirs over 40 s");
        let measured = format!(
            "{:.1} / {:.1} Mbit/s = {ratio:.2}",
            megabits(ours, LONG),
            megabits(theirs, LONG)
        );
        figures.push(if rules == "bbr" {
            Figure::plain(what, measured)
        } else {
            let is_fair = (0.5..=2.0).contains(&ratio);
            Figure::new(what, measured, "0.5 to 2", is_fair)
        });
    }
    Ok(figures)
}
