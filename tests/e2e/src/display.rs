//! A real X server without a monitor.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};
use x11rb::rust_connection::RustConnection;

use crate::picture::{Picture, Rect};
use crate::program::Program;
use crate::wait;

/// One X server and our own connection to it.
#[derive(Debug)]
pub struct Display {
    number: u32,
    width: u16,
    height: u16,
    root: u32,
    connection: RustConnection,
    logs: PathBuf,
    server: Program,
}

impl Display {
    /// Starts an X server with one screen of this size that nobody sees, `without` one of its extensions; its log goes to the folder `logs`.
    pub fn start(width: u16, height: u16, without: Option<&str>, logs: &Path) -> Result<Self> {
        let mut command = Command::new("Xvfb");
        // -noreset: without it the server forgets its keyboard layout when the last client leaves.
        command.args([
            "-displayfd",
            "1",
            "-noreset",
            "-nolisten",
            "tcp",
            "-dpi",
            "96",
            "-screen",
            "0",
        ]);
        command.arg(format!("{width}x{height}x24"));
        if let Some(extension) = without {
            command.args(["-extension", extension]);
        }
        Self::run(width, height, &command, logs)
    }

    /// Starts an X server whose screen is a window of the desktop that this program runs on.
    pub fn start_in_window(width: u16, height: u16, title: &str, logs: &Path) -> Result<Self> {
        let mut command = Command::new("Xephyr");
        command.args([
            "-displayfd",
            "1",
            "-noreset",
            "-nolisten",
            "tcp",
            "-no-host-grab",
            "-title",
            title,
            "-screen",
        ]);
        command.arg(format!("{width}x{height}"));
        Self::run(width, height, &command, logs)
    }

    fn run(width: u16, height: u16, command: &Command, logs: &Path) -> Result<Self> {
        let mut server = Program::start("display", command, logs)?;
        let number: u32 = server
            .wait_line("", wait::STEP)?
            .trim()
            .parse()
            .context("the X server names its display")?;
        let (connection, screen) = RustConnection::connect(Some(&format!(":{number}")))
            .with_context(|| format!("connecting to display :{number}"))?;
        let root = connection
            .setup()
            .roots
            .get(screen)
            .context("the display has a screen")?
            .root;
        Ok(Self {
            number,
            width,
            height,
            root,
            connection,
            logs: logs.to_path_buf(),
            server,
        })
    }

    /// Its name, as `DISPLAY` has it.
    pub fn name(&self) -> String {
        format!(":{}", self.number)
    }

    /// Width in pixels.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u16 {
        self.height
    }

    /// Our own connection to it.
    pub fn connection(&self) -> &RustConnection {
        &self.connection
    }

    /// The root window.
    pub fn root(&self) -> u32 {
        self.root
    }

    /// The X server's process.
    pub fn server(&mut self) -> &mut Program {
        &mut self.server
    }

    /// The X server's process id.
    pub fn server_id(&self) -> u32 {
        self.server.id()
    }

    /// Where its logs go.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// What the whole screen shows now, without the pointer.
    pub fn picture(&self) -> Result<Picture> {
        self.part(Rect {
            x: 0,
            y: 0,
            width: self.width.into(),
            height: self.height.into(),
        })
    }

    /// What a part of the screen shows now, without the pointer.
    pub fn part(&self, part: Rect) -> Result<Picture> {
        let (x, y) = (i16::try_from(part.x)?, i16::try_from(part.y)?);
        let (width, height) = (u16::try_from(part.width)?, u16::try_from(part.height)?);
        let image = self
            .connection
            .get_image(
                ImageFormat::Z_PIXMAP,
                self.root,
                x,
                y,
                width,
                height,
                u32::MAX,
            )?
            .reply()
            .context("reading the screen")?;
        let pixels: Vec<u32> = image
            .data
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| u32::from_le_bytes(*bytes) & 0x00FF_FFFF)
            .collect();
        Picture::new(width.into(), height.into(), pixels)
    }

    /// What the screen shows once it is at rest: fades are over, layouts have settled.
    ///
    /// A cursor may blink for ever; then it is what the screen shows after three seconds.
    pub fn picture_at_rest(&self) -> Result<Picture> {
        const LOOKS: u32 = 6;
        let mut last = self.picture()?;
        let mut same = 0;
        let at_rest = wait::until("a screen at rest", Duration::from_secs(3), || {
            let now = self.picture()?;
            same = if now == last { same + 1 } else { 0 };
            last = now;
            Ok((same >= LOOKS).then_some(()))
        });
        match at_rest {
            Ok(()) => Ok(last),
            Err(_) => self.picture(),
        }
    }

    /// One pixel of the screen, read exactly.
    pub fn pixel(&self, x: i32, y: i32) -> Result<u32> {
        Ok(self
            .part(Rect {
                x,
                y,
                width: 1,
                height: 1,
            })?
            .pixel(0, 0))
    }

    /// Where the pointer is.
    pub fn pointer(&self) -> Result<(i32, i32)> {
        let at = self.connection.query_pointer(self.root)?.reply()?;
        Ok((at.root_x.into(), at.root_y.into()))
    }

    /// Gives the keyboard this layout, as `setxkbmap -layout` takes it ("es", or "us,de" for two groups).
    pub fn set_layout(&self, layout: &str) -> Result<()> {
        let done = self.tool(
            "setxkbmap",
            &["-model", "pc105", "-layout", layout, "-option", ""],
        )?;
        ensure!(done.status.success(), "setxkbmap {layout}: {}", done.stderr);
        Ok(())
    }

    /// Runs a small program on this display to its end.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Result<crate::program::Finished> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("DISPLAY", self.name())
            .env_remove("WAYLAND_DISPLAY");
        Program::start(&format!("tool-{program}"), &command, &self.logs)?.wait_end(wait::STEP)
    }
}
