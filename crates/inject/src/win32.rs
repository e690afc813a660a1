//! Windows: `SendInput`, directly.
//!
//! Not through `enigo`, which writes what it types into the log, types a newline twice and knows
//! the main monitor only.

use std::collections::{BTreeMap, BTreeSet};

use aldis_session::ControlToken;
use aldis_wire::input::{Button, Input, Key, NamedKey};
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{
    GetAsyncKeyState, GetKeyboardLayout, INPUT, INPUT_0, INPUT_KEYBOARD, INPUT_MOUSE, KEYBDINPUT,
    KEYEVENTF_EXTENDEDKEY, KEYEVENTF_KEYUP, KEYEVENTF_UNICODE, MAPVK_VK_TO_VSC,
    MOUSEEVENTF_ABSOLUTE, MOUSEEVENTF_HWHEEL, MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP,
    MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP, MOUSEEVENTF_MOVE, MOUSEEVENTF_RIGHTDOWN,
    MOUSEEVENTF_RIGHTUP, MOUSEEVENTF_VIRTUALDESK, MOUSEEVENTF_WHEEL, MOUSEEVENTF_XDOWN,
    MOUSEEVENTF_XUP, MOUSEINPUT, MapVirtualKeyW, SendInput, VIRTUAL_KEY, VK_APPS, VK_BACK,
    VK_CAPITAL, VK_CONTROL, VK_DELETE, VK_DOWN, VK_END, VK_ESCAPE, VK_F1, VK_HOME, VK_INSERT,
    VK_LCONTROL, VK_LEFT, VK_LMENU, VK_LSHIFT, VK_LWIN, VK_MENU, VK_NEXT, VK_NUMLOCK, VK_PAUSE,
    VK_PRIOR, VK_RCONTROL, VK_RETURN, VK_RIGHT, VK_RMENU, VK_RSHIFT, VK_RWIN, VK_SCROLL, VK_SHIFT,
    VK_SNAPSHOT, VK_SPACE, VK_TAB, VK_UP, VkKeyScanExW,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    GetForegroundWindow, GetSystemMetrics, GetWindowThreadProcessId, SM_CXVIRTUALSCREEN,
    SM_CYVIRTUALSCREEN, SM_XVIRTUALSCREEN, SM_YVIRTUALSCREEN, XBUTTON1, XBUTTON2,
};

use crate::{InjectError, Injector, MAX_HELD_KEYS, MonitorPlace};

/// A key that means nothing: pressed before Alt or the Windows key goes up, it keeps that from
/// opening a menu.
const VK_NOTHING: VIRTUAL_KEY = 0xe8;

/// The keys that change what others mean.
const MODIFIERS: [VIRTUAL_KEY; 8] = [
    VK_LSHIFT,
    VK_RSHIFT,
    VK_LCONTROL,
    VK_RCONTROL,
    VK_LMENU,
    VK_RMENU,
    VK_LWIN,
    VK_RWIN,
];

/// Opens this machine's mouse and keyboard.
#[expect(clippy::unnecessary_wraps, reason = "other systems can refuse here")]
pub(crate) fn open() -> Result<Box<dyn Injector>, InjectError> {
    Ok(Box::<Desktop>::default())
}

/// The desktop's pointer and keyboard.
#[derive(Default)]
struct Desktop {
    /// The keys that are down because of us, each with the code it went down with: the layout may
    /// change before it goes up.
    keys: BTreeMap<Key, VIRTUAL_KEY>,
    buttons: BTreeSet<Button>,
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
            send_button(button, pressed)
        } else {
            Ok(())
        }
    }

    /// A key that is down already is pressed again: Windows repeats only what is really held.
    fn press(&mut self, key: Key) -> Result<(), InjectError> {
        if let Some(code) = self.keys.get(&key) {
            return send(&[stroke(*code, true)]);
        }
        if self.keys.len() >= MAX_HELD_KEYS {
            return Ok(());
        }
        match (code(key), key) {
            (Some(code), _) => {
                self.keys.insert(key, code);
                send(&[stroke(code, true)])
            }
            (None, Key::Char(c)) if !c.is_control() => type_char(c),
            (None, _) => Ok(()),
        }
    }

    fn release(&mut self, key: Key) -> Result<(), InjectError> {
        let Some(code) = self.keys.remove(&key) else {
            return Ok(());
        };
        if self.keys.values().any(|other| *other == code) {
            return Ok(());
        }
        send(&[stroke(code, false)])
    }

    fn text(&self, token: &ControlToken, text: &str) -> Result<(), InjectError> {
        let down: Vec<_> = MODIFIERS
            .into_iter()
            .filter(|code| is_down(*code))
            .collect();
        if !down.is_empty() {
            let mut events = vec![stroke(VK_NOTHING, true), stroke(VK_NOTHING, false)];
            events.extend(down.iter().map(|code| stroke(*code, false)));
            send(&events)?;
        }
        let typed = type_all(token, text);
        // Only what the supporter holds: a key of the customer's may have gone up meanwhile, and
        // would stay down for ever.
        if !down.is_empty() && token.is_live() {
            let held: Vec<_> = self
                .keys
                .values()
                .filter(|code| [VK_SHIFT, VK_CONTROL, VK_MENU, VK_LWIN].contains(*code))
                .map(|code| stroke(*code, true))
                .collect();
            send(&held)?;
        }
        typed
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
                Input::PointerMove { x, y } => move_to(monitor.on_desktop(*x, *y)),
                Input::Button { button, pressed } => self.button(*button, *pressed),
                Input::Wheel { x, y } => turn(*x, *y),
                Input::Text(text) => self.text(token, text),
                Input::Key { key, pressed: true } => self.press(*key),
                Input::Key {
                    key,
                    pressed: false,
                } => self.release(*key),
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
        let keys = std::mem::take(&mut self.keys);
        let buttons = std::mem::take(&mut self.buttons);
        let events: Vec<_> = keys.into_values().map(|code| stroke(code, false)).collect();
        let released = send(&events);
        for button in buttons {
            send_button(button, false)?;
        }
        released
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        if let Err(error) = self.release_all() {
            tracing::debug!(%error, "not everything could be let go");
        }
    }
}

