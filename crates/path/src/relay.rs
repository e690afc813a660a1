//! Who may reach whom through the relay.
//!
//! The relay knows a session by its number and the two sides by the addresses that have proven to
//! be theirs; it passes sealed packets from one to the other and knows nothing more.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use aldis_wire::relay::Side;
use aldis_wire::{Millis, SessionId};

use crate::candidates::household;

/// The most sessions at once.
pub const MAX_SESSIONS: usize = 20_000;

/// The most bindings of one household; customers of one company may share an address.
pub const MAX_BINDINGS: usize = 256;

/// How long (ms) a binding lives without a packet.
pub const BINDING_LIFE: Millis = 60_000;

/// How far a sender may be ahead of his rate, in milliseconds.
const BURST: Millis = 1_000;

#[derive(Clone, Copy, Debug)]
struct Binding {
    address: SocketAddr,
    home: IpAddr,
    /// When it lapses unless something comes.
    until: Millis,
    /// Until when what was sent takes at the allowed rate, in microseconds.
    busy_until: u64,
}

/// The bindings of all sessions.
#[derive(Debug)]
pub struct Table {
    bindings: BTreeMap<(SessionId, Side), Binding>,
    owners: BTreeMap<SocketAddr, (SessionId, Side)>,
    households: BTreeMap<IpAddr, usize>,
    /// Bytes a second that one side of a session may send.
    rate: u64,
}

/// Why there is no binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes there.
    Pass(SocketAddr),
    /// The other side is not here, or the sender is over his rate.
    Drop,
    /// Nobody knows the sender.
    Stranger,
}

impl Table {
    /// A table where each side of a session may send so many bytes a second.
    pub fn new(rate: u64) -> Self {
        Self {
            bindings: BTreeMap::new(),
            owners: BTreeMap::new(),
            households: BTreeMap::new(),
            rate: rate.max(1),
        }
    }

    /// This address has proven to be where this side of the session is; `from` is where its owner
    /// is, who may come through a tunnel.
    pub fn bind(
        &mut self,
        session: SessionId,
        side: Side,
        address: SocketAddr,
        from: IpAddr,
        now: Millis,
    ) -> Result<(), Full> {
        if self.owners.get(&address) == Some(&(session, side)) {
            self.touch(session, side, now);
            return Ok(());
        }
        let home = household(from);
        let replaced = self.bindings.get(&(session, side));
        let moves_within = replaced.is_some_and(|it| it.home == home);
        let taken = self.households.get(&home).copied().unwrap_or(0);
        let crowded = taken >= MAX_BINDINGS && !moves_within;
        if crowded || replaced.is_none() && self.bindings.len() >= 2 * MAX_SESSIONS {
            return Err(Full);
        }
        self.remove(session, side);
        // One socket serves one session.
        if let Some((session, side)) = self.owners.get(&address).copied() {
            self.remove(session, side);
        }
        let binding = Binding {
            address,
            home,
            until: now.saturating_add(BINDING_LIFE),
            busy_until: 0,
        };
        self.bindings.insert((session, side), binding);
        self.owners.insert(address, (session, side));
        *self.households.entry(home).or_default() += 1;
        Ok(())
    }

    /// A packet of so many bytes came from there.
    pub fn pass(&mut self, from: SocketAddr, bytes: usize, now: Millis) -> Verdict {
        let Some((session, side)) = self.owners.get(&from).copied() else {
            return Verdict::Stranger;
        };
        self.touch(session, side, now);
        let Some(binding) = self.bindings.get_mut(&(session, side)) else {
            return Verdict::Stranger;
        };
        let micros = now.saturating_mul(1000);
        let start = binding.busy_until.max(micros);
        if start > micros.saturating_add(BURST * 1000) {
            return Verdict::Drop;
        }
        let takes = (bytes as u64).saturating_mul(1_000_000) / self.rate;
        binding.busy_until = start.saturating_add(takes);
        match self.bindings.get(&(session, side.other())) {
            Some(other) => Verdict::Pass(other.address),
            None => Verdict::Drop,
        }
    }

    /// Somebody says from there that he is here still; gives whether that is known.
    pub fn is_here(&mut self, from: SocketAddr, now: Millis) -> bool {
        let owner = self.owners.get(&from).copied();
        if let Some((session, side)) = owner {
            self.touch(session, side, now);
        }
        owner.is_some()
    }

