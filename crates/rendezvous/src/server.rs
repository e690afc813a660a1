//! The server as a whole: its socket, its tasks, its clockwork.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aldis_desk::{Command, Done};
use aldis_link::{BindError, Door, Guests, Identity, IdentityError, Node, Relay, RelayKey};
use aldis_platform::private_file::{self, PrivateFileError};
use aldis_store::{OpenError, Store, StoreError, Transaction};
use aldis_trust::{Fingerprint, Invitation, ServerName};
use aldis_wire::relay::{self, Side};
use aldis_wire::signal::{Doer, Push, Refusal};
use aldis_wire::{Code, Millis, SessionId};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::hub::Hub;
use crate::owed::Owed;
use crate::throttle::Throttle;
use crate::{clock, clockwork, connection, organisation, random};

/// The most apps connected at once.
pub(crate) const CONNECTIONS: usize = 10_000;

/// When so many handshakes go on, who begins another one must show first that he hears us.
pub(crate) const HANDSHAKES: usize = 64;

/// The most passwords checked at once.
const PASSWORDS: usize = 2;

/// How long a customer may take to come back after the server was away before his session counts
/// as over.
const RETURN: Duration = Duration::from_mins(1);

/// The most cases that have ended and are shown without looking for them.
const ENDED: usize = 500;

/// The server, listening.
#[derive(Debug)]
pub struct Server {
    node: Node,
    door: Door,
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
    pub(crate) owed: Owed,
    pub(crate) relay: Relay,
    /// Who comes through tunnels.
    pub(crate) guests: Guests,
    relay_key: RelayKey,
}

impl Shared {
    /// The right of this side of a session to the relay, and where that is.
    pub(crate) fn relay_for(&self, session: SessionId, side: Side) -> relay::Relay {
        relay::Relay {
            port: self.relay.local_addr().map_or(0, |address| address.port()),
            ticket: self.relay_key.ticket(session, side, clock::now()),
        }
    }

    /// Carries out a command on a case, tells everyone, and answers once it is on the disk.
    pub(crate) async fn change(
        self: &Arc<Self>,
        code: Code,
        command: Command,
        by: Doer,
    ) -> Result<Done, Refusal> {
        self.change_at(code, command, by, clock::now()).await
    }

    /// [`change`](Self::change) for what has happened at that moment.
    pub(crate) async fn change_at(
        self: &Arc<Self>,
        code: Code,
        command: Command,
        by: Doer,
        now: Millis,
    ) -> Result<Done, Refusal> {
        let (shared, hub) = (Arc::clone(self), Arc::clone(self));
        let changed = self.store.run(
            move |transaction| {
                let available = |name: &str| hub.hub.availability(name);
                aldis_desk::carry_out(transaction, &available, code, &command, &by, now)
            },
            move |outcome| {
                if let Ok(done) = &outcome
                    && done.changed
                {
                    shared.hub.publish(done, now);
                }
                outcome
            },
        );
        changed.await.map_err(refused)?
    }

    /// Says something in a chat; what came under the same mark before is not said twice.
    pub(crate) async fn say(
        self: &Arc<Self>,
        code: Code,
        text: String,
        once: u64,
        by: Doer,
        speaker: String,
    ) -> Result<u32, Refusal> {
        let (shared, hub, now) = (Arc::clone(self), Arc::clone(self), clock::now());
        let said = self.store.run(
            move |transaction| {
                if let Some(number) = transaction.said(code, &speaker, once)? {
                    return Ok(Ok((number, None)));
                }
                let available = |name: &str| hub.hub.availability(name);
                let say = Command::Say(text);
                let outcome = aldis_desk::carry_out(transaction, &available, code, &say, &by, now)?;
                let done = match outcome {
                    Ok(done) => done,
                    Err(refusal) => return Ok(Err(refusal)),
                };
                transaction.note_said(code, &speaker, once, done.case.messages)?;
                Ok(Ok((done.case.messages, Some(done))))
            },
            move |outcome| {
                outcome.map(|(number, done)| {
                    if let Some(done) = done {
                        shared.hub.publish(&done, now);
                    }
                    number
                })
            },
        );
        said.await.map_err(refused)?
    }

