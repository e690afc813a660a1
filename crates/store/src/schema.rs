//! The database's form, and how an older one becomes the current one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use thiserror::Error;

/// Each step of the form, in order; `user_version` counts those that are done.
const MIGRATIONS: [&str; 3] = [
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
    // Lists and forms are JSON; what is looked for has a column of its own.
    r#"
    ALTER TABLE supporters ADD COLUMN may_release INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE supporters ADD COLUMN busy_at INTEGER NOT NULL DEFAULT 3;
    ALTER TABLE supporters ADD COLUMN skills TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE supporters ADD COLUMN companies TEXT NOT NULL DEFAULT '[]';
    CREATE TABLE channels (
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        name        TEXT NOT NULL UNIQUE COLLATE NOCASE,
        setup       TEXT NOT NULL,
        offers      INTEGER NOT NULL DEFAULT 0  -- how many were made, for going around
    ) STRICT;
    INSERT INTO channels (id, name, setup) VALUES (1, 'Support', '{
        "name": "Support", "description": "", "expiry": 86400000, "default_assignee": null,
        "assignment": "Off", "offer_time": 120000, "members": []}');
    ALTER TABLE cases ADD COLUMN channel INTEGER DEFAULT 1;     -- null where it is private
    ALTER TABLE cases ADD COLUMN private_of TEXT;
    ALTER TABLE cases ADD COLUMN origin TEXT NOT NULL DEFAULT '"Manual"';
    UPDATE cases SET origin = '"CustomerApp"' WHERE created_by IS NULL;
    ALTER TABLE cases ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE cases ADD COLUMN offered_until INTEGER;
    ALTER TABLE cases ADD COLUMN passed TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE cases ADD COLUMN invited TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE cases ADD COLUMN outcome TEXT NOT NULL DEFAULT '"Unknown"';
    ALTER TABLE cases ADD COLUMN waiting_since INTEGER;
    ALTER TABLE cases ADD COLUMN chatting TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE cases ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE cases ADD COLUMN ticket TEXT NOT NULL DEFAULT '';
    ALTER TABLE cases ADD COLUMN facts TEXT NOT NULL DEFAULT '{
        "email": "", "company": "", "description": "", "category": "", "kind": "", "via": "",
        "priority": "Normal", "ticket": "", "tags": [], "notes": ""}';
    ALTER TABLE cases ADD COLUMN source TEXT NOT NULL DEFAULT '{
        "address": "", "device": "", "system": "", "app": ""}';
    ALTER TABLE cases ADD COLUMN words TEXT NOT NULL DEFAULT '';    -- all of it, in lower case
    UPDATE cases SET words = lower(customer);
    CREATE INDEX cases_by_ticket ON cases(ticket) WHERE ticket <> '' AND closed_at IS NULL;
    CREATE INDEX cases_by_assignee ON cases(assignee) WHERE closed_at IS NULL;
    CREATE INDEX cases_by_end ON cases(closed_at) WHERE closed_at IS NOT NULL;
    CREATE TABLE messages (
        code        INTEGER NOT NULL REFERENCES cases(code) ON DELETE CASCADE,
        number      INTEGER NOT NULL,
        at          INTEGER NOT NULL,
        speaker     TEXT,               -- null: the customer
        body        TEXT NOT NULL,
        PRIMARY KEY (code, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE said (                 -- what came once is not kept twice
        code        INTEGER NOT NULL REFERENCES cases(code) ON DELETE CASCADE,
        speaker     TEXT NOT NULL,
        once        INTEGER NOT NULL,
        number      INTEGER NOT NULL,
        PRIMARY KEY (code, speaker, once)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE read (
        supporter   TEXT NOT NULL REFERENCES supporters(name) ON DELETE CASCADE,
        code        INTEGER NOT NULL REFERENCES cases(code) ON DELETE CASCADE,
        number      INTEGER NOT NULL,
        PRIMARY KEY (supporter, code)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE canned (
        title       TEXT PRIMARY KEY,
        text        TEXT NOT NULL
    ) STRICT;
    CREATE TABLE history (
        number      INTEGER PRIMARY KEY,
        code        INTEGER NOT NULL,   -- the case itself may be deleted
        at          INTEGER NOT NULL,
        by          TEXT NOT NULL,
        event       TEXT NOT NULL,
        hash        BLOB NOT NULL
    ) STRICT;
    CREATE INDEX history_by_case ON history(code, number);
    CREATE TRIGGER history_stays BEFORE UPDATE ON history
        BEGIN SELECT raise(ABORT, 'the history is never changed'); END;
    CREATE TRIGGER history_is_kept BEFORE DELETE ON history
        BEGIN SELECT raise(ABORT, 'the history is never deleted'); END;
"#,
    // Signed statements are kept as they came.
    "
    CREATE TABLE organisation (
        root        BLOB PRIMARY KEY    -- one row, once there is one
    ) STRICT;
    CREATE TABLE signers (
        key         BLOB PRIMARY KEY,
        statement   BLOB NOT NULL,
        until       INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE certificates (
        key         BLOB PRIMARY KEY,
        supporter   TEXT NOT NULL REFERENCES supporters(name) ON DELETE CASCADE,
        signer      BLOB NOT NULL,
        statement   BLOB NOT NULL,
        until       INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE enrolments (
        key         BLOB PRIMARY KEY,
        supporter   TEXT NOT NULL REFERENCES supporters(name) ON DELETE CASCADE,
        proof       BLOB,
        at          INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE revoked (
        number      INTEGER PRIMARY KEY,
        signer      BLOB NOT NULL,
        statement   BLOB NOT NULL
    ) STRICT;
    CREATE TABLE invitations (
        hash        BLOB PRIMARY KEY,   -- SHA-256 of the ticket; the ticket itself is not kept
        supporter   TEXT,               -- null: the first one, which names nobody
        role        TEXT NOT NULL,
        at          INTEGER NOT NULL
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

/// Opens a database that [`open`] has brought up to date, for looking only.
pub(crate) fn open_for_reading(folder: &Path) -> Result<Connection, OpenError> {
    let path = folder.join("aldis.sqlite");
    let open = || {
        let connection = Connection::open(&path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| OpenError::Unwritable {
        path: path.clone(),
        reason: error.to_string(),
    })
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
