//! How this supporter's app stands in its organisation.

use std::sync::Arc;

use aldis_trust::organisation::{LIST_STALE, WARN_BELOW, read_revoked};
use aldis_trust::sealed::SealError;
use aldis_trust::{Proven, SignerKey, verify};
use aldis_wire::signal::{Distrust, Enrolment, Issued, Refusal, Supporter, Trust};
use aldis_wire::{KeyHash, Millis};

use crate::office::OfficeError;

/// How this app stands, as of one moment.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What the server says; `None` until it has said something.
    pub told: Option<Arc<Trust>>,
    /// Who customers see, or why they will not believe it.
    pub proven: Option<Result<Proven, Distrust>>,
    /// The server shows another organisation than the one that this app knows.
    pub swapped: bool,
    /// This machine holds a signer's key.
    pub has_keys: bool,
    /// The key can be used now.
    pub is_open: bool,
    /// Who waits for a certificate, and whether this office has invited him.
    pub waiting: Arc<Vec<Waiting>>,
    /// Whose certificates count.
    pub issued: Arc<Vec<Issued>>,
    /// The keys that were revoked.
    pub revoked: Arc<Vec<KeyHash>>,
    /// The invitation that was made last, and for whom.
    pub invitation: Option<(String, String)>,
    /// Where the root's key lies, once an organisation was made here in this run.
    pub founded: Option<std::path::PathBuf>,
    /// Why the last thing that was wanted was not done.
    pub problem: Option<Problem>,
}

/// Why nothing was done for the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The server did not take it.
    Refused(Refusal),
    /// What was to be signed does not hold.
    Distrusted(Distrust),
    /// The passphrase is another one.
    Passphrase,
    /// The passphrase is too short.
    ShortPassphrase,
    /// A name is missing or too long.
    Name,
    /// The keys are on another machine, or locked.
    NoKeys,
    /// The system's words.
    System(String),
}

impl From<OfficeError> for Problem {
    fn from(error: OfficeError) -> Self {
        match error {
            OfficeError::Sealed(SealError::Short) => Self::ShortPassphrase,
            OfficeError::Sealed(_) => Self::Passphrase,
            OfficeError::Name => Self::Name,
            OfficeError::NoKeys | OfficeError::Locked => Self::NoKeys,
            OfficeError::Statement(why) => Self::Distrusted(why),
            other => Self::System(other.to_string()),
        }
    }
}

/// Somebody who waits for a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What is signed, if it is.
    pub enrolment: Enrolment,
    /// The request bears the mark of an invitation that was made here.
    pub invited: bool,
}

impl Standing {
    /// The organisation's name.
    pub fn organisation(&self) -> Option<&str> {
        match &self.proven {
            Some(Ok(proven)) => Some(&proven.organisation),
            _ => None,
        }
    }

    /// Whether there is no organisation yet, and this supporter may make one.
    pub fn may_found(&self) -> bool {
        let told = self.told.as_ref();
        told.is_some_and(|it| it.root.is_none() && it.office.is_some())
    }

    /// Whether customers will believe this app.
    pub fn is_proven(&self) -> bool {
        matches!(self.proven, Some(Ok(_)))
    }

    /// The certificate runs out within five days: how many are left.
    pub fn runs_out(&self, now: Millis) -> Option<u64> {
        let Some(Ok(proven)) = &self.proven else {
            return None;
        };
        let left = proven.until.saturating_sub(now);
        (left < WARN_BELOW).then_some(left / aldis_trust::organisation::DAY)
    }

    /// The revocation list has not been renewed for so many days.
    pub fn list_stale(&self) -> Option<u64> {
        let Some(Ok(proven)) = &self.proven else {
            return None;
        };
        let stale = proven.list_age > LIST_STALE;
        stale.then_some(proven.list_age / aldis_trust::organisation::DAY)
    }

    /// The server says how this app stands; `known` is the organisation that this app knows.
    pub(crate) fn hear(
        &mut self,
        trust: Trust,
        known: Option<SignerKey>,
        key: KeyHash,
        me: &Supporter,
        now: Millis,
    ) {
        let root = trust.root.map(SignerKey);
        self.swapped = known.is_some() && root != known;
        let about = (me.name.as_str(), me.picture.as_slice());
        let known = known.map(|root| aldis_trust::Known { root, list: 0 });
        let credential = trust.credential.as_ref();
        let proven = verify(credential, key, about, known.as_ref(), now);
        self.proven = Some(proven);
        if let Some(office) = &trust.office {
            self.issued = Arc::new(office.certificates.clone());
            let list = root.zip(office.revoked.as_ref());
            let list = list.and_then(|(root, revoked)| read_revoked(root, revoked, now).ok());
            self.revoked = Arc::new(list.map(|list| list.keys).unwrap_or_default());
        }
        self.told = Some(Arc::new(trust));
    }
}
