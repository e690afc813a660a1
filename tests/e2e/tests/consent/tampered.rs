//! A supporter's app that was tampered with: it asks as any other, and then sends what it likes.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use aldis_e2e::{PASSWORD, SUPPORTER, office, wait};
use aldis_link::{FrameReceiver, FrameSender, Identity, Node, Signal};
use aldis_trust::ServerName;
use aldis_wire::input::{Button, Input, Key, NOTCH, NamedKey};
use aldis_wire::peer::{Comes, Grant, ToHost, ToViewer};
use aldis_wire::signal::{Answer, Consent, Push, Request};
use aldis_wire::{Code, VERSION};
use anyhow::{Context as _, Result, bail, ensure};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// A supporter who keeps to no rule of his own app.
pub(crate) struct Tampered {
    runtime: Runtime,
    node: Node,
    signal: Signal,
    pushes: mpsc::Receiver<Push>,
    /// The case that he asked for last.
    case: Cell<Option<Code>>,
}

/// His conversation with the customer's app.
pub(crate) struct Visit {
    send: FrameSender<ToHost>,
    receive: FrameReceiver<ToViewer>,
}

impl Tampered {
    /// Signs in with the account of the stage.
    pub(crate) fn sign_in(server: &str) -> Result<Self> {
        let named = server;
        let server: ServerName = named.parse()?;
        let runtime = Runtime::new()?;
        let (node, signal, pushes) = runtime.block_on(async {
            let node = Node::bind_any(Arc::new(Identity::generate()?))?;
            let (signal, pushes) = Signal::connect(&node, &server).await?;
            let (name, password) = (SUPPORTER.to_owned(), PASSWORD.to_owned());
            signal.ask(Request::SignIn { name, password }).await?;
            let (key, proof) = (node.identity().hash(), None);
            signal.ask(Request::Enrol { key, proof }).await?;
            anyhow::Ok((node, signal, pushes))
        })?;
        office::approve(named, SUPPORTER)?;
        Ok(Self {
            runtime,
            node,
            signal,
            pushes,
            case: Cell::new(None),
        })
    }

    /// Asks for a session with control; the server may refuse.
    pub(crate) fn ask(&self, code: &str) -> Result<Answer> {
        let code: Code = code.parse()?;
        self.case.set(Some(code));
        let request = Request::Connect {
            code,
            key: self.node.identity().hash(),
            view_only: false,
        };
        Ok(self.runtime.block_on(self.signal.ask(request))?)
    }

    /// Waits for the customer's yes and goes in.
    pub(crate) fn enter(&mut self, expected: Grant) -> Result<Visit> {
        let (node, server) = (&self.node, self.signal.server());
        let pushes = &mut self.pushes;
        let case = self.case.get().context("he has asked")?;
        let entering = async {
            let (session, key, relay) = loop {
                match pushes.recv().await.context("the server is gone")? {
                    Push::ConnectAnswered {
                        session,
                        answer: Consent::Allowed { key, .. },
                        relay: Some(relay),
                    } => break (session, key, relay),
                    Push::ConnectAnswered { answer, .. } => bail!("{answer:?}"),
                    _ => {}
                }
            };
            let relayed = node.through_relay(server, &relay).await?;
            let connection = relayed.dial_relayed(key).await?;
            let (send, receive) = connection.open_bi().await?;
            let (mut send, receive) = (FrameSender::new(send, 0), FrameReceiver::new(receive));
            let version = VERSION;
            let comes = Comes::First;
            let hello = ToHost::Hello {
                version,
                session,
                case,
                comes,
                commitment: [0; 32],
            };
            send.send(&hello).await?;
            let mut visit = Visit { send, receive };
            match visit.next().await? {
                ToViewer::Welcome { grant, .. } => {
                    ensure!(grant == expected, "{grant:?}");
                }
                other => bail!("{other:?}"),
            }
            Ok(visit)
        };
        self.runtime
            .block_on(async { timeout(wait::STEP, entering).await })
            .context("going in")?
    }

    /// Sends something of every kind, around this place of the customer's screen, and whatever presses a button there.
    pub(crate) fn send_all(&self, visit: &mut Visit, (x, y): (i32, i32)) -> Result<()> {
        let key = |name, pressed| Input::Key {
            key: Key::Named(name),
            pressed,
        };
        let mouse = |pressed| Input::Button {
            button: Button::Left,
            pressed,
        };
        let (x, y) = (u16::try_from(x)?, u16::try_from(y)?);
        let inputs = [
            Input::PointerMove { x, y },
            mouse(true),
            mouse(false),
            Input::Wheel { x: 0, y: NOTCH },
            Input::Text("typed ".to_owned()),
            key(NamedKey::Tab, true),
            key(NamedKey::Tab, false),
            key(NamedKey::Space, true),
            key(NamedKey::Space, false),
            key(NamedKey::Enter, true),
            key(NamedKey::Enter, false),
        ];
        for input in inputs {
            self.say(visit, &ToHost::Input(input))?;
        }
        Ok(())
    }

    /// Holds down whatever presses a button, as far as he may.
    pub(crate) fn hold_down(&self, visit: &mut Visit) -> Result<()> {
        let pressed = true;
        let button = Button::Left;
        self.say(visit, &ToHost::Input(Input::Button { button, pressed }))?;
        for key in [NamedKey::Space, NamedKey::Enter] {
            let key = Key::Named(key);
            self.say(visit, &ToHost::Input(Input::Key { key, pressed }))?;
        }
        Ok(())
    }

    /// Says this.
    pub(crate) fn say(&self, visit: &mut Visit, message: &ToHost) -> Result<()> {
        self.runtime.block_on(visit.send.send(message))?;
        Ok(())
    }

    /// Waits until the customer's app says this.
    pub(crate) fn wait(&self, visit: &mut Visit, what: &ToViewer) -> Result<()> {
        let waiting = async {
            while visit.next().await? != *what {}
            anyhow::Ok(())
        };
        self.runtime
            .block_on(async { timeout(wait::STEP, waiting).await })
            .with_context(|| format!("waiting for {what:?}"))?
    }

    /// Whether the customer's app has cut the conversation, at the latest in a while.
    pub(crate) fn is_cut(&self, visit: &mut Visit) -> bool {
        const WHILE: Duration = Duration::from_secs(5);
        let reading = async { while visit.next().await.is_ok() {} };
        self.runtime
            .block_on(async { timeout(WHILE, reading).await })
            .is_ok()
    }
}

impl Visit {
    async fn next(&mut self) -> Result<ToViewer> {
        self.receive.recv().await?.context("the customer's end")
    }
}
