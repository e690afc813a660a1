//! The server as a whole: its socket, its tasks, its clockwork.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aldis_desk::Command;
use aldis_link::{BindError, Identity, IdentityError, Node};
use aldis_platform::private_file::{self, PrivateFileError};
use aldis_store::{OpenError, Store};
use aldis_trust::{Fingerprint, ServerName};
use aldis_wire::Code;
use aldis_wire::signal::{self, Refusal};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::hub::Hub;
use crate::throttle::Throttle;
use crate::{clock, connection};

/// The most apps connected at once.
const CONNECTIONS: usize = 10_000;

/// The most passwords checked at once.
const PASSWORDS: usize = 2;

/// How long a customer may take to come back after the server was away before his session counts
/// as over.
const RETURN: Duration = Duration::from_mins(1);

/// How often expired cases are looked for, so that queues show it.
const EXPIRY_CHECK: Duration = Duration::from_secs(5);

/// The server, listening.
#[derive(Debug)]
pub struct Server {
    node: Node,
    shared: Arc<Shared>,
    name: ServerName,
    /// Held as long as the server lives; the system lets go of it however the process ends.
    _lock: File,
}

/// The server cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Another server works on the same data.
    #[error(
        "another aldis-server is running on {0}; stop it first, or choose another folder with \
         --data"
    )]
    InUse(PathBuf),
    /// The folder cannot be locked.
    #[error("cannot lock {path}: {source}; choose a folder on a local disk with --data")]
    Lock {
        /// The lock's file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The socket cannot be opened.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The key file cannot be read or written.
    #[error(transparent)]
    KeyFile(#[from] PrivateFileError),
    /// The key is damaged.
    #[error(transparent)]
    Key(#[from] IdentityError),
}

/// What every connection works with.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) throttle: Throttle,
    pub(crate) passwords: Semaphore,
}

impl Shared {
    /// Applies a command to a case, tells everyone, and answers once it is on the disk.
    pub(crate) async fn change(
        self: &Arc<Self>,
        code: Code,
        command: Command,
    ) -> Result<signal::Case, Refusal> {
        let (shared, now) = (Arc::clone(self), clock::now());
        let changed = self.store.run(
            move |transaction| connection::apply(transaction, code, &command, now),
            move |outcome| {
                outcome.map(|case| {
                    shared.hub.publish(&case, now);
                    case.view(shared.hub.is_online(code), now)
                })
            },
        );
        changed.await.map_err(|_store| Refusal::Storage)?
    }

    /// Tells everyone how a case is, after its presence or the time has changed it.
    pub(crate) async fn refresh(self: &Arc<Self>, code: Code) -> Result<signal::Case, Refusal> {
        let shared = Arc::clone(self);
        let case = self.store.run(
            move |transaction| transaction.case(code),
            move |case| {
                let now = clock::now();
                case.map(|case| {
                    shared.hub.publish(&case, now);
                    case.view(shared.hub.is_online(code), now)
                })
            },
        );
        case.await
            .map_err(|_store| Refusal::Storage)?
            .ok_or(Refusal::UnknownCode)
    }

    /// Ends the sessions that run, if the customer stays away for this long.
    pub(crate) async fn end_if_absent(self: &Arc<Self>, code: Code, grace: Duration) {
        tokio::time::sleep(grace).await;
        if self.hub.is_online(code) {
            return;
        }
        let case = self
            .store
            .run(move |transaction| transaction.case(code), |case| case)
            .await;
        let Ok(Some(case)) = case else { return };
        for session in case.all_running() {
            let end = Command::EndSession { id: session.id };
            if let Err(error) = self.change(code, end).await {
                tracing::warn!(%error, "a session's end was not kept");
            }
        }
    }
}

impl Server {
    /// Opens the data folder (made if it is not there) and the socket.
    ///
    /// Must be called inside a tokio runtime.
    pub fn start(folder: &Path, listen: SocketAddr) -> Result<Self, StartError> {
        let store = Store::open(folder)?;
        let lock = lock(folder)?;
        let identity = Arc::new(load_identity(folder)?);
        let node = Node::bind(Arc::clone(&identity), listen)?;
        node.serve_anyone();
        let bound = node.local_addr().unwrap_or(listen);
        let reachable = if bound.ip().is_unspecified() {
            node.candidates().first().copied()
        } else {
            None
        };
        let (host, port) = (reachable.unwrap_or(bound).ip(), bound.port());
        let fingerprint = Fingerprint(identity.hash());
        let name = ServerName {
            host: host.to_string(),
            port,
            fingerprint,
        };
        let shared = Arc::new(Shared {
            store,
            hub: Hub::default(),
            throttle: Throttle::default(),
            passwords: Semaphore::new(PASSWORDS),
        });
        Ok(Self {
            node,
            shared,
            name,
            _lock: lock,
        })
    }

    /// How apps name this server.
    pub fn name(&self) -> &ServerName {
        &self.name
    }

    /// Serves until `stop` is ready, then says goodbye to everyone.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut tasks = JoinSet::new();
        tasks.spawn(watch_expiry(Arc::clone(&self.shared)));
        self.await_returns(&mut tasks).await;
        let mut next_id = 0;
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_ended) = tasks.join_next() => {}
                incoming = self.node.accept() => {
                    let Some(incoming) = incoming else { break };
                    if tasks.len() >= CONNECTIONS {
                        incoming.refuse();
                        continue;
                    }
                    // A first packet may bear any sender's address; prove it before work is done.
                    if !incoming.remote_address_validated() && tasks.len() >= CONNECTIONS / 2 {
                        drop(incoming.retry());
                        continue;
                    }
                    next_id += 1;
                    let (shared, id) = (Arc::clone(&self.shared), next_id);
                    tasks.spawn(async move {
                        if let Ok(connection) = incoming.await {
                            connection::serve(shared, connection, id).await;
                        }
                    });
                }
            }
        }
        self.node.close().await;
    }

    /// Sessions that ran when the server went away: their customers come back, or they are over.
    async fn await_returns(&self, tasks: &mut JoinSet<()>) {
        let open = self
            .shared
            .store
            .run(|transaction| transaction.cases_in_session(), |open| open);
        for case in open.await.unwrap_or_default() {
            let shared = Arc::clone(&self.shared);
            tasks.spawn(async move {
                shared.end_if_absent(case.code, RETURN).await;
            });
        }
    }
}

