//! A supporter's side that does only what the test says, and also what no honest app does.

use std::sync::{Arc, Mutex};

use aldis_link::{
    Connection, DialError, FrameReceiver, FrameSender, Identity, Node, Place, Signal, SignalError,
};
use aldis_trust::{ServerName, digits};
use aldis_wire::peer::{Comes, ToHost, ToViewer};
use aldis_wire::relay::Relay;
use aldis_wire::signal::{Action, Answer, Availability, Case, Consent, Distrust, Push, Request};
use aldis_wire::{Code, KeyHash, SessionId, VERSION};
use tokio::sync::mpsc;

use crate::stage::{PASSWORD, soon};

/// A supporter, signed in on a machine with a key of its own.
pub(crate) struct Supporter {
    pub(crate) node: Node,
    signal: Signal,
    pushes: mpsc::Receiver<Push>,
    /// The case that he asked for last.
    case: Mutex<Option<Code>>,
}

/// Where the customer's machine lets an allowed supporter in.
pub(crate) struct Door {
    pub(crate) session: SessionId,
    pub(crate) case: Code,
    pub(crate) key: KeyHash,
    /// The relay, and the right to it.
    pub(crate) way: (Place, Relay),
}

/// A conversation with the customer's machine.
pub(crate) struct Visit {
    pub(crate) connection: Connection,
    pub(crate) send: FrameSender<ToHost>,
    receive: FrameReceiver<ToViewer>,
}

impl Supporter {
    /// `eva`.
    pub(crate) async fn sign_in(server: &ServerName) -> Self {
        Self::sign_in_as(server, "eva").await
    }

    pub(crate) async fn sign_in_as(server: &ServerName, name: &str) -> Self {
        let identity = Arc::new(Identity::generate().unwrap());
        crate::stage::certify(server, name, identity.hash()).await;
        let node = Node::bind_any(identity).unwrap();
        Self::begin(node, server, name).await
    }

    async fn begin(node: Node, server: &ServerName, name: &str) -> Self {
        let (signal, pushes) = Signal::connect(&node, server).await.unwrap();
        let (name, password) = (name.to_owned(), PASSWORD.to_owned());
        signal
            .ask(Request::SignIn { name, password })
            .await
            .unwrap();
        let availability = Availability::Available;
        signal.ask(Request::Watch { availability }).await.unwrap();
        Self {
            node,
            signal,
            pushes,
            case: Mutex::new(None),
        }
    }

    /// The same machine signs in anew.
    pub(crate) async fn come_back(self, server: &ServerName) -> Self {
        Self::begin(self.node, server, "eva").await
    }

    pub(crate) async fn new_case(&self) -> Code {
        let draft = crate::stage::draft();
        match self.signal.ask(Request::NewCase(draft)).await.unwrap() {
            Answer::Case(case) => case.code,
            other => panic!("{other:?}"),
        }
    }

    /// Lets a colleague join.
    pub(crate) async fn invite(&self, code: Code, to: &str) -> Result<(), SignalError> {
        let (codes, action) = (vec![code], Action::Invite(to.to_owned()));
        match self.signal.ask(Request::Act { codes, action }).await? {
            Answer::Acted(outcomes) => {
                let refusal = outcomes.into_iter().find_map(|(_, outcome)| outcome.err());
                refusal.map_or(Ok(()), |refusal| Err(SignalError::Refused(refusal)))
            }
            other => panic!("{other:?}"),
        }
    }

