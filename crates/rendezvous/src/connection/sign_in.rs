//! How a supporter proves who he is.

use aldis_store::Account;
use aldis_wire::Millis;
use aldis_wire::signal::{Answer, Refusal, Supporter, Token};
use sha2::{Digest as _, Sha256};

use super::{Talk, Who};
use crate::{accounts, clock, random};

/// A token that was not used for this long is forgotten: 30 days.
const TOKEN_LIFE: Millis = 30 * 24 * 60 * 60 * 1000;

impl Talk {
    pub(super) async fn sign_in(
        &mut self,
        name: String,
        password: String,
    ) -> Result<Answer, Refusal> {
        self.slow_down().await;
        let wanted = name.clone();
        let account = self
            .read(move |transaction| transaction.account(&wanted))
            .await?;
        // Few at once: each takes 19 MiB and a core for a while.
        let permit = self.shared.passwords.acquire().await;
        let (fits, account) = tokio::task::spawn_blocking(move || {
            (accounts::verify(account.as_ref(), &password), account)
        })
        .await
        .unwrap_or((false, None));
        drop(permit);
        match account {
            Some(account) if fits => {
                self.shared.throttle.succeeded(self.from, clock::now());
                self.admit(account).await
            }
            _ => {
                self.shared.throttle.failed(self.from, clock::now());
                Err(Refusal::Credentials)
            }
        }
    }

    /// Whoever has shown that the account is his gets a token for the next time.
    pub(super) async fn admit(&mut self, account: Account) -> Result<Answer, Refusal> {
        let token: Token = random::bytes();
        let (hash, now) = (Sha256::digest(token).into(), clock::now());
        let name = account.name.clone();
        self.keep(move |transaction| transaction.add_token(&hash, &name, now))
            .await?;
        Ok(self.signed_in(token, account).await)
    }

    pub(super) async fn resume(&mut self, token: Token) -> Result<Answer, Refusal> {
        let (hash, now) = (Sha256::digest(token).into(), clock::now());
        let oldest = now.saturating_sub(TOKEN_LIFE);
        let used = self
            .keep(move |transaction| transaction.use_token(&hash, oldest, now))
            .await;
        let account = match used {
            // Whoever has signed in stays so; that he came back is written down another time.
            Err(Refusal::DiskFull) => {
                self.read(move |transaction| transaction.token(&hash, oldest))
                    .await?
            }
            used => used?,
        };
        match account {
            Some(account) => Ok(self.signed_in(token, account).await),
            None => Err(Refusal::SignedOut),
        }
    }

    async fn signed_in(&mut self, token: Token, account: Account) -> Answer {
        self.token = Some(Sha256::digest(token).into());
        self.shared.people_changed().await;
        let supporter = Supporter {
            name: account.name,
            picture: account.picture,
        };
        self.who = Who::Supporter(supporter.clone());
        Answer::SignedIn {
            token,
            supporter,
            now: clock::now(),
        }
    }
}
