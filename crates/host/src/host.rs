//! The customer's engine as the window knows it.

use std::sync::Arc;
use std::time::Duration;

use aldis_link::{BindError, Identity, IdentityError, Node};
use aldis_session::Authority;
use aldis_session::host::Choice;
use aldis_trust::{Known, ServerName};
use aldis_wire::signal::{RejoinSecret, Source};
use aldis_wire::{Code, Millis};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::clock;
use crate::engine::{Engine, WAITING};
use crate::view::View;

/// What the person wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Join a case, or make one where there is no code.
    Join {
        /// The server.
        server: ServerName,
        /// The case.
        code: Option<Code>,
        /// The person's name.
        name: String,
        /// Lets the same machine come back to its case.
        secret: RejoinSecret,
        /// What the machine is.
        source: Box<Source>,
        /// The person pressed the SOS button.
        sos: bool,
        /// The organisations that were met before ([`View::met`]).
        met: Vec<Known>,
    },
    /// Say something in the chat.
    Say(String),
    /// The person is writing in the chat.
    Writing,
    /// Say what is wrong.
    Describe(String),
    /// No longer want help.
    Withdraw,
    /// The answer to a supporter who asks.
    Choose(Choice),
    /// The digits that the supporter reads out, as the person typed them.
    Digits(String),
    /// Take mouse and keyboard back from everybody; they still see.
    StopControl,
    /// Let nobody record any more.
    StopRecording,
    /// Send the supporter on this seat away.
    EndOne(u32),
    /// End the session for everybody.
    End,
    /// Leave the case; it stays open.
    Leave,
    /// The window is gone.
    Quit,
}

/// The engine, running.
#[derive(Debug)]
pub struct Host {
    commands: mpsc::Sender<Command>,
    view: watch::Receiver<View>,
    authority: Arc<Authority>,
    task: JoinSet<()>,
}

/// The engine cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// No socket.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl Host {
    /// Starts the engine; `changed` is called whenever [`view`](Self::view) has something new.
    pub fn start(
        runtime: &Handle,
        changed: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let _inside = runtime.enter();
        // A key for one run: nobody can follow a customer from case to case by it.
        let node = Node::bind_any(Arc::new(Identity::generate()?))?;
        let (commands, waiting) = mpsc::channel(WAITING);
        let (shown, view) = watch::channel(View::default());
        let engine = Engine::new(node, shown, Box::new(changed));
        let authority = engine.authority();
        let mut task = JoinSet::new();
        task.spawn_on(engine.run(waiting), runtime);
        Ok(Self {
            commands,
            view,
            authority,
            task,
        })
    }

    /// What to paint.
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Does what the person wants.
    pub fn send(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            tracing::warn!("the engine does not answer");
        }
    }

    /// Ends what runs and waits until both sides know, for two seconds at most.
    pub async fn close(mut self) {
        self.authority.cut();
        drop(self.commands.send(Command::Quit).await);
        drop(tokio::time::timeout(Duration::from_secs(2), self.task.join_next()).await);
    }

    /// Cuts every supporter's input this instant, from any thread.
    pub fn cutter(&self) -> impl Fn() + Send + Sync + use<> {
        let (authority, commands) = (Arc::clone(&self.authority), self.commands.clone());
        move || {
            authority.cut();
            drop(commands.try_send(Command::End));
        }
    }

    /// The engine's clock in milliseconds, as the times in [`Stage`] are told.
    pub fn now() -> Millis {
        clock::now()
    }

    /// The first reason why this machine's screen could not be shared, if there is one.
    pub fn check_screen() -> Option<String> {
        aldis_capture::check().err().map(|error| error.to_string())
    }
}
