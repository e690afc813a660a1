//! What sessions will go over, judged by what was found out about a network.

/// How others see this machine's socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Nobody has told.
    #[default]
    Unknown,
    /// At the machine's own address.
    AsItIs,
    /// At the router's, and everybody sees the same port.
    OnePort,
    /// At the router's, and everybody sees another port.
    ManyPorts,
}

/// What was found out about a network.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each was found out by itself, and all combinations occur"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The server answers over UDP.
    pub udp: bool,
    /// UDP reaches the relay's port.
    pub relay: bool,
    /// The server answers over TCP.
    pub tcp: bool,
    /// The server answers over UDP of IPv6, where no router changes ports.
    pub ipv6: bool,
    /// How the socket is seen.
    pub shown: Shown,
    /// The router gives a port to whoever asks.
    pub mapped: bool,
    /// Somebody answers whose key or language is another.
    pub stranger: bool,
}

/// What sessions will go over, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// Straight, as soon as the other side's network allows it.
    Direct(Direct),
    /// The server's relay, unless the other side is reached by everybody or in the same network.
    Relay(Relayed),
    /// The relay over TCP.
    Tcp(Blocked),
    /// Nothing.
    Nothing(Nothing),
}

/// Why a straight way is to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direct {
    /// No router changes the machine's address.
    Public,
    /// Everybody sees the socket at one port.
    OnePort,
    /// The router gives a port.
    Mapped,
}

/// Why the relay is to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayed {
    /// Everybody sees the socket at another port, and IPv6 is no way around it.
    ManyPorts,
    /// The same, and those who have IPv6 as well are reached over that.
    ManyPortsButIpv6,
    /// The server's own port is silent, so it cannot tell how the socket is seen.
    NotSeen,
}

/// Why only TCP is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// No UDP reaches the server.
    NoUdp,
    /// UDP reaches the server and not its relay.
    NoRelay,
}

/// Why there will be no sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// Somebody else answers, or a program of another version.
    Stranger,
    /// Nobody answers.
    NoAnswer,
    /// The server answers, but its relay, over which sessions begin, cannot be reached.
    NoRelay,
}

/// What follows from what was found.
pub fn outlook(found: Found) -> Outlook {
    if found.stranger {
        return Outlook::Nothing(Nothing::Stranger);
    }
    match (found.udp, found.relay, found.tcp) {
        (true, false, true) => Outlook::Tcp(Blocked::NoRelay),
        (false, false, true) => Outlook::Tcp(Blocked::NoUdp),
        (true, false, false) => Outlook::Nothing(Nothing::NoRelay),
        (false, _, false) => Outlook::Nothing(Nothing::NoAnswer),
        (false, true, true) => Outlook::Relay(Relayed::NotSeen),
        (true, true, _) => match found.shown {
            Shown::AsItIs => Outlook::Direct(Direct::Public),
            Shown::OnePort => Outlook::Direct(Direct::OnePort),
            Shown::ManyPorts | Shown::Unknown if found.mapped => Outlook::Direct(Direct::Mapped),
            Shown::ManyPorts if found.ipv6 => Outlook::Relay(Relayed::ManyPortsButIpv6),
            Shown::ManyPorts => Outlook::Relay(Relayed::ManyPorts),
            Shown::Unknown => Outlook::Relay(Relayed::NotSeen),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Found = Found {
        udp: true,
        relay: true,
        tcp: true,
        ipv6: false,
        shown: Shown::OnePort,
        mapped: false,
        stranger: false,
    };

    #[test]
    fn the_best_way_that_is_left_is_named() {
        let many = Found {
            shown: Shown::ManyPorts,
            ..HOME
        };
        let (udp, relay, tcp) = (false, false, false);
        for (found, expected) in [
            (HOME, Outlook::Direct(Direct::OnePort)),
            (Found { tcp, ..HOME }, Outlook::Direct(Direct::OnePort)),
            (many, Outlook::Relay(Relayed::ManyPorts)),
            (
                Found { ipv6: true, ..many },
                Outlook::Relay(Relayed::ManyPortsButIpv6),
            ),
            (
                Found {
                    mapped: true,
                    ..many
                },
                Outlook::Direct(Direct::Mapped),
            ),
            (Found { relay, ..HOME }, Outlook::Tcp(Blocked::NoRelay)),
            (Found { udp, relay, ..HOME }, Outlook::Tcp(Blocked::NoUdp)),
            (Found { udp, ..HOME }, Outlook::Relay(Relayed::NotSeen)),
            (
                Found { relay, tcp, ..HOME },
                Outlook::Nothing(Nothing::NoRelay),
            ),
            (
                Found {
                    udp,
                    relay,
                    tcp,
                    ..HOME
                },
                Outlook::Nothing(Nothing::NoAnswer),
            ),
            (
                Found {
                    stranger: true,
                    ..HOME
                },
                Outlook::Nothing(Nothing::Stranger),
            ),
        ] {
            assert_eq!(outlook(found), expected, "{found:?}");
        }
    }
}
