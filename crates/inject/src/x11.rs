//! X11: XTEST makes the events, XKB says what state the keyboard is in.
//!
//! The injector owns its connection, on which it also hears of new keyboard layouts.

use std::collections::{BTreeMap, BTreeSet};

use aldis_session::ControlToken;
use aldis_wire::input::{Button, Input, Key};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::{ConnectionError, ReplyError};
use x11rb::protocol::Event;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xkb::{self, ConnectionExt as _, Group};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Keycode,
    MOTION_NOTIFY_EVENT, ModMask, Window,
};
use x11rb::protocol::xtest::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use crate::wheel::Wheel;
use crate::{InjectError, Injector, MAX_HELD_KEYS, MonitorPlace};

mod keymap;
mod keysyms;
mod spare;
mod text;

use keymap::Keymap;
use spare::Spares;

/// The most events handled at a time; what is left comes next time.
const MAX_EVENTS: usize = 4096;

/// The wheel's directions as X11's buttons.
const WHEEL_UP: u8 = 4;
const WHEEL_DOWN: u8 = 5;
const WHEEL_LEFT: u8 = 6;
const WHEEL_RIGHT: u8 = 7;

/// Opens the display that `DISPLAY` names.
pub(crate) fn open() -> Result<Box<dyn Injector>, InjectError> {
    open_display(None)
}

/// Opens the X11 display with this name, as `:1`, or the one that `DISPLAY` names.
pub fn open_display(name: Option<&str>) -> Result<Box<dyn Injector>, InjectError> {
    Ok(Box::new(Desktop::open(name)?))
}

/// An X server's pointer and keyboard.
struct Desktop {
    conn: RustConnection,
    root: Window,
    keymap: Keymap,
    spares: Spares,
    /// Another client changed the keyboard's layout, so `keymap` must be read again.
    stale: bool,
    /// The keys that are down because of us, each with the keycode it went down with: the layout
    /// may change before it goes up.
    keys: BTreeMap<Key, Keycode>,
    buttons: BTreeSet<u8>,
    wheel: (Wheel, Wheel),
}

