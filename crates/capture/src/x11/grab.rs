//! Fetching pixels: through a memory segment that only the server and we can see, or, where the
//! server is on another machine, through the connection.

use std::os::fd::OwnedFd;
use std::ptr::NonNull;

use aldis_screen::{Frame, Rect};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::ReplyError;
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat, ImageOrder, Screen, Window};
use x11rb::rust_connection::RustConnection;

use crate::CaptureError;

const ALL_PLANES: u32 = !0;

/// Fetches pixels into frames.
#[derive(Debug)]
pub(super) struct Grabber {
    shared: Shared,
}

/// Whether a shared segment can be used.
#[derive(Debug)]
enum Shared {
    /// It can, and this is the segment once there was need for one.
    Yes(Option<Segment>),
    /// The server cannot, or is on another machine.
    No,
}

impl Grabber {
    /// Checks that the screen's pixels are blue, green, red, unused in memory.
    pub(super) fn new(conn: &RustConnection, screen: &Screen) -> Result<Self, CaptureError> {
        let setup = conn.setup();
        let depth = screen.root_depth;
        let format = setup
            .pixmap_formats
            .iter()
            .find(|format| format.depth == depth);
        let bits = format.map_or(0, |format| format.bits_per_pixel);
        let visual = screen
            .allowed_depths
            .iter()
            .flat_map(|depth| &depth.visuals)
            .find(|visual| visual.visual_id == screen.root_visual);
        let masks = visual.map(|visual| (visual.red_mask, visual.green_mask, visual.blue_mask));
        if !matches!(depth, 24 | 32)
            || bits != 32
            || setup.image_byte_order != ImageOrder::LSB_FIRST
            || masks != Some((0xff_0000, 0xff00, 0xff))
        {
            return Err(CaptureError::Format { depth, bits });
        }
        // File descriptors travel with MIT-SHM 1.2; a server on another machine has no use for
        // them, and says so when the first one arrives.
        let shared = conn
            .extension_information(shm::X11_EXTENSION_NAME)?
            .is_some()
            && {
                let version = conn.shm_query_version()?.reply()?;
                (version.major_version, version.minor_version) >= (1, 2)
            };
        Ok(Self {
            shared: if shared {
                Shared::Yes(None)
            } else {
                Shared::No
            },
        })
    }

    /// Brings these parts of `frame` up to date; `place` is its top left corner on the desktop.
    ///
    /// The parts must lie in the frame, and be disjoint or one.
    pub(super) fn fetch(
        &mut self,
        conn: &RustConnection,
        root: Window,
        place: (i32, i32),
        parts: &[Rect],
        frame: &mut Frame,
    ) -> Result<(), CaptureError> {
        let needed = frame.data().len();
        if let Shared::Yes(segment) = &mut self.shared {
            if segment
                .as_ref()
                .is_none_or(|segment| segment.length < needed)
            {
                if let Some(old) = segment.take() {
                    conn.shm_detach(old.id)?;
                }
                *segment = Segment::attach(conn, needed)?;
            }
            if let Some(segment) = segment {
                return fetch_shared(conn, root, place, parts, segment, frame);
            }
            tracing::debug!("no shared memory with the X server: pixels come by the connection");
            self.shared = Shared::No;
        }
        fetch_plain(conn, root, place, parts, frame)
    }
}

/// All parts are asked for before the first answer is read: one round trip for all of them.
fn fetch_shared(
    conn: &RustConnection,
    root: Window,
    place: (i32, i32),
    parts: &[Rect],
    segment: &mut Segment,
    frame: &mut Frame,
) -> Result<(), CaptureError> {
    let mut offset = 0;
    let mut answers = Vec::with_capacity(parts.len());
    for part in parts {
        let (x, y, width, height) = on_desktop(place, *part)?;
        let cookie = conn.shm_get_image(
            root,
            x,
            y,
            width,
            height,
            ALL_PLANES,
            ImageFormat::Z_PIXMAP.into(),
            segment.id,
            offset,
        )?;
        answers.push((cookie, offset as usize));
        offset += part.width * part.height * 4;
    }
    for ((cookie, offset), part) in answers.into_iter().zip(parts) {
        cookie.reply()?;
        segment.read(offset, (part.area() * 4) as usize, |pixels| {
            copy(pixels, *part, frame);
        });
    }
    Ok(())
}