/// Shows in every queue that a case has expired, soon after it has.
#[expect(clippy::infinite_loop, reason = "the task is aborted with its owner")]
async fn watch_expiry(shared: Arc<Shared>) {
    let mut looked = clock::now();
    let mut ticks = tokio::time::interval(EXPIRY_CHECK);
    loop {
        ticks.tick().await;
        let (after, until) = (looked, clock::now());
        let hub = Arc::clone(&shared);
        let told = shared.store.run(
            move |transaction| transaction.expired_between(after, until),
            move |cases| {
                for case in &cases {
                    hub.hub.publish(case, until);
                }
            },
        );
        if told.await.is_ok() {
            looked = until;
        }
    }
}

/// Keeps a second server off the folder: two would each know half of who is connected.
fn lock(folder: &Path) -> Result<File, StartError> {
    let path = folder.join("server.lock");
    let failed = |source| StartError::Lock {
        path: path.clone(),
        source,
    };
    let file = File::create(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn load_identity(folder: &Path) -> Result<Identity, StartError> {
    let path = folder.join("server.key");
    match private_file::read(&path) {
        Ok(bytes) => return Ok(Identity::from_pkcs8(&bytes)?),
        Err(PrivateFileError::Missing(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let identity = Identity::generate()?;
    private_file::write(&path, &identity.to_pkcs8())?;
    Ok(identity)
}
