//! One app's conversation with the server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aldis_desk::{Case, Change, Command, decide};
use aldis_link::{Connection, FrameReceiver, FrameSender, close};
use aldis_store::{Account, Transaction};
use aldis_wire::peer::{EndReason, MAX_SEATS};
use aldis_wire::signal::{
    Answer, Consent, FromServer, MAX_CANDIDATES, MAX_CASES, MAX_NAME, Push, Refusal, RejoinSecret,
    Request, Supporter, ToServer, Token,
};
use aldis_wire::{Code, KeyHash, Millis, SessionId, VERSION};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::hub::{Ask, AskError, ConnectionId, Mailbox, PUSHES, Step};
use crate::server::Shared;
use crate::{accounts, clock, random};

/// How long a connection may live without saying who it is.
const INTRODUCTION: Duration = Duration::from_mins(1);

/// A token that was not used for this long is forgotten: 30 days.
const TOKEN_LIFE: Millis = 30 * 24 * 60 * 60 * 1000;

/// How often a free code is drawn; with a million cases ten misses in a row do not happen.
const DRAWS: usize = 10;

/// How long a customer may be away before his session counts as over.
const GRACE: Duration = Duration::from_secs(30);

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
    let from = connection.remote_address().ip();
    let mailbox = Mailbox {
        id,
        pushes,
        connection: connection.clone(),
    };
    let mut talk = Talk {
        shared,
        mailbox,
        from,
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

impl Talk {
    async fn run(
        &mut self,
        mut send: FrameSender<FromServer>,
        mut receive: FrameReceiver<ToServer>,
        mut pushes: mpsc::Receiver<FromServer>,
    ) -> aldis_link::VarInt {
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
            (Who::Greeted, Request::SignIn { name, password }) => {
                self.sign_in(name, password).await
            }
            (Who::Greeted, Request::Resume { token }) => self.resume(token).await,
            (
                Who::Greeted,
                Request::Join {
                    code,
                    name,
                    secret,
                    running,
                },
            ) => self.join(code, name, secret, running).await,
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

    async fn sign_in(&mut self, name: String, password: String) -> Result<Answer, Refusal> {
        self.slow_down().await;
        let wanted = name.clone();
        let account = self
            .read(move |transaction| transaction.account(&wanted))
            .await?;
        // Few at once: each takes 19 MiB and a core for a while.
        let permit = self.shared.passwords.acquire().await;
        let (fits, account) = tokio::task::spawn_blocking(move || {
            (accounts::verify(account.as_ref(), &password), account)
        })
        .await
        .unwrap_or((false, None));
        drop(permit);
        match account {
            Some(account) if fits => {
                self.shared.throttle.succeeded(self.from);
                let token: Token = random::bytes();
                let (hash, name, now) = (
                    Sha256::digest(token).into(),
                    account.name.clone(),
                    clock::now(),
                );
                self.read(move |transaction| transaction.add_token(&hash, &name, now))
                    .await?;
                Ok(self.signed_in(token, account))
            }
            _ => {
                self.shared.throttle.failed(self.from, clock::now());
                Err(Refusal::Credentials)
            }
        }
    }

    async fn resume(&mut self, token: Token) -> Result<Answer, Refusal> {
        let (hash, now) = (Sha256::digest(token).into(), clock::now());
        let oldest = now.saturating_sub(TOKEN_LIFE);
        let account = self
            .read(move |transaction| transaction.use_token(&hash, oldest, now))
            .await?;
        account
            .map(|account| self.signed_in(token, account))
            .ok_or(Refusal::SignedOut)
    }

    fn signed_in(&mut self, token: Token, account: Account) -> Answer {
        self.token = Some(Sha256::digest(token).into());
        let supporter = Supporter {
            name: account.name,
            picture: account.picture,
        };
        self.who = Who::Supporter(supporter.clone());
        Answer::SignedIn {
            token,
            supporter,
            now: clock::now(),
        }
    }

    async fn supporter(&mut self, me: Supporter, request: Request) -> Result<Answer, Refusal> {
        match request {
            Request::WatchCases => self.watch().await,
            Request::NewCase { customer } => {
                let (case, _) = self.create(customer, Some(me.name)).await?;
                Ok(Answer::Case(case))
            }
            Request::ShowCase { code } => {
                self.slow_down().await;
                let case = self.read(move |transaction| transaction.case(code)).await?;
                let case = self.known(case)?;
                let online = self.shared.hub.is_online(code);
                Ok(Answer::Case(case.view(online, clock::now())))
            }
            Request::CloseCase { code } => self
                .change(code, Command::Close { by: me.name })
                .await
                .map(Answer::Case),
            Request::AssignCase { code, to } => {
                let to = to.unwrap_or(me.name);
                self.check_account(&to).await?;
                self.change(code, Command::Assign { to })
                    .await
                    .map(Answer::Case)
            }
            Request::ReleaseCase { code } => self
                .change(code, Command::Release { by: me.name })
                .await
                .map(Answer::Case),
            Request::Invite { code, to } => {
                self.check_account(&to).await?;
                let by = me.name;
                let invite = Command::Invite { by, to };
                self.change(code, invite).await.map(Answer::Case)
            }
            Request::Connect {
                code,
                key,
                view_only,
            } => self.ask(me, code, key, view_only).await,
            Request::CancelConnect { session } => {
                self.shared.hub.cancel(session, self.mailbox.id);
                Ok(Answer::Done)
            }
            Request::SignOut => {
                if let Some(hash) = self.token.take() {
                    self.read(move |transaction| transaction.drop_token(&hash))
                        .await?;
                }
                self.who = Who::Greeted;
                self.shared.hub.supporter_left(self.mailbox.id);
                Ok(Answer::Done)
            }
            _ => Err(Refusal::NotAllowed),
        }
    }

    async fn check_account(&self, name: &str) -> Result<(), Refusal> {
        let name = name.to_owned();
        let account = self
            .read(move |transaction| transaction.account(&name))
            .await?;
        account.map(drop).ok_or(Refusal::UnknownSupporter)
    }

    async fn customer(&mut self, code: Code, request: Request) -> Result<Answer, Refusal> {
        match request {
            Request::AnswerConnect {
                session,
                mut answer,
            } => {
                if let Consent::Allowed { candidates, .. } = &mut answer {
                    candidates.truncate(MAX_CANDIDATES);
                }
                if self.shared.hub.answer(code, session, answer) {
                    Ok(Answer::Done)
                } else {
                    Err(Refusal::NotAllowed)
                }
            }
            Request::SessionUp { session } => {
                let supporter = self
                    .shared
                    .hub
                    .allowed(code, session)
                    .ok_or(Refusal::NotAllowed)?;
                let start = Command::StartSession {
                    id: session,
                    supporter,
                };
                self.change(code, start).await?;
                self.shared.hub.connected(code, session);
                let case = self.read(move |transaction| transaction.case(code)).await?;
                let mut running = case.iter().flat_map(Case::all_running);
                let at = running
                    .find(|running| running.id == session)
                    .map_or_else(clock::now, |running| running.started_at);
                Ok(Answer::SessionStarted { at })
            }
            Request::SessionDown { session, reason } => {
                self.shared.hub.forget(code, session);
                self.change(code, Command::EndSession { id: session })
                    .await?;
                if reason == EndReason::Removed {
                    self.change(code, Command::Uninvite { id: session }).await?;
                }
                Ok(Answer::Done)
            }
            Request::Leave => {
                // Who says goodbye does not come back to his session.
                self.leave(Duration::ZERO).await;
                self.who = Who::Greeted;
                Ok(Answer::Done)
            }
            _ => Err(Refusal::NotAllowed),
        }
    }

    /// Sends the whole queue and, from exactly there on, every change.
    async fn watch(&mut self) -> Result<Answer, Refusal> {
        let (shared, mailbox) = (Arc::clone(&self.shared), self.mailbox.clone());
        let list = self.shared.store.run(
            |transaction| transaction.newest_cases(MAX_CASES),
            move |cases| {
                shared.hub.watch(mailbox);
                let now = clock::now();
                let view = |case: &Case| case.view(shared.hub.is_online(case.code), now);
                cases.iter().map(view).collect()
            },
        );
        list.await
            .map(Answer::Cases)
            .map_err(|_store| Refusal::Storage)
    }

    async fn ask(
        &mut self,
        me: Supporter,
        code: Code,
        key: KeyHash,
        view_only: bool,
    ) -> Result<Answer, Refusal> {
        self.slow_down().await;
        if !self.shared.hub.is_online(code) {
            // An unknown or ended case is told apart before its customer is missed.
            let by = me.name;
            let case = self.read(move |transaction| transaction.case(code)).await?;
            let case = self.known(case)?;
            // Who helps there and asks anew has no link to the customer either, so nobody is left in that session.
            // If the customer is still in it, his app says so when it comes back.
            if let Some(session) = case.all_running().find(|session| session.supporter == by) {
                let end = Command::EndSession { id: session.id };
                self.change(code, end).await?;
                return Err(Refusal::CustomerAbsent);
            }
            decide(Some(&case), &Command::Ask { by }, clock::now())?;
            return Err(Refusal::CustomerAbsent);
        }
        self.change(
            code,
            Command::Ask {
                by: me.name.clone(),
            },
        )
        .await?;
        let session: SessionId = random::bytes();
        let ask = Ask {
            code,
            supporter: me.name.clone(),
            asker: self.mailbox.clone(),
            step: Step::Asked,
            at: clock::now(),
        };
        let push = Push::ConnectAsked {
            session,
            supporter: me,
            key,
            view_only,
        };
        match self.shared.hub.ask(session, ask, push) {
            Ok(()) => Ok(Answer::Asked { session }),
            Err(AskError::Absent) => Err(Refusal::CustomerAbsent),
            Err(AskError::Busy) => Err(Refusal::Busy),
        }
    }

    async fn join(
        &mut self,
        code: Option<Code>,
        name: String,
        secret: RejoinSecret,
        running: Vec<SessionId>,
    ) -> Result<Answer, Refusal> {
        if running.len() > MAX_SEATS {
            return Err(Refusal::NotAllowed);
        }
        self.slow_down().await;
        let claim: [u8; 32] = Sha256::digest(secret).into();
        let name = name.trim().to_owned();
        let case = if let Some(code) = code {
            let joined = self.change(code, Command::Join { name, claim }).await;
            if matches!(joined, Err(Refusal::UnknownCode | Refusal::Claimed)) {
                self.shared.throttle.failed(self.from, clock::now());
            }
            joined?
        } else {
            if name.is_empty() {
                return Err(Refusal::BadText);
            }
            let (_, code) = self.create(name.clone(), None).await?;
            self.change(code, Command::Join { name, claim }).await?
        };
        self.who = Who::Customer(case.code);
        self.shared
            .hub
            .customer_came(case.code, self.mailbox.clone());
        let case = self.settle(case.code, running).await?;
        Ok(Answer::Joined {
            case,
            now: clock::now(),
        })
    }

    /// A customer who is back says which sessions run; any other one of his has ended.
    async fn settle(
        &self,
        code: Code,
        running: Vec<SessionId>,
    ) -> Result<aldis_wire::signal::Case, Refusal> {
        self.change(code, Command::Reconcile { running }).await
    }

    async fn create(
        &self,
        customer: String,
        by: Option<String>,
    ) -> Result<(aldis_wire::signal::Case, Code), Refusal> {
        let customer = customer.trim().to_owned();
        if customer.chars().count() > MAX_NAME {
            return Err(Refusal::BadText);
        }
        for _ in 0..DRAWS {
            let code = random::code();
            let create = Command::Create {
                code,
                customer: customer.clone(),
                by: by.clone(),
            };
            match self.change(code, create).await {
                Err(Refusal::Busy) => {}
                other => return other.map(|case| (case, code)),
            }
        }
        Err(Refusal::Storage)
    }

    async fn change(
        &self,
        code: Code,
        command: Command,
    ) -> Result<aldis_wire::signal::Case, Refusal> {
        self.shared.change(code, command).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, aldis_store::Failure> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.shared
            .store
            .run(work, |result| result)
            .await
            .map_err(|_store| Refusal::Storage)
    }

    fn known(&self, case: Option<Case>) -> Result<Case, Refusal> {
        if case.is_none() {
            self.shared.throttle.failed(self.from, clock::now());
        }
        case.ok_or(Refusal::UnknownCode)
    }

    async fn slow_down(&self) {
        let delay = self.shared.throttle.delay(self.from, clock::now());
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    /// What follows when the app is gone; a customer's session waits for him as long as `grace`.
    async fn leave(&mut self, grace: Duration) {
        match std::mem::replace(&mut self.who, Who::Unknown) {
            Who::Supporter(_) => self.shared.hub.supporter_left(self.mailbox.id),
            Who::Customer(code) if self.shared.hub.customer_left(code, self.mailbox.id) => {
                if self
                    .shared
                    .refresh(code)
                    .await
                    .is_ok_and(|case| case.supporter.is_some())
                {
                    self.shared.end_if_absent(code, grace).await;
                }
            }
            Who::Customer(_) | Who::Unknown | Who::Greeted => {}
        }
    }
}

/// Applies a command to a case inside a transaction; the outer error is the storage's.
pub(crate) fn apply(
    transaction: &Transaction<'_>,
    code: Code,
    command: &Command,
    now: Millis,
) -> Result<Result<Case, Refusal>, aldis_store::Failure> {
    let mut case = transaction.case(code)?;
    let changes = match decide(case.as_ref(), command, now) {
        Ok(changes) => changes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    for change in changes {
        transaction.apply(code, &change)?;
        match (&mut case, change) {
            (None, Change::Created(new)) => case = Some(new),
            (Some(case), change) => case.apply(&change),
            (None, _) => {}
        }
    }
    Ok(case.ok_or(Refusal::UnknownCode))
}
