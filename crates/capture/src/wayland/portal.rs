//! The desktop's own question which screen to share: the portal `ScreenCast` on the session bus.
//!
//! A question is a call, and its answer is a signal that comes later; a thread of its own waits for those.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zbus::export::futures_core::Stream as _;
use zbus::message::Type;
use zbus::{Connection, MatchRule, Message, MessageStream, ObjectPath, OwnedVariant, Variant};

use super::board::{Board, Loss};
use crate::CaptureError;

const SERVICE: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const SCREEN_CAST: &str = "org.freedesktop.portal.ScreenCast";
const REQUEST: &str = "org.freedesktop.portal.Request";
const SESSION: &str = "org.freedesktop.portal.Session";

/// How long a call may take that asks nobody.
const CALL: Duration = Duration::from_secs(25);

/// How long the person may look at the desktop's question.
const ANSWER: Duration = Duration::from_mins(2);

/// The most answers that wait; there is one question at a time.
const ANSWERS: usize = 16;

/// Whole monitors, not windows.
const MONITORS: u32 = 1;
/// The pointer is painted into the picture.
const CURSOR_EMBEDDED: u32 = 2;
/// The pointer is told beside the picture.
const CURSOR_METADATA: u32 = 4;
/// The answer counts for as long as this program runs.
const WHILE_RUNNING: u32 = 1;
/// The pointer can be chosen since this version.
const SINCE_CURSOR: u32 = 2;
/// An answer can be kept since this version.
const SINCE_TOKEN: u32 = 4;

type Options = BTreeMap<String, OwnedVariant>;

/// The session bus, and what the portal says on it.
#[derive(Debug)]
pub(super) struct Portal {
    bus: Connection,
    answers: Mutex<Receiver<Answer>>,
    sessions: Sessions,
    tokens: AtomicU32,
}

/// Who is to know when a session is over, by its path.
type Sessions = Arc<Mutex<BTreeMap<String, Arc<Board>>>>;

/// The portal's answer to a question.
#[derive(Debug)]
struct Answer {
    question: String,
    code: u32,
    results: Options,
}

/// A monitor that the person lets us see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// PipeWire's number for it.
    pub(super) node: u32,
    /// Where it is on the desktop, in the desktop's units.
    pub(super) corner: Option<(i32, i32)>,
    /// Its size, in the desktop's units.
    pub(super) size: Option<(u32, u32)>,
}

/// What the person allowed; dropping it tells the desktop that it is no longer needed.
#[derive(Debug)]
pub(super) struct Session {
    portal: Arc<Portal>,
    path: String,
}

/// What the person allowed, and how to get it.
#[derive(Debug)]
pub(super) struct Allowed {
    pub(super) session: Session,
    pub(super) monitors: Vec<Shown>,
    pub(super) socket: OwnedFd,
    /// With it the same is allowed again without a question.
    pub(super) token: Option<String>,
}

impl Portal {
    /// Looks whether the desktop can be asked at all; asks nothing yet.
    pub(super) fn connect() -> Result<Arc<Self>, CaptureError> {
        let (bus, signals) = zbus::block_on(async {
            let bus = zbus::conn::Builder::session()
                .method_timeout(CALL)
                .build()
                .await?;
            let rule = MatchRule::builder()
                .msg_type(Type::Signal)
                .sender(SERVICE)
                .path_namespace(PATH)
                .build()?;
            let signals = MessageStream::for_match_rule(rule, &bus, None).await?;
            zbus::Result::Ok((bus, signals))
        })
        .map_err(|error| no_portal(&error))?;
        let (answered, answers) = sync_channel(ANSWERS);
        let sessions = Sessions::default();
        let portal = Self {
            bus,
            answers: Mutex::new(answers),
            sessions: Arc::clone(&sessions),
            tokens: AtomicU32::new(0),
        };
        if portal.property("AvailableSourceTypes")? & MONITORS == 0 {
            return Err(CaptureError::NoPortal);
        }
        std::thread::Builder::new()
            .name("portal".to_owned())
            .spawn(move || zbus::block_on(listen(signals, &answered, &sessions)))
            .map_err(|error| CaptureError::System(error.to_string()))?;
        Ok(Arc::new(portal))
    }

