//! The names that people copy and paste: a server, and a case on a server.

use std::fmt;
use std::str::FromStr;

use aldis_wire::Code;
use thiserror::Error;

use crate::fingerprint::Fingerprint;
use crate::signed::SignerKey;

/// The scheme of a customer link.
const SCHEME: &str = "aldis://";

/// The scheme of a supporter link.
const SUPPORTER_SCHEME: &str = "aldis-supporter://";

/// The port where none is written.
const DEFAULT_PORT: u16 = 4747;

/// A server: where it is, and the key that proves it. Written `HOST:PORT#FINGERPRINT`, or
/// `HOST:PORT#FINGERPRINT.ORGANISATION` by whoever knows whose supporters work there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerName {
    /// A DNS name or an IP address, without the brackets of IPv6.
    pub host: String,
    /// The UDP port.
    pub port: u16,
    /// The fingerprint of the server's key.
    pub fingerprint: Fingerprint,
    /// The root of the only organisation whose supporters are believed there.
    pub organisation: Option<SignerKey>,
}

/// A case on a server, the customer link: `aldis://HOST:PORT/s12-345-678#FINGERPRINT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLink {
    /// The server.
    pub server: ServerName,
    /// The case.
    pub code: Code,
}

/// The text is not such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// The part after `#` is missing or wrong.
    #[error("the server's address must end in # and its fingerprint, as the server prints it")]
    Fingerprint,
    /// The part before `#` is no address.
    #[error("the server's address must be HOST:PORT#FINGERPRINT, as the server prints it")]
    Address,
    /// The link has no session code.
    #[error("this link has no session code; copy the whole link again")]
    Code,
    /// The text is no invitation.
    #[error("this is no whole invitation; copy it again")]
    Invitation,
}

impl ServerName {
    pub(crate) fn parse(address: &str, marks: &str) -> Result<Self, NameError> {
        let (fingerprint, organisation) = match marks.split_once('.') {
            Some((fingerprint, organisation)) => (fingerprint, Some(organisation)),
            None => (marks, None),
        };
        let fingerprint = fingerprint.parse().or(Err(NameError::Fingerprint))?;
        let organisation = organisation.map(str::parse).transpose();
        let organisation = organisation.or(Err(NameError::Fingerprint))?;
        let (host, port) = if let Some(rest) = address.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or(NameError::Address)?;
            (host, rest.strip_prefix(':'))
        } else {
            match address.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (address, None),
            }
        };
        let port = match port {
            Some(port) => port.parse().or(Err(NameError::Address))?,
            None => DEFAULT_PORT,
        };
        let known = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if host.is_empty() || host.len() > 253 || !host.chars().all(known) || port == 0 {
            return Err(NameError::Address);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            fingerprint,
            organisation,
        })
    }

    /// What stands behind `#`.
    pub(crate) fn marks(&self) -> String {
        match self.organisation {
            Some(organisation) => format!("{}.{organisation}", self.fingerprint),
            None => self.fingerprint.to_string(),
        }
    }

    /// `HOST:PORT`, as a resolver takes it.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.address(), self.marks())
    }
}

impl FromStr for ServerName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (address, fingerprint) = text.trim().split_once('#').ok_or(NameError::Fingerprint)?;
        Self::parse(address, fingerprint)
    }
}

impl CaseLink {
    /// The supporter link to the same case: `aldis-supporter://HOST:PORT/s12-345-678#FINGERPRINT`.
    pub fn for_supporter(&self) -> String {
        format!(
            "{SUPPORTER_SCHEME}{}",
            self.to_string().trim_start_matches(SCHEME)
        )
    }

    /// Reads a supporter link.
    pub fn from_supporter_link(text: &str) -> Result<Self, NameError> {
        let rest = text
            .trim()
            .strip_prefix(SUPPORTER_SCHEME)
            .ok_or(NameError::Address)?;
        format!("{SCHEME}{rest}").parse()
    }
}

impl fmt::Display for CaseLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, code } = self;
        write!(f, "{SCHEME}{}/{code}#{}", server.address(), server.marks())
    }
}

impl FromStr for CaseLink {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let rest = text.trim().strip_prefix(SCHEME).ok_or(NameError::Address)?;
        let (place, fingerprint) = rest.split_once('#').ok_or(NameError::Fingerprint)?;
        let (address, code) = place.split_once('/').ok_or(NameError::Code)?;
        let code = code.parse().or(Err(NameError::Code))?;
        Ok(Self {
            server: ServerName::parse(address, fingerprint)?,
            code,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_went() {
        let fingerprint = Fingerprint([0xa5; 32]);
        for (host, shown) in [
            ("help.example.org", "help.example.org:4747"),
            ("::1", "[::1]:4747"),
        ] {
            let server = ServerName {
                host: host.to_owned(),
                port: 4747,
                fingerprint,
                organisation: None,
            };
            assert_eq!(server.to_string(), format!("{shown}#{fingerprint}"));
            assert_eq!(server.to_string().parse(), Ok(server.clone()));
            let link = CaseLink {
                server,
                code: "s12-345-678".parse().unwrap(),
            };
            assert_eq!(
                link.to_string(),
                format!("aldis://{shown}/s12-345-678#{fingerprint}")
            );
            assert_eq!(
                CaseLink::from_supporter_link(&link.for_supporter()),
                Ok(link.clone())
            );
            assert_eq!(
                CaseLink::from_supporter_link(&link.to_string()),
                Err(NameError::Address)
            );
            assert_eq!(link.to_string().parse(), Ok(link));
        }
    }

    #[test]
    fn a_name_that_lacks_a_part_says_which() {
        let print = Fingerprint([1; 32]);
        assert_eq!("host:1".parse::<ServerName>(), Err(NameError::Fingerprint));
        assert_eq!(
            "host:1#abc".parse::<ServerName>(),
            Err(NameError::Fingerprint)
        );
        assert_eq!(
            format!("host:x#{print}").parse::<ServerName>(),
            Err(NameError::Address)
        );
        assert_eq!(
            format!("#{print}").parse::<ServerName>(),
            Err(NameError::Address)
        );
        assert_eq!(
            format!("aldis://h:1/s1#{print}").parse::<CaseLink>(),
            Err(NameError::Code)
        );
        assert_eq!(
            format!("aldis://h:1#{print}").parse::<CaseLink>(),
            Err(NameError::Code)
        );
        let server: ServerName = format!("host#{print}").parse().unwrap();
        assert_eq!(server.port, DEFAULT_PORT);
    }
}
