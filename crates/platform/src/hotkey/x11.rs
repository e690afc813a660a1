//! X11: raw key events hear the keys, and a passive grab keeps them from the program in front.
//!
//! A grab alone would not do: it is silent while another program holds the keyboard, as every open
//! menu and every virtual machine does, and the customer's way out must always work.
//! Raw events name the device that a key is on.
//! So a supporter's typing, which goes through a device of its own and lets go of Shift after each
//! capital, cannot hide that the customer is holding Shift.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, Keycode, ModMask, Window};
use x11rb::rust_connection::RustConnection;

use super::HotkeyError;

const F12: u32 = 0xffc9;
const NUM_LOCK: u32 = 0xff7f;

/// The rows of the modifier mapping.
const MODIFIERS: usize = 8;
const SHIFT_ROW: usize = 0;
const CONTROL_ROW: usize = 2;

/// The most keys that are remembered as down.
const MAX_DOWN: usize = 256;

/// XI 2.2 delivers raw events also while another client holds the keyboard.
const XI_VERSION: (u16, u16) = (2, 2);

/// The thread that listens.
#[derive(Debug)]
pub(super) struct Listener {
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn start(on_press: Box<dyn Fn() + Send>) -> Result<Self, HotkeyError> {
        Self::start_on(None, on_press)
    }

    pub(super) fn start_on(
        display: Option<&str>,
        on_press: Box<dyn Fn() + Send>,
    ) -> Result<Self, HotkeyError> {
        let mut ears = Ears::open(display)?;
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let stop = Arc::new(eventfd(0, flags).map_err(io::Error::from)?);
        let stopped = Arc::clone(&stop);
        let listen = move || {
            if let Err(error) = ears.listen(&stopped, &*on_press) {
                tracing::warn!(%error, "the stop keys are not heard any more");
            }
        };
        let thread = std::thread::Builder::new()
            .name("aldis-hotkey".to_owned())
            .spawn(listen)?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Err(error) = rustix::io::write(&*self.stop, &1_u64.to_ne_bytes()) {
            tracing::debug!(%error, "the hot key's thread cannot be stopped");
            return;
        }
        // It may be that very thread that drops this, in `on_press`.
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
            && thread.join().is_err()
        {
            tracing::debug!("the hot key's thread had panicked");
        }
    }
}

struct Ears {
    conn: RustConnection,
    /// A connection of its own for the grabs: the server hides raw events from the client whose
    /// grab of the root window is active, and so the release of F12 would be missed.
    grabs: RustConnection,
    root: Window,
    keys: Keys,
    raw: bool,
    /// The keys of ours that are down, with the device that each is on.
    down: BTreeSet<(u16, u32)>,
}

/// The keycodes that matter.
#[derive(Debug, Default)]
struct Keys {
    stop: Vec<Keycode>,
    shift: Vec<Keycode>,
    control: Vec<Keycode>,
    num_lock: u16,
}

impl Ears {
    fn open(display: Option<&str>) -> Result<Self, HotkeyError> {
        let connect = || {
            RustConnection::connect(display).map_err(|error| {
                tracing::debug!(%error, "no X11 display");
                HotkeyError::NoDisplay
            })
        };
        let (conn, number) = connect()?;
        let (grabs, _) = connect()?;
        let root = conn.setup().roots[number].root;
        let keys = Keys::read(&conn)?;
        if keys.stop.is_empty() {
            return Err(HotkeyError::NoKey);
        }
        let raw = conn
            .extension_information(xinput::X11_EXTENSION_NAME)?
            .is_some();
        let ears = Self {
            conn,
            grabs,
            root,
            keys,
            raw,
            down: BTreeSet::new(),
        };
        if raw {
            ears.conn
                .xinput_xi_query_version(XI_VERSION.0, XI_VERSION.1)?
                .reply()?;
            let mask = xinput::EventMask {
                deviceid: xinput::Device::ALL_MASTER.into(),
                mask: vec![
                    xinput::XIEventMask::RAW_KEY_PRESS | xinput::XIEventMask::RAW_KEY_RELEASE,
                ],
            };
            ears.conn.xinput_xi_select_events(root, &[mask])?.check()?;
        }
        match ears.grab() {
            // Heard in any case; the program that has it hears it, too.
            Err(HotkeyError::Taken) if raw => tracing::debug!("another program has the stop keys"),
            other => other?,
        }
        Ok(ears)
    }

    /// Takes the keys from the program in front, whatever is locked at the time.
    fn grab(&self) -> Result<(), HotkeyError> {
        let stop = u16::from(ModMask::CONTROL) | u16::from(ModMask::SHIFT);
        let (caps, num) = (u16::from(ModMask::LOCK), self.keys.num_lock);
        for keycode in &self.keys.stop {
            for locks in BTreeSet::from([0, caps, num, caps | num]) {
                let modifiers = ModMask::from(stop | locks);
                let mode = GrabMode::ASYNC;
                match self
                    .grabs
                    .grab_key(false, self.root, modifiers, *keycode, mode, mode)?
                    .check()
                {
                    Err(ReplyError::X11Error(_)) => return Err(HotkeyError::Taken),
                    other => other?,
                }
            }
        }
        Ok(())
    }