    /// Whether the bus is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.bus.is_closed()
    }

    /// Lets the person choose what we may see, or takes `token` instead; `monitors` are then sent over the socket.
    pub(super) fn ask(self: &Arc<Self>, token: Option<&str>) -> Result<Allowed, CaptureError> {
        let version = self.property("version")?;
        let session_token = ("session_handle_token", Variant::from(self.token()));
        let mut results = self.question("CreateSession", &[], vec![session_token], CALL)?;
        let path = results
            .remove("session_handle")
            .and_then(|handle| text(&handle))
            .ok_or_else(|| CaptureError::Desktop("it makes no session".to_owned()))?;
        // From here on dropping it closes the session.
        let session = Session {
            portal: Arc::clone(self),
            path,
        };
        let mut wishes = vec![
            ("types", Variant::from(MONITORS)),
            ("multiple", Variant::from(true)),
        ];
        if version >= SINCE_CURSOR {
            let apart = self.property("AvailableCursorModes")? & CURSOR_METADATA != 0;
            let mode = if apart {
                CURSOR_METADATA
            } else {
                CURSOR_EMBEDDED
            };
            wishes.push(("cursor_mode", Variant::from(mode)));
        }
        if version >= SINCE_TOKEN {
            wishes.push(("persist_mode", Variant::from(WHILE_RUNNING)));
            wishes.extend(token.map(|token| ("restore_token", Variant::from(token.to_owned()))));
        }
        self.question("SelectSources", &[session.argument()?], wishes, CALL)?;
        let window = Variant::from("");
        let mut results =
            self.question("Start", &[session.argument()?, window], Vec::new(), ANSWER)?;
        let streams = results.remove("streams").ok_or(CaptureError::Declined)?;
        let monitors = shown(streams)?;
        if monitors.is_empty() {
            return Err(CaptureError::Declined);
        }
        let path = ObjectPath::try_from(session.path.as_str()).map_err(failed)?;
        let reply = self.call("OpenPipeWireRemote", &(path, Options::new()))?;
        let socket: zbus::OwnedFd = reply.body().deserialize().map_err(failed)?;
        Ok(Allowed {
            session,
            monitors,
            socket: socket.into(),
            token: results
                .remove("restore_token")
                .and_then(|token| text(&token)),
        })
    }

    /// Calls a method that is answered later, and waits for the answer.
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's own loop keeps its time"
    )]
    fn question(
        &self,
        method: &str,
        arguments: &[Variant<'static>],
        mut options: Vec<(&str, Variant<'static>)>,
        limit: Duration,
    ) -> Result<Options, CaptureError> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        options.push(("handle_token", Variant::from(self.token())));
        let options: BTreeMap<&str, Variant<'static>> = options.into_iter().collect();
        let reply = match arguments {
            [] => self.call(method, &(options,)),
            [Variant::ObjectPath(session)] => self.call(method, &(session, options)),
            [Variant::ObjectPath(session), Variant::Str(window)] => {
                self.call(method, &(session, window, options))
            }
            _ => return Err(CaptureError::NoPortal),
        }?;
        let question: zbus::OwnedObjectPath = reply.body().deserialize().map_err(failed)?;
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(answer) = answers.recv_timeout(left) else {
                self.withdraw(&question);
                return Err(CaptureError::Unanswered);
            };
            if answer.question != question.as_str() {
                continue;
            }
            return match answer.code {
                0 => Ok(answer.results),
                1 => Err(CaptureError::Declined),
                code => Err(CaptureError::Desktop(format!(
                    "it answers {code} to {method}"
                ))),
            };
        }
    }

    /// Takes a question back that nobody answered.
    fn withdraw(&self, question: &ObjectPath<'_>) {
        let closed = self
            .bus
            .call_method(Some(SERVICE), question, Some(REQUEST), "Close", &());
        if let Err(error) = zbus::block_on(closed) {
            tracing::debug!(%error, "the question is gone already");
        }
    }

    fn call<B>(&self, method: &str, body: &B) -> Result<Message, CaptureError>
    where
        B: zbus::export::serde::Serialize + zbus::DynamicType,
    {
        let reply = self
            .bus
            .call_method(Some(SERVICE), PATH, Some(SCREEN_CAST), method, body);
        zbus::block_on(reply).map_err(failed)
    }

    fn property(&self, name: &str) -> Result<u32, CaptureError> {
        let properties = Some("org.freedesktop.DBus.Properties");
        let body = (SCREEN_CAST, name);
        let reply = self
            .bus
            .call_method(Some(SERVICE), PATH, properties, "Get", &body);
        let reply = zbus::block_on(reply).map_err(|error| no_portal(&error))?;
        let value: OwnedVariant = reply.body().deserialize().map_err(failed)?;
        u32::try_from(value).map_err(failed)
    }

    /// A name that no other question of this program has.
    fn token(&self) -> String {
        format!("aldis{}", self.tokens.fetch_add(1, Ordering::Relaxed))
    }
}

