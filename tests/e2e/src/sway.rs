//! A Wayland desktop that nobody sees: sway, and what a desktop shares its screen with.
//!
//! Sway refuses to run as root; there the whole desktop belongs to nobody ([`NOBODY`]).

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::access::{self, Access, Wanted, Widget};
use crate::binaries;
use crate::desk::{empty_folder, launcher, private_folders};
use crate::picture::Picture;
use crate::program::{Finished, Program};
use crate::wait;

mod offer;

/// The user of a desktop whose starter is root.
const NOBODY: u32 = 65534;

/// What must be installed, and where distributions keep it.
const NEEDED: &[&str] = &[
    "sway",
    "swaymsg",
    "swaybg",
    "grim",
    "pipewire",
    "wireplumber",
    "dbus-daemon",
    "dbus-send",
    "setpriv",
    "xdg-desktop-portal",
    "xdg-desktop-portal-wlr",
];
const FOLDERS: &[&str] = &["/usr/bin", "/usr/libexec", "/usr/lib", "/bin"];

/// Set where a program was started on such a desktop by [`Sway::run_again`].
const INSIDE: &str = "ALDIS_TEST_ON_SWAY";

/// How the desktop asks which monitor to share: whatever stands in the file `answer` is the answer.
const CHOOSER: &str = "#!/bin/sh\necho asked >> \"$HOME/asked\"\ncat \"$HOME/answer\"\n";

/// Our window lies above the wall, as on other desktops, instead of filling the monitor.
const SETTINGS: &str = r#"xwayland disable
default_border none
focus_on_window_activation none
for_window [app_id="aldis-sos"] floating enable
"#;

/// A session bus on which nothing starts by itself.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <auth>EXTERNAL</auth>
  <listen>unix:dir=RUN</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// What the desktop is like.
#[derive(Clone, Copy, Debug)]
pub struct SwayOptions<'a> {
    /// The sizes of its monitors, which are called `HEADLESS-1` and so on.
    pub monitors: &'a [(u32, u32)],
    /// Whether it can share its screen.
    pub portal: bool,
    /// Whether the portal shares all monitors at once, instead of the first.
    pub several: bool,
    /// Whether the portal keeps what it was answered while the program runs that had asked.
    pub keeps_answers: bool,
}

impl Default for SwayOptions<'_> {
    fn default() -> Self {
        Self {
            monitors: &[(800, 600)],
            portal: true,
            several: false,
            keeps_answers: true,
        }
    }
}

/// Monitors that nobody sees, a session bus, PipeWire and the portal.
///
/// The fields are dropped in this order: whoever needs another goes first.
#[derive(Debug)]
pub struct Sway {
    access: Option<Access>,
    programs: Vec<Program>,
    environment: Vec<(String, String)>,
    home: PathBuf,
    /// Where its sockets are.
    run: PathBuf,
    logs: PathBuf,
}

impl Sway {
    /// Why there can be no such desktop on this machine, if so.
    pub fn missing() -> Option<String> {
        let missing = NEEDED.iter().find(|name| find(name).is_none());
        if let Some(name) = missing {
            return Some(format!("{name} is not installed (cargo xtask setup)"));
        }
        let me = std::env::current_exe().ok()?;
        (!may_run(&me)).then(|| format!("nobody but root may run {}", me.display()))
    }

    /// Sets up a desktop called `name` for the test `test`; logs go to `target/e2e/TEST/NAME`.
    ///
    /// Its portal lets the first monitor be seen.
    pub fn start(test: &str, name: &str, options: SwayOptions<'_>) -> Result<Self> {
        let SwayOptions {
            monitors,
            portal,
            several,
            keeps_answers,
        } = options;
        let logs = binaries::target().join("e2e").join(test).join(name);
        let home = binaries::target().join("tmp/e2e").join(test).join(name);
        empty_folder(&logs)?;
        empty_folder(&home)?;
        let mut environment = private_folders(&home)?;
        let run = short_folder()?;
        let mut set = |name: &str, value: &str| {
            environment.push((name.to_owned(), value.to_owned()));
        };
        set("LC_ALL", "C.UTF-8");
        set("LANG", "C.UTF-8");
        // No settings outlive the desktop.
        set("GSETTINGS_BACKEND", "memory");
        set("XDG_CURRENT_DESKTOP", "sway");
        set("XDG_SESSION_TYPE", "wayland");
        set("WLR_BACKENDS", "headless");
        set("WLR_RENDERER", "pixman");
        set("WLR_LIBINPUT_NO_DEVICES", "1");
        set("WLR_HEADLESS_OUTPUTS", &monitors.len().to_string());
        if keeps_answers {
            set("XDPW_PERSIST_MODE", "transient");
        }
        set("ALDIS_PAINTER", "processor");
        set("XDG_RUNTIME_DIR", run.to_str().context("UTF-8")?);
        set("SWAYSOCK", run.join("sway.sock").to_str().context("UTF-8")?);
        set("WAYLAND_DISPLAY", "wayland-1");
        let mut desktop = Self {
            access: None,
            programs: Vec::new(),
            environment,
            home,
            run,
            logs,
        };
        desktop.write_settings(monitors)?;
        desktop.start_programs()?;
        if portal {
            desktop.start_portal(several.then_some(monitors))?;
        }
        Ok(desktop)
    }

