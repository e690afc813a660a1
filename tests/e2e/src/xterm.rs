//! A real program that takes text: xterm with `tee` writing what is typed to its window and a file.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use x11rb::protocol::xproto::ConnectionExt as _;

use crate::desk::Desk;
use crate::display::Display;
use crate::picture::Rect;
use crate::program::Program;
use crate::wait;

/// What the window shows before anything is typed.
const NOTES: &str = "Things to ask\\r\\n\\r\\n  1. Why is my printer grey?\\r\\n  2. Where did my photos go?\\r\\n\\r\\n";

/// An xterm whose typed lines go to a file.
#[derive(Debug)]
pub struct XtermFile {
    program: Program,
    file: PathBuf,
    read: usize,
}

impl XtermFile {
    /// Opens it on a desk, at its usual place, and waits until it takes text.
    pub fn open(desk: &Desk) -> Result<Self> {
        let (file, ready) = (
            desk.home().join("typed.txt"),
            desk.home().join("typed.ready"),
        );
        drop(fs::remove_file(&ready));
        let mut command = desk.command("xterm");
        command
            .args([
                "-u8",
                "-geometry",
                "70x20+40+360",
                "-fa",
                "Monospace",
                "-fs",
                "11",
                "-title",
                "Notes",
            ])
            // Without line editing: nothing but what arrives reaches the file.
            .args([
                "-e",
                "sh",
                "-c",
                "stty raw -echo; printf \"$3\"; : > \"$1\"; : > \"$2\"; exec tee \"$1\"",
                "sh",
            ])
            .args([&file, &ready])
            .arg(NOTES);
        let mut program = desk.start_program("xterm", &command)?;
        wait::until("xterm to take text", wait::STEP, || {
            program.check_running()?;
            Ok(ready.exists().then_some(()))
        })?;
        Ok(Self {
            program,
            file,
            read: 0,
        })
    }

    /// Waits until exactly this text arrived after what was read before.
    pub fn wait_text(&mut self, text: &str) -> Result<()> {
        let mut last = String::new();
        let result = wait::until("the typed text", wait::STEP, || {
            self.program.check_running()?;
            last = self.unread()?;
            Ok((last == text).then_some(()))
        });
        result.with_context(|| format!("expected {text:?}, arrived {last:?}"))?;
        self.read += text.len();
        Ok(())
    }

    /// What arrived after what was read before.
    pub fn unread(&self) -> Result<String> {
        let bytes = fs::read(&self.file).context("reading the typed text")?;
        Ok(String::from_utf8_lossy(bytes.get(self.read..).unwrap_or_default()).into_owned())
    }

    /// Where the one xterm of a display is on its screen.
    pub fn place(display: &Display) -> Result<Rect> {
        let found = display.tool("xdotool", &["search", "--onlyvisible", "--name", "^Notes$"])?;
        let window: u32 = found
            .stdout
            .lines()
            .next()
            .context("the xterm's window")?
            .trim()
            .parse()?;
        let size = display.connection().get_geometry(window)?.reply()?;
        let corner = display
            .connection()
            .translate_coordinates(window, display.root(), 0, 0)?
            .reply()?;
        let (x, y) = (corner.dst_x.into(), corner.dst_y.into());
        Ok(Rect {
            x,
            y,
            width: size.width.into(),
            height: size.height.into(),
        })
    }

    /// Takes all that arrived so far as read.
    pub fn forget(&mut self) -> Result<()> {
        self.read = fs::metadata(&self.file)?.len() as usize;
        Ok(())
    }
}
