//! How a session is asked for, allowed, counted and ended.

use aldis_rendezvous::accounts::{self, AccountChange};
use aldis_wire::Code;
use aldis_wire::peer::Grant;
use aldis_wire::relay::Side;
use aldis_wire::signal::{Action, Case, Consent, Push, Refusal, Request, Status};

use crate::office::{App, Office, PASSWORD, yes};

/// A case of `eva`'s with its customer in it.
async fn waiting(office: &Office) -> (App, App, Code) {
    let eva = office.watcher("eva").await;
    let code = eva.new_case().await;
    let ana = office.customer(code, 1).await;
    (eva, ana, code)
}

#[tokio::test]
async fn line_18_the_customer_learns_who_asks_by_name_picture_and_key() {
    let office = Office::open().await;
    let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![9; 20_000]].concat();
    let change = AccountChange {
        picture: Some(picture.clone()),
        ..AccountChange::default()
    };
    office
        .administer(move |store| accounts::set(store, "eva", change))
        .await
        .unwrap();
    let (eva, mut ana, code) = waiting(&office).await;
    for view_only in [true, false] {
        let key = [u8::from(view_only); 32];
        eva.ask(Request::Connect {
            code,
            key,
            view_only,
        })
        .await
        .unwrap();
        let pick = |push| match push {
            Push::ConnectAsked {
                session,
                supporter,
                key,
                view_only,
                credential: _,
                relay: _,
            } => Some((session, supporter, key, view_only)),
            _ => None,
        };
        let (session, supporter, shown, seeing) = ana.pushed("the question", pick).await;
        assert_eq!(
            (supporter.name.as_str(), supporter.picture),
            ("eva", picture.clone())
        );
        assert_eq!((shown, seeing), (key, view_only));
        let answer = Consent::Declined { timed_out: false };
        ana.done(Request::AnswerConnect { session, answer }).await;
    }
}

#[tokio::test]
async fn line_74_the_customers_answer_reaches_the_supporter_who_asked() {
    let office = Office::open().await;
    let (mut eva, mut ana, code) = waiting(&office).await;
    let no = |timed_out| Consent::Declined { timed_out };
    for answer in [no(false), no(true), yes()] {
        let session = eva.connect(code).await.unwrap();
        assert_eq!(ana.asked().await, session);
        ana.done(Request::AnswerConnect {
            session,
            answer: answer.clone(),
        })
        .await;
        assert_eq!(eva.answered(session).await, answer);
    }
}

#[tokio::test]
async fn line_50_whoever_opens_the_app_is_in_the_queue_and_one_connects_with_no_more_than_that() {
    let office = Office::open().await;
    let mut eva = office.watcher("eva").await;
    let mut ana = office.app().await;
    let (own, _) = ana.join(None, 1, None).await.unwrap();
    let code = eva.waiting().await;
    assert_eq!(code, own.code);
    // The case may be told a moment before its customer's presence is.
    eva.case_pushed("Ana's case, Ana there", code, |case| case.customer_online)
        .await;
    // No id, no password, and nothing typed: the case in the queue is all that is needed.
    let session = eva.connect(code).await.unwrap();
    assert_eq!(ana.asked().await, session);
    ana.allow(session).await;
    assert_eq!(eva.answered(session).await, yes());
    ana.up(session).await.unwrap();
    let case = eva.show(code).await.unwrap();
    assert_eq!(
        (case.status, case.assignee.as_deref()),
        (Status::InProgress, Some("eva"))
    );
}

