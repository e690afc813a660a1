//! macOS: through `enigo`.
//!
//! `enigo` writes what it types into the `log` at DEBUG, so an app that collects `log` records must
//! switch the target `enigo` off.

use std::collections::BTreeSet;

use ::enigo::{
    Axis, Coordinate, Direction, Enigo, InputError, Keyboard as _, Mouse as _, NewConError,
    Settings,
};
use aldis_session::ControlToken;
use aldis_wire::input::{Button, Input, Key, NamedKey};

use crate::wheel::Wheel;
use crate::{InjectError, Injector, MAX_HELD_KEYS, MonitorPlace};

/// The keys that change what others mean.
const MODIFIERS: [NamedKey; 4] = [
    NamedKey::Shift,
    NamedKey::Control,
    NamedKey::Alt,
    NamedKey::Super,
];

/// Opens this machine's mouse and keyboard.
pub(crate) fn open() -> Result<Box<dyn Injector>, InjectError> {
    let enigo = Enigo::new(&Settings::default()).map_err(|error| match error {
        NewConError::NoPermission => InjectError::Refused,
        error => InjectError::System(error.to_string()),
    })?;
    Ok(Box::new(Desktop {
        enigo,
        keys: BTreeSet::new(),
        buttons: BTreeSet::new(),
        wheel: Default::default(),
    }))
}

/// The desktop's pointer and keyboard.
struct Desktop {
    enigo: Enigo,
    keys: BTreeSet<Key>,
    buttons: BTreeSet<Button>,
    wheel: (Wheel, Wheel),
}

impl std::fmt::Debug for Desktop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not its keys: what is typed belongs in no log.
        f.debug_struct("Desktop").finish_non_exhaustive()
    }
}

impl Desktop {
    fn button(&mut self, button: Button, pressed: bool) -> Result<(), InjectError> {
        let known = if pressed {
            self.buttons.insert(button)
        } else {
            self.buttons.remove(&button)
        };
        if known {
            self.send_button(button, pressed)
        } else {
            Ok(())
        }
    }

    fn send_button(&mut self, button: Button, pressed: bool) -> Result<(), InjectError> {
        let button = match button {
            Button::Left => ::enigo::Button::Left,
            Button::Middle => ::enigo::Button::Middle,
            Button::Right => ::enigo::Button::Right,
            Button::Back => ::enigo::Button::Back,
            Button::Forward => ::enigo::Button::Forward,
        };
        Ok(self.enigo.button(button, direction(pressed))?)
    }

    fn key(&mut self, key: Key, pressed: bool) -> Result<(), InjectError> {
        let Some(code) = code(key) else { return Ok(()) };
        let known = if pressed {
            // A key that is down already is pressed again: the system does not repeat it.
            let room = self.keys.len() < MAX_HELD_KEYS;
            self.keys.contains(&key) || (room && self.keys.insert(key))
        } else {
            self.keys.remove(&key)
        };
        if known {
            self.enigo.key(code, direction(pressed))?;
        }
        Ok(())
    }

    fn text(&mut self, token: &ControlToken, text: &str) -> Result<(), InjectError> {
        let held = MODIFIERS
            .map(Key::Named)
            .into_iter()
            .filter(|key| self.keys.contains(key));
        let held: Vec<_> = held.filter_map(code).collect();
        for key in &held {
            self.enigo.key(*key, Direction::Release)?;
        }
        let typed = self.type_all(token, text);
        if token.is_live() {
            for key in held {
                self.enigo.key(key, Direction::Press)?;
            }
        }
        typed
    }

