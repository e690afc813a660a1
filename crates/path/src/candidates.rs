//! The addresses at which a peer may be found.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use aldis_wire::signal::MAX_CANDIDATES;

/// Whether an address may be offered to a peer, or tried when a peer offers it.
///
/// Loopback and link-local addresses mean another machine to each of the two, and nobody may make
/// us send to a whole network.
pub fn is_fit(address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    let odd = ip.is_unspecified() || ip.is_loopback() || ip.is_multicast();
    let local = match ip {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast() || v4.octets()[0] == 0,
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    address.port() != 0 && !odd && !local
}

/// What to offer: the machine's own addresses, then those that others saw, without repetition, at
/// most [`MAX_CANDIDATES`].
pub fn offer(
    own: impl IntoIterator<Item = SocketAddr>,
    seen: impl IntoIterator<Item = SocketAddr>,
) -> Vec<SocketAddr> {
    let mut seen: Vec<SocketAddr> = fit(seen, MAX_CANDIDATES);
    // A machine has more own addresses than the world sees; the latter must not be crowded out.
    seen.truncate(MAX_CANDIDATES / 2);
    let own = fit(own, MAX_CANDIDATES - seen.len());
    fit(own.into_iter().chain(seen), MAX_CANDIDATES)
}

/// What to try of what a peer offers, at most [`MAX_CANDIDATES`].
pub fn accept(offered: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    fit(offered, MAX_CANDIDATES)
}

fn fit(addresses: impl IntoIterator<Item = SocketAddr>, most: usize) -> Vec<SocketAddr> {
    let mut fit = Vec::new();
    for address in addresses {
        let address = canonical(address);
        if fit.len() < most && is_fit(address) && !fit.contains(&address) {
            fit.push(address);
        }
    }
    fit
}

/// Whether an address is one that the whole internet reaches: of those that IANA's registries of
/// special-purpose addresses do not except.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let kept = v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || (a == 100 && b & 0xc0 == 64)
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && b & 0xfe == 18);
            // From 224 on: many at once, or nobody.
            a != 0 && a < 224 && !kept
        }
        // Of the one block that is given out (RFC 4291), without examples and tunnels.
        IpAddr::V6(v6) => match v6.segments() {
            [0x2001, 0x0db8 | 0..=0x01ff, ..] | [0x2002, ..] => false,
            [first, ..] => first & 0xe000 == 0x2000,
        },
    }
}

/// The address as a plain IPv4 one where an IPv6 socket tells it otherwise.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The part of an address that one customer of a provider has for himself: limits are kept by it.
pub fn household(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_that_mean_another_machine_to_everyone_are_not_tried() {
        for odd in [
            "127.0.0.1:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
            "0.0.0.0:1",
            "0.1.2.3:1",
            "224.0.0.1:1",
            "[ff02::1]:1",
            "255.255.255.255:1",
            "169.254.1.1:1",
            "[fe80::1]:1",
            "192.0.2.1:0",
        ] {
            assert!(!is_fit(address(odd)), "{odd}");
        }
        for fine in ["192.0.2.1:1", "10.0.0.1:1", "[2001:db8::1]:1"] {
            assert!(is_fit(address(fine)), "{fine}");
        }
    }

    #[test]
    fn what_the_world_sees_is_offered_however_many_addresses_a_machine_has() {
        let own: Vec<SocketAddr> = (1..=20)
            .map(|last| SocketAddr::from(([10, 0, 0, last], 5)))
            .collect();
        let seen = [address("[::ffff:192.0.2.1]:7"), address("192.0.2.1:7")];
        let offered = offer(own, seen);
        assert_eq!(offered.len(), MAX_CANDIDATES);
        assert_eq!(offered.last(), Some(&address("192.0.2.1:7")));
    }

    #[test]
    fn what_is_set_aside_is_not_public() {
        for kept in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.254",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "2002::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(kept.parse().unwrap()), "{kept}");
        }
        for public in [
            "45.80.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "2a0f:9400::1",
            "2600::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_household_is_an_ipv4_address_or_a_64() {
        let of = |text: &str| household(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
