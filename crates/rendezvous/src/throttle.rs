//! Slows down guessing of passwords and codes, by delay and never by refusing everyone.
//!
//! Failures are debts that time pays off: each address has its own, and all addresses together
//! have one, for whoever guesses from many.
//! Knowing an answer pays for a few failures, as whoever mistypes has them, and not again soon: one
//! known code must not pay for guesses of others. It also frees an address from what all the others
//! did.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aldis_wire::Millis;

/// The most addresses remembered; the oldest are forgotten first.
const ADDRESSES: usize = 4096;

/// A failure of an address is paid off in this time.
const FAILURE: Millis = 30 * 1000;

/// So many failures are forgiven to whoever then knows the answer …
const FORGIVEN: Millis = 3 * FAILURE;

/// … and nothing for this long after that.
const UNFORGIVING: Millis = 10 * 60 * 1000;

/// An address owes no more than this.
const MOST: Millis = 20 * FAILURE;

/// The first failure's delay; it doubles with each further one.
const FIRST: Duration = Duration::from_millis(250);

/// The longest delay for one's own failures.
const LONGEST: Duration = Duration::from_secs(8);

/// The longest time that attempts of one address wait for each other.
const LONGEST_QUEUE: Duration = Duration::from_secs(32);

/// A failure of anybody is paid off in this time: ten a second cost nobody anything.
const ANYBODY: Millis = 100;

/// So much is owed by all together before anybody waits for it: three hundred at once.
const PATIENCE: Millis = 300 * ANYBODY;

/// The longest delay for others' failures.
const LONGEST_FOR_OTHERS: Duration = Duration::from_secs(4);

/// An address from which somebody knew an answer does not wait for others' failures for so long.
const TRUSTED: Millis = 24 * 60 * 60 * 1000;

/// Counts failures.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    debts: Mutex<Debts>,
}

#[derive(Debug, Default)]
struct Debts {
    addresses: BTreeMap<IpAddr, Record>,
    /// When everybody's failures will be paid off.
    all: Millis,
}

/// What is known of an address.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// When its failures will be paid off.
    paid: Millis,
    /// When its last attempt begins; the next comes after it.
    turn: Millis,
    /// When somebody there last knew an answer.
    knew: Option<Millis>,
    /// When he was last forgiven failures for that.
    forgave: Option<Millis>,
}

impl Record {
    /// The delay for its own failures.
    fn delay(&self, now: Millis) -> Duration {
        let failures = self.paid.saturating_sub(now).div_ceil(FAILURE);
        match failures {
            0 => Duration::ZERO,
            some => FIRST.saturating_mul(1 << (some - 1).min(8)).min(LONGEST),
        }
    }

    /// Whether nothing would change if it were forgotten.
    fn is_over(&self, now: Millis) -> bool {
        let trusted = self
            .knew
            .is_some_and(|knew| now.saturating_sub(knew) < TRUSTED);
        self.paid.max(self.turn) <= now && !trusted
    }
}

impl Throttle {
    /// How long this attempt of an address is to wait before it is looked at.
    pub(crate) fn attempt(&self, from: IpAddr, now: Millis) -> Duration {
        let mut debts = self.debts();
        let owed = debts.all.saturating_sub(now).saturating_sub(PATIENCE);
        let others = Duration::from_millis(owed / 10).min(LONGEST_FOR_OTHERS);
        let Some(record) = debts.addresses.get_mut(&network(from)) else {
            return others;
        };
        let own = record.delay(now);
        let mut wait = own;
        if !own.is_zero() {
            // Attempts at once take their turns, or each would cost no more than one.
            let queue = Duration::from_millis(record.turn.saturating_sub(now));
            wait = (queue + own).min(LONGEST_QUEUE);
            record.turn = now.saturating_add(wait.as_millis() as Millis);
        }
        let trusted = record
            .knew
            .is_some_and(|knew| now.saturating_sub(knew) < TRUSTED);
        if trusted { wait } else { wait.max(others) }
    }

    /// Notes a failure of this address.
    pub(crate) fn failed(&self, from: IpAddr, now: Millis) {
        let mut debts = self.debts();
        let most = PATIENCE + 10 * LONGEST_FOR_OTHERS.as_millis() as Millis;
        debts.all = (debts.all.max(now) + ANYBODY).min(now + most);
        let record = debts.record(from, now);
        record.paid = (record.paid.max(now) + FAILURE).min(now + MOST);
    }

