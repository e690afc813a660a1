//! From what the supporter's window hears to input that travels.
//!
//! Window systems report a typed character both as a key and as text.
//! Text goes out as text; a key goes out as a key only if it is none, so nothing arrives twice.
//! The rule: while Ctrl, Alt or Super is held, keys are shortcuts and text is dropped;
//! otherwise a key that bears a character is left to its text.

use std::collections::BTreeSet;

use aldis_wire::input::{Input, Key, NamedKey};

/// The most keys that count as held at once; nobody has more fingers.
const MAX_HELD: usize = 32;

/// The modifiers that are held, as the window reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// Shift.
    pub shift: bool,
    /// Ctrl.
    pub control: bool,
    /// Alt, not `AltGr`.
    pub alt: bool,
    /// The Windows or Command key.
    pub logo: bool,
}

/// Remembers what is held, so that everything is let go in the end.
#[derive(Debug, Default)]
pub struct Typing {
    modifiers: Modifiers,
    held: BTreeSet<Key>,
}

impl Typing {
    /// Nothing is held.
    pub fn new() -> Self {
        Self::default()
    }

    /// The modifiers changed.
    pub fn modifiers(&mut self, now: Modifiers, out: &mut Vec<Input>) {
        let before = std::mem::replace(&mut self.modifiers, now);
        let pairs = [
            (before.shift, now.shift, NamedKey::Shift),
            (before.control, now.control, NamedKey::Control),
            (before.alt, now.alt, NamedKey::Alt),
            (before.logo, now.logo, NamedKey::Super),
        ];
        for (before, now, key) in pairs {
            if before != now {
                out.push(Input::Key {
                    key: Key::Named(key),
                    pressed: now,
                });
            }
        }
    }

    /// A key went down or up.
    pub fn key(&mut self, key: Key, pressed: bool, out: &mut Vec<Input>) {
        if pressed {
            let text = matches!(key, Key::Char(_) | Key::Named(NamedKey::Space));
            if text && !self.is_shortcut() || self.held.len() >= MAX_HELD {
                return;
            }
            // A repeat travels as another press.
            self.held.insert(key);
            out.push(Input::Key { key, pressed });
        } else if self.held.remove(&key) {
            out.push(Input::Key { key, pressed });
        }
    }

    /// Characters were typed.
    pub fn text(&self, text: &str, out: &mut Vec<Input>) {
        if self.is_shortcut() {
            return;
        }
        let mut rest = text;
        while !rest.is_empty() {
            let mut end = rest.len().min(aldis_wire::input::MAX_TEXT);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (now, later) = rest.split_at(end);
            out.push(Input::Text(now.to_owned()));
            rest = later;
        }
    }

    /// The window lost the keyboard: lets go of everything.
    pub fn release_all(&mut self, out: &mut Vec<Input>) {
        for key in std::mem::take(&mut self.held) {
            out.push(Input::Key {
                key,
                pressed: false,
            });
        }
        self.modifiers(Modifiers::default(), out);
    }

    fn is_shortcut(&self) -> bool {
        self.modifiers.control || self.modifiers.alt || self.modifiers.logo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: Key, pressed: bool) -> Input {
        Input::Key { key, pressed }
    }

    #[test]
    fn a_letter_arrives_once_and_as_text() {
        let (mut typing, mut out) = (Typing::new(), Vec::new());
        typing.key(Key::Char('a'), true, &mut out);
        typing.text("a", &mut out);
        typing.key(Key::Char('a'), false, &mut out);
        assert_eq!(out, [Input::Text("a".to_owned())]);
    }

    #[test]
    fn a_shortcut_arrives_as_keys_and_never_as_text() {
        let (mut typing, mut out) = (Typing::new(), Vec::new());
        typing.modifiers(
            Modifiers {
                control: true,
                ..Modifiers::default()
            },
            &mut out,
        );
        typing.key(Key::Char('c'), true, &mut out);
        typing.text("c", &mut out);
        typing.modifiers(Modifiers::default(), &mut out);
        typing.key(Key::Char('c'), false, &mut out);
        let (control, c) = (Key::Named(NamedKey::Control), Key::Char('c'));
        assert_eq!(
            out,
            [
                key(control, true),
                key(c, true),
                key(control, false),
                key(c, false)
            ]
        );
    }

    #[test]
    fn losing_the_keyboard_lets_everything_go() {
        let (mut typing, mut out) = (Typing::new(), Vec::new());
        typing.modifiers(
            Modifiers {
                alt: true,
                ..Modifiers::default()
            },
            &mut out,
        );
        typing.key(Key::Named(NamedKey::Tab), true, &mut out);
        out.clear();
        typing.release_all(&mut out);
        let [tab, alt] = [NamedKey::Tab, NamedKey::Alt].map(|named| key(Key::Named(named), false));
        assert_eq!(out, [tab, alt]);
        out.clear();
        typing.release_all(&mut out);
        assert_eq!(out, []);
    }

    #[test]
    fn long_text_travels_in_pieces_of_whole_characters() {
        let mut out = Vec::new();
        let text = "ñ".repeat(5000);
        Typing::new().text(&text, &mut out);
        let pieces: Vec<&str> = out
            .iter()
            .map(|input| {
                let Input::Text(piece) = input else {
                    panic!("{input:?}")
                };
                piece.as_str()
            })
            .collect();
        assert!(
            pieces
                .iter()
                .all(|piece| piece.len() <= aldis_wire::input::MAX_TEXT)
        );
        assert_eq!(pieces.concat(), text);
    }
}
