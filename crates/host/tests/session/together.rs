//! Several supporters on one customer's machine.

use aldis_host::{Choice, Notice, Stage, View as CustomerView};
use aldis_link::SignalError;
use aldis_viewer::{Command, Over, Session, SessionStage, View, Wish};
use aldis_wire::Code;
use aldis_wire::input::{Input, Key, NamedKey};
use aldis_wire::peer::{EndReason, Grant, Seat, ToHost, ToViewer};
use aldis_wire::signal::{Action, Refusal};

use crate::customer::Customer;
use crate::desktop::Desktop;
use crate::door::welcome;
use crate::stage::{Office, draft, on_stage, soon};
use crate::supporter::{Supporter, Visit};
use crate::window::Window;

#[test]
fn three_see_the_exact_screen_and_control_goes_from_hand_to_hand() {
    let name = "together::three_see_the_exact_screen_and_control_goes_from_hand_to_hand";
    on_stage(name, async || {
        let office = Office::open().await;
        let desktop = Desktop::open();
        desktop.draw((0, 0), (200, 150), 1);
        let [eva, bo, cy] = [
            Window::sign_in(&office.name, "eva").await,
            Window::sign_in(&office.name, "bo").await,
            Window::sign_in(&office.name, "cy").await,
        ];
        let (code, customer) = first(&office, &eva).await;
        join(&eva, &bo, "bo", code, &customer).await;
        join(&eva, &cy, "cy", code, &customer).await;
        let all = |view: &CustomerView| people(view) == ["eva*", "bo", "cy"];
        customer.until("all three", all).await;
        for (seed, place) in [(2, (0, 0)), (3, (301, 200)), (4, (77, 33))] {
            desktop.draw(place, (300, 200), seed);
            for window in [&eva, &bo, &cy] {
                window.sees(&desktop.pixels()).await;
            }
        }

        moves(&eva, (111, 112), &desktop).await;
        ignored(&bo, &desktop).await;
        let seat = eva.seat("bo");
        bo.viewer.send(Command::HandControl(seat));
        bo.viewer.send(Command::AskControl);
        let asks = |seats: &[Seat]| seats.iter().any(|seat| seat.name == "bo" && seat.asks);
        eva.until_seats("the wish", asks).await;
        assert_eq!(controller(&eva).as_deref(), Some("eva"), "he only wishes");
        eva.viewer.send(Command::HandControl(seat));
        bo.until_granted(Grant::Control).await;
        eva.until_granted(Grant::View).await;
        customer
            .until("the hand-over", |view| people(view) == ["eva", "bo*", "cy"])
            .await;
        moves(&bo, (211, 212), &desktop).await;
        ignored(&eva, &desktop).await;

        // Only the lead removes.
        cy.viewer.send(Command::RemoveSeat(cy.seat("bo")));
        cy.viewer.send(Command::AskControl);
        let asks = |seats: &[Seat]| seats.len() == 3 && seats[2].asks;
        eva.until_seats("the wish", asks).await;
        eva.viewer.send(Command::EndSession);
        let leads = |seats: &[Seat]| seats[0].name == "bo" && seats[0].lead && seats.len() == 2;
        bo.until_seats("the lead", leads).await;
        cy.until_seats("the lead", leads).await;
        moves(&bo, (311, 312), &desktop).await;
        bo.viewer.send(Command::RemoveSeat(bo.seat("cy")));
        over(&cy, Over::Ended(EndReason::Removed)).await;
        let left = |view: &CustomerView| view.notice == Some(Notice::Left("cy".to_owned()));
        customer.until("cy's leaving", left).await;
        // And the server knows that he needs a new invitation.
        let alone = |view: &View| {
            let case = &view.service.cases[&code];
            case.supporters == ["bo"] && case.invited == ["bo"]
        };
        bo.until("the server's word", alone).await;

        customer.host.send(aldis_host::Command::StopControl);
        bo.until_granted(Grant::View).await;
        customer.host.send(aldis_host::Command::End);
        over(&bo, Over::Ended(EndReason::Customer)).await;
    });
}

