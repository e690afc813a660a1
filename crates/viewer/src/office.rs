//! An admin's office: the keys that sign for the organisation, and what is done with them.
//!
//! The keys lie in two files under a passphrase. The root's is needed only to appoint a signer, so
//! it can be kept elsewhere once it has made one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aldis_platform::private_file::{self, PrivateFileError};
use aldis_trust::organisation::RevocationList;
use aldis_trust::sealed::{self, SealError};
use aldis_trust::{Invitation, Registrar, ServerName, Signature, SignerKey, is_invited};
use aldis_wire::signal::{
    Distrust, Enrolment, Request, Revoked, Role, SigningKey, Supporter, Trust,
};
use aldis_wire::{KeyHash, Millis};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The signer's key.
const SIGNER: &str = "signer.key";

/// The root's key, which an admin should keep a copy of elsewhere.
pub const ROOT: &str = "organisation.key";

/// The secrets of invitations that were given away.
const INVITED: &str = "invited.json";

/// All that this office knows to be revoked, whatever the server says of it.
const REVOKED: &str = "revoked.json";

/// The office cannot do that.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OfficeError {
    /// The keys lie on another machine.
    #[error(
        "this computer does not hold the organisation's keys; use the admin's computer, or restore \
         them from the copy"
    )]
    NoKeys,
    /// There are keys already.
    #[error("this computer holds an organisation's keys already ({}); move them away first", .0.display())]
    Keys(PathBuf),
    /// The passphrase was not given yet.
    #[error("the organisation's keys are locked; unlock them with the passphrase first")]
    Locked,
    /// The passphrase is no good.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// A key file cannot be read or written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// A statement does not hold.
    #[error(transparent)]
    Statement(#[from] Distrust),
    /// What was known to be revoked cannot be read.
    #[error(
        "the list of revoked supporters on this computer is damaged ({}); move it away, and revoke \
         again whoever is no longer shown as revoked", .0.display()
    )]
    Damaged(PathBuf),
    /// The organisation's or a person's name is empty.
    #[error("a name must have 1 to 80 characters")]
    Name,
    /// The one who was meant is not there any more.
    #[error("nobody waits with this name; look at the list again")]
    Nobody,
    /// The system gives no randomness.
    #[error("the system gives no random numbers, without which no key can be made")]
    Randomness,
}

/// What the two key files hold, under the passphrase.
#[derive(Serialize, Deserialize)]
struct Kept {
    organisation: String,
    root: SigningKey,
    seed: [u8; 32],
    statement: Vec<u8>,
}

/// The office on this machine.
#[derive(Debug)]
pub struct Office {
    folder: PathBuf,
    registrar: Option<Registrar>,
}

