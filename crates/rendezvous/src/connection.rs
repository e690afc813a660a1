//! One app's conversation with the server.

mod customer;
mod sign_in;
mod supporter;
mod trust;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_desk::{Case, Command, Done};
use aldis_link::candidates::canonical;
use aldis_link::{Connection, FrameReceiver, FrameSender, close};
use aldis_store::Transaction;
use aldis_wire::signal::{
    Answer, ChatMessage, Doer, FromServer, MAX_CASES, MAX_MESSAGES, Push, Refusal, Request,
    Speaker, Supporter, ToServer,
};
use aldis_wire::{Code, VERSION};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use crate::clock;
use crate::hub::{ConnectionId, Mailbox, PUSHES};
use crate::server::Shared;

/// How long a connection may live without saying who it is.
const INTRODUCTION: Duration = Duration::from_mins(1);

/// How long a customer may be away before his session counts as over.
const GRACE: Duration = Duration::from_secs(30);

/// How long news gathers for the next message to a window, after one that was not full. Where much
/// happens, fifty windows would else take fifty messages for every single change.
const GATHER: Duration = Duration::from_millis(50);

/// How often it is looked whether an app's probe has arrived.
const PROBE_LOOKS: usize = 4;

/// The pause between two such looks.
const PROBE_PAUSE: Duration = Duration::from_millis(50);

/// Who is at the other end.
enum Who {
    Unknown,
    /// Speaks our version.
    Greeted,
    Supporter(Supporter),
    Customer(Code),
}

struct Talk {
    shared: Arc<Shared>,
    mailbox: Mailbox,
    from: IpAddr,
    /// Whether it comes through a tunnel, behind which it is seen nowhere.
    by_tunnel: bool,
    who: Who,
    /// The hash of the token that a supporter signed in with here.
    token: Option<[u8; 32]>,
}

/// Serves one connection until it ends.
pub(crate) async fn serve(shared: Arc<Shared>, connection: Connection, id: ConnectionId) {
    let stream = timeout(INTRODUCTION, connection.accept_bi()).await;
    let Ok(Ok((send, receive))) = stream else {
        return connection.close(close::DONE, b"nothing said");
    };
    let (pushes, waiting) = mpsc::channel(PUSHES);
    let seen = connection.remote_address();
    let behind = shared.guests.behind(seen);
    let from = behind.unwrap_or_else(|| canonical(seen)).ip();
    let mailbox = Mailbox {
        id,
        pushes,
        news: Arc::new(Notify::new()),
        connection: connection.clone(),
    };
    let mut talk = Talk {
        shared,
        mailbox,
        from,
        by_tunnel: behind.is_some(),
        who: Who::Unknown,
        token: None,
    };
    let code = talk
        .run(
            FrameSender::new(send, 0),
            FrameReceiver::new(receive),
            waiting,
        )
        .await;
    // First of all: what follows may wait for the customer's return.
    connection.close(code, b"");
    talk.leave(GRACE).await;
}

/// More of the same waits already.
fn is_full(push: &FromServer) -> bool {
    match push {
        FromServer::Push(Push::Cases {
            changed, complete, ..
        }) => changed.len() >= MAX_CASES || !complete,
        FromServer::Push(_) | FromServer::Answer { .. } => false,
    }
}

impl Talk {
    async fn run(
        &mut self,
        mut send: FrameSender<FromServer>,
        mut receive: FrameReceiver<ToServer>,
        mut pushes: mpsc::Receiver<FromServer>,
    ) -> aldis_link::VarInt {
        let news = Arc::clone(&self.mailbox.news);
        let mut pause = std::pin::pin!(tokio::time::sleep(Duration::ZERO));
        loop {
            let unknown = matches!(self.who, Who::Unknown | Who::Greeted);
            let question = async {
                if unknown {
                    timeout(INTRODUCTION, receive.recv())
                        .await
                        .unwrap_or(Ok(None))
                } else {
                    receive.recv().await
                }
            };
            let message = tokio::select! {
                question = question => match question {
                    Ok(Some(ToServer { id, request })) => {
                        FromServer::Answer { id, answer: self.answer(request).await }
                    }
                    Ok(None) => return close::DONE,
                    Err(aldis_link::RecvError::Malformed(_)) => return close::MALFORMED,
                    Err(_) => return close::DONE,
                },
                Some(push) = pushes.recv() => push,
                () = async { pause.as_mut().await; news.notified().await } => match self.news() {
                    Some(push) => {
                        if !is_full(&push) {
                            pause.as_mut().reset(tokio::time::Instant::now() + GATHER);
                        }
                        push
                    }
                    None => continue,
                },
            };
            if send.send(&message).await.is_err() {
                return close::DONE;
            }
            if matches!(
                message,
                FromServer::Answer {
                    answer: Err(Refusal::Version),
                    ..
                }
            ) {
                send.finish();
                send.delivered().await;
                return close::REFUSED;
            }
        }
    }

