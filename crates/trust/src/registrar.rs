//! An admin's app as the one who signs: a signer that the root has appointed.

use aldis_wire::signal::{Distrust, Enrolment, Issued, Revoked};
use aldis_wire::{KeyHash, Millis};

use crate::invitation;
use crate::organisation::{
    LIST_RENEWED, RENEW_BELOW, RevocationList, picture_hash, read_certificate, read_revoked,
    read_signer,
};
use crate::signed::{Signature, SignerKey};

/// A signer with its secret key.
#[derive(Debug)]
pub struct Registrar {
    root: SignerKey,
    signer: Signature,
    statement: Vec<u8>,
}

impl Registrar {
    /// A signer that this root appoints.
    pub fn appointed(
        root: &Signature,
        signer: Signature,
        organisation: &str,
        name: &str,
        now: Millis,
    ) -> Result<Self, Distrust> {
        let statement = root.appoint(organisation, signer.public(), name, now)?;
        let root = root.public();
        Ok(Self {
            root,
            signer,
            statement,
        })
    }

    /// A signer that was appointed before, with the statement that says so.
    pub fn resumed(
        root: SignerKey,
        signer: Signature,
        statement: Vec<u8>,
        now: Millis,
    ) -> Result<Self, Distrust> {
        let said = read_signer(root, &statement, now)?;
        if said.key != signer.public().0 {
            return Err(Distrust::OtherKey);
        }
        Ok(Self {
            root,
            signer,
            statement,
        })
    }

    /// The organisation's root.
    pub fn root(&self) -> SignerKey {
        self.root
    }

    /// The signer's own statement.
    pub fn statement(&self) -> &[u8] {
        &self.statement
    }

    /// A certificate.
    pub fn certify(
        &self,
        key: KeyHash,
        name: &str,
        picture: &[u8],
        now: Millis,
    ) -> Result<Vec<u8>, Distrust> {
        self.signer.certify(key, name, picture, now)
    }

    /// A revocation list.
    pub fn revoke(&self, list: &RevocationList) -> Result<Revoked, Distrust> {
        Ok(Revoked {
            signer: self.statement.clone(),
            list: self.signer.revoke(list)?,
        })
    }

    /// All that is revoked as far as this app knows: what the server shows now, and what was known
    /// before. A server that shows an older list than there was, or none, undoes nothing by it.
    pub fn all_revoked(
        &self,
        shown: Option<&Revoked>,
        known: &RevocationList,
        now: Millis,
    ) -> Result<RevocationList, Distrust> {
        let shown = shown.map(|it| read_revoked(self.root, it, now));
        let mut all = shown.transpose()?.unwrap_or_default();
        for key in &known.keys {
            if !all.keys.contains(key) {
                all.keys.push(*key);
            }
        }
        for signer in &known.signers {
            if !all.signers.contains(signer) {
                all.signers.push(*signer);
            }
        }
        if known.number > all.number {
            (all.number, all.at) = (known.number, known.at);
        }
        Ok(all)
    }

    /// The list that is due in the place of the one that the server shows: of all that is revoked,
    /// where that one lacks something or grows old; `None` where it does not.
    pub fn list_due(
        &self,
        shown: Option<&Revoked>,
        all: &RevocationList,
        now: Millis,
    ) -> Option<RevocationList> {
        let shown = shown.and_then(|it| read_revoked(self.root, it, now).ok());
        let lacks = shown.is_none_or(|it| {
            it.number < all.number || it.keys != all.keys || it.signers != all.signers
        });
        let old = now.saturating_sub(all.at) > LIST_RENEWED;
        (lacks || old).then(|| RevocationList {
            number: all.number.saturating_add(1),
            at: now,
            ..all.clone()
        })
    }

    /// A certificate in the place of one that runs out: for the same key, name and picture, and
    /// only where the organisation has vouched for these before.
    ///
    /// `None` where nothing is due, or where a person must look first.
    pub fn renewal(
        &self,
        issued: &Issued,
        all: &RevocationList,
        now: Millis,
    ) -> Option<(KeyHash, Vec<u8>)> {
        let chain = read_certificate(self.root, &issued.signer, &issued.certificate, now);
        let (signer, certificate) = chain.ok()?;
        let gone = all.keys.contains(&certificate.key) || all.signers.contains(&signer.key);
        let same =
            certificate.name == issued.name && certificate.picture == picture_hash(&issued.picture);
        let due = certificate.until.saturating_sub(now) < RENEW_BELOW;
        if gone || !same || !due {
            return None;
        }
        let renewed = self.certify(certificate.key, &issued.name, &issued.picture, now);
        Some((certificate.key, renewed.ok()?))
    }
}

/// Whether a request comes from the app of the one who was given this secret.
pub fn is_invited(enrolment: &Enrolment, secret: &[u8; 32]) -> bool {
    let Enrolment {
        name,
        picture,
        key,
        proof,
        at: _,
    } = enrolment;
    proof.as_ref() == Some(&invitation::proof(secret, *key, name, picture))
}
