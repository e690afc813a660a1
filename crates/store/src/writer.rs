//! The one thread that writes.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::{Connection, TransactionBehavior};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::schema::{self, OpenError};
use crate::transaction::Transaction;

/// The most jobs that wait; more make the callers wait.
const WAITING: usize = 1024;

/// The most jobs that share one transaction.
const GROUP: usize = 64;

/// A job could not be done; nothing of it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no room on the disk.
    #[error("the disk is full; make room, and it goes on by itself")]
    Full,
    /// Anything else.
    #[error("the database could not be written")]
    Failed,
}

impl StoreError {
    fn of(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            _ => Self::Failed,
        }
    }
}

/// The database, open.
#[derive(Clone, Debug)]
pub struct Store {
    jobs: SyncSender<Box<dyn Job>>,
}

/// A job's two halves: inside the transaction, and after it.
trait Job: Send {
    /// Does the work inside a savepoint; `false` takes it back.
    fn work(&mut self, transaction: &Transaction<'_>) -> bool;
    /// Answers, once the transaction is on the disk or has failed.
    fn answer(self: Box<Self>, kept: Result<(), StoreError>);
}

struct Typed<T, U, W, A> {
    work: Option<W>,
    then: A,
    result: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<Result<U, StoreError>>,
}

impl<T, U, W, A> Job for Typed<T, U, W, A>
where
    T: Send,
    U: Send,
    W: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send,
    A: FnOnce(T) -> U + Send,
{
    fn work(&mut self, transaction: &Transaction<'_>) -> bool {
        self.result = self.work.take().map(|work| work(transaction));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, kept: Result<(), StoreError>) {
        let answer = match (self.result, kept) {
            (Some(Ok(result)), Ok(())) => Ok((self.then)(result)),
            (Some(Err(error)), _) => Err(StoreError::of(&error)),
            (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(StoreError::Failed),
        };
        // The asker may have gone; what was kept stays kept.
        drop(self.reply.send(answer));
    }
}

impl Store {
    /// Opens the database in `folder`, made if it is not there.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let connection = schema::open(folder)?;
        let (jobs, waiting) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || write(connection, &waiting))
            .map_err(|error| OpenError::Unwritable {
                path: folder.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self { jobs })
    }

    /// Does `work` in a transaction and, once it is on the disk, `then` with its result.
    ///
    /// `then` runs on the writing thread in the order of the transactions, so what it tells others
    /// never overtakes an earlier change. It must not block.
    pub async fn run<T, U>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, StoreError>
    where
        T: Send + 'static,
        U: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let mut job: Box<dyn Job> = Box::new(Typed {
            work: Some(work),
            then,
            result: None,
            reply,
        });
        loop {
            match self.jobs.try_send(job) {
                Ok(()) => break,
                Err(std::sync::mpsc::TrySendError::Full(back)) => {
                    job = back;
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
                Err(std::sync::mpsc::TrySendError::Disconnected(_)) => {
                    return Err(StoreError::Failed);
                }
            }
        }
        answer.await.unwrap_or(Err(StoreError::Failed))
    }

    /// [`run`](Self::run) for a caller that is no task: a command line.
    pub fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Typed {
            work: Some(work),
            then: |result| result,
            result: None,
            reply,
        };
        self.jobs
            .send(Box::new(job))
            .map_err(|_stopped| StoreError::Failed)?;
        answer.blocking_recv().unwrap_or(Err(StoreError::Failed))
    }
}

/// Takes jobs until every [`Store`] is gone.
fn write(mut connection: Connection, waiting: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(GROUP - 1));
        let kept = write_group(&mut connection, &mut group).map_err(|error| StoreError::of(&error));
        for job in group {
            job.answer(kept);
        }
    }
}

fn write_group(connection: &mut Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in group {
        let savepoint = transaction.savepoint()?;
        if job.work(&Transaction {
            connection: &savepoint,
        }) {
            savepoint.commit()?;
        }
    }
    transaction.commit()
}
