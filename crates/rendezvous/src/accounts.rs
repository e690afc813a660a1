//! Supporters' accounts: names, roles, pictures, and passwords as argon2id hashes.

use aldis_store::{Account, Store, StoreError};
use aldis_wire::signal::{MAX_LINE, MAX_NAME, MAX_PICTURE, Role};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use thiserror::Error;

use crate::{clock, random};

/// The fewest characters of a password.
pub const MIN_PASSWORD: usize = 8;

/// The most bytes of a password; more only cost time.
pub const MAX_PASSWORD: usize = 1024;

/// With so many remote sessions a supporter is busy by himself, unless it is set.
const BUSY_AT: u32 = 3;

/// The most skills or companies of one account.
const MAX_WORDS: usize = 100;

/// An account could not be made or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The name is empty, too long or unprintable.
    #[error("a name must have 1 to {MAX_NAME} characters, and no spaces at its ends")]
    Name,
    /// The name is taken.
    #[error("the name {0:?} is taken; choose another, or change the account with `user set`")]
    Taken(String),
    /// There is no such account.
    #[error("there is no account {0:?}; `user list` shows them")]
    Unknown(String),
    /// There is no such role.
    #[error("there is no role {0:?}; the roles are technician, manager and admin")]
    Role(String),
    /// The password is too short or too long.
    #[error("a password must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")]
    Password,
    /// The picture is too large or no picture.
    #[error("a picture must be a PNG or JPEG file of at most {} KiB", MAX_PICTURE / 1024)]
    Picture,
    /// A skill or a company is empty or too long, or there are too many.
    #[error(
        "skills and companies must have 1 to {MAX_LINE} characters, and be {MAX_WORDS} at most"
    )]
    Words,
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What `user set` changes; `None` stays as it is.
#[derive(Clone, Default)]
pub struct AccountChange {
    /// A new password; signs the account out everywhere.
    pub password: Option<String>,
    /// A new role.
    pub role: Option<String>,
    /// A new picture, a PNG or JPEG file's bytes; empty removes it.
    pub picture: Option<Vec<u8>>,
    /// Whether it may release cases and hand them to a colleague.
    pub may_release: Option<bool>,
    /// With so many remote sessions it is busy by itself.
    pub busy_at: Option<u32>,
    /// What it knows about.
    pub skills: Option<Vec<String>>,
    /// The companies whose cases it sees; none means all.
    pub companies: Option<Vec<String>>,
}

impl std::fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountChange")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Makes an account.
pub fn add(store: &Store, name: &str, role: &str, password: &str) -> Result<(), AccountError> {
    let account = Account {
        password: hash(password)?,
        ..without_password(name, check_role(role)?)?
    };
    let now = clock::now();
    if store.run_blocking(move |transaction| transaction.add_account(&account, now))? {
        Ok(())
    } else {
        Err(AccountError::Taken(name.to_owned()))
    }
}

/// An account that nobody can sign in to until it has a password.
pub(crate) fn without_password(name: &str, role: Role) -> Result<Account, AccountError> {
    let length = name.chars().count();
    if name.trim() != name
        || !(1..=MAX_NAME).contains(&length)
        || aldis_desk::text::name(name).as_deref() != Ok(name)
    {
        return Err(AccountError::Name);
    }
    Ok(Account {
        name: name.to_owned(),
        password: String::new(),
        role,
        picture: Vec::new(),
        may_release: true,
        busy_at: BUSY_AT,
        skills: Vec::new(),
        companies: Vec::new(),
    })
}

/// Changes an account.
pub fn set(store: &Store, name: &str, change: AccountChange) -> Result<(), AccountError> {
    let password = change.password.as_deref().map(hash).transpose()?;
    let role = change.role.as_deref().map(check_role).transpose()?;
    let picture = change.picture.map(check_picture).transpose()?;
    let skills = change.skills.as_deref().map(check_words).transpose()?;
    let companies = change.companies.as_deref().map(check_words).transpose()?;
    let wanted = name.to_owned();
    let known = store.run_blocking(move |transaction| {
        let Some(mut account) = transaction.account(&wanted)? else {
            return Ok(false);
        };
        account.password = password.unwrap_or(account.password);
        account.role = role.unwrap_or(account.role);
        account.picture = picture.unwrap_or(account.picture);
        account.may_release = change.may_release.unwrap_or(account.may_release);
        account.busy_at = change.busy_at.unwrap_or(account.busy_at).max(1);
        account.skills = skills.unwrap_or(account.skills);
        account.companies = companies.unwrap_or(account.companies);
        transaction.set_account(&account).map(|()| true)
    })?;
    if known {
        Ok(())
    } else {
        Err(AccountError::Unknown(name.to_owned()))
    }
}

/// Every account, in the order of names.
pub fn list(store: &Store) -> Result<Vec<Account>, AccountError> {
    Ok(store.run_blocking(|transaction| transaction.accounts())?)
}

fn check_role(role: &str) -> Result<Role, AccountError> {
    match role {
        "technician" => Ok(Role::Technician),
        "manager" => Ok(Role::Manager),
        "admin" => Ok(Role::Admin),
        _ => Err(AccountError::Role(role.to_owned())),
    }
}

fn check_words(words: &[String]) -> Result<Vec<String>, AccountError> {
    let words = words.iter().map(|word| {
        let word = aldis_desk::text::line("words", word, MAX_LINE).ok()?;
        Some(word.to_lowercase()).filter(|word| !word.is_empty())
    });
    let words: Option<Vec<String>> = words.collect();
    words
        .filter(|words| words.len() <= MAX_WORDS)
        .ok_or(AccountError::Words)
}

fn check_picture(picture: Vec<u8>) -> Result<Vec<u8>, AccountError> {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    const JPEG: &[u8] = b"\xff\xd8\xff";
    let known = picture.is_empty() || picture.starts_with(PNG) || picture.starts_with(JPEG);
    if known && picture.len() <= MAX_PICTURE {
        Ok(picture)
    } else {
        Err(AccountError::Picture)
    }
}

#[expect(
    clippy::unwrap_in_result,
    reason = "the salt and argon2's defaults are valid"
)]
pub(crate) fn hash(password: &str) -> Result<String, AccountError> {
    if password.chars().count() < MIN_PASSWORD || password.len() > MAX_PASSWORD {
        return Err(AccountError::Password);
    }
    let salt = SaltString::encode_b64(&random::bytes::<16>()).expect("16 bytes are a salt");
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    Ok(hash.expect("argon2's defaults are valid").to_string())
}

/// Whether the password fits the account; takes as long where there is no account.
pub(crate) fn verify(account: Option<&Account>, password: &str) -> bool {
    /// The hash of a password that nobody has, made with the default parameters.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$\
        NYm8z9gmWdpQoIRyKO6fjMSOoSXyi0WyoAcUdFxsCpo";
    if password.len() > MAX_PASSWORD {
        return false;
    }
    let text = account.map_or(NOBODY, |account| account.password.as_str());
    let Ok(hash) = PasswordHash::new(text) else {
        return false;
    };
    let fits = Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok();
    fits && account.is_some()
}
