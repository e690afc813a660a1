//! What the server keeps of an organisation: signed statements that it can read and cannot make.
//!
//! It looks whether each holds before it keeps it, so that a mistake is found where it is made; the
//! customers' machines look again, and believe nobody.

use aldis_store::{Account, Failure, KeptCertificate, Transaction};
use aldis_trust::SignerKey;
use aldis_trust::organisation::{picture_hash, read_certificate, read_revoked, read_signer};
use aldis_wire::signal::{
    Credential, Distrust, MAX_CERTIFICATES, MAX_ENROLMENTS, MAX_SIGNERS, Office, Refusal, Revoked,
    Role, SigningKey, Trust,
};
use aldis_wire::{KeyHash, Millis};

use crate::accounts::{self, AccountError};
use crate::clock;

/// How long an invitation can be used.
const INVITATION_LIFE: Millis = 7 * 24 * 60 * 60 * 1000;

/// What a step gives, or why the server refuses it.
type Outcome<T> = Result<Result<T, Refusal>, Failure>;

/// How an app with this key stands in the organisation, as this account.
pub(crate) fn trust(
    transaction: &Transaction<'_>,
    name: &str,
    key: KeyHash,
    now: Millis,
) -> Result<Trust, Failure> {
    let account = transaction.account(name)?;
    let admin = account.is_some_and(|account| account.role == Role::Admin);
    let office = if admin {
        Some(Office {
            signers: transaction.signers(now, MAX_SIGNERS)?,
            enrolments: transaction.enrolments(MAX_ENROLMENTS)?,
            certificates: transaction.certificates(now, MAX_CERTIFICATES)?,
            revoked: transaction.revoked()?,
        })
    } else {
        None
    };
    Ok(Trust {
        root: transaction.organisation()?,
        credential: credential(transaction, name, key)?,
        waits: transaction.is_enrolling(&key)?,
        office,
    })
}

/// The chain for this key, if it was made for this account.
pub(crate) fn credential(
    transaction: &Transaction<'_>,
    name: &str,
    key: KeyHash,
) -> Result<Option<Credential>, Failure> {
    let certificate = transaction.certificate(&key)?;
    let parts = (
        transaction.organisation()?,
        certificate.filter(|kept| kept.supporter == name),
        transaction.revoked()?,
    );
    let (Some(root), Some(certificate), Some(revoked)) = parts else {
        return Ok(None);
    };
    Ok(Some(Credential {
        root,
        signer: certificate.signer,
        certificate: certificate.statement,
        revoked,
    }))
}

/// An app would like a certificate; it waits for an admin unless it has one that fits.
pub(crate) fn enrol(
    transaction: &Transaction<'_>,
    name: &str,
    key: KeyHash,
    proof: Option<&[u8; 32]>,
    now: Millis,
) -> Outcome<()> {
    let Some(account) = transaction.account(name)? else {
        return Ok(Err(Refusal::SignedOut));
    };
    if fits(transaction, &account, key, now)? {
        return Ok(Ok(()));
    }
    let kept = transaction.keep_enrolment(&key, name, proof, now, MAX_ENROLMENTS)?;
    Ok(kept.then_some(()).ok_or(Refusal::TooMany))
}

/// Whether the certificate of this key says what the account is now.
fn fits(
    transaction: &Transaction<'_>,
    account: &Account,
    key: KeyHash,
    now: Millis,
) -> Result<bool, Failure> {
    let Some(credential) = credential(transaction, &account.name, key)? else {
        return Ok(false);
    };
    let root = SignerKey(credential.root);
    let read = read_certificate(root, &credential.signer, &credential.certificate, now);
    Ok(read.is_ok_and(|(_, certificate)| {
        certificate.name == account.name && certificate.picture == picture_hash(&account.picture)
    }))
}

/// Keeps an organisation, where there is none.
pub fn found(
    transaction: &Transaction<'_>,
    root: SigningKey,
    signer: &[u8],
    revoked: &Revoked,
    now: Millis,
) -> Outcome<()> {
    if transaction.organisation()?.is_some() {
        return Ok(Err(Refusal::Founded));
    }
    let list = read_revoked(SignerKey(root), revoked, now);
    let said = read_signer(SignerKey(root), signer, now);
    let (list, said) = match list.and_then(|list| said.map(|said| (list, said))) {
        Ok(read) => read,
        Err(why) => return Ok(Err(Refusal::Signature(why))),
    };
    transaction.found(&root)?;
    transaction.keep_signer(&said.key, signer, said.until)?;
    transaction.keep_revoked(list.number, revoked)?;
    Ok(Ok(()))
}

