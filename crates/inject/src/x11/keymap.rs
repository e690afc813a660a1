//! What the keyboard's keys mean at the moment.

use std::ops::RangeInclusive;

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, Keycode, Keysym};
use x11rb::rust_connection::RustConnection;
use xkeysym::key;

use crate::InjectError;

/// The keypad's keysyms; `NumLock` decides what their keys mean, so text avoids them.
const KEYPAD: RangeInclusive<Keysym> = key::KP_Space..=key::KP_Equal;

/// The rows of the modifier mapping, which is also the order of a modifier mask's bits.
const MODIFIERS: usize = 8;
const SHIFT_ROW: usize = 0;

/// The keyboard's layout as the core protocol tells it: for each key the plain and the shifted
/// keysym of the first group, then other groups and levels.
#[derive(Debug)]
pub(super) struct Keymap {
    first: Keycode,
    width: usize,
    keysyms: Vec<Keysym>,
    modifiers: Vec<Vec<Keycode>>,
}

/// How to type a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stroke {
    pub(super) keycode: Keycode,
    pub(super) shift: bool,
}

impl Keymap {
    pub(super) fn read(conn: &RustConnection) -> Result<Self, InjectError> {
        let setup = conn.setup();
        let first = setup.min_keycode;
        let count = setup.max_keycode.saturating_sub(first).saturating_add(1);
        let keys = conn.get_keyboard_mapping(first, count)?;
        let modifiers = conn.get_modifier_mapping()?.reply()?;
        let keys = keys.reply()?;
        let row = (modifiers.keycodes.len() / MODIFIERS).max(1);
        Ok(Self {
            first,
            width: usize::from(keys.keysyms_per_keycode).max(1),
            keysyms: keys.keysyms,
            modifiers: modifiers
                .keycodes
                .chunks(row)
                .map(|row| {
                    row.iter()
                        .copied()
                        .filter(|keycode| *keycode != 0)
                        .collect()
                })
                .collect(),
        })
    }

    fn keys(&self) -> impl Iterator<Item = (Keycode, &[Keysym])> {
        (self.first..=Keycode::MAX).zip(self.keysyms.chunks_exact(self.width))
    }

    /// What one key means, level by level.
    pub(super) fn keysyms(&self, keycode: Keycode) -> &[Keysym] {
        let start = usize::from(keycode.saturating_sub(self.first)) * self.width;
        self.keysyms
            .get(start..start + self.width)
            .unwrap_or_default()
    }

    /// Makes a key mean nothing here.
    pub(super) fn forget(&mut self, keycode: Keycode) {
        let start = usize::from(keycode.saturating_sub(self.first)) * self.width;
        if let Some(levels) = self.keysyms.get_mut(start..start + self.width) {
            levels.fill(key::NoSymbol);
        }
    }

    /// The key that bears one of these keysyms, pressed with no modifier.
    pub(super) fn key(&self, keysyms: &[Keysym]) -> Option<Keycode> {
        self.keys()
            .find(|(_, levels)| keysyms.contains(&levels[0]))
            .map(|(keycode, _)| keycode)
    }

    /// How to type one of these keysyms with Shift at most.
    pub(super) fn stroke(&self, keysyms: &[Keysym]) -> Option<Stroke> {
        let at = |level: usize| {
            let found = self.keys().find(|(_, levels)| {
                levels
                    .get(level)
                    .is_some_and(|keysym| keysyms.contains(keysym))
                    && !levels.iter().take(2).any(|keysym| KEYPAD.contains(keysym))
            });
            found.map(|(keycode, _)| Stroke {
                keycode,
                shift: level == 1,
            })
        };
        at(0).or_else(|| at(1).filter(|_| self.shift().is_some()))
    }

    /// The keys that mean nothing and modify nothing.
    pub(super) fn unused(&self) -> impl Iterator<Item = Keycode> {
        self.keys()
            .filter(|(keycode, levels)| {
                levels.iter().all(|keysym| *keysym == key::NoSymbol) && !self.is_modifier(*keycode)
            })
            .map(|(keycode, _)| keycode)
    }

    /// A Shift key.
    pub(super) fn shift(&self) -> Option<Keycode> {
        self.modifiers.get(SHIFT_ROW)?.first().copied()
    }

    /// Whether this is a Shift key.
    pub(super) fn is_shift(&self, keycode: Keycode) -> bool {
        self.modifiers
            .get(SHIFT_ROW)
            .is_some_and(|row| row.contains(&keycode))
    }

    /// Whether this key changes what others mean.
    pub(super) fn is_modifier(&self, keycode: Keycode) -> bool {
        self.modifiers
            .iter()
            .flatten()
            .any(|modifier| *modifier == keycode)
    }

    /// Whether pressing this key toggles something.
    pub(super) fn is_lock(&self, keycode: Keycode) -> bool {
        const LOCKS: [Keysym; 4] = [
            key::Caps_Lock,
            key::Shift_Lock,
            key::Num_Lock,
            key::ISO_Level3_Lock,
        ];
        self.keysyms(keycode)
            .iter()
            .any(|keysym| LOCKS.contains(keysym))
    }

    /// The modifier that is `NumLock`, as a mask.
    ///
    /// It is on all day on many machines and changes nothing about the keys that text uses.
    pub(super) fn num_lock(&self) -> u16 {
        let rows = self.modifiers.iter().enumerate().filter(|(_, row)| {
            row.iter()
                .any(|keycode| self.keysyms(*keycode).contains(&key::Num_Lock))
        });
        rows.fold(0, |mask, (bit, _)| mask | 1 << bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keymap() -> Keymap {
        Keymap {
            first: 8,
            width: 2,
            keysyms: vec![
                key::KP_Delete,
                0x2c, // 8: the keypad's comma
                0x3b,
                0x2c, // 9
                0x61,
                0x41, // 10
                0,
                0, // 11
                key::Shift_L,
                0, // 12
                0,
                0, // 13
                key::Num_Lock,
                0, // 14
            ],
            modifiers: vec![
                vec![12],
                vec![13],
                vec![],
                vec![],
                vec![14],
                vec![],
                vec![],
                vec![],
            ],
        }
    }

    #[test]
    fn text_prefers_a_plain_key_and_avoids_the_keypad() {
        let keymap = keymap();
        assert_eq!(
            keymap.stroke(&[0x61]),
            Some(Stroke {
                keycode: 10,
                shift: false
            })
        );
        assert_eq!(
            keymap.stroke(&[0x41]),
            Some(Stroke {
                keycode: 10,
                shift: true
            })
        );
        assert_eq!(
            keymap.stroke(&[0x2c]),
            Some(Stroke {
                keycode: 9,
                shift: true
            })
        );
        assert_eq!(keymap.stroke(&[0x7e]), None);
        assert_eq!(keymap.key(&[0x41]), None);
    }

    #[test]
    fn unused_keys_mean_nothing_and_modify_nothing() {
        let keymap = keymap();
        assert_eq!(keymap.unused().collect::<Vec<_>>(), [11]);
        assert_eq!(keymap.num_lock(), 1 << 4);
    }
}
