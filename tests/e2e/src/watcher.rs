//! A program on a display that only notes what it receives.

use std::time::Duration;

use anyhow::{Context as _, Result};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus, PropMode, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::display::Display;
use crate::picture::Rect;
use crate::wait;

/// Something a window received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A key went down (true) or up, by its place on the keyboard.
    Key(u8, bool),
    /// A mouse button went down (true) or up, at this place of the screen; 4 and 5 are the wheel.
    Button(u8, bool, i16, i16),
    /// The pointer moved to this place of the screen.
    Motion(i16, i16),
}

/// A window that notes keys, buttons and motion.
#[derive(Debug)]
pub struct Watcher {
    connection: RustConnection,
    seen: Vec<Seen>,
    area: Rect,
}

impl Watcher {
    /// Opens the window over `area` of the display, above the others, with the keyboard focus.
    pub fn open(display: &Display, area: Rect) -> Result<Self> {
        let (connection, number) = RustConnection::connect(Some(&display.name()))?;
        let screen = connection.setup().roots.get(number).context("a screen")?;
        let (root, depth, visual) = (screen.root, screen.root_depth, screen.root_visual);
        let window = connection.generate_id()?;
        let events = EventMask::KEY_PRESS
            | EventMask::KEY_RELEASE
            | EventMask::BUTTON_PRESS
            | EventMask::BUTTON_RELEASE
            | EventMask::POINTER_MOTION
            | EventMask::EXPOSURE;
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
            // No window manager's frame or key bindings: what arrives here arrived at the display.
            &CreateWindowAux::new()
                .override_redirect(1)
                .background_pixel(0x00e5_e9f0)
                .event_mask(events),
        )?;
        connection.change_property8(
            PropMode::REPLACE,
            window,
            AtomEnum::WM_NAME,
            AtomEnum::STRING,
            b"watcher",
        )?;
        connection.map_window(window)?;
        connection.flush()?;
        let mut watcher = Self {
            connection,
            seen: Vec::new(),
            area,
        };
        wait::until("the watcher's window", wait::STEP, || {
            let event = watcher.connection.poll_for_event()?;
            Ok(matches!(event, Some(Event::Expose(_))).then_some(()))
        })?;
        watcher
            .connection
            .set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?;
        watcher.connection.get_input_focus()?.reply()?;
        watcher.forget()?;
        Ok(watcher)
    }

    /// Where the window is.
    pub fn area(&self) -> Rect {
        self.area
    }

    /// All that arrived since it was opened or last forgot.
    pub fn seen(&mut self) -> Result<&[Seen]> {
        while let Some(event) = self.connection.poll_for_event()? {
            let seen = match event {
                Event::KeyPress(key) => Seen::Key(key.detail, true),
                Event::KeyRelease(key) => Seen::Key(key.detail, false),
                Event::ButtonPress(button) => {
                    Seen::Button(button.detail, true, button.root_x, button.root_y)
                }
                Event::ButtonRelease(button) => {
                    Seen::Button(button.detail, false, button.root_x, button.root_y)
                }
                Event::MotionNotify(motion) => Seen::Motion(motion.root_x, motion.root_y),
                _ => continue,
            };
            self.seen.push(seen);
        }
        Ok(&self.seen)
    }

    /// Forgets what has arrived.
    pub fn forget(&mut self) -> Result<()> {
        // What the X server has told already belongs to the past too.
        self.connection.get_input_focus()?.reply()?;
        self.seen()?;
        self.seen.clear();
        Ok(())
    }

    /// Waits until `enough` of all that arrived.
    pub fn wait(&mut self, what: &str, enough: impl Fn(&[Seen]) -> bool) -> Result<Vec<Seen>> {
        let result = wait::until(what, wait::STEP, || {
            let seen = self.seen()?;
            Ok(enough(seen).then(|| seen.to_vec()))
        });
        result.with_context(|| format!("what arrived: {:?}", self.seen))
    }

    /// Waits until these keys went down, in this order (other things may lie between).
    pub fn wait_keys_down(&mut self, keys: &[u8]) -> Result<Vec<Seen>> {
        self.wait(&format!("the keys {keys:?}"), |seen| {
            let mut rest = keys.iter().peekable();
            for item in seen {
                if let (Seen::Key(code, true), Some(next)) = (item, rest.peek())
                    && code == *next
                {
                    rest.next();
                }
            }
            rest.peek().is_none()
        })
    }

    /// Checks for `length` that nothing arrives.
    pub fn stays_untouched(&mut self, length: Duration) -> Result<()> {
        self.forget()?;
        wait::throughout(length, || {
            let seen = self.seen()?;
            anyhow::ensure!(seen.is_empty(), "input arrived that must not: {seen:?}");
            Ok(())
        })
    }
}
