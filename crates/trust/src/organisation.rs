//! An organisation: its root, its signers, its supporters' certificates, and what was revoked.
//!
//! ```text
//! root ──signs──▶ signer (a year) ──signs──▶ certificate (30 days): key, name, picture
//!                                 └─signs──▶ revocation list (7 days): keys, signers
//! ```

use aldis_wire::signal::{
    Credential, Distrust, MAX_LINE, MAX_NAME, MAX_REVOKED, MAX_SIGNERS, Revoked, SigningKey,
};
use aldis_wire::{KeyHash, Millis};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::signed::{Signature, SignerKey, Statement};

/// A day in milliseconds.
pub const DAY: Millis = 24 * 60 * 60 * 1000;

/// How long a signer counts.
pub const SIGNER_LIFE: Millis = 366 * DAY;

/// How long a certificate counts.
pub const CERTIFICATE_LIFE: Millis = 30 * DAY;

/// With less than this left, a certificate is renewed by an admin's app.
pub const RENEW_BELOW: Millis = 20 * DAY;

/// With less than this left, its holder is warned.
pub const WARN_BELOW: Millis = 5 * DAY;

/// How long a revocation list counts.
pub const LIST_LIFE: Millis = 7 * DAY;

/// A list older than this is renewed by an admin's app.
pub const LIST_RENEWED: Millis = DAY;

/// A list older than this is told of.
pub const LIST_STALE: Millis = 3 * DAY;

/// By so much a customer's clock may be behind ours.
const CLOCKS: Millis = DAY;

/// An admin's app that may sign for the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// The organisation's name, as customers see it.
    pub organisation: String,
    /// The signer's public key.
    pub key: SigningKey,
    /// Whose app it is.
    pub name: String,
    /// From when on it counts.
    pub from: Millis,
    /// Until when it counts.
    pub until: Millis,
}

impl Statement for Signer {
    const PURPOSE: &'static [u8] = b"aldis signer 1\0";
}

/// A supporter's app: who stands behind a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The hash of the key that the app proves to hold.
    pub key: KeyHash,
    /// The supporter's name, as customers see it.
    pub name: String,
    /// The SHA-256 of the picture's bytes; `None` without a picture.
    pub picture: Option<[u8; 32]>,
    /// From when on it counts.
    pub from: Millis,
    /// Until when it counts.
    pub until: Millis,
}

impl Statement for Certificate {
    const PURPOSE: &'static [u8] = b"aldis supporter 1\0";
}

/// What no longer counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationList {
    /// Grows with every list.
    pub number: u64,
    /// When it was made.
    pub at: Millis,
    /// Supporters' keys; at most [`MAX_REVOKED`].
    pub keys: Vec<KeyHash>,
    /// Signers' keys; at most [`MAX_SIGNERS`].
    pub signers: Vec<SigningKey>,
}

impl RevocationList {
    /// The next list: with one more key that no longer counts.
    pub fn with(&self, key: KeyHash, now: Millis) -> Self {
        let mut list = Self {
            number: self.number.saturating_add(1),
            at: now,
            ..self.clone()
        };
        if !list.keys.contains(&key) {
            list.keys.push(key);
        }
        list
    }
}

impl Statement for RevocationList {
    const PURPOSE: &'static [u8] = b"aldis revoked 1\0";
}

/// An organisation that a customer's app knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its root.
    pub root: SignerKey,
    /// The number of the newest revocation list that was seen of it.
    pub list: u64,
}

/// Who a supporter is, as far as the chain shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The root at the chain's end; whether that is to be believed is another question.
    pub root: SignerKey,
    /// The supporter's name.
    pub name: String,
    /// The organisation's name.
    pub organisation: String,
    /// The revocation list's number.
    pub list: u64,
    /// How old the revocation list is.
    pub list_age: Millis,
    /// Until when the certificate counts.
    pub until: Millis,
}

/// What a picture is known by; `None` for no picture.
pub fn picture_hash(picture: &[u8]) -> Option<[u8; 32]> {
    (!picture.is_empty()).then(|| Sha256::digest(picture).into())
}

impl Signature {
    /// Makes a signer; for the root.
    pub fn appoint(
        &self,
        organisation: &str,
        key: SignerKey,
        name: &str,
        now: Millis,
    ) -> Result<Vec<u8>, Distrust> {
        self.sign(&Signer {
            organisation: organisation.to_owned(),
            key: key.0,
            name: name.to_owned(),
            from: now,
            until: now.saturating_add(SIGNER_LIFE),
        })
    }

