//! A server that was taken over: what it says of a supporter is nothing without a signature.
//!
//! Each script puts into the server's own store what the real server would not take.

use aldis_guild::Guild;
use aldis_host::{Choice, Notice, Stage};
use aldis_rendezvous::accounts::{self, AccountChange};
use aldis_store::KeptCertificate;
use aldis_trust::ServerName;
use aldis_trust::organisation::{CERTIFICATE_LIFE, RevocationList};
use aldis_wire::peer::ToViewer;
use aldis_wire::signal::Distrust;
use aldis_wire::{KeyHash, Millis};

use crate::customer::Customer;
use crate::stage::{Office, on_stage, soon};
use crate::supporter::Supporter;

/// What the server does before eva asks; her right certificate is in its store.
type Script = fn(&ServerName, KeyHash, Millis);

/// Keeps a certificate unseen: this one, by that organisation, for eva's key.
fn slip(server: &ServerName, guild: &Guild, certificate: Vec<u8>, eva: KeyHash) {
    let kept = KeptCertificate {
        key: eva,
        supporter: "eva".to_owned(),
        signer: guild.registrar().statement().to_owned(),
        statement: certificate,
        until: Millis::MAX >> 1,
    };
    let store = aldis_guild::store(server).unwrap();
    let keep =
        move |transaction: &aldis_store::Transaction<'_>| transaction.keep_certificate(&kept);
    store.run_blocking(keep).unwrap();
}

/// Keeps a revocation list of ours unseen.
fn list(server: &ServerName, list: &RevocationList) {
    let revoked = Guild::ours().unwrap().registrar().revoke(list).unwrap();
    let (store, number) = (aldis_guild::store(server).unwrap(), list.number);
    let keep = move |transaction: &aldis_store::Transaction<'_>| {
        transaction.keep_revoked(number, &revoked)
    };
    assert!(store.run_blocking(keep).unwrap());
}

const SCRIPTS: [(&str, Distrust, Script); 9] = [
    (
        "another key's certificate",
        Distrust::OtherKey,
        |server, eva, now| {
            let guild = Guild::ours().unwrap();
            let other = guild.registrar().certify([9; 32], "eva", b"", now);
            slip(server, &guild, other.unwrap(), eva);
        },
    ),
    ("another name", Distrust::OtherName, |server, eva, now| {
        let guild = Guild::ours().unwrap();
        let other = guild.registrar().certify(eva, "Eva", b"", now);
        slip(server, &guild, other.unwrap(), eva);
    }),
    ("another picture", Distrust::OtherPicture, |server, _, _| {
        let change = AccountChange {
            picture: Some(b"\x89PNG\r\n\x1a\n".to_vec()),
            ..AccountChange::default()
        };
        accounts::set(&aldis_guild::store(server).unwrap(), "eva", change).unwrap();
    }),
    (
        "another organisation's signature",
        Distrust::Forged,
        |server, eva, now| {
            let theirs = Guild::from_seed(3).unwrap();
            let forged = theirs.registrar().certify(eva, "eva", b"", now);
            slip(server, &theirs, forged.unwrap(), eva);
        },
    ),
    (
        "another signer than the one named",
        Distrust::Forged,
        |server, eva, now| {
            let theirs = Guild::from_seed(3).unwrap();
            let forged = theirs.registrar().certify(eva, "eva", b"", now);
            slip(server, &Guild::ours().unwrap(), forged.unwrap(), eva);
        },
    ),
    (
        "a signer's statement as a certificate",
        Distrust::Forged,
        |server, eva, _| {
            let guild = Guild::ours().unwrap();
            let statement = guild.registrar().statement().to_owned();
            slip(server, &guild, statement, eva);
        },
    ),
    (
        "an old certificate",
        Distrust::Expired,
        |server, eva, now| {
            let guild = Guild::ours().unwrap();
            let long_ago = now - CERTIFICATE_LIFE;
            let old = guild.registrar().certify(eva, "eva", b"", long_ago);
            slip(server, &guild, old.unwrap(), eva);
        },
    ),
    ("a revoked key", Distrust::Revoked, |server, eva, now| {
        let keys = vec![eva];
        let revoked = RevocationList {
            number: 2,
            at: now,
            keys,
            ..RevocationList::default()
        };
        list(server, &revoked);
    }),
    (
        "a list that was withheld for long",
        Distrust::OldList,
        |server, _, now| {
            let at = now - aldis_trust::organisation::LIST_LIFE - 1000;
            list(
                server,
                &RevocationList {
                    number: 2,
                    at,
                    ..RevocationList::default()
                },
            );
        },
    ),
];

#[test]
fn nobody_is_even_asked_about_a_supporter_whose_signature_does_not_hold() {
    let name = "distrust::nobody_is_even_asked_about_a_supporter_whose_signature_does_not_hold";
    on_stage(name, async || {
        for (what, why, script) in SCRIPTS {
            let office = Office::open().await;
            let mut eva = Supporter::sign_in(&office.name).await;
            let (server, key) = (office.name.clone(), eva.key());
            let now = aldis_guild::now().unwrap();
            let play = move || script(&server, key, now);
            tokio::task::spawn_blocking(play).await.unwrap();
            if why == Distrust::OtherPicture {
                // The server tells of the account as it was when she signed in.
                eva = Supporter::come_back(eva, &office.name).await;
            }
            let code = eva.new_case().await;
            let customer = Customer::waiting(&office.name, code).await;
            let session = eva.ask(code).await;
            assert_eq!(eva.distrusted(session).await, why, "{what}");
            let told = |view: &aldis_host::View| {
                assert!(!matches!(view.stage, Stage::Asked { .. }), "{what}: asked");
                view.notice == Some(Notice::Distrusted(why))
            };
            customer.until(what, told).await;
        }
    });
}

#[test]
fn a_viewer_that_shows_another_number_than_it_was_bound_to_is_sent_away() {
    let name = "distrust::a_viewer_that_shows_another_number_than_it_was_bound_to_is_sent_away";
    on_stage(name, async || {
        let office = Office::open().await;
        let mut eva = Supporter::sign_in(&office.name).await;
        let code = eva.new_case().await;
        // An app that knows no organisation yet.
        let bare = ServerName {
            organisation: None,
            ..office.name.clone()
        };
        let customer = Customer::waiting(&bare, code).await;
        let session = eva.ask(code).await;
        customer.choose(Choice::Allow).await;
        let door = eva.allowed(session).await;
        let mut visit = eva.enter_with(&door, [1; 32], [2; 32]).await;
        let answer = soon("the end", visit.next()).await;
        assert!(
            !matches!(answer, Some(ToViewer::Welcome { .. })),
            "{answer:?}"
        );
        // Whoever could try again unseen would find digits that fit.
        let told = |view: &aldis_host::View| {
            view.notice == Some(Notice::Distrusted(Distrust::Digits))
                && view.stage == Stage::Waiting
        };
        customer.until("the word about it", told).await;
        let again = eva.ask(code).await;
        customer.choose(Choice::Decline).await;
        assert_ne!(again, session);
    });
}
