//! Plain UDP sockets on computers of a lab.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use aldis_netlab::{Direction, Host, Link};
use anyhow::{Context as _, Result, ensure};

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// A socket on this computer, at any port.
pub(crate) fn bind(host: &Host) -> Result<UdpSocket> {
    bind_to(host, (Ipv4Addr::UNSPECIFIED, 0).into())
}

/// One of IPv6.
pub(crate) fn bind6(host: &Host) -> Result<UdpSocket> {
    bind_to(host, (Ipv6Addr::UNSPECIFIED, 0).into())
}

fn bind_to(host: &Host, address: SocketAddr) -> Result<UdpSocket> {
    let socket = host.run(|| UdpSocket::bind(address))??;
    socket.set_read_timeout(Some(LIMIT))?;
    Ok(socket)
}

/// The address at which others reach this socket of that computer.
pub(crate) fn at(host: &Host, socket: &UdpSocket) -> Result<SocketAddr> {
    let own = socket.local_addr()?;
    let address: IpAddr = if own.is_ipv6() {
        host.ipv6().context("an IPv6 address")?.into()
    } else {
        host.ipv4().context("an IPv4 address")?.into()
    };
    Ok((address, own.port()).into())
}

/// Sends this and gives the address from which it came in there.
pub(crate) fn seen(from: &UdpSocket, to: &UdpSocket, address: SocketAddr) -> Result<SocketAddr> {
    let word = format!("seen {:?}", Instant::now());
    from.send_to(word.as_bytes(), address)?;
    loop {
        let (text, peer) = hear(to)?;
        if text == word {
            return Ok(peer);
        }
    }
}

/// The next packet and its sender.
pub(crate) fn hear(socket: &UdpSocket) -> Result<(String, SocketAddr)> {
    let mut buffer = [0; 2_048];
    let (length, peer) = receive(socket, &mut buffer).context("waiting for a packet")?;
    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
    Ok((text, peer))
}

/// The next packet's length and its sender; a wait that the kernel interrupts goes on.
pub(crate) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    loop {
        match socket.recv_from(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Whether a packet that `stranger` sends to `mapped` arrives at `inside`, who is behind `link`.
///
/// `friend` is whom `inside` has talked to from there: his packet is sent once the stranger's is through the link, and so
/// arrives after it.
pub(crate) fn reaches(
    link: &Link,
    inside: &UdpSocket,
    mapped: SocketAddr,
    friend: &UdpSocket,
    stranger: &UdpSocket,
) -> Result<bool> {
    let before = link.tally(Direction::Down).packets_out;
    stranger.send_to(b"stranger", mapped)?;
    until("the stranger's packet is through the link", || {
        link.tally(Direction::Down).packets_out > before
    })?;
    friend.send_to(b"friend", mapped)?;
    let (first, _) = hear(inside)?;
    if first == "stranger" {
        ensure!(hear(inside)?.0 == "friend", "the friend comes after him");
    }
    Ok(first == "stranger")
}

/// Sends until one arrives, and gives how long that took.
pub(crate) fn send_until_heard(
    from: &UdpSocket,
    to: &UdpSocket,
    address: SocketAddr,
) -> Result<(SocketAddr, Duration)> {
    let start = Instant::now();
    let word = format!("again {start:?}");
    to.set_read_timeout(Some(Duration::from_millis(20)))?;
    let peer = loop {
        ensure!(start.elapsed() < LIMIT, "nothing is heard");
        from.send_to(word.as_bytes(), address).ok();
        // What was sent before may come as well.
        match hear(to) {
            Ok((text, peer)) if text == word => break peer,
            Ok(_) | Err(_) => {}
        }
    };
    to.set_read_timeout(Some(LIMIT))?;
    Ok((peer, start.elapsed()))
}

/// Waits for this.
pub(crate) fn until(what: &str, is: impl Fn() -> bool) -> Result<()> {
    let start = Instant::now();
    while !is() {
        ensure!(start.elapsed() < LIMIT, "waited in vain until {what}");
        std::thread::yield_now();
    }
    Ok(())
}
