//! An app's conversation with the rendezvous server.

use std::collections::BTreeMap;
use std::time::Duration;

use aldis_trust::ServerName;
use aldis_wire::VERSION;
use aldis_wire::signal::{Answer, FromServer, Push, Refusal, Request, ToServer};
use quinn::Connection;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::frames::{FrameReceiver, FrameSender};
use crate::node::{DialError, Node};
use crate::reach::Place;

/// The most questions that wait for their answer.
const QUESTIONS: usize = 64;

/// The most pushes that wait to be looked at; more make the server wait.
const PUSHES: usize = 256;

/// How long an answer may take; wrong passwords are slowed down to 8 s.
const PATIENCE: Duration = Duration::from_secs(25);

/// A live conversation with the server; dropping it ends it.
#[derive(Debug)]
pub struct Signal {
    connection: Connection,
    place: Place,
    questions: mpsc::Sender<Question>,
    _tasks: JoinSet<()>,
}

/// The server's answer did not come, or is a no.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignalError {
    /// No connection came about.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The connection is gone.
    #[error("the connection to the server was lost")]
    Lost,
}

struct Question {
    request: Request,
    reply: oneshot::Sender<Result<Answer, SignalError>>,
}

impl Signal {
    /// Connects and greets. The receiver ends when the conversation does.
    pub async fn connect(
        node: &Node,
        server: &ServerName,
    ) -> Result<(Self, mpsc::Receiver<Push>), SignalError> {
        let (connection, place) = node.dial_server(server).await?;
        let (send, receive) = connection
            .open_bi()
            .await
            .map_err(|_lost| SignalError::Lost)?;
        let (questions, waiting) = mpsc::channel(QUESTIONS);
        let (pushes, pushed) = mpsc::channel(PUSHES);
        let mut tasks = JoinSet::new();
        tasks.spawn(converse(
            FrameSender::new(send, 0),
            FrameReceiver::new(receive),
            waiting,
            pushes,
        ));
        let signal = Self {
            connection,
            place,
            questions,
            _tasks: tasks,
        };
        signal.ask(Request::Hello { version: VERSION }).await?;
        Ok((signal, pushed))
    }

    /// Where the server is.
    pub fn server(&self) -> &Place {
        &self.place
    }

    /// Asks and waits for the answer.
    pub async fn ask(&self, request: Request) -> Result<Answer, SignalError> {
        let (reply, answer) = oneshot::channel();
        let question = Question { request, reply };
        self.questions
            .send(question)
            .await
            .map_err(|_ended| SignalError::Lost)?;
        if let Ok(Ok(answer)) = timeout(PATIENCE, answer).await {
            return answer;
        }
        self.connection.close(crate::close::DONE, b"no answer");
        Err(SignalError::Lost)
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        self.connection.close(crate::close::DONE, b"");
    }
}

async fn converse(
    mut send: FrameSender<ToServer>,
    mut receive: FrameReceiver<FromServer>,
    mut questions: mpsc::Receiver<Question>,
    pushes: mpsc::Sender<Push>,
) {
    let mut open = BTreeMap::new();
    let mut next = 0_u32;
    loop {
        tokio::select! {
            question = questions.recv() => {
                let Some(Question { request, reply }) = question else { return };
                next = next.wrapping_add(1);
                if send.send(&ToServer { id: next, request }).await.is_err() {
                    return;
                }
                // Those who no longer wait for their answer are not kept.
                open.retain(|_, reply: &mut oneshot::Sender<_>| !reply.is_closed());
                open.insert(next, reply);
            }
            message = receive.recv() => match message {
                Ok(Some(FromServer::Answer { id, answer })) => {
                    if let Some(reply) = open.remove(&id) {
                        drop(reply.send(answer.map_err(SignalError::Refused)));
                    }
                }
                Ok(Some(FromServer::Push(push))) => {
                    if pushes.send(push).await.is_err() {
                        return;
                    }
                }
                Ok(None) | Err(_) => return,
            },
        }
    }
}
