//! A server that was taken over: it holds the real server's key, speaks its language, and says
//! what the script wants.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use aldis_link::{FrameReceiver, Guests, Identity, Incoming, Node, Relay, RelayKey};
use aldis_trust::{Fingerprint, ServerName};
use aldis_wire::relay::Side;
use aldis_wire::signal::{
    Answer, FromServer, OwnCase, Push, Refusal, Request, Status, Supporter, ToServer, Trust,
};
use aldis_wire::{Code, Millis, SessionId};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::stage::soon;

/// At whose end of the server a word is heard or said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Customer,
    Supporter,
}

/// A conversation, from the server's side.
type End = (Who, mpsc::Sender<Vec<u8>>);

/// The server.
pub(crate) struct Liar {
    /// Names no organisation.
    pub(crate) name: ServerName,
    /// What it says when it is asked.
    pub(crate) says: Arc<Mutex<Says>>,
    key: RelayKey,
    relay_port: u16,
    heard: watch::Sender<Vec<(Who, Request)>>,
    ends: Arc<Mutex<Vec<End>>>,
    _tasks: JoinSet<()>,
}

/// What the server answers.
#[derive(Clone)]
pub(crate) struct Says {
    /// To every greeting.
    pub(crate) version: Result<(), Refusal>,
    /// To whoever signs in.
    pub(crate) supporter: Supporter,
    /// To a supporter's app about the organisation.
    pub(crate) trust: Trust,
    /// The case that every customer joins.
    pub(crate) case: OwnCase,
    /// The session of the next question.
    pub(crate) session: SessionId,
    /// Where everybody is seen.
    pub(crate) seen: Option<SocketAddr>,
    /// The server's clock, if it is not this machine's.
    pub(crate) clock: Option<Millis>,
}

impl Liar {
    /// Opens one on this machine.
    pub(crate) fn open(says: Says) -> Self {
        let identity = Arc::new(Identity::generate().unwrap());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let node = Node::bind(Arc::clone(&identity), any).unwrap();
        node.serve_anyone();
        let key = RelayKey::of(&identity);
        let relay = Relay::bind(key.clone(), any, Guests::default()).unwrap();
        let relay_port = relay.local_addr().unwrap().port();
        let name = ServerName {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port: node.local_addr().unwrap().port(),
            fingerprint: Fingerprint(identity.hash()),
            organisation: None,
        };
        let says = Arc::new(Mutex::new(says));
        let (heard, ends) = (watch::Sender::default(), Arc::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { relay.run(|| aldis_guild::now().unwrap()).await });
        let talk = Talk {
            says: Arc::clone(&says),
            heard: heard.clone(),
            ends: Arc::clone(&ends),
        };
        tasks.spawn(async move {
            let mut talks = JoinSet::new();
            while let Some(incoming) = node.accept().await {
                talks.spawn(talk.clone().hold(incoming));
            }
        });
        Self {
            name,
            says,
            key,
            relay_port,
            heard,
            ends,
            _tasks: tasks,
        }
    }

    /// The right to be one side of a session at the server's relay.
    pub(crate) fn way(&self, session: SessionId, side: Side) -> aldis_wire::relay::Relay {
        let ticket = self.key.ticket(session, side, aldis_guild::now().unwrap());
        let port = self.relay_port;
        aldis_wire::relay::Relay { port, ticket }
    }

    /// Tells everybody on that side something unasked.
    pub(crate) async fn tell(&self, who: Who, push: Push) {
        let bytes = aldis_wire::encode(&FromServer::Push(push)).unwrap();
        self.tell_bytes(who, bytes).await;
    }

    /// Sends everybody on that side these very bytes.
    pub(crate) async fn tell_bytes(&self, who: Who, bytes: Vec<u8>) {
        let ends: Vec<_> = {
            let all = self.ends.lock().unwrap();
            let theirs = all.iter().filter(|(whose, _)| *whose == who);
            theirs.map(|(_, end)| end.clone()).collect()
        };
        for end in ends {
            // One who was sent away hears nothing.
            drop(end.send(bytes.clone()).await);
        }
    }