    /// Makes a supporter's certificate; for a signer.
    pub fn certify(
        &self,
        key: KeyHash,
        name: &str,
        picture: &[u8],
        now: Millis,
    ) -> Result<Vec<u8>, Distrust> {
        self.sign(&Certificate {
            key,
            name: name.to_owned(),
            picture: picture_hash(picture),
            from: now,
            until: now.saturating_add(CERTIFICATE_LIFE),
        })
    }

    /// Makes a revocation list; for a signer.
    pub fn revoke(&self, list: &RevocationList) -> Result<Vec<u8>, Distrust> {
        self.sign(list)
    }
}

/// Reads a signer that this root has appointed, and that counts now.
pub fn read_signer(root: SignerKey, signed: &[u8], now: Millis) -> Result<Signer, Distrust> {
    let signer: Signer = root.open(signed)?;
    let long = |text: &str, most| text.chars().count() > most;
    if long(&signer.organisation, MAX_LINE) || long(&signer.name, MAX_NAME) {
        return Err(Distrust::Forged);
    }
    counts(signer.from, signer.until, now)?;
    Ok(signer)
}

/// Reads a certificate that a signer of this root has made, and that counts now.
pub fn read_certificate(
    root: SignerKey,
    signer: &[u8],
    certificate: &[u8],
    now: Millis,
) -> Result<(Signer, Certificate), Distrust> {
    let signer = read_signer(root, signer, now)?;
    let certificate: Certificate = SignerKey(signer.key).open(certificate)?;
    if certificate.name.chars().count() > MAX_NAME {
        return Err(Distrust::Forged);
    }
    counts(certificate.from, certificate.until, now)?;
    Ok((signer, certificate))
}

/// Reads a revocation list that a signer of this root has made; it may be too old by now.
pub fn read_revoked(
    root: SignerKey,
    revoked: &Revoked,
    now: Millis,
) -> Result<RevocationList, Distrust> {
    let signer = read_signer(root, &revoked.signer, now)?;
    let list: RevocationList = SignerKey(signer.key).open(&revoked.list)?;
    if list.keys.len() > MAX_REVOKED || list.signers.len() > MAX_SIGNERS {
        return Err(Distrust::Forged);
    }
    // Who was revoked has no say in who is.
    if list.signers.contains(&signer.key) {
        return Err(Distrust::Revoked);
    }
    Ok(list)
}

/// Follows the chain from its root down to the key that asks.
///
/// `known` is what the customer's app knows already: with `Some` nothing else is believed.
/// `name` and `picture` are what the server says of the supporter: anything that the certificate
/// does not confirm is a refusal, not a correction.
pub fn verify(
    credential: Option<&Credential>,
    key: KeyHash,
    (name, picture): (&str, &[u8]),
    known: Option<&Known>,
    now: Millis,
) -> Result<Proven, Distrust> {
    let credential = credential.ok_or(Distrust::NoCertificate)?;
    let root = SignerKey(credential.root);
    if known.is_some_and(|known| known.root != root) {
        return Err(Distrust::OtherOrganisation);
    }
    let (signer, certificate) =
        read_certificate(root, &credential.signer, &credential.certificate, now)?;
    if certificate.key != key {
        return Err(Distrust::OtherKey);
    }
    if certificate.name != name {
        return Err(Distrust::OtherName);
    }
    if certificate.picture != picture_hash(picture) {
        return Err(Distrust::OtherPicture);
    }
    let list = read_revoked(root, &credential.revoked, now)?;
    let list_age = now.saturating_sub(list.at);
    if list.at > now.saturating_add(CLOCKS) {
        return Err(Distrust::NotYet);
    }
    if list_age > LIST_LIFE {
        return Err(Distrust::OldList);
    }
    if known.is_some_and(|known| list.number < known.list) {
        return Err(Distrust::RolledBack);
    }
    if list.keys.contains(&key) || list.signers.contains(&signer.key) {
        return Err(Distrust::Revoked);
    }
    Ok(Proven {
        root,
        name: certificate.name,
        organisation: signer.organisation,
        list: list.number,
        list_age,
        until: certificate.until,
    })
}

fn counts(from: Millis, until: Millis, now: Millis) -> Result<(), Distrust> {
    if now >= until {
        Err(Distrust::Expired)
    } else if from > now.saturating_add(CLOCKS) {
        Err(Distrust::NotYet)
    } else {
        Ok(())
    }
}