    /// Looks at what is kept; goes on while nothing can be written.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, aldis_store::Failure> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.store.read(work).await.map_err(refused)
    }

    /// Changes what is kept and is no case.
    pub(crate) async fn keep<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, aldis_store::Failure> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.store.run(work, |result| result).await.map_err(refused)
    }

    /// Channels or accounts may have changed, here or by the command line beside us.
    pub(crate) async fn people_changed(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        let read = self.store.run(
            |transaction| {
                let accounts = transaction.accounts()?;
                let people = accounts.iter().map(|account| account.person(0)).collect();
                Ok((transaction.channels()?, people))
            },
            move |(channels, people)| shared.hub.set_desk(channels, people),
        );
        if let Err(error) = read.await {
            tracing::warn!(%error, "the accounts were not read");
        }
    }

    /// The organisation has changed: everybody's app learns how it stands in it now.
    pub(crate) async fn trust_changed(self: &Arc<Self>) {
        let (apps, now) = (self.hub.apps(), clock::now());
        // Told in the order in which things are kept: the last word is the newest.
        let told = self.store.run(
            move |transaction| {
                let stands = apps.into_iter().map(|(mailbox, name, key)| {
                    let trust = organisation::trust(transaction, &name, key, now)?;
                    Ok((mailbox, trust))
                });
                stands.collect::<Result<Vec<_>, _>>()
            },
            |stands| {
                for (mailbox, trust) in stands {
                    mailbox.push(Push::Trust(Box::new(trust)));
                }
            },
        );
        if let Err(error) = told.await {
            tracing::warn!(%error, "the organisation was not read");
        }
    }

    /// Puts the cases on the board as they are kept.
    pub(crate) async fn reload_board(self: &Arc<Self>) {
        let (shared, now) = (Arc::clone(self), clock::now());
        let read = self.store.run(
            move |transaction| {
                let mut cases = transaction.ended_cases(now, ENDED)?;
                cases.extend(transaction.open_cases(now)?);
                Ok(cases)
            },
            move |cases| shared.hub.set_up(cases, now),
        );
        if let Err(error) = read.await {
            tracing::warn!(%error, "the cases were not read");
        }
    }

    pub(crate) async fn in_session(&self, code: Code) -> bool {
        let case = self.read(move |transaction| transaction.case(code)).await;
        matches!(case, Ok(Some(case)) if case.in_session())
    }

    /// Ends the sessions that run, if the customer stays away for this long.
    pub(crate) async fn end_if_absent(self: &Arc<Self>, code: Code, grace: Duration) {
        tokio::time::sleep(grace).await;
        if self.hub.is_online(code) {
            return;
        }
        let end = Command::Reconcile {
            running: Vec::new(),
        };
        if let Err(error) = self.note(code, end, Doer::Server).await {
            tracing::warn!(%error, "a session's end was not kept");
        }
    }
}

