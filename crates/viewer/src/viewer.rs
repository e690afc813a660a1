//! The supporter's engine as the window knows it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aldis_link::{BindError, Identity, Node};
use aldis_record::Shelf;
use aldis_trust::{Invitation, ServerName};
use aldis_wire::input::Input;
use aldis_wire::peer::Look;
use aldis_wire::signal::{Availability, Enrolment, Role, Token};
use aldis_wire::{Code, KeyHash};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::engine::{Engine, WAITING};
use crate::picture::Changed;
use crate::service::Wish;
use crate::view::View;

/// What the supporter wants.
#[derive(Clone)]
pub enum Command {
    /// Sign in with name and password.
    SignIn {
        /// The server.
        server: ServerName,
        /// The account.
        name: String,
        /// Its password.
        password: String,
    },
    /// Sign in with a token.
    Resume {
        /// The server.
        server: ServerName,
        /// From an earlier [`Desk::SignedIn`].
        token: Token,
    },
    /// Use an invitation for the first time.
    UseInvitation {
        /// The invitation.
        invitation: Invitation,
        /// The account's name; counts only where the invitation names none.
        name: String,
        /// The account's password from now on.
        password: String,
    },
    /// Where an admin's keys lie.
    Office(PathBuf),
    /// Something about the organisation.
    Organisation(Deed),
    /// Sign out; the token is void from then on.
    SignOut,
    /// Something about the service desk.
    Desk(Wish),
    /// Whether he takes requests when he signs in; what he chose last.
    StartAs(Availability),
    /// Ask the customer for a session.
    Connect {
        /// The case.
        code: Code,
        /// Ask for no more than seeing.
        view_only: bool,
    },
    /// Mouse or keyboard.
    Input(Input),
    /// See another of the customer's monitors.
    SelectMonitor(u32),
    /// The customer's screen is to look like this.
    Look(Look),
    /// Give control to the supporter on this seat; the customer's machine obeys the lead only.
    HandControl(u32),
    /// Send the supporter on this seat away; the customer's machine obeys the lead only.
    RemoveSeat(u32),
    /// Ask the lead for control.
    AskControl,
    /// Where recordings are kept.
    Shelf(Shelf),
    /// Record what is seen, once the customer allows it; or no longer.
    Record(bool),
    /// End this supporter's part of the session, or take the question back.
    EndSession,
    /// The end was read; forget the session.
    DismissSession,
    /// The window is gone.
    Quit,
}

/// What an admin does for the organisation.
#[derive(Clone)]
pub enum Deed {
    /// Make one.
    Found {
        /// Its name, as customers see it.
        organisation: String,
        /// Locks its keys.
        passphrase: String,
    },
    /// Make the keys usable.
    Unlock(String),
    /// Bring the root's key here from its copy.
    Restore {
        /// The copy.
        copy: PathBuf,
        /// Unlocks it.
        passphrase: String,
    },
    /// Certify one who waits, just as he is shown.
    Approve(Box<Enrolment>),
    /// Give one who waits nothing.
    Refuse(KeyHash),
    /// Make a certificate worth nothing.
    Revoke(KeyHash),
    /// Invite a new supporter.
    Invite {
        /// The account's name.
        name: String,
        /// What it may do.
        role: Role,
    },
    /// The invitation, the problem or the word about the copy was read.
    Read,
}

impl std::fmt::Debug for Deed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Deed")
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Passwords, tokens and keystrokes are nobody's business.
        f.write_str("Command")
    }
}

/// The engine, running.
#[derive(Debug)]
pub struct Viewer {
    commands: mpsc::Sender<Command>,
    view: watch::Receiver<View>,
    _task: JoinSet<()>,
}

impl Viewer {
    /// Starts the engine with the supporter's key; `changed` is called whenever there is
    /// something new to paint, and says what.
    pub fn start(
        runtime: &Handle,
        identity: Identity,
        changed: impl Fn(Changed) + Send + Sync + 'static,
    ) -> Result<Self, BindError> {
        let _inside = runtime.enter();
        let node = Node::bind_any(Arc::new(identity))?;
        let (commands, waiting) = mpsc::channel(WAITING);
        let (shown, view) = watch::channel(View::default());
        let engine = Engine::new(node, shown, Arc::new(changed));
        let mut task = JoinSet::new();
        task.spawn_on(engine.run(waiting), runtime);
        Ok(Self {
            commands,
            view,
            _task: task,
        })
    }

    /// What to paint.
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Does what the supporter wants.
    pub fn send(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::warn!("the engine does not answer");
        }
    }

    /// Ends what runs and waits until both sides know, for two seconds at most.
    pub async fn close(&self) {
        let mut view = self.view.clone();
        let ended = async {
            drop(self.commands.send(Command::Quit).await);
            while view.changed().await.is_ok() {}
        };
        drop(tokio::time::timeout(Duration::from_secs(2), ended).await);
    }
}
