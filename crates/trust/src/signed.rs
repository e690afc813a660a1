//! Statements and the signatures under them.
//!
//! A signed statement is the statement in postcard, then 64 bytes of Ed25519 (RFC 8032) over its
//! purpose and these very bytes. A purpose ends in a zero byte and none begins with another one, so
//! that what was signed for one purpose counts for no other.

use std::fmt;
use std::str::FromStr;

use aldis_wire::signal::{Distrust, MAX_STATEMENT};
use data_encoding::BASE32_NOPAD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fingerprint::FingerprintError;

/// Bytes of a signature.
const SIGNATURE: usize = 64;

/// What can be signed.
pub(crate) trait Statement: Serialize + DeserializeOwned {
    /// What it is for; ends in a zero byte.
    const PURPOSE: &'static [u8];
}

/// A public key that statements are checked with; written like a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignerKey(pub aldis_wire::signal::SigningKey);

/// A secret key that signs statements.
pub struct Signature {
    pair: Ed25519KeyPair,
    seed: [u8; 32],
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signature").field(&self.public()).finish()
    }
}

impl Signature {
    /// The key that belongs to 32 random bytes; `None` never happens to bytes of any kind.
    pub fn from_seed(seed: [u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        Some(Self { pair, seed })
    }

    /// The random bytes, for a file that only its owner can read.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The key that others check with.
    pub fn public(&self) -> SignerKey {
        let mut key = [0; 32];
        let bytes = self.pair.public_key().as_ref();
        key.copy_from_slice(bytes.get(..32).unwrap_or(&[0; 32]));
        SignerKey(key)
    }

    pub(crate) fn sign<T: Statement>(&self, statement: &T) -> Result<Vec<u8>, Distrust> {
        let mut bytes = postcard::to_allocvec(statement).or(Err(Distrust::Forged))?;
        let said = [T::PURPOSE, &bytes].concat();
        bytes.extend_from_slice(self.pair.sign(&said).as_ref());
        if bytes.len() > MAX_STATEMENT {
            return Err(Distrust::Forged);
        }
        Ok(bytes)
    }
}

impl SignerKey {
    /// Reads a statement that the holder of this key has signed for just this purpose.
    pub(crate) fn open<T: Statement>(&self, signed: &[u8]) -> Result<T, Distrust> {
        let forged = Distrust::Forged;
        if signed.len() > MAX_STATEMENT {
            return Err(forged);
        }
        let body = signed.len().checked_sub(SIGNATURE).ok_or(forged)?;
        let (body, signature) = signed.split_at_checked(body).ok_or(forged)?;
        let said = [T::PURPOSE, body].concat();
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(&said, signature)
            .or(Err(forged))?;
        match postcard::take_from_bytes(body) {
            Ok((statement, [])) => Ok(statement),
            Ok(_) | Err(_) => Err(forged),
        }
    }
}

impl fmt::Display for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}

impl FromStr for SignerKey {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let crate::Fingerprint(bytes) = text.parse()?;
        Ok(Self(bytes))
    }
}
