//! The key that an app or a server is known by.

use aldis_wire::KeyHash;
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use thiserror::Error;

/// An Ed25519 key, and a certificate that does nothing but carry it.
pub struct Identity {
    key: KeyPair,
    certificate: CertificateDer<'static>,
    hash: KeyHash,
}

/// The key cannot be made or read.
#[derive(Debug, Error)]
#[error("the key is damaged; restore it from a backup, or remove it to get a new one")]
pub struct IdentityError;

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// Makes a new key from the system's randomness.
    pub fn generate() -> Result<Self, IdentityError> {
        Self::new(KeyPair::generate_for(&PKCS_ED25519).map_err(|_rcgen| IdentityError)?)
    }

    /// Reads a key that [`to_pkcs8`](Self::to_pkcs8) wrote.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, IdentityError> {
        let der = PrivatePkcs8KeyDer::from(bytes);
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519);
        Self::new(key.map_err(|_rcgen| IdentityError)?)
    }

    fn new(key: KeyPair) -> Result<Self, IdentityError> {
        let certificate = CertificateParams::new(["aldis".to_owned()])
            .and_then(|params| params.self_signed(&key))
            .map_err(|_rcgen| IdentityError)?
            .der()
            .clone();
        let hash = aldis_trust::key_hash(&certificate).map_err(|_rustls| IdentityError)?;
        Ok(Self {
            key,
            certificate,
            hash,
        })
    }

    /// The secret key, for a file that only its owner can read.
    pub fn to_pkcs8(&self) -> Vec<u8> {
        self.key.serialize_der()
    }

    /// The hash of the public key: the name by which others know it.
    pub fn hash(&self) -> KeyHash {
        self.hash
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.clone()]
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()))
    }
}
