//! The authority over the customer's mouse and keyboard.
//!
//! The customer's side holds the one [`Authority`].
//! It mints [`ControlToken`]s, and each works only until the authority revokes:
//! whoever injects checks the token on every single event, so a revocation acts at once, also on
//! input that already waits in a queue or on another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Mints and revokes the right to move the customer's mouse and keyboard.
#[derive(Debug, Default)]
pub struct Authority {
    epoch: Arc<AtomicU64>,
    cut: Arc<AtomicBool>,
}

/// The right to move the customer's mouse and keyboard, until it is revoked.
#[derive(Clone, Debug)]
pub struct ControlToken {
    minted_in: u64,
    epoch: Arc<AtomicU64>,
    cut: Arc<AtomicBool>,
}

impl Authority {
    /// An authority that has granted nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants control from now until the next [`revoke`](Self::revoke).
    pub fn grant(&self) -> ControlToken {
        ControlToken {
            minted_in: self.epoch.load(Ordering::SeqCst),
            epoch: Arc::clone(&self.epoch),
            cut: Arc::clone(&self.cut),
        }
    }

    /// Ends every token minted so far.
    pub fn revoke(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// Ends every token minted so far, and mints only dead ones until [`mend`](Self::mend).
    ///
    /// For a hot key: what another thread is just about to grant must not outlive the cut.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.revoke();
    }

    /// Whether control was cut and not mended yet.
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst)
    }

    /// What was cut has ended; new tokens live again, and none that was minted before does.
    pub fn mend(&self) {
        self.revoke();
        self.cut.store(false, Ordering::SeqCst);
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.revoke();
    }
}

impl ControlToken {
    /// Whether the right still stands.
    pub fn is_live(&self) -> bool {
        !self.cut.load(Ordering::SeqCst) && self.epoch.load(Ordering::SeqCst) == self.minted_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revocation_ends_every_token_at_once_and_a_new_grant_wakes_none() {
        let authority = Authority::new();
        let first = authority.grant();
        let copy = first.clone();
        assert!(first.is_live());
        authority.revoke();
        assert!(!first.is_live() && !copy.is_live());
        let second = authority.grant();
        assert!(second.is_live() && !first.is_live());
        drop(authority);
        assert!(!second.is_live());
    }

    #[test]
    fn after_a_cut_no_grant_lives_until_it_is_mended() {
        let authority = Authority::new();
        let before = authority.grant();
        authority.cut();
        let meanwhile = authority.grant();
        assert!(!before.is_live() && !meanwhile.is_live());
        authority.mend();
        assert!(!before.is_live() && !meanwhile.is_live());
        assert!(authority.grant().is_live());
    }
}
