//! What shows a customer who a supporter is, and what an organisation's apps keep on the server.
//!
//! The server passes all of this on and can make none of it: every statement here is signed by the
//! organisation's root or by one of its signers, and only `aldis-trust` looks inside.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{KeyHash, Millis};

/// An Ed25519 public key (RFC 8032).
pub type SigningKey = [u8; 32];

/// The most bytes of one signed statement.
pub const MAX_STATEMENT: usize = 32 * 1024;

/// The most supporters' keys that are revoked and not yet expired.
pub const MAX_REVOKED: usize = 500;

/// The most requests for a certificate that wait for an admin.
pub const MAX_ENROLMENTS: usize = 100;

/// The most certificates that are told to an admin.
pub const MAX_CERTIFICATES: usize = 500;

/// The most signers of an organisation.
pub const MAX_SIGNERS: usize = 20;

/// The chain from an organisation's root to a supporter's key, with what was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The root's public key.
    pub root: SigningKey,
    /// A signer, signed by the root.
    pub signer: Vec<u8>,
    /// The supporter's certificate, signed by that signer.
    pub certificate: Vec<u8>,
    /// The newest revocation list.
    pub revoked: Revoked,
}

/// A signed list of what no longer counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// A signer, signed by the root.
    pub signer: Vec<u8>,
    /// The list, signed by that signer.
    pub list: Vec<u8>,
}

/// Why a supporter is not believed. The customer's machine decides; both sides are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[non_exhaustive]
pub enum Distrust {
    /// There is no certificate at all.
    #[error("the supporter has no certificate; an admin must approve this supporter's app first")]
    NoCertificate,
    /// The root is another one than the customer's app knows.
    #[error("the supporter belongs to another organisation than this app trusts")]
    OtherOrganisation,
    /// A signature is wrong, or a statement was made for another purpose.
    #[error("the supporter's certificate is forged or damaged")]
    Forged,
    /// The certificate is for another key than the one that asks.
    #[error("the supporter's certificate belongs to another app")]
    OtherKey,
    /// The name that was asked under is not the certificate's.
    #[error("the supporter's certificate is for another name")]
    OtherName,
    /// The picture is not the certificate's.
    #[error("the supporter's picture is not the one in the certificate")]
    OtherPicture,
    /// The certificate or its signer is not valid yet.
    #[error("the supporter's certificate is not valid yet; check this computer's clock")]
    NotYet,
    /// The certificate or its signer is no longer valid.
    #[error("the supporter's certificate has expired; an admin must renew it")]
    Expired,
    /// The certificate or its signer was revoked.
    #[error("the supporter's certificate was revoked")]
    Revoked,
    /// The revocation list is older than seven days.
    #[error("the list of revoked supporters is too old; an admin's app must renew it")]
    OldList,
    /// The revocation list is older than one that was seen before.
    #[error("an older list of revoked supporters was shown than before")]
    RolledBack,
    /// The five digits were wrong, or were not typed.
    #[error("the five digits were not the ones that the supporter read out")]
    Digits,
    /// The supporter's app comes for another case than the one that was joined here.
    #[error("the supporter asked for another case than this one")]
    OtherCase,
}

/// An organisation, as its members' apps are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// The root's public key; `None` until an organisation was made.
    pub root: Option<SigningKey>,
    /// This app's chain, if an admin has approved it.
    pub credential: Option<Credential>,
    /// This app's request waits for an admin.
    pub waits: bool,
    /// For admins only.
    pub office: Option<Office>,
}

/// What an admin's app sees and signs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// The signers, each signed by the root; at most [`MAX_SIGNERS`].
    pub signers: Vec<Vec<u8>>,
    /// Who waits for a certificate; at most [`MAX_ENROLMENTS`].
    pub enrolments: Vec<Enrolment>,
    /// The certificates that have not expired; at most [`MAX_CERTIFICATES`].
    pub certificates: Vec<Issued>,
    /// The newest revocation list.
    pub revoked: Option<Revoked>,
}

/// A supporter's app that would like a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The account's name.
    pub name: String,
    /// The account's picture, or empty.
    pub picture: Vec<u8>,
    /// The app's key.
    pub key: KeyHash,
    /// Shows that the app holds the invitation, for that key and name.
    pub proof: Option<[u8; 32]>,
    /// When it asked.
    pub at: Millis,
}

/// A certificate that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// The signer, signed by the root.
    pub signer: Vec<u8>,
    /// The certificate, signed by that signer.
    pub certificate: Vec<u8>,
    /// The account's name now.
    pub name: String,
    /// The account's picture now.
    pub picture: Vec<u8>,
}
