//! Who is who: fingerprints of keys, the names of servers and cases that carry them, the check that
//! the other end of a connection holds the expected key, and the chain of signatures that shows
//! whose key it is.
//!
//! **Invariant:** there is no way round a failed check, and no clock, file or socket in here.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

pub mod digits;
mod fingerprint;
pub mod invitation;
mod name;
pub mod organisation;
mod pin;
mod registrar;
pub mod sealed;
mod signed;

pub use crate::fingerprint::{Fingerprint, FingerprintError};
pub use crate::invitation::Invitation;
pub use crate::name::{CaseLink, NameError, ServerName};
pub use crate::organisation::{Known, Proven, verify};
pub use crate::pin::{Pinned, key_hash};
pub use crate::registrar::{Registrar, is_invited};
pub use crate::signed::{Signature, SignerKey};
