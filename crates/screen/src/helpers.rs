//! Work that others may help with.
//!
//! Whoever owns threads hands [`Helpers`] in.
//! Nobody waits for them: on a busy machine a helper may come late or stop halfway, so whoever
//! called does what is left, and what comes out is the same with any of them.

use std::sync::Arc;

/// Work in which any number can take part, at any time.
pub trait Work: Send + Sync {
    /// Does some of what is left, until nothing is.
    fn take_part(&self);
}

/// Those who help.
pub trait Helpers: Send {
    /// Whether there is anybody.
    fn are_there(&self) -> bool;

    /// Has them take part as soon as they can, and does not wait for it.
    fn call(&self, work: Arc<dyn Work>);
}

/// Nobody helps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nobody;

impl Helpers for Nobody {
    fn are_there(&self) -> bool {
        false
    }

    fn call(&self, _work: Arc<dyn Work>) {}
}
