//! The organisation's signed statements, as they came.

use aldis_wire::signal::{Enrolment, Issued, Revoked, Role, SigningKey};
use aldis_wire::{KeyHash, Millis};
use rusqlite::{OptionalExtension as _, Row, params};

use super::Transaction;
use super::accounts::{role_name, role_of};

/// A certificate as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCertificate {
    /// The key that it is for.
    pub key: KeyHash,
    /// The account that it belongs to.
    pub supporter: String,
    /// The signer's statement.
    pub signer: Vec<u8>,
    /// The certificate itself.
    pub statement: Vec<u8>,
    /// Until when it counts.
    pub until: Millis,
}

/// For whom an invitation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The account; `None` in the first one, which names nobody.
    pub supporter: Option<String>,
    /// What the account may do.
    pub role: Role,
}

impl Transaction<'_> {
    /// The organisation's root, once there is one.
    pub fn organisation(&self) -> rusqlite::Result<Option<SigningKey>> {
        self.connection
            .prepare_cached("SELECT root FROM organisation")?
            .query_row([], |row| row.get(0))
            .optional()
    }

    /// Keeps the organisation's root; there must be none.
    pub fn found(&self, root: &SigningKey) -> rusqlite::Result<()> {
        self.connection
            .execute("INSERT INTO organisation (root) VALUES (?1)", [root])
            .map(drop)
    }

    /// Keeps a signer, in the place of an older statement for the same key.
    pub fn keep_signer(
        &self,
        key: &SigningKey,
        statement: &[u8],
        until: Millis,
    ) -> rusqlite::Result<()> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO signers (key, statement, until) VALUES (?1, ?2, ?3)",
                params![key, statement, until],
            )
            .map(drop)
    }

    /// The signers that count now, at most this many.
    pub fn signers(&self, now: Millis, most: usize) -> rusqlite::Result<Vec<Vec<u8>>> {
        self.connection
            .prepare_cached(
                "SELECT statement FROM signers WHERE until > ?1 ORDER BY until DESC LIMIT ?2",
            )?
            .query_map(params![now, most], |row| row.get(0))?
            .collect()
    }

    /// Keeps a certificate, in the place of an older one for the same key; nobody waits for it any
    /// more.
    pub fn keep_certificate(&self, kept: &KeptCertificate) -> rusqlite::Result<()> {
        self.connection.execute(
            "INSERT OR REPLACE INTO certificates (key, supporter, signer, statement, until)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                kept.key,
                kept.supporter,
                kept.signer,
                kept.statement,
                kept.until
            ],
        )?;
        self.drop_enrolment(&kept.key).map(drop)
    }

    /// The certificate of a key.
    pub fn certificate(&self, key: &KeyHash) -> rusqlite::Result<Option<KeptCertificate>> {
        self.connection
            .prepare_cached(
                "SELECT key, supporter, signer, statement, until FROM certificates WHERE key = ?1",
            )?
            .query_row([key], read_certificate)
            .optional()
    }

    /// The certificates that count now with their accounts as they are, at most this many.
    pub fn certificates(&self, now: Millis, most: usize) -> rusqlite::Result<Vec<Issued>> {
        self.connection
            .prepare_cached(
                "SELECT signer, statement, name, picture FROM certificates
                 JOIN supporters ON supporter = name WHERE until > ?1 ORDER BY name, until LIMIT ?2",
            )?
            .query_map(params![now, most], |row| {
                Ok(Issued {
                    signer: row.get(0)?,
                    certificate: row.get(1)?,
                    name: row.get(2)?,
                    picture: row.get(3)?,
                })
            })?
            .collect()
    }

    /// Keeps that an app would like a certificate, unless so many wait already; a proof that was
    /// shown before stays.
    pub fn keep_enrolment(
        &self,
        key: &KeyHash,
        supporter: &str,
        proof: Option<&[u8; 32]>,
        now: Millis,
        most: usize,
    ) -> rusqlite::Result<bool> {
        let waiting: usize = self
            .connection
            .prepare_cached("SELECT count(*) FROM enrolments WHERE key <> ?1")?
            .query_row([key], |row| row.get(0))?;
        if waiting >= most {
            return Ok(false);
        }
        self.connection.execute(
            "INSERT INTO enrolments (key, supporter, proof, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key) DO UPDATE SET supporter = excluded.supporter,
                proof = coalesce(excluded.proof, proof)",
            params![key, supporter, proof, now],
        )?;
        Ok(true)
    }

    /// Whether this app's wish waits for an admin.
    pub fn is_enrolling(&self, key: &KeyHash) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached("SELECT 1 FROM enrolments WHERE key = ?1")?
            .exists([key])
    }

    /// Who waits for a certificate, with their accounts as they are, the longest first.
    pub fn enrolments(&self, most: usize) -> rusqlite::Result<Vec<Enrolment>> {
        self.connection
            .prepare_cached(
                "SELECT name, picture, key, proof, at FROM enrolments
                 JOIN supporters ON supporter = name ORDER BY at LIMIT ?1",
            )?
            .query_map([most], |row| {
                Ok(Enrolment {
                    name: row.get(0)?,
                    picture: row.get(1)?,
                    key: row.get(2)?,
                    proof: row.get(3)?,
                    at: row.get(4)?,
                })
            })?
            .collect()
    }

    /// Nobody waits for a certificate of this key; whether somebody did.
    pub fn drop_enrolment(&self, key: &KeyHash) -> rusqlite::Result<bool> {
        let dropped = self
            .connection
            .execute("DELETE FROM enrolments WHERE key = ?1", [key])?;
        Ok(dropped > 0)
    }

    /// The newest revocation list.
    pub fn revoked(&self) -> rusqlite::Result<Option<Revoked>> {
        self.connection
            .prepare_cached("SELECT signer, statement FROM revoked ORDER BY number DESC LIMIT 1")?
            .query_row([], |row| {
                Ok(Revoked {
                    signer: row.get(0)?,
                    list: row.get(1)?,
                })
            })
            .optional()
    }

    /// Keeps a revocation list in the place of the older ones; `false` if it is not newer.
    pub fn keep_revoked(&self, number: u64, revoked: &Revoked) -> rusqlite::Result<bool> {
        let newest: Option<u64> = self
            .connection
            .prepare_cached("SELECT max(number) FROM revoked")?
            .query_row([], |row| row.get(0))?;
        if newest.is_some_and(|newest| number <= newest) {
            return Ok(false);
        }
        self.connection.execute("DELETE FROM revoked", [])?;
        self.connection.execute(
            "INSERT INTO revoked (number, signer, statement) VALUES (?1, ?2, ?3)",
            params![number, revoked.signer, revoked.list],
        )?;
        Ok(true)
    }

    /// Keeps an invitation, in the place of an older one for the same account.
    pub fn keep_invitation(
        &self,
        hash: &[u8; 32],
        supporter: Option<&str>,
        role: Role,
        now: Millis,
    ) -> rusqlite::Result<()> {
        self.connection
            .execute("DELETE FROM invitations WHERE supporter IS ?1", [supporter])?;
        self.connection
            .execute(
                "INSERT INTO invitations (hash, supporter, role, at) VALUES (?1, ?2, ?3, ?4)",
                params![hash, supporter, role_name(role), now],
            )
            .map(drop)
    }

    /// The invitation with this hash, if it was made since `oldest`.
    pub fn invitation(&self, hash: &[u8; 32], oldest: Millis) -> rusqlite::Result<Option<Invited>> {
        self.connection
            .prepare_cached("SELECT supporter, role FROM invitations WHERE hash = ?1 AND at >= ?2")?
            .query_row(params![hash, oldest], |row| {
                Ok(Invited {
                    supporter: row.get(0)?,
                    role: role_of(row.get_ref(1)?.as_str()?),
                })
            })
            .optional()
    }

    /// The invitation is used up.
    pub fn drop_invitation(&self, hash: &[u8; 32]) -> rusqlite::Result<()> {
        self.connection
            .execute("DELETE FROM invitations WHERE hash = ?1", [hash])
            .map(drop)
    }
}

fn read_certificate(row: &Row<'_>) -> rusqlite::Result<KeptCertificate> {
    Ok(KeptCertificate {
        key: row.get(0)?,
        supporter: row.get(1)?,
        signer: row.get(2)?,
        statement: row.get(3)?,
        until: row.get(4)?,
    })
}