#[tokio::test]
async fn line_51_to_54_every_window_and_the_customer_see_each_status() {
    let office = Office::open().await;
    let (mut eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let code = eva.new_case().await;
    let mut ana = office.app().await;
    let mut session = None;
    for status in [
        Status::New,
        Status::Pending,
        Status::InProgress,
        Status::Pending,
        Status::InProgress,
        Status::Closed,
    ] {
        match (status, session) {
            (Status::Pending, None) => {
                let (own, _) = ana.join(Some(code), 1, None).await.unwrap();
                assert_eq!(own.status, Status::Pending);
            }
            (Status::InProgress, _) => {
                let asked = eva.connect(code).await.unwrap();
                ana.allow(asked).await;
                ana.up(asked).await.unwrap();
                session = Some(asked);
            }
            (Status::Pending, Some(runs)) => ana.down(runs).await,
            (Status::Closed, _) => {
                eva.close(code).await.unwrap();
            }
            (Status::New | Status::Expired, _) => {}
        }
        let is = |case: &Case| case.status == status;
        eva.case_pushed("the status at eva's", code, is).await;
        tom.case_pushed("the status at tom's", code, is).await;
        if session.is_some() {
            let own = |case: &aldis_wire::signal::OwnCase| case.status == status;
            ana.own_pushed("the status at Ana's", own).await;
        }
    }
}

#[tokio::test]
async fn each_side_gets_a_ticket_of_its_own_and_the_server_learns_no_address() {
    let office = Office::open().await;
    let (mut eva, mut ana, code) = waiting(&office).await;
    let session = eva.connect(code).await.unwrap();
    let theirs = ana.relay_of(session).await;
    let answer = Consent::Allowed {
        grant: Grant::View,
        key: [8; 32],
    };
    ana.done(Request::AnswerConnect { session, answer }).await;
    let ours = eva.relay_of_answer(session).await.unwrap();
    assert_eq!(ours.port, theirs.port);
    let sides = [theirs.ticket.side, ours.ticket.side];
    assert_eq!(sides, [Side::Host, Side::Viewer]);
    assert_eq!([theirs.ticket.session, ours.ticket.session], [session; 2]);
    assert_ne!(theirs.ticket.mac, ours.ticket.mac);
}

#[tokio::test]
async fn an_absent_a_busy_and_a_closed_case_are_told_apart() {
    let office = Office::open().await;
    let (eva, tom) = (office.supporter("eva").await, office.supporter("tom").await);
    let code = eva.new_case().await;
    assert_eq!(eva.connect(code).await, Err(Refusal::CustomerAbsent));
    let mut ana = office.customer(code, 1).await;
    let session = eva.connect(code).await.unwrap();
    let by = "eva".to_owned();
    assert_eq!(tom.connect(code).await, Err(Refusal::Taken { by }));
    eva.act(code, Action::Invite("tom".to_owned()))
        .await
        .unwrap();
    assert_eq!(
        tom.connect(code).await,
        Err(Refusal::Busy),
        "is being asked"
    );
    assert_eq!(ana.asked().await, session);
    ana.allow(session).await;
    assert_eq!(tom.connect(code).await, Err(Refusal::Busy), "is connecting");
    ana.up(session).await.unwrap();
    assert_eq!(eva.connect(code).await, Err(Refusal::Busy), "is in it");
    let session = tom.connect(code).await.unwrap();
    assert_eq!(ana.asked().await, session, "he may join");
    eva.close(code).await.unwrap();
    assert_eq!(tom.connect(code).await, Err(Refusal::Closed));
}

#[tokio::test]
async fn a_second_question_does_not_take_an_allowed_session_away() {
    let office = Office::open().await;
    let (eva, ana, code) = waiting(&office).await;
    let tom = office.supporter("tom").await;
    let session = eva.connect(code).await.unwrap();
    ana.allow(session).await;
    eva.act(code, Action::Invite("tom".to_owned()))
        .await
        .unwrap();
    // Tom asks in the moment between the yes and the connection.
    assert_eq!(tom.connect(code).await, Err(Refusal::Busy));
    assert!(ana.up(session).await.is_ok());
    let case = eva.show(code).await.unwrap();
    assert_eq!(
        (case.status, case.supporter.as_deref()),
        (Status::InProgress, Some("eva"))
    );
}

#[tokio::test]
async fn a_supporter_who_did_not_connect_after_all_may_ask_again() {
    let office = Office::open().await;
    let (mut eva, ana, code) = waiting(&office).await;
    let session = eva.connect(code).await.unwrap();
    ana.allow(session).await;
    eva.answered(session).await;
    // The customer's side has waited long enough for the connection.
    ana.down(session).await;
    let again = eva.connect(code).await.unwrap();
    assert_ne!(again, session);
    assert_eq!(
        ana.up(session).await,
        Err(Refusal::NotAllowed),
        "the first one is void"
    );
}

#[tokio::test]
async fn a_question_that_is_taken_back_is_told_to_the_customer() {
    let office = Office::open().await;
    let (eva, mut ana, code) = waiting(&office).await;
    let session = eva.connect(code).await.unwrap();
    eva.done(Request::CancelConnect { session }).await;
    ana.cancelled(session).await;
    let answer = yes();
    let late = ana.ask(Request::AnswerConnect { session, answer }).await;
    assert_eq!(late, Err(Refusal::NotAllowed));
    // Also after the yes, while the two sides are not connected yet.
    let session = eva.connect(code).await.unwrap();
    ana.allow(session).await;
    eva.done(Request::CancelConnect { session }).await;
    ana.cancelled(session).await;
    // And when the supporter's app is gone.
    let session = eva.connect(code).await.unwrap();
    drop(eva);
    ana.cancelled(session).await;
}

#[tokio::test]
async fn another_supporter_cannot_take_a_question_back() {
    let office = Office::open().await;
    let (mut eva, ana, code) = waiting(&office).await;
    let tom = office.supporter("tom").await;
    let session = eva.connect(code).await.unwrap();
    tom.done(Request::CancelConnect { session }).await;
    ana.allow(session).await;
    assert_eq!(eva.answered(session).await, yes());
}

#[tokio::test]
async fn a_customer_who_leaves_while_being_asked_has_not_answered() {
    let office = Office::open().await;
    let (mut eva, ana, code) = waiting(&office).await;
    let session = eva.connect(code).await.unwrap();
    drop(ana);
    assert_eq!(
        eva.answered(session).await,
        Consent::Declined { timed_out: true }
    );
}

#[tokio::test]
async fn a_customer_can_answer_and_start_only_what_was_asked_of_him() {
    let office = Office::open().await;
    let (eva, ana, code) = waiting(&office).await;
    let other = eva.new_case().await;
    let bob = office.customer(other, 2).await;
    let session = eva.connect(code).await.unwrap();
    let refused = Err(Refusal::NotAllowed);
    assert_eq!(ana.up(session).await, refused, "before the yes");
    let answer = Request::AnswerConnect {
        session,
        answer: yes(),
    };
    assert_eq!(bob.ask(answer).await, Err(Refusal::NotAllowed));
    assert_eq!(ana.up([3; 16]).await, refused);
    ana.allow(session).await;
    assert_eq!(bob.up(session).await, refused, "of another case");
    bob.down(session).await;
    assert!(ana.up(session).await.is_ok());
    bob.down(session).await;
    let case = eva.show(code).await.unwrap();
    assert_eq!(
        case.status,
        Status::InProgress,
        "another case's customer ends nothing"
    );
}

#[tokio::test]
async fn line_20_start_end_and_duration_are_told_by_the_servers_clock() {
    let office = Office::open().await;
    let (mut eva, ana, code) = waiting(&office).await;
    let mut starts = Vec::new();
    let mut ends = Vec::new();
    let mut earlier = server_now(&office, 0).await;
    for round in 0..2 {
        let session = eva.connect(code).await.unwrap();
        ana.allow(session).await;
        let at = ana.up(session).await.unwrap();
        assert!(
            at >= earlier,
            "session {round} started {at}, after {earlier}"
        );
        assert_eq!(ana.up(session).await, Ok(at), "said twice, started once");
        let runs = |case: &Case| case.status == Status::InProgress;
        let case = eva.case_pushed("the session", code, runs).await;
        assert_eq!(case.supporter.as_deref(), Some("eva"));
        starts.push(at);
        assert_eq!((case.started_at, case.ended_at), (Some(starts[0]), None));
        earlier = server_now(&office, at).await;
        ana.down(session).await;
        let over = |case: &Case| case.supporter.is_none();
        let case = eva.case_pushed("the session's end", code, over).await;
        assert_eq!(case.status, Status::Pending);
        let end = case.ended_at.unwrap();
        assert!(
            end >= earlier,
            "session {round} ended {end}, after {earlier}"
        );
        earlier = server_now(&office, end).await;
        ends.push(end);
        let lasted: u64 = ends
            .iter()
            .zip(&starts)
            .map(|(end, start)| end - start)
            .sum();
        assert_eq!((case.started_at, case.duration), (Some(starts[0]), lasted));
        assert!(lasted > 0);
    }
}

/// The server's clock, once it is past `after`.
async fn server_now(office: &Office, after: u64) -> u64 {
    loop {
        let (_, now) = office.app().await.sign_in("tom", PASSWORD).await.unwrap();
        if now > after {
            return now;
        }
    }
}

#[tokio::test]
async fn a_session_outlives_its_customers_connection_to_the_server() {
    let office = Office::open().await;
    let (mut eva, ana, code) = waiting(&office).await;
    let session = eva.connect(code).await.unwrap();
    ana.allow(session).await;
    let at = ana.up(session).await.unwrap();
    drop(ana);
    let lost = |case: &Case| !case.customer_online && case.supporter.is_some();
    let case = eva.case_pushed("the customer's loss", code, lost).await;
    assert_eq!((case.status, case.ended_at), (Status::InProgress, None));
    // Back in time, with the session still running: nothing has happened.
    let ana = office.app().await;
    let (case, _) = ana.join(Some(code), 1, Some(session)).await.unwrap();
    assert_eq!(case.status, Status::InProgress);
    let back = |case: &Case| case.customer_online && case.supporter.is_some();
    let case = eva.case_pushed("the customer's return", code, back).await;
    assert_eq!(case.started_at, Some(at));
    // Back without it: it is over.
    drop(ana);
    eva.case_pushed("the customer's second loss", code, lost)
        .await;
    let ana = office.app().await;
    let (case, now) = ana.join(Some(code), 1, None).await.unwrap();
    assert_eq!(case.status, Status::Pending);
    let case = eva.show(code).await.unwrap();
    assert_eq!(case.supporter, None);
    assert!(case.ended_at.is_some_and(|end| (at..=now).contains(&end)));
}

#[tokio::test]
async fn a_session_that_both_sides_have_lost_is_over_at_once() {
    let office = Office::open().await;
    let (mut eva, ana, code) = waiting(&office).await;
    let session = eva.connect(code).await.unwrap();
    ana.allow(session).await;
    let at = ana.up(session).await.unwrap();
    drop(ana);
    let lost = |case: &Case| !case.customer_online && case.supporter.is_some();
    eva.case_pushed("the customer's loss", code, lost).await;
    let tom = office.supporter("tom").await;
    assert_eq!(tom.connect(code).await, Err(Refusal::Busy));
    // Who helps there asks anew only when the link to the customer is gone as well.
    assert_eq!(eva.connect(code).await, Err(Refusal::CustomerAbsent));
    let over = |case: &Case| case.supporter.is_none();
    let case = eva.case_pushed("the end", code, over).await;
    assert_eq!(case.status, Status::Pending);
    // The customer's machine knows better: there it runs.
    let ana = office.app().await;
    let (case, _) = ana.join(Some(code), 1, Some(session)).await.unwrap();
    assert_eq!(case.status, Status::InProgress);
    assert_eq!(eva.show(code).await.unwrap().started_at, Some(at));
}

#[tokio::test]
async fn a_customer_who_leaves_in_order_ends_his_session_at_once() {
    let office = Office::open().await;
    let (mut eva, ana, code) = waiting(&office).await;
    let session = eva.connect(code).await.unwrap();
    ana.allow(session).await;
    ana.up(session).await.unwrap();
    let runs = |case: &Case| case.supporter.is_some();
    eva.case_pushed("the session", code, runs).await;
    ana.done(Request::Leave).await;
    let gone = |case: &Case| !case.customer_online && case.supporter.is_none();
    let case = eva.case_pushed("the end", code, gone).await;
    assert_eq!(case.status, Status::Pending);
}
