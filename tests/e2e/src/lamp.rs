//! A program that answers every key by changing its colour at once, to measure how long the way there and back takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, CreateWindowAux,
    EventMask, InputFocus, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::display::Display;
use crate::picture::Rect;

/// The two colours.
const COLOURS: [u32; 2] = [0x0020_8040, 0x00c0_4020];

/// The window and the thread that answers its keys; a click gives it the focus.
#[derive(Debug)]
pub struct Lamp {
    connection: Arc<RustConnection>,
    window: u32,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    area: Rect,
}

impl Lamp {
    /// Opens it over `area` of the display, above the others, with the keyboard focus.
    pub fn open(display: &Display, area: Rect) -> Result<Self> {
        let (connection, number) = RustConnection::connect(Some(&display.name()))?;
        let screen = connection.setup().roots.get(number).context("a screen")?;
        let (root, depth, visual) = (screen.root, screen.root_depth, screen.root_visual);
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
                .background_pixel(COLOURS[0])
                .event_mask(EventMask::KEY_PRESS | EventMask::BUTTON_PRESS | EventMask::EXPOSURE),
        )?;
        connection.map_window(window)?;
        connection.flush()?;
        while !matches!(connection.wait_for_event()?, Event::Expose(_)) {}
        connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?;
        connection.get_input_focus()?.reply()?;

        let (connection, stop) = (Arc::new(connection), Arc::new(AtomicBool::new(false)));
        let (theirs, stopped) = (Arc::clone(&connection), Arc::clone(&stop));
        let thread = thread::Builder::new()
            .name("lamp".to_owned())
            // Without its X server a lamp has nothing left to do.
            .spawn(move || drop(answer_keys(&theirs, window, &stopped)))?;
        Ok(Self {
            connection,
            window,
            stop,
            thread: Some(thread),
            area,
        })
    }

    /// Whether keys would reach it.
    pub fn has_focus(&self) -> Result<bool> {
        Ok(self.connection.get_input_focus()?.reply()?.focus == self.window)
    }

    /// A place inside it.
    pub fn middle(&self) -> (i32, i32) {
        self.area.middle()
    }
}

impl Drop for Lamp {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread, which waits for an event.
        let nudge = ClientMessageEvent::new(32, self.window, AtomEnum::WM_NAME, [0_u32; 5]);
        if self
            .connection
            .send_event(false, self.window, EventMask::NO_EVENT, nudge)
            .is_ok()
            && self.connection.flush().is_ok()
            && let Some(thread) = self.thread.take()
        {
            drop(thread.join());
        }
    }
}

fn answer_keys(connection: &RustConnection, window: u32, stop: &AtomicBool) -> Result<()> {
    let mut lit = 0;
    while !stop.load(Ordering::Relaxed) {
        match connection.wait_for_event()? {
            Event::KeyPress(_) => {
                lit = 1 - lit;
                let colour = COLOURS.get(lit).copied().unwrap_or_default();
                let colour = ChangeWindowAttributesAux::new().background_pixel(colour);
                connection.change_window_attributes(window, &colour)?;
                connection.clear_area(false, window, 0, 0, 0, 0)?;
                connection.flush()?;
            }
            // No window manager looks after this window, so it takes the focus itself.
            Event::ButtonPress(_) => {
                connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?;
                connection.flush()?;
            }
            _ => {}
        }
    }
    Ok(())
}
