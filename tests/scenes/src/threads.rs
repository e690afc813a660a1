//! Threads that code a photograph together.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use aldis_screen::{Helpers, Work};

/// A way to each that helps.
#[derive(Debug)]
pub(crate) struct Threads(Vec<SyncSender<Arc<dyn Work>>>);

impl Threads {
    /// So many together with whoever calls them.
    pub(crate) fn start(count: usize) -> Self {
        Self((1..count).filter_map(|_| start()).collect())
    }
}

fn start() -> Option<SyncSender<Arc<dyn Work>>> {
    let (calls, called): (_, Receiver<Arc<dyn Work>>) = sync_channel(1);
    let help = move || called.into_iter().for_each(|work| work.take_part());
    thread::Builder::new().spawn(help).ok().map(|_| calls)
}

impl Helpers for Threads {
    fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    fn call(&self, work: Arc<dyn Work>) {
        for calls in &self.0 {
            drop(calls.try_send(Arc::clone(&work)));
        }
    }
}
