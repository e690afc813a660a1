//! A case from sign-in to close, with both engines as the two apps use them.

use aldis_host::{Choice, Stage};
use aldis_viewer::{Command, Over, Session, SessionStage, View, Wish};
use aldis_wire::input::Input;
use aldis_wire::peer::{EndReason, Grant};
use aldis_wire::signal::{Action, Outcome, Status};

use crate::customer::Customer;
use crate::desktop::Desktop;
use crate::stage::{Office, draft, on_stage};
use crate::window::Window;

#[test]
fn a_supporter_sees_the_exact_screen_controls_it_and_is_stopped() {
    on_stage(
        "whole_way::a_supporter_sees_the_exact_screen_controls_it_and_is_stopped",
        play,
    );
}

async fn play() {
    let office = Office::open().await;
    let desktop = Desktop::open();
    desktop.draw((0, 0), (200, 150), 1);
    let eva = Window::sign_in(&office.name, "eva").await;
    eva.viewer.send(Command::Desk(Wish::NewCase(draft())));
    let made = |view: &View| view.service.created.is_some();
    let view = eva.until("the new case", made).await;
    let code = view.service.created.unwrap();
    let customer = Customer::waiting(&office.name, code).await;
    let here = |view: &View| {
        view.service
            .cases
            .get(&code)
            .is_some_and(|case| case.customer_online)
    };
    eva.until("Ana's coming", here).await;

    eva.viewer.send(Command::Connect {
        code,
        view_only: false,
    });
    customer.choose(Choice::Allow).await;
    eva.until_granted(Grant::Control).await;
    let status = |view: &View| view.service.cases.get(&code).map(|case| case.status);
    eva.until("the status", |view| {
        status(view) == Some(Status::InProgress)
    })
    .await;
    customer
        .until("the session", |view| live(view) == Some(Grant::Control))
        .await;

    eva.sees(&desktop.pixels()).await;
    let places = [
        ((0, 0), (640, 100)),
        ((123, 77), (1, 1)),
        ((301, 200), (339, 280)),
    ];
    for (seed, (place, size)) in (2..).zip(places) {
        desktop.draw(place, size, seed);
        eva.sees(&desktop.pixels()).await;
    }

    eva.viewer
        .send(Command::Input(Input::PointerMove { x: 320, y: 111 }));
    let moved = |session: &Session| session.picture.pointer().place == Some((320, 111));
    eva.until_session("the pointer's move", moved).await;
    assert_eq!(desktop.pointer(), (320, 111));

    customer.host.send(aldis_host::Command::StopControl);
    eva.until_granted(Grant::View).await;
    customer
        .until("the stop", |view| live(view) == Some(Grant::View))
        .await;
    eva.viewer
        .send(Command::Input(Input::PointerMove { x: 5, y: 5 }));
    eva.until_session("the report", |session| session.ignored == 1)
        .await;
    assert_eq!(desktop.pointer(), (320, 111));
    // Seeing goes on.
    desktop.draw((40, 300), (64, 64), 9);
    eva.sees(&desktop.pixels()).await;

    customer.host.send(aldis_host::Command::End);
    let over = SessionStage::Over(Over::Ended(EndReason::Customer));
    eva.until_session("the end", |session| session.stage == over)
        .await;
    let view = customer
        .until("the end", |view| matches!(view.stage, Stage::Over { .. }))
        .await;
    match view.stage {
        Stage::Over {
            supporters,
            lasted,
            reason,
        } => {
            assert_eq!(
                (supporters[0].name.as_str(), reason),
                ("eva", EndReason::Customer)
            );
            assert!(lasted > 0);
        }
        other => panic!("{other:?}"),
    }
    let view = eva
        .until("the status", |view| status(view) == Some(Status::Pending))
        .await;
    let case = &view.service.cases[&code];
    let (started, ended) = (case.started_at.unwrap(), case.ended_at.unwrap());
    assert_eq!(case.duration, ended - started);

    let (codes, action) = (vec![code], Action::Close(Outcome::Resolved));
    eva.viewer.send(Command::Desk(Wish::Act { codes, action }));
    eva.until("the close", |view| status(view) == Some(Status::Closed))
        .await;
    let closed = |view: &aldis_host::View| {
        view.case
            .as_ref()
            .is_some_and(|case| case.status == Status::Closed)
    };
    customer.until("the close", closed).await;
    customer.host.close().await;
    eva.viewer.close().await;
}

fn live(view: &aldis_host::View) -> Option<Grant> {
    match view.stage {
        Stage::Live { ref people, .. } => Some(people[0].grant),
        _ => None,
    }
}
