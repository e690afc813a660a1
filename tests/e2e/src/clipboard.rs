//! What a program on a display has copied.

use anyhow::{Context as _, Result};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, CreateWindowAux, WindowClass};

use crate::display::Display;
use crate::wait;

impl Display {
    /// Waits until the clipboard holds this text.
    pub fn wait_clipboard(&self, wanted: &str) -> Result<()> {
        let mut last = None;
        let held = wait::until("the copied text", wait::STEP, || {
            last = self.clipboard()?;
            Ok((last.as_deref() == Some(wanted)).then_some(()))
        });
        held.with_context(|| format!("the clipboard holds {last:?}"))
    }

    /// The text on the clipboard, as any other program is given it; `None` if nobody has copied any.
    fn clipboard(&self) -> Result<Option<String>> {
        let connection = self.connection();
        let atom =
            |name: &[u8]| -> Result<u32> { Ok(connection.intern_atom(false, name)?.reply()?.atom) };
        let (clipboard, text, here) = (
            atom(b"CLIPBOARD")?,
            atom(b"UTF8_STRING")?,
            atom(b"ALDIS_TEST_CLIPBOARD")?,
        );
        let window = connection.generate_id()?;
        connection.create_window(
            0,
            window,
            self.root(),
            0,
            0,
            1,
            1,
            0,
            WindowClass::INPUT_ONLY,
            0,
            &CreateWindowAux::new(),
        )?;
        connection.convert_selection(window, clipboard, text, here, x11rb::CURRENT_TIME)?;
        connection.flush()?;
        let property = wait::until("an answer about the clipboard", wait::STEP, || {
            while let Some(event) = connection.poll_for_event()? {
                if let Event::SelectionNotify(answer) = event
                    && answer.requestor == window
                {
                    return Ok(Some(answer.property));
                }
            }
            Ok(None)
        })?;
        let held = if property == x11rb::NONE {
            None
        } else {
            let most = u32::MAX / 4;
            let reply = connection.get_property(true, window, property, AtomEnum::ANY, 0, most)?;
            Some(String::from_utf8(reply.reply()?.value)?)
        };
        connection.destroy_window(window)?;
        Ok(held)
    }
}
