//! Secret keys under a passphrase.
//!
//! A sealed secret is 16 random bytes, then the secret under ChaCha20-Poly1305 (RFC 8439) with the
//! key that Argon2id (RFC 9106) makes of the passphrase and these bytes. Every sealing has new
//! random bytes, so a key is used once and its nonce may be zero.

use argon2::Argon2;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use thiserror::Error;

/// Bytes that make every sealing different.
const SALT: usize = 16;

/// The fewest characters of a passphrase.
pub const MIN_PASSPHRASE: usize = 8;

/// A secret cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// The passphrase is too short.
    #[error("a passphrase must have at least {MIN_PASSPHRASE} characters")]
    Short,
    /// The passphrase is another one, or the file is damaged.
    #[error("the passphrase is wrong, or the key's file is damaged")]
    Wrong,
}

/// Seals a secret under a passphrase; `salt` is random.
pub fn seal(passphrase: &str, salt: [u8; SALT], secret: &[u8]) -> Result<Vec<u8>, SealError> {
    if passphrase.chars().count() < MIN_PASSPHRASE {
        return Err(SealError::Short);
    }
    let mut sealed = secret.to_vec();
    key(passphrase, &salt)?
        .seal_in_place_append_tag(nonce(), Aad::empty(), &mut sealed)
        .or(Err(SealError::Wrong))?;
    Ok([&salt[..], &sealed].concat())
}

/// Opens what [`seal`] has made.
pub fn open(passphrase: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (salt, sealed) = sealed.split_at_checked(SALT).ok_or(SealError::Wrong)?;
    let mut secret = sealed.to_vec();
    let opened = key(passphrase, salt)?
        .open_in_place(nonce(), Aad::empty(), &mut secret)
        .or(Err(SealError::Wrong))?;
    Ok(opened.to_vec())
}

fn key(passphrase: &str, salt: &[u8]) -> Result<LessSafeKey, SealError> {
    let mut key = [0; 32];
    Argon2::default()
        .hash_password_into(passphrase.as_bytes(), salt, &mut key)
        .or(Err(SealError::Wrong))?;
    let key = UnboundKey::new(&CHACHA20_POLY1305, &key).or(Err(SealError::Wrong))?;
    Ok(LessSafeKey::new(key))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_passphrase_opens_it_and_only_whole() {
        let sealed = seal("correct horse", [7; 16], b"secret").unwrap();
        assert_eq!(open("correct horse", &sealed).unwrap(), b"secret");
        assert_eq!(open("correct house", &sealed), Err(SealError::Wrong));
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert_eq!(open("correct horse", &damaged), Err(SealError::Wrong));
        }
        assert_eq!(open("correct horse", &[]), Err(SealError::Wrong));
        assert_eq!(seal("short", [7; 16], b""), Err(SealError::Short));
    }
}
