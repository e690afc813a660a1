//! A cable between two network devices, as slow and as long as a customer's.
//!
//! Many kernels cannot delay packets; two devices whose other ends are files can be joined by any program.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use rustix::ioctl::{Setter, ioctl};

use crate::clock::{self, milliseconds};

/// The largest packet; the devices are told of 1500 bytes.
const PACKET: usize = 2_048;

/// Packets under way in one direction; far more than delay and queue can hold.
const UNDER_WAY: usize = 65_536;

/// How long a device that is not plugged in yet is left alone.
const UNPLUGGED: Duration = Duration::from_millis(10);

/// What to be.
#[derive(Clone, Debug, Args)]
pub(crate) struct Link {
    /// The names of the two devices, which are made.
    #[arg(long, num_args = 2, required = true)]
    devices: Vec<String>,
    /// Bits a second, each way.
    #[arg(long)]
    rate: u64,
    /// Milliseconds, each way.
    #[arg(long)]
    delay: u64,
    /// How many milliseconds of packets wait at the slow end before the next are dropped.
    #[arg(long, default_value_t = 100)]
    queue: u64,
}

/// A packet and when it comes out at the other end.
type UnderWay = (u64, Vec<u8>);

impl Link {
    /// Carries packets until it is ended.
    pub(crate) fn carry(&self) -> Result<()> {
        let [one, other] = self.devices.as_slice() else {
            bail!("a cable has two ends");
        };
        let (one, other) = (Arc::new(device(one)?), Arc::new(device(other)?));
        println!("ready");
        let mut ends = Vec::new();
        for (from, to) in [(&one, &other), (&other, &one)] {
            let (sender, receiver) = sync_channel(UNDER_WAY);
            let (link, from, to) = (self.clone(), Arc::clone(from), Arc::clone(to));
            let named = |name: &str| thread::Builder::new().name(name.to_owned());
            ends.push(named("in").spawn(move || link.enter(&from, &sender))?);
            ends.push(named("out").spawn(move || leave(&to, &receiver))?);
        }
        for end in ends {
            end.join().map_err(|_panic| anyhow!("an end fell over"))?;
        }
        Ok(())
    }

    /// Takes packets in and decides when each comes out.
    fn enter(&self, device: &File, out: &SyncSender<UnderWay>) {
        let mut free = 0;
        let mut buffer = vec![0; PACKET];
        loop {
            let mut device = device;
            // A device without the other end's network yet says so; so does one that is down.
            let Ok(length) = device.read(&mut buffer) else {
                thread::sleep(UNPLUGGED);
                continue;
            };
            let now = clock::now();
            if free > now + milliseconds(self.queue) {
                continue;
            }
            let time = length as u64 * 8 * 1_000_000_000 / self.rate.max(1);
            free = now.max(free) + time;
            let packet = buffer.get(..length).unwrap_or_default().to_vec();
            if out.send((free + milliseconds(self.delay), packet)).is_err() {
                return;
            }
        }
    }
}

/// Lets packets out, each at its time.
fn leave(device: &File, packets: &Receiver<UnderWay>) {
    for (moment, packet) in packets {
        clock::sleep_until(moment);
        let mut device = device;
        // A device that is down loses packets, as a pulled plug does.
        drop(device.write(&packet));
    }
}

/// What the kernel is told about a device: its name and its kind.
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// Makes a network device whose packets are read from and written to a file.
#[expect(
    unsafe_code,
    reason = "the one call that ties a file to a device has no safe name"
)]
fn device(name: &str) -> Result<File> {
    const TUN: u16 = 0x0001;
    const NO_PACKET_INFO: u16 = 0x1000;
    const SET_INTERFACE: u32 = 0x4004_54ca;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/net/tun")
        .context("opening /dev/net/tun")?;
    let mut request = Request {
        name: [0; 16],
        flags: TUN | NO_PACKET_INFO,
        rest: [0; 22],
    };
    // The last byte stays zero.
    for (to, from) in request.name.iter_mut().take(15).zip(name.bytes()) {
        *to = from;
    }
    // SAFETY: the request is the kernel's `ifreq` in size and order, and outlives the call.
    unsafe {
        let request = Setter::<{ SET_INTERFACE }, Request>::new(request);
        ioctl(&file, request)
    }
    .with_context(|| format!("making the device {name}"))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_as_large_as_the_kernels() {
        assert_eq!(size_of::<Request>(), 40);
    }
}
