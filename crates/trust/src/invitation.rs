//! Invitations: how a new supporter's app comes to a server, and how an admin's app knows that a
//! request is from whom it has invited.
//!
//! The secret in an invitation has two halves that say nothing about each other. With the first
//! the server lets the account be used for the first time. The second never leaves the two apps:
//! with it the supporter's app marks its key and name, so that the server can put neither in the
//! place of the other.

use std::fmt;
use std::str::FromStr;

use aldis_wire::KeyHash;
use data_encoding::BASE32_NOPAD;
use ring::hmac;

use crate::name::{NameError, ServerName};
use crate::organisation::picture_hash;

/// The scheme of what a supporter's app opens.
const SCHEME: &str = "aldis-supporter://";

/// What stands before the secret.
const PLACE: &str = "join-";

/// Lets one supporter's app in: `aldis-supporter://HOST:PORT/join-SECRET#FINGERPRINT.ORGANISATION`.
///
/// The very first one, which the server prints, names no organisation: whoever uses it makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The server, with the organisation if there is one.
    pub server: ServerName,
    /// 32 random bytes.
    pub secret: [u8; 32],
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Invitation").field(&self.server).finish()
    }
}

impl Invitation {
    /// What the server is shown.
    pub fn ticket(&self) -> [u8; 32] {
        ticket(&self.secret)
    }

    /// What shows an admin's app that this key and name are the invited supporter's.
    pub fn proof(&self, key: KeyHash, name: &str, picture: &[u8]) -> [u8; 32] {
        proof(&self.secret, key, name, picture)
    }
}

/// What the server is shown of an invitation's secret.
pub fn ticket(secret: &[u8; 32]) -> [u8; 32] {
    mark(secret, &[b"aldis ticket 1\0"])
}

/// What shows an admin's app that this key and name are those of whom this secret was given to.
pub fn proof(secret: &[u8; 32], key: KeyHash, name: &str, picture: &[u8]) -> [u8; 32] {
    let picture = picture_hash(picture).unwrap_or_default();
    mark(
        secret,
        &[b"aldis enrolment 1\0", &key, &picture, name.as_bytes()],
    )
}

fn mark(secret: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, &parts.concat());
    let mut mark = [0; 32];
    mark.copy_from_slice(tag.as_ref().get(..32).unwrap_or(&[0; 32]));
    mark
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = BASE32_NOPAD.encode(&self.secret).to_ascii_lowercase();
        let (address, marks) = (self.server.address(), self.server.marks());
        write!(f, "{SCHEME}{address}/{PLACE}{secret}#{marks}")
    }
}

impl FromStr for Invitation {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let rest = text.trim().strip_prefix(SCHEME).ok_or(NameError::Address)?;
        let (place, marks) = rest.split_once('#').ok_or(NameError::Fingerprint)?;
        let (address, secret) = place.split_once('/').ok_or(NameError::Invitation)?;
        let secret = secret.strip_prefix(PLACE).ok_or(NameError::Invitation)?;
        let secret = BASE32_NOPAD.decode(secret.to_ascii_uppercase().as_bytes());
        let secret = secret.ok().and_then(|bytes| bytes.try_into().ok());
        Ok(Self {
            server: ServerName::parse(address, marks)?,
            secret: secret.ok_or(NameError::Invitation)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_comes_back_as_it_went() {
        let print = crate::Fingerprint([7; 32]);
        for server in [format!("h:1#{print}"), format!("h:1#{print}.{print}")] {
            let invitation = Invitation {
                server: server.parse().unwrap(),
                secret: [0xab; 32],
            };
            assert_eq!(invitation.to_string().parse(), Ok(invitation.clone()));
        }
        for wrong in ["aldis://h", "aldis-supporter://h:1/s12-345-678#x"] {
            assert!(wrong.parse::<Invitation>().is_err());
        }
    }

    #[test]
    fn the_server_learns_nothing_that_makes_a_proof() {
        let (secret, key) = ([1; 32], [2; 32]);
        let right = proof(&secret, key, "Eva", b"picture");
        assert_ne!(right, proof(&ticket(&secret), key, "Eva", b"picture"));
        assert_ne!(right, proof(&secret, [3; 32], "Eva", b"picture"));
        assert_ne!(right, proof(&secret, key, "Eve", b"picture"));
        assert_ne!(right, proof(&secret, key, "Eva", b""));
    }
}