#[test]
fn while_the_customer_is_asked_about_another_one_nobody_moves_anything() {
    let name = "together::while_the_customer_is_asked_about_another_one_nobody_moves_anything";
    on_stage(name, async || {
        let office = Office::open().await;
        let desktop = Desktop::open();
        let eva = Window::sign_in(&office.name, "eva").await;
        let bo = Window::sign_in(&office.name, "bo").await;
        let (code, customer) = first(&office, &eva).await;
        moves(&eva, (111, 112), &desktop).await;
        for choice in [Choice::Decline, Choice::Allow] {
            invite(&eva, "bo", code).await;
            connect(&bo, code);
            let joining = |session: &Session| session.joining.as_deref() == Some("bo");
            eva.until_session("the question", joining).await;
            eva.until_granted(Grant::View).await;
            eva.viewer
                .send(Command::Input(Input::PointerMove { x: 5, y: 5 }));
            // Seeing goes on, and what is sent meanwhile comes to nothing.
            desktop.draw((40, 300), (64, 64), 9);
            eva.sees(&desktop.pixels()).await;
            let asked = |view: &CustomerView| match &view.stage {
                Stage::Asked { others, .. } => *others == ["eva"],
                _ => false,
            };
            customer.until("the prompt", asked).await;
            customer.choose_for("bo", choice).await;
            eva.until_granted(Grant::Control).await;
            assert_eq!(desktop.pointer(), (111, 112));
        }
        bo.until_granted(Grant::View).await;
        eva.until_session("the end of it", |session| session.joining.is_none())
            .await;
        assert_ne!(customer.host.view().notice, Some(Notice::InputIgnored));
    });
}

#[test]
fn who_is_not_invited_and_who_comes_fourth_is_refused() {
    let name = "together::who_is_not_invited_and_who_comes_fourth_is_refused";
    on_stage(name, async || {
        let office = Office::open().await;
        let eva = Window::sign_in(&office.name, "eva").await;
        let (code, customer) = first(&office, &eva).await;
        let bo = Window::sign_in(&office.name, "bo").await;
        connect(&bo, code);
        over(&bo, Over::Refused(Refusal::Busy)).await;
        let live = |view: &CustomerView| matches!(view.stage, Stage::Live { .. });
        assert!(live(&customer.host.view()), "the customer is not bothered");
        let cy = Window::sign_in(&office.name, "cy").await;
        join(&eva, &bo, "bo", code, &customer).await;
        join(&eva, &cy, "cy", code, &customer).await;
        let to = "dan".to_owned();
        let (codes, action) = (vec![code], Action::Invite(to));
        eva.viewer.send(Command::Desk(Wish::Act { codes, action }));
        let refused = |view: &View| matches!(view.refused, Some((_, Refusal::Full)));
        eva.until("the refusal", refused).await;
        let dan = Window::sign_in(&office.name, "dan").await;
        connect(&dan, code);
        over(&dan, Over::Refused(Refusal::Busy)).await;
        assert_eq!(people(&customer.host.view()), ["eva*", "bo", "cy"]);
    });
}

#[test]
fn one_who_reads_and_answers_nothing_slows_nobody_and_can_be_removed() {
    let name = "together::one_who_reads_and_answers_nothing_slows_nobody_and_can_be_removed";
    on_stage(name, async || {
        let office = Office::open().await;
        let desktop = Desktop::open();
        let eva = Window::sign_in(&office.name, "eva").await;
        let (code, customer) = first(&office, &eva).await;
        let mut bo = Supporter::sign_in_as(&office.name, "bo").await;
        invite(&eva, "bo", code).await;
        let session = bo.ask(code).await;
        customer.choose_for("bo", Choice::Allow).await;
        let door = bo.allowed(session).await;
        // From here on he takes neither a picture nor a word, and answers no update.
        let (visit, answer) = bo.enter(&door).await.unwrap();
        assert!(matches!(answer, Some(ToViewer::Welcome { .. })));
        for seed in 0..20 {
            desktop.draw((0, 0), (640, 480), seed);
            eva.sees(&desktop.pixels()).await;
            let (x, y) = (seed as u16 * 7, seed as u16 * 5);
            moves(&eva, (x, y), &desktop).await;
        }
        eva.viewer.send(Command::RemoveSeat(eva.seat("bo")));
        eva.until_seats("his leaving", |seats| seats.len() == 1)
            .await;
        soon("his end", visit.connection.closed()).await;
        desktop.draw((0, 0), (640, 480), 99);
        eva.sees(&desktop.pixels()).await;
    });
}

