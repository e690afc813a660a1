//! The life of a case, and who hears of it.

use std::collections::BTreeSet;

use aldis_rendezvous::accounts::AccountChange;
use aldis_wire::Code;
use aldis_wire::signal::{
    Action, Availability, Draft, NewPlace, Origin, Place, Refusal, Request, Search, Source, Status,
};

use crate::office::{Office, draft};

/// Enough cases that two of the same code would not be mere bad luck.
const MANY: usize = 100;

#[tokio::test]
async fn line_12_a_case_is_found_by_s_and_eight_digits_however_they_are_typed() {
    let office = Office::open().await;
    let eva = office.supporter("eva").await;
    let code = eva.new_case().await;
    let shown = code.to_string();
    let (letter, digits) = shown.split_at(1);
    let groups: Vec<usize> = digits.split('-').map(str::len).collect();
    assert_eq!(
        (letter, groups.as_slice()),
        ("s", &[2, 3, 3][..]),
        "{shown}"
    );
    assert!(
        digits.chars().all(|one| one == '-' || one.is_ascii_digit()),
        "{shown}"
    );
    let plain = digits.replace('-', "");
    for typed in [shown.clone(), shown.to_uppercase(), plain] {
        let code = typed.parse().unwrap();
        let joined = office.app().await.join(Some(code), 1, None).await;
        assert_eq!(joined.unwrap().0.code.to_string(), shown, "{typed}");
    }
}

#[tokio::test]
async fn line_45_each_case_is_one_customers_and_has_a_code_of_its_own() {
    let office = Office::open().await;
    let (eva, tom) = (office.supporter("eva").await, office.supporter("tom").await);
    let mut codes = BTreeSet::new();
    for _ in 0..MANY / 2 {
        let (one, other) = tokio::join!(eva.new_case(), tom.new_case());
        codes.extend([one, other]);
    }
    assert_eq!(codes.len(), MANY, "no code is given twice");
    let queue: BTreeSet<Code> = tom.queue().await.iter().map(|case| case.code).collect();
    assert_eq!(queue, codes, "all are in the queue");
    let code = *codes.first().unwrap();
    let _ana = office.customer(code, 1).await;
    let second = office.app().await.join(Some(code), 2, None).await;
    assert_eq!(second.unwrap_err(), Refusal::Claimed);
}

#[tokio::test]
async fn line_46_the_queue_tells_where_a_case_comes_from() {
    let office = Office::open().await;
    let mut eva = office.watcher("eva").await;
    let manual = eva.new_case().await;
    let ana = office.app().await;
    let (opened, _) = ana.join(None, 1, None).await.unwrap();
    let bob = office.app().await;
    let pressed = bob.ask(Request::Join {
        code: None,
        name: "Bob".to_owned(),
        secret: [2; 32],
        running: Vec::new(),
        source: Source::default(),
        sos: true,
    });
    let pressed = match pressed.await {
        Ok(aldis_wire::signal::Answer::Joined { case, .. }) => case.code,
        other => panic!("{other:?}"),
    };
    for (code, origin, maker) in [
        (manual, Origin::Manual, "eva"),
        (opened.code, Origin::CustomerApp, ""),
        (pressed, Origin::SosButton, ""),
    ] {
        let case = eva.case_pushed("the case", code, |_| true).await;
        assert_eq!((case.origin, case.created_by.as_str()), (origin, maker));
    }
}

#[tokio::test]
async fn line_69_and_72_a_case_in_a_chosen_channel_waits_for_whoever_has_its_code() {
    let office = Office::open().await;
    office
        .account("max", "manager", AccountChange::default())
        .await;
    let mut max = office.watcher("max").await;
    let channel = max.new_channel("Printers", &["eva"], |_| {}).await.id;
    let mut eva = office.watcher("eva").await;
    // The customer has said nothing yet: the supporter makes the case and shares it.
    let place = Some(NewPlace::Channel(channel));
    let draft = Box::new(Draft {
        place,
        ..*draft("")
    });
    let case = eva.case(Request::NewCase(draft)).await.unwrap();
    assert_eq!(case.place, Place::Channel(channel));
    assert_eq!((case.status, case.customer_online), (Status::New, false));
    let _ana = office.customer(case.code, 1).await;
    for app in [&mut eva, &mut max] {
        let joined = app
            .case_pushed("Ana's coming", case.code, |case| case.customer_online)
            .await;
        assert_eq!(
            (joined.status, joined.place, joined.assignee.as_deref()),
            (Status::Pending, Place::Channel(channel), Some("eva"))
        );
    }
}

