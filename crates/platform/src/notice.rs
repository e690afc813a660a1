//! Desktop notifications, with the desktop's own sound.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The most notices that wait for the desktop; while it is slow, further ones are dropped.
const WAITING: usize = 8;

/// The sound that Linux desktops play (<https://specifications.freedesktop.org/sound-naming-spec>).
#[cfg(target_os = "linux")]
const SOUND: &str = "message-new-instant";
/// The sound that the system plays.
#[cfg(not(target_os = "linux"))]
const SOUND: &str = "Default";

/// What the desktop shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// In one line.
    pub title: String,
    /// Below it; perhaps empty.
    pub text: String,
    /// With the desktop's sound for a new message.
    pub sound: bool,
}

/// Shows notices without ever making the window wait.
#[derive(Debug)]
pub struct Notifier {
    notices: SyncSender<Notice>,
}

impl Notifier {
    /// Starts the thread that speaks to the desktop.
    pub fn start(app: &'static str) -> std::io::Result<Self> {
        let (notices, waiting) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("notices".to_owned())
            .spawn(move || show_all(app, &waiting))?;
        Ok(Self { notices })
    }

    /// Shows a notice as soon as the desktop takes it.
    pub fn show(&self, notice: Notice) {
        if self.notices.try_send(notice).is_err() {
            tracing::debug!("the desktop is slow; a notice is dropped");
        }
    }
}

fn show_all(app: &str, waiting: &Receiver<Notice>) {
    while let Ok(notice) = waiting.recv() {
        let mut shown = notify_rust::Notification::new();
        shown.appname(app).summary(&notice.title).body(&notice.text);
        if notice.sound {
            shown.sound_name(SOUND);
        }
        // A desktop without notifications is no fault: the window's title says the same.
        if let Err(error) = shown.show() {
            tracing::info!(%error, "the desktop shows no notices");
        }
    }
}
