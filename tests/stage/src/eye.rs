//! The display that the viewer is on: woken by every change, it reads what is shown.

use anyhow::{Context as _, Result};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, CreateGCAux, ImageFormat,
    SubwindowMode,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::canvas::{Area, Canvas};
use crate::{clock, poll};

/// Of so many rows, one is sampled; not at the lower edge, where the pointer waits.
const SAMPLED: usize = 15;

/// How many rows of a screen of this height are sampled.
fn sampled_rows(height: usize) -> usize {
    height / SAMPLED - 4
}

/// Our own connection to the viewer's display.
#[derive(Debug)]
pub(crate) struct Eye {
    connection: RustConnection,
    root: u32,
    damage: u32,
    context: u32,
    samples: u32,
    width: u16,
    height: u16,
}

impl Eye {
    /// Begins to look.
    pub(crate) fn open(display: &str) -> Result<Self> {
        let (connection, number) = RustConnection::connect(Some(display))
            .with_context(|| format!("connecting to display {display}"))?;
        let screen = connection.setup().roots.get(number).context("a screen")?;
        let (root, depth) = (screen.root, screen.root_depth);
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        connection.damage_query_version(1, 1)?.reply()?;
        let damage = connection.generate_id()?;
        connection.damage_create(damage, root, ReportLevel::NON_EMPTY)?;
        let samples = connection.generate_id()?;
        connection.create_pixmap(depth, samples, root, width, height / SAMPLED as u16)?;
        let context = connection.generate_id()?;
        let whole = CreateGCAux::new()
            .graphics_exposures(0_u32)
            .subwindow_mode(SubwindowMode::INCLUDE_INFERIORS);
        connection.create_gc(context, root, &whole)?;
        connection.get_input_focus()?.reply()?;
        Ok(Self {
            connection,
            root,
            damage,
            context,
            samples,
            width,
            height,
        })
    }

    /// Width and height of the display.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width.into(), self.height.into())
    }

    /// Waits until something changes on the display, or until this moment; tells which.
    pub(crate) fn wait_change(&self, end: u64) -> Result<bool> {
        loop {
            let mut changed = false;
            while let Some(event) = self.connection.poll_for_event()? {
                changed |= matches!(event, Event::DamageNotify(_));
            }
            if changed {
                // What changes from here on is told anew, and what is read from here on is newer.
                self.connection
                    .damage_subtract(self.damage, x11rb::NONE, x11rb::NONE)?;
                self.connection.flush()?;
                return Ok(true);
            }
            if !poll::readable(self.connection.stream(), end)? {
                return Ok(false);
            }
        }
    }

    /// Waits until nothing has changed for so long; tells whether that came before `end`.
    pub(crate) fn wait_quiet(&self, length: u64, end: u64) -> Result<bool> {
        while clock::now() < end {
            if !self.wait_change(clock::now() + length)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What these parts of the screen show now; one round trip for all of them.
    pub(crate) fn parts(&self, areas: &[Area]) -> Result<Vec<Canvas>> {
        let mut cookies = Vec::with_capacity(areas.len());
        for area in areas {
            cookies.push(self.connection.get_image(
                ImageFormat::Z_PIXMAP,
                self.root,
                area.x.try_into()?,
                area.y.try_into()?,
                area.width.try_into()?,
                area.height.try_into()?,
                u32::MAX,
            )?);
        }
        cookies
            .into_iter()
            .zip(areas)
            .map(|(cookie, area)| Ok(poll::canvas(*area, &cookie.reply()?.data)))
            .collect()
    }

    /// What the whole screen shows now, without the pointer.
    pub(crate) fn picture(&self) -> Result<Canvas> {
        let (width, height) = self.size();
        poll::picture(&self.connection, self.root, Area::new(0, 0, width, height))
    }

    /// Some rows of what the screen shows now, gathered in the X server so that they travel as one.
    pub(crate) fn sampled(&self) -> Result<Canvas> {
        let (width, height) = self.size();
        for row in 0..sampled_rows(height) {
            self.connection.copy_area(
                self.root,
                self.samples,
                self.context,
                0,
                (row * SAMPLED + SAMPLED / 2).try_into()?,
                0,
                row.try_into()?,
                self.width,
                1,
            )?;
        }
        let area = Area::new(0, 0, width, sampled_rows(height));
        poll::picture(&self.connection, self.samples, area)
    }

    /// Moves the pointer.
    pub(crate) fn point(&self, x: usize, y: usize) -> Result<()> {
        self.connection.warp_pointer(
            x11rb::NONE,
            self.root,
            0,
            0,
            0,
            0,
            x.try_into()?,
            y.try_into()?,
        )?;
        self.connection.get_input_focus()?.reply()?;
        Ok(())
    }

    /// Clicks where the pointer is; gives the moment the button went down.
    pub(crate) fn click(&self) -> Result<u64> {
        let moment = clock::now();
        for kind in [BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT] {
            self.connection
                .xtest_fake_input(kind, 1, 0, self.root, 0, 0, 0)?;
        }
        self.connection.flush()?;
        Ok(moment)
    }
}

/// The rows of a picture that [`Eye::sampled`] looks at.
pub(crate) fn samples_of(canvas: &Canvas) -> Canvas {
    Canvas::from_fn(canvas.width(), sampled_rows(canvas.height()), |x, y| {
        canvas.row(y * SAMPLED + SAMPLED / 2)[x]
    })
}