    async fn answer(&mut self, request: Request) -> Result<Answer, Refusal> {
        match (&self.who, request) {
            (Who::Unknown, Request::Hello { version }) if version == VERSION => {
                self.who = Who::Greeted;
                Ok(Answer::Done)
            }
            (Who::Unknown, _) => Err(Refusal::Version),
            (_, Request::WhereAmI { probe }) => Ok(self.where_are_you(probe).await),
            (Who::Greeted, Request::SignIn { name, password }) => {
                self.sign_in(name, password).await
            }
            (Who::Greeted, Request::Resume { token }) => self.resume(token).await,
            (
                Who::Greeted,
                Request::UseInvitation {
                    ticket,
                    name,
                    password,
                },
            ) => self.use_invitation(ticket, name, password).await,
            (
                Who::Greeted,
                Request::Join {
                    code,
                    name,
                    secret,
                    running,
                    source,
                    sos,
                },
            ) => {
                let coming = customer::Coming {
                    code,
                    name,
                    secret,
                    running,
                    source,
                    sos,
                };
                self.join(coming).await
            }
            (Who::Supporter(supporter), request) => {
                let supporter = supporter.clone();
                self.supporter(supporter, request).await
            }
            (Who::Customer(code), request) => {
                let code = *code;
                self.customer(code, request).await
            }
            (Who::Greeted, _) => Err(Refusal::SignedOut),
        }
    }

    /// Where this app is seen; its probe may be on its way still.
    async fn where_are_you(&self, probe: Option<[u8; 32]>) -> Answer {
        let mut beside = None;
        if let Some(probe) = probe {
            for _ in 0..PROBE_LOOKS {
                beside = self.shared.relay.seen(&probe);
                if beside.is_some() {
                    break;
                }
                tokio::time::sleep(PROBE_PAUSE).await;
            }
        }
        let seen = self.mailbox.connection.remote_address();
        let here = (!self.by_tunnel).then(|| canonical(seen));
        Answer::Seen { here, beside }
    }

    /// The next news of the board for this window; asks to be woken for what comes after it.
    fn news(&self) -> Option<FromServer> {
        let push = self.shared.hub.news(self.mailbox.id, clock::now())?;
        self.mailbox.news.notify_one();
        Some(FromServer::Push(push))
    }

    async fn change(&self, code: Code, command: Command, by: Doer) -> Result<Done, Refusal> {
        self.shared.change(code, command, by).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, aldis_store::Failure> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.shared.read(work).await
    }

    async fn keep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, aldis_store::Failure> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.shared.keep(work).await
    }

    fn known(&self, case: Option<Case>) -> Result<Case, Refusal> {
        if case.is_none() {
            self.shared.throttle.failed(self.from, clock::now());
        }
        case.ok_or(Refusal::UnknownCode)
    }

    async fn slow_down(&self) {
        let delay = self.shared.throttle.attempt(self.from, clock::now());
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    /// Says something in a chat; what came under the same mark before is not said twice.
    async fn say(&self, code: Code, text: String, once: u64, by: Doer) -> Result<Answer, Refusal> {
        let speaker = match &by {
            Doer::Supporter(name) => name.clone(),
            Doer::Customer | Doer::Server => String::new(),
        };
        let number = self.shared.say(code, text, once, by, speaker).await?;
        Ok(Answer::Said { number })
    }

    /// The chat after a message, and from now on whatever is said.
    async fn chat(&self, code: Code, after: u32) -> Result<Vec<ChatMessage>, Refusal> {
        self.read(move |transaction| transaction.messages(code, after, MAX_MESSAGES))
            .await
    }

    fn typing(&self, code: Code, from: &Speaker) {
        self.shared.hub.typing(code, from, self.mailbox.id);
    }

    /// What follows when the app is gone; a customer's session waits for him as long as `grace`.
    async fn leave(&mut self, grace: Duration) {
        match std::mem::replace(&mut self.who, Who::Unknown) {
            Who::Supporter(_) => self.shared.hub.supporter_left(self.mailbox.id),
            Who::Customer(code)
                if self
                    .shared
                    .hub
                    .customer_left(code, self.mailbox.id, clock::now()) =>
            {
                self.shared.hub.touch(code, clock::now());
                if self.shared.in_session(code).await {
                    self.shared.end_if_absent(code, grace).await;
                }
            }
            Who::Customer(_) | Who::Unknown | Who::Greeted => {}
        }
    }
}
