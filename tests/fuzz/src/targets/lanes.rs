//! Numbers that a peer chooses, in what counts messages and in the relay's table.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use aldis_path::lane::{Inbox, Keep, Outbox};
use aldis_path::relay::Table;
use aldis_wire::relay::Side;

use super::Target;

/// What each side counts of the other's messages.
pub(super) fn outbox() -> Target {
    let seeds = vec![[&[0, 1, 2, 3, 4][..], &[9; 9], &[5; 9], &[6; 9], &[7, 7]].concat()];
    Target::new("lanes", seeds, |bytes| {
        let (mut outbox, mut inbox) = (Outbox::new(), Inbox::new());
        let mut rest = bytes;
        while let Some((act, after)) = rest.split_first() {
            let (number, after) = match after.split_first_chunk::<8>() {
                Some((number, after)) if *act >= 4 => (u64::from_le_bytes(*number), after),
                _ => (0, after),
            };
            rest = after;
            match act {
                0 => outbox.push(Arc::from(&[1][..]), Keep::Always),
                1 => outbox.push(Arc::from(&[1, 2][..]), Keep::WhileConnected),
                2 => outbox.forget_the_passing(),
                3 => inbox.take(),
                4 => inbox.begins_at(number),
                5 => ignore(outbox.confirm(number)),
                6 => ignore(outbox.get(number).cloned()),
                _ => ignore(inbox.judge(number)),
            }
            assert!(
                outbox.first() <= outbox.end(),
                "the oldest is not after the newest"
            );
        }
        true
    })
}

/// Who is bound where, and what is passed on to whom.
pub(super) fn relay() -> Target {
    let seeds = vec![vec![0, 1, 2, 3, 0, 2, 2, 3, 1, 1, 2, 9, 2, 0, 0, 255]];
    Target::new("relay's table", seeds, |bytes| {
        let mut table = Table::new(1000);
        let mut now = 0_u64;
        for four in bytes.chunks_exact(4) {
            let [act, place, session, time] = [four[0], four[1], four[2], four[3]];
            now = now.saturating_add(u64::from(time) << (time & 31));
            let ip: IpAddr = Ipv4Addr::new(10, 0, place & 3, place >> 2).into();
            let address = SocketAddr::new(ip, 1);
            let side = if session & 1 == 0 {
                Side::Host
            } else {
                Side::Viewer
            };
            match act & 3 {
                0 => ignore(table.bind([session >> 1; 16], side, address, ip, now)),
                1 => ignore(table.pass(address, usize::from(time) << 20, now)),
                2 => table.expire(now),
                _ => ignore(table.pass(address, usize::MAX, u64::MAX)),
            }
            assert!(table.len() <= bytes.len(), "no more are bound than came");
        }
        true
    })
}

/// Any answer will do.
fn ignore<T>(_answer: T) {}
