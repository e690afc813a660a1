//! What ties a session's later connections to its first one.

use aldis_wire::SessionId;
use quinn::Connection;
use ring::hmac;

/// The name of the secret that the first connection gives (RFC 5705).
const SECRET: &[u8] = b"EXPERIMENTAL aldis session";

/// The name of what every later connection adds, so that a proof holds for that one only.
const PLACE: &[u8] = b"EXPERIMENTAL aldis session again";

/// The name of the secret under the digits that people compare.
const DIGITS: &[u8] = b"EXPERIMENTAL aldis digits";

/// What the digits that people compare follow from: a secret of this very connection.
pub fn digits_secret(connection: &Connection, session: SessionId) -> Option<[u8; 32]> {
    exported(connection, DIGITS, session)
}

/// A secret that only the two ends of a session's first connection know.
pub struct Bond {
    key: hmac::Key,
    session: SessionId,
}

impl std::fmt::Debug for Bond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bond")
    }
}

impl Bond {
    /// The bond of a session that begins over this connection.
    pub fn new(first: &Connection, session: SessionId) -> Option<Self> {
        let secret = exported(first, SECRET, session)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Some(Self { key, session })
    }

    /// Shows to the other end of `again` that this is the same session.
    pub fn prove(&self, again: &Connection, number: u32) -> Option<[u8; 32]> {
        let said = self.said(again, number)?;
        hmac::sign(&self.key, &said).as_ref().try_into().ok()
    }

    /// Whether the other end of `again` has shown it.
    pub fn holds(&self, again: &Connection, number: u32, proof: &[u8; 32]) -> bool {
        self.said(again, number)
            .is_some_and(|said| hmac::verify(&self.key, &said, proof).is_ok())
    }

    fn said(&self, again: &Connection, number: u32) -> Option<Vec<u8>> {
        let place = exported(again, PLACE, self.session)?;
        Some([&self.session[..], &number.to_le_bytes(), &place].concat())
    }
}

fn exported(connection: &Connection, label: &[u8], session: SessionId) -> Option<[u8; 32]> {
    let mut secret = [0; 32];
    connection
        .export_keying_material(&mut secret, label, &session)
        .ok()?;
    Some(secret)
}
