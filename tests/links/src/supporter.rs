//! A supporter's engine, and what its window would show.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aldis_netlab::{Runtime, Site};
use aldis_screen::{Frame, Live as _};
use aldis_trust::ServerName;
use aldis_viewer::{
    Command, Desk, Identity, Kind, Session, SessionStage, Tried, View, Viewer, Wish,
};
use aldis_wire::Code;
use aldis_wire::input::Input;
use aldis_wire::signal::{Draft, Facts};
use anyhow::{Context as _, Result};
use tokio::sync::Notify;

use crate::office::{PASSWORD, SUPPORTER};
use crate::wait::soon;

/// A supporter at his computer.
pub struct Supporter {
    /// Where he is.
    pub runtime: Runtime,
    viewer: Viewer,
    changed: Arc<Notify>,
}

impl std::fmt::Debug for Supporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Supporter")
    }
}

impl Supporter {
    /// Signs in from this computer.
    pub fn sign_in(at: &Site, server: &ServerName) -> Result<Self> {
        let runtime = at.runtime()?;
        let changed = Arc::new(Notify::new());
        let tell = Arc::clone(&changed);
        let (handle, identity) = (runtime.handle().clone(), Identity::generate()?);
        aldis_guild::certify(server, SUPPORTER, identity.hash())?;
        let viewer =
            at.run(move || Viewer::start(&handle, identity, move |_| tell.notify_one()))??;
        let supporter = Self {
            runtime,
            viewer,
            changed,
        };
        supporter.viewer.send(Command::SignIn {
            server: server.clone(),
            name: SUPPORTER.to_owned(),
            password: PASSWORD.to_owned(),
        });
        supporter.until("the sign-in", |view| {
            matches!(view.desk, Desk::SignedIn { online: true, .. })
        })?;
        Ok(supporter)
    }

    /// Makes a case.
    pub fn new_case(&self) -> Result<Code> {
        let draft = Draft {
            place: None,
            customer: String::new(),
            facts: Facts::default(),
            to_queue: false,
            by_script: false,
        };
        self.viewer
            .send(Command::Desk(Wish::NewCase(Box::new(draft))));
        let view = self.until("the new case", |view| view.service.created.is_some())?;
        view.service.created.context("a code")
    }

    /// Asks for a session with control.
    pub fn connect(&self, code: Code) {
        let view_only = false;
        self.viewer.send(Command::Connect { code, view_only });
    }

    /// Moves the mouse or presses a key.
    pub fn input(&self, input: Input) {
        self.viewer.send(Command::Input(input));
    }

    /// Waits until the window would show this.
    pub fn until(&self, what: &str, shows: impl Fn(&View) -> bool + Sync) -> Result<View> {
        let shown = async {
            // What a connection goes over changes without a word to the window.
            let mut look = tokio::time::interval(Duration::from_millis(5));
            loop {
                let view = self.viewer.view();
                if shows(&view) {
                    return view;
                }
                tokio::select! {
                    () = self.changed.notified() => {}
                    _ = look.tick() => {}
                }
            }
        };
        let outcome = self.runtime.block_on(soon(what, shown));
        outcome.with_context(|| {
            let view = self.viewer.view();
            let session = view.session.map(|session| session.stage);
            let online = matches!(view.desk, Desk::SignedIn { online: true, .. });
            format!("online: {online}; the session: {session:?}")
        })
    }

    /// Waits until this is true of the session.
    pub fn until_session(&self, what: &str, is: impl Fn(&Session) -> bool + Sync) -> Result<()> {
        self.until(what, |view| view.session.as_ref().is_some_and(&is))
            .map(drop)
    }

    /// Waits until the two sides are connected.
    pub fn until_live(&self) -> Result<()> {
        self.until_session("the session", |session| {
            matches!(session.stage, SessionStage::Live { .. })
        })
    }

    /// What the session goes over now.
    pub fn kind(&self) -> Option<Kind> {
        self.viewer.view().session?.link?.kind()
    }

    /// What was tried to reach the customer's machine, and what came of it.
    pub fn tried(&self) -> Vec<Tried> {
        let link = self.viewer.view().session.and_then(|session| session.link);
        link.map(|link| link.tried()).unwrap_or_default()
    }

    /// Waits until the session goes over something of which this is true.
    pub fn until_kind(&self, what: &str, is: impl Fn(Kind) -> bool + Sync) -> Result<()> {
        self.until_session(what, |session| {
            let kind = session.link.as_ref().and_then(|link| link.kind());
            kind.is_some_and(&is)
        })
    }

    /// What this makes of the customer's screen as it is shown now.
    pub fn look<T>(&self, mut at: impl FnMut(&Frame) -> Option<T>) -> Option<T> {
        let session = self.viewer.view().session?;
        let mut made = None;
        session.picture.look(&mut |frame, _| {
            made = at(frame);
            true
        });
        made
    }

    /// Waits until this is true of the customer's screen as it is shown; gives when.
    pub fn until_seen(&self, what: &str, is: impl Fn(&Frame) -> bool + Sync) -> Result<Instant> {
        self.until(what, |view| {
            let Some(session) = &view.session else {
                return false;
            };
            let mut seen = false;
            // A window says that it has shown what it has looked at; so do we.
            session.picture.look(&mut |frame, _| {
                seen = is(frame);
                true
            });
            seen
        })?;
        Ok(Instant::now())
    }
}
