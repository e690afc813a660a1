//! Which organisations this machine believes.

use aldis_trust::organisation::{DAY, read_revoked};
use aldis_trust::{Known, Proven, SignerKey, verify};
use aldis_wire::signal::{Credential, Distrust, Supporter};
use aldis_wire::{KeyHash, Millis};

/// The most organisations that are remembered; of more, the ones met last.
const MOST: usize = 100;

/// What is known before anybody asks, and what is learnt from those who do.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    /// The only one that counts, if this app was made for it or the link to the server names it.
    only: Option<SignerKey>,
    met: Vec<Known>,
}

impl Anchors {
    pub(crate) fn new(only: Option<SignerKey>, met: Vec<Known>) -> Self {
        Self { only, met }
    }

    /// Who asks, and whether his organisation is new here.
    pub(crate) fn judge(
        &mut self,
        credential: Option<&Credential>,
        key: KeyHash,
        supporter: &Supporter,
        now: Millis,
    ) -> Result<(Proven, bool), Distrust> {
        let root = credential.map(|credential| SignerKey(credential.root));
        let met = |root| self.met.iter().find(|known| known.root == root).cloned();
        let known = match (self.only, root) {
            (Some(only), _) => Some(met(only).unwrap_or(Known {
                root: only,
                list: 0,
            })),
            (None, Some(root)) => met(root),
            (None, None) => None,
        };
        if let (Some(known), Some(credential)) = (&known, credential)
            && let Ok(list) = read_revoked(known.root, &credential.revoked, now)
            && list.at <= now.saturating_add(DAY)
        {
            // Also of a supporter who is not let in: it may be the list that says so.
            self.meet(known.root, list.number);
        }
        let about = (supporter.name.as_str(), supporter.picture.as_slice());
        let proven = verify(credential, key, about, known.as_ref(), now)?;
        Ok((proven, known.is_none()))
    }

    /// This organisation is known from now on, and this list of what it has revoked.
    pub(crate) fn meet(&mut self, root: SignerKey, list: u64) {
        let older = self.met.iter().position(|known| known.root == root);
        let older = older.map_or(0, |place| self.met.remove(place).list);
        if self.met.len() >= MOST {
            self.met.remove(0);
        }
        let list = list.max(older);
        self.met.push(Known { root, list });
    }

    /// For the next time.
    pub(crate) fn met(&self) -> &[Known] {
        &self.met
    }
}