#[test]
fn keys_that_the_old_hand_holds_are_let_go_at_the_hand_over() {
    let name = "together::keys_that_the_old_hand_holds_are_let_go_at_the_hand_over";
    on_stage(name, async || {
        let office = Office::open().await;
        let desktop = Desktop::open();
        desktop.start_program();
        let (mut eva, mut at_eva, bo, mut at_bo, _customer, code) = two(&office).await;
        let shift = |pressed| {
            ToHost::Input(Input::Key {
                key: Key::Named(NamedKey::Shift),
                pressed,
            })
        };
        at_eva.send.send(&shift(true)).await.unwrap();
        let (desktop, seats) = waits(desktop, true, &mut at_eva).await;
        let to_bo = ToHost::HandControl {
            seat: seats[1].number,
        };
        at_eva.send.send(&to_bo).await.unwrap();
        let (_desktop, seats) = waits(desktop, false, &mut at_bo).await;
        assert!(seats[1].controls && seats[1].you && !seats[0].controls);

        // The lead's connection breaks; she comes back uninvited and unasked, and only sees.
        at_eva.connection.close(0_u32.into(), b"");
        let alone =
            |message: &ToViewer| matches!(message, ToViewer::Seats { list, .. } if list.len() == 1);
        at_bo.until(alone, |_| false).await;
        eva.until_inside(code, &["bo"]).await;
        let session = eva.ask(code).await;
        let door = eva.allowed(session).await;
        let _at_eva = welcome(&eva, &door, Grant::View).await;
        // And nobody comes in with another one's session.
        let refused = bo.try_ask(code).await.err();
        assert!(
            matches!(refused, Some(SignalError::Refused(Refusal::Busy))),
            "{refused:?}"
        );
        // A client counts as connected before the other side has judged its key.
        if let Ok((visit, answer)) = bo.enter(&door).await {
            assert_eq!(answer, None, "the door is for eva's key");
            soon("bo's end", visit.connection.closed()).await;
        }
    });
}

/// `eva` is in a session with control.
async fn first(office: &Office, eva: &Window) -> (Code, Customer) {
    eva.viewer.send(Command::Desk(Wish::NewCase(draft())));
    let made = |view: &View| view.service.created.is_some();
    let view = eva.until("the new case", made).await;
    let code = view.service.created.unwrap();
    let customer = Customer::waiting(&office.name, code).await;
    connect(eva, code);
    customer.choose(Choice::Allow).await;
    eva.until_granted(Grant::Control).await;
    known(eva, "eva", code).await;
    (code, customer)
}

/// The server knows of this supporter's session: until then it takes no other question.
async fn known(window: &Window, name: &str, code: Code) {
    let inside = |view: &View| {
        view.service.cases[&code]
            .supporters
            .iter()
            .any(|it| it == name)
    };
    window.until("the server's word", inside).await;
}

