//! Windows keeps the tick of the last input.

#![expect(unsafe_code, reason = "the system's own functions tell it")]

use std::time::Duration;

use windows_sys::Win32::System::SystemInformation::GetTickCount;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{GetLastInputInfo, LASTINPUTINFO};

#[derive(Debug)]
pub(super) struct Idle;

impl Idle {
    #[expect(clippy::unnecessary_wraps, reason = "other systems may not tell")]
    pub(super) fn open() -> Option<Self> {
        Some(Self)
    }

    #[expect(clippy::unused_self, reason = "other systems keep a connection")]
    pub(super) fn time(&self) -> Option<Duration> {
        let mut info = LASTINPUTINFO {
            cbSize: size_of::<LASTINPUTINFO>() as u32,
            dwTime: 0,
        };
        // SAFETY: `info` is a live structure whose `cbSize` says how large it is.
        let told = unsafe { GetLastInputInfo(&raw mut info) };
        // SAFETY: the function has no preconditions.
        let now = unsafe { GetTickCount() };
        (told != 0).then(|| Duration::from_millis(now.wrapping_sub(info.dwTime).into()))
    }
}