/// What the asker is told when the store could not do it.
fn refused(error: StoreError) -> Refusal {
    match error {
        StoreError::Full => Refusal::DiskFull,
        _ => Refusal::Storage,
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
            organisation: None,
        };
        let (relay_key, guests) = (RelayKey::of(&identity), Guests::default());
        let relay = open_relay(relay_key.clone(), bound, guests.clone())?;
        let relay_at = relay.local_addr().unwrap_or(bound);
        let mut door = Door::new(&identity, bound, relay_at, guests.clone());
        if let Err(error) = door.listen(bound) {
            tracing::warn!("{error}; until then apps whose network blocks UDP cannot connect");
        }
        let shared = Arc::new(Shared {
            store,
            hub: Hub::default(),
            throttle: Throttle::default(),
            passwords: Semaphore::new(PASSWORDS),
            owed: Owed::default(),
            relay,
            guests,
            relay_key,
        });
        Ok(Self {
            node,
            door,
            shared,
            name,
            _lock: lock,
        })
    }

    /// Lets apps whose network blocks UDP in at one more TCP port, such as 443.
    ///
    /// Must be called inside a tokio runtime.
    pub fn listen_tcp(&mut self, address: SocketAddr) -> Result<(), StartError> {
        Ok(self.door.listen(address)?)
    }

    /// How apps name this server.
    pub fn name(&self) -> &ServerName {
        &self.name
    }

    /// A new invitation for the first admin, while there is no admin; older ones are void.
    pub async fn first_invitation(&self) -> Result<Option<Invitation>, StoreError> {
        let secret = random::bytes();
        let invitation = Invitation {
            server: self.name.clone(),
            secret,
        };
        let hash = Sha256::digest(invitation.ticket()).into();
        let needed = self.shared.store.run(
            move |transaction| organisation::invite_first(transaction, &hash),
            |needed| needed,
        );
        let needed = needed.await?;
        Ok(needed.then_some(invitation))
    }

    /// Serves until `stop` is ready, then says goodbye to everyone.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut tasks = JoinSet::new();
        self.shared.people_changed().await;
        self.shared.reload_board().await;
        tasks.spawn(clockwork::tick(Arc::clone(&self.shared)));
        tasks.spawn(clockwork::assign(Arc::clone(&self.shared)));
        tasks.spawn(clockwork::tell_places(Arc::clone(&self.shared)));
        let relay = self.shared.relay.clone();
        tasks.spawn(async move { relay.run(clock::now).await });
        tasks.spawn(self.door.run());
        await_returns(&self.shared, &mut tasks).await;
        let mut next_id = 0;
        // Each handshake that goes on holds one.
        let greeting = Arc::new(());
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
                    let busy = Arc::strong_count(&greeting) > HANDSHAKES;
                    if busy && !incoming.remote_address_validated() {
                        drop(incoming.retry());
                        continue;
                    }
                    next_id += 1;
                    let (shared, id) = (Arc::clone(&self.shared), next_id);
                    let greeted = Arc::clone(&greeting);
                    tasks.spawn(async move {
                        let connection = incoming.await;
                        drop(greeted);
                        if let Ok(connection) = connection {
                            connection::serve(shared, connection, id).await;
                        }
                    });
                }
            }
        }
        self.node.close().await;
    }
}

/// Sessions that ran when the server went away: their customers come back, or they are over.
async fn await_returns(shared: &Arc<Shared>, tasks: &mut JoinSet<()>) {
    let open = shared.store.run(
        |transaction| transaction.open_cases(Millis::MAX >> 1),
        |open| open,
    );
    for case in open.await.unwrap_or_default() {
        let shared = Arc::clone(shared);
        tasks.spawn(async move {
            shared.end_if_absent(case.code, RETURN).await;
        });
    }
}

/// Opens the relay on the port after the server's, which is the one that firewalls are told of.
fn open_relay(key: RelayKey, server: SocketAddr, guests: Guests) -> Result<Relay, BindError> {
    let at = |port| SocketAddr::new(server.ip(), port);
    let next = server.port().checked_add(1).unwrap_or_default();
    match Relay::bind(key.clone(), at(next), guests.clone()) {
        Err(BindError::InUse(port)) => {
            let relay = Relay::bind(key, at(0), guests)?;
            let other = relay.local_addr().map_or(0, |address| address.port());
            tracing::warn!(
                "UDP port {port} is in use, so the relay listens on {other}; free {port} and start \
                 again, or open {other} in the firewall"
            );
            Ok(relay)
        }
        opened => opened,
    }
}

/// Keeps a second server off the folder: two would each know half of who is connected.
pub(crate) fn lock(folder: &Path) -> Result<File, StartError> {
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
