//! Stays in contact with the rendezvous server, and comes back to it by itself.

use std::time::Duration;

use aldis_trust::ServerName;
use aldis_wire::signal::{Answer, Push, Refusal, Request};
use tokio::sync::mpsc;

use crate::node::Node;
use crate::reach::Place;
use crate::signal::{Signal, SignalError};

/// The most questions that wait for the server.
pub const OUTBOX: usize = 64;

/// The first pause before the server is tried again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What happens on the way, in the server's order.
#[derive(Clone, Debug)]
pub enum Contact<Tag> {
    /// The greeting was answered, the first time or again, by the server at this place.
    Greeted(Answer, Place),
    /// The greeting was refused, or the first one found no server; the contact is over.
    Failed(SignalError),
    /// The server is away; it is being tried again.
    Away,
    /// The answer to a question from the outbox.
    Answered(Tag, Result<Answer, Refusal>),
    /// The server tells something.
    Push(Push),
}

/// Greets the server and carries questions and news until the outbox is dropped.
///
/// `greeting` is asked for before every try and is given the last greeting's answer.
/// A question that the server did not answer before it went away is answered by nothing:
/// the next [`Contact::Greeted`] is the new truth.
pub async fn keep<Tag: Send>(
    node: Node,
    server: ServerName,
    mut greeting: impl FnMut(Option<&Answer>) -> Request + Send,
    farewell: Option<Request>,
    mut outbox: mpsc::Receiver<(Tag, Request)>,
    news: mpsc::Sender<Contact<Tag>>,
) {
    let mut greeted = None;
    let mut pause = FIRST_PAUSE;
    loop {
        let request = greeting(greeted.as_ref());
        match greet(&node, &server, request).await {
            Ok((signal, pushes, answer)) => {
                pause = FIRST_PAUSE;
                greeted = Some(answer.clone());
                if news
                    .send(Contact::Greeted(answer, signal.server().clone()))
                    .await
                    .is_err()
                {
                    return;
                }
                if talk(&signal, pushes, &mut outbox, &news).await.is_none() {
                    if let Some(farewell) = farewell {
                        drop(signal.ask(farewell).await);
                    }
                    return;
                }
                if news.send(Contact::Away).await.is_err() {
                    return;
                }
            }
            // A server that says no means it; one that is away comes back.
            Err(error) if greeted.is_none() || matches!(error, SignalError::Refused(_)) => {
                return drop(news.send(Contact::Failed(error)).await);
            }
            Err(error) => tracing::debug!(%error, "the server is away"),
        }
        while outbox.try_recv().is_ok() {}
        if outbox.is_closed() || news.is_closed() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn greet(
    node: &Node,
    server: &ServerName,
    request: Request,
) -> Result<(Signal, mpsc::Receiver<Push>, Answer), SignalError> {
    let (signal, pushes) = Signal::connect(node, server).await?;
    let answer = signal.ask(request).await?;
    Ok((signal, pushes, answer))
}

/// Carries questions and pushes until the server is gone (`Some`) or the owner is (`None`).
async fn talk<Tag>(
    signal: &Signal,
    mut pushes: mpsc::Receiver<Push>,
    outbox: &mut mpsc::Receiver<(Tag, Request)>,
    news: &mpsc::Sender<Contact<Tag>>,
) -> Option<()> {
    loop {
        let told = tokio::select! {
            question = outbox.recv() => {
                let (tag, request) = question?;
                match signal.ask(request).await {
                    Ok(answer) => Contact::Answered(tag, Ok(answer)),
                    Err(SignalError::Refused(refusal)) => Contact::Answered(tag, Err(refusal)),
                    Err(_) => return Some(()),
                }
            }
            push = pushes.recv() => match push {
                Some(push) => Contact::Push(push),
                None => return Some(()),
            },
        };
        news.send(told).await.ok()?;
    }
}
