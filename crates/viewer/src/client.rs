//! One conversation with the server, for a command line: connect, prove who you are, ask, leave.

use std::sync::Arc;

use aldis_link::doctor::{self, Finding};
use aldis_link::outlook::Outlook;
use aldis_link::{BindError, Identity, IdentityError, Node, Signal, SignalError};
use aldis_trust::{Invitation, ServerName};
use aldis_wire::signal::{Answer, Request, Supporter, Token};
use thiserror::Error;
use tokio::task::JoinSet;

/// A signed-in conversation.
#[derive(Debug)]
pub struct Client {
    signal: Signal,
    node: Node,
    _unheard: JoinSet<()>,
    /// For the next conversation.
    pub token: Token,
    /// Who signed in.
    pub supporter: Supporter,
}

/// The conversation did not come about.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No socket.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No server, or it said no.
    #[error(transparent)]
    Signal(#[from] SignalError),
}

/// Finds out what this network allows on the way to a server, without signing in there, and tells
/// it as it comes; see [`doctor::examine`].
pub async fn examine(
    server: &ServerName,
    tell: impl FnMut(Finding) + Send,
) -> Result<Outlook, ClientError> {
    let node = Node::bind_any(Arc::new(Identity::generate()?))?;
    let outlook = doctor::examine(&node, server, tell).await;
    node.close().await;
    Ok(outlook)
}

impl Client {
    /// Signs in with name and password.
    pub async fn sign_in(
        server: &ServerName,
        name: String,
        password: String,
    ) -> Result<Self, ClientError> {
        Self::greet(server, Request::SignIn { name, password }).await
    }

    /// Uses an account for the first time; `name` counts only where the invitation names none.
    pub async fn use_invitation(
        invitation: &Invitation,
        name: String,
        password: String,
    ) -> Result<Self, ClientError> {
        let first = Request::UseInvitation {
            ticket: invitation.ticket(),
            name,
            password,
        };
        Self::greet(&invitation.server, first).await
    }

    /// Comes back with a token.
    pub async fn resume(server: &ServerName, token: Token) -> Result<Self, ClientError> {
        Self::greet(server, Request::Resume { token }).await
    }

    async fn greet(server: &ServerName, request: Request) -> Result<Self, ClientError> {
        let node = Node::bind_any(Arc::new(Identity::generate()?))?;
        let (signal, mut pushes) = Signal::connect(&node, server).await?;
        // What the server tells unasked is for windows.
        let mut unheard = JoinSet::new();
        unheard.spawn(async move { while pushes.recv().await.is_some() {} });
        match signal.ask(request).await? {
            Answer::SignedIn {
                token,
                supporter,
                now: _,
            } => Ok(Self {
                signal,
                node,
                _unheard: unheard,
                token,
                supporter,
            }),
            _ => Err(SignalError::Lost.into()),
        }
    }

    /// Asks the server.
    pub async fn ask(&self, request: Request) -> Result<Answer, SignalError> {
        self.signal.ask(request).await
    }

    /// Leaves.
    pub async fn close(self) {
        drop(self.signal);
        self.node.close().await;
    }
}
