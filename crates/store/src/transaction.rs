//! What a job can read and write.

use aldis_desk::{Case, Change, Session};
use aldis_wire::{Code, Millis};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// A supporter's account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// The password's argon2id hash, a PHC string.
    pub password: String,
    /// `technician`, `manager` or `admin`.
    pub role: String,
    /// A picture (PNG or JPEG), or empty.
    pub picture: Vec<u8>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// One job's view of the database; everything in it happens, or nothing.
#[derive(Debug)]
pub struct Transaction<'a> {
    pub(crate) connection: &'a Connection,
}

const CASE: &str = "SELECT code, customer, created_at, created_by, assignee, expires_at, closed_at,
    customer_joined_at, supporter_joined_at, claim FROM cases";

impl Transaction<'_> {
    /// The case with this code.
    pub fn case(&self, code: Code) -> rusqlite::Result<Option<Case>> {
        let case = self
            .connection
            .prepare_cached(&format!("{CASE} WHERE code = ?1"))?
            .query_row([code.number()], read_case)
            .optional()?;
        case.map(|case| self.with_people(case)).transpose()
    }

    /// The newest cases, newest first.
    pub fn newest_cases(&self, most: usize) -> rusqlite::Result<Vec<Case>> {
        let query = format!("{CASE} ORDER BY created_at DESC, code LIMIT ?1");
        self.cases(&query, params![most])
    }

    /// The cases that expired in this span and were not closed.
    pub fn expired_between(&self, after: Millis, until: Millis) -> rusqlite::Result<Vec<Case>> {
        let query = format!(
            "{CASE} WHERE closed_at IS NULL AND expires_at > ?1 AND expires_at <= ?2 LIMIT 10000"
        );
        self.cases(&query, params![after, until])
    }

    /// The cases with a session that has no end yet.
    pub fn cases_in_session(&self) -> rusqlite::Result<Vec<Case>> {
        let query =
            format!("{CASE} WHERE code IN (SELECT code FROM sessions WHERE ended_at IS NULL)");
        self.cases(&query, params![])
    }

    fn cases(&self, query: &str, params: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<Vec<Case>> {
        let mut statement = self.connection.prepare_cached(query)?;
        let cases = statement
            .query_map(params, read_case)?
            .collect::<Result<Vec<_>, _>>()?;
        cases
            .into_iter()
            .map(|case| self.with_people(case))
            .collect()
    }

    fn with_people(&self, mut case: Case) -> rusqlite::Result<Case> {
        case.sessions = self
            .connection
            .prepare_cached(
                "SELECT id, supporter, started_at, ended_at FROM sessions
                 WHERE code = ?1 ORDER BY started_at, id",
            )?
            .query_map([case.code.number()], |row| {
                Ok(Session {
                    id: row.get(0)?,
                    supporter: row.get(1)?,
                    started_at: row.get(2)?,
                    ended_at: row.get(3)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        case.invited = self
            .connection
            .prepare_cached("SELECT supporter FROM invited WHERE code = ?1 ORDER BY rowid")?
            .query_map([case.code.number()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(case)
    }

    /// Keeps one change of a case.
    pub fn apply(&self, code: Code, change: &Change) -> rusqlite::Result<()> {
        let code = code.number();
        let set = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
            self.connection
                .prepare_cached(sql)?
                .execute(params)
                .map(drop)
        };
        match change {
            Change::Created(case) => set(
                "INSERT INTO cases (code, customer, created_at, created_by, assignee, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    code,
                    case.customer,
                    case.created_at,
                    case.created_by,
                    case.assignee,
                    case.expires_at
                ],
            ),
            Change::CustomerJoined { name, claim, at } => set(
                "UPDATE cases SET claim = ?2, customer = iif(customer = '', ?3, customer),
                 customer_joined_at = coalesce(customer_joined_at, ?4) WHERE code = ?1",
                params![code, claim, name, at],
            ),
            Change::SupporterJoined { at } => set(
                "UPDATE cases SET supporter_joined_at = coalesce(supporter_joined_at, ?2)
                 WHERE code = ?1",
                params![code, at],
            ),
            Change::Assigned(assignee) => set(
                "UPDATE cases SET assignee = ?2 WHERE code = ?1",
                params![code, assignee],
            ),
            Change::SessionStarted(session) => set(
                "INSERT INTO sessions (id, code, supporter, started_at) VALUES (?1, ?2, ?3, ?4)",
                params![session.id, code, session.supporter, session.started_at],
            ),
            Change::SessionEnded { id, at } => set(
                "UPDATE sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL",
                params![id, at],
            ),
            Change::SessionResumed { id } => set(
                "UPDATE sessions SET ended_at = NULL WHERE id = ?1 AND code = ?2",
                params![id, code],
            ),
            Change::Invited(supporter) => set(
                "INSERT INTO invited (code, supporter) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![code, supporter],
            ),
            Change::Uninvited(supporter) => set(
                "DELETE FROM invited WHERE code = ?1 AND supporter = ?2",
                params![code, supporter],
            ),
            Change::Closed { at } => set(
                "UPDATE cases SET closed_at = ?2 WHERE code = ?1 AND closed_at IS NULL",
                params![code, at],
            ),
        }
    }

    /// The account with this name.
    pub fn account(&self, name: &str) -> rusqlite::Result<Option<Account>> {
        self.connection
            .prepare_cached("SELECT name, password, role, picture FROM supporters WHERE name = ?1")?
            .query_row([name], |row| {
                Ok(Account {
                    name: row.get(0)?,
                    password: row.get(1)?,
                    role: row.get(2)?,
                    picture: row.get(3)?,
                })
            })
            .optional()
    }

    /// Makes an account; `false` if the name is taken.
    pub fn add_account(&self, account: &Account, now: Millis) -> rusqlite::Result<bool> {
        let added = self.connection.execute(
            "INSERT INTO supporters (name, password, role, picture, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![
                account.name,
                account.password,
                account.role,
                account.picture,
                now
            ],
        )?;
        Ok(added == 1)
    }

    /// Changes an account. A new password signs it out everywhere.
    pub fn set_account(&self, account: &Account) -> rusqlite::Result<()> {
        let known = self.account(&account.name)?;
        if known.is_some_and(|known| known.password != account.password) {
            self.connection
                .execute("DELETE FROM tokens WHERE supporter = ?1", [&account.name])?;
        }
        self.connection
            .execute(
                "UPDATE supporters SET password = ?2, role = ?3, picture = ?4 WHERE name = ?1",
                params![
                    account.name,
                    account.password,
                    account.role,
                    account.picture
                ],
            )
            .map(drop)
    }

    /// Every account's name and role, in the order of names.
    pub fn accounts(&self) -> rusqlite::Result<Vec<(String, String)>> {
        self.connection
            .prepare("SELECT name, role FROM supporters ORDER BY name")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// Keeps a sign-in token's hash.
    pub fn add_token(&self, hash: &[u8; 32], name: &str, now: Millis) -> rusqlite::Result<()> {
        self.connection
            .execute(
                "INSERT INTO tokens (hash, supporter, used_at) VALUES (?1, ?2, ?3)",
                params![hash, name, now],
            )
            .map(drop)
    }

    /// Whose token this is, if it was used since `oldest`; notes the use.
    pub fn use_token(
        &self,
        hash: &[u8; 32],
        oldest: Millis,
        now: Millis,
    ) -> rusqlite::Result<Option<Account>> {
        self.connection
            .execute("DELETE FROM tokens WHERE used_at < ?1", [oldest])?;
        let name: Option<String> = self
            .connection
            .query_row(
                "UPDATE tokens SET used_at = ?2 WHERE hash = ?1 RETURNING supporter",
                params![hash, now],
                |row| row.get(0),
            )
            .optional()?;
        name.map_or(Ok(None), |name| self.account(&name))
    }

    /// Forgets a sign-in token.
    pub fn drop_token(&self, hash: &[u8; 32]) -> rusqlite::Result<()> {
        self.connection
            .execute("DELETE FROM tokens WHERE hash = ?1", [hash])
            .map(drop)
    }
}

fn read_case(row: &Row<'_>) -> rusqlite::Result<Case> {
    let number: u32 = row.get(0)?;
    let code = Code::from_number(number)
        .ok_or_else(|| rusqlite::Error::IntegralValueOutOfRange(0, i64::from(number)))?;
    Ok(Case {
        code,
        customer: row.get(1)?,
        created_at: row.get(2)?,
        created_by: row.get(3)?,
        assignee: row.get(4)?,
        expires_at: row.get(5)?,
        closed_at: row.get(6)?,
        customer_joined_at: row.get(7)?,
        supporter_joined_at: row.get(8)?,
        claim: row.get(9)?,
        sessions: Vec::new(),
        invited: Vec::new(),
    })
}
