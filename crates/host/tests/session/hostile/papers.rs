//! Organisations with all their keys, and what a server says when a supporter asks.

use aldis_trust::organisation::RevocationList;
use aldis_trust::{Registrar, Signature, SignerKey};
use aldis_wire::relay::Relay;
use aldis_wire::signal::{Credential, Push, Revoked, Supporter};
use aldis_wire::{KeyHash, Millis, SessionId};

/// The name of every organisation here: a name is free to all.
const NAME: &str = "Guild";

/// An organisation.
pub(crate) struct Keys {
    pub(crate) root: Signature,
    pub(crate) registrar: Registrar,
}

impl Keys {
    /// The organisation of this number, whose signer was appointed then.
    pub(crate) fn of(number: u8, then: Millis) -> Self {
        let root = Signature::from_seed([number; 32]).unwrap();
        let registrar = signer(&root, number | 0x80, then);
        Self { root, registrar }
    }

    pub(crate) fn root(&self) -> SignerKey {
        self.root.public()
    }

    /// What makes the signer one.
    pub(crate) fn statement(&self) -> Vec<u8> {
        self.registrar.statement().to_owned()
    }

    /// A certificate.
    pub(crate) fn certify(&self, key: KeyHash, name: &str, picture: &[u8], at: Millis) -> Vec<u8> {
        self.registrar.certify(key, name, picture, at).unwrap()
    }

    /// A revocation list.
    pub(crate) fn revoke(&self, list: &RevocationList) -> Revoked {
        self.registrar.revoke(list).unwrap()
    }

    /// A chain with this certificate and this list.
    pub(crate) fn credential(&self, certificate: Vec<u8>, list: &RevocationList) -> Credential {
        Credential {
            root: self.root().0,
            signer: self.statement(),
            certificate,
            revoked: self.revoke(list),
        }
    }
}

/// A signer of this root.
pub(crate) fn signer(root: &Signature, number: u8, then: Millis) -> Registrar {
    let key = Signature::from_seed([number; 32]).unwrap();
    Registrar::appointed(root, key, NAME, "Olga", then).unwrap()
}

/// A list with nobody on it.
pub(crate) fn list(number: u64, at: Millis) -> RevocationList {
    RevocationList {
        number,
        at,
        ..RevocationList::default()
    }
}

/// What a server says of a supporter who asks.
#[derive(Clone)]
pub(crate) struct Papers {
    pub(crate) session: SessionId,
    pub(crate) supporter: Supporter,
    pub(crate) key: KeyHash,
    pub(crate) credential: Option<Credential>,
    pub(crate) relay: Relay,
}

impl Papers {
    /// The chain; what is done to it is the script's.
    pub(crate) fn chain(&mut self) -> &mut Credential {
        self.credential.as_mut().unwrap()
    }

    /// As it is told to the customer.
    pub(crate) fn asked(&self) -> Push {
        Push::ConnectAsked {
            session: self.session,
            supporter: self.supporter.clone(),
            key: self.key,
            credential: self.credential.clone().map(Box::new),
            view_only: false,
            relay: self.relay,
        }
    }
}
