//! The database's form, and how an older one becomes the current one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use thiserror::Error;

/// Each step of the form, in order; `user_version` counts those that are done.
const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE supporters (
        name        TEXT PRIMARY KEY,
        password    TEXT NOT NULL,      -- argon2id, PHC string
        role        TEXT NOT NULL,
        picture     BLOB NOT NULL,
        created_at  INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE tokens (
        hash        BLOB PRIMARY KEY,   -- SHA-256; the token itself is not kept
        supporter   TEXT NOT NULL REFERENCES supporters(name) ON DELETE CASCADE,
        used_at     INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE cases (
        code                INTEGER PRIMARY KEY,
        customer            TEXT NOT NULL,
        created_at          INTEGER NOT NULL,
        created_by          TEXT,
        assignee            TEXT,
        expires_at          INTEGER NOT NULL,
        closed_at           INTEGER,
        customer_joined_at  INTEGER,
        supporter_joined_at INTEGER,
        claim               BLOB
    ) STRICT;
    CREATE INDEX cases_by_age ON cases(created_at);
    CREATE INDEX cases_by_expiry ON cases(expires_at) WHERE closed_at IS NULL;
    CREATE TABLE sessions (
        id          BLOB PRIMARY KEY,
        code        INTEGER NOT NULL REFERENCES cases(code) ON DELETE CASCADE,
        supporter   TEXT NOT NULL,
        started_at  INTEGER NOT NULL,
        ended_at    INTEGER
    ) STRICT;
    CREATE INDEX sessions_by_case ON sessions(code, started_at);
",
    "
    CREATE TABLE invited (
        code        INTEGER NOT NULL REFERENCES cases(code) ON DELETE CASCADE,
        supporter   TEXT NOT NULL,
        PRIMARY KEY (code, supporter)
    ) STRICT;
",
];

/// The database cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A newer server has written it.
    #[error(
        "the data in {path} is from a newer version of aldis-server ({found}, this one knows \
         {known}); install the newer version, or choose another folder with --data"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// Its version.
        found: usize,
        /// Ours.
        known: usize,
    },
    /// The folder or the file cannot be written.
    #[error("cannot write to {path}: {reason}; check its owner, or choose another with --data")]
    Unwritable {
        /// The folder or file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
}

/// Opens the database in `folder`, makes what is missing, and brings an older form up to date.
pub(crate) fn open(folder: &Path) -> Result<Connection, OpenError> {
    let path = folder.join("aldis.sqlite");
    let unwritable = |path: &Path, error: &dyn std::fmt::Display| OpenError::Unwritable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let mut connection = Connection::open(&path).map_err(|error| unwritable(&path, &error))?;
    prepare(&mut connection).map_err(|error| unwritable(&path, &error))?;
    let found: usize = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| unwritable(&path, &error))?;
    if found > MIGRATIONS.len() {
        return Err(OpenError::Newer {
            path,
            found,
            known: MIGRATIONS.len(),
        });
    }
    migrate(&mut connection).map_err(|error| unwritable(&path, &error))?;
    Ok(connection)
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    // The command line may write beside the server; each waits for the other.
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let done: usize = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for step in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    transaction.commit()
}