    /// Notes that this address knew the right answer.
    pub(crate) fn succeeded(&self, from: IpAddr, now: Millis) {
        let mut debts = self.debts();
        let record = debts.record(from, now);
        let lately = |forgave: Millis| now.saturating_sub(forgave) < UNFORGIVING;
        if record.paid > now && !record.forgave.is_some_and(lately) {
            record.paid = record.paid.saturating_sub(FORGIVEN);
            record.forgave = Some(now);
        }
        record.knew = Some(now);
    }

    fn debts(&self) -> MutexGuard<'_, Debts> {
        self.debts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Debts {
    /// What is known of an address, from now on.
    fn record(&mut self, from: IpAddr, now: Millis) -> &mut Record {
        let network = network(from);
        if self.addresses.len() >= ADDRESSES && !self.addresses.contains_key(&network) {
            self.addresses.retain(|_, record| !record.is_over(now));
        }
        if self.addresses.len() >= ADDRESSES && !self.addresses.contains_key(&network) {
            // Those who owe nothing go first, and then who owes least.
            let least = self
                .addresses
                .iter()
                .min_by_key(|(_, record)| (record.paid.max(record.turn), record.knew));
            let least = least.map(|(ip, _)| *ip);
            least.and_then(|ip| self.addresses.remove(&ip));
        }
        self.addresses.entry(network).or_default()
    }
}

/// One person's addresses: an IPv4 address, or an IPv6 /64.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => std::net::Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn delays_grow_per_network_and_end() {
        let throttle = Throttle::default();
        let [one, same, other] =
            ["2001:db8::1", "2001:db8::2", "192.0.2.1"].map(|ip| ip.parse().unwrap());
        assert_eq!(throttle.attempt(one, 0), Duration::ZERO);
        throttle.failed(one, 0);
        assert_eq!(throttle.attempt(same, 1), FIRST);
        assert_eq!(throttle.attempt(other, 1), Duration::ZERO);
        for _ in 0..50 {
            throttle.failed(one, 1000);
        }
        assert_eq!(throttle.attempt(one, 1000), LONGEST);
        assert_eq!(throttle.attempt(one, 1000 + MOST + 1), Duration::ZERO);
    }

    #[test]
    fn attempts_at_once_wait_for_each_other() {
        let throttle = Throttle::default();
        throttle.failed(v4(1), 0);
        assert_eq!(throttle.attempt(v4(1), 0), FIRST);
        assert_eq!(throttle.attempt(v4(1), 0), FIRST * 2);
        assert_eq!(throttle.attempt(v4(1), 0), FIRST * 3);
        assert_eq!(throttle.attempt(v4(1), 750), FIRST);
        for _ in 0..1000 {
            assert!(throttle.attempt(v4(1), 800) <= LONGEST_QUEUE);
        }
    }

    #[test]
    fn one_known_answer_does_not_pay_for_guesses() {
        let throttle = Throttle::default();
        let mut now = 0;
        let mut guesses = 0;
        while now < 60 * 60 * 1000 {
            now += throttle.attempt(v4(1), now).as_millis() as Millis;
            throttle.succeeded(v4(1), now);
            now += throttle.attempt(v4(1), now).as_millis() as Millis;
            throttle.failed(v4(1), now);
            guesses += 1;
        }
        assert!(guesses < 500, "{guesses} in an hour");
    }

    #[test]
    fn guesses_from_everywhere_slow_strangers_and_nobody_for_long() {
        let throttle = Throttle::default();
        let known = v4(7);
        throttle.succeeded(known, 0);
        for guess in 0..100_000 {
            throttle.failed(v4(1000 + guess), 1000);
        }
        assert_eq!(throttle.attempt(v4(8), 1000), LONGEST_FOR_OTHERS);
        let later = 1000 + 10 * LONGEST_FOR_OTHERS.as_millis() as Millis;
        assert_eq!(throttle.attempt(v4(8), later), Duration::ZERO);
    }

    #[test]
    fn whoever_was_right_lately_does_not_wait_for_others() {
        let throttle = Throttle::default();
        throttle.succeeded(v4(7), 0);
        for guess in 0..2000 {
            throttle.failed(v4(1000 + guess), 1000);
        }
        assert!(throttle.attempt(v4(8), 1000) > Duration::ZERO);
        assert_eq!(throttle.attempt(v4(7), 1000), Duration::ZERO);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..ADDRESSES as u32 + 100 {
            throttle.failed(v4(number), u64::from(number));
        }
        assert!(throttle.debts().addresses.len() <= ADDRESSES);
    }
}
