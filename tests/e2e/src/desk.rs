//! One person's computer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::access::{self, Access, Wanted, Widget};
use crate::binaries;
use crate::display::Display;
use crate::paint;
use crate::program::{Finished, Program};
use crate::wait;

/// What a desk is like.
#[derive(Clone, Copy, Debug)]
pub struct DeskOptions {
    /// Width of the screen.
    pub width: u16,
    /// Height of the screen.
    pub height: u16,
    /// Whether a window manager (openbox) runs.
    pub window_manager: bool,
    /// An extension that the X server is told to leave out.
    pub without: Option<&'static str>,
    /// Who paints our windows: `processor` or `graphics`, which is OpenGL in software here.
    pub painter: &'static str,
    /// Whether the screen is a window of the desktop that this program runs on, for people to see.
    pub visible: bool,
    /// The process whose network the programs on this desk use, where that is not this machine's.
    pub network: Option<u32>,
}

impl Default for DeskOptions {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 800,
            window_manager: true,
            without: None,
            painter: "processor",
            visible: false,
            network: None,
        }
    }
}

/// A display, a session bus with accessibility, a window manager and a home folder, all private.
///
/// The fields are dropped in this order: whoever needs the bus or the display goes first.
#[derive(Debug)]
pub struct Desk {
    access: Access,
    _window_manager: Option<Program>,
    _launcher: Program,
    _bus: Program,
    display: Display,
    environment: Vec<(String, String)>,
    network: Option<u32>,
    home: PathBuf,
    logs: PathBuf,
}

impl Desk {
    /// Sets up a desk called `name` for the test `test`. Logs go to `target/e2e/TEST/NAME`.
    pub fn start(test: &str, name: &str, options: DeskOptions) -> Result<Self> {
        let logs = binaries::target().join("e2e").join(test).join(name);
        empty_folder(&logs)?;
        let display = if options.visible {
            Display::start_in_window(
                options.width,
                options.height,
                &format!("The {name}'s screen"),
                &logs,
            )?
        } else {
            Display::start(options.width, options.height, options.without, &logs)?
        };

        let home = binaries::target().join("tmp/e2e").join(test).join(name);
        empty_folder(&home)?;
        let mut environment = private_folders(&home)?;
        environment.extend([
            ("DISPLAY".to_owned(), display.name()),
            ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("LIBGL_ALWAYS_SOFTWARE".to_owned(), "1".to_owned()),
            ("ALDIS_PAINTER".to_owned(), options.painter.to_owned()),
        ]);

        let mut command = with_environment("dbus-daemon", &environment);
        command.args(["--session", "--nofork", "--nosyslog", "--print-address=1"]);
        if options.network.is_some() {
            // A socket without a file is heard in its own network only.
            let folder = home.join("run");
            command.arg(format!("--address=unix:dir={}", folder.display()));
        }
        let mut bus = Program::start("dbus", &command, &logs)?;
        let address = bus.wait_line("", wait::STEP)?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS".to_owned(), address));

        let mut command = with_environment(launcher()?, &environment);
        command.arg("--launch-immediately");
        let launcher = Program::start("at-spi", &command, &logs)?;
        let access = Access::start(&environment, &logs)?;

        let window_manager = if options.window_manager {
            let openbox =
                Program::start("openbox", &with_environment("openbox", &environment), &logs)?;
            wait_for_window_manager(&display)?;
            Some(openbox)
        } else {
            None
        };
        paint::wallpaper(&display)?;
        Ok(Self {
            access,
            _window_manager: window_manager,
            _launcher: launcher,
            _bus: bus,
            display,
            environment,
            network: options.network,
            home,
            logs,
        })
    }

    /// Its display.
    pub fn display(&self) -> &Display {
        &self.display
    }

    /// The X server's process.
    pub fn screen(&mut self) -> &mut Program {
        self.display.server()
    }