    fn listen(&mut self, stop: &OwnedFd, on_press: &dyn Fn()) -> Result<(), HotkeyError> {
        loop {
            while let Some(event) = self.next()? {
                if self.hear(&event)? {
                    on_press();
                }
            }
            self.grabs.flush()?;
            let mut fds = [
                PollFd::from_borrowed_fd(self.conn.stream().as_fd(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.grabs.stream().as_fd(), PollFlags::IN),
                PollFd::new(stop, PollFlags::IN),
            ];
            match poll(&mut fds, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
            if !fds[2].revents().is_empty() {
                return Ok(());
            }
        }
    }

    /// The next event; the layout is followed by what the grabs' connection hears of it.
    fn next(&self) -> Result<Option<Event>, HotkeyError> {
        while let Some(event) = self.conn.poll_for_event()? {
            if !matches!(event, Event::MappingNotify(_)) {
                return Ok(Some(event));
            }
        }
        Ok(self.grabs.poll_for_event()?)
    }

    /// Says whether the keys were pressed just now.
    fn hear(&mut self, event: &Event) -> Result<bool, HotkeyError> {
        match event {
            Event::XinputRawKeyPress(event) => {
                return Ok(self.press(event.sourceid, event.detail));
            }
            Event::XinputRawKeyRelease(event) => {
                self.down.remove(&(event.sourceid, event.detail));
            }
            // Only Ctrl+Shift+F12 is grabbed.
            Event::KeyPress(_) => return Ok(!self.raw),
            Event::MappingNotify(_) => {
                let keys = Keys::read(&self.grabs)?;
                if keys.stop.is_empty() {
                    return Ok(false);
                }
                for keycode in &self.keys.stop {
                    self.grabs.ungrab_key(*keycode, self.root, ModMask::ANY)?;
                }
                self.keys = keys;
                match self.grab() {
                    Err(HotkeyError::Taken) => {
                        tracing::debug!("another program has the stop keys");
                    }
                    other => other?,
                }
            }
            _ => {}
        }
        Ok(false)
    }

    fn press(&mut self, device: u16, keycode: u32) -> bool {
        let is_one_of =
            |keys: &[Keycode], keycode: u32| keys.iter().any(|key| u32::from(*key) == keycode);
        let keys = &self.keys;
        let is_stop = is_one_of(&keys.stop, keycode);
        if !is_stop && !is_one_of(&keys.shift, keycode) && !is_one_of(&keys.control, keycode) {
            return false;
        }
        if self.down.len() >= MAX_DOWN {
            self.down.clear();
        }
        // A key that is down already only repeats.
        let is_new = self.down.insert((device, keycode));
        let is_down = |keys: &[Keycode]| self.down.iter().any(|(_, key)| is_one_of(keys, *key));
        is_stop && is_new && is_down(&keys.shift) && is_down(&keys.control)
    }
}

impl Keys {
    fn read(conn: &RustConnection) -> Result<Self, HotkeyError> {
        let setup = conn.setup();
        let first = setup.min_keycode;
        let count = setup.max_keycode.saturating_sub(first).saturating_add(1);
        let mapping = conn.get_keyboard_mapping(first, count)?;
        let modifiers = conn.get_modifier_mapping()?.reply()?.keycodes;
        let mapping = mapping.reply()?;
        let width = usize::from(mapping.keysyms_per_keycode).max(1);
        let with = |keysym: u32| -> Vec<Keycode> {
            (first..=Keycode::MAX)
                .zip(mapping.keysyms.chunks_exact(width))
                .filter(|(_, levels)| levels.contains(&keysym))
                .map(|(keycode, _)| keycode)
                .collect()
        };
        let rows: Vec<&[Keycode]> = modifiers
            .chunks_exact((modifiers.len() / MODIFIERS).max(1))
            .collect();
        let row = |number: usize| -> Vec<Keycode> {
            let keys = rows.get(number).copied().unwrap_or_default();
            keys.iter()
                .copied()
                .filter(|keycode| *keycode != 0)
                .collect()
        };
        let num_locks = with(NUM_LOCK);
        let num_lock = rows
            .iter()
            .position(|row| row.iter().any(|key| num_locks.contains(key)));
        Ok(Self {
            stop: with(F12),
            shift: row(SHIFT_ROW),
            control: row(CONTROL_ROW),
            num_lock: num_lock.map_or(0, |bit| 1 << bit),
        })
    }
}

impl From<ConnectionError> for HotkeyError {
    fn from(error: ConnectionError) -> Self {
        Self::System(io::Error::other(error))
    }
}

impl From<ReplyError> for HotkeyError {
    fn from(error: ReplyError) -> Self {
        Self::System(io::Error::other(error))
    }
}
