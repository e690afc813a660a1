//! What this network allows, in plain words.

use std::net::SocketAddr;
use std::time::Duration;

use aldis_trust::ServerName;
use aldis_viewer::doctor::Finding;
use aldis_viewer::outlook::{Blocked, Direct, Nothing, Outlook, Relayed, Shown};
use aldis_viewer::{DialError, Mapping, client};
use anyhow::bail;

/// Prints what is found out, a line each, and what follows from it; an error if no session can come
/// up from here.
pub(crate) async fn run(server: ServerName) -> anyhow::Result<()> {
    let name = server.host.clone();
    let tell = move |finding| println!("{}", line(&name, &finding));
    let outlook = client::examine(&server, tell).await?;
    let because = because(outlook);
    match outlook {
        Outlook::Direct(_) => println!("Sessions from here come up directly, because {because}."),
        Outlook::Relay(_) => {
            println!("Sessions from here come up through the relay, because {because}.");
        }
        Outlook::Tcp(_) => println!("Sessions from here come up over TCP, because {because}."),
        Outlook::Nothing(_) => bail!("sessions from here do not come up at all, because {because}"),
    }
    Ok(())
}

fn line(name: &str, finding: &Finding) -> String {
    match finding {
        Finding::Name(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!("Name: {name} is {}.", addresses.join(", "))
        }
        Finding::NoName => format!(
            "Name: {name} is not known here; check the server's name and this computer's network."
        ),
        Finding::Udp { at, outcome } => format!("UDP to {at}: {}.", answered(outcome)),
        Finding::Tcp {
            port,
            proxy,
            outcome,
        } => {
            let through = proxy
                .as_ref()
                .map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"));
            format!("TCP to port {port}{through}: {}.", answered(outcome))
        }
        Finding::Relay { port, arrives } => format!(
            "UDP to port {port}, which is the relay's: {}.",
            if *arrives {
                "arrives"
            } else {
                "does not arrive"
            }
        ),
        Finding::Seen {
            here,
            beside,
            shown,
        } => format!(
            "The server sees this computer {}.",
            seen(*here, *beside, *shown)
        ),
        Finding::Refused(error) => format!("The server answers and says no: {error}."),
        Finding::Router(mapping) => format!("Router: {}.", router(*mapping)),
    }
}

fn answered(outcome: &Result<Duration, DialError>) -> String {
    match outcome {
        Ok(after) => format!(
            "answers after {} ms, and the key is as expected",
            after.as_millis()
        ),
        Err(DialError::WrongKey(_)) => "answers with ANOTHER KEY than expected".to_owned(),
        Err(DialError::Refused(_)) => "somebody answers who does not speak like Aldis".to_owned(),
        Err(_) => "no answer".to_owned(),
    }
}

fn seen(here: Option<SocketAddr>, beside: Option<SocketAddr>, shown: Shown) -> String {
    let at =
        |place: Option<SocketAddr>| place.map_or_else(|| "nowhere".to_owned(), |it| it.to_string());
    let (here, beside) = (at(here), at(beside));
    match shown {
        Shown::AsItIs => format!("at its own address, {here}"),
        Shown::OnePort => format!("on both of its ports at {here}: direct connections are likely"),
        Shown::ManyPorts => format!(
            "at {here} on the one port and at {beside} on the other: a symmetric NAT, behind which \
             only those find it who are reached by everybody"
        ),
        Shown::Unknown => format!("at {here} on its own port and at {beside} on the relay's"),
    }
}

fn router(mapping: Mapping) -> String {
    match mapping {
        Mapping::At(at) => format!("gives a port to whoever asks (UPnP), here {at}"),
        Mapping::Unasked => "none is between".to_owned(),
        Mapping::Asked => "has not answered in time when it was asked for a port (UPnP)".to_owned(),
        Mapping::NoRouter => "none answers that gives ports (UPnP)".to_owned(),
        Mapping::Refused => "gives no port (UPnP)".to_owned(),
        Mapping::Hidden => "has no public address itself, so its ports lead nowhere".to_owned(),
    }
}

fn because(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::Direct(Direct::Public) => "no router changes this computer's address",
        Outlook::Direct(Direct::OnePort) => {
            "everybody sees this computer at one port; where the other side's network is strict, \
             they come up through the relay"
        }
        Outlook::Direct(Direct::Mapped) => "the router gives a port at which everybody finds it",
        Outlook::Relay(Relayed::ManyPorts) => {
            "everybody sees this computer at another port (symmetric NAT); directly only with those \
             whom everybody reaches, or in the same network"
        }
        Outlook::Relay(Relayed::ManyPortsButIpv6) => {
            "everybody sees this computer at another port (symmetric NAT); directly with those who \
             have IPv6 as well, and whom everybody reaches"
        }
        Outlook::Relay(Relayed::NotSeen) => {
            "the server cannot tell at which port this computer is seen"
        }
        Outlook::Tcp(Blocked::NoUdp) => {
            "this network lets no UDP through to the server; ask for UDP to its port and the next \
             one, and sessions become quicker"
        }
        Outlook::Tcp(Blocked::NoRelay) => {
            "this network lets UDP through to the server's port and not to the next one, the \
             relay's; ask for that as well, and sessions become quicker"
        }
        Outlook::Nothing(Nothing::Stranger) => {
            "somebody else answers there, or a server of another version; check the server's name \
             and the versions, and ask your administrator"
        }
        Outlook::Nothing(Nothing::NoAnswer) => {
            "the server does not answer, neither over UDP nor over TCP; check its name and this \
             computer's network"
        }
        Outlook::Nothing(Nothing::NoRelay) => {
            "the server answers but its relay does not, over UDP on the next port or over TCP; ask \
             your administrator to let one of them through"
        }
    }
}
