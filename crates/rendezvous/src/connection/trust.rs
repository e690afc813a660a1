//! What supporters and admins ask about the organisation.

use aldis_store::{Failure, Transaction};
use aldis_wire::KeyHash;
use aldis_wire::signal::{Answer, Refusal, Request, Role};
use sha2::{Digest as _, Sha256};

use super::Talk;
use crate::{accounts, clock, organisation};

impl Talk {
    /// A supporter's app says which key it has.
    pub(super) async fn enrol(
        &mut self,
        name: String,
        key: KeyHash,
        proof: Option<[u8; 32]>,
    ) -> Result<Answer, Refusal> {
        let (who, now) = (name.clone(), clock::now());
        let outcome = self
            .keep(move |transaction| {
                organisation::enrol(transaction, &who, key, proof.as_ref(), now)
            })
            .await?;
        let mailbox = self.mailbox.clone();
        self.shared.hub.enrolled(&name, key, mailbox);
        outcome?;
        let trust = self
            .read(move |transaction| organisation::trust(transaction, &name, key, now))
            .await?;
        self.shared.trust_changed().await;
        Ok(Answer::Trust(Box::new(trust)))
    }

    /// What only admins may ask.
    pub(super) async fn office(&self, name: String, request: Request) -> Result<Answer, Refusal> {
        let now = clock::now();
        self.keep(move |transaction| {
            let admin = transaction.account(&name)?;
            if admin.is_none_or(|account| account.role != Role::Admin) {
                return Ok(Err(Refusal::NotAllowed));
            }
            carry_out(transaction, request, now)
        })
        .await??;
        self.shared.trust_changed().await;
        self.shared.people_changed().await;
        Ok(Answer::Done)
    }

    /// The first use of an account.
    pub(super) async fn use_invitation(
        &mut self,
        ticket: [u8; 32],
        name: String,
        password: String,
    ) -> Result<Answer, Refusal> {
        self.slow_down().await;
        let permit = self.shared.passwords.acquire().await;
        let hashed = tokio::task::spawn_blocking(move || accounts::hash(&password)).await;
        drop(permit);
        let Ok(Ok(password)) = hashed else {
            return Err(Refusal::Password);
        };
        let (hash, now) = (Sha256::digest(ticket).into(), clock::now());
        let account = self
            .keep(move |transaction| {
                organisation::use_invitation(transaction, &hash, &name, &password, now)
            })
            .await?
            .inspect_err(|refusal| {
                if *refusal == Refusal::Invitation {
                    self.shared.throttle.failed(self.from, now);
                }
            })?;
        self.admit(account).await
    }
}

fn carry_out(
    transaction: &Transaction<'_>,
    request: Request,
    now: aldis_wire::Millis,
) -> Result<Result<(), Refusal>, Failure> {
    match request {
        Request::Found {
            root,
            signer,
            revoked,
        } => organisation::found(transaction, root, &signer, &revoked, now),
        Request::AddSigner(signer) => organisation::add_signer(transaction, &signer, now),
        Request::Certify {
            signer,
            certificate,
        } => organisation::certify(transaction, &signer, &certificate, now),
        Request::RefuseEnrolment(key) => Ok(transaction.drop_enrolment(&key).map(drop).map(Ok)?),
        Request::Revoke(revoked) => organisation::revoke(transaction, &revoked, now),
        Request::Invite { name, role, ticket } => {
            organisation::invite(transaction, &name, role, &ticket, now)
        }
        _ => Ok(Err(Refusal::NotAllowed)),
    }
}
