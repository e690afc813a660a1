//! Whom the person has allowed before, and for how much longer that holds.

use aldis_wire::peer::Grant;
use aldis_wire::{KeyHash, Millis};

use super::CONSENT_LIFE;

/// The most supporters who are remembered; of more, the ones allowed last.
const MOST: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Memory {
    known: Vec<Consent>,
}

#[derive(Debug)]
struct Consent {
    key: KeyHash,
    grant: Grant,
    until: Millis,
}

impl Memory {
    /// This supporter's consent holds for its whole life from `now` on.
    pub(super) fn remember(&mut self, key: KeyHash, grant: Grant, now: Millis) {
        self.forget(key);
        if self.known.len() == MOST {
            self.known.remove(0);
        }
        let until = now.saturating_add(CONSENT_LIFE);
        self.known.push(Consent { key, grant, until });
    }

    /// What this supporter is still allowed.
    pub(super) fn recall(&mut self, key: KeyHash, now: Millis) -> Option<Grant> {
        self.known.retain(|consent| now < consent.until);
        let known = self.known.iter().find(|consent| consent.key == key)?;
        Some(known.grant)
    }

    pub(super) fn forget(&mut self, key: KeyHash) {
        self.known.retain(|consent| consent.key != key);
    }

    pub(super) fn forget_all(&mut self) {
        self.known.clear();
    }

    /// Nobody is allowed more than to see.
    pub(super) fn take_control_back(&mut self) {
        for consent in &mut self.known {
            consent.grant = Grant::View;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_bound_are_not_remembered() {
        let mut memory = Memory::default();
        for key in 0..20 {
            memory.remember([key; 32], Grant::Control, 0);
        }
        assert_eq!(memory.known.len(), MOST);
        assert_eq!(memory.recall([11; 32], 1), None);
        assert_eq!(memory.recall([12; 32], 1), Some(Grant::Control));
        memory.take_control_back();
        assert_eq!(memory.recall([19; 32], 1), Some(Grant::View));
        assert_eq!(memory.recall([19; 32], CONSENT_LIFE), None);
    }
}
