//! The one thread that writes, and the one that only reads.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

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
    reads: SyncSender<Box<dyn Job>>,
}

/// A job's two halves: inside the transaction, and after it.
trait Job: Send {
    /// Does the work inside a savepoint; a failure takes it back.
    fn work(&mut self, transaction: &Transaction<'_>) -> Result<(), StoreError>;
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
    fn work(&mut self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        let work = self.work.take().ok_or(StoreError::Failed)?;
        let result = self.result.insert(work(transaction));
        result.as_ref().map(drop).map_err(StoreError::of)
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
        let reader = schema::open_for_reading(folder)?;
        let unwritable = |error: std::io::Error| OpenError::Unwritable {
            path: folder.to_owned(),
            reason: error.to_string(),
        };
        let (jobs, waiting) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || write(connection, &waiting))
            .map_err(unwritable)?;
        let (reads, waiting) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("store-reader".to_owned())
            .spawn(move || read(reader, &waiting))
            .map_err(unwritable)?;
        Ok(Self { jobs, reads })
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
        ask(&self.jobs, work, then).await
    }

    /// Looks at what is on the disk, whatever happens to changes meanwhile; `work` cannot write.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        ask(&self.reads, work, |result| result).await
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

/// Gives a job to a thread and waits for its answer.
async fn ask<T, U>(
    jobs: &SyncSender<Box<dyn Job>>,
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
        match jobs.try_send(job) {
            Ok(()) => break,
            Err(TrySendError::Full(back)) => {
                job = back;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Err(TrySendError::Disconnected(_)) => return Err(StoreError::Failed),
        }
    }
    answer.await.unwrap_or(Err(StoreError::Failed))
}

/// Takes jobs until every [`Store`] is gone.
fn write(mut connection: Connection, waiting: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(GROUP - 1));
        let kept = write_group(&mut connection, &mut group);
        for job in group {
            job.answer(kept);
        }
    }
}

fn write_group(connection: &mut Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| StoreError::of(&error);
    let mut transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    for job in group {
        let savepoint = transaction.savepoint().map_err(failed)?;
        let done = job.work(&Transaction {
            connection: &savepoint,
        });
        match done {
            Ok(()) => savepoint.commit().map_err(failed)?,
            // Some failures take the whole transaction back, and whatever is written after that
            // would be kept although it is answered that it was not.
            Err(error) if savepoint.is_autocommit() => return Err(error),
            Err(_of_this_job_alone) => {}
        }
    }
    transaction.commit().map_err(failed)
}

/// Does jobs that only look, until every [`Store`] is gone.
fn read(mut connection: Connection, waiting: &Receiver<Box<dyn Job>>) {
    while let Ok(mut job) = waiting.recv() {
        let outcome = match connection.transaction() {
            Ok(transaction) => job.work(&Transaction {
                connection: &transaction,
            }),
            Err(error) => Err(StoreError::of(&error)),
        };
        job.answer(outcome);
    }
}