impl std::fmt::Debug for Desktop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not its keys: what is typed belongs in no log.
        f.debug_struct("Desktop")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl Desktop {
    fn open(name: Option<&str>) -> Result<Self, InjectError> {
        let (conn, number) = RustConnection::connect(name).map_err(|error| {
            tracing::debug!(%error, "no X11 display");
            if std::env::var_os("WAYLAND_DISPLAY").is_some() {
                InjectError::Wayland
            } else {
                InjectError::NoDisplay
            }
        })?;
        let root = conn.setup().roots[number].root;
        if is_xwayland(&conn, root)? {
            return Err(InjectError::Wayland);
        }
        for (extension, label) in [
            (xtest::X11_EXTENSION_NAME, "XTEST"),
            (xkb::X11_EXTENSION_NAME, "XKEYBOARD"),
        ] {
            if conn.extension_information(extension)?.is_none() {
                return Err(InjectError::MissingExtension(label));
            }
        }
        conn.xtest_get_version(2, 2)?.reply()?;
        // Our events must also reach the desktop while another client has grabbed the server.
        conn.xtest_grab_control(true)?;
        if !conn.xkb_use_extension(1, 0)?.reply()?.supported {
            return Err(InjectError::MissingExtension("XKEYBOARD"));
        }
        let events = xkb::EventType::NEW_KEYBOARD_NOTIFY | xkb::EventType::MAP_NOTIFY;
        let parts = xkb::MapPart::KEY_SYMS | xkb::MapPart::MODIFIER_MAP;
        conn.xkb_select_events(
            core_keyboard(),
            xkb::EventType::from(0_u16),
            events,
            parts,
            parts,
            &xkb::SelectEventsAux::new(),
        )?;
        let mut keymap = Keymap::read(&conn)?;
        let spares = Spares::new(&mut keymap);
        Ok(Self {
            conn,
            root,
            keymap,
            spares,
            stale: false,
            keys: BTreeMap::new(),
            buttons: BTreeSet::new(),
            wheel: Default::default(),
        })
    }

    /// Hears whether the layout changed; `own` is the keycode that we have just changed ourselves.
    fn drain(&mut self, own: Option<Keycode>) -> Result<(), InjectError> {
        for _ in 0..MAX_EVENTS {
            match self.conn.poll_for_event()? {
                Some(Event::XkbMapNotify(event)) => {
                    self.stale |= own != Some(event.first_key_sym) || event.n_key_syms != 1;
                }
                Some(Event::MappingNotify(event)) => {
                    self.stale |= own != Some(event.first_keycode) || event.count != 1;
                }
                Some(Event::XkbNewKeyboardNotify(_)) => self.stale = true,
                Some(Event::Error(error)) => {
                    tracing::debug!(kind = ?error.error_kind, "the X server refused a request");
                }
                Some(_) => {}
                None => break,
            }
        }
        Ok(())
    }

    /// Reads the keyboard's layout again if it changed.
    fn refresh(&mut self) -> Result<(), InjectError> {
        self.drain(None)?;
        if std::mem::take(&mut self.stale) {
            self.keymap = Keymap::read(&self.conn)?;
            self.spares.reconcile(&mut self.keymap);
        }
        Ok(())
    }

    fn fake(&self, kind: u8, detail: u8) -> Result<(), InjectError> {
        self.conn
            .xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, x11rb::NONE, 0, 0, 0)?;
        Ok(())
    }

    fn move_to(&self, (x, y): (i32, i32)) -> Result<(), InjectError> {
        let short = |value: i32| {
            i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
        };
        let now = x11rb::CURRENT_TIME;
        self.conn.xtest_fake_input(
            MOTION_NOTIFY_EVENT,
            0,
            now,
            self.root,
            short(x),
            short(y),
            0,
        )?;
        Ok(())
    }

    fn button(&mut self, button: Button, pressed: bool) -> Result<(), InjectError> {
        let number = match button {
            Button::Left => 1,
            Button::Middle => 2,
            Button::Right => 3,
            Button::Back => 8,
            Button::Forward => 9,
        };
        if pressed && self.buttons.insert(number) {
            self.fake(BUTTON_PRESS_EVENT, number)
        } else if !pressed && self.buttons.remove(&number) {
            self.fake(BUTTON_RELEASE_EVENT, number)
        } else {
            Ok(())
        }
    }

    fn turn(&mut self, x: i16, y: i16) -> Result<(), InjectError> {
        let across = (self.wheel.0.turn(x), WHEEL_RIGHT, WHEEL_LEFT);
        let down = (self.wheel.1.turn(y), WHEEL_DOWN, WHEEL_UP);
        for (notches, forwards, backwards) in [across, down] {
            let number = if notches > 0 { forwards } else { backwards };
            for _ in 0..notches.unsigned_abs() {
                self.fake(BUTTON_PRESS_EVENT, number)?;
                self.fake(BUTTON_RELEASE_EVENT, number)?;
            }
        }
        Ok(())
    }

    /// Presses a key of a shortcut; its modifiers come as keys of their own.
    ///
    /// A key that is already down is left alone: the server repeats it by itself.
    fn press(&mut self, token: &ControlToken, key: Key) -> Result<(), InjectError> {
        if self.keys.contains_key(&key) || self.keys.len() >= MAX_HELD_KEYS {
            return Ok(());
        }
        let Some(keysyms) = keysyms::of_key(key) else {
            return Ok(());
        };
        let keycode = match self.keymap.key(&keysyms) {
            Some(keycode) => keycode,
            None => self.lend(keysyms[0])?,
        };
        // A program sees a key as the active group has it: with a Cyrillic one, Ctrl+C would
        // arrive as Ctrl+С. The event carries the group, so it can be put back at once.
        let state = match key {
            Key::Char(_) => Some(self.conn.xkb_get_state(core_keyboard())?.reply()?),
            Key::Function(_) | Key::Named(_) => None,
        };
        let group = state
            .filter(|state| state.group != Group::M1)
            .map(|state| state.locked_group);
        if !token.is_live() {
            return Err(InjectError::Revoked);
        }
        if group.is_some() {
            self.lock(0, 0, Some(Group::M1))?;
        }
        self.keys.insert(key, keycode);
        self.fake(KEY_PRESS_EVENT, keycode)?;
        if group.is_some() {
            self.lock(0, 0, group)?;
        }
        Ok(())
    }

    fn release(&mut self, key: Key) -> Result<(), InjectError> {
        let Some(keycode) = self.keys.remove(&key) else {
            return Ok(());
        };
        if self.keys.values().any(|other| *other == keycode) {
            return Ok(());
        }
        self.fake(KEY_RELEASE_EVENT, keycode)
    }

    /// Sets those of the locked modifiers that `affect` names, and the locked group.
    fn lock(&self, affect: u8, locks: u8, group: Option<Group>) -> Result<(), InjectError> {
        self.conn.xkb_latch_lock_state(
            core_keyboard(),
            ModMask::from(affect),
            ModMask::from(locks),
            group.is_some(),
            group.unwrap_or(Group::M1),
            ModMask::from(0_u8),
            false,
            0,
        )?;
        Ok(())
    }
}