fn type_all(token: &ControlToken, text: &str) -> Result<(), InjectError> {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !token.is_live() {
            return Err(InjectError::Revoked);
        }
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => send(&[stroke(VK_RETURN, true), stroke(VK_RETURN, false)])?,
            '\t' => send(&[stroke(VK_TAB, true), stroke(VK_TAB, false)])?,
            c if c.is_control() => {}
            c => type_char(c)?,
        }
    }
    Ok(())
}

/// Types a character as such, whatever the layout.
fn type_char(c: char) -> Result<(), InjectError> {
    let mut units = [0; 2];
    let units = c.encode_utf16(&mut units);
    let mut events = Vec::with_capacity(4);
    for flags in [KEYEVENTF_UNICODE, KEYEVENTF_UNICODE | KEYEVENTF_KEYUP] {
        events.extend(units.iter().map(|unit| keyboard(0, *unit, flags)));
    }
    send(&events)
}

fn send_button(button: Button, pressed: bool) -> Result<(), InjectError> {
    let (down, up, data) = match button {
        Button::Left => (MOUSEEVENTF_LEFTDOWN, MOUSEEVENTF_LEFTUP, 0),
        Button::Middle => (MOUSEEVENTF_MIDDLEDOWN, MOUSEEVENTF_MIDDLEUP, 0),
        Button::Right => (MOUSEEVENTF_RIGHTDOWN, MOUSEEVENTF_RIGHTUP, 0),
        Button::Back => (MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP, XBUTTON1),
        Button::Forward => (MOUSEEVENTF_XDOWN, MOUSEEVENTF_XUP, XBUTTON2),
    };
    send(&[mouse(
        0,
        0,
        u32::from(data),
        if pressed { down } else { up },
    )])
}

/// A notch is as much as Windows' own; its vertical axis points the other way.
fn turn(x: i16, y: i16) -> Result<(), InjectError> {
    let mut events = Vec::with_capacity(2);
    if x != 0 {
        events.push(mouse(
            0,
            0,
            i32::from(x).cast_unsigned(),
            MOUSEEVENTF_HWHEEL,
        ));
    }
    if y != 0 {
        events.push(mouse(
            0,
            0,
            (-i32::from(y)).cast_unsigned(),
            MOUSEEVENTF_WHEEL,
        ));
    }
    send(&events)
}

#[expect(unsafe_code, reason = "GetSystemMetrics is a C function")]
fn move_to((x, y): (i32, i32)) -> Result<(), InjectError> {
    // SAFETY: it takes a number and gives a number.
    let metric = |index| unsafe { GetSystemMetrics(index) };
    let scaled = |value: i32, start, size| {
        let size = i64::from(metric(size)).max(2);
        let inside = (i64::from(value) - i64::from(metric(start))).clamp(0, size - 1);
        // The middle of the pixel, or rounding would hit its neighbour.
        ((inside * 2 + 1) * 65536 / (size * 2)) as i32
    };
    let x = scaled(x, SM_XVIRTUALSCREEN, SM_CXVIRTUALSCREEN);
    let y = scaled(y, SM_YVIRTUALSCREEN, SM_CYVIRTUALSCREEN);
    let flags = MOUSEEVENTF_MOVE | MOUSEEVENTF_ABSOLUTE | MOUSEEVENTF_VIRTUALDESK;
    send(&[mouse(x, y, 0, flags)])
}

fn mouse(dx: i32, dy: i32, data: u32, flags: u32) -> INPUT {
    let mi = MOUSEINPUT {
        dx,
        dy,
        mouseData: data,
        dwFlags: flags,
        time: 0,
        dwExtraInfo: 0,
    };
    INPUT {
        r#type: INPUT_MOUSE,
        Anonymous: INPUT_0 { mi },
    }
}

