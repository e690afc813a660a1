//! From egui's events to keys that travel.

use aldis_session::typing::{Modifiers, Typing};
use aldis_wire::input::{Button, Input, Key, NOTCH, NamedKey};
use egui::{Event, MouseWheelUnit, PointerButton};

/// The chord that gives the keyboard back, as it is shown.
pub(crate) const RELEASE_CHORD: &str = "Ctrl+Alt+Shift+K";

/// The chord that shows and hides the toolbar of a full screen.
pub(crate) const TOOLBAR_CHORD: egui::Key = egui::Key::T;

/// A smooth wheel's points that count as one notch.
const POINTS_A_NOTCH: f32 = 50.0;

/// What the supporter's window heard and keeps for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chord {
    ReleaseKeyboard,
    ToggleToolbar,
}

/// Turns one keyboard event into what travels; a chord of ours is returned instead.
pub(crate) fn keyboard(
    typing: &mut Typing,
    logo: &mut bool,
    event: &Event,
    out: &mut Vec<Input>,
) -> Option<Chord> {
    match event {
        Event::Key {
            key,
            pressed,
            modifiers,
            ..
        } => {
            if matches!(key, egui::Key::SuperLeft | egui::Key::SuperRight) {
                *logo = *pressed;
            }
            let held = Modifiers {
                shift: modifiers.shift,
                control: modifiers.ctrl,
                alt: modifiers.alt,
                logo: *logo || modifiers.mac_cmd,
            };
            if held.control && held.alt && held.shift && *pressed {
                match *key {
                    egui::Key::K => return Some(Chord::ReleaseKeyboard),
                    TOOLBAR_CHORD => return Some(Chord::ToggleToolbar),
                    _ => {}
                }
            }
            typing.modifiers(held, out);
            if let Some(key) = key_of(*key) {
                typing.key(key, *pressed, out);
            }
        }
        Event::Text(text) => typing.text(text, out),
        Event::Ime(egui::ImeEvent::Commit(text)) => typing.text(text, out),
        Event::ModifiersChanged(modifiers) => {
            let held = Modifiers {
                shift: modifiers.shift,
                control: modifiers.ctrl,
                alt: modifiers.alt,
                logo: *logo || modifiers.mac_cmd,
            };
            typing.modifiers(held, out);
        }
        _ => {}
    }
    None
}

/// A turn of the wheel; egui counts up as positive, the wire counts towards the user.
pub(crate) fn wheel(unit: MouseWheelUnit, delta: egui::Vec2) -> Input {
    let notches = match unit {
        MouseWheelUnit::Line => delta,
        MouseWheelUnit::Point => delta / POINTS_A_NOTCH,
        MouseWheelUnit::Page => delta * 3.0,
    };
    let scaled = |value: f32| (value * f32::from(NOTCH)).round() as i16;
    Input::Wheel {
        x: scaled(-notches.x),
        y: scaled(-notches.y),
    }
}

/// A pointer button.
pub(crate) fn button(button: PointerButton) -> Button {
    match button {
        PointerButton::Primary => Button::Left,
        PointerButton::Secondary => Button::Right,
        PointerButton::Middle => Button::Middle,
        PointerButton::Extra1 => Button::Back,
        PointerButton::Extra2 => Button::Forward,
    }
}

fn key_of(key: egui::Key) -> Option<Key> {
    use egui::Key as E;
    let named = match key {
        E::Enter => NamedKey::Enter,
        E::Escape => NamedKey::Escape,
        E::Tab => NamedKey::Tab,
        E::Backspace => NamedKey::Backspace,
        E::Delete => NamedKey::Delete,
        E::Insert => NamedKey::Insert,
        E::Home => NamedKey::Home,
        E::End => NamedKey::End,
        E::PageUp => NamedKey::PageUp,
        E::PageDown => NamedKey::PageDown,
        E::ArrowLeft => NamedKey::Left,
        E::ArrowRight => NamedKey::Right,
        E::ArrowUp => NamedKey::Up,
        E::ArrowDown => NamedKey::Down,
        E::Space => NamedKey::Space,
        E::CapsLock => NamedKey::CapsLock,
        E::NumLock => NamedKey::NumLock,
        E::ScrollLock => NamedKey::ScrollLock,
        E::PrintScreen => NamedKey::PrintScreen,
        E::Pause => NamedKey::Pause,
        E::Menu => NamedKey::Menu,
        _ => return character(key).map(Key::Char).or_else(|| function(key)),
    };
    // CapsLock acts on what is typed here, and that travels as text already.
    (named != NamedKey::CapsLock).then_some(Key::Named(named))
}

fn function(key: egui::Key) -> Option<Key> {
    let number = key.name().strip_prefix('F')?.parse().ok()?;
    (1..=24).contains(&number).then_some(Key::Function(number))
}

fn character(key: egui::Key) -> Option<char> {
    use egui::Key as E;
    Some(match key {
        E::Colon => ':',
        E::Comma => ',',
        E::Backslash | E::IntlBackslash => '\\',
        E::Slash => '/',
        E::Pipe => '|',
        E::Questionmark => '?',
        E::Exclamationmark => '!',
        E::OpenBracket => '[',
        E::CloseBracket => ']',
        E::OpenCurlyBracket => '{',
        E::CloseCurlyBracket => '}',
        E::Backtick => '`',
        E::Minus => '-',
        E::Period => '.',
        E::Plus => '+',
        E::Equals => '=',
        E::Semicolon => ';',
        E::Quote => '\'',
        _ => {
            let mut letters = key.name().chars();
            let first = letters.next().filter(|_| letters.next().is_none())?;
            first.to_ascii_lowercase()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_shortcut_has_a_name_that_travels() {
        assert_eq!(key_of(egui::Key::C), Some(Key::Char('c')));
        assert_eq!(key_of(egui::Key::Num7), Some(Key::Char('7')));
        assert_eq!(key_of(egui::Key::F5), Some(Key::Function(5)));
        assert_eq!(key_of(egui::Key::F24), Some(Key::Function(24)));
        assert_eq!(key_of(egui::Key::F25), None);
        assert_eq!(key_of(egui::Key::Minus), Some(Key::Char('-')));
        assert_eq!(key_of(egui::Key::ShiftLeft), None, "travels as a modifier");
        assert_eq!(key_of(egui::Key::Tab), Some(Key::Named(NamedKey::Tab)));
    }

    #[test]
    fn a_wheel_turned_up_moves_content_down() {
        let up = wheel(MouseWheelUnit::Line, egui::Vec2::new(0.0, 1.0));
        assert_eq!(up, Input::Wheel { x: 0, y: -NOTCH });
    }

    #[test]
    fn the_super_key_is_held_as_long_as_it_is_down() {
        let (mut typing, mut logo, mut out) = (Typing::new(), false, Vec::new());
        let press = |key, pressed| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: egui::Modifiers::NONE,
        };
        for event in [
            press(egui::Key::SuperLeft, true),
            press(egui::Key::E, true),
            press(egui::Key::E, false),
            press(egui::Key::SuperLeft, false),
        ] {
            keyboard(&mut typing, &mut logo, &event, &mut out);
        }
        let (logo, e) = (Key::Named(NamedKey::Super), Key::Char('e'));
        let key = |key, pressed| Input::Key { key, pressed };
        assert_eq!(
            out,
            [
                key(logo, true),
                key(e, true),
                key(e, false),
                key(logo, false)
            ]
        );
    }
}
