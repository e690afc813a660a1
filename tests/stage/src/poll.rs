//! Waiting on an X server for a while, and reading its pixels.

use std::os::fd::AsFd;

use anyhow::Result;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};
use x11rb::rust_connection::RustConnection;

use crate::canvas::{Area, Canvas};
use crate::clock;

/// Waits until something can be read, or until this moment; tells which.
pub(crate) fn readable(stream: &impl AsFd, end: u64) -> Result<bool> {
    const SECOND: u64 = 1_000_000_000;
    loop {
        let left = end.saturating_sub(clock::now());
        if left == 0 {
            return Ok(false);
        }
        let limit = Timespec {
            tv_sec: (left / SECOND).cast_signed(),
            tv_nsec: (left % SECOND).cast_signed(),
        };
        let mut fds = [PollFd::new(stream, PollFlags::IN)];
        match poll(&mut fds, Some(&limit)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a part of a window or of a kept picture shows now.
pub(crate) fn picture(connection: &RustConnection, of: u32, area: Area) -> Result<Canvas> {
    let cookie = connection.get_image(
        ImageFormat::Z_PIXMAP,
        of,
        area.x.try_into()?,
        area.y.try_into()?,
        area.width.try_into()?,
        area.height.try_into()?,
        u32::MAX,
    )?;
    Ok(canvas(area, &cookie.reply()?.data))
}

/// The pixels of an answer.
pub(crate) fn canvas(area: Area, data: &[u8]) -> Canvas {
    let pixels = data.as_chunks::<4>().0.iter();
    let pixels = pixels.map(|bytes| u32::from_le_bytes(*bytes) & 0x00FF_FFFF);
    Canvas::from_pixels(area.width, area.height, pixels.collect())
}