#[tokio::test]
async fn line_45_a_new_case_is_in_the_queue_of_every_supporter_who_watches() {
    let office = Office::open().await;
    let (mut eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let case = eva.draft("Ana").await.unwrap();
    assert_eq!((case.status, case.customer.as_str()), (Status::New, "Ana"));
    assert_eq!(
        (case.created_by.as_str(), case.assignee.as_deref()),
        ("eva", Some("eva"))
    );
    assert!(case.expires_at > case.created_at);
    for app in [&mut eva, &mut tom] {
        let pushed = app.case_pushed("the new case", case.code, |_| true).await;
        assert_eq!(pushed, case);
    }
    // Who comes later finds it in the list, the newest first.
    let newer = tom.new_case().await;
    let listed: Vec<Code> = office
        .supporter("tom")
        .await
        .queue()
        .await
        .iter()
        .map(|case| case.code)
        .collect();
    assert_eq!(listed.len(), 2);
    assert!(listed.contains(&newer) && listed.contains(&case.code));
}

#[tokio::test]
async fn the_customers_coming_and_going_is_pushed() {
    let office = Office::open().await;
    let (mut eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let code = eva.new_case().await;
    let ana = office.app().await;
    let (case, _) = ana.join(Some(code), 1, None).await.unwrap();
    assert_eq!(case.status, Status::Pending);
    for app in [&mut eva, &mut tom] {
        let case = app
            .case_pushed("Ana's coming", code, |case| case.customer_online)
            .await;
        assert_eq!(
            (case.status, case.customer.as_str()),
            (Status::Pending, "Ana")
        );
    }
    ana.done(Request::Leave).await;
    for app in [&mut eva, &mut tom] {
        let case = app
            .case_pushed("Ana's leaving", code, |case| !case.customer_online)
            .await;
        assert_eq!(case.status, Status::Pending);
    }
    ana.join(Some(code), 1, None).await.unwrap();
    eva.case_pushed("Ana's return", code, |case| case.customer_online)
        .await;
    drop(ana);
    eva.case_pushed("Ana's loss", code, |case| !case.customer_online)
        .await;
}

#[tokio::test]
async fn a_customer_without_a_code_gets_a_case_of_his_own() {
    let office = Office::open().await;
    let mut eva = office.watcher("eva").await;
    let ana = office.app().await;
    let (case, now) = ana.join(None, 1, None).await.unwrap();
    assert_eq!((case.status, case.assignee), (Status::Pending, None));
    let case = eva
        .case_pushed("Ana's case", case.code, |case| case.customer_online)
        .await;
    assert_eq!((case.created_by.as_str(), case.assignee), ("", None));
    assert_eq!(
        (case.customer.as_str(), case.origin),
        ("Ana", Origin::CustomerApp)
    );
    assert!(case.created_at <= now && case.waiting_since.is_some());
    let join = |name: &str| Request::Join {
        code: None,
        name: name.to_owned(),
        secret: [2; 32],
        running: Vec::new(),
        source: Source::default(),
        sos: false,
    };
    for name in ["", "  ", "\u{7}", &"x".repeat(81)] {
        let answer = office.app().await.ask(join(name)).await;
        assert_eq!(answer, Err(Refusal::BadText), "{name:?}");
    }
}

#[tokio::test]
async fn a_claimed_code_is_refused_to_another_machine_and_not_to_the_same_one() {
    let office = Office::open().await;
    let code = office.supporter("eva").await.new_case().await;
    let mut first = office.customer(code, 1).await;
    let stranger = office.app().await;
    assert_eq!(
        stranger.join(Some(code), 2, None).await.unwrap_err(),
        Refusal::Claimed
    );
    // The same machine's new connection takes the place of the old one.
    let _second = office.customer(code, 1).await;
    first.ended().await;
    let case = office.supporter("eva").await.show(code).await.unwrap();
    assert!(case.customer_online);
}

#[tokio::test]
async fn an_unknown_code_is_refused_to_both_sides() {
    let office = Office::open().await;
    let eva = office.supporter("eva").await;
    let known = eva.new_case().await;
    let code = Code::from_number((known.number() + 1) % Code::COUNT).unwrap();
    assert_eq!(
        office
            .app()
            .await
            .join(Some(code), 1, None)
            .await
            .unwrap_err(),
        Refusal::UnknownCode
    );
    assert_eq!(eva.show(code).await, Err(Refusal::UnknownCode));
    assert_eq!(eva.close(code).await, Err(Refusal::UnknownCode));
    assert_eq!(eva.connect(code).await, Err(Refusal::UnknownCode));
}

#[tokio::test]
async fn a_case_changes_hands_and_everyone_sees_it() {
    let office = Office::open().await;
    let eva = office.supporter("eva").await;
    let mut tom = office.watcher("tom").await;
    let code = eva.new_case().await;
    let assign = |to: &str| Action::Assign(to.to_owned());
    assert_eq!(
        eva.act(code, assign("nobody")).await,
        Err(Refusal::UnknownSupporter)
    );
    eva.act(code, assign("tom")).await.unwrap();
    tom.case_pushed("the hand-over", code, |case| {
        case.assignee.as_deref() == Some("tom")
    })
    .await;
    tom.act(code, Action::Release).await.unwrap();
    let released = tom
        .case_pushed("the release", code, |case| case.assignee.is_none())
        .await;
    assert!(released.queued);
    let who = "eva".to_owned();
    assert_eq!(tom.close(code).await, Err(Refusal::NotYours { who }));
}

#[tokio::test]
async fn line_13_and_54_a_close_ends_the_session_and_the_code_for_good() {
    let office = Office::open().await;
    let (eva, mut tom) = (office.supporter("eva").await, office.watcher("tom").await);
    let code = eva.new_case().await;
    let mut ana = office.customer(code, 1).await;
    let session = eva.connect(code).await.unwrap();
    ana.allow(session).await;
    ana.up(session).await.unwrap();
    let closed = eva.close(code).await.unwrap();
    assert_eq!(
        (closed.status, closed.supporter.as_ref()),
        (Status::Closed, None)
    );
    assert_eq!(closed.ended_at, closed.closed_at);
    ana.own_pushed("the close", |case| case.status == Status::Closed)
        .await;
    let case = tom
        .case_pushed("the close", code, |case| case.status == Status::Closed)
        .await;
    assert_eq!(case, closed);
    // What still comes from the customer's side changes nothing any more.
    assert_eq!(ana.up(session).await, Err(Refusal::Closed));
    ana.down(session).await;
    assert_eq!(eva.connect(code).await, Err(Refusal::Closed));
    assert_eq!(eva.close(code).await, Err(Refusal::Closed));
    ana.done(Request::Leave).await;
    assert_eq!(
        ana.join(Some(code), 1, None).await.unwrap_err(),
        Refusal::Closed
    );
    let kept = eva.show(code).await.unwrap();
    assert_eq!(
        (kept.closed_at, kept.duration),
        (closed.closed_at, closed.duration)
    );
}

#[tokio::test]
async fn neither_side_may_ask_the_others_questions() {
    let office = Office::open().await;
    let (eva, app) = (office.supporter("eva").await, office.app().await);
    let code = eva.new_case().await;
    let ana = office.customer(code, 1).await;
    let session = [1; 16];
    let customers = [
        Request::Join {
            code: Some(code),
            name: "Eva".to_owned(),
            secret: [1; 32],
            running: Vec::new(),
            source: Source::default(),
            sos: false,
        },
        Request::AnswerConnect {
            session,
            answer: crate::office::yes(),
        },
        Request::SessionUp { session },
        Request::SessionDown {
            session,
            reason: aldis_wire::peer::EndReason::Customer,
        },
        Request::Describe {
            text: "mine".to_owned(),
        },
        Request::Withdraw,
        Request::Leave,
    ];
    let supporters = [
        Request::Watch {
            availability: Availability::Available,
        },
        Request::SetAvailability(Availability::Away),
        Request::ShowDesk,
        Request::NewCase(crate::office::draft("")),
        Request::ShowCase { code },
        Request::FindCases(Search::default()),
        Request::Act {
            codes: vec![code],
            action: Action::Release,
        },
        Request::ShowHistory { code },
        Request::MarkRead { code, number: 1 },
        Request::ShowCanned,
        Request::RemoveChannel(1),
        Request::Connect {
            code,
            key: [7; 32],
            view_only: false,
        },
        Request::CancelConnect { session },
        Request::SignOut,
    ];
    for request in customers.iter().skip(1).chain(&supporters) {
        assert_eq!(
            app.ask(request.clone()).await,
            Err(Refusal::SignedOut),
            "{request:?}"
        );
    }
    for request in customers {
        assert_eq!(
            eva.ask(request.clone()).await,
            Err(Refusal::NotAllowed),
            "{request:?}"
        );
    }
    for request in supporters {
        assert_eq!(
            ana.ask(request.clone()).await,
            Err(Refusal::NotAllowed),
            "{request:?}"
        );
    }
    let case = eva.show(code).await.unwrap();
    assert_eq!(
        (case.status, case.assignee.as_deref()),
        (Status::Pending, Some("eva"))
    );
}
