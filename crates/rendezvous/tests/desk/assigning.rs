//! Channels that assign by themselves, named after the mission's lines.

use aldis_rendezvous::accounts::AccountChange;
use aldis_wire::Code;
use aldis_wire::signal::{
    Action, Assignment, Availability, Case, ChannelId, Draft, NewPlace, Request,
};

use crate::office::{App, Office, draft};

/// A channel of `max`, `eva` and `tom` that assigns like this; `max` is away.
async fn office(assignment: Assignment) -> (Office, App, ChannelId) {
    let office = Office::open().await;
    office
        .account("max", "manager", AccountChange::default())
        .await;
    let mut max = office.supporter("max").await;
    max.watch_as(Availability::Away).await;
    let set = |setup: &mut aldis_wire::signal::ChannelSetup| {
        setup.assignment = assignment;
        setup.default_assignee = Some("tom".to_owned());
    };
    let channel = max.new_channel("Phones", &["eva", "tom"], set).await;
    (office, max, channel.id)
}

/// A case with these tags that waits in the channel.
async fn queued(app: &App, channel: ChannelId, tags: &[&str]) -> Code {
    let mut draft = Draft {
        place: Some(NewPlace::Channel(channel)),
        to_queue: true,
        ..*draft("Ana")
    };
    draft.facts.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    app.case(Request::NewCase(Box::new(draft)))
        .await
        .unwrap()
        .code
}

fn offered(to: &'static str) -> impl Fn(&Case) -> bool {
    move |case| case.assignee.as_deref() == Some(to) && case.offered_until.is_some()
}

#[tokio::test]
async fn line_49_offers_go_around() {
    let (office, max, channel) = office(Assignment::RoundRobin).await;
    let (mut eva, mut tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let mut customers = Vec::new();
    let mut hands = Vec::new();
    for secret in 1..=4 {
        let code = queued(&max, channel, &[]).await;
        customers.push(office.customer(code, secret).await);
        let given = eva
            .case_pushed("the offer", code, |case| case.offered_until.is_some())
            .await;
        hands.push(given.assignee.unwrap());
        let whose = if hands.last().unwrap() == "eva" {
            &mut eva
        } else {
            &mut tom
        };
        while whose.waiting().await != code {}
    }
    assert_eq!(hands, ["eva", "tom", "eva", "tom"]);
}

#[tokio::test]
async fn line_49_the_least_busy_gets_it() {
    let (office, max, channel) = office(Assignment::LeastBusy).await;
    let (mut eva, _tom) = (office.watcher("eva").await, office.watcher("tom").await);
    eva.new_case().await;
    let code = queued(&max, channel, &[]).await;
    let _ana = office.customer(code, 1).await;
    eva.case_pushed("the offer to tom", code, offered("tom"))
        .await;
}

#[tokio::test]
async fn line_49_who_knows_about_it_gets_it_and_else_nobody() {
    let (office, max, channel) = office(Assignment::Skill).await;
    let change = AccountChange {
        skills: Some(vec!["vpn".to_owned(), "mail".to_owned()]),
        ..AccountChange::default()
    };
    let set = |store: &aldis_store::Store| aldis_rendezvous::accounts::set(store, "tom", change);
    office.administer(set).await.unwrap();
    let (mut eva, _tom) = (office.watcher("eva").await, office.watcher("tom").await);
    let unknown = queued(&max, channel, &["toner"]).await;
    let _bob = office.customer(unknown, 1).await;
    let code = queued(&max, channel, &["VPN"]).await;
    let _ana = office.customer(code, 2).await;
    eva.case_pushed("the offer to tom", code, offered("tom"))
        .await;
    let other = eva.show(unknown).await.unwrap();
    assert_eq!(other.assignee, None);
}

#[tokio::test]
async fn line_27_and_49_an_offer_that_is_not_taken_goes_back_and_is_announced() {
    let (office, max, channel) = office(Assignment::Default).await;
    let mut tom = office.watcher("tom").await;
    let code = queued(&max, channel, &[]).await;
    let mut ana = office.customer(code, 1).await;
    tom.case_pushed("the offer", code, offered("tom")).await;
    assert_eq!(tom.waiting().await, code);
    // After the channel's ten seconds it is everybody's again but not offered to him once more.
    let mut eva = office.watcher("eva").await;
    assert_eq!(eva.waiting().await, code);
    let case = eva.show(code).await.unwrap();
    assert_eq!((case.assignee, case.offered_until), (None, None));
    ana.own_pushed("the queue", |case| {
        case.assignee.is_none() && case.place.is_some()
    })
    .await;
    eva.acted(code, Action::AssignToMe).await.unwrap();
    tom.case_pushed("eva's claim", code, |case| {
        case.assignee.as_deref() == Some("eva")
    })
    .await;
}

#[tokio::test]
async fn line_49_whoever_is_free_again_is_offered_what_waits() {
    let (office, max, channel) = office(Assignment::RoundRobin).await;
    let change = AccountChange {
        busy_at: Some(1),
        ..AccountChange::default()
    };
    let set = |store: &aldis_store::Store| aldis_rendezvous::accounts::set(store, "eva", change);
    office.administer(set).await.unwrap();
    let mut eva = office.watcher("eva").await;
    let own = eva.new_case().await;
    let bob = office.customer(own, 1).await;
    let session = eva.connect(own).await.unwrap();
    bob.allow(session).await;
    bob.up(session).await.unwrap();
    let code = queued(&max, channel, &[]).await;
    let mut ana = office.customer(code, 2).await;
    bob.down(session).await;
    eva.case_pushed("the offer", code, offered("eva")).await;
    ana.own_pushed("who will come", |case| {
        case.assignee.as_deref() == Some("eva")
    })
    .await;
}