impl Office {
    /// The office whose keys are in this folder, locked.
    pub fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            registrar: None,
        }
    }

    /// Whether this machine holds a signer's key.
    pub fn has_keys(&self) -> bool {
        self.folder.join(SIGNER).exists()
    }

    /// Whether the keys can be used now.
    pub fn is_open(&self) -> bool {
        self.registrar.is_some()
    }

    /// Where the root's key lies, to be copied.
    pub fn root_file(&self) -> PathBuf {
        self.folder.join(ROOT)
    }

    /// Makes an organisation: root and signer, and what the server is to keep of them.
    pub fn found(
        &mut self,
        organisation: &str,
        me: &str,
        passphrase: &str,
        now: Millis,
    ) -> Result<Request, OfficeError> {
        let organisation = organisation.trim();
        if organisation.is_empty() || organisation.chars().count() > aldis_wire::signal::MAX_NAME {
            return Err(OfficeError::Name);
        }
        for file in [SIGNER, ROOT].map(|name| self.folder.join(name)) {
            if file.exists() {
                return Err(OfficeError::Keys(file));
            }
        }
        let root = new_key()?;
        let kept = Kept {
            organisation: organisation.to_owned(),
            root: root.public().0,
            seed: *root.seed(),
            statement: Vec::new(),
        };
        self.write(ROOT, passphrase, &kept)?;
        let registrar = self.appoint(&root, organisation, me, passphrase, now)?;
        let revoked = first_list(&registrar, now)?;
        let request = Request::Found {
            root: registrar.root().0,
            signer: registrar.statement().to_owned(),
            revoked,
        };
        self.registrar = Some(registrar);
        Ok(request)
    }

    /// Brings the root's key to this machine from its copy, and makes a signer here.
    pub fn restore(
        &mut self,
        copy: &Path,
        me: &str,
        passphrase: &str,
        now: Millis,
    ) -> Result<Request, OfficeError> {
        let bytes = private_file::read(copy)?;
        let kept = read(&bytes, passphrase)?;
        let root = Signature::from_seed(kept.seed).ok_or(SealError::Wrong)?;
        if self.root_file() != copy {
            private_file::write(&self.root_file(), &bytes)?;
        }
        let registrar = self.appoint(&root, &kept.organisation, me, passphrase, now)?;
        let request = Request::AddSigner(registrar.statement().to_owned());
        self.registrar = Some(registrar);
        Ok(request)
    }

    fn appoint(
        &self,
        root: &Signature,
        organisation: &str,
        me: &str,
        passphrase: &str,
        now: Millis,
    ) -> Result<Registrar, OfficeError> {
        let signer = new_key()?;
        let seed = *signer.seed();
        let registrar = Registrar::appointed(root, signer, organisation, me, now)?;
        let kept = Kept {
            organisation: organisation.to_owned(),
            root: registrar.root().0,
            seed,
            statement: registrar.statement().to_owned(),
        };
        self.write(SIGNER, passphrase, &kept)?;
        Ok(registrar)
    }

    /// Makes the keys usable until the app ends.
    pub fn unlock(&mut self, passphrase: &str, now: Millis) -> Result<(), OfficeError> {
        let bytes = match private_file::read(&self.folder.join(SIGNER)) {
            Err(PrivateFileError::Missing(_)) => return Err(OfficeError::NoKeys),
            bytes => bytes?,
        };
        let kept = read(&bytes, passphrase)?;
        let signer = Signature::from_seed(kept.seed).ok_or(SealError::Wrong)?;
        let root = SignerKey(kept.root);
        self.registrar = Some(Registrar::resumed(root, signer, kept.statement, now)?);
        Ok(())
    }

    /// What is due without anybody's looking at it: this app's own certificate, certificates that
    /// run out, and the revocation list.
    ///
    /// `own` is the key of this app, and `me` who is signed in.
    pub fn duties(&self, trust: &Trust, own: KeyHash, me: &Supporter, now: Millis) -> Vec<Request> {
        let (Ok(registrar), Some(office)) = (self.registrar(trust), &trust.office) else {
            return Vec::new();
        };
        let Ok(all) = self.all_revoked(registrar, office, now) else {
            return Vec::new();
        };
        let mut due = Vec::new();
        if let Some(list) = registrar.list_due(office.revoked.as_ref(), &all, now)
            && let Ok(revoked) = registrar.revoke(&list)
            && self.remember(&list).is_ok()
        {
            due.push(Request::Revoke(revoked));
        }
        let certify = |key, name: &str, picture: &[u8]| {
            let certificate = registrar.certify(key, name, picture, now).ok()?;
            Some(Request::Certify {
                signer: registrar.statement().to_owned(),
                certificate,
            })
        };
        // Nobody looks at it before it is signed, so it says no more than the window shows anyway.
        let is_own =
            |it: &&Enrolment| it.key == own && it.name == me.name && it.picture == me.picture;
        let own = office.enrolments.iter().filter(is_own);
        due.extend(own.filter_map(|it| certify(it.key, &it.name, &it.picture)));
        for issued in &office.certificates {
            if let Some((_, certificate)) = registrar.renewal(issued, &all, now) {
                due.push(Request::Certify {
                    signer: registrar.statement().to_owned(),
                    certificate,
                });
            }
        }
        due
    }

    /// Certifies one who waits, exactly as the admin was shown him.
    pub fn approve(
        &self,
        trust: &Trust,
        shown: &Enrolment,
        now: Millis,
    ) -> Result<Request, OfficeError> {
        let registrar = self.registrar(trust)?;
        Ok(Request::Certify {
            signer: registrar.statement().to_owned(),
            certificate: registrar.certify(shown.key, &shown.name, &shown.picture, now)?,
        })
    }

    /// Makes a key worth nothing.
    pub fn revoke(&self, trust: &Trust, key: KeyHash, now: Millis) -> Result<Request, OfficeError> {
        let registrar = self.registrar(trust)?;
        let office = trust.office.as_ref().ok_or(OfficeError::Nobody)?;
        let all = self.all_revoked(registrar, office, now)?;
        let list = all.with(key, now);
        let revoked = registrar.revoke(&list)?;
        self.remember(&list)?;
        Ok(Request::Revoke(revoked))
    }

    /// Invites a new supporter: what the server is asked, and what the supporter is sent.
    pub fn invite(
        &self,
        trust: &Trust,
        server: &ServerName,
        name: &str,
        role: Role,
    ) -> Result<(Request, Invitation), OfficeError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(OfficeError::Name);
        }
        let root = self.registrar(trust)?.root();
        let invitation = Invitation {
            server: ServerName {
                organisation: Some(root),
                ..server.clone()
            },
            secret: random()?,
        };
        let mut invited = self.invited();
        invited.insert(name.to_owned(), invitation.secret);
        let bytes = serde_json::to_vec(&invited).unwrap_or_default();
        private_file::write(&self.folder.join(INVITED), &bytes)?;
        let request = Request::Invite {
            name: name.to_owned(),
            role,
            ticket: Sha256::digest(invitation.ticket()).into(),
        };
        Ok((request, invitation))
    }

    /// Whether this request is shown to be from whom this office has invited.
    pub fn has_invited(&self, enrolment: &Enrolment) -> bool {
        let invited = self.invited();
        let secret = invited.get(&enrolment.name);
        secret.is_some_and(|secret| is_invited(enrolment, secret))
    }

    /// What the server shows to be revoked, and what was known here before: whoever was revoked once
    /// stays so, even where the server goes back to a list from before that.
    fn all_revoked(
        &self,
        registrar: &Registrar,
        office: &aldis_wire::signal::Office,
        now: Millis,
    ) -> Result<RevocationList, OfficeError> {
        let path = self.folder.join(REVOKED);
        let known: RevocationList = match private_file::read(&path) {
            Err(PrivateFileError::Missing(_)) => RevocationList::default(),
            bytes => serde_json::from_slice(&bytes?).or(Err(OfficeError::Damaged(path)))?,
        };
        let all = registrar.all_revoked(office.revoked.as_ref(), &known, now)?;
        if all != known {
            self.remember(&all)?;
        }
        Ok(all)
    }

    fn remember(&self, all: &RevocationList) -> Result<(), OfficeError> {
        let bytes = serde_json::to_vec(all).unwrap_or_default();
        Ok(private_file::write(&self.folder.join(REVOKED), &bytes)?)
    }

    fn invited(&self) -> BTreeMap<String, [u8; 32]> {
        let bytes = private_file::read(&self.folder.join(INVITED));
        let known = bytes
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        known.unwrap_or_default()
    }

    /// The signer, if it may sign for the organisation that the server keeps.
    fn registrar(&self, trust: &Trust) -> Result<&Registrar, OfficeError> {
        if !self.has_keys() {
            return Err(OfficeError::NoKeys);
        }
        let registrar = self.registrar.as_ref().ok_or(OfficeError::Locked)?;
        if trust.root != Some(registrar.root().0) {
            return Err(Distrust::OtherOrganisation.into());
        }
        Ok(registrar)
    }

    fn write(&self, name: &str, passphrase: &str, kept: &Kept) -> Result<(), OfficeError> {
        let plain = serde_json::to_vec(kept).unwrap_or_default();
        let sealed = sealed::seal(passphrase, random()?, &plain)?;
        Ok(private_file::write(&self.folder.join(name), &sealed)?)
    }
}

/// The first revocation list, with nobody on it.
fn first_list(registrar: &Registrar, now: Millis) -> Result<Revoked, OfficeError> {
    let nobody = RevocationList::default();
    let list = registrar.list_due(None, &nobody, now).unwrap_or_default();
    Ok(registrar.revoke(&list)?)
}

fn read(bytes: &[u8], passphrase: &str) -> Result<Kept, OfficeError> {
    let plain = sealed::open(passphrase, bytes)?;
    serde_json::from_slice(&plain).map_err(|_damaged| SealError::Wrong.into())
}

fn new_key() -> Result<Signature, OfficeError> {
    Signature::from_seed(random()?).ok_or(OfficeError::Randomness)
}

fn random<const N: usize>() -> Result<[u8; N], OfficeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).or(Err(OfficeError::Randomness))?;
    Ok(bytes)
}