fn keyboard(code: VIRTUAL_KEY, scan: u16, flags: u32) -> INPUT {
    let ki = KEYBDINPUT {
        wVk: code,
        wScan: scan,
        dwFlags: flags,
        time: 0,
        dwExtraInfo: 0,
    };
    INPUT {
        r#type: INPUT_KEYBOARD,
        Anonymous: INPUT_0 { ki },
    }
}

/// A key that goes down or up, with the scan code that games and remote desktops look at.
#[expect(unsafe_code, reason = "MapVirtualKeyW is a C function")]
fn stroke(code: VIRTUAL_KEY, pressed: bool) -> INPUT {
    const EXTENDED: [VIRTUAL_KEY; 17] = [
        VK_INSERT,
        VK_DELETE,
        VK_HOME,
        VK_END,
        VK_PRIOR,
        VK_NEXT,
        VK_LEFT,
        VK_RIGHT,
        VK_UP,
        VK_DOWN,
        VK_LWIN,
        VK_RWIN,
        VK_APPS,
        VK_NUMLOCK,
        VK_SNAPSHOT,
        VK_RCONTROL,
        VK_RMENU,
    ];
    // SAFETY: it takes numbers and gives a number.
    let scan = unsafe { MapVirtualKeyW(code.into(), MAPVK_VK_TO_VSC) } as u16;
    let extended = if EXTENDED.contains(&code) {
        KEYEVENTF_EXTENDEDKEY
    } else {
        0
    };
    keyboard(
        code,
        scan,
        extended | if pressed { 0 } else { KEYEVENTF_KEYUP },
    )
}

#[expect(unsafe_code, reason = "SendInput is a C function")]
fn send(events: &[INPUT]) -> Result<(), InjectError> {
    let Ok(count) = u32::try_from(events.len()) else {
        return Ok(());
    };
    if count == 0 {
        return Ok(());
    }
    // SAFETY: the pointer and the count are the slice's, and the size is one element's.
    let sent = unsafe { SendInput(count, events.as_ptr(), size_of::<INPUT>() as i32) };
    if sent == count {
        Ok(())
    } else {
        Err(InjectError::System(
            "Windows did not take the event; the window in front may belong to an administrator, \
             or the screen may be locked"
                .to_owned(),
        ))
    }
}

#[expect(unsafe_code, reason = "GetAsyncKeyState is a C function")]
fn is_down(code: VIRTUAL_KEY) -> bool {
    // SAFETY: it takes a number and gives a number, whose sign says "down".
    unsafe { GetAsyncKeyState(code.into()) < 0 }
}

/// The code of a key; none if the layout of the program in front lacks it.
#[expect(unsafe_code, reason = "these are C functions")]
fn code(key: Key) -> Option<VIRTUAL_KEY> {
    Some(match key {
        Key::Char(c) => {
            let mut lower = c.to_lowercase();
            let c = lower.next().filter(|_| lower.next().is_none()).unwrap_or(c);
            let unit = u16::try_from(u32::from(c)).ok()?;
            // SAFETY: they take and give numbers and handles; no window in front is thread 0.
            let found = unsafe {
                let thread = GetWindowThreadProcessId(GetForegroundWindow(), std::ptr::null_mut());
                VkKeyScanExW(unit, GetKeyboardLayout(thread))
            };
            // The upper byte says which modifiers it takes: such a key bears another character.
            let [code, modifiers] = found.to_le_bytes();
            if modifiers != 0 {
                return None;
            }
            code.into()
        }
        Key::Function(number @ 1..=24) => VK_F1 + u16::from(number) - 1,
        Key::Function(_) => return None,
        Key::Named(named) => match named {
            NamedKey::Shift => VK_SHIFT,
            NamedKey::Control => VK_CONTROL,
            NamedKey::Alt => VK_MENU,
            NamedKey::Super => VK_LWIN,
            NamedKey::Enter => VK_RETURN,
            NamedKey::Escape => VK_ESCAPE,
            NamedKey::Tab => VK_TAB,
            NamedKey::Backspace => VK_BACK,
            NamedKey::Delete => VK_DELETE,
            NamedKey::Insert => VK_INSERT,
            NamedKey::Home => VK_HOME,
            NamedKey::End => VK_END,
            NamedKey::PageUp => VK_PRIOR,
            NamedKey::PageDown => VK_NEXT,
            NamedKey::Left => VK_LEFT,
            NamedKey::Right => VK_RIGHT,
            NamedKey::Up => VK_UP,
            NamedKey::Down => VK_DOWN,
            NamedKey::Space => VK_SPACE,
            NamedKey::CapsLock => VK_CAPITAL,
            NamedKey::NumLock => VK_NUMLOCK,
            NamedKey::ScrollLock => VK_SCROLL,
            NamedKey::PrintScreen => VK_SNAPSHOT,
            NamedKey::Pause => VK_PAUSE,
            NamedKey::Menu => VK_APPS,
        },
    })
}