    /// Its accessibility bus.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Its home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Where the logs of its programs go.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// The environment that programs on this desk are started with.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// A command on this desk, to be given arguments.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let Some(network) = self.network else {
            return with_environment(program, &self.environment);
        };
        let mut command = with_environment("nsenter", &self.environment);
        command
            .arg(format!("--net=/proc/{network}/ns/net"))
            .arg("--")
            .arg(program);
        command
    }

    /// From now on the desk has a notification service and a dock, which write a line of JSON for every notice and every
    /// number on a program's icon.
    pub fn notices(&self) -> Result<Program> {
        let mut command = self.command(access::python());
        command.args(["-c", include_str!("notices.py")]);
        let mut notices = self.start_program("notices", &command)?;
        notices.wait_line("ready", wait::STEP)?;
        Ok(notices)
    }

    /// Starts a command made with [`Desk::command`].
    pub fn start_program(&self, name: &str, command: &Command) -> Result<Program> {
        Program::start(name, command, &self.logs)
    }

    /// Runs a command to its end, with `input` as its standard input.
    pub fn run(
        &self,
        name: &str,
        command: &Command,
        input: Option<&str>,
        limit: Duration,
    ) -> Result<Finished> {
        Program::start_with_input(name, command, &self.logs, input)?.wait_end(limit)
    }

    /// Waits for a widget.
    pub fn find(&self, wanted: &Wanted) -> Result<Widget> {
        self.access
            .find(wanted)
            .with_context(|| self.evidence("find"))
    }

    /// Waits for a widget and presses it.
    pub fn press(&self, wanted: &Wanted) -> Result<()> {
        self.access
            .press(wanted)
            .with_context(|| self.evidence("press"))
    }

    /// Waits until there is no such widget.
    pub fn gone(&self, wanted: &Wanted) -> Result<()> {
        self.access
            .gone(wanted)
            .with_context(|| self.evidence("gone"))
    }

    /// Whether such a widget is there now.
    pub fn shows(&self, wanted: &Wanted) -> bool {
        self.access.shows(wanted)
    }

    /// Clicks into a text field, replaces what it holds and checks that it holds the new text.
    pub fn fill(&self, field: &Wanted, text: &str) -> Result<()> {
        let at = self.find(field)?.area.middle();
        self.display.click(at.0, at.1)?;
        self.display.key("ctrl+a")?;
        self.display.key("BackSpace")?;
        self.display.type_text(text)
    }

    /// Leaves a picture of the screen with the logs and tells where, for a step that failed.
    fn evidence(&self, what: &str) -> String {
        let path = self.logs.join(format!("failed-{what}.png"));
        match self
            .display
            .picture()
            .and_then(|picture| picture.save(&path))
        {
            Ok(()) => format!("the screen is in {}", path.display()),
            Err(error) => format!("the screen could not be saved: {error:#}"),
        }
    }
}

fn with_environment(
    program: impl AsRef<std::ffi::OsStr>,
    environment: &[(String, String)],
) -> Command {
    let mut command = Command::new(program);
    command.envs(environment.iter().map(|(key, value)| (key, value)));
    // Nothing of the real desktop that the tests may have been started from.
    for name in [
        "WAYLAND_DISPLAY",
        "WAYLAND_SOCKET",
        "XDG_SESSION_TYPE",
        "XAUTHORITY",
        "XMODIFIERS",
        "NO_AT_BRIDGE",
    ] {
        command.env_remove(name);
    }
    command
}

/// Home and the folders of the XDG standard below `home`.
pub(crate) fn private_folders(home: &Path) -> Result<Vec<(String, String)>> {
    let folders = [
        ("HOME", "."),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_RUNTIME_DIR", "run"),
    ];
    let mut environment = Vec::new();
    for (variable, folder) in folders {
        let path = if folder == "." {
            home.to_path_buf()
        } else {
            home.join(folder)
        };
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        environment.push((
            variable.to_owned(),
            path.to_str().context("a folder name in UTF-8")?.to_owned(),
        ));
    }
    Ok(environment)
}

/// Makes the folder, without what an earlier run left in it.
pub(crate) fn empty_folder(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).with_context(|| format!("emptying {}", path.display()))?;
    }
    fs::create_dir_all(path).with_context(|| format!("making {}", path.display()))
}

/// The accessibility launcher, which distributions keep in different places.
pub(crate) fn launcher() -> Result<&'static str> {
    [
        "/usr/libexec/at-spi-bus-launcher",
        "/usr/lib/at-spi-bus-launcher",
        "/usr/lib/at-spi2-core/at-spi-bus-launcher",
    ]
    .into_iter()
    .find(|path| Path::new(path).is_file())
    .context("at-spi-bus-launcher is not installed (cargo xtask setup)")
}

/// Waits until openbox has claimed the display.
fn wait_for_window_manager(display: &Display) -> Result<()> {
    use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _};
    let atom = display
        .connection()
        .intern_atom(false, b"_NET_SUPPORTING_WM_CHECK")?
        .reply()?
        .atom;
    wait::until("the window manager", wait::STEP, || {
        let property = display
            .connection()
            .get_property(false, display.root(), atom, AtomEnum::WINDOW, 0, 1)?
            .reply()?;
        Ok((property.value_len > 0).then_some(()))
    })
}
