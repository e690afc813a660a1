//! The fingerprint of a public key.

use std::fmt;
use std::str::FromStr;

use aldis_wire::KeyHash;
use data_encoding::BASE32_NOPAD;
use thiserror::Error;

/// The SHA-256 of a key's subject public key info, shown as 52 lower-case base32 letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub KeyHash);

/// The text is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a fingerprint has 52 letters and digits; copy the whole address from the server")]
pub struct FingerprintError;

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes());
        match bytes.map(KeyHash::try_from) {
            Ok(Ok(hash)) => Ok(Self(hash)),
            Ok(Err(_)) | Err(_) => Err(FingerprintError),
        }
    }
}
