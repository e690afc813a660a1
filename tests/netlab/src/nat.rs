//! What a router does with addresses and with packets nobody asked for, as nftables' rules.
//!
//! Names after RFC 4787: *mapping* is which public port a socket gets, *filtering* is whose packets come back in.

/// How a router gives its one public IPv4 address to the computers behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nat {
    /// None: every computer has a public address, and everybody reaches it.
    Open,
    /// One public port a socket, whomever it talks to; once it has sent anything, everybody reaches it there.
    FullCone,
    /// One public port a socket; only addresses to which it has sent reach it there, from any port.
    AddressRestricted,
    /// One public port a socket; only address and port to which it has sent reach it there. The usual home router.
    PortRestricted,
    /// A new random public port for every address and port to which a socket sends. Carriers and offices.
    Symmetric,
}

impl Nat {
    /// All, the kindest first.
    pub const ALL: [Self; 5] = [
        Self::Open,
        Self::FullCone,
        Self::AddressRestricted,
        Self::PortRestricted,
        Self::Symmetric,
    ];
}

/// What a site has of IPv6; there is no NAT in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ipv6 {
    /// Everybody reaches its computers.
    Open,
    /// Only who was asked reaches its computers, as at home routers.
    Firewalled,
}

/// What a site has of both kinds of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// IPv4, if at all.
    pub nat: Option<Nat>,
    /// IPv6, if at all.
    pub ipv6: Option<Ipv6>,
}

impl Plan {
    /// Public addresses of both kinds, as a server has them.
    pub const PUBLIC: Self = Self {
        nat: Some(Nat::Open),
        ipv6: Some(Ipv6::Open),
    };

    /// IPv6 alone, behind a firewall.
    pub const ONLY_IPV6: Self = Self {
        nat: None,
        ipv6: Some(Ipv6::Firewalled),
    };
}

impl From<Nat> for Plan {
    fn from(nat: Nat) -> Self {
        Self {
            nat: Some(nat),
            ipv6: None,
        }
    }
}

impl Nat {
    /// With firewalled IPv6 beside it.
    pub fn and_ipv6(self) -> Plan {
        Plan {
            nat: Some(self),
            ipv6: Some(Ipv6::Firewalled),
        }
    }
}

/// What a router lets out, besides what its NAT does; what it does not let through disappears without a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Firewall {
    /// Everything.
    #[default]
    Open,
    /// Everything but UDP.
    NoUdp,
    /// Everything but UDP to these ports.
    NoUdpTo(Vec<u16>),
    /// Nothing but TCP to these ports.
    OnlyTcpTo(Vec<u16>),
}

/// How long a full or address-restricted cone stays open; one that only its filter keeps open lives as long as the kernel says.
const CONE: &str = "120s";

/// All rules of a router whose way to the internet is the device `wan`.
pub(crate) fn rules(plan: Plan) -> String {
    let nat = plan.nat.unwrap_or(Nat::Symmetric);
    let mut text = "flush ruleset\n".to_owned();
    let mut line = |words: &str| {
        text.push_str(words);
        text.push('\n');
    };
    line("table inet lab {");
    if let Some(key) = cone_key(nat) {
        line(&format!(
            "map cone {{ type {} : ipv4_addr; flags dynamic,timeout; timeout {CONE}; size 65535; }}",
            key.kind
        ));
    }
    line("chain firewall { }");
    // Dropped on input, before connection tracking keeps it: else a packet that comes too early takes the public port
    // that the answer to it needs, which no home router does.
    line("chain input { type filter hook input priority filter;");
    if nat != Nat::Open {
        line("iifname wan ct state established,related accept");
        line("iifname wan drop");
    }
    line("}");
    line("chain forward { type filter hook forward priority filter;");
    line("jump firewall");
    if let Some(key) = cone_key(nat) {
        line(&format!(
            "oifname wan meta nfproto ipv4 meta l4proto udp update @cone {{ {} : ip saddr }}",
            key.out
        ));
    }
    if nat != Nat::Open {
        line("iifname wan meta nfproto ipv4 ct state established,related accept");
        line("iifname wan meta nfproto ipv4 ct status dnat accept");
        line("iifname wan meta nfproto ipv4 drop");
    }
    if plan.ipv6 != Some(Ipv6::Open) {
        line("iifname wan meta nfproto ipv6 ct state established,related accept");
        line("iifname wan meta nfproto ipv6 drop");
    }
    line("}");
    if nat != Nat::Open {
        let how = if nat == Nat::Symmetric {
            "masquerade random,fully-random"
        } else {
            // The kernel keeps the socket's own port while nobody else has it.
            "masquerade"
        };
        line("chain leave { type nat hook postrouting priority srcnat;");
        line(&format!("oifname wan meta nfproto ipv4 {how}"));
        line("}");
    }
    if let Some(key) = cone_key(nat) {
        line("chain enter { type nat hook prerouting priority dstnat;");
        line(&format!(
            "iifname wan meta nfproto ipv4 meta l4proto udp dnat ip to {} map @cone",
            key.back
        ));
        line("}");
    }
    line("}");
    text
}

/// Under what a cone remembers who is inside: a type, and how to read it from a packet that leaves and one that comes.
struct ConeKey {
    kind: &'static str,
    out: &'static str,
    back: &'static str,
}

fn cone_key(nat: Nat) -> Option<ConeKey> {
    match nat {
        Nat::FullCone => Some(ConeKey {
            kind: "inet_service",
            out: "udp sport",
            back: "udp dport",
        }),
        Nat::AddressRestricted => Some(ConeKey {
            kind: "inet_service . ipv4_addr",
            out: "udp sport . ip daddr",
            back: "udp dport . ip saddr",
        }),
        Nat::Open | Nat::PortRestricted | Nat::Symmetric => None,
    }
}

/// The rules that put a firewall in the place of the one before it.
pub(crate) fn firewall_rules(firewall: &Firewall) -> String {
    let mut text = "flush chain inet lab firewall\n".to_owned();
    let mut rule = |words: &str| {
        text.push_str("add rule inet lab firewall ");
        text.push_str(words);
        text.push('\n');
    };
    match firewall {
        Firewall::Open => {}
        // Not what two computers of one site say to each other: some kernels show that to the router as well.
        Firewall::NoUdp => {
            rule("iifname wan meta l4proto udp drop");
            rule("oifname wan meta l4proto udp drop");
        }
        Firewall::NoUdpTo(ports) => {
            if !ports.is_empty() {
                rule(&format!("oifname wan udp dport {{ {} }} drop", list(ports)));
            }
        }
        Firewall::OnlyTcpTo(ports) => {
            rule("iifname wan meta l4proto != tcp drop");
            rule("oifname wan meta l4proto != tcp drop");
            if ports.is_empty() {
                rule("oifname wan drop");
            } else {
                rule(&format!(
                    "oifname wan tcp dport != {{ {} }} drop",
                    list(ports)
                ));
            }
        }
    }
    text
}

fn list(ports: &[u16]) -> String {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    ports.join(", ")
}
