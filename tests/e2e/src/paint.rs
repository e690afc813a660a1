//! Pictures drawn onto a display, as a program there would draw them.

use anyhow::{Context as _, Result};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, ImageFormat, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::display::Display;
use crate::picture::{Picture, Rect};

/// Bytes of a `PutImage` request that are not pixels.
const PUT_IMAGE_HEADER: usize = 32;

/// A plain window, under no window manager, that shows a picture.
#[derive(Debug)]
pub struct Easel {
    connection: RustConnection,
    window: u32,
    context: u32,
    area: Rect,
    depth: u8,
}

impl Easel {
    /// Puts up an empty easel covering `area` of the display.
    pub fn new(display: &Display, area: Rect) -> Result<Self> {
        let (connection, number) = RustConnection::connect(Some(&display.name()))?;
        let screen = connection.setup().roots.get(number).context("a screen")?;
        let (root, depth, visual, black) = (screen.root, screen.root_depth, screen.root_visual, screen.black_pixel);
        let window = connection.generate_id()?;
        connection.create_window(
            depth,
            window,
            root,
            area.x.try_into()?,
            area.y.try_into()?,
            area.width.try_into()?,
            area.height.try_into()?,
            0,
            WindowClass::INPUT_OUTPUT,
            visual,
            &CreateWindowAux::new().override_redirect(1).background_pixel(black),
        )?;
        let context = connection.generate_id()?;
        connection.create_gc(context, window, &CreateGCAux::new())?;
        connection.map_window(window)?;
        connection.get_input_focus()?.reply()?;
        Ok(Self { connection, window, context, area, depth })
    }

    /// Shows a picture; it is on the screen when this returns.
    pub fn show(&self, picture: &Picture) -> Result<()> {
        let (width, height) = (u16::try_from(self.area.width)?, u16::try_from(self.area.height)?);
        // As the window's background the picture survives being covered and uncovered.
        let pixmap = self.connection.generate_id()?;
        self.connection.create_pixmap(self.depth, pixmap, self.window, width, height)?;
        let bytes: Vec<u8> = picture.pixels().iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        let stride = picture.width() * 4;
        let rows = (self.connection.maximum_request_bytes() - PUT_IMAGE_HEADER) / stride;
        for (index, part) in bytes.chunks(stride * rows.max(1)).enumerate() {
            self.connection.put_image(
                ImageFormat::Z_PIXMAP,
                pixmap,
                self.context,
                picture.width().try_into()?,
                (part.len() / stride).try_into()?,
                0,
                (index * rows).try_into()?,
                0,
                self.depth,
                part,
            )?;
        }
        self.connection
            .change_window_attributes(self.window, &ChangeWindowAttributesAux::new().background_pixmap(pixmap))?;
        self.connection.clear_area(false, self.window, 0, 0, 0, 0)?;
        self.connection.free_pixmap(pixmap)?;
        self.connection.get_input_focus()?.reply()?;
        Ok(())
    }

    /// Fills the easel with one colour, the fastest change there is.
    pub fn fill(&self, colour: u32) -> Result<()> {
        self.connection
            .change_window_attributes(self.window, &ChangeWindowAttributesAux::new().background_pixel(colour))?;
        self.connection.clear_area(false, self.window, 0, 0, 0, 0)?;
        self.connection.get_input_focus()?.reply()?;
        Ok(())
    }
}
