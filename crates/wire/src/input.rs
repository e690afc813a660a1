//! What a supporter does with mouse and keyboard.
//!
//! Typed text travels as text, so that it arrives whatever the two keyboard layouts are;
//! everything that is no text (shortcuts, arrows, function keys) travels as keys.

use serde::{Deserialize, Serialize};

/// The most bytes of text in one [`Input::Text`].
pub const MAX_TEXT: usize = 4096;

/// One wheel notch in [`Input::Wheel`]'s unit, as Windows counts it.
pub const NOTCH: i16 = 120;

/// One thing that the supporter did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Input {
    /// The pointer moved to this pixel of the shared monitor, counted from its top left corner.
    PointerMove {
        /// Pixels from the monitor's left edge.
        x: u16,
        /// Pixels from the monitor's top edge.
        y: u16,
    },
    /// A pointer button went down or up.
    Button {
        /// Which one.
        button: Button,
        /// Down, or up.
        pressed: bool,
    },
    /// The wheel turned, in [`NOTCH`]ths; positive is right and towards the user (content moves up).
    Wheel {
        /// Horizontal part.
        x: i16,
        /// Vertical part.
        y: i16,
    },
    /// These characters were typed; at most [`MAX_TEXT`] bytes.
    Text(String),
    /// A key that is no text went down or up.
    Key {
        /// Which one.
        key: Key,
        /// Down, or up.
        pressed: bool,
    },
}

/// A pointer button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Button {
    Left,
    Middle,
    Right,
    Back,
    Forward,
}

/// A key of a shortcut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// The key that bears this character, in lower case, as `c` in Ctrl+C.
    Char(char),
    /// F1 to F24.
    Function(u8),
    /// A key with a name of its own.
    Named(NamedKey),
}

/// A key with a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NamedKey {
    Shift,
    Control,
    Alt,
    Super,
    Enter,
    Escape,
    Tab,
    Backspace,
    Delete,
    Insert,
    Home,
    End,
    PageUp,
    PageDown,
    Left,
    Right,
    Up,
    Down,
    Space,
    CapsLock,
    NumLock,
    ScrollLock,
    PrintScreen,
    Pause,
    Menu,
}
