//! How long nobody has touched mouse and keyboard.

use std::time::Duration;

#[cfg(target_os = "linux")]
#[path = "idle/x11.rs"]
mod imp;
#[cfg(windows)]
#[path = "idle/win32.rs"]
mod imp;
#[cfg(not(any(target_os = "linux", windows)))]
#[path = "idle/none.rs"]
mod imp;

/// The system's word on it.
#[derive(Debug)]
pub struct Idle(imp::Idle);

impl Idle {
    /// Asks the system; `None` where it does not tell (Wayland, macOS).
    pub fn open() -> Option<Self> {
        imp::Idle::open().map(Self)
    }

    /// How long nobody has touched anything; `None` once the system no longer tells.
    pub fn time(&self) -> Option<Duration> {
        self.0.time()
    }
}