    /// Waits until something is asked that `wanted` knows, at any time since the beginning.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        mut wanted: impl FnMut(Who, &Request) -> Option<T>,
    ) -> T {
        let mut heard = self.heard.subscribe();
        let found = async {
            loop {
                let known = heard.borrow_and_update().clone();
                if let Some(found) = known
                    .iter()
                    .find_map(|(who, request)| wanted(*who, request))
                {
                    return found;
                }
                heard.changed().await.unwrap();
            }
        };
        soon(what, found).await
    }

    /// Whether a customer's app has ever said that a session is on.
    pub(crate) fn heard_of_a_session(&self) -> bool {
        let up = |(_, request): &(Who, Request)| matches!(request, Request::SessionUp { .. });
        self.heard.borrow().iter().any(up)
    }

    /// Changes what it says.
    pub(crate) fn says(&self) -> MutexGuard<'_, Says> {
        self.says.lock().unwrap()
    }
}

/// One app's conversation.
#[derive(Clone)]
struct Talk {
    says: Arc<Mutex<Says>>,
    heard: watch::Sender<Vec<(Who, Request)>>,
    ends: Arc<Mutex<Vec<End>>>,
}

impl Talk {
    async fn hold(self, incoming: Incoming) -> Option<()> {
        let connection = incoming.await.ok()?;
        let (mut send, receive) = connection.accept_bi().await.ok()?;
        let mut receive = FrameReceiver::<ToServer>::new(receive);
        let (end, mut told) = mpsc::channel(64);
        loop {
            let bytes = tokio::select! {
                asked = receive.recv() => {
                    let ToServer { id, request } = asked.ok()??;
                    let answer = self.answer(&request, &end);
                    aldis_wire::encode(&FromServer::Answer { id, answer }).ok()?
                }
                Some(bytes) = told.recv() => bytes,
            };
            send.write_all(&bytes).await.ok()?;
        }
    }

    fn answer(&self, request: &Request, end: &mpsc::Sender<Vec<u8>>) -> Result<Answer, Refusal> {
        let Says {
            version,
            supporter,
            trust,
            case,
            session,
            seen,
            clock,
        } = locked(&self.says).clone();
        let time = clock.unwrap_or_else(now);
        let who = match request {
            Request::Join { .. } => Some(Who::Customer),
            Request::SignIn { .. } | Request::Resume { .. } => Some(Who::Supporter),
            _ => None,
        };
        let mut ends = locked(&self.ends);
        ends.extend(who.map(|who| (who, end.clone())));
        let mine = ends.iter().find(|(_, other)| other.same_channel(end));
        if let Some((who, _)) = mine {
            let asked = (*who, request.clone());
            self.heard.send_modify(|heard| heard.push(asked));
        }
        Ok(match request {
            Request::Hello { .. } => return version.map(|()| Answer::Done),
            Request::SignIn { .. } | Request::Resume { .. } => Answer::SignedIn {
                token: [1; 32],
                supporter,
                now: time,
            },
            Request::Enrol { .. } => Answer::Trust(Box::new(trust)),
            Request::Connect { .. } => Answer::Asked { session },
            Request::Join { .. } => Answer::Joined { case, now: time },
            Request::SessionUp { .. } => Answer::SessionStarted { at: time },
            Request::WhereAmI { .. } => Answer::Seen {
                here: seen,
                beside: None,
            },
            Request::ShowCanned => Answer::Canned(Vec::new()),
            Request::ReadChat { .. } => Answer::Messages(Vec::new()),
            _ => Answer::Done,
        })
    }
}

/// A case as its customer sees it.
pub(crate) fn own_case(code: Code) -> OwnCase {
    OwnCase {
        code,
        status: Status::Pending,
        assignee: None,
        chatting: Vec::new(),
        description: String::new(),
        expires_at: aldis_wire::Millis::MAX >> 1,
        messages: 0,
        place: None,
    }
}

fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap()
}

fn now() -> Millis {
    aldis_guild::now().unwrap()
}
