//! Windows: `RegisterHotKey` on a thread with a message loop.

use std::io;

use windows_sys::Win32::Foundation::ERROR_HOTKEY_ALREADY_REGISTERED;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{
    MOD_CONTROL, MOD_NOREPEAT, MOD_SHIFT, RegisterHotKey, UnregisterHotKey, VK_F12,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{MSG, WM_HOTKEY};

use super::HotkeyError;
use crate::windows::MessageLoop;

const ID: i32 = 1;

/// The thread that listens.
#[derive(Debug)]
pub(super) struct Listener {
    _thread: MessageLoop,
}

impl Listener {
    pub(super) fn start(on_press: Box<dyn Fn() + Send>) -> Result<Self, HotkeyError> {
        let thread = MessageLoop::run("aldis-hotkey", move || {
            let registration = Registration::new()?;
            Ok::<_, HotkeyError>(move |message: &MSG| {
                // Named, so that the closure owns it and it lasts as long as the loop.
                let _ = &registration;
                if message.message == WM_HOTKEY {
                    on_press();
                }
            })
        })?;
        Ok(Self { _thread: thread })
    }
}

/// The hot key belongs to the thread that made this, which must also drop it.
struct Registration;

impl Registration {
    #[expect(unsafe_code, reason = "RegisterHotKey is a C function")]
    fn new() -> Result<Self, HotkeyError> {
        let modifiers = MOD_CONTROL | MOD_SHIFT | MOD_NOREPEAT;
        // SAFETY: it takes numbers, and no window.
        if unsafe { RegisterHotKey(std::ptr::null_mut(), ID, modifiers, VK_F12.into()) } != 0 {
            return Ok(Self);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() == Some(ERROR_HOTKEY_ALREADY_REGISTERED.cast_signed()) {
            return Err(HotkeyError::Taken);
        }
        Err(error.into())
    }
}

impl Drop for Registration {
    #[expect(unsafe_code, reason = "UnregisterHotKey is a C function")]
    fn drop(&mut self) {
        // SAFETY: it takes numbers, and no window.
        unsafe { UnregisterHotKey(std::ptr::null_mut(), ID) };
    }
}