    /// Asks for a session with control.
    pub(crate) async fn ask(&self, code: Code) -> SessionId {
        match self.try_ask(code).await.unwrap() {
            Answer::Asked { session } => session,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn try_ask(&self, code: Code) -> Result<Answer, SignalError> {
        let key = self.node.identity().hash();
        *self.case.lock().unwrap() = Some(code);
        let request = Request::Connect {
            code,
            key,
            view_only: false,
        };
        self.signal.ask(request).await
    }

    /// Waits until the server, too, knows that the case's session is over.
    pub(crate) async fn until_free(&mut self, code: Code) {
        self.until_case("the session's end", code, |case| case.ended_at.is_some())
            .await;
    }

    /// Waits until the server, too, knows that exactly these are in the session.
    pub(crate) async fn until_inside(&mut self, code: Code, who: &[&str]) {
        self.until_case("the server's word", code, |case| case.supporters == who)
            .await;
    }

    async fn until_case(&mut self, what: &str, code: Code, is: impl Fn(&Case) -> bool) {
        let told = async {
            loop {
                if let Push::Cases { changed, .. } =
                    self.pushes.recv().await.expect("the server is there")
                    && changed.iter().any(|case| case.code == code && is(case))
                {
                    return;
                }
            }
        };
        soon(what, told).await;
    }

    /// The key that this supporter's side proves to hold.
    pub(crate) fn key(&self) -> KeyHash {
        self.node.identity().hash()
    }

    /// Waits until the customer's machine says why it does not believe this supporter.
    pub(crate) async fn distrusted(&mut self, asked: SessionId) -> Distrust {
        let why = async {
            loop {
                match self.pushes.recv().await.expect("the server is there") {
                    Push::ConnectAnswered {
                        session,
                        answer: Consent::Distrusted(why),
                        relay: _,
                    } if session == asked => return why,
                    Push::ConnectAnswered { answer, .. } => panic!("{answer:?}"),
                    _ => {}
                }
            }
        };
        soon("the refusal", why).await
    }

    /// Goes through the door bound to one number, and shows another when it is asked to.
    pub(crate) async fn enter_with(&self, door: &Door, bound: [u8; 32], shown: [u8; 32]) -> Visit {
        let mut visit = Visit::dial(&self.node, door).await.unwrap();
        let hello = ToHost::Hello {
            version: VERSION,
            session: door.session,
            case: door.case,
            comes: Comes::First,
            commitment: digits::commitment(door.session, &bound),
        };
        visit.send.send(&hello).await.unwrap();
        let asked = visit.next().await;
        assert!(matches!(asked, Some(ToViewer::Prove { .. })), "{asked:?}");
        visit.send.send(&ToHost::Number(shown)).await.unwrap();
        visit
    }

    /// Waits for the customer's yes.
    pub(crate) async fn allowed(&mut self, asked: SessionId) -> Door {
        let yes = async {
            loop {
                match self.pushes.recv().await.expect("the server is there") {
                    Push::ConnectAnswered {
                        session,
                        answer: Consent::Allowed { key, .. },
                        relay: Some(relay),
                    } if session == asked => {
                        let server = self.signal.server().clone();
                        let case = self.case.lock().unwrap().expect("he has asked");
                        return Door {
                            session,
                            case,
                            key,
                            way: (server, relay),
                        };
                    }
                    Push::ConnectAnswered { answer, .. } => panic!("{answer:?}"),
                    _ => {}
                }
            }
        };
        soon("the yes", yes).await
    }

    /// Goes through the door; the answer to the introduction comes too.
    pub(crate) async fn enter(&self, door: &Door) -> Result<(Visit, Option<ToViewer>), DialError> {
        let mut visit = Visit::dial(&self.node, door).await?;
        let hello = ToHost::Hello {
            commitment: [0; 32],
            version: VERSION,
            session: door.session,
            case: door.case,
            comes: Comes::First,
        };
        // A stranger's connection may be gone before his word is out.
        drop(visit.send.send(&hello).await);
        let answer = visit.next().await;
        Ok((visit, answer))
    }
}

impl Visit {
    /// Connects and says nothing.
    pub(crate) async fn dial(node: &Node, door: &Door) -> Result<Self, DialError> {
        let (server, relay) = &door.way;
        let relayed = node.through_relay(server, relay).await?;
        let connection = relayed.dial_relayed(door.key).await?;
        // A client counts as connected before the other side has judged its key.
        let gone = |_| DialError::Refused("the customer's computer".to_owned());
        let (send, receive) = connection.open_bi().await.map_err(gone)?;
        let (send, receive) = (FrameSender::new(send, 0), FrameReceiver::new(receive));
        Ok(Self {
            connection,
            send,
            receive,
        })
    }

    /// Says something.
    pub(crate) async fn say(&mut self, message: ToHost) {
        self.send.send(&message).await.unwrap();
    }

    /// The next message of the customer's machine; `None` once the conversation is over.
    pub(crate) async fn next(&mut self) -> Option<ToViewer> {
        soon("a message", self.receive.recv()).await.ok().flatten()
    }

    /// The first message that `is` wants, and how many others of `count`'s kind came before it.
    pub(crate) async fn until(
        &mut self,
        is: impl Fn(&ToViewer) -> bool,
        count: impl Fn(&ToViewer) -> bool,
    ) -> (ToViewer, usize) {
        let mut counted = 0;
        loop {
            let message = self.next().await.expect("the session goes on");
            if is(&message) {
                return (message, counted);
            }
            counted += usize::from(count(&message));
        }
    }
}