    /// Forgets whom nothing was heard of.
    pub fn expire(&mut self, now: Millis) {
        let late: Vec<_> = self
            .bindings
            .iter()
            .filter(|(_, binding)| now >= binding.until)
            .map(|(key, _)| *key)
            .collect();
        for (session, side) in late {
            self.remove(session, side);
        }
    }

    /// How many sides of sessions are bound.
    pub fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Whether nobody is bound.
    pub fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    fn touch(&mut self, session: SessionId, side: Side, now: Millis) {
        if let Some(binding) = self.bindings.get_mut(&(session, side)) {
            binding.until = now.saturating_add(BINDING_LIFE);
        }
    }

    fn remove(&mut self, session: SessionId, side: Side) {
        let Some(binding) = self.bindings.remove(&(session, side)) else {
            return;
        };
        self.owners.remove(&binding.address);
        let home = binding.home;
        if let Some(count) = self.households.get_mut(&home) {
            *count -= 1;
            if *count == 0 {
                self.households.remove(&home);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], port))
    }

    fn bind(table: &mut Table, id: SessionId, side: Side, to: SocketAddr, now: Millis) -> bool {
        table.bind(id, side, to, to.ip(), now).is_ok()
    }

    fn table() -> Table {
        let mut table = Table::new(1_000_000);
        assert!(bind(&mut table, [1; 16], Side::Host, at(1, 1), 0));
        assert!(bind(&mut table, [1; 16], Side::Viewer, at(2, 2), 0));
        table
    }

    #[test]
    fn packets_go_to_the_other_side_of_the_same_session_only() {
        let mut table = table();
        assert!(bind(&mut table, [2; 16], Side::Host, at(3, 3), 0));
        assert_eq!(table.pass(at(1, 1), 100, 0), Verdict::Pass(at(2, 2)));
        assert_eq!(table.pass(at(2, 2), 100, 0), Verdict::Pass(at(1, 1)));
        assert_eq!(table.pass(at(3, 3), 100, 0), Verdict::Drop);
        assert_eq!(table.pass(at(4, 4), 100, 0), Verdict::Stranger);
        assert_eq!(table.pass(at(1, 2), 100, 0), Verdict::Stranger);
    }

    #[test]
    fn who_moves_is_followed_and_his_old_address_is_forgotten() {
        let mut table = table();
        assert!(bind(&mut table, [1; 16], Side::Host, at(9, 9), 5));
        assert_eq!(table.pass(at(2, 2), 1, 5), Verdict::Pass(at(9, 9)));
        assert_eq!(table.pass(at(1, 1), 1, 5), Verdict::Stranger);
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn nobody_sends_faster_than_the_rate_for_long() {
        let mut table = table();
        let mut passed = 0;
        for now in 0..10_000 {
            // 4 MB a second, where one is allowed.
            for _ in 0..4 {
                if table.pass(at(1, 1), 1000, now) != Verdict::Drop {
                    passed += 1000;
                }
            }
        }
        assert!((10_000_000..=11_100_000).contains(&passed), "{passed}");
        assert_eq!(table.pass(at(2, 2), 1000, 9_999), Verdict::Pass(at(1, 1)));
    }

    #[test]
    fn the_silent_are_forgotten_and_a_household_has_its_bound() {
        let mut table = table();
        for number in 0..MAX_BINDINGS {
            let mut session = [3; 16];
            session[..8].copy_from_slice(&(number as u64).to_le_bytes());
            let bound = bind(
                &mut table,
                session,
                Side::Host,
                at(1, 1000 + number as u16),
                0,
            );
            assert_eq!(bound, number + 1 < MAX_BINDINGS);
        }
        assert_eq!(
            table.pass(at(2, 2), 1, BINDING_LIFE - 1),
            Verdict::Pass(at(1, 1))
        );
        table.expire(BINDING_LIFE);
        assert_eq!(table.len(), 1);
        assert!(bind(
            &mut table,
            [4; 16],
            Side::Host,
            at(1, 9),
            BINDING_LIFE
        ));
    }

    #[test]
    fn who_comes_through_a_tunnel_counts_where_he_is() {
        let (mut table, seen) = (Table::new(1), |port| at(127, port));
        for number in 0..=MAX_BINDINGS as u16 {
            let mut session = [3; 16];
            session[..2].copy_from_slice(&number.to_le_bytes());
            let home = at(1, 0).ip();
            let bound = table.bind(session, Side::Host, seen(number), home, 0);
            assert_eq!(bound.is_ok(), usize::from(number) < MAX_BINDINGS);
        }
        let other = at(2, 0).ip();
        assert!(table.bind([4; 16], Side::Host, seen(999), other, 0).is_ok());
    }
}
