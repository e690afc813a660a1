//! A tokio runtime on a computer of a lab.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::Result;
use tokio::runtime::{Builder, Handle};

use crate::host::inside;
use crate::space::Space;
use crate::sys;

/// Threads for a computer's tasks: tests have few, and the machine is shared with other tests.
const THREADS: usize = 2;

/// A runtime all of whose threads, blocking ones included, are on one computer.
///
/// A socket belongs to the computer on whose thread it was made; after that it may be used from any.
#[derive(Debug)]
pub struct Runtime {
    runtime: tokio::runtime::Runtime,
    space: Arc<Space>,
}

/// A runtime that stands still until this is dropped.
#[derive(Debug)]
pub struct Frozen {
    _held: Vec<SyncSender<()>>,
}

impl Runtime {
    pub(crate) fn new(space: Arc<Space>) -> Result<Self> {
        let theirs = Arc::clone(&space);
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("inside")
            .on_thread_start(move || {
                sys::enter(theirs.file()).expect("this process made the network and may enter it");
            })
            .enable_all()
            .build()?;
        Ok(Self { runtime, space })
    }

    /// Runs a future to its end, on a thread that is on the computer.
    ///
    /// # Panics
    ///
    /// If the future does.
    pub fn block_on<F>(&self, future: F) -> F::Output
    where
        F: Future + Send,
        F::Output: Send,
    {
        inside(&self.space, || self.runtime.block_on(future))
            .expect("this process made the network and may enter it")
    }

    /// Stops everything that runs on it, as a lid that is closed does, until what this gives is dropped.
    ///
    /// Threads that tasks have started themselves go on, and so does the clock. Nobody may wait for the runtime
    /// meanwhile.
    pub fn freeze(&self) -> Frozen {
        let mut held = Vec::new();
        for _ in 0..THREADS {
            let (begun, beginning) = sync_channel(1);
            let (thaw, thawed) = sync_channel::<()>(1);
            self.runtime.spawn(async move {
                if begun.send(()).is_ok() {
                    // Ends when nobody is left who could send.
                    while thawed.recv().is_ok() {}
                }
            });
            // One after the other, so that each has a thread of its own.
            beginning.recv().expect("a runtime runs what it is given");
            held.push(thaw);
        }
        Frozen { _held: held }
    }

    /// For tasks; what it blocks on itself would run on the calling thread, which is elsewhere.
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }
}
