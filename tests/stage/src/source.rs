//! The display that is looked at from afar: one window above all others, and pictures kept in its X server.

use std::time::Duration;

use anyhow::{Context as _, Result};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ChangeGCAux, ConfigureWindowAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask,
    ImageFormat, Rectangle, StackMode, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::canvas::{Area, Canvas};
use crate::{clock, marker, poll};

/// Bytes of a `PutImage` request that are not pixels.
const PUT_IMAGE_HEADER: usize = 32;

/// A picture that the X server keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept(u32);

/// The window and our connection.
#[derive(Debug)]
pub(crate) struct Source {
    connection: RustConnection,
    root: u32,
    window: u32,
    context: u32,
    depth: u8,
    width: u16,
    height: u16,
    kept: Vec<Kept>,
}

impl Source {
    /// Opens the window, which is not shown yet.
    pub(crate) fn open(display: &str) -> Result<Self> {
        let (connection, number) = RustConnection::connect(Some(display))
            .with_context(|| format!("connecting to display {display}"))?;
        let screen = connection.setup().roots.get(number).context("a screen")?;
        let (root, depth, visual) = (screen.root, screen.root_depth, screen.root_visual);
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let window = connection.generate_id()?;
        connection.create_window(
            depth,
            window,
            root,
            0,
            0,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            visual,
            &CreateWindowAux::new()
                .override_redirect(1)
                .event_mask(EventMask::BUTTON_PRESS),
        )?;
        let context = connection.generate_id()?;
        connection.create_gc(
            context,
            window,
            &CreateGCAux::new().graphics_exposures(0_u32),
        )?;
        connection.flush()?;
        Ok(Self {
            connection,
            root,
            window,
            context,
            depth,
            width,
            height,
            kept: Vec::new(),
        })
    }

