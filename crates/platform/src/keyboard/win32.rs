//! Windows: a low-level hook that keeps the system's own shortcuts from the system while the window
//! is in front, and posts their keys to the window as if it had got them.
//!
//! The hook lives on a thread of its own: Windows drops a hook whose thread is busy for a moment.
//! Ctrl+Alt+Del cannot be taken, by design.

use std::io;
use std::sync::atomic::{AtomicIsize, Ordering};

use raw_window_handle::{RawDisplayHandle, RawWindowHandle};
use windows_sys::Win32::Foundation::{LPARAM, LRESULT, WPARAM};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{
    GetAsyncKeyState, VIRTUAL_KEY, VK_APPS, VK_CONTROL, VK_ESCAPE, VK_LWIN, VK_RWIN, VK_SNAPSHOT,
    VK_TAB,
};
use windows_sys::Win32::UI::WindowsAndMessaging::{
    CallNextHookEx, GetForegroundWindow, HC_ACTION, HHOOK, KBDLLHOOKSTRUCT, LLKHF_ALTDOWN,
    LLKHF_EXTENDED, LLKHF_UP, MSG, PostMessageW, SetWindowsHookExW, UnhookWindowsHookEx,
    WH_KEYBOARD_LL,
};

use super::GrabError;
use crate::windows::MessageLoop;

/// The window that gets the keys; 0 for none.
/// A hook's function gets no data of ours, so this is global and there is one grab at a time.
static WINDOW: AtomicIsize = AtomicIsize::new(0);

/// A grab that is in force.
#[derive(Debug)]
pub(super) struct Grab {
    /// Dropped first, and the hook with it.
    _thread: MessageLoop,
    _claim: Claim,
}

impl Grab {
    pub(super) fn new(window: RawWindowHandle, _: RawDisplayHandle) -> Result<Self, GrabError> {
        let RawWindowHandle::Win32(window) = window else {
            return Err(GrabError::Unsupported);
        };
        let claim = Claim::new(window.hwnd.get())?;
        let thread = MessageLoop::run("aldis-keyboard", || {
            let hook = Hook::new()?;
            Ok::<_, GrabError>(move |_: &MSG| {
                // Named, so that the closure owns it and it lasts as long as the loop.
                let _ = &hook;
            })
        })?;
        Ok(Self {
            _thread: thread,
            _claim: claim,
        })
    }
}

impl From<io::Error> for GrabError {
    fn from(error: io::Error) -> Self {
        Self::System(error.to_string())
    }
}

/// The right to set [`WINDOW`].
#[derive(Debug)]
struct Claim;

impl Claim {
    fn new(window: isize) -> Result<Self, GrabError> {
        WINDOW
            .compare_exchange(0, window, Ordering::SeqCst, Ordering::SeqCst)
            .map(|_| Self)
            .map_err(|other| {
                tracing::debug!(other, "another window of ours holds the keyboard");
                GrabError::Busy
            })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        WINDOW.store(0, Ordering::SeqCst);
    }
}

/// The hook; it belongs to the thread that made it.
struct Hook(HHOOK);

impl Hook {
    #[expect(unsafe_code, reason = "SetWindowsHookExW is a C function")]
    fn new() -> Result<Self, GrabError> {
        // SAFETY: `hear` is a function of this module and has the type of a keyboard hook.
        let hook = unsafe {
            let module = GetModuleHandleW(std::ptr::null());
            SetWindowsHookExW(WH_KEYBOARD_LL, Some(hear), module, 0)
        };
        if hook.is_null() {
            Err(io::Error::last_os_error().into())
        } else {
            Ok(Self(hook))
        }
    }
}

impl Drop for Hook {
    #[expect(unsafe_code, reason = "UnhookWindowsHookEx is a C function")]
    fn drop(&mut self) {
        // SAFETY: this is the hook that `new` set.
        unsafe { UnhookWindowsHookEx(self.0) };
    }
}

/// Whether the system acts on this key itself and a window never gets it.
fn is_systems(code: VIRTUAL_KEY, alt: bool, control: bool) -> bool {
    match code {
        VK_LWIN | VK_RWIN | VK_APPS | VK_SNAPSHOT => true,
        VK_TAB => alt,
        VK_ESCAPE => alt || control,
        _ => false,
    }
}

/// Windows calls this before a key goes anywhere; what is not 0 stops it here.
#[expect(unsafe_code, reason = "the system calls it")]
unsafe extern "system" fn hear(code: i32, kind: WPARAM, data: LPARAM) -> LRESULT {
    let target = WINDOW.load(Ordering::SeqCst);
    // SAFETY: with HC_ACTION, `data` points to a KBDLLHOOKSTRUCT for the length of this call; the
    // other functions take numbers and handles.
    unsafe {
        if code.cast_unsigned() == HC_ACTION
            && target != 0
            && GetForegroundWindow() as isize == target
        {
            let key = &*(data as *const KBDLLHOOKSTRUCT);
            let alt = key.flags & LLKHF_ALTDOWN != 0;
            let control = GetAsyncKeyState(VK_CONTROL.into()) < 0;
            if is_systems(key.vkCode as VIRTUAL_KEY, alt, control) {
                let bit = |flag, place: u32| u32::from(key.flags & flag != 0) << place;
                let up = bit(LLKHF_UP, 31) | bit(LLKHF_UP, 30);
                // As in a message of the system's own: once, scan code, extended, Alt, was down, up.
                let about = 1
                    | (key.scanCode & 0xff) << 16
                    | bit(LLKHF_EXTENDED, 24)
                    | bit(LLKHF_ALTDOWN, 29)
                    | up;
                let posted = PostMessageW(
                    target as *mut _,
                    kind as u32,
                    key.vkCode as usize,
                    about as isize,
                );
                if posted != 0 {
                    return 1;
                }
            }
        }
        CallNextHookEx(std::ptr::null_mut(), code, kind, data)
    }
}