    /// The desktop on which this program itself was started by [`run_again`](Self::run_again).
    pub fn here() -> Option<Self> {
        std::env::var_os(INSIDE)?;
        let home = PathBuf::from(std::env::var_os("HOME")?);
        Some(Self {
            access: None,
            programs: Vec::new(),
            environment: Vec::new(),
            logs: home.join("logs"),
            run: PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?),
            home,
        })
    }

    /// Runs one test of this very program once more, on this desktop; fails as it does.
    ///
    /// There [`here`](Self::here) is the desktop.
    pub fn run_again(&self, test: &str, limit: Duration) -> Result<()> {
        let me = std::env::current_exe().context("where is this program?")?;
        let mut command = self.command(me);
        command.args(["--exact", test, "--nocapture"]);
        command.env(INSIDE, "yes");
        let said = self.start_program("test", &command)?.wait_end(limit)?;
        ensure!(said.status.success(), "{}{}", said.stdout, said.stderr);
        ensure!(said.stdout.contains("1 passed"), "{test} is a test");
        Ok(())
    }

    fn write_settings(&self, monitors: &[(u32, u32)]) -> Result<()> {
        let mut sway = SETTINGS.to_owned();
        let mut x = 0;
        for (number, (width, height)) in (1..).zip(monitors) {
            writeln!(
                sway,
                "output HEADLESS-{number} mode {width}x{height} pos {x} 0 bg #204060 solid_color"
            )?;
            x += width;
        }
        let folder = self.home.join("config/xdg-desktop-portal-wlr");
        fs::create_dir_all(&folder)?;
        let chooser = self.home.join("choose");
        fs::write(&chooser, CHOOSER)?;
        fs::set_permissions(&chooser, fs::Permissions::from_mode(0o755))?;
        fs::write(
            folder.join("config"),
            format!(
                "[screencast]\nchooser_type=simple\nchooser_cmd={}\n",
                chooser.display()
            ),
        )?;
        fs::write(self.home.join("sway.conf"), sway)?;
        let bus = BUS.replace("RUN", self.run.to_str().context("UTF-8")?);
        fs::write(self.home.join("bus.conf"), bus)?;
        self.answer("HEADLESS-1")?;
        give_away(&self.run)?;
        give_away(&self.home)
    }

    fn start_programs(&mut self) -> Result<()> {
        let mut command = self.command("dbus-daemon");
        let settings = self.home.join("bus.conf");
        command.arg(format!("--config-file={}", settings.display()));
        command.args(["--nofork", "--nosyslog", "--print-address=1"]);
        let mut bus = self.start_program("dbus", &command)?;
        let address = bus.wait_line("", wait::STEP)?;
        self.environment
            .push(("DBUS_SESSION_BUS_ADDRESS".to_owned(), address));

        let mut command = self.command("sway");
        command.arg("--config").arg(self.home.join("sway.conf"));
        command.env_remove("WAYLAND_DISPLAY");
        let mut sway = self.start_program("sway", &command)?;
        wait::until("sway", wait::STEP, || {
            sway.check_running()?;
            let there = self.run.join("sway.sock").exists() && self.run.join("wayland-1").exists();
            Ok((there && self.message(&["-t", "get_outputs"]).is_ok()).then_some(()))
        })?;
        self.programs = vec![sway, bus];
        Ok(())
    }

    /// Starts what a desktop shares its screen with: its first monitor, or `several`.
    fn start_portal(&mut self, several: Option<&[(u32, u32)]>) -> Result<()> {
        let pipewire = self.start_program("pipewire", &self.command("pipewire"))?;
        wait::until("PipeWire", wait::STEP, || {
            Ok(self.run.join("pipewire-0").exists().then_some(()))
        })?;
        let manager = self.start_program("wireplumber", &self.command("wireplumber"))?;
        let mut wlr = self.command("xdg-desktop-portal-wlr");
        wlr.arg("--loglevel=DEBUG");
        let (front, back) = (self.run.join("wayland-portal"), self.run.join("wayland-1"));
        offer::serve(&front, &back)?;
        wlr.env("WAYLAND_DISPLAY", "wayland-portal");
        let wlr = self.start_program("portal-wlr", &wlr)?;
        self.wait_on_bus("org.freedesktop.impl.portal.desktop.wlr")?;
        let mut portal = self.command("xdg-desktop-portal");
        if let Some(monitors) = several {
            let together = self.start_several(monitors)?;
            self.programs.insert(0, together);
            portal.env("XDG_DESKTOP_PORTAL_DIR", &self.home);
        }
        let portal = self.start_program("portal", &portal)?;
        self.wait_on_bus("org.freedesktop.portal.Desktop")?;
        self.programs.splice(0..0, [portal, wlr, manager, pipewire]);
        Ok(())
    }

    /// Starts the portal's part that shares several monitors, and says where it is found.
    fn start_several(&self, monitors: &[(u32, u32)]) -> Result<Program> {
        const NAME: &str = "org.freedesktop.impl.portal.desktop.several";
        let found = format!(
            "[portal]\nDBusName={NAME}\nInterfaces=org.freedesktop.impl.portal.ScreenCast;\nUseIn=sway\n"
        );
        fs::write(self.home.join("several.portal"), found)?;
        let mut command = self.command(access::python());
        command.args(["-c", include_str!("sway/several.py")]);
        command.arg(self.home.join("answer"));
        let mut x = 0;
        for (number, (width, _)) in (1..).zip(monitors) {
            command.arg(format!("HEADLESS-{number}:{x}"));
            x += width;
        }
        let program = self.start_program("portal-several", &command)?;
        self.wait_on_bus(NAME)?;
        Ok(program)
    }

    /// Waits until somebody on the session bus has this name.
    fn wait_on_bus(&self, name: &str) -> Result<()> {
        wait::until(name, wait::STEP, || {
            let mut command = self.command("dbus-send");
            command.args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus.NameHasOwner",
                &format!("string:{name}"),
            ]);
            let said = self.run("dbus-send", &command)?;
            Ok(said.stdout.contains("boolean true").then_some(()))
        })
    }

    /// A command on this desktop, to be given arguments.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let program = program.as_ref();
        let program = find(program).map_or_else(|| program.to_owned(), PathBuf::into_os_string);
        let mut command = if rustix::process::getuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args([
                &format!("--reuid={NOBODY}"),
                &format!("--regid={NOBODY}"),
                "--clear-groups",
                "--",
                // The tie to the starter does not survive the change of user, so it is tied once more.
                "setpriv",
                "--pdeathsig",
                "KILL",
                "--",
            ]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        for name in ["DISPLAY", "WAYLAND_SOCKET", "XAUTHORITY", "NO_AT_BRIDGE"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Starts a command made with [`command`](Self::command).
    pub fn start_program(&self, name: &str, command: &Command) -> Result<Program> {
        Program::start(name, command, &self.logs)
    }

    /// Runs a command made with [`command`](Self::command) to its end.
    pub fn run(&self, name: &str, command: &Command) -> Result<Finished> {
        self.start_program(name, command)?.wait_end(wait::STEP)
    }

    /// Its home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Where the logs of its programs go.
    pub fn logs(&self) -> &Path {
        &self.logs
    }

    /// Tells sway something, as `swaymsg` does.
    pub fn message(&self, words: &[&str]) -> Result<String> {
        let mut command = self.command("swaymsg");
        command.args(words);
        let said = self.run("swaymsg", &command)?;
        ensure!(
            said.status.success(),
            "swaymsg {words:?}: {}{}",
            said.stdout,
            said.stderr
        );
        Ok(said.stdout)
    }

    /// From now on the portal's question is answered with this monitor, or with no if it is empty.
    pub fn answer(&self, monitor: &str) -> Result<()> {
        fs::write(self.home.join("answer"), monitor)?;
        Ok(())
    }

    /// How often the portal has asked.
    pub fn asked(&self) -> usize {
        let asked = fs::read_to_string(self.home.join("asked")).unwrap_or_default();
        asked.lines().count()
    }

    /// Hangs a picture onto a monitor, behind all windows.
    pub fn hang(&self, monitor: &str, picture: &Picture) -> Result<()> {
        let file = self.home.join(format!("{monitor}.png"));
        picture.save(&file)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644))?;
        let file = file.to_str().context("UTF-8")?;
        self.message(&["output", monitor, "bg", file, "stretch"])
            .map(drop)
    }

    /// What a monitor shows now, upright and without the pointer.
    pub fn picture(&self, monitor: &str) -> Result<Picture> {
        let file = self.run.join("picture.ppm");
        let mut command = self.command("grim");
        command.args(["-t", "ppm", "-o", monitor]).arg(&file);
        let said = self.run("grim", &command)?;
        ensure!(said.status.success(), "grim: {}", said.stderr);
        read_ppm(&fs::read(&file)?)
    }

    fn access(&mut self) -> Result<&Access> {
        if self.access.is_none() {
            let mut command = self.command(launcher()?);
            command.arg("--launch-immediately");
            let launcher = self.start_program("at-spi", &command)?;
            self.programs.insert(0, launcher);
            let mut python = self.command(access::python());
            self.access = Some(Access::start_by(&mut python, &self.logs)?);
        }
        self.access.as_ref().context("the accessibility bus")
    }

    /// Has widgets ready to be found: programs that start from now on show theirs.
    pub fn with_access(mut self) -> Result<Self> {
        self.access()?;
        Ok(self)
    }

    /// Waits for a widget.
    pub fn find(&mut self, wanted: &Wanted) -> Result<Widget> {
        let result = self.access()?.find(wanted);
        result.with_context(|| self.evidence("find"))
    }

    /// Waits for a widget and presses it.
    pub fn press(&mut self, wanted: &Wanted) -> Result<()> {
        let result = self.access()?.press(wanted);
        result.with_context(|| self.evidence("press"))
    }

    /// Leaves a picture of the screen with the logs and tells where, for a step that failed.
    fn evidence(&self, what: &str) -> String {
        let path = self.logs.join(format!("failed-{what}.png"));
        let saved = self
            .picture("HEADLESS-1")
            .and_then(|picture| picture.save(&path));
        format!("the screen is in {} ({saved:?})", path.display())
    }
}

