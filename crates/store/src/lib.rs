//! Keeps cases and accounts in an embedded SQLite database.
//!
//! One thread writes. Jobs that wait together share one transaction, and none is answered before
//! that transaction is on the disk: an answer means that it is kept.
//!
//! **Invariant:** SQL lives nowhere but in this crate.

#![forbid(unsafe_code)]

mod copy;
mod schema;
mod transaction;
mod writer;

/// A job's own failure; nothing of the job is kept.
pub use rusqlite::Error as Failure;

pub use crate::copy::{CopyError, copy};
pub use crate::schema::OpenError;
pub use crate::transaction::{Account, Broken, Invited, KeptCertificate, Transaction};
pub use crate::writer::{Store, StoreError};
