//! Keys that mean nothing, lent to characters that the layout lacks.
//!
//! A program looks up what a key means when it handles the server's notice, which may be a moment
//! after the key was pressed; so a key's meaning must not change soon after it was used.
//! The keys are kept as a cache for that reason: the longest unused one is taken, and only when
//! it has rested.

use std::time::{Duration, Instant};

use x11rb::protocol::xproto::{ConnectionExt as _, Keycode, Keysym};
use x11rb::wrapper::ConnectionExt as _;
use xkeysym::key;

use super::Desktop;
use super::keymap::Keymap;
use crate::InjectError;

/// How long a key keeps its meaning after it was last pressed.
const REST: Duration = Duration::from_millis(150);

/// The columns that a lent key fills, so that Shift and other groups mean the same.
const COLUMNS: u8 = 4;

/// The keys that can be lent.
#[derive(Debug)]
pub(super) struct Spares {
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    keycode: Keycode,
    keysym: Keysym,
    used: Option<Instant>,
}

impl Spares {
    pub(super) fn new(keymap: &mut Keymap) -> Self {
        let mut spares = Self { slots: Vec::new() };
        spares.reconcile(keymap);
        spares
    }

    /// Follows a layout that somebody else changed: lent keys may have got back their old meaning,
    /// or a new one.
    pub(super) fn reconcile(&mut self, keymap: &mut Keymap) {
        self.slots.retain(|slot| {
            slot.keysym != key::NoSymbol
                && keymap.keysyms(slot.keycode).first() == Some(&slot.keysym)
        });
        for keycode in keymap.unused() {
            self.slots.push(Slot {
                keycode,
                keysym: key::NoSymbol,
                used: None,
            });
        }
        // A lent key is found here only, or it would be taken for one of the layout's own, which
        // keep their meaning.
        for slot in &self.slots {
            keymap.forget(slot.keycode);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "programs need real time to hear of a new meaning"
)]
fn now() -> Instant {
    Instant::now()
}

impl Desktop {
    /// Makes a key mean this keysym at every level, for now, and gives it.
    pub(super) fn lend(&mut self, keysym: Keysym) -> Result<Keycode, InjectError> {
        let known = self
            .spares
            .slots
            .iter_mut()
            .find(|slot| slot.keysym == keysym);
        if let Some(slot) = known {
            slot.used = Some(now());
            return Ok(slot.keycode);
        }
        let held = |slot: &&mut Slot| !self.keys.values().any(|keycode| *keycode == slot.keycode);
        let slot = self
            .spares
            .slots
            .iter_mut()
            .filter(held)
            .min_by_key(|slot| slot.used);
        let slot = slot.ok_or(InjectError::NoSpareKey)?;
        if let Some(used) = slot.used {
            std::thread::sleep(REST.saturating_sub(now().saturating_duration_since(used)));
        }
        let keycode = slot.keycode;
        // If the change fails, the key is still ours to clear.
        slot.keysym = keysym;
        slot.used = Some(now());
        self.change(keycode, keysym)?;
        Ok(keycode)
    }

    /// Gives every lent key back.
    pub(super) fn return_spares(&mut self) -> Result<(), InjectError> {
        self.refresh()?;
        let slots = std::mem::take(&mut self.spares.slots);
        let lent: Vec<_> = slots
            .iter()
            .filter(|slot| slot.keysym != key::NoSymbol)
            .collect();
        if let Some(last) = lent.iter().filter_map(|slot| slot.used).max() {
            std::thread::sleep(REST.saturating_sub(now().saturating_duration_since(last)));
        }
        for slot in lent {
            self.change(slot.keycode, key::NoSymbol)?;
        }
        Ok(())
    }

    /// Changes what a key means, and returns when the server has told every program.
    fn change(&mut self, keycode: Keycode, keysym: Keysym) -> Result<(), InjectError> {
        // What came before is not ours to ignore.
        self.drain(None)?;
        self.conn
            .change_keyboard_mapping(1, keycode, COLUMNS, &[keysym; COLUMNS as usize])?;
        self.conn.sync()?;
        self.drain(Some(keycode))
    }
}
