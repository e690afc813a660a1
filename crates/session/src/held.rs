//! What is held down by input that has come so far.

use std::collections::BTreeSet;

use aldis_wire::Millis;
use aldis_wire::input::{Button, Input, Key};

/// How often a viewer says that it lives while something is held down.
pub const SIGN_OF_LIFE: Millis = 1_000;

/// How long nothing may come from a viewer before what it holds down is let go.
pub const PATIENCE: Millis = 3_000;

/// The most that one person holds down; more is not kept, and let go of with the rest.
const MOST: usize = 64;

/// Keys and buttons that are down.
#[derive(Debug, Default)]
pub struct Held {
    keys: BTreeSet<Key>,
    buttons: BTreeSet<Button>,
}

impl Held {
    /// Takes note of one more input.
    pub fn handle(&mut self, input: &Input) {
        match input {
            Input::Key { key, pressed: true } if self.keys.len() < MOST => {
                self.keys.insert(*key);
            }
            Input::Key { key, .. } => {
                self.keys.remove(key);
            }
            Input::Button {
                button,
                pressed: true,
            } => {
                self.buttons.insert(*button);
            }
            Input::Button { button, .. } => {
                self.buttons.remove(button);
            }
            Input::PointerMove { .. } | Input::Wheel { .. } | Input::Text(_) => {}
            _ => {}
        }
    }

    /// Everything was let go.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing is down.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.buttons.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use aldis_wire::input::NamedKey;

    use super::*;

    #[test]
    fn what_went_down_is_held_until_it_goes_up() {
        let mut held = Held::default();
        let shift = |pressed| Input::Key {
            key: Key::Named(NamedKey::Shift),
            pressed,
        };
        let left = |pressed| Input::Button {
            button: Button::Left,
            pressed,
        };
        held.handle(&Input::Text("x".to_owned()));
        assert!(held.is_empty());
        held.handle(&shift(true));
        held.handle(&left(true));
        held.handle(&shift(true));
        held.handle(&shift(false));
        assert!(!held.is_empty());
        held.handle(&left(false));
        assert!(held.is_empty());
        held.handle(&shift(true));
        held.clear();
        assert!(held.is_empty());
    }
}