impl Drop for Sway {
    fn drop(&mut self) {
        // On a desktop that was only joined others still use it.
        if !self.programs.is_empty() {
            self.access = None;
            self.programs.clear();
            drop(fs::remove_dir_all(&self.run));
        }
    }
}

/// A folder for sockets: the names of those must not be long, and a test's name may be.
fn short_folder() -> Result<PathBuf> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("run-{}-{number}", std::process::id());
    let folder = binaries::target().join("tmp").join(name);
    empty_folder(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    Ok(folder)
}

/// Where a program is; some lie where nobody but their starters looks.
fn find(program: impl AsRef<Path>) -> Option<PathBuf> {
    let program = program.as_ref();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.iter().map(PathBuf::from));
    folders
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Whether the desktop's user may run this program: a folder above it may be closed to him.
fn may_run(program: &Path) -> bool {
    if !rustix::process::getuid().is_root() {
        return true;
    }
    let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
    let mut command = Command::new("setpriv");
    command
        .args([&user, &group])
        .args(["--clear-groups", "--", "test", "-x"]);
    let status = command.arg(program).status();
    status.is_ok_and(|status| status.success())
}

/// Gives a folder and all that is in it to the desktop's user.
fn give_away(path: &Path) -> Result<()> {
    if !rustix::process::getuid().is_root() {
        return Ok(());
    }
    chown(path, Some(NOBODY), Some(NOBODY))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give_away(&entry?.path())?;
        }
    }
    Ok(())
}

/// Reads the plainest of picture files, as grim writes it.
fn read_ppm(bytes: &[u8]) -> Result<Picture> {
    let mut rest = bytes;
    let mut words = Vec::new();
    while words.len() < 4 {
        let end = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .context("a picture's head")?;
        let (word, after) = rest.split_at(end);
        words.push(std::str::from_utf8(word)?);
        rest = after.get(1..).unwrap_or_default();
    }
    let ["P6", width, height, "255"] = words[..] else {
        bail!("no picture: {words:?}");
    };
    let (pixels, _) = rest.as_chunks::<3>();
    let pixels = pixels
        .iter()
        .map(|[red, green, blue]| u32::from_be_bytes([0, *red, *green, *blue]));
    Picture::new(width.parse()?, height.parse()?, pixels.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_file_is_read() {
        let picture = read_ppm(b"P6\n2 1\n255\n\x01\x02\x03\x0a\x0b\x0c").unwrap();
        assert_eq!(picture.pixels(), [0x0001_0203, 0x000A_0B0C]);
        assert!(read_ppm(b"P6\n2 1\n255\n\x01").is_err());
        assert!(read_ppm(b"P5 2").is_err());
    }
}