impl Injector for Desktop {
    fn apply(
        &mut self,
        token: &ControlToken,
        input: &Input,
        monitor: MonitorPlace,
    ) -> Result<(), InjectError> {
        let done = if token.is_live() {
            self.refresh().and_then(|()| match input {
                Input::PointerMove { x, y } => self.move_to(monitor.on_desktop(*x, *y)),
                Input::Button { button, pressed } => self.button(*button, *pressed),
                Input::Wheel { x, y } => self.turn(*x, *y),
                Input::Text(text) => self.text(token, text),
                Input::Key { key, pressed: true } => self.press(token, *key),
                Input::Key {
                    key,
                    pressed: false,
                } => self.release(*key),
                // What a newer supporter can do and we cannot.
                _ => Ok(()),
            })
        } else {
            Err(InjectError::Revoked)
        };
        if matches!(done, Err(InjectError::Revoked)) {
            self.release_all()?;
        }
        self.conn.flush()?;
        done
    }

    fn release_all(&mut self) -> Result<(), InjectError> {
        for keycode in std::mem::take(&mut self.keys).into_values() {
            self.fake(KEY_RELEASE_EVENT, keycode)?;
        }
        for number in std::mem::take(&mut self.buttons) {
            self.fake(BUTTON_RELEASE_EVENT, number)?;
        }
        self.wheel = Default::default();
        self.conn.flush()?;
        Ok(())
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let done = self.release_all().and_then(|()| self.return_spares());
        if let Err(error) = done {
            tracing::debug!(%error, "the display was gone before everything was let go");
        }
    }
}

/// Whether the server draws only the X11 programs of a Wayland desktop; XTEST would reach those alone.
fn is_xwayland(conn: &RustConnection, root: Window) -> Result<bool, InjectError> {
    if conn.extension_information("XWAYLAND")?.is_some() {
        return Ok(true);
    }
    // Before version 23 only its outputs' names told.
    if conn
        .extension_information(randr::X11_EXTENSION_NAME)?
        .is_none()
    {
        return Ok(false);
    }
    let outputs = conn.randr_get_screen_resources_current(root)?.reply()?;
    for output in outputs.outputs {
        let info = conn.randr_get_output_info(output, outputs.config_timestamp)?;
        if info.reply()?.name.starts_with(b"XWAYLAND") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The keyboard that programs hear, whatever devices feed it.
fn core_keyboard() -> xkb::DeviceSpec {
    xkb::ID::USE_CORE_KBD.into()
}

impl From<ConnectionError> for InjectError {
    fn from(error: ConnectionError) -> Self {
        tracing::debug!(%error, "the X11 connection failed");
        Self::Lost
    }
}

impl From<ReplyError> for InjectError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::System(format!(
                "the X server answered {:?} to {}",
                error.error_kind,
                error.request_name.unwrap_or("a request")
            )),
        }
    }
}
