//! What the project needs from the system, and how each package manager calls it.
//!
//! The usual build needs no library at all: X11 is spoken in plain Rust, and what eframe uses is opened at run time.

use super::Purpose;
use super::managers::Manager;

/// Packages of one manager.
#[derive(Clone, Copy, Debug)]
pub(super) enum Package {
    /// By these names, separated by spaces.
    Named(&'static str),
    /// Not there, and why that is fine or what to do.
    NotAvailable(&'static str),
}

use Package::{Named, NotAvailable};

impl Package {
    /// The packages' names.
    pub(super) fn names(self) -> Vec<&'static str> {
        match self {
            Named(names) => names.split(' ').collect(),
            NotAvailable(_) => Vec::new(),
        }
    }
}

/// One thing the project needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    /// What it is.
    pub(super) what: &'static str,
    /// For what.
    pub(super) purpose: Purpose,
    /// In the order of [`Manager::ALL`].
    packages: [Package; Manager::ALL.len()],
}

impl Need {
    /// How this manager calls it.
    pub(super) fn package(&self, manager: Manager) -> Package {
        let place = Manager::ALL.iter().position(|it| *it == manager);
        place
            .and_then(|place| self.packages.get(place))
            .copied()
            .unwrap_or(NotAvailable("no name is known"))
    }
}

const NO_X11: Package = NotAvailable("macOS draws windows by itself");
const NO_STAGE: Package = NotAvailable("the tests on virtual displays run on Linux");

const NO_PORTS: Package =
    NotAvailable("the tests with a router that gives ports are skipped without miniupnpd");

