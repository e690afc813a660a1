//! X11's numbers for characters and keys.

use aldis_wire::input::{Key, NamedKey};
use xkeysym::{Keysym, key};

/// The offset of the keysyms that are Unicode characters by number.
const UNICODE: u32 = 0x0100_0000;

/// Every keysym that means this character; the one that is understood best comes first.
///
/// Many characters have two: one from the days before Unicode, which layouts use and old programs
/// understand, and the Unicode one.
pub(super) fn of_char(c: char) -> [u32; 2] {
    let plain = u32::from(c);
    let unicode = if matches!(plain, 0x20..=0x7e | 0xa0..=0xff) {
        plain
    } else {
        UNICODE | plain
    };
    match Keysym::from_char(c).raw() {
        key::NoSymbol => [unicode, unicode],
        legacy => [legacy, unicode],
    }
}

/// Every keysym of a shortcut's key; none if there is no such key.
pub(super) fn of_key(shortcut: Key) -> Option<[u32; 2]> {
    let keysym = match shortcut {
        Key::Char(c) if c.is_control() => return None,
        Key::Char(c) => {
            let mut lower = c.to_lowercase();
            return Some(of_char(
                lower.next().filter(|_| lower.next().is_none()).unwrap_or(c),
            ));
        }
        Key::Function(number @ 1..=24) => key::F1 + u32::from(number) - 1,
        Key::Function(_) => return None,
        Key::Named(named) => match named {
            NamedKey::Shift => key::Shift_L,
            NamedKey::Control => key::Control_L,
            NamedKey::Alt => key::Alt_L,
            NamedKey::Super => key::Super_L,
            NamedKey::Enter => key::Return,
            NamedKey::Escape => key::Escape,
            NamedKey::Tab => key::Tab,
            NamedKey::Backspace => key::BackSpace,
            NamedKey::Delete => key::Delete,
            NamedKey::Insert => key::Insert,
            NamedKey::Home => key::Home,
            NamedKey::End => key::End,
            NamedKey::PageUp => key::Prior,
            NamedKey::PageDown => key::Next,
            NamedKey::Left => key::Left,
            NamedKey::Right => key::Right,
            NamedKey::Up => key::Up,
            NamedKey::Down => key::Down,
            NamedKey::Space => key::space,
            NamedKey::CapsLock => key::Caps_Lock,
            NamedKey::NumLock => key::Num_Lock,
            NamedKey::ScrollLock => key::Scroll_Lock,
            NamedKey::PrintScreen => key::Print,
            NamedKey::Pause => key::Pause,
            NamedKey::Menu => key::Menu,
        },
    };
    Some([keysym, keysym])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_has_its_old_and_its_unicode_keysym() {
        assert_eq!(of_char('a'), [0x61, 0x61]);
        assert_eq!(of_char('ü'), [0xfc, 0xfc]);
        assert_eq!(of_char('€'), [0x20ac, 0x0100_20ac]);
        assert_eq!(of_char('λ'), [0x7eb, 0x0100_03bb]);
        assert_eq!(of_char('😉'), [0x0101_f609, 0x0101_f609]);
    }

    #[test]
    fn a_shortcut_means_the_lower_case_key_and_nonsense_means_none() {
        assert_eq!(of_key(Key::Char('C')), Some([0x63, 0x63]));
        assert_eq!(of_key(Key::Function(24)), Some([key::F24, key::F24]));
        assert_eq!(of_key(Key::Function(0)), None);
        assert_eq!(of_key(Key::Function(200)), None);
        assert_eq!(of_key(Key::Char('\u{3}')), None);
    }
}
