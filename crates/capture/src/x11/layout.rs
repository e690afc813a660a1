//! Which monitors there are.

use x11rb::connection::RequestConnection as _;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use crate::{CaptureError, Monitor};

/// The most monitors that are told apart.
const MAX_MONITORS: usize = 32;

/// Whether the server knows monitors (`RandR` 1.5); otherwise the whole desktop counts as one.
pub(crate) fn has_monitors(conn: &RustConnection) -> Result<bool, CaptureError> {
    if conn
        .extension_information(randr::X11_EXTENSION_NAME)?
        .is_none()
    {
        return Ok(false);
    }
    let version = conn.randr_query_version(1, 5)?.reply()?;
    Ok((version.major_version, version.minor_version) >= (1, 5))
}

/// Reads the monitors from left to right, each cut to the desktop, so that all of its pixels can be fetched.
pub(super) fn read(
    conn: &RustConnection,
    root: Window,
    has_monitors: bool,
) -> Result<Vec<Monitor>, CaptureError> {
    let desktop = conn.get_geometry(root)?.reply()?;
    let (right, bottom) = (i32::from(desktop.width), i32::from(desktop.height));
    let mut monitors = Vec::new();
    if has_monitors {
        let reply = conn.randr_get_monitors(root, true)?.reply()?;
        for info in reply.monitors.into_iter().take(MAX_MONITORS) {
            let (x, y) = (i32::from(info.x).max(0), i32::from(info.y).max(0));
            let width = (i32::from(info.x) + i32::from(info.width)).min(right) - x;
            let height = (i32::from(info.y) + i32::from(info.height)).min(bottom) - y;
            let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else {
                continue;
            };
            if width == 0 || height == 0 {
                continue;
            }
            let name = conn.get_atom_name(info.name)?.reply()?.name;
            let name = String::from_utf8_lossy(&name).into_owned();
            // The name's atom: it outlives a change of order and of place.
            let id = info.name;
            monitors.push(Monitor {
                id,
                name,
                x,
                y,
                width,
                height,
                primary: info.primary,
            });
        }
    }
    // The server's own order says little to a person.
    monitors.sort_by_key(|monitor| (monitor.x, monitor.y));
    if monitors.is_empty() {
        monitors.push(Monitor {
            id: 0,
            name: "screen".to_owned(),
            x: 0,
            y: 0,
            width: desktop.width.into(),
            height: desktop.height.into(),
            primary: true,
        });
    }
    Ok(monitors)
}
