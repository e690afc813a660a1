//! A person's hands on mouse and keyboard, through xdotool.

use anyhow::{Result, ensure};

use crate::display::Display;

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

    /// Presses and releases a key or a chord, as "Return" or "ctrl+c".
    pub fn key(&self, chord: &str) -> Result<()> {
        self.xdotool(&["key", chord])
    }

    /// Types text that the current layout has.
    pub fn type_text(&self, text: &str) -> Result<()> {
        self.xdotool(&["type", "--delay", "12", text])
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
