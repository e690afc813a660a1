//! An organisation for tests: it signs for whoever the test says, straight into a server's store.
#![expect(
    clippy::disallowed_methods,
    reason = "a test's organisation signs by the real clock"
)]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aldis_rendezvous::organisation;
use aldis_store::Store;
use aldis_trust::organisation::RevocationList;
use aldis_trust::{Fingerprint, Registrar, ServerName, Signature, SignerKey};
use aldis_wire::{KeyHash, Millis};
use anyhow::{Context as _, Result};

/// The organisation's name.
pub const NAME: &str = "Guild";

/// Of the keys of the organisation that servers keep.
const SEED: u8 = 7;

/// An organisation with its keys.
#[derive(Debug)]
pub struct Guild {
    registrar: Registrar,
}

impl Guild {
    /// Makes one, and has this store keep it.
    pub fn found(store: &Store) -> Result<Self> {
        let guild = Self::from_seed(SEED)?;
        let now = now()?;
        let list = guild
            .registrar
            .list_due(None, &RevocationList::default(), now)
            .context("a first list")?;
        let revoked = guild.registrar.revoke(&list)?;
        let (root, signer) = (guild.root().0, guild.registrar.statement().to_owned());
        store.run_blocking(move |transaction| {
            organisation::found(transaction, root, &signer, &revoked, now)
        })??;
        Ok(guild)
    }

    /// The one that [`open`] makes.
    pub fn ours() -> Result<Self> {
        Self::from_seed(SEED)
    }

    /// The organisation of this number, kept nowhere.
    pub fn from_seed(number: u8) -> Result<Self> {
        let root = Signature::from_seed([number; 32]).context("a root")?;
        let signer = Signature::from_seed([number ^ 0x80; 32]).context("a signer")?;
        let registrar = Registrar::appointed(&root, signer, NAME, "Olga", now()?)?;
        Ok(Self { registrar })
    }

    /// Its root.
    pub fn root(&self) -> SignerKey {
        self.registrar.root()
    }

    /// Whoever signs for it.
    pub fn registrar(&self) -> &Registrar {
        &self.registrar
    }

    /// The server's name with this organisation in it.
    pub fn named(&self, server: &ServerName) -> ServerName {
        ServerName {
            organisation: Some(self.root()),
            ..server.clone()
        }
    }

    /// Signs that this account, which has no picture, holds this key.
    pub fn certify(&self, store: &Store, name: &str, key: KeyHash) -> Result<()> {
        let now = now()?;
        let certificate = self.registrar.certify(key, name, &[], now)?;
        let signer = self.registrar.statement().to_owned();
        store.run_blocking(move |transaction| {
            organisation::certify(transaction, &signer, &certificate, now)
        })??;
        Ok(())
    }
}

/// The stores of this process, by the fingerprints of their servers.
static STORES: Mutex<BTreeMap<Fingerprint, Store>> = Mutex::new(BTreeMap::new());

/// Makes the organisation on a server with this store; gives the server's name with it.
pub fn open(server: &ServerName, store: &Store) -> Result<ServerName> {
    let guild = Guild::found(store)?;
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    stores.insert(server.fingerprint, store.clone());
    Ok(guild.named(server))
}

/// The store of a server that was opened here.
pub fn store(server: &ServerName) -> Result<Store> {
    let stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    let store = stores.get(&server.fingerprint).cloned();
    store.context("a server of ours")
}

/// Signs that this account of a server that was opened here holds this key.
pub fn certify(server: &ServerName, name: &str, key: KeyHash) -> Result<()> {
    Guild::ours()?.certify(&store(server)?, name, key)
}

/// The real time, in milliseconds since 1970.
pub fn now() -> Result<Millis> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(since.as_millis().try_into()?)
}