impl Session {
    /// From now on `board` is told when the desktop ends this.
    pub(super) fn tell(&self, board: &Arc<Board>) {
        let mut sessions = lock(&self.portal.sessions);
        sessions.insert(self.path.clone(), Arc::clone(board));
    }

    fn argument(&self) -> Result<Variant<'static>, CaptureError> {
        let path = ObjectPath::try_from(self.path.clone()).map_err(failed)?;
        Ok(Variant::ObjectPath(path))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        lock(&self.portal.sessions).remove(&self.path);
        let path = self.path.as_str();
        let closed = self
            .portal
            .bus
            .call_method(Some(SERVICE), path, Some(SESSION), "Close", &());
        if let Err(error) = zbus::block_on(closed) {
            tracing::debug!(%error, "the desktop's session is gone already");
        }
    }
}

/// Hears what the portal says for as long as the bus is there.
async fn listen(mut signals: MessageStream, answered: &SyncSender<Answer>, sessions: &Sessions) {
    loop {
        let next = std::future::poll_fn(|context| Pin::new(&mut signals).poll_next(context));
        match next.await {
            None => return,
            Some(Ok(signal)) => hear(&signal, answered, sessions),
            Some(Err(error)) => tracing::debug!(%error, "the portal is not understood"),
        }
    }
}

fn hear(signal: &Message, answered: &SyncSender<Answer>, sessions: &Sessions) {
    let header = signal.header();
    let (Some(path), Some(interface), Some(member)) =
        (header.path(), header.interface(), header.member())
    else {
        return;
    };
    match (interface.as_str(), member.as_str()) {
        (REQUEST, "Response") => match signal.body().deserialize::<(u32, Options)>() {
            Ok((code, results)) => {
                let answer = Answer {
                    question: path.to_string(),
                    code,
                    results,
                };
                if let Err(TrySendError::Full(_)) = answered.try_send(answer) {
                    tracing::debug!("answers to no question");
                }
            }
            Err(error) => tracing::debug!(%error, "the portal's answer is not understood"),
        },
        (SESSION, "Closed") => {
            if let Some(board) = lock(sessions).remove(path.as_str()) {
                board.lose(Loss::Stopped);
            }
        }
        _ => {}
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The monitors in the portal's list.
fn shown(streams: OwnedVariant) -> Result<Vec<Shown>, CaptureError> {
    let streams = Vec::<(u32, Options)>::try_from(Variant::from(streams)).map_err(failed)?;
    Ok(streams
        .into_iter()
        .map(|(node, mut properties)| {
            let mut pair = |name| {
                let value = Variant::from(properties.remove(name)?);
                <(i32, i32)>::try_from(value).ok()
            };
            let size = pair("size").and_then(|(width, height)| {
                Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?))
            });
            Shown {
                node,
                corner: pair("position"),
                size,
            }
        })
        .collect())
}

/// A text, or an object's path as one: portals have changed their mind about it.
fn text(value: &OwnedVariant) -> Option<String> {
    match &**value {
        Variant::Str(text) => Some(text.to_string()),
        Variant::ObjectPath(path) => Some(path.to_string()),
        _ => None,
    }
}

fn no_portal(error: &zbus::Error) -> CaptureError {
    tracing::debug!(%error, "no portal");
    CaptureError::NoPortal
}

fn failed(error: impl std::fmt::Display) -> CaptureError {
    CaptureError::Desktop(error.to_string())
}
