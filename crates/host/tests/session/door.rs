//! Who gets to the customer's screen, and what he can do there.

use aldis_host::{Choice, Command, Notice, Stage};
use aldis_link::DialError;
use aldis_wire::input::{Button, Input, Key, NOTCH, NamedKey};
use aldis_wire::peer::{EndReason, Grant, ToHost, ToViewer};

use crate::customer::Customer;
use crate::desktop::{Desktop, Pressed};
use crate::stage::{Office, on_stage, soon};
use crate::supporter::{Door, Supporter, Visit};

#[test]
fn only_the_two_keys_that_the_server_introduced_get_a_session() {
    on_stage(
        "door::only_the_two_keys_that_the_server_introduced_get_a_session",
        async || {
            let office = Office::open().await;
            let mut eva = Supporter::sign_in(&office.name).await;
            let code = eva.new_case().await;
            let customer = Customer::waiting(&office.name, code).await;
            let session = eva.ask(code).await;
            customer.choose(Choice::Allow).await;
            let door = eva.allowed(session).await;
            // The same account on another machine knows everything but the key.
            let stranger = Supporter::sign_in(&office.name).await;
            if let Ok((visit, answer)) = stranger.enter(&door).await {
                assert_eq!(answer, None);
                soon("the stranger's end", visit.connection.closed()).await;
            }
            let elsewhere = Door {
                session: door.session,
                case: door.case,
                key: [7; 32],
                way: door.way.clone(),
            };
            let outcome = eva.enter(&elsewhere).await.err();
            assert!(
                matches!(outcome, Some(DialError::WrongKey(_))),
                "{outcome:?}"
            );
            assert!(matches!(
                customer.host.view().stage,
                Stage::Connecting { .. }
            ));
            welcome(&eva, &door, Grant::Control).await;
        },
    );
}

#[test]
fn another_sessions_introduction_is_refused_and_the_right_one_still_welcome() {
    let name = "door::another_sessions_introduction_is_refused_and_the_right_one_still_welcome";
    on_stage(name, async || {
        let office = Office::open().await;
        let mut eva = Supporter::sign_in(&office.name).await;
        let code = eva.new_case().await;
        let customer = Customer::waiting(&office.name, code).await;
        let session = eva.ask(code).await;
        customer.choose(Choice::Allow).await;
        let door = eva.allowed(session).await;
        let other = Door {
            session: [9; 16],
            case: door.case,
            key: door.key,
            way: door.way.clone(),
        };
        let (mut visit, answer) = eva.enter(&other).await.unwrap();
        assert_eq!(answer, Some(ToViewer::Refused));
        assert_eq!(visit.next().await, None);
        soon("the end", visit.connection.closed()).await;
        // Without an introduction nobody gets in either.
        let mut visit = Visit::dial(&eva.node, &door).await.unwrap();
        visit
            .send
            .send(&ToHost::Input(Input::Text("x".to_owned())))
            .await
            .unwrap();
        assert_eq!(visit.next().await, None);
        soon("the end", visit.connection.closed()).await;
        welcome(&eva, &door, Grant::Control).await;
    });
}

#[test]
fn the_door_is_shut_before_the_yes_and_after_the_end() {
    on_stage(
        "door::the_door_is_shut_before_the_yes_and_after_the_end",
        async || {
            let office = Office::open().await;
            let mut eva = Supporter::sign_in(&office.name).await;
            let code = eva.new_case().await;
            let customer = Customer::waiting(&office.name, code).await;
            let session = eva.ask(code).await;
            customer.choose(Choice::Allow).await;
            let door = eva.allowed(session).await;
            let mut visit = welcome(&eva, &door, Grant::Control).await;
            customer.host.send(Command::End);
            let ended =
                |message: &ToViewer| matches!(message, ToViewer::Ended(EndReason::Customer));
            visit.until(ended, |_| false).await;
            soon("the end", visit.connection.closed()).await;
            eva.until_free(code).await;
            // Who ended it is asked again; while the prompt is open, the old way leads nowhere.
            eva.ask(code).await;
            let asked = |view: &aldis_host::View| matches!(view.stage, Stage::Asked { .. });
            customer.until("the question", asked).await;
            let outcome = eva.enter(&door).await.err();
            assert!(
                matches!(outcome, Some(DialError::NoAnswer(_))),
                "{outcome:?}"
            );
            assert!(asked(&customer.host.view()));
        },
    );
}

