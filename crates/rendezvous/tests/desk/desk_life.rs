//! Who sees which case and who may do what with it, over the wire, named after the mission's lines.

use std::collections::BTreeSet;

use aldis_rendezvous::accounts::AccountChange;
use aldis_wire::Code;
use aldis_wire::signal::{
    Action, Answer, Availability, DEFAULT_CHANNEL, Doer, Draft, Event, Facts, MAX_CASES, NewPlace,
    Outcome, Place, Push, Refusal, Request, Search, Status,
};

use crate::office::{App, Office, draft};

/// How often two supporters claim the same case at the same instant.
const RACES: usize = 50;

/// A case that waits for anybody.
async fn queued(app: &App) -> Code {
    let mut draft = draft("Ana");
    draft.to_queue = true;
    app.case(Request::NewCase(draft)).await.unwrap().code
}

/// A case in this place.
async fn placed(app: &App, place: NewPlace) -> Result<Code, Refusal> {
    let draft = Draft {
        place: Some(place),
        ..*draft("Ana")
    };
    let case = app.case(Request::NewCase(Box::new(draft))).await?;
    Ok(case.code)
}

/// Makes a case that everybody sees and waits for it; none of these may be pushed until then.
async fn nothing_of(app: &mut App, maker: &App, hidden: &[Code]) {
    let fence = maker.new_case().await;
    let pick = |push| {
        match push {
            Push::Cases { changed, .. } => {
                for case in &changed {
                    assert!(!hidden.contains(&case.code), "{case:?} was pushed");
                }
                return changed.iter().any(|case| case.code == fence).then_some(());
            }
            Push::Waiting(code) | Push::Message { code, .. } | Push::Typing { code, .. } => {
                assert!(!hidden.contains(&code), "{code} was told of");
            }
            _ => {}
        }
        None
    };
    app.pushed("the case after it", pick).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn line_62_of_two_who_claim_at_the_same_instant_one_wins() {
    let office = Office::open().await;
    let (eva, tom) = (office.supporter("eva").await, office.supporter("tom").await);
    let (mut evas, mut toms) = (0, 0);
    for _ in 0..RACES {
        let code = queued(&eva).await;
        let (one, other) = tokio::join!(
            eva.acted(code, Action::AssignToMe),
            tom.acted(code, Action::AssignToMe)
        );
        let taken = |by: &str| Err(Refusal::Taken { by: by.to_owned() });
        let winner = match (one, other) {
            (Ok(()), lost) => {
                assert_eq!(lost, taken("eva"));
                evas += 1;
                "eva"
            }
            (lost, Ok(())) => {
                assert_eq!(lost, taken("tom"));
                toms += 1;
                "tom"
            }
            neither => panic!("nobody won: {neither:?}"),
        };
        assert_eq!(
            eva.show(code).await.unwrap().assignee.as_deref(),
            Some(winner)
        );
    }
    assert_eq!(evas + toms, RACES);
}

#[tokio::test]
async fn line_71_a_private_case_reaches_nobody_else() {
    let office = Office::open().await;
    office
        .account("ada", "admin", AccountChange::default())
        .await;
    let (mut eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let mut ada = office.watcher("ada").await;
    let code = placed(&eva, NewPlace::Private).await.unwrap();
    let case = eva.case_pushed("her private case", code, |_| true).await;
    assert_eq!(case.place, Place::Private("eva".to_owned()));
    let _ana = office.customer(code, 1).await;
    eva.case_pushed("Ana's coming", code, |case| case.customer_online)
        .await;
    let facts = Facts {
        notes: "a secret word".to_owned(),
        ..Facts::default()
    };
    let (customer, facts) = ("Ana".to_owned(), Box::new(facts));
    eva.act(code, Action::Edit { customer, facts })
        .await
        .unwrap();
    for stranger in [&mut tom, &mut ada] {
        nothing_of(stranger, &eva, &[code]).await;
        assert_eq!(stranger.show(code).await, Err(Refusal::UnknownCode));
        let history = stranger.ask(Request::ShowHistory { code }).await;
        assert_eq!(history, Err(Refusal::UnknownCode));
        assert_eq!(stranger.chat(code, 0).await, Err(Refusal::UnknownCode));
        let unknown = Err(Refusal::UnknownCode);
        assert_eq!(stranger.acted(code, Action::AssignToMe).await, unknown);
        assert_eq!(stranger.acted(code, Action::JoinChat).await, unknown);
        assert_eq!(stranger.connect(code).await, Err(Refusal::UnknownCode));
        let said = stranger.say(code, "hello", 1).await;
        assert_eq!(said, Err(Refusal::UnknownCode));
        for text in ["", "secret", &code.to_string()] {
            let (text, after) = (text.to_owned(), None);
            let found = stranger
                .ask(Request::FindCases(Search { text, after }))
                .await;
            let Ok(Answer::Cases { found, .. }) = found else {
                panic!("{found:?}");
            };
            assert!(found.iter().all(|case| case.code != code));
        }
    }
    // Moved to a channel it is everybody's to see, and stays hers.
    eva.acted(code, Action::Move(DEFAULT_CHANNEL))
        .await
        .unwrap();
    let case = tom.case_pushed("the shared case", code, |_| true).await;
    assert_eq!(case.assignee.as_deref(), Some("eva"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_goes_on_behind_cases_that_are_not_the_askers() {
    // More than one answer looks through.
    const HIDDEN: usize = 6 * MAX_CASES;
    let office = Office::open().await;
    let (eva, tom) = (office.supporter("eva").await, office.supporter("tom").await);
    let oldest = tom.new_case().await;
    let mut hidden = BTreeSet::new();
    for _ in 0..HIDDEN {
        hidden.insert(placed(&eva, NewPlace::Private).await.unwrap());
    }
    let newest = tom.new_case().await;
    let (mut cases, mut after, mut answers) = (Vec::new(), None, 0);
    loop {
        let text = String::new();
        let answer = tom.ask(Request::FindCases(Search { text, after })).await;
        let Ok(Answer::Cases { found, next }) = answer else {
            panic!("{answer:?}");
        };
        answers += 1;
        cases.extend(found.iter().map(|case| case.code));
        let Some((made, code)) = next else { break };
        assert!(!hidden.contains(&code), "a hidden case's code was told");
        assert!(after != Some((made, code)), "the search stands still");
        after = Some((made, code));
    }
    assert_eq!(cases, [newest, oldest]);
    assert!(answers > 1, "one answer looks through a bounded number");
    // Whose cases they are finds them all, each once.
    let (mut found, mut after) = (0, None);
    loop {
        let text = String::new();
        let answer = eva.ask(Request::FindCases(Search { text, after })).await;
        let Ok(Answer::Cases { found: page, next }) = answer else {
            panic!("{answer:?}");
        };
        assert!(page.len() <= MAX_CASES);
        found += page.len();
        after = next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, HIDDEN + 2);
}

#[tokio::test]
async fn line_71_a_channels_cases_are_its_members() {
    let office = Office::open().await;
    office
        .account("max", "manager", AccountChange::default())
        .await;
    office
        .account("ada", "admin", AccountChange::default())
        .await;
    let (mut eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let (max, mut ada) = (office.watcher("max").await, office.watcher("ada").await);
    let printers = max.new_channel("Printers", &["eva"], |_| {}).await;
    let place = NewPlace::Channel(printers.id);
    assert_eq!(placed(&tom, place).await, Err(Refusal::UnknownChannel));
    let code = placed(&max, place).await.unwrap();
    eva.case_pushed("the channel's case", code, |_| true).await;
    ada.case_pushed("the channel's case", code, |_| true).await;
    nothing_of(&mut tom, &eva, &[code]).await;
    assert_eq!(tom.show(code).await, Err(Refusal::UnknownCode));
    let refused = tom.acted(code, Action::AssignToMe).await;
    let who = "tom".to_owned();
    assert_eq!(refused, Err(Refusal::NoAccess { who: who.clone() }));
    let assign = Action::Assign("tom".to_owned());
    assert_eq!(
        max.acted(code, assign).await,
        Err(Refusal::NoAccess { who })
    );
    // A technician makes no channel and sets none up.
    let setup = Box::new(crate::office::channel("Mine", &[]));
    assert_eq!(
        tom.ask(Request::NewChannel(setup)).await,
        Err(Refusal::Role)
    );
    let mut wanted = printers.clone();
    wanted.setup.members.push(aldis_wire::signal::Member {
        name: "tom".to_owned(),
        manager: false,
    });
    let by_tom = tom.ask(Request::SetChannel(Box::new(wanted.clone()))).await;
    assert_eq!(by_tom, Err(Refusal::UnknownChannel));
    let channel = "Printers".to_owned();
    let by_eva = eva.ask(Request::SetChannel(Box::new(wanted.clone()))).await;
    assert_eq!(by_eva, Err(Refusal::NotManager { channel }));
    // A new member sees its cases at once, and one who is no longer does not.
    max.ask(Request::SetChannel(Box::new(wanted)))
        .await
        .unwrap();
    tom.case_pushed("the channel's case", code, |_| true).await;
    max.ask(Request::SetChannel(Box::new(printers.clone())))
        .await
        .unwrap();
    tom.case_gone(code).await;
    let cases = 1;
    let remove = Request::RemoveChannel(printers.id);
    assert_eq!(
        max.ask(remove.clone()).await,
        Err(Refusal::ChannelInUse { cases })
    );
    max.close(code).await.unwrap();
    max.done(remove).await;
    let case = max.show(code).await.unwrap();
    assert_eq!(
        case.place,
        Place::Channel(DEFAULT_CHANNEL),
        "an ended case is not lost"
    );
}

#[tokio::test]
async fn line_57_who_is_away_is_not_shown_what_comes_in() {
    let office = Office::open().await;
    let (eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let code = queued(&eva).await;
    let _ana = office.customer(code, 1).await;
    tom.case_pushed("the case", code, |case| case.customer_online)
        .await;
    tom.done(Request::SetAvailability(Availability::Away)).await;
    tom.case_gone(code).await;
    let away = Refusal::NotAvailable {
        who: "tom".to_owned(),
        availability: Availability::Away,
    };
    assert_eq!(tom.acted(code, Action::AssignToMe).await, Err(away));
    assert_eq!(tom.show(code).await, Err(Refusal::UnknownCode));
    nothing_of(&mut tom, &eva, &[code]).await;
    // He sees how many wait, and is not told of the next one.
    let next = queued(&eva).await;
    let _bob = office.customer(next, 2).await;
    let desk = tom
        .desk_pushed("two who wait", |desk| desk.waiting == 2)
        .await;
    assert_eq!(desk.availability, Availability::Away);
    nothing_of(&mut tom, &eva, &[code, next]).await;
    tom.done(Request::SetAvailability(Availability::Available))
        .await;
    tom.case_pushed("the case", code, |_| true).await;
    tom.case_pushed("the next one", next, |_| true).await;
    // What is his own he sees always.
    tom.acted(code, Action::AssignToMe).await.unwrap();
    tom.case_pushed("his case", code, |case| case.assignee.is_some())
        .await;
    tom.done(Request::SetAvailability(Availability::Away)).await;
    tom.case_gone(next).await;
    assert!(tom.show(code).await.is_ok());
}

#[tokio::test]
async fn line_57_with_enough_sessions_he_is_busy_by_himself() {
    let office = Office::open().await;
    let change = AccountChange {
        busy_at: Some(1),
        ..AccountChange::default()
    };
    office.account("kim", "technician", change).await;
    let (mut eva, mut kim) = (office.watcher("eva").await, office.watcher("kim").await);
    let waits = queued(&eva).await;
    kim.case_pushed("the case in the queue", waits, |_| true)
        .await;
    let code = kim.new_case().await;
    let ana = office.customer(code, 1).await;
    let session = kim.connect(code).await.unwrap();
    ana.allow(session).await;
    ana.up(session).await.unwrap();
    kim.case_gone(waits).await;
    let busy = |desk: &aldis_wire::signal::Desk, is: Availability| {
        desk.colleagues
            .iter()
            .any(|one| one.name == "kim" && one.availability == is)
    };
    eva.desk_pushed("kim is busy", |desk| busy(desk, Availability::Busy))
        .await;
    ana.down(session).await;
    kim.case_pushed("the case in the queue", waits, |_| true)
        .await;
    eva.desk_pushed("kim is free", |desk| busy(desk, Availability::Available))
        .await;
}

#[tokio::test]
async fn line_57_only_the_companies_that_he_has_access_to() {
    let office = Office::open().await;
    let change = AccountChange {
        companies: Some(vec!["Contoso".to_owned()]),
        ..AccountChange::default()
    };
    office.account("kim", "technician", change).await;
    let (eva, mut kim) = (office.watcher("eva").await, office.watcher("kim").await);
    let of = |company: &str| {
        let mut draft = draft("Ana");
        draft.facts.company = company.to_owned();
        Request::NewCase(draft)
    };
    let hers = eva.case(of("contoso")).await.unwrap().code;
    let others = eva.case(of("Fabrikam")).await.unwrap().code;
    kim.case_pushed("her company's case", hers, |_| true).await;
    nothing_of(&mut kim, &eva, &[others]).await;
    assert_eq!(kim.show(others).await, Err(Refusal::UnknownCode));
    assert!(kim.queue().await.iter().all(|case| case.code != others));
}

#[tokio::test]
async fn line_75_a_transfer_needs_the_right_and_a_receiver_who_takes_cases() {
    let office = Office::open().await;
    let change = AccountChange {
        may_release: Some(false),
        ..AccountChange::default()
    };
    office.account("kim", "technician", change).await;
    let (eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let kim = office.watcher("kim").await;
    let code = eva.new_case().await;
    let to_tom = Action::Transfer("tom".to_owned());
    tom.done(Request::SetAvailability(Availability::Away)).await;
    let (who, availability) = ("tom".to_owned(), Availability::Away);
    let refused = eva.acted(code, to_tom.clone()).await;
    assert_eq!(refused, Err(Refusal::NotAvailable { who, availability }));
    tom.done(Request::SetAvailability(Availability::Available))
        .await;
    eva.acted(code, to_tom.clone()).await.unwrap();
    tom.case_pushed("the transfer", code, |case| {
        case.assignee.as_deref() == Some("tom")
    })
    .await;
    drop(tom);
    let own = kim.new_case().await;
    for action in [to_tom, Action::Release] {
        assert_eq!(kim.acted(own, action).await, Err(Refusal::NoReleaseRight));
    }
    let (who, availability) = ("tom".to_owned(), Availability::Offline);
    let own = eva.new_case().await;
    let mut refused = eva.acted(own, Action::Transfer("tom".to_owned())).await;
    // The server notices a closed window when its goodbye arrives.
    while refused.is_ok() {
        eva.acted(own, Action::Unassign).await.ok();
        refused = eva.acted(own, Action::Transfer("tom".to_owned())).await;
    }
    assert_eq!(refused, Err(Refusal::NotAvailable { who, availability }));
}

#[tokio::test]
async fn line_58_and_75_one_action_is_done_to_several_cases() {
    let office = Office::open().await;
    let (eva, tom) = (office.supporter("eva").await, office.supporter("tom").await);
    let (one, two, other) = (
        eva.new_case().await,
        eva.new_case().await,
        tom.new_case().await,
    );
    let codes = vec![one, other, two];
    let action = Action::Close(Outcome::Resolved);
    let acted = eva.ask(Request::Act { codes, action }).await;
    let Ok(Answer::Acted(outcomes)) = acted else {
        panic!("{acted:?}");
    };
    let who = "tom".to_owned();
    assert_eq!(
        outcomes,
        [
            (one, Ok(())),
            (other, Err(Refusal::NotYours { who })),
            (two, Ok(()))
        ]
    );
    assert_eq!(eva.show(two).await.unwrap().status, Status::Closed);
    assert_eq!(eva.show(other).await.unwrap().status, Status::New);
}

#[tokio::test]
async fn line_75_only_what_has_ended_is_deleted() {
    let office = Office::open().await;
    let (eva, mut tom) = (office.supporter("eva").await, office.watcher("tom").await);
    let code = eva.new_case().await;
    assert_eq!(
        eva.acted(code, Action::Delete).await,
        Err(Refusal::StillOpen)
    );
    eva.close(code).await.unwrap();
    tom.case_pushed("the close", code, |case| case.status == Status::Closed)
        .await;
    let refused = tom.acted(code, Action::Delete).await;
    assert!(matches!(refused, Err(Refusal::NotYours { .. })));
    eva.acted(code, Action::Delete).await.unwrap();
    tom.case_gone(code).await;
    assert_eq!(eva.show(code).await, Err(Refusal::UnknownCode));
    let stranger = office.app().await.join(Some(code), 1, None).await;
    assert_eq!(stranger.unwrap_err(), Refusal::UnknownCode);
}

#[tokio::test]
async fn line_55_and_76_a_case_expires_by_its_channels_time() {
    let office = Office::open().await;
    office
        .account("max", "manager", AccountChange::default())
        .await;
    let mut max = office.watcher("max").await;
    let half = |setup: &mut aldis_wire::signal::ChannelSetup| setup.expiry = 30 * 60_000;
    let channel = max.new_channel("Quick", &[], half).await;
    let short = crate::office::channel("Shorter", &[]);
    let short = aldis_wire::signal::ChannelSetup {
        expiry: 30 * 60_000 - 1,
        ..short
    };
    let refused = max.ask(Request::NewChannel(Box::new(short))).await;
    assert_eq!(refused, Err(Refusal::BadTime));
    let code = placed(&max, NewPlace::Channel(channel.id)).await.unwrap();
    let case = max.show(code).await.unwrap();
    assert_eq!(case.expires_at, case.created_at + 30 * 60_000);
    // Nobody waits half an hour for a test: the records say that it is nearly over.
    let soon = move |store: &aldis_store::Store| {
        store.run_blocking(move |transaction| {
            let mut case = transaction.case(code)?.unwrap();
            case.expires_at = case.created_at + 2_000;
            transaction.keep_case(&case)
        })
    };
    office.administer(soon).await.unwrap();
    let (customer, facts) = ("Bo".to_owned(), Box::new(Facts::default()));
    max.acted(code, Action::Edit { customer, facts })
        .await
        .unwrap();
    max.case_pushed("the expiry", code, |case| case.status == Status::Expired)
        .await;
    let late = office.app().await.join(Some(code), 1, None).await;
    assert_eq!(late.unwrap_err(), Refusal::Expired);
    assert_eq!(
        max.acted(code, Action::AssignToMe).await,
        Err(Refusal::Expired)
    );
    let own = max.desk_pushed("an empty desk", |desk| {
        desk.colleagues.iter().all(|one| one.cases == 0)
    });
    own.await;
    max.acted(code, Action::Delete).await.unwrap();
}

#[tokio::test]
async fn line_19_and_75_the_history_says_who_did_what() {
    let office = Office::open().await;
    let (eva, tom) = (office.supporter("eva").await, office.supporter("tom").await);
    let code = queued(&eva).await;
    let ana = office.customer(code, 1).await;
    eva.act(code, Action::AssignToMe).await.unwrap();
    eva.act(code, Action::Assign("tom".to_owned()))
        .await
        .unwrap();
    let session = tom.connect(code).await.unwrap();
    ana.allow(session).await;
    ana.up(session).await.unwrap();
    ana.down(session).await;
    tom.act(code, Action::Close(Outcome::Resolved))
        .await
        .unwrap();
    let history = tom.ask(Request::ShowHistory { code }).await;
    let Ok(Answer::History(history)) = history else {
        panic!("{history:?}");
    };
    let by = |name: &str| Doer::Supporter(name.to_owned());
    let (origin, place) = (
        aldis_wire::signal::Origin::Manual,
        Place::Channel(DEFAULT_CHANNEL),
    );
    let to = |name: &str| Event::Assigned {
        to: name.to_owned(),
    };
    let supporter = "tom".to_owned();
    let told: Vec<_> = history
        .iter()
        .map(|entry| (entry.by.clone(), entry.event.clone()))
        .collect();
    let expected = [
        (by("eva"), Event::Created { origin, place }),
        (Doer::Customer, Event::CustomerJoined),
        (by("eva"), to("eva")),
        (by("eva"), to("tom")),
        (by("tom"), Event::SupporterJoined),
        (
            Doer::Customer,
            Event::SessionStarted {
                supporter: supporter.clone(),
            },
        ),
        (Doer::Customer, Event::SessionEnded { supporter }),
        (
            by("tom"),
            Event::Closed {
                outcome: Outcome::Resolved,
            },
        ),
    ];
    assert_eq!(told, expected);
    assert!(history.iter().all(|entry| entry.code == code));
    let verified = office
        .administer(|store| store.run_blocking(|transaction| transaction.verify_history()))
        .await;
    assert_eq!(verified.unwrap().unwrap().0, history.len() as u64);
}

#[tokio::test]
async fn line_15_and_28_who_comes_back_is_not_announced_again() {
    let mut office = Office::open().await;
    let mut eva = office.watcher("eva").await;
    let (ana, code) = office.came(1).await;
    assert_eq!(eva.waiting().await, code);
    drop(ana);
    eva.case_pushed("the customer's link is lost", code, |case| {
        !case.customer_online
    })
    .await;
    let ana = office.customer(code, 1).await;
    drop((eva, ana));
    office.restart().await;
    let mut eva = office.watcher("eva").await;
    let _ana = office.customer(code, 1).await;
    eva.case_pushed("the customer is back", code, |case| case.customer_online)
        .await;
    let (_bob, other) = office.came(2).await;
    assert_eq!(eva.waiting().await, other);
}