/// Keeps one more signer.
pub fn add_signer(transaction: &Transaction<'_>, signer: &[u8], now: Millis) -> Outcome<()> {
    let Some(root) = transaction.organisation()? else {
        return Ok(Err(Refusal::NoOrganisation));
    };
    let said = match read_signer(SignerKey(root), signer, now) {
        Ok(said) => said,
        Err(why) => return Ok(Err(Refusal::Signature(why))),
    };
    transaction.keep_signer(&said.key, signer, said.until)?;
    Ok(Ok(()))
}

/// Keeps a certificate for the account that it names.
pub fn certify(
    transaction: &Transaction<'_>,
    signer: &[u8],
    certificate: &[u8],
    now: Millis,
) -> Outcome<()> {
    let Some(root) = transaction.organisation()? else {
        return Ok(Err(Refusal::NoOrganisation));
    };
    let said = match read_certificate(SignerKey(root), signer, certificate, now) {
        Ok((_, said)) => said,
        Err(why) => return Ok(Err(Refusal::Signature(why))),
    };
    if transaction.account(&said.name)?.is_none() {
        return Ok(Err(Refusal::UnknownSupporter));
    }
    transaction.keep_certificate(&KeptCertificate {
        key: said.key,
        supporter: said.name,
        signer: signer.to_owned(),
        statement: certificate.to_owned(),
        until: said.until,
    })?;
    Ok(Ok(()))
}

/// Keeps a newer revocation list.
pub fn revoke(transaction: &Transaction<'_>, revoked: &Revoked, now: Millis) -> Outcome<()> {
    let Some(root) = transaction.organisation()? else {
        return Ok(Err(Refusal::NoOrganisation));
    };
    let list = match read_revoked(SignerKey(root), revoked, now) {
        Ok(list) => list,
        Err(why) => return Ok(Err(Refusal::Signature(why))),
    };
    if transaction.keep_revoked(list.number, revoked)? {
        Ok(Ok(()))
    } else {
        Ok(Err(Refusal::Signature(Distrust::RolledBack)))
    }
}

/// Makes an account that is used for the first time with an invitation.
pub(crate) fn invite(
    transaction: &Transaction<'_>,
    name: &str,
    role: Role,
    hash: &[u8; 32],
    now: Millis,
) -> Outcome<()> {
    let Ok(account) = accounts::without_password(name, role) else {
        return Ok(Err(Refusal::BadText));
    };
    let known = transaction.account(name)?;
    // Whoever has not come yet can be invited anew.
    if known.is_some_and(|known| known.password != account.password) {
        return Ok(Err(Refusal::NameTaken));
    }
    if !transaction.add_account(&account, now)? {
        transaction.set_account(&account)?;
    }
    transaction.keep_invitation(hash, Some(name), role, now)?;
    Ok(Ok(()))
}

/// Keeps the first admin's invitation, if there is no admin.
pub(crate) fn invite_first(
    transaction: &Transaction<'_>,
    hash: &[u8; 32],
) -> Result<bool, Failure> {
    let accounts = transaction.accounts()?;
    if accounts.iter().any(|account| account.role == Role::Admin) {
        return Ok(false);
    }
    transaction.keep_invitation(hash, None, Role::Admin, clock::now())?;
    Ok(true)
}

/// Uses an invitation up; gives the account, which has this password's hash from now on.
pub(crate) fn use_invitation(
    transaction: &Transaction<'_>,
    hash: &[u8; 32],
    name: &str,
    password: &str,
    now: Millis,
) -> Outcome<Account> {
    let oldest = now.saturating_sub(INVITATION_LIFE);
    let Some(invited) = transaction.invitation(hash, oldest)? else {
        return Ok(Err(Refusal::Invitation));
    };
    let (name, first) = match &invited.supporter {
        Some(supporter) => (supporter.as_str(), false),
        None => (name, true),
    };
    let account = match accounts::without_password(name, invited.role) {
        Ok(account) => account,
        Err(AccountError::Name) => return Ok(Err(Refusal::BadText)),
        Err(_) => return Ok(Err(Refusal::Invitation)),
    };
    if first && !transaction.add_account(&account, now)? {
        return Ok(Err(Refusal::NameTaken));
    }
    let Some(mut account) = transaction.account(name)? else {
        return Ok(Err(Refusal::Invitation));
    };
    password.clone_into(&mut account.password);
    transaction.set_account(&account)?;
    transaction.drop_invitation(hash)?;
    Ok(Ok(account))
}
