//! A supporter's engine, and what its window would show.

use std::sync::{Arc, Mutex};

use aldis_screen::{Frame, Live as _};
use aldis_trust::ServerName;
use aldis_viewer::{Command, Desk, Identity, Session, SessionStage, View, Viewer};
use aldis_wire::peer::{Grant, Seat};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::stage::{PASSWORD, SCREEN, certify, soon};

/// A supporter's engine with a window's memory.
pub(crate) struct Window {
    pub(crate) viewer: Viewer,
    changed: Arc<Notify>,
    texture: Mutex<Frame>,
}

impl Window {
    pub(crate) async fn sign_in(server: &ServerName, name: &str) -> Self {
        let identity = Identity::generate().unwrap();
        certify(server, name, identity.hash()).await;
        Self::open(server, name, identity).await
    }

    /// With this key, whatever it is good for.
    pub(crate) async fn open(server: &ServerName, name: &str, identity: Identity) -> Self {
        let window = Self::opening(server, name, identity);
        let signed_in = |view: &View| matches!(view.desk, Desk::SignedIn { online: true, .. });
        window.until("the sign-in", signed_in).await;
        window
    }

    /// It may be that nothing comes of it.
    pub(crate) fn opening(server: &ServerName, name: &str, identity: Identity) -> Self {
        let changed = Arc::new(Notify::new());
        let tell = Arc::clone(&changed);
        let viewer = Viewer::start(&Handle::current(), identity, move |_| tell.notify_one());
        let window = Self {
            viewer: viewer.unwrap(),
            changed,
            texture: Mutex::default(),
        };
        let (name, password) = (name.to_owned(), PASSWORD.to_owned());
        window.viewer.send(Command::SignIn {
            server: server.clone(),
            name,
            password,
        });
        window
    }

    pub(crate) async fn until(&self, what: &str, shows: impl Fn(&View) -> bool) -> View {
        let shown = async {
            loop {
                let view = self.viewer.view();
                if shows(&view) {
                    return view;
                }
                self.changed.notified().await;
            }
        };
        soon(what, shown).await
    }

    pub(crate) async fn until_session(&self, what: &str, is: impl Fn(&Session) -> bool) {
        self.until(what, |view| view.session.as_ref().is_some_and(&is))
            .await;
    }

    pub(crate) async fn until_granted(&self, wanted: Grant) {
        let granted = |session: &Session| match session.stage {
            SessionStage::Live { grant, .. } => grant == wanted,
            _ => false,
        };
        self.until_session("the grant", granted).await;
    }

    /// Waits until this is known of who is in the session.
    pub(crate) async fn until_seats(&self, what: &str, are: impl Fn(&[Seat]) -> bool) {
        self.until_session(what, |session| are(&session.seats))
            .await;
    }

    /// The seat of this supporter, as this window shows it.
    pub(crate) fn seat(&self, name: &str) -> u32 {
        let session = self.viewer.view().session.unwrap();
        let theirs = |seat: &&Seat| seat.name == name;
        session.seats.iter().find(theirs).unwrap().number
    }

    /// Paints like a window, only what changed, until its texture has exactly these pixels.
    pub(crate) async fn sees(&self, pixels: &[u8]) {
        let same = |session: &Session| {
            let mut texture = self.texture.lock().unwrap();
            session.picture.look(&mut |frame, changed| {
                if texture.bounds() != frame.bounds() {
                    *texture = Frame::new(frame.width(), frame.height()).unwrap();
                }
                for rect in changed {
                    for y in rect.y..rect.bottom() {
                        texture
                            .row_mut(*rect, y)
                            .copy_from_slice(frame.row(*rect, y));
                    }
                }
                true
            });
            (texture.width(), texture.height()) == (SCREEN.0.into(), SCREEN.1.into())
                && colours(texture.data()).eq(colours(pixels))
        };
        self.until_session("the exact picture", same).await;
    }
}

/// Each pixel's blue, green and red.
fn colours(pixels: &[u8]) -> impl Iterator<Item = &[u8]> {
    pixels.chunks_exact(4).map(|pixel| &pixel[..3])
}
