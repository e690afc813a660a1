//! Pictures drawn onto a display, as a program there would draw them.

use anyhow::{Context as _, Result};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, ImageFormat,
    WindowClass,
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
    depth: u8,
}

impl Easel {
    /// Puts up an empty easel covering `area` of the display.
    pub fn new(display: &Display, area: Rect) -> Result<Self> {
        let (connection, number) = RustConnection::connect(Some(&display.name()))?;
        let screen = connection.setup().roots.get(number).context("a screen")?;
        let (root, depth, visual, black) = (
            screen.root,
            screen.root_depth,
            screen.root_visual,
            screen.black_pixel,
        );
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
            &CreateWindowAux::new()
                .override_redirect(1)
                .background_pixel(black),
        )?;
        connection.map_window(window)?;
        connection.get_input_focus()?.reply()?;
        Ok(Self {
            connection,
            window,
            depth,
        })
    }

    /// Shows a picture; it is on the screen when this returns.
    pub fn show(&self, picture: &Picture) -> Result<()> {
        set_background(&self.connection, self.window, self.depth, picture)
    }

    /// Fills the easel with one colour, the fastest change there is.
    pub fn fill(&self, colour: u32) -> Result<()> {
        self.connection.change_window_attributes(
            self.window,
            &ChangeWindowAttributesAux::new().background_pixel(colour),
        )?;
        self.connection.clear_area(false, self.window, 0, 0, 0, 0)?;
        self.connection.get_input_focus()?.reply()?;
        Ok(())
    }
}

/// Gives the display a calm desktop picture, so that screenshots show where windows end.
pub fn wallpaper(display: &Display) -> Result<()> {
    let (width, height) = (usize::from(display.width()), usize::from(display.height()));
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let at = ((x + 2 * y) * 64 / (width + 2 * height)) as u32;
            pixels.push((0x24 + at / 2) << 16 | (0x3a + at) << 8 | (0x5e + at));
        }
    }
    let depth = display
        .connection()
        .setup()
        .roots
        .first()
        .context("a screen")?
        .root_depth;
    set_background(
        display.connection(),
        display.root(),
        depth,
        &Picture::new(width, height, pixels)?,
    )
}

/// Makes the picture the window's background: there it survives being covered and uncovered.
fn set_background(
    connection: &RustConnection,
    window: u32,
    depth: u8,
    picture: &Picture,
) -> Result<()> {
    let (width, height) = (
        u16::try_from(picture.width())?,
        u16::try_from(picture.height())?,
    );
    let pixmap = connection.generate_id()?;
    connection.create_pixmap(depth, pixmap, window, width, height)?;
    let context = connection.generate_id()?;
    connection.create_gc(context, pixmap, &CreateGCAux::new())?;
    let bytes: Vec<u8> = picture
        .pixels()
        .iter()
        .flat_map(|pixel| pixel.to_le_bytes())
        .collect();
    let stride = picture.width() * 4;
    let rows = ((connection.maximum_request_bytes() - PUT_IMAGE_HEADER) / stride).max(1);
    for (index, part) in bytes.chunks(stride * rows).enumerate() {
        let (high, y) = (
            u16::try_from(part.len() / stride)?,
            i16::try_from(index * rows)?,
        );
        connection.put_image(
            ImageFormat::Z_PIXMAP,
            pixmap,
            context,
            width,
            high,
            0,
            y,
            0,
            depth,
            part,
        )?;
    }
    connection.change_window_attributes(
        window,
        &ChangeWindowAttributesAux::new().background_pixmap(pixmap),
    )?;
    connection.clear_area(false, window, 0, 0, 0, 0)?;
    connection.free_gc(context)?;
    connection.free_pixmap(pixmap)?;
    connection.get_input_focus()?.reply()?;
    Ok(())
}
