//! X11: the pointer on the screen takes on the axes of whichever device moves it, and says so with
//! an event before that device's first one.

use x11rb::connection::Connection as _;
use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{self, ConnectionExt as _, DeviceClass, DeviceClassData};
use x11rb::rust_connection::RustConnection;

/// Scroll axes exist since XI 2.1.
const XI_VERSION: (u16, u16) = (2, 2);

#[derive(Debug)]
pub(super) struct Watch {
    conn: RustConnection,
    twice: bool,
}

impl Watch {
    /// Nothing where the X server cannot tell.
    pub(super) fn open() -> Option<Self> {
        let (conn, number) = RustConnection::connect(None)
            .inspect_err(|error| tracing::debug!(%error, "the pointers are not watched"))
            .ok()?;
        start(conn, number)
            .inspect_err(|error| tracing::debug!(%error, "the pointers are not watched"))
            .ok()
    }

    pub(super) fn tells_twice(&mut self) -> bool {
        // A connection that broke takes the window with it.
        while let Ok(Some(event)) = self.conn.poll_for_event() {
            if let Event::XinputDeviceChanged(event) = event {
                self.twice = without_scroll_axes(&event.classes).unwrap_or(self.twice);
            }
        }
        self.twice
    }
}

fn start(conn: RustConnection, number: usize) -> Result<Watch, ReplyError> {
    conn.xinput_xi_query_version(XI_VERSION.0, XI_VERSION.1)?
        .reply()?;
    let root = conn
        .setup()
        .roots
        .get(number)
        .ok_or(ConnectionError::UnknownError)?
        .root;
    let mask = xinput::EventMask {
        deviceid: xinput::Device::ALL_MASTER.into(),
        mask: vec![xinput::XIEventMask::DEVICE_CHANGED],
    };
    conn.xinput_xi_select_events(root, &[mask])?.check()?;
    let pointers = conn
        .xinput_xi_query_device(xinput::Device::ALL_MASTER)?
        .reply()?;
    let twice = pointers
        .infos
        .iter()
        .find_map(|device| without_scroll_axes(&device.classes));
    Ok(Watch {
        conn,
        twice: twice.unwrap_or(false),
    })
}

/// Nothing for a device that is not a pointer.
fn without_scroll_axes(classes: &[DeviceClass]) -> Option<bool> {
    let (mut buttons, mut axes) = (false, false);
    for class in classes {
        buttons |= matches!(class.data, DeviceClassData::Button(_));
        axes |= matches!(class.data, DeviceClassData::Scroll(_));
    }
    buttons.then_some(!axes)
}

#[cfg(test)]
mod tests {
    use x11rb::protocol::xinput::{
        DeviceClassDataButton, DeviceClassDataKey, DeviceClassDataScroll, Fp3232, ScrollType,
    };

    use super::*;

    fn class(data: DeviceClassData) -> DeviceClass {
        DeviceClass {
            len: 0,
            sourceid: 0,
            data,
        }
    }

    #[test]
    fn a_pointer_counts_by_its_axes_and_a_keyboard_does_not_count() {
        let button = class(DeviceClassData::Button(DeviceClassDataButton {
            state: Vec::new(),
            labels: Vec::new(),
        }));
        let scroll = class(DeviceClassData::Scroll(DeviceClassDataScroll {
            number: 3,
            scroll_type: ScrollType::VERTICAL,
            flags: 0_u32.into(),
            increment: Fp3232 {
                integral: 1,
                frac: 0,
            },
        }));
        let key = class(DeviceClassData::Key(DeviceClassDataKey {
            keys: Vec::new(),
        }));
        assert_eq!(without_scroll_axes(&[key]), None);
        assert_eq!(
            without_scroll_axes(std::slice::from_ref(&button)),
            Some(true)
        );
        assert_eq!(without_scroll_axes(&[button, scroll]), Some(false));
    }
}
