//! Who is who: fingerprints of keys, the names of servers and cases that carry them, and the
//! check that the other end of a connection holds the expected key.
//!
//! **Invariant:** there is no way round a failed check, and no clock, file or socket in here.

#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod fingerprint;
mod name;
mod pin;

pub use crate::fingerprint::{Fingerprint, FingerprintError};
pub use crate::name::{CaseLink, NameError, ServerName};
pub use crate::pin::{Pinned, key_hash};
