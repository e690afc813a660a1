//! The number that docks write on a program's icon.

#[cfg(target_os = "linux")]
mod bus;
#[cfg(not(target_os = "linux"))]
mod none;

#[cfg(target_os = "linux")]
use self::bus as system;
#[cfg(not(target_os = "linux"))]
use self::none as system;

/// Tells docks a number without ever making the window wait.
///
/// On Linux KDE's task bar, Ubuntu's dock and others listen; elsewhere nobody does.
#[derive(Debug)]
pub struct Launcher {
    speaker: system::Speaker,
}

impl Launcher {
    /// Starts to speak for the program with this desktop file, as `aldis.desktop`.
    pub fn start(desktop_file: &'static str) -> std::io::Result<Self> {
        let speaker = system::Speaker::start(desktop_file)?;
        Ok(Self { speaker })
    }

    /// Shows the number; zero shows none.
    pub fn show(&self, count: u32) {
        self.speaker.show(count);
    }
}
