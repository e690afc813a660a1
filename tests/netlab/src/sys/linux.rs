//! Linux: namespaces, tunnel devices and the books of its NAT.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};
use nix::sys::time::TimeSpec;
use nix::unistd::gettid;
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

/// Why this process may not make networks, in one sentence.
pub(crate) fn refusal() -> Option<String> {
    const NET_ADMIN: u64 = 1 << 12;
    const SYS_ADMIN: u64 = 1 << 21;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let held = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or_default();
    let wanted = NET_ADMIN | SYS_ADMIN;
    (held & wanted != wanted)
        .then(|| "only root, or who runs under `unshare -Ur`, may make networks".to_owned())
}

/// Becomes this program; it gives only the reason why not.
pub(crate) fn replace_process(command: &mut Command) -> io::Error {
    command.exec()
}

/// Moves the calling thread into a new network and gives it.
pub(crate) fn new_network() -> io::Result<File> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    File::open("/proc/thread-self/ns/net")
}

/// Moves the calling thread into a network.
pub(crate) fn enter(network: &File) -> io::Result<()> {
    Ok(setns(network, CloneFlags::CLONE_NEWNET)?)
}

/// The number under which `/proc` knows the calling thread.
pub(crate) fn thread() -> u32 {
    gettid().as_raw().unsigned_abs()
}

/// Whether this device of the calling thread's network carries packets; the kernel makes it so in its own time.
pub(crate) fn is_running(device: &str) -> io::Result<bool> {
    let wanted = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
    let mut all = getifaddrs()?;
    Ok(all.any(|it| it.interface_name == device && it.flags.contains(wanted)))
}

/// Lets the calling thread go before others, where that is allowed: a cable does not wait for programs.
pub(crate) fn hurry() {
    let mut command = Command::new("chrt");
    command.args(["--fifo", "--pid", "1", &thread().to_string()]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    // Where it is not, packets are late when the machine is busy, and counted as that.
    command.status().ok();
}

/// Makes the NAT of the calling thread's network forget everybody, as one that was switched off and on.
pub(crate) fn forget_mappings() -> io::Result<()> {
    /// "Delete", in the part of netlink that keeps connections.
    const DELETE: u16 = (1 << 8) | 2;
    const REQUEST_AND_ANSWER: u16 = 1 | 4;
    let mut request = Vec::new();
    request.extend_from_slice(&20_u32.to_ne_bytes());
    request.extend_from_slice(&DELETE.to_ne_bytes());
    request.extend_from_slice(&REQUEST_AND_ANSWER.to_ne_bytes());
    // Number and sender, and then any family, version 0 and no resource: that is, everything.
    request.extend_from_slice(&[0; 12]);
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkNetFilter,
    )?;
    let (fd, kernel) = (socket.as_raw_fd(), NetlinkAddr::new(0, 0));
    sendto(fd, &request, &kernel, MsgFlags::empty())?;
    let mut answer = [0; 1_024];
    let length = recv(fd, &mut answer, MsgFlags::empty())?;
    let code = answer.get(..length).and_then(|it| it.get(16..20));
    let code = code.and_then(|it| it.try_into().ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-code)),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// A network device whose other end is this process.
#[derive(Debug)]
pub(crate) struct Tun(Device);

struct Device(SyncDevice);

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Device").field(&self.0.as_raw_fd()).finish()
    }
}

impl Tun {
    /// Makes one in the calling thread's network, switched off.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let device = DeviceBuilder::new()
            .name(name)
            .layer(Layer::L3)
            .inherit_enable_state()
            .build_sync()?;
        device.set_nonblocking(true)?;
        Ok(Self(Device(device)))
    }

    /// The next packet that waits, if one does.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> Option<usize> {
        self.0.0.recv(buffer).ok()
    }

    /// Lets a packet out; a device that is down loses it, as a pulled plug does.
    pub(crate) fn write(&self, packet: &[u8]) {
        drop(self.0.0.send(packet));
    }
}

/// What wakes a thread that waits for packets.
#[derive(Debug)]
pub(crate) struct Bell(EventFd);

impl Bell {
    /// One that has not rung.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self(EventFd::from_flags(flags)?))
    }

    /// Wakes who waits, or the next who will.
    pub(crate) fn ring(&self) {
        // It can only be full, and then it rings already.
        self.0.write(1).ok();
    }
}

/// Waits for a packet, the bell or the end of this time.
pub(crate) fn wait(devices: [&Tun; 2], bell: &Bell, limit: Option<Duration>) -> io::Result<()> {
    let [one, other] = devices.map(|it| PollFd::new(it.0.0.as_fd(), PollFlags::POLLIN));
    let mut all = [one, other, PollFd::new(bell.0.as_fd(), PollFlags::POLLIN)];
    match ppoll(&mut all, limit.map(TimeSpec::from), None) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    bell.0.read().ok();
    Ok(())
}
