//! Who is at the other ends of the tunnels.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aldis_path::candidates::{canonical, household};

/// The most tunnels at once.
const MOST: usize = 2_000;

/// The most of one household; a company's apps may all come from one address.
const OF_ONE: usize = 256;

/// The most that have not said yet what they want.
const ARRIVING: usize = 512;

/// The most of them from one household.
const ARRIVING_OF_ONE: usize = 32;

/// All who come through tunnels. Copies are the same.
///
/// The server's ports see them all at loopback addresses; here is written who they are.
#[derive(Clone, Debug, Default)]
pub struct Guests(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    behind: BTreeMap<SocketAddr, SocketAddr>,
    homes: BTreeMap<IpAddr, Count>,
    all: Count,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    tunnels: usize,
    arriving: usize,
}

/// One who came; dropping it is his leaving.
#[derive(Debug)]
pub(super) struct Guest {
    guests: Guests,
    peer: SocketAddr,
    has_arrived: bool,
    sockets: Vec<SocketAddr>,
}

impl Guests {
    /// Who stands behind an address that one of the server's ports sees, if it is a tunnel's.
    pub fn behind(&self, seen: SocketAddr) -> Option<SocketAddr> {
        self.state().behind.get(&canonical(seen)).copied()
    }

    /// How many are here.
    pub fn len(&self) -> usize {
        self.state().all.tunnels
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Somebody comes from there; `None` where there are too many.
    pub(super) fn enter(&self, peer: SocketAddr) -> Option<Guest> {
        let mut state = self.state();
        let peer = canonical(peer);
        let home = household(peer.ip());
        let count = state.homes.get(&home).copied().unwrap_or_default();
        let full = state.all.tunnels >= MOST || state.all.arriving >= ARRIVING;
        if full || count.tunnels >= OF_ONE || count.arriving >= ARRIVING_OF_ONE {
            return None;
        }
        state.count(home, |count| {
            count.tunnels += 1;
            count.arriving += 1;
        });
        Some(Guest {
            guests: self.clone(),
            peer,
            has_arrived: false,
            sockets: Vec::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, home: IpAddr, change: impl Fn(&mut Count)) {
        change(&mut self.all);
        let count = self.homes.entry(home).or_default();
        change(count);
        if count.tunnels == 0 {
            self.homes.remove(&home);
        }
    }
}

impl Guest {
    /// He has a tunnel now.
    pub(super) fn arrive(&mut self) {
        if !std::mem::replace(&mut self.has_arrived, true) {
            let home = household(self.peer.ip());
            let mut state = self.guests.state();
            state.count(home, |count| count.arriving -= 1);
        }
    }

    /// One of the server's ports sees him at this address.
    pub(super) fn is_seen_at(&mut self, address: SocketAddr) {
        self.sockets.push(address);
        self.guests.state().behind.insert(address, self.peer);
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.arrive();
        let home = household(self.peer.ip());
        let mut state = self.guests.state();
        state.count(home, |count| count.tunnels -= 1);
        for socket in &self.sockets {
            state.behind.remove(socket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 5))
    }

    #[test]
    fn who_is_behind_an_address_is_known_as_long_as_he_is_here() {
        let (guests, seen) = (Guests::default(), SocketAddr::from(([127, 0, 0, 1], 9)));
        let mut guest = guests.enter(from(1)).unwrap();
        assert_eq!(guests.behind(seen), None);
        guest.is_seen_at(seen);
        assert_eq!(guests.behind(seen), Some(from(1)));
        let mapped = "[::ffff:127.0.0.1]:9".parse().unwrap();
        assert_eq!(guests.behind(mapped), Some(from(1)));
        drop(guest);
        assert_eq!(guests.behind(seen), None);
        assert!(guests.is_empty() && guests.state().homes.is_empty());
    }

    #[test]
    fn a_household_and_all_together_have_their_bounds() {
        let guests = Guests::default();
        let slow: Vec<_> = (0..100).filter_map(|_| guests.enter(from(1))).collect();
        assert_eq!(slow.len(), ARRIVING_OF_ONE);
        assert!(guests.enter(from(2)).is_some());
        drop(slow);
        let mut here = Vec::new();
        for last in 0..=255 {
            while let Some(mut guest) = guests.enter(from(last)) {
                guest.arrive();
                here.push(guest);
            }
            if last == 0 {
                assert_eq!(here.len(), OF_ONE);
            }
        }
        assert_eq!(here.len(), MOST);
        here.clear();
        assert_eq!(guests.state().all.arriving, 0);
        assert!(guests.is_empty());
    }
}
