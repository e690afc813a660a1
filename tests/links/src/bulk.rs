//! Much at once over one stream, as a file would go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aldis_link::{Connection, Identity, Node};
use aldis_links::{Painter, soon};
use aldis_netlab::{Conditions, Direction, Lab, Loss, Nat, Queue, Runtime, Site};
use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::figure::Figure;
use crate::typing::percentile;

/// For how long it is sent.
const TIME: Duration = Duration::from_secs(15);

/// How long both ways take beside a rival.
const LONG: Duration = Duration::from_secs(40);

/// How long before the other the first of them begins.
const HEAD_START: Duration = Duration::from_secs(5);

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

    /// Begins to send all that one stream takes.
    fn stream(&self) -> Transfer {
        let from = self.from.clone();
        let sender = self.sends.handle().spawn(async move {
            let mut stream = from.open_uni().await?;
            fill(&mut stream).await
        });
        let (to, arrived) = (self.to.clone(), Arc::new(AtomicU64::new(0)));
        let counts = Arc::clone(&arrived);
        let taker = self.takes.handle().spawn(async move {
            let mut stream = to.accept_uni().await?;
            count(&mut stream, &counts).await
        });
        Transfer {
            arrived,
            tasks: [sender, taker],
        }
    }

    /// The same with the system's own TCP.
    fn tcp(&self, rules: &'static str) -> Result<Transfer> {
        let listener = self.takes.block_on(TcpListener::bind(("0.0.0.0", 0)))?;
        let to = SocketAddr::from((self.at, listener.local_addr()?.port()));
        let arrived = Arc::new(AtomicU64::new(0));
        let counts = Arc::clone(&arrived);
        let taker = self.takes.handle().spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            count(&mut stream, &counts).await
        });
        let sender = self.sends.handle().spawn(async move {
            let mut stream = TcpStream::connect(to).await?;
            socket2::SockRef::from(&stream).set_tcp_congestion(rules.as_bytes())?;
            fill(&mut stream).await
        });
        Ok(Transfer {
            arrived,
            tasks: [sender, taker],
        })
    }

    /// Sends for so long; gives how many bytes arrived.
    fn send(&self, time: Duration) -> u64 {
        let transfer = self.stream();
        std::thread::sleep(time);
        transfer.arrived()
    }

    /// Asks again and again how long the way there and back takes, until told to end.
    fn probe(&self, is_over: &Arc<AtomicBool>) -> Result<JoinHandle<Vec<Duration>>> {
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

/// What goes on until it is dropped.
#[derive(Debug)]
struct Transfer {
    arrived: Arc<AtomicU64>,
    tasks: [JoinHandle<Result<()>>; 2],
}

impl Transfer {
    /// Bytes so far.
    fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

async fn fill(stream: &mut (impl AsyncWrite + Unpin)) -> Result<()> {
    let block = vec![7; 64 << 10];
    loop {
        stream.write_all(&block).await?;
    }
}

async fn count(stream: &mut (impl AsyncRead + Unpin), bytes: &AtomicU64) -> Result<()> {
    let mut block = vec![0; 64 << 10];
    loop {
        let read = stream.read(&mut block).await?;
        ensure!(read > 0, "it ended");
        bytes.fetch_add(read as u64, Ordering::Relaxed);
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
    let rate = megabits(pair.send(TIME), TIME);
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
    let rate = megabits(pair.send(TIME), TIME);
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
    let rate = megabits(pair.send(TIME), TIME);
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

/// The system's own TCP with CUBIC sends over the same link, and comes later.
pub(crate) fn beside_late_cubic(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    let rival = Rival {
        rules: "cubic",
        is_first: false,
    };
    let what = "20 Mbit/s, queue of 100 ms, TCP with CUBIC comes 5 s later";
    beside(lab, rival, what)
}

/// The same was there before.
pub(crate) fn beside_first_cubic(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    let rival = Rival {
        rules: "cubic",
        is_first: true,
    };
    beside(lab, rival, "the same, TCP with CUBIC was there 5 s before")
}

/// As [`beside_late_cubic`], with BBR.
pub(crate) fn beside_late_bbr(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    let rival = Rival {
        rules: "bbr",
        is_first: false,
    };
    beside(lab, rival, "the same, TCP with BBR comes 5 s later")
}

/// As [`beside_first_cubic`], with BBR.
pub(crate) fn beside_first_bbr(lab: &Lab, _: &Painter) -> Result<Vec<Figure>> {
    let rival = Rival {
        rules: "bbr",
        is_first: true,
    };
    beside(lab, rival, "the same, TCP with BBR was there 5 s before")
}

/// Another sender over the same link.
#[derive(Clone, Copy, Debug)]
struct Rival {
    /// Of the kernel's congestion controls.
    rules: &'static str,
    is_first: bool,
}

impl Rival {
    /// What somebody and this rival have of the link, in Mbit/s.
    fn share(self, lab: &Lab, begin: impl FnOnce(&Pair) -> Result<Transfer>) -> Result<[f64; 2]> {
        let pair = Pair::new(lab, LINE)?;
        let (ours, theirs);
        if self.is_first {
            theirs = pair.tcp(self.rules)?;
            std::thread::sleep(HEAD_START);
            ours = begin(&pair)?;
        } else {
            ours = begin(&pair)?;
            std::thread::sleep(HEAD_START);
            theirs = pair.tcp(self.rules)?;
        }
        let before = [ours.arrived(), theirs.arrived()];
        std::thread::sleep(LONG);
        let shares = [
            megabits(ours.arrived() - before[0], LONG),
            megabits(theirs.arrived() - before[1], LONG),
        ];
        ensure!(
            shares.iter().all(|share| *share > 0.0),
            "one of both did not run (has this kernel TCP {}?): {shares:?} Mbit/s",
            self.rules
        );
        Ok(shares)
    }
}

/// What we have beside a rival, and what TCP with CUBIC has in our place: who has about that does
/// not yield too much, whatever the half would be. Both are a matter of luck, by a third or so.
fn beside(lab: &Lab, rival: Rival, what: &str) -> Result<Vec<Figure>> {
    let ratio = |[ours, theirs]: [f64; 2]| ours / theirs.max(0.001);
    let told = |it: [f64; 2]| format!("{:.1} / {:.1} Mbit/s = {:.2}", it[0], it[1], ratio(it));
    let ours = rival.share(lab, |pair| Ok(pair.stream()))?;
    let instead = rival.share(lab, |pair| pair.tcp("cubic"))?;
    let about = ratio(instead);
    let fair = (about * 2.0 / 3.0).min(0.5)..=(about * 3.0 / 2.0).max(2.0);
    Ok(vec![
        Figure::new(
            format!("{what}: ours / theirs over 40 s"),
            told(ours),
            "0.5 to 2, or about CUBIC's",
            fair.contains(&ratio(ours)),
        ),
        Figure::plain("the same: CUBIC in our place / theirs", told(instead)),
    ])
}
