//! Other systems: networks within the machine are Linux's.

use std::fs::File;
use std::io;
use std::process::Command;
use std::time::Duration;

/// Why this process may not make networks, in one sentence.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there may be none")]
pub(crate) fn refusal() -> Option<String> {
    Some("only Linux has networks within a machine".to_owned())
}

/// Becomes this program; it gives only the reason why not.
pub(crate) fn replace_process(_command: &mut Command) -> io::Error {
    io::ErrorKind::Unsupported.into()
}

/// Moves the calling thread into a new network and gives it.
pub(crate) fn new_network() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Moves the calling thread into a network.
pub(crate) fn enter(_network: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The number under which `/proc` knows the calling thread.
pub(crate) fn thread() -> u32 {
    0
}

/// Whether this device of the calling thread's network carries packets.
pub(crate) fn is_running(_device: &str) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Lets the calling thread go before others.
pub(crate) fn hurry() {}

/// Makes the NAT of the calling thread's network forget everybody.
pub(crate) fn forget_mappings() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A network device whose other end is this process.
#[derive(Debug)]
pub(crate) enum Tun {}

impl Tun {
    /// Makes one in the calling thread's network.
    pub(crate) fn new(_name: &str) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The next packet that waits, if one does.
    pub(crate) fn read(&self, _buffer: &mut [u8]) -> Option<usize> {
        match *self {}
    }

    /// Lets a packet out.
    pub(crate) fn write(&self, _packet: &[u8]) {
        match *self {}
    }
}

/// What wakes a thread that waits for packets.
#[derive(Debug)]
pub(crate) enum Bell {}

impl Bell {
    /// One that has not rung.
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Wakes who waits.
    pub(crate) fn ring(&self) {
        match *self {}
    }
}

/// Waits for a packet, the bell or the end of this time.
pub(crate) fn wait(devices: [&Tun; 2], _bell: &Bell, _limit: Option<Duration>) -> io::Result<()> {
    match *devices[0] {}
}
