//! Threads that help to code photographs.
//!
//! They sleep while there is none, and end with the screen's own thread.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, available_parallelism};

use aldis_screen::{Helpers, Work};

/// The most threads, with the screen's own: the machine is the customer's, who works with it as
/// well.
const MOST: usize = 4;

/// A way to each thread.
#[derive(Debug)]
pub(super) struct Threads(Vec<SyncSender<Arc<dyn Work>>>);

impl Threads {
    /// As many as the machine has room for: one core stays with what the customer runs there. On two
    /// cores nothing was seen to be won.
    pub(super) fn start() -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self((2..cores.min(MOST + 1)).filter_map(|_| start()).collect())
    }
}

/// Starts a thread; without one less is done at once, and nothing is lost.
fn start() -> Option<SyncSender<Arc<dyn Work>>> {
    let (calls, called): (_, Receiver<Arc<dyn Work>>) = sync_channel(1);
    let help = move || called.into_iter().for_each(|work| work.take_part());
    let thread = Builder::new().name("photo".to_owned()).spawn(help);
    thread.is_ok().then_some(calls)
}

impl Helpers for Threads {
    fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    fn call(&self, work: Arc<dyn Work>) {
        for calls in &self.0 {
            // Who has not come since the last call will find this work done.
            drop(calls.try_send(Arc::clone(&work)));
        }
    }
}
