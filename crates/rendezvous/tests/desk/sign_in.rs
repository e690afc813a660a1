//! Who is let in as a supporter, and for how long.

use std::time::Instant;

use aldis_rendezvous::accounts::{self, AccountChange};
use aldis_wire::signal::{Answer, Refusal, Request};

use crate::office::{Office, PASSWORD};

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_refused_in_the_same_words() {
    let office = Office::open().await;
    let app = office.app().await;
    let wrong = app.sign_in("eva", "wrong as rain").await;
    let unknown = app.sign_in("nobody", PASSWORD).await;
    assert_eq!(wrong, Err(Refusal::Credentials));
    assert_eq!(unknown, wrong);
    assert!(app.sign_in("eva", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn wrong_passwords_are_answered_ever_later_and_the_right_one_still_works() {
    let office = Office::open().await;
    let mut took = Vec::new();
    for _ in 0..5 {
        // Another connection makes no difference: it is the address that is slowed down.
        let app = office.app().await;
        let asked = now();
        let answer = app.sign_in("eva", "wrong as rain").await;
        took.push(now() - asked);
        assert_eq!(answer, Err(Refusal::Credentials));
    }
    assert!(took[4] > took[0], "{took:?}");
    let app = office.app().await;
    assert!(app.sign_in("eva", PASSWORD).await.is_ok());
    let asked = now();
    assert_eq!(
        office.app().await.sign_in("eva", "wrong").await,
        Err(Refusal::Credentials)
    );
    assert!(
        now() - asked < took[4],
        "who knew the password waits less again"
    );
}

#[tokio::test]
async fn a_token_signs_in_again_and_an_invented_one_does_not() {
    let office = Office::open().await;
    let (token, _) = office.app().await.sign_in("eva", PASSWORD).await.unwrap();
    for _ in 0..2 {
        let app = office.app().await;
        match app.ask(Request::Resume { token }).await.unwrap() {
            Answer::SignedIn {
                token: same,
                supporter,
                ..
            } => {
                assert_eq!((same, supporter.name.as_str()), (token, "eva"));
            }
            other => panic!("{other:?}"),
        }
        app.queue().await;
    }
    let app = office.app().await;
    let mut invented = token;
    invented[31] ^= 1;
    let answer = app.ask(Request::Resume { token: invented }).await;
    assert_eq!(answer, Err(Refusal::SignedOut));
    assert_eq!(app.ask(Request::ShowDesk).await, Err(Refusal::SignedOut));
}

#[tokio::test]
async fn signing_out_voids_the_token_and_ends_the_supporters_rights() {
    let office = Office::open().await;
    let app = office.app().await;
    let (token, _) = app.sign_in("eva", PASSWORD).await.unwrap();
    app.queue().await;
    app.done(Request::SignOut).await;
    assert_eq!(app.ask(Request::ShowDesk).await, Err(Refusal::SignedOut));
    let again = office.app().await.ask(Request::Resume { token }).await;
    assert_eq!(again, Err(Refusal::SignedOut));
}

#[tokio::test]
async fn a_new_password_voids_every_token_of_that_account_and_of_no_other() {
    let office = Office::open().await;
    let mut tokens = Vec::new();
    for name in ["eva", "eva", "tom"] {
        tokens.push(office.app().await.sign_in(name, PASSWORD).await.unwrap().0);
    }
    let change =
        |change: AccountChange| office.administer(move |store| accounts::set(store, "eva", change));
    let resume = async |token| office.app().await.ask(Request::Resume { token }).await;
    let role = Some("manager".to_owned());
    let other = AccountChange {
        role,
        ..AccountChange::default()
    };
    change(other).await.unwrap();
    assert!(resume(tokens[0]).await.is_ok(), "another change voids none");
    let password = Some("a new broom".to_owned());
    let new = AccountChange {
        password,
        ..AccountChange::default()
    };
    change(new).await.unwrap();
    assert_eq!(resume(tokens[0]).await, Err(Refusal::SignedOut));
    assert_eq!(resume(tokens[1]).await, Err(Refusal::SignedOut));
    assert!(resume(tokens[2]).await.is_ok());
    let app = office.app().await;
    assert_eq!(
        app.sign_in("eva", PASSWORD).await,
        Err(Refusal::Credentials)
    );
    assert!(app.sign_in("eva", "a new broom").await.is_ok());
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test measures how long an answer takes"
)]
fn now() -> Instant {
    Instant::now()
}
