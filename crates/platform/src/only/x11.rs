//! A selection of the display has one owner, and none once the owner's connection is gone.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use x11rb::connection::Connection as _;
use x11rb::errors::{ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT, CURRENT_TIME, NONE};

use super::OnlyError;

/// What a later program says to the window that owns the selection.
const SHOW: &[u8] = b"_ALDIS_SHOW";

/// A display that can be asked.
pub(super) struct Display {
    connection: RustConnection,
    root: Window,
}

impl Display {
    /// `None` where there is none, as on a desktop that is Wayland's alone.
    pub(super) fn open(name: Option<&str>) -> Option<Self> {
        let (connection, screen) = RustConnection::connect(name)
            .inspect_err(|error| tracing::debug!(%error, "no X11 display"))
            .ok()?;
        let root = connection.setup().roots.get(screen)?.root;
        Some(Self { connection, root })
    }
}

/// The owner, with a thread that hears who comes later.
#[derive(Debug)]
pub(super) struct Owner {
    connection: Arc<RustConnection>,
    /// Never shown; it owns the selection.
    window: Window,
    thread: Option<JoinHandle<()>>,
}

impl Owner {
    pub(super) fn claim(
        Display { connection, root }: Display,
        name: &str,
        show: Box<dyn Fn() + Send>,
    ) -> Result<Self, OnlyError> {
        let atom = |name: &[u8]| -> Result<Atom, OnlyError> {
            Ok(connection.intern_atom(false, name)?.reply()?.atom)
        };
        let (selection, message) = (atom(format!("_ALDIS_ONLY_{name}").as_bytes())?, atom(SHOW)?);
        let window = connection.generate_id()?;
        // Its end is how the thread learns that it is to end.
        let look = CreateWindowAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        connection
            .create_window(
                COPY_DEPTH_FROM_PARENT,
                window,
                root,
                -1,
                -1,
                1,
                1,
                0,
                WindowClass::INPUT_ONLY,
                COPY_FROM_PARENT,
                &look,
            )?
            .check()?;
        // Nobody else's requests come between the question and the claim.
        connection.grab_server()?;
        let owner = own(&connection, selection, window);
        connection.ungrab_server()?;
        connection.flush()?;
        let owner = owner?;
        if owner != window {
            let please = ClientMessageEvent::new(32, owner, message, [0; 5]);
            connection.send_event(false, owner, EventMask::NO_EVENT, please)?;
            // The display has it when this is answered; the owner may be gone by then.
            connection.get_input_focus()?.reply()?;
            return Err(OnlyError::Taken);
        }
        let connection = Arc::new(connection);
        let heard = Arc::clone(&connection);
        let thread = std::thread::Builder::new()
            .name("aldis-only".to_owned())
            .spawn(move || listen(&heard, window, message, &*show))?;
        Ok(Self {
            connection,
            window,
            thread: Some(thread),
        })
    }
}

/// Takes the selection if it is free; gives its owner.
fn own(connection: &RustConnection, selection: Atom, window: Window) -> Result<Window, OnlyError> {
    let owner = connection.get_selection_owner(selection)?.reply()?.owner;
    if owner != NONE {
        return Ok(owner);
    }
    connection
        .set_selection_owner(window, selection, CURRENT_TIME)?
        .check()?;
    Ok(connection.get_selection_owner(selection)?.reply()?.owner)
}

/// Hears who comes later, until the window is gone.
fn listen(connection: &RustConnection, window: Window, message: Atom, show: &dyn Fn()) {
    loop {
        match connection.wait_for_event() {
            Ok(Event::ClientMessage(event)) if event.type_ == message => show(),
            Ok(Event::DestroyNotify(event)) if event.window == window => return,
            Ok(_) => {}
            Err(error) => {
                return tracing::debug!(%error, "nobody can ask this program to show itself");
            }
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let gone = self.connection.destroy_window(self.window);
        let told = gone.and_then(|_sent| self.connection.flush());
        if let Err(error) = told {
            // The display is gone, and the selection with it.
            return tracing::debug!(%error, "the selection is not given back");
        }
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::debug!("the thread that hears later programs had panicked");
        }
    }
}

impl From<ConnectionError> for OnlyError {
    fn from(error: ConnectionError) -> Self {
        Self::System(io::Error::other(error))
    }
}

impl From<ReplyError> for OnlyError {
    fn from(error: ReplyError) -> Self {
        Self::System(io::Error::other(error))
    }
}

impl From<ReplyOrIdError> for OnlyError {
    fn from(error: ReplyOrIdError) -> Self {
        Self::System(io::Error::other(error))
    }
}