    fn type_all(&mut self, token: &ControlToken, text: &str) -> Result<(), InjectError> {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if !token.is_live() {
                return Err(InjectError::Revoked);
            }
            match c {
                '\r' if chars.peek() == Some(&'\n') => {}
                '\n' | '\r' => self.enigo.key(::enigo::Key::Return, Direction::Click)?,
                '\t' => self.enigo.key(::enigo::Key::Tab, Direction::Click)?,
                c if c.is_control() => {}
                c => self.enigo.text(c.encode_utf8(&mut [0; 4]))?,
            }
        }
        Ok(())
    }

    fn turn(&mut self, x: i16, y: i16) -> Result<(), InjectError> {
        let turns = [
            (self.wheel.0.turn(x), Axis::Horizontal),
            (self.wheel.1.turn(y), Axis::Vertical),
        ];
        for (notches, axis) in turns.into_iter().filter(|(notches, _)| *notches != 0) {
            self.enigo.scroll(notches.into(), axis)?;
        }
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
            match input {
                Input::PointerMove { x, y } => {
                    let (x, y) = monitor.on_desktop(*x, *y);
                    self.enigo
                        .move_mouse(x, y, Coordinate::Abs)
                        .map_err(Into::into)
                }
                Input::Button { button, pressed } => self.button(*button, *pressed),
                Input::Wheel { x, y } => self.turn(*x, *y),
                Input::Text(text) => self.text(token, text),
                Input::Key { key, pressed } => self.key(*key, *pressed),
                // What a newer supporter can do and we cannot.
                _ => Ok(()),
            }
        } else {
            Err(InjectError::Revoked)
        };
        if matches!(done, Err(InjectError::Revoked)) {
            self.release_all()?;
        }
        done
    }

    fn release_all(&mut self) -> Result<(), InjectError> {
        for key in std::mem::take(&mut self.keys) {
            if let Some(code) = code(key) {
                self.enigo.key(code, Direction::Release)?;
            }
        }
        for button in std::mem::take(&mut self.buttons) {
            self.send_button(button, false)?;
        }
        self.wheel = Default::default();
        Ok(())
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if let Err(error) = self.release_all() {
            tracing::debug!(%error, "not everything could be let go");
        }
    }
}

fn direction(pressed: bool) -> Direction {
    if pressed {
        Direction::Press
    } else {
        Direction::Release
    }
}

/// The system's name for a key; none for one that this system's keyboards lack.
fn code(key: Key) -> Option<::enigo::Key> {
    use ::enigo::Key as K;
    const FUNCTION: [K; 20] = [
        K::F1,
        K::F2,
        K::F3,
        K::F4,
        K::F5,
        K::F6,
        K::F7,
        K::F8,
        K::F9,
        K::F10,
        K::F11,
        K::F12,
        K::F13,
        K::F14,
        K::F15,
        K::F16,
        K::F17,
        K::F18,
        K::F19,
        K::F20,
    ];
    Some(match key {
        Key::Char(c) if c.is_control() => return None,
        Key::Char(c) => K::Unicode(c),
        Key::Function(number) => *FUNCTION.get(usize::from(number).checked_sub(1)?)?,
        Key::Named(named) => match named {
            NamedKey::Shift => K::Shift,
            NamedKey::Control => K::Control,
            NamedKey::Alt => K::Alt,
            NamedKey::Super => K::Meta,
            NamedKey::Enter => K::Return,
            NamedKey::Escape => K::Escape,
            NamedKey::Tab => K::Tab,
            NamedKey::Backspace => K::Backspace,
            NamedKey::Delete => K::Delete,
            NamedKey::Home => K::Home,
            NamedKey::End => K::End,
            NamedKey::PageUp => K::PageUp,
            NamedKey::PageDown => K::PageDown,
            NamedKey::Left => K::LeftArrow,
            NamedKey::Right => K::RightArrow,
            NamedKey::Up => K::UpArrow,
            NamedKey::Down => K::DownArrow,
            NamedKey::Space => K::Space,
            NamedKey::CapsLock => K::CapsLock,
            NamedKey::Insert
            | NamedKey::NumLock
            | NamedKey::ScrollLock
            | NamedKey::PrintScreen
            | NamedKey::Pause
            | NamedKey::Menu => return None,
        },
    })
}

impl From<InputError> for InjectError {
    fn from(_: InputError) -> Self {
        // Its message may name the key.
        Self::System("the system did not take the event".to_owned())
    }
}
