//! Who is measured, and how each is started.

use std::env;
use std::path::PathBuf;

use aldis_e2e::{Program, SUPPORTER, Scene, Viewer};
use anyhow::{Context as _, Result};

use super::network::{Network, free_port};

/// One column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// How the command line calls it.
    pub(super) name: &'static str,
    /// How the table calls it.
    pub(super) title: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Aldis,
    /// A server that reads the screen as VNC servers do, and TigerVNC's viewer: the arguments of both.
    Vnc(
        &'static [&'static str],
        &'static [&'static str],
        &'static [&'static str],
    ),
    FreeRdp,
}

/// TigerVNC's server under its two names.
const TIGER: &[&str] = &["X0tigervnc", "x0vncserver"];
const X11VNC: &[&str] = &["x11vnc"];
const TIGER_VIEWER: &[&str] = &["xtigervncviewer", "vncviewer"];
const SHADOW: &[&str] = &["freerdp-shadow-cli", "freerdp-shadow-cli3"];
const XFREERDP: &[&str] = &["xfreerdp", "xfreerdp3"];

/// The name of our own column.
pub(super) const ALDIS: &str = "aldis";

/// Everybody.
///
/// Tuned means a clock of 1000 instead of 60 frames a second, and one quality instead of what the viewer thinks fit.
pub(super) const PEERS: &[Peer] = &[
    Peer {
        name: ALDIS,
        title: "Aldis",
        kind: Kind::Aldis,
    },
    Peer {
        name: "tigervnc",
        title: "TigerVNC (defaults)",
        kind: Kind::Vnc(TIGER, &["-SecurityTypes", "None"], &[]),
    },
    Peer {
        name: "tigervnc-tuned",
        title: "TigerVNC (tuned)",
        kind: Kind::Vnc(
            TIGER,
            &["-SecurityTypes", "None", "-FrameRate", "1000"],
            &["-AutoSelect=0", "-QualityLevel", "8", "-CompressLevel", "1"],
        ),
    },
    Peer {
        name: "tigervnc-lossless",
        title: "TigerVNC (tuned, lossless)",
        kind: Kind::Vnc(
            TIGER,
            &["-SecurityTypes", "None", "-FrameRate", "1000"],
            &["-AutoSelect=0", "-NoJPEG", "-CompressLevel", "1"],
        ),
    },
    Peer {
        name: "x11vnc",
        title: "x11vnc (defaults)",
        kind: Kind::Vnc(X11VNC, &["-nopw", "-forever", "-quiet"], &[]),
    },
    Peer {
        name: "x11vnc-tuned",
        title: "x11vnc (tuned)",
        kind: Kind::Vnc(
            X11VNC,
            &["-nopw", "-forever", "-quiet", "-wait", "5", "-defer", "1"],
            &["-AutoSelect=0", "-QualityLevel", "8", "-CompressLevel", "1"],
        ),
    },
    Peer {
        name: "freerdp",
        title: "FreeRDP shadow (RemoteFX)",
        kind: Kind::FreeRdp,
    },
];

/// A server and a viewer that show the source's screen.
#[derive(Debug)]
pub(super) struct Running {
    /// The process group on the source's side.
    pub(super) source: u32,
    /// The process group on the viewer's side.
    pub(super) viewer: u32,
    is_aldis: bool,
    // Dropped in this order: the viewer goes first.
    _viewers: (Option<Viewer>, Option<Program>),
    _server: Option<Program>,
}

impl Peer {
    /// Those of its programs that this machine lacks.
    pub(super) fn missing(self) -> Vec<&'static str> {
        let wanted: &[&[&str]] = match self.kind {
            Kind::Aldis => &[],
            Kind::Vnc(server, ..) => &[server, TIGER_VIEWER],
            Kind::FreeRdp => &[SHADOW, XFREERDP],
        };
        let lacks = wanted.iter().filter(|names| find(names).is_none());
        lacks.filter_map(|names| names.first().copied()).collect()
    }

    /// Starts it.
    pub(super) fn start(self, scene: &mut Scene, network: &Network) -> Result<Running> {
        match self.kind {
            Kind::Aldis => start_aldis(scene),
            Kind::Vnc(names, server, viewer) => {
                let port = free_port()?;
                let desk = scene.customer.desk();
                let mut command = desk.command(find(names).context("the server")?);
                command.args(["-display", &desk.display().name()]);
                command.args(["-rfbport", &port.to_string()]).args(server);
                let mut server = desk.start_program(&format!("{}-server", self.name), &command)?;
                network.wait_listening(&mut server, port)?;
                let desk = scene.supporter.desk();
                let mut command = desk.command(find(TIGER_VIEWER).context("the viewer")?);
                command.args(["-FullScreen", "-RemoteResize=0", "-SecurityTypes", "None"]);
                command.args(viewer);
                command.arg(format!("{}::{port}", network.source_address()));
                let viewer = desk.start_program(&format!("{}-viewer", self.name), &command)?;
                Ok(Running::of(server, viewer))
            }
            Kind::FreeRdp => {
                let port = free_port()?;
                let desk = scene.customer.desk();
                let mut command = desk.command(find(SHADOW).context("the server")?);
                command.args([&format!("/port:{port}"), "-auth"]);
                let mut server = desk.start_program("freerdp-server", &command)?;
                network.wait_listening(&mut server, port)?;
                let desk = scene.supporter.desk();
                let mut command = desk.command(find(XFREERDP).context("the viewer")?);
                command.arg(format!("/v:{}:{port}", network.source_address()));
                command.args(["/f", "/cert:ignore", "/u:anybody", "/p:", "/rfx"]);
                command.args(["/network:lan", "/log-level:WARN"]);
                // Its bar would cover a part of the picture.
                command.arg("/floatbar:sticky:off,default:hidden,show:window");
                let viewer = desk.start_program("freerdp-viewer", &command)?;
                Ok(Running::of(server, viewer))
            }
        }
    }
}

impl Running {
    fn of(server: Program, viewer: Program) -> Self {
        Self {
            source: server.id(),
            viewer: viewer.id(),
            is_aldis: false,
            _viewers: (None, Some(viewer)),
            _server: Some(server),
        }
    }

    /// Ends both sides.
    pub(super) fn end(self, scene: &mut Scene) {
        if self.is_aldis {
            scene.customer.close();
        }
    }
}

/// A person asks for help and allows everything, and the supporter looks at the whole screen.
fn start_aldis(scene: &mut Scene) -> Result<Running> {
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let viewer = scene.supporter.connect(&code, &["--fullscreen"])?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    Ok(Running {
        source: scene.customer.window()?.id(),
        viewer: viewer.program.id(),
        is_aldis: true,
        _viewers: (Some(viewer), None),
        _server: None,
    })
}

/// The first of these programs that this machine has.
fn find(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let all = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    all.into_iter().find(|path| path.is_file())
}