/// Everything, each with a column per manager.
pub(super) const NEEDS: &[Need] = &[
    Need {
        what: "C compiler (SQLite, zstd and ring are compiled from source)",
        purpose: Purpose::Build,
        packages: [
            Named("gcc libc6-dev"),
            Named("gcc glibc-devel"),
            Named("gcc"),
            Named("gcc glibc-devel"),
            NotAvailable("run xcode-select --install"),
        ],
    },
    Need {
        what: "X11 client libraries",
        purpose: Purpose::Run,
        packages: [
            Named("libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2"),
            Named("libX11 libX11-xcb libXcursor libXi libXrandr"),
            Named("libx11 libxcursor libxi libxrandr"),
            Named("libX11-6 libX11-xcb1 libXcursor1 libXi6 libXrandr2"),
            NO_X11,
        ],
    },
    Need {
        what: "keyboard layouts",
        purpose: Purpose::Run,
        packages: [
            Named("libxkbcommon0 libxkbcommon-x11-0 xkb-data libx11-data"),
            Named("libxkbcommon libxkbcommon-x11 xkeyboard-config libX11-common"),
            Named("libxkbcommon libxkbcommon-x11 xkeyboard-config"),
            Named("libxkbcommon0 libxkbcommon-x11-0 xkeyboard-config libX11-data"),
            NO_X11,
        ],
    },
    Need {
        what: "OpenGL",
        purpose: Purpose::Run,
        packages: [
            Named("libegl1 libgl1 libgl1-mesa-dri"),
            Named("libglvnd-egl libglvnd-glx mesa-dri-drivers"),
            Named("libglvnd mesa"),
            Named("Mesa-libEGL1 Mesa-libGL1 Mesa-dri"),
            NO_X11,
        ],
    },
    Need {
        what: "Wayland client libraries",
        purpose: Purpose::Run,
        packages: [
            Named("libwayland-client0 libwayland-egl1"),
            Named("libwayland-client libwayland-egl"),
            Named("wayland"),
            Named("libwayland-client0 libwayland-egl1"),
            NO_X11,
        ],
    },
    Need {
        what: "virtual displays",
        purpose: Purpose::Test,
        packages: [
            Named("xvfb xserver-xephyr"),
            Named("xorg-x11-server-Xvfb xorg-x11-server-Xephyr"),
            Named("xorg-server-xvfb xorg-server-xephyr"),
            Named("xorg-x11-server-Xvfb xorg-x11-server-extra"),
            NO_STAGE,
        ],
    },
    Need {
        what: "window manager, terminal and fonts for the virtual displays",
        purpose: Purpose::Test,
        packages: [
            Named("openbox xterm fonts-dejavu-core"),
            Named("openbox xterm dejavu-sans-mono-fonts"),
            Named("openbox xterm ttf-dejavu"),
            Named("openbox xterm dejavu-fonts"),
            NO_STAGE,
        ],
    },
    Need {
        what: "hands on keyboard and mouse",
        purpose: Purpose::Test,
        packages: [
            Named("xdotool x11-xkb-utils x11-xserver-utils"),
            Named("xdotool setxkbmap xsetroot"),
            Named("xdotool xorg-setxkbmap xorg-xsetroot"),
            Named("xdotool setxkbmap xsetroot"),
            NO_STAGE,
        ],
    },
    Need {
        what: "a router that gives ports (UPnP)",
        purpose: Purpose::Test,
        packages: [
            Named("miniupnpd-nftables"),
            Named("miniupnpd"),
            NO_PORTS,
            NO_PORTS,
            NO_STAGE,
        ],
    },
    Need {
        what: "accessibility bus, to press buttons by name",
        purpose: Purpose::Test,
        packages: [
            Named("dbus-daemon at-spi2-core python3-pyatspi util-linux"),
            Named("dbus-daemon at-spi2-core python3-pyatspi util-linux"),
            Named("dbus at-spi2-core python-atspi util-linux"),
            Named("dbus-1-daemon at-spi2-core python3-atspi util-linux"),
            NO_STAGE,
        ],
    },
    Need {
        what: "Wayland desktop without a monitor, and what it shares its screen with",
        purpose: Purpose::Test,
        packages: [
            Named(
                "sway swaybg grim pipewire wireplumber xdg-desktop-portal xdg-desktop-portal-wlr",
            ),
            Named(
                "sway swaybg grim pipewire wireplumber xdg-desktop-portal xdg-desktop-portal-wlr",
            ),
            Named(
                "sway swaybg grim pipewire wireplumber xdg-desktop-portal xdg-desktop-portal-wlr",
            ),
            Named(
                "sway swaybg grim pipewire wireplumber xdg-desktop-portal xdg-desktop-portal-wlr",
            ),
            NO_STAGE,
        ],
    },
    Need {
        what: "XCB, which the optional feature scrap is linked with",
        purpose: Purpose::Test,
        packages: [
            Named("libxcb1-dev libxcb-shm0-dev libxcb-randr0-dev"),
            Named("libxcb-devel"),
            Named("libxcb"),
            Named("libxcb-devel"),
            NO_STAGE,
        ],
    },
    Need {
        what: "compiler and linker for Windows",
        purpose: Purpose::Windows,
        packages: [
            Named("gcc-mingw-w64-x86-64"),
            Named("mingw64-gcc"),
            Named("mingw-w64-gcc"),
            Named("mingw64-cross-gcc"),
            Named("mingw-w64"),
        ],
    },
    Need {
        what: "wine, to run what was built for Windows",
        purpose: Purpose::Windows,
        packages: [
            Named("wine wine64"),
            Named("wine-core"),
            Named("wine"),
            Named("wine"),
            NO_STAGE,
        ],
    },
    Need {
        what: "networks within this machine",
        purpose: Purpose::Test,
        packages: [
            Named("iproute2 nftables util-linux"),
            Named("iproute nftables util-linux"),
            Named("iproute2 nftables util-linux"),
            Named("iproute2 nftables util-linux"),
            NO_STAGE,
        ],
    },
    Need {
        what: "TigerVNC, to be measured beside",
        purpose: Purpose::Peers,
        packages: [
            Named("tigervnc-scraping-server tigervnc-viewer"),
            Named("tigervnc-server tigervnc"),
            Named("tigervnc"),
            Named("tigervnc"),
            NO_STAGE,
        ],
    },
    Need {
        what: "x11vnc, to be measured beside",
        purpose: Purpose::Peers,
        packages: [
            Named("x11vnc"),
            Named("x11vnc"),
            Named("x11vnc"),
            Named("x11vnc"),
            NO_STAGE,
        ],
    },
    Need {
        what: "FreeRDP, to be measured beside",
        purpose: Purpose::Peers,
        packages: [
            Named("freerdp2-shadow-x11 freerdp2-x11"),
            Named("freerdp-server freerdp"),
            Named("freerdp"),
            Named("freerdp-server freerdp"),
            NO_STAGE,
        ],
    },
    Need {
        what: "ffmpeg with libvpx and libaom, to be measured beside",
        purpose: Purpose::Codecs,
        packages: [
            Named("ffmpeg"),
            Named("ffmpeg-free"),
            Named("ffmpeg"),
            Named("ffmpeg-7"),
            Named("ffmpeg"),
        ],
    },
    Need {
        what: "compiler with the source of Rust's library",
        purpose: Purpose::WindowsCompiler,
        packages: [
            Named("rustc-web rust-web-src"),
            NotAvailable("use rustup target add"),
            NotAvailable("use rustup target add"),
            NotAvailable("use rustup target add"),
            NotAvailable("use rustup target add"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_has_a_name_or_a_reason_for_every_manager() {
        for need in NEEDS {
            for manager in Manager::ALL {
                match need.package(manager) {
                    Named(names) => {
                        assert!(!names.is_empty(), "{} for {manager}", need.what);
                        assert!(
                            names.split(' ').all(is_package_name),
                            "{names:?} for {manager}"
                        );
                    }
                    NotAvailable(why) => {
                        assert!(why.len() > 8, "{} for {manager}: {why:?}", need.what);
                    }
                }
            }
        }
    }

    #[test]
    fn the_tried_manager_has_everything() {
        for need in NEEDS {
            assert!(
                matches!(need.package(Manager::Apt), Named(_)),
                "{}",
                need.what
            );
        }
    }

    #[test]
    fn every_linux_can_build_run_and_test() {
        let for_windows = [Purpose::Windows, Purpose::WindowsCompiler];
        for need in NEEDS
            .iter()
            .filter(|need| !for_windows.contains(&need.purpose))
        {
            for manager in [Manager::Dnf, Manager::Pacman, Manager::Zypper] {
                let package = need.package(manager);
                let skips = matches!(package, NotAvailable(why) if why.contains("are skipped"));
                assert!(
                    skips || matches!(package, Named(_)),
                    "{} for {manager}",
                    need.what
                );
            }
        }
    }

    fn is_package_name(name: &str) -> bool {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._+".contains(c))
    }
}