fn fetch_plain(
    conn: &RustConnection,
    root: Window,
    place: (i32, i32),
    parts: &[Rect],
    frame: &mut Frame,
) -> Result<(), CaptureError> {
    for part in parts {
        let (x, y, width, height) = on_desktop(place, *part)?;
        let reply = conn
            .get_image(ImageFormat::Z_PIXMAP, root, x, y, width, height, ALL_PLANES)?
            .reply()?;
        copy(&reply.data, *part, frame);
    }
    Ok(())
}

/// The protocol's numbers for a part of the desktop.
fn on_desktop(place: (i32, i32), part: Rect) -> Result<(i16, i16, u16, u16), CaptureError> {
    let corner = |place: i32, inside: u32| i16::try_from(i64::from(place) + i64::from(inside)).ok();
    let numbers = (|| {
        Some((
            corner(place.0, part.x)?,
            corner(place.1, part.y)?,
            u16::try_from(part.width).ok()?,
            u16::try_from(part.height).ok()?,
        ))
    })();
    numbers.ok_or_else(|| CaptureError::System("the desktop is too large for X11".to_owned()))
}

/// Copies a part's pixels into its place and fills the unused byte.
fn copy(pixels: &[u8], part: Rect, frame: &mut Frame) {
    let rows = pixels.chunks_exact((part.width as usize * 4).max(4));
    for (y, source) in (part.y..part.bottom()).zip(rows) {
        for (to, from) in frame
            .row_mut(part, y)
            .chunks_exact_mut(4)
            .zip(source.chunks_exact(4))
        {
            let pixel = u32::from_le_bytes([from[0], from[1], from[2], from[3]]);
            to.copy_from_slice(&(pixel | 0xff00_0000).to_le_bytes());
        }
    }
}

/// A piece of memory that the server writes pixels into.
#[derive(Debug)]
struct Segment {
    id: shm::Seg,
    start: NonNull<u8>,
    length: usize,
}

#[expect(
    unsafe_code,
    reason = "the mapping belongs to the segment and to no thread"
)]
// SAFETY: `start` is an ordinary address of this process, valid from any thread.
unsafe impl Send for Segment {}

impl Segment {
    /// Makes a segment and gives it to the server; none if the server does not take it.
    fn attach(conn: &RustConnection, length: usize) -> Result<Option<Self>, CaptureError> {
        let Ok((file, start)) = make(length) else {
            return Ok(None);
        };
        let segment = Self {
            id: conn.generate_id()?,
            start,
            length,
        };
        let answer = match conn.shm_attach_fd(segment.id, file, false) {
            Ok(cookie) => cookie.check(),
            Err(error) => Err(error.into()),
        };
        match answer {
            Ok(()) => Ok(Some(segment)),
            Err(
                ReplyError::X11Error(_)
                | ReplyError::ConnectionError(x11rb::errors::ConnectionError::FdPassingFailed),
            ) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Shows these bytes; the server must have answered the request that fills them.
    #[expect(unsafe_code, reason = "the memory is shared with the X server")]
    fn read(&mut self, offset: usize, length: usize, look: impl FnOnce(&[u8])) {
        assert!(
            offset
                .checked_add(length)
                .is_some_and(|end| end <= self.length)
        );
        // SAFETY: the range lies in the mapping, which lives as long as `self` and cannot shrink
        // (it is sealed); the server writes only while it answers a request for this range, and
        // it has answered, and `&mut self` keeps others from asking again meanwhile.
        look(unsafe { std::slice::from_raw_parts(self.start.as_ptr().add(offset), length) });
    }
}

impl Drop for Segment {
    #[expect(unsafe_code, reason = "gives the mapping back")]
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `map` made, and nothing borrows from it any more.
        if let Err(error) = unsafe { munmap(self.start.as_ptr().cast(), self.length) } {
            tracing::debug!(%error, "a segment could not be unmapped");
        }
    }
}

/// Memory of this many bytes, and a descriptor to share it by.
#[expect(unsafe_code, reason = "shared memory is mapped memory")]
fn make(length: usize) -> Result<(OwnedFd, NonNull<u8>), Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = memfd_create("aldis-capture", flags)?;
    ftruncate(&file, length as u64)?;
    // So that nobody can cut the memory away while it is read.
    fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    // SAFETY: the system chooses a free place, so no memory that Rust knows of is replaced.
    let start = unsafe {
        mmap(
            std::ptr::null_mut(),
            length,
            ProtFlags::READ,
            MapFlags::SHARED,
            &file,
            0,
        )
    }?;
    Ok((file, NonNull::new(start.cast()).ok_or(Errno::NOMEM)?))
}