/// Two sides that do only what the test says: `eva` controls, `bo` sees.
async fn two(office: &Office) -> (Supporter, Visit, Supporter, Visit, Customer, Code) {
    let mut eva = Supporter::sign_in(&office.name).await;
    let mut bo = Supporter::sign_in_as(&office.name, "bo").await;
    let code = eva.new_case().await;
    let customer = Customer::waiting(&office.name, code).await;
    let session = eva.ask(code).await;
    customer.choose(Choice::Allow).await;
    let door = eva.allowed(session).await;
    let at_eva = welcome(&eva, &door, Grant::Control).await;
    eva.until_inside(code, &["eva"]).await;
    eva.invite(code, "bo").await.unwrap();
    let session = bo.ask(code).await;
    customer.choose_for("bo", Choice::Allow).await;
    let door = bo.allowed(session).await;
    let at_bo = welcome(&bo, &door, Grant::View).await;
    (eva, at_eva, bo, at_bo, customer, code)
}

async fn invite(by: &Window, name: &str, code: Code) {
    let to = name.to_owned();
    let (codes, action) = (vec![code], Action::Invite(to));
    by.viewer.send(Command::Desk(Wish::Act { codes, action }));
    let invited = |view: &View| {
        view.service.cases[&code]
            .invited
            .iter()
            .any(|it| it == name)
    };
    by.until("the invitation", invited).await;
}

async fn join(lead: &Window, who: &Window, name: &str, code: Code, customer: &Customer) {
    invite(lead, name, code).await;
    connect(who, code);
    customer.choose_for(name, Choice::Allow).await;
    who.until_granted(Grant::View).await;
    let there = |seats: &[Seat]| seats.iter().any(|seat| seat.name == name);
    lead.until_seats("the new seat", there).await;
    known(lead, name, code).await;
}

fn connect(window: &Window, code: Code) {
    let view_only = false;
    window.viewer.send(Command::Connect { code, view_only });
}

async fn over(window: &Window, over: Over) {
    let over = SessionStage::Over(over);
    let ended = |session: &Session| session.stage == over;
    window.until_session("the end", ended).await;
}

/// Moves the customer's pointer there.
async fn moves(window: &Window, (x, y): (u16, u16), desktop: &Desktop) {
    let input = Input::PointerMove { x, y };
    window.viewer.send(Command::Input(input));
    let moved = |session: &Session| session.picture.pointer().place == Some((x, y));
    window.until_session("the pointer's move", moved).await;
    assert_eq!(desktop.pointer(), (x.cast_signed(), y.cast_signed()));
}

/// Tries to, and is told that it was ignored.
async fn ignored(window: &Window, desktop: &Desktop) {
    let before = desktop.pointer();
    let input = Input::PointerMove { x: 5, y: 5 };
    window.viewer.send(Command::Input(input));
    let told = |session: &Session| session.ignored > 0;
    window.until_session("the report", told).await;
    assert_eq!(desktop.pointer(), before);
}

fn controller(window: &Window) -> Option<String> {
    let session = window.viewer.view().session?;
    let seat = session.seats.into_iter().find(|seat| seat.controls)?;
    Some(seat.name)
}

/// The names that the customer's window shows, a star at the one who controls.
fn people(view: &CustomerView) -> Vec<String> {
    let Stage::Live { people, .. } = &view.stage else {
        return Vec::new();
    };
    let name = |person: &aldis_host::Person| {
        let star = if person.controls { "*" } else { "" };
        format!("{}{star}", person.supporter.name)
    };
    people.iter().map(name).collect()
}

/// Waits for a key's event on the desktop, and for the newest list of two seats.
async fn waits(desktop: Desktop, down: bool, visit: &mut Visit) -> (Desktop, Vec<Seat>) {
    let key = tokio::task::spawn_blocking(move || {
        desktop.wait_key(down);
        desktop
    });
    let desktop = soon("the key", key).await.unwrap();
    let wanted = |seats: &[Seat]| seats.len() == 2 && seats[0].controls == down;
    let told = |message: &ToViewer| matches!(message, ToViewer::Seats { list, .. } if wanted(list));
    let (ToViewer::Seats { list, .. }, _) = visit.until(told, |_| false).await else {
        panic!("it is a list of seats");
    };
    (desktop, list)
}