    /// Width and height of the display.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width.into(), self.height.into())
    }

    /// Lets the X server keep a picture.
    pub(crate) fn keep(&mut self, canvas: &Canvas) -> Result<Kept> {
        let kept = Kept(self.connection.generate_id()?);
        self.kept.push(kept);
        let (width, height) = (canvas.width().try_into()?, canvas.height().try_into()?);
        self.connection
            .create_pixmap(self.depth, kept.0, self.window, width, height)?;
        self.put(kept, canvas, (0, 0))?;
        Ok(kept)
    }

    /// Lets the X server forget all pictures.
    pub(crate) fn forget_all(&mut self) -> Result<()> {
        for kept in self.kept.drain(..) {
            self.connection.free_pixmap(kept.0)?;
        }
        self.settle()
    }

    /// Writes a picture into a kept one; it is there when this returns.
    pub(crate) fn put(&self, into: Kept, canvas: &Canvas, at: (usize, usize)) -> Result<()> {
        let room = self.connection.maximum_request_bytes() - PUT_IMAGE_HEADER;
        let rows = (room / (canvas.width() * 4)).max(1);
        let mut top = 0;
        while top < canvas.height() {
            let bottom = (top + rows).min(canvas.height());
            self.connection.put_image(
                ImageFormat::Z_PIXMAP,
                into.0,
                self.context,
                canvas.width().try_into()?,
                (bottom - top).try_into()?,
                at.0.try_into()?,
                (at.1 + top).try_into()?,
                0,
                self.depth,
                &canvas.bytes(top..bottom),
            )?;
            top = bottom;
        }
        self.settle()
    }

    /// Copies a part of one kept picture into another.
    pub(crate) fn copy(
        &self,
        from: Kept,
        into: Kept,
        part: Area,
        at: (usize, usize),
    ) -> Result<()> {
        self.copy_area(from.0, into.0, part, at)
    }

    /// Draws a marker into a kept picture.
    pub(crate) fn mark(&self, into: Kept, number: u32, at: (usize, usize)) -> Result<()> {
        self.mark_area(into.0, number, at)
    }

    /// Shows a part of a kept picture at a place of the screen, with these markers on top; gives the moment.
    ///
    /// All of it travels in one piece, so nobody sees the one without the other.
    pub(crate) fn show(
        &self,
        kept: Kept,
        part: Area,
        at: (usize, usize),
        markers: &[(u32, (usize, usize))],
    ) -> Result<u64> {
        self.copy_area(kept.0, self.window, part, at)?;
        for (number, place) in markers {
            self.mark_area(self.window, *number, *place)?;
        }
        let moment = clock::now();
        self.connection.flush()?;
        Ok(moment)
    }

    /// Shows the window above all others with this picture, and puts the pointer into the far corner.
    pub(crate) fn raise(&self, kept: Kept) -> Result<()> {
        self.connection.map_window(self.window)?;
        self.connection.configure_window(
            self.window,
            &ConfigureWindowAux::new().stack_mode(StackMode::ABOVE),
        )?;
        let (width, height) = self.size();
        self.show(kept, Area::new(0, 0, width, height), (0, 0), &[])?;
        let (x, y) = (self.width.try_into()?, self.height.try_into()?);
        self.connection
            .warp_pointer(x11rb::NONE, self.root, 0, 0, 0, 0, x, y)?;
        self.settle()
    }

    /// Takes the window away.
    pub(crate) fn hide(&self) -> Result<()> {
        self.connection.unmap_window(self.window)?;
        self.settle()
    }

    /// Whether a mouse button goes down in the window within this time.
    pub(crate) fn wait_press(&self, limit: Duration) -> Result<bool> {
        let end = clock::now() + u64::try_from(limit.as_nanos())?;
        loop {
            while let Some(event) = self.connection.poll_for_event()? {
                if matches!(event, Event::ButtonPress(_)) {
                    return Ok(true);
                }
            }
            if !poll::readable(self.connection.stream(), end)? {
                return Ok(false);
            }
        }
    }

    /// What the whole screen shows now, without the pointer.
    pub(crate) fn picture(&self) -> Result<Canvas> {
        let (width, height) = self.size();
        let whole = Area::new(0, 0, width, height);
        poll::picture(&self.connection, self.root, whole)
    }

    /// Releases whatever button is held, as a lost connection may leave one.
    pub(crate) fn let_go(&self) -> Result<()> {
        const RELEASE: u8 = x11rb::protocol::xproto::BUTTON_RELEASE_EVENT;
        self.connection
            .xtest_fake_input(RELEASE, 1, 0, self.root, 0, 0, 0)?;
        self.settle()
    }

    /// Waits until the X server has done all that it was told.
    pub(crate) fn settle(&self) -> Result<()> {
        self.connection.get_input_focus()?.reply()?;
        Ok(())
    }

    fn copy_area(&self, from: u32, into: u32, part: Area, at: (usize, usize)) -> Result<()> {
        self.connection.copy_area(
            from,
            into,
            self.context,
            part.x.try_into()?,
            part.y.try_into()?,
            at.0.try_into()?,
            at.1.try_into()?,
            part.width.try_into()?,
            part.height.try_into()?,
        )?;
        Ok(())
    }

    fn mark_area(&self, into: u32, number: u32, at: (usize, usize)) -> Result<()> {
        let black = Area::new(at.0, at.1, marker::WIDTH, marker::HEIGHT);
        let white = marker::white_blocks(number, at);
        for (colour, areas) in [(0, vec![black]), (0x00ff_ffff, white)] {
            let rectangles = areas
                .into_iter()
                .map(|area| {
                    Ok(Rectangle {
                        x: area.x.try_into()?,
                        y: area.y.try_into()?,
                        width: area.width.try_into()?,
                        height: area.height.try_into()?,
                    })
                })
                .collect::<Result<Vec<_>>>()?;
            self.connection
                .change_gc(self.context, &ChangeGCAux::new().foreground(colour))?;
            self.connection
                .poly_fill_rectangle(into, self.context, &rectangles)?;
        }
        Ok(())
    }
}
