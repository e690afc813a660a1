//! Supporters' accounts and their sign-in tokens.

use aldis_desk::Supporter;
use aldis_wire::Millis;
use aldis_wire::signal::{Availability, Role};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Transaction, from_json, json};

/// A supporter's account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// The password's argon2id hash, a PHC string.
    pub password: String,
    /// What it may do.
    pub role: Role,
    /// A picture (PNG or JPEG), or empty.
    pub picture: Vec<u8>,
    /// It may release cases and hand them to a colleague.
    pub may_release: bool,
    /// With so many remote sessions it is busy by itself.
    pub busy_at: u32,
    /// What it knows about, in lower case.
    pub skills: Vec<String>,
    /// The companies whose cases it sees, in lower case; empty means all.
    pub companies: Vec<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// The account as the desk's rules know it, with so many open cases.
    pub fn person(&self, cases: u32) -> Supporter {
        Supporter {
            name: self.name.clone(),
            role: self.role,
            may_release: self.may_release,
            skills: self.skills.clone(),
            companies: self.companies.clone(),
            busy_at: self.busy_at,
            cases,
            availability: Availability::Offline,
        }
    }
}

const ACCOUNT: &str =
    "SELECT name, password, role, picture, may_release, busy_at, skills, companies
    FROM supporters";

impl Transaction<'_> {
    /// The account with this name.
    pub fn account(&self, name: &str) -> rusqlite::Result<Option<Account>> {
        self.connection
            .prepare_cached(&format!("{ACCOUNT} WHERE name = ?1"))?
            .query_row([name], read_account)
            .optional()
    }

    /// Every account, in the order of names.
    pub fn accounts(&self) -> rusqlite::Result<Vec<Account>> {
        self.connection
            .prepare_cached(&format!("{ACCOUNT} ORDER BY name"))?
            .query_map([], read_account)?
            .collect()
    }

    /// The account as the desk's rules know it.
    pub fn person(&self, name: &str) -> rusqlite::Result<Option<Supporter>> {
        let Some(account) = self.account(name)? else {
            return Ok(None);
        };
        let cases = self
            .connection
            .prepare_cached("SELECT count(*) FROM cases WHERE assignee = ?1 AND closed_at IS NULL")?
            .query_row([name], |row| row.get(0))?;
        Ok(Some(account.person(cases)))
    }

    /// Makes an account; `false` if the name is taken.
    pub fn add_account(&self, account: &Account, now: Millis) -> rusqlite::Result<bool> {
        let added = self.connection.execute(
            "INSERT INTO supporters (name, password, role, picture, may_release, busy_at, skills,
                companies, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            params![
                account.name,
                account.password,
                role_name(account.role),
                account.picture,
                account.may_release,
                account.busy_at,
                json(&account.skills)?,
                json(&account.companies)?,
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
                "UPDATE supporters SET password = ?2, role = ?3, picture = ?4, may_release = ?5,
                    busy_at = ?6, skills = ?7, companies = ?8 WHERE name = ?1",
                params![
                    account.name,
                    account.password,
                    role_name(account.role),
                    account.picture,
                    account.may_release,
                    account.busy_at,
                    json(&account.skills)?,
                    json(&account.companies)?
                ],
            )
            .map(drop)
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

    /// Whose token this is, if it was used since `oldest`.
    pub fn token(&self, hash: &[u8; 32], oldest: Millis) -> rusqlite::Result<Option<Account>> {
        let name: Option<String> = self
            .connection
            .query_row(
                "SELECT supporter FROM tokens WHERE hash = ?1 AND used_at >= ?2",
                params![hash, oldest],
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

pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Technician => "technician",
        Role::Manager => "manager",
        Role::Admin => "admin",
    }
}

pub(super) fn role_of(name: &str) -> Role {
    match name {
        "admin" => Role::Admin,
        "manager" => Role::Manager,
        _ => Role::Technician,
    }
}

fn read_account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        name: row.get(0)?,
        password: row.get(1)?,
        role: role_of(row.get_ref(2)?.as_str()?),
        picture: row.get(3)?,
        may_release: row.get(4)?,
        busy_at: row.get(5)?,
        skills: from_json(row.get_ref(6)?.as_str()?)?,
        companies: from_json(row.get_ref(7)?.as_str()?)?,
    })
}
