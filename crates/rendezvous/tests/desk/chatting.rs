//! Chats and the queue as customers and supporters meet them, named after the mission's lines.

use aldis_rendezvous::accounts::AccountChange;
use aldis_wire::signal::{
    Action, Answer, Availability, Body, Canned, ChatMessage, Outcome, Push, Refusal, Request,
    Speaker, Status,
};

use crate::office::{Office, draft};

fn text(message: &ChatMessage) -> &str {
    match &message.body {
        Body::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn line_60_and_62_customer_and_supporter_talk_before_a_session() {
    let office = Office::open().await;
    let mut eva = office.watcher("eva").await;
    let (mut ana, code) = office.came(1).await;
    assert_eq!(eva.waiting().await, code);
    assert_eq!(ana.say(code, "hello?", 7).await, Ok(1));
    assert_eq!(
        eva.say(code, "hi", 1).await,
        Err(Refusal::NotAllowed),
        "not in the chat"
    );
    assert_eq!(text(&eva.chat(code, 0).await.unwrap()[0]), "hello?");
    eva.act(code, Action::JoinChat).await.unwrap();
    let told = loop {
        let message = ana.said().await;
        if message.body == Body::Joined {
            break message;
        }
    };
    assert_eq!(
        (told.number, told.from),
        (2, Speaker::Supporter("eva".to_owned()))
    );
    let own = ana
        .own_pushed("who is in the chat", |case| !case.chatting.is_empty())
        .await;
    assert_eq!((own.assignee.as_deref(), own.place), (Some("eva"), None));
    // What was not answered in time is said again under the same mark, and kept once.
    assert_eq!(eva.say(code, "How can I help?", 5).await, Ok(3));
    assert_eq!(eva.say(code, "How can I help?", 5).await, Ok(3));
    assert_eq!(
        ana.say(code, "My printer", 5).await,
        Ok(4),
        "the mark is the speaker's own"
    );
    assert_eq!(ana.say(code, "My printer", 5).await, Ok(4));
    let bodies: Vec<_> = eva.chat(code, 2).await.unwrap();
    let words: Vec<_> = bodies.iter().map(text).collect();
    assert_eq!(words, ["How can I help?", "My printer"]);
    assert_eq!(eva.say(code, " \u{200b}\n", 6).await, Err(Refusal::Empty));
    let long = eva.say(code, &"x".repeat(4001), 7).await;
    assert!(matches!(long, Err(Refusal::TooLong { most: 4000, .. })));
    assert_eq!(ana.say(code, "\u{202e}evil\u{0}", 8).await, Ok(5));
    assert_eq!(text(&eva.chat(code, 4).await.unwrap()[0]), "evil");
    // Whoever is writing is shown to the other side and not to himself.
    ana.done(Request::Typing { code }).await;
    let typing = |push| match push {
        Push::Typing { from, .. } => Some(from),
        _ => None,
    };
    assert_eq!(
        eva.pushed("the customer's typing", typing).await,
        Speaker::Customer
    );
    eva.done(Request::Typing { code }).await;
    let from = ana.pushed("eva's typing", typing).await;
    assert_eq!(from, Speaker::Supporter("eva".to_owned()));
    // Given up after chatting, it waits for somebody again.
    eva.acted(code, Action::Unassign).await.unwrap();
    let own = ana
        .own_pushed("nobody's case", |case| case.assignee.is_none())
        .await;
    assert_eq!((own.status, own.place.is_some()), (Status::Pending, true));
    assert_eq!(eva.acted(code, Action::LeaveChat).await, Ok(()));
}

#[tokio::test]
async fn line_63_the_transcript_outlives_the_server_and_is_the_claiming_machines() {
    let mut office = Office::open().await;
    let eva = office.watcher("eva").await;
    let (ana, code) = office.came(1).await;
    ana.say(code, "it is still broken", 1).await.unwrap();
    let stranger = office.app().await;
    assert_eq!(
        stranger.join(Some(code), 2, None).await.unwrap_err(),
        Refusal::Claimed
    );
    assert_eq!(stranger.chat(code, 0).await, Err(Refusal::SignedOut));
    // A customer's own case is always meant, whatever code he names.
    let (other, others) = office.came(3).await;
    assert_eq!(other.chat(code, 0).await, Ok(Vec::new()));
    assert_eq!(other.say(code, "mine", 1).await, Ok(1));
    assert_eq!(eva.show(code).await.unwrap().messages, 1);
    assert_eq!(eva.show(others).await.unwrap().messages, 1);
    drop((eva, ana, other, stranger));
    office.restart().await;
    let eva = office.watcher("eva").await;
    let ana = office.customer(code, 1).await;
    assert_eq!(
        ana.say(code, "it is still broken", 1).await,
        Ok(1),
        "the mark outlives it too"
    );
    for app in [&eva, &ana] {
        let kept = app.chat(code, 0).await.unwrap();
        assert_eq!((kept.len(), text(&kept[0])), (1, "it is still broken"));
    }
    eva.act(code, Action::JoinChat).await.unwrap();
    eva.close(code).await.unwrap();
    assert_eq!(ana.say(code, "thanks", 2).await, Err(Refusal::Closed));
    assert_eq!(
        ana.chat(code, 0).await.unwrap().len(),
        3,
        "read also after the close"
    );
    assert_eq!(eva.chat(code, 0).await.unwrap().len(), 3);
}

#[tokio::test]
async fn line_67_a_chat_is_ended_and_then_its_case_is_completed() {
    let office = Office::open().await;
    let eva = office.watcher("eva").await;
    let (mut ana, code) = office.came(1).await;
    eva.act(code, Action::JoinChat).await.unwrap();
    ana.own_pushed("eva in the chat", |case| !case.chatting.is_empty())
        .await;
    ana.chat(code, 0).await.unwrap();
    eva.act(code, Action::LeaveChat).await.unwrap();
    // The end of the chat is told, and ends nothing else.
    while ana.said().await.body != Body::Left {}
    let own = ana
        .own_pushed("an empty chat", |case| case.chatting.is_empty())
        .await;
    assert_eq!(own.status, Status::Pending);
    let refused = eva.say(code, "one more thing", 1).await;
    assert_eq!(refused, Err(Refusal::NotAllowed));
    let resolved = Action::Close(Outcome::Resolved);
    let case = eva.act(code, resolved).await.unwrap();
    assert_eq!(
        (case.status, case.outcome),
        (Status::Closed, Outcome::Resolved)
    );
    ana.own_pushed("the close", |case| case.status == Status::Closed)
        .await;
    assert_eq!(ana.say(code, "hello?", 1).await, Err(Refusal::Closed));
}

#[tokio::test]
async fn line_57_a_chat_is_told_only_to_those_who_see_its_case() {
    let office = Office::open().await;
    let (eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let (ana, code) = office.came(1).await;
    tom.chat(code, 0).await.unwrap();
    ana.say(code, "one", 1).await.unwrap();
    assert_eq!(text(&tom.said().await), "one");
    tom.done(Request::SetAvailability(Availability::Away)).await;
    ana.say(code, "two", 2).await.unwrap();
    ana.done(Request::Typing { code }).await;
    let fence = eva.new_case().await;
    let pick = |push| match push {
        Push::Message { message, .. } => panic!("{message:?} was told"),
        Push::Typing { .. } => panic!("typing was told"),
        Push::Cases { changed, .. } => changed.iter().any(|case| case.code == fence).then_some(()),
        _ => None,
    };
    tom.pushed("the next case", pick).await;
}

#[tokio::test]
async fn line_59_what_was_read_is_known_in_every_window() {
    let office = Office::open().await;
    let (eva, mut second) = (office.watcher("eva").await, office.watcher("eva").await);
    let mut tom = office.watcher("tom").await;
    let (ana, code) = office.came(1).await;
    ana.say(code, "one", 1).await.unwrap();
    ana.say(code, "two", 2).await.unwrap();
    eva.done(Request::MarkRead { code, number: 2 }).await;
    let read = |push| match push {
        Push::Read(marks) => Some(marks),
        _ => None,
    };
    assert_eq!(second.pushed("what was read", read).await, [(code, 2)]);
    // What is not said yet is not read.
    eva.done(Request::MarkRead {
        code,
        number: u32::MAX,
    })
    .await;
    assert_eq!(second.pushed("what was read", read).await, [(code, 2)]);
    eva.done(Request::MarkRead { code, number: 1 }).await;
    assert_eq!(
        second.pushed("what was read", read).await,
        [(code, 2)],
        "and stays so"
    );
    let mut later = office.supporter("eva").await;
    let availability = Availability::Available;
    later.done(Request::Watch { availability }).await;
    assert_eq!(later.pushed("what was read", read).await, [(code, 2)]);
    let fence = eva.new_case().await;
    let pick = |push| match push {
        Push::Read(marks) => panic!("tom is told of eva's {marks:?}"),
        Push::Cases { changed, .. } => changed.iter().any(|case| case.code == fence).then_some(()),
        _ => None,
    };
    tom.pushed("the next case", pick).await;
}

#[tokio::test]
async fn line_60_canned_replies_are_kept_for_all() {
    let office = Office::open().await;
    let (eva, tom) = (office.supporter("eva").await, office.supporter("tom").await);
    let keep = |title: &str, text: &str| {
        let (title, text) = (title.to_owned(), text.to_owned());
        Request::KeepCanned(Canned { title, text })
    };
    eva.ask(keep("thanks", "Thank you!")).await.unwrap();
    eva.ask(keep("Hello", "Good\nmorning\u{7}")).await.unwrap();
    assert_eq!(eva.ask(keep(" ", "x")).await, Err(Refusal::Empty));
    let shown = tom.ask(Request::ShowCanned).await;
    let Ok(Answer::Canned(canned)) = shown else {
        panic!("{shown:?}");
    };
    let pairs: Vec<_> = canned
        .iter()
        .map(|one| (one.title.as_str(), one.text.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [("Hello", "Good\nmorning"), ("thanks", "Thank you!")]
    );
    let left = tom.ask(keep("thanks", "")).await;
    assert!(matches!(left, Ok(Answer::Canned(canned)) if canned.len() == 1));
}

#[tokio::test]
async fn line_58_each_customer_knows_his_place_and_the_usual_wait() {
    let office = Office::open().await;
    let eva = office.watcher("eva").await;
    let (first, one) = office.came(1).await;
    let (_second, two) = office.came(2).await;
    let mut third = office.app().await;
    let (case, _) = third.join(None, 3, None).await.unwrap();
    assert_eq!(case.place.map(|place| place.ahead), Some(2));
    let three = case.code;
    let ahead = |ahead: u32| {
        move |case: &aldis_wire::signal::OwnCase| {
            case.place.is_some_and(|place| place.ahead == ahead)
        }
    };
    first.done(Request::Leave).await;
    third.own_pushed("one is before him", ahead(1)).await;
    // Who comes back has his old place.
    let (case, _) = first.join(Some(one), 1, None).await.unwrap();
    assert_eq!(case.place.map(|place| place.ahead), Some(0));
    third.own_pushed("two are before him", ahead(2)).await;
    let mut urgent = eva.show(three).await.unwrap().facts;
    urgent.priority = aldis_wire::signal::Priority::Urgent;
    let (customer, facts) = ("Ana".to_owned(), Box::new(urgent));
    eva.acted(three, Action::Edit { customer, facts })
        .await
        .unwrap();
    let own = third.own_pushed("the urgent is first", ahead(0)).await;
    assert_eq!(
        own.place.unwrap().usual_wait,
        None,
        "nobody was attended to yet"
    );
    // Three who were say how long it takes.
    let (mut last, _) = office.came(4).await;
    for code in [one, two, three] {
        eva.acted(code, Action::JoinChat).await.unwrap();
    }
    let told = last.own_pushed("the usual wait", |case| {
        case.place
            .is_some_and(|place| place.ahead == 0 && place.usual_wait.is_some())
    });
    assert!(told.await.place.unwrap().usual_wait < Some(20_000));
}

#[tokio::test]
async fn a_customer_who_no_longer_wants_help_is_not_waited_for() {
    let office = Office::open().await;
    let mut eva = office.watcher("eva").await;
    let (ana, code) = office.came(1).await;
    ana.done(Request::Withdraw).await;
    let case = eva
        .case_pushed("the end", code, |case| case.status == Status::Closed)
        .await;
    assert_eq!(case.waiting_since, None);
    assert_eq!(ana.ask(Request::Withdraw).await, Err(Refusal::Closed));
    // What a supporter has made stays open.
    let code = eva.new_case().await;
    let bob = office.customer(code, 2).await;
    eva.case_pushed("Bob waits", code, |case| case.waiting_since.is_some())
        .await;
    bob.done(Request::Withdraw).await;
    let case = eva
        .case_pushed("Bob's no", code, |case| case.waiting_since.is_none())
        .await;
    assert_eq!(case.status, Status::Pending);
}

#[tokio::test]
async fn line_62_who_is_in_the_chat_may_always_leave_it() {
    let office = Office::open().await;
    office
        .account("max", "manager", AccountChange::default())
        .await;
    let (eva, tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let max = office.watcher("max").await;
    let (mut ana, code) = office.came(1).await;
    eva.acted(code, Action::AssignToMe).await.unwrap();
    eva.acted(code, Action::Assign("tom".to_owned()))
        .await
        .unwrap();
    tom.acted(code, Action::JoinChat).await.unwrap();
    tom.acted(code, Action::Unassign).await.unwrap();
    tom.done(Request::SetAvailability(Availability::Away)).await;
    tom.say(code, "somebody else will come", 1).await.unwrap();
    tom.acted(code, Action::LeaveChat).await.unwrap();
    ana.own_pushed("nobody in the chat", |case| {
        case.messages >= 3 && case.chatting.is_empty()
    })
    .await;
    // In another channel's hands, nobody of the old one listens on.
    tom.done(Request::SetAvailability(Availability::Available))
        .await;
    tom.acted(code, Action::JoinChat).await.unwrap();
    let printers = max.new_channel("Printers", &[], |_| {}).await;
    let ada = AccountChange::default();
    office.account("ada", "admin", ada).await;
    let ada = office.watcher("ada").await;
    ada.acted(code, Action::Unassign).await.unwrap();
    ada.acted(code, Action::Move(printers.id)).await.unwrap();
    ana.own_pushed("nobody in the chat", |case| {
        case.messages >= 5 && case.chatting.is_empty()
    })
    .await;
    assert!(tom.say(code, "are you there?", 2).await.is_err());
}

#[tokio::test]
async fn texts_that_deceive_are_cleaned_and_those_too_long_refused() {
    let office = Office::open().await;
    let eva = office.supporter("eva").await;
    let mut sly = draft(" Ana\u{202e}gnp.exe\u{0}\n ");
    sly.facts.company = "Con\u{200b}toso\t Ltd".to_owned();
    sly.facts.tags = vec!["VPN".to_owned(), "vpn".to_owned(), "\u{2066}".to_owned()];
    let case = eva.case(Request::NewCase(sly)).await.unwrap();
    assert_eq!(case.customer, "Anagnp.exe");
    assert_eq!(
        (case.facts.company.as_str(), case.facts.tags.len()),
        ("Contoso Ltd", 1)
    );
    assert_eq!(eva.draft(&"x".repeat(81)).await, Err(Refusal::BadText));
    let mut long = draft("Ana");
    long.facts.description = "x".repeat(4001);
    let (field, most) = ("description".to_owned(), 4000);
    let refused = eva.case(Request::NewCase(long)).await;
    assert_eq!(refused, Err(Refusal::TooLong { field, most }));
    let ana = office.customer(case.code, 1).await;
    let long = ana
        .ask(Request::Describe {
            text: "é".repeat(4001),
        })
        .await;
    assert!(
        matches!(long, Err(Refusal::TooLong { most: 4000, .. })),
        "{long:?}"
    );
    ana.done(Request::Describe {
        text: "\u{202e}no\u{1b}[2J screen\u{7}\nat all".to_owned(),
    })
    .await;
    let case = eva.show(case.code).await.unwrap();
    assert_eq!(case.facts.description, "no[2J screen\nat all");
}
