//! A person's hands on mouse and keyboard, through xdotool.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use x11rb::protocol::xproto::{
    AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ClientMessageEvent, ConnectionExt as _,
    EventMask,
};
use x11rb::protocol::xtest::ConnectionExt as _;

use crate::display::Display;
use crate::picture::Picture;
use crate::wait;

impl Display {
    /// Moves the pointer.
    pub fn point(&self, x: i32, y: i32) -> Result<()> {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string()])
    }

    /// Clicks the left button at a place.
    pub fn click(&self, x: i32, y: i32) -> Result<()> {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"])
    }

    /// Drags with the left button held.
    pub fn drag(&self, from: (i32, i32), to: (i32, i32)) -> Result<()> {
        let middle = (i32::midpoint(from.0, to.0), i32::midpoint(from.1, to.1));
        let at = |(x, y): (i32, i32)| [x.to_string(), y.to_string()];
        let ([x0, y0], [x1, y1], [x2, y2]) = (at(from), at(middle), at(to));
        self.xdotool(&["mousemove", &x0, &y0, "mousedown", "1"])?;
        self.xdotool(&["mousemove", &x1, &y1])?;
        self.xdotool(&["mousemove", &x2, &y2, "mouseup", "1"])
    }

    /// Turns the wheel by `notches`, down if positive.
    pub fn wheel(&self, notches: i32) -> Result<()> {
        let button = if notches > 0 { "5" } else { "4" };
        self.xdotool(&[
            "click",
            "--repeat",
            &notches.unsigned_abs().to_string(),
            "--delay",
            "30",
            button,
        ])
    }

    /// Lets a free wheel spin down by `notches`, one after each `pace`: faster than xdotool clicks.
    pub fn spin(&self, notches: u32, pace: Duration) -> Result<()> {
        const DOWN: u8 = 5;
        for _ in 0..notches {
            for kind in [BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT] {
                self.connection()
                    .xtest_fake_input(kind, DOWN, 0, self.root(), 0, 0, 0)?;
            }
            // A round trip: the server has acted when this returns.
            self.connection().get_input_focus()?.reply()?;
            thread::sleep(pace);
        }
        Ok(())
    }

    /// Presses and releases a key or a chord, as "Return" or "ctrl+c".
    pub fn key(&self, chord: &str) -> Result<()> {
        self.xdotool(&["key", chord])
    }

    /// Types text that the current layout has.
    pub fn type_text(&self, text: &str) -> Result<()> {
        self.xdotool(&["type", "--delay", "12", text])
    }

    /// Closes the window with this title as its cross does: the window manager asks the program to close it.
    pub fn close_window(&self, title: &str) -> Result<()> {
        // Time unknown, and from a pager, whom window managers obey.
        self.ask_manager(title, b"_NET_CLOSE_WINDOW", |_| Ok([0, 2, 0, 0, 0]))
    }

    /// Lets the window with this title fill the screen.
    pub fn maximize_window(&self, title: &str) -> Result<()> {
        self.ask_manager(title, b"_NET_WM_STATE", |display| {
            let wide = display.atom(b"_NET_WM_STATE_MAXIMIZED_HORZ")?;
            let high = display.atom(b"_NET_WM_STATE_MAXIMIZED_VERT")?;
            Ok([1, wide, high, 2, 0])
        })
    }

    /// Minimizes the window with this title, and waits until it is gone.
    pub fn hide_window(&self, title: &str) -> Result<()> {
        let script = ["search", "--onlyvisible", "--name", title, "windowminimize"];
        self.xdotool(&script)?;
        wait::until("the window to be minimized", wait::STEP, || {
            Ok((self.shown_windows(title)? == 0).then_some(()))
        })
    }

    /// The picture that the window with this title gives to task bars.
    pub fn window_icon(&self, title: &str) -> Result<Picture> {
        let (window, icon) = (self.window(title)?, self.atom(b"_NET_WM_ICON")?);
        let asked =
            self.connection()
                .get_property(false, window, icon, AtomEnum::CARDINAL, 0, u32::MAX)?;
        let reply = asked.reply()?;
        let mut values = reply.value32().context("the icon's numbers")?;
        let mut side = || values.next().context("an icon");
        let (width, height) = (side()?, side()?);
        let pixels = values.take((width * height) as usize);
        let pixels = pixels.map(|pixel| pixel & 0x00FF_FFFF).collect();
        Picture::new(width.try_into()?, height.try_into()?, pixels)
    }

    /// The shown window with this title.
    fn window(&self, title: &str) -> Result<u32> {
        let found = self.tool("xdotool", &["search", "--onlyvisible", "--name", title])?;
        let window = found.stdout.lines().next();
        let window = window.context("a window of this title")?;
        Ok(window.trim().parse()?)
    }

    /// How many windows with this title are shown.
    pub fn shown_windows(&self, title: &str) -> Result<usize> {
        let found = self.tool("xdotool", &["search", "--onlyvisible", "--name", title])?;
        Ok(found.stdout.lines().count())
    }

    /// Asks the window manager for something about the window with this title.
    fn ask_manager(
        &self,
        title: &str,
        what: &[u8],
        data: impl Fn(&Self) -> Result<[u32; 5]>,
    ) -> Result<()> {
        let window = self.window(title)?;
        let message = ClientMessageEvent::new(32, window, self.atom(what)?, data(self)?);
        let to_the_manager = EventMask::SUBSTRUCTURE_NOTIFY | EventMask::SUBSTRUCTURE_REDIRECT;
        self.connection()
            .send_event(false, self.root(), to_the_manager, message)?;
        self.connection().get_input_focus()?.reply()?;
        Ok(())
    }

    fn atom(&self, name: &[u8]) -> Result<u32> {
        Ok(self.connection().intern_atom(false, name)?.reply()?.atom)
    }

    /// Runs xdotool on this display.
    pub fn xdotool(&self, arguments: &[&str]) -> Result<()> {
        let done = self.tool("xdotool", arguments)?;
        ensure!(
            done.status.success(),
            "xdotool {arguments:?}: {}",
            done.stderr
        );
        Ok(())
    }
}
