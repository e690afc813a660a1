//! Slows down guessing of passwords and codes, by delay and never by refusing everyone.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use aldis_wire::Millis;

/// The most addresses remembered; the oldest are forgotten first.
const ADDRESSES: usize = 4096;

/// After this long without a failure an address is forgotten.
const MEMORY: Millis = 10 * 60 * 1000;

/// The first failure's delay; it doubles with each further one.
const FIRST: Duration = Duration::from_millis(250);

/// The longest delay.
const LONGEST: Duration = Duration::from_secs(8);

/// Counts failures per address.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    failures: Mutex<BTreeMap<IpAddr, (u32, Millis)>>,
}

impl Throttle {
    /// How long an answer to this address waits.
    pub(crate) fn delay(&self, from: IpAddr, now: Millis) -> Duration {
        let failures = self
            .failures
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match failures.get(&network(from)) {
            Some((count, last)) if now.saturating_sub(*last) < MEMORY => {
                FIRST.saturating_mul(1 << (count - 1).min(8)).min(LONGEST)
            }
            _ => Duration::ZERO,
        }
    }

    /// Notes a failure of this address.
    pub(crate) fn failed(&self, from: IpAddr, now: Millis) {
        let mut failures = self
            .failures
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if failures.len() >= ADDRESSES {
            failures.retain(|_, (_, last)| now.saturating_sub(*last) < MEMORY);
        }
        if failures.len() >= ADDRESSES {
            let oldest = failures
                .iter()
                .min_by_key(|(_, (_, last))| *last)
                .map(|(ip, _)| *ip);
            oldest.and_then(|ip| failures.remove(&ip));
        }
        let entry = failures.entry(network(from)).or_insert((0, now));
        if now.saturating_sub(entry.1) >= MEMORY {
            entry.0 = 0;
        }
        *entry = (entry.0.saturating_add(1), now);
    }

    /// Notes that this address knew the right answer.
    pub(crate) fn succeeded(&self, from: IpAddr) {
        let mut failures = self
            .failures
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        failures.remove(&network(from));
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

    #[test]
    fn delays_grow_per_network_and_end() {
        let throttle = Throttle::default();
        let [one, same, other] =
            ["2001:db8::1", "2001:db8::2", "192.0.2.1"].map(|ip| ip.parse().unwrap());
        assert_eq!(throttle.delay(one, 0), Duration::ZERO);
        throttle.failed(one, 0);
        assert_eq!(throttle.delay(same, 1), FIRST);
        assert_eq!(throttle.delay(other, 1), Duration::ZERO);
        for _ in 0..50 {
            throttle.failed(one, 1);
        }
        assert_eq!(throttle.delay(one, 2), LONGEST);
        assert_eq!(throttle.delay(one, MEMORY + 2), Duration::ZERO);
        throttle.succeeded(same);
        assert_eq!(throttle.delay(one, 3), Duration::ZERO);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..ADDRESSES as u32 + 100 {
            throttle.failed(IpAddr::V4(number.into()), u64::from(number));
        }
        assert!(throttle.failures.lock().unwrap().len() <= ADDRESSES);
    }
}