#[test]
fn input_without_a_grant_is_ignored_and_reported_and_with_one_it_arrives() {
    let name = "door::input_without_a_grant_is_ignored_and_reported_and_with_one_it_arrives";
    on_stage(name, async || {
        let office = Office::open().await;
        let desktop = Desktop::open();
        desktop.start_program();
        desktop.move_pointer(300, 200);
        let mut eva = Supporter::sign_in(&office.name).await;
        let code = eva.new_case().await;
        let customer = Customer::waiting(&office.name, code).await;

        let session = eva.ask(code).await;
        customer.choose(Choice::ViewOnly).await;
        let door = eva.allowed(session).await;
        let mut visit = welcome(&eva, &door, Grant::View).await;
        send_inputs(&mut visit).await;
        let ignored = |message: &ToViewer| *message == ToViewer::InputIgnored;
        visit.until(ignored, |_| false).await;
        let told = |view: &aldis_host::View| view.notice == Some(Notice::InputIgnored);
        customer.until("the report", told).await;
        // The end comes after all that was sent before it, and the report came only once.
        visit.send.send(&ToHost::End).await.unwrap();
        let ended = |message: &ToViewer| matches!(message, ToViewer::Ended(EndReason::Supporter));
        let (_, reports) = visit.until(ended, ignored).await;
        assert_eq!(reports, 0);
        assert_eq!(desktop.pressed(), Pressed::default());
        assert_eq!(desktop.pointer(), (300, 200));
        eva.until_free(code).await;

        // The same inputs from a supporter who may: so the test above could have failed.
        let mut other = Supporter::sign_in(&office.name).await;
        let session = other.ask(code).await;
        customer.choose(Choice::Allow).await;
        let door = other.allowed(session).await;
        let mut visit = welcome(&other, &door, Grant::Control).await;
        send_inputs(&mut visit).await;
        let moved = |message: &ToViewer| *message == ToViewer::PointerMoved(Some((11, 12)));
        let (_, reports) = visit.until(moved, ignored).await;
        assert_eq!(reports, 0);
        assert_eq!(desktop.pointer(), (11, 12));

        // The hot key cuts and ends, from whatever thread hears it.
        let cut = customer.host.cutter();
        std::thread::Builder::new()
            .spawn(cut)
            .unwrap()
            .join()
            .unwrap();
        let ended = |message: &ToViewer| matches!(message, ToViewer::Ended(EndReason::Customer));
        visit.until(ended, |_| false).await;
        customer
            .until("the end", |view| matches!(view.stage, Stage::Over { .. }))
            .await;
        let pressed = desktop.pressed();
        assert!(pressed.keys >= 7 && pressed.buttons >= 2, "{pressed:?}");
    });
}

/// Goes in and is let in with this grant, up to the list of monitors.
pub(crate) async fn welcome(eva: &Supporter, door: &Door, expected: Grant) -> Visit {
    let (mut visit, answer) = eva.enter(door).await.unwrap();
    match answer {
        Some(ToViewer::Welcome { grant, .. }) => assert_eq!(grant, expected),
        other => panic!("{other:?}"),
    }
    visit
        .until(
            |message| matches!(message, ToViewer::Monitors { .. }),
            |_| false,
        )
        .await;
    visit
}

/// Something of every kind; the pointer's last move ends at (11, 12).
async fn send_inputs(visit: &mut Visit) {
    let enter = Key::Named(NamedKey::Enter);
    let inputs = [
        Input::PointerMove { x: 50, y: 60 },
        Input::Button {
            button: Button::Left,
            pressed: true,
        },
        Input::Button {
            button: Button::Left,
            pressed: false,
        },
        Input::Wheel { x: 0, y: NOTCH },
        Input::Text("typed".to_owned()),
        Input::Key {
            key: enter,
            pressed: true,
        },
        Input::Key {
            key: enter,
            pressed: false,
        },
        Input::Key {
            key: Key::Function(5),
            pressed: true,
        },
        Input::Key {
            key: Key::Function(5),
            pressed: false,
        },
        Input::PointerMove { x: 11, y: 12 },
    ];
    for input in inputs {
        visit.send.send(&ToHost::Input(input)).await.unwrap();
    }
}
