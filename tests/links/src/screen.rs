//! The customer's screen: an X server, and a program on it whose colour tells how often a key was
//! pressed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ChangeGCAux, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Gcontext,
    ImageFormat, InputFocus, Rectangle, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::wait::PATIENCE;

/// Width and height of the screen.
pub const SCREEN: (u16, u16) = (640, 480);

/// Set in the process that has a screen of its own.
const ON_STAGE: &str = "ALDIS_LINKS_ON_STAGE";

/// An X server; ended when dropped.
#[derive(Debug)]
pub struct Xvfb {
    process: Child,
    name: String,
}

impl Xvfb {
    /// Starts one.
    pub fn start() -> Result<Self> {
        let (width, height) = SCREEN;
        let mut process = Command::new("Xvfb")
            .args(["-displayfd", "1", "-noreset", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb is not installed; `cargo xtask setup` installs it")?;
        let out = process.stdout.take().context("its output")?;
        let mut number = String::new();
        BufReader::new(out).read_line(&mut number)?;
        let name = format!(":{}", number.trim());
        Ok(Self { process, name })
    }

    /// Runs `play` in a process whose screen is an X server of its own: this program, started again
    /// with these arguments and in this environment.
    pub fn on_stage(
        arguments: &[&str],
        environment: &[(&str, &str)],
        play: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if std::env::var_os(ON_STAGE).is_some() {
            return play();
        }
        let screen = Self::start()?;
        let status = Command::new(std::env::current_exe()?)
            .args(arguments)
            .env("DISPLAY", &screen.name)
            .env_remove("WAYLAND_DISPLAY")
            .env(ON_STAGE, "1")
            .envs(environment.iter().copied())
            .status()?;
        ensure!(status.success(), "it failed; see above");
        Ok(())
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A program all over the screen.
#[derive(Debug)]
pub struct Painter {
    conn: RustConnection,
    window: Window,
    gc: Gcontext,
    size: (u16, u16),
}

impl Painter {
    /// Opens its window on the screen that `DISPLAY` names.
    pub fn open() -> Result<Self> {
        let (width, height) = SCREEN;
        Self::open_at(Rectangle {
            x: 0,
            y: 0,
            width,
            height,
        })?
        .with_keys()
    }

    /// Takes the keys from whoever had them.
    pub fn with_keys(self) -> Result<Self> {
        let focus = InputFocus::PARENT;
        self.conn
            .set_input_focus(focus, self.window, x11rb::CURRENT_TIME)?;
        self.conn.sync()?;
        Ok(self)
    }

    /// Opens a window that covers only this, and leaves the keys to whoever has them.
    pub fn open_at(area: Rectangle) -> Result<Self> {
        let (conn, number) = RustConnection::connect(None)?;
        let root = conn.setup().roots[number].root;
        let (window, gc) = (conn.generate_id()?, conn.generate_id()?);
        let Rectangle {
            x,
            y,
            width,
            height,
        } = area;
        let aux = CreateWindowAux::new()
            .override_redirect(1)
            .event_mask(EventMask::KEY_PRESS | EventMask::KEY_RELEASE);
        let class = WindowClass::INPUT_OUTPUT;
        conn.create_window(0, window, root, x, y, width, height, 0, class, 0, &aux)?;
        conn.map_window(window)?;
        conn.create_gc(gc, window, &CreateGCAux::new())?;
        conn.sync()?;
        Ok(Self {
            conn,
            window,
            gc,
            size: (width, height),
        })
    }

    /// Fills a rectangle.
    pub fn fill(&self, area: Rectangle, colour: u32) -> Result<()> {
        let aux = ChangeGCAux::new().foreground(colour);
        self.conn.change_gc(self.gc, &aux)?;
        self.conn
            .poly_fill_rectangle(self.window, self.gc, &[area])?;
        self.conn.flush()?;
        Ok(())
    }

    /// Shows these pixels, four bytes each, all over its window.
    pub fn show(&self, pixels: &[u8]) -> Result<()> {
        let (width, height) = self.size;
        let (format, depth) = (ImageFormat::Z_PIXMAP, 24);
        // A request has a longest length.
        let rows = (32_768 / (usize::from(width) * 4)).max(1);
        for (band, pixels) in pixels.chunks(rows * usize::from(width) * 4).enumerate() {
            let (y, lines) = (band * rows, pixels.len() / (usize::from(width) * 4));
            self.conn.put_image(
                format,
                self.window,
                self.gc,
                width,
                lines as u16,
                0,
                (y as u16).cast_signed(),
                0,
                depth,
                pixels,
            )?;
        }
        self.conn.flush()?;
        ensure!(usize::from(height) * usize::from(width) * 4 == pixels.len());
        Ok(())
    }

    /// Fills its window, which is the whole screen unless it was opened smaller.
    pub fn fill_all(&self, colour: u32) -> Result<()> {
        let (width, height) = self.size;
        let area = Rectangle {
            x: 0,
            y: 0,
            width,
            height,
        };
        self.fill(area, colour)
    }

    /// Waits until a key goes down, or up.
    pub fn until_key(&self, down: bool) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            match self.conn.poll_for_event()? {
                Some(Event::KeyPress(_)) if down => return Ok(()),
                Some(Event::KeyRelease(_)) if !down => return Ok(()),
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        bail!("no key went {}", if down { "down" } else { "up" })
    }

    /// The keys that went down and up since the last call.
    pub fn keys(&self) -> Result<(usize, usize)> {
        self.conn.sync()?;
        let (mut down, mut up) = (0, 0);
        while let Some(event) = self.conn.poll_for_event()? {
            match event {
                Event::KeyPress(_) => down += 1,
                Event::KeyRelease(_) => up += 1,
                _ => {}
            }
        }
        Ok((down, up))
    }
}
