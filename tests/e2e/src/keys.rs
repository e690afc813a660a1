//! Fingers on a keyboard: real key codes, pressed as the layout in force demands.
//!
//! xdotool's `type` may rebind keys to reach a character; a person cannot.
//! So text is typed here by looking up which key, with which modifiers or dead key before it, gives each character on
//! the display's present layout, and pressing exactly that.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use x11rb::connection::Connection as _;
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, ModMask};
use x11rb::protocol::xtest::ConnectionExt as _;

use crate::display::Display;

/// The Shift key's place on a PC keyboard, as X counts.
pub const SHIFT: u8 = 50;
/// The `AltGr` key's place.
pub const ALT_GR: u8 = 108;
/// The Control key's place.
pub const CONTROL: u8 = 37;
/// The left Alt key's place.
pub const ALT: u8 = 64;
/// The left Super (Windows) key's place.
pub const SUPER: u8 = 133;
/// The Tab key's place.
pub const TAB: u8 = 23;
/// The Caps Lock key's place.
pub const CAPS_LOCK: u8 = 66;
/// The Return key's place.
pub const RETURN: u8 = 36;
/// The F5 key's place.
pub const F5: u8 = 71;
/// The F12 key's place.
pub const F12: u8 = 96;
/// The key C's place.
pub const C: u8 = 54;
/// The key T's place.
pub const T: u8 = 28;
/// The key K's place.
pub const K: u8 = 45;

/// Time between two keys of a fast typist.
const PACE: Duration = Duration::from_millis(12);

/// One key with the modifiers that must be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stroke {
    key: u8,
    shift: bool,
    alt_gr: bool,
}

/// What the dead keys add to which letters, as far as the tests need it.
const DEAD: [(&str, char, u32); 8] = [
    ("ñ", 'n', 0xFE53),
    ("é", 'e', 0xFE51),
    ("á", 'a', 0xFE51),
    ("ü", 'u', 0xFE57),
    ("ê", 'e', 0xFE52),
    ("è", 'e', 0xFE50),
    ("^", ' ', 0xFE52),
    ("`", ' ', 0xFE50),
];

/// The keysym of a character.
fn keysym(c: char) -> u32 {
    match c {
        '€' => 0x20AC,
        c if u32::from(c) < 0x100 => u32::from(c),
        c => 0x0100_0000 | u32::from(c),
    }
}

/// The layout in force: which keysyms each key has.
#[derive(Debug)]
struct Layout {
    first: u8,
    per_key: usize,
    keysyms: Vec<u32>,
}

impl Layout {
    fn read(display: &Display) -> Result<Self> {
        let setup = display.connection().setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let map = display
            .connection()
            .get_keyboard_mapping(first, last - first + 1)?
            .reply()?;
        Ok(Self {
            first,
            per_key: map.keysyms_per_keycode.into(),
            keysyms: map.keysyms,
        })
    }

    /// The stroke giving this keysym in the first group. Columns 0 and 1 are plain and Shift, 4 and 5 those with `AltGr`.
    fn stroke(&self, keysym: u32) -> Option<Stroke> {
        for (column, shift, alt_gr) in [
            (0, false, false),
            (1, true, false),
            (4, false, true),
            (5, true, true),
        ] {
            if column >= self.per_key {
                continue;
            }
            let place = self
                .keysyms
                .chunks(self.per_key)
                .position(|key| key.get(column) == Some(&keysym));
            if let Some(key) = place.and_then(|place| u8::try_from(place).ok()) {
                return Some(Stroke {
                    key: self.first + key,
                    shift,
                    alt_gr,
                });
            }
        }
        None
    }

    /// The strokes that give this character, or `None` if the layout cannot.
    fn strokes(&self, c: char) -> Option<Vec<Stroke>> {
        if let Some(stroke) = self.stroke(keysym(c)) {
            return Some(vec![stroke]);
        }
        let mut text = [0; 4];
        let text: &str = c.encode_utf8(&mut text);
        DEAD.iter()
            .filter(|(made, _, _)| *made == text)
            .find_map(|&(_, base, dead)| Some(vec![self.stroke(dead)?, self.stroke(keysym(base))?]))
    }
}

