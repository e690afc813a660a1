//! Who has which address.
//!
//! Public ones are of blocks that any program takes for public, unlike those set aside for examples; nothing leaves the
//! machine.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Places at the internet or at one carrier.
const MOST: u16 = 4_000;

/// Addresses of one place, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    number: u16,
    is_carriers: bool,
}

impl Block {
    /// That of this number, at the internet or at a carrier.
    pub(crate) fn new(number: u16, is_carriers: bool) -> Option<Self> {
        (number < MOST).then_some(Self {
            number,
            is_carriers,
        })
    }

    /// The router's own.
    pub(crate) fn wan(self) -> Ipv4Addr {
        self.at(1)
    }

    /// The network of the public computers behind an open router, as in routes.
    pub(crate) fn lan(self) -> String {
        format!("{}/28", self.at(16))
    }

    /// The computers of such a network, the router first.
    pub(crate) fn computer(self, place: u8) -> Ipv4Addr {
        self.at(17 + place)
    }

    /// The network of the computers with IPv6, as in routes.
    pub(crate) fn lan6(self) -> String {
        format!("{}/64", self.at6(0))
    }

    /// Its computers, the router first.
    pub(crate) fn computer6(self, place: u8) -> Ipv6Addr {
        self.at6(1 + u16::from(place))
    }

    fn at(self, last: u8) -> Ipv4Addr {
        let [high, low] = self.number.to_be_bytes();
        if self.is_carriers {
            // The block that RFC 6598 gives to carriers.
            Ipv4Addr::new(100, 64 + high, low, last)
        } else {
            Ipv4Addr::new(45, 80 + high, low, last)
        }
    }

    fn at6(self, last: u16) -> Ipv6Addr {
        let group = if self.is_carriers { 0xca } else { 0xb0 };
        Ipv6Addr::new(0x2a0f, 0x9400, group, self.number, 0, 0, 0, last)
    }
}

/// The computers of a home, the router first. The same at every home, as in life: an address of another home's network
/// leads nowhere, or to the wrong computer.
pub(crate) fn home(place: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 1, 1 + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_overlap() {
        let [one, two] = [1, 2].map(|number| Block::new(number, false).expect("a block"));
        assert_eq!(one.wan(), Ipv4Addr::new(45, 80, 1, 1));
        assert_eq!(one.lan(), "45.80.1.16/28");
        assert_eq!(one.computer(0), Ipv4Addr::new(45, 80, 1, 17));
        assert_eq!(two.wan(), Ipv4Addr::new(45, 80, 2, 1));
        let carriers = Block::new(1, true).expect("a block");
        assert_eq!(carriers.wan(), Ipv4Addr::new(100, 64, 1, 1));
        assert_ne!(carriers.lan6(), one.lan6());
        assert_eq!(Block::new(MOST, false), None);
    }
}