impl Display {
    /// Presses or releases the key at this place.
    pub fn key_at(&self, code: u8, down: bool) -> Result<()> {
        let kind = if down {
            KEY_PRESS_EVENT
        } else {
            KEY_RELEASE_EVENT
        };
        self.connection()
            .xtest_fake_input(kind, code, 0, self.root(), 0, 0, 0)?;
        // A round trip: the server has acted when this returns.
        self.connection().get_input_focus()?.reply()?;
        Ok(())
    }

    /// Presses the keys in order and releases them in reverse.
    pub fn chord(&self, codes: &[u8]) -> Result<()> {
        for code in codes {
            self.key_at(*code, true)?;
        }
        thread::sleep(PACE);
        for code in codes.iter().rev() {
            self.key_at(*code, false)?;
        }
        thread::sleep(PACE);
        Ok(())
    }

    /// Makes the layout's group with this number (from 0) the active one, as a person's layout switch does.
    pub fn lock_group(&self, group: u8) -> Result<()> {
        self.connection().xkb_use_extension(1, 0)?.reply()?;
        let core_keyboard = xkb::ID::USE_CORE_KBD.into();
        let none = ModMask::from(0_u16);
        self.connection().xkb_latch_lock_state(
            core_keyboard,
            none,
            none,
            true,
            group.into(),
            none,
            false,
            0,
        )?;
        self.connection().get_input_focus()?.reply()?;
        Ok(())
    }

    /// The characters of `text` that the present layout can type, in order.
    pub fn typable(&self, text: &str) -> Result<String> {
        let layout = Layout::read(self)?;
        Ok(text
            .chars()
            .filter(|c| layout.strokes(*c).is_some())
            .collect())
    }

    /// Types text with the keys of the present layout, modifiers and dead keys included.
    pub fn type_keys(&self, text: &str) -> Result<()> {
        let layout = Layout::read(self)?;
        for c in text.chars() {
            let strokes = layout
                .strokes(c)
                .with_context(|| format!("this keyboard layout has no {c:?}"))?;
            for stroke in strokes {
                let mut keys = Vec::with_capacity(3);
                if stroke.shift {
                    keys.push(SHIFT);
                }
                if stroke.alt_gr {
                    keys.push(ALT_GR);
                }
                keys.push(stroke.key);
                self.chord(&keys)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A keyboard of three keys: `e` with € on `AltGr`, the Spanish acute accent, and `2` with `"` and `@`.
    fn small() -> Layout {
        let row = |plain, shift, alt_gr, both| [plain, shift, plain, shift, alt_gr, both];
        let keysyms = [
            row(0x65, 0x45, 0x20AC, 0),
            row(0xFE51, 0xFE57, u32::from('{'), 0),
            row(u32::from('2'), u32::from('"'), u32::from('@'), 0),
        ];
        Layout {
            first: 8,
            per_key: 6,
            keysyms: keysyms.concat(),
        }
    }

    #[test]
    fn modifiers_follow_from_the_column() {
        let plain = Stroke {
            key: 10,
            shift: false,
            alt_gr: false,
        };
        assert_eq!(small().strokes('2'), Some(vec![plain]));
        assert_eq!(
            small().strokes('"'),
            Some(vec![Stroke {
                shift: true,
                ..plain
            }])
        );
        assert_eq!(
            small().strokes('@'),
            Some(vec![Stroke {
                alt_gr: true,
                ..plain
            }])
        );
    }

    #[test]
    fn an_accented_letter_takes_the_dead_key_first() {
        let strokes = small().strokes('é').expect("acute, then e");
        assert_eq!(
            strokes.iter().map(|stroke| stroke.key).collect::<Vec<_>>(),
            [9, 8]
        );
    }

    #[test]
    fn what_the_layout_lacks_cannot_be_typed() {
        assert_eq!(small().strokes('ß'), None);
    }
}
