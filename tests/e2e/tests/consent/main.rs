//! Nothing moves at the customer's without their yes, whatever the supporter's app sends.

mod alone;
mod tampered;

use std::time::Duration;

use aldis_e2e::{Rect, SUPPORTER, Scene, Seen, Watcher, containing, named, wait};
use aldis_wire::peer::{EndReason, Grant, Recording, ToHost, ToViewer};
use aldis_wire::signal::Answer;
use anyhow::{Result, ensure};

use tampered::Tampered;

/// Long enough to see that something does not happen: many times what a key press takes to arrive.
const NOTHING: Duration = Duration::from_secs(2);

/// Where nothing of ours is.
const AREA: Rect = Rect {
    x: 20,
    y: 300,
    width: 200,
    height: 300,
};

#[test]
fn input_without_a_grant_moves_nothing_and_the_customer_is_told() -> Result<()> {
    let mut scene = Scene::start("consent-view-only")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let mut supporter = Tampered::sign_in(scene.server.name())?;
    ensure!(matches!(supporter.ask(&code)?, Answer::Asked { .. }));
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("View only")?;
    let mut visit = supporter.enter(Grant::View)?;
    scene.customer.wait_banner(SUPPORTER, "View only")?;

    let theirs = scene.customer.desk().display();
    let mut watcher = Watcher::open(theirs, AREA)?;
    let before = theirs.pointer()?;
    supporter.send_all(&mut visit, (100, 400))?;
    supporter.wait(&mut visit, &ToViewer::InputIgnored)?;
    let told = containing("sent input that you did not allow");
    scene.customer.desk().find(&told)?;
    watcher.stays_untouched(NOTHING)?;
    ensure!(theirs.pointer()? == before, "the pointer moved");
    scene.customer.wait_banner(SUPPORTER, "View only")
}

#[test]
fn no_input_of_a_supporter_answers_the_question() -> Result<()> {
    let mut scene = Scene::start("consent-question")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let mut supporter = Tampered::sign_in(scene.server.name())?;
    supporter.ask(&code)?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    let mut visit = supporter.enter(Grant::Control)?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;

    // While somebody is in control nobody is asked anything that he could answer.
    let theirs = scene.customer.desk().display();
    let mut watcher = Watcher::open(theirs, AREA)?;
    supporter.send_all(&mut visit, (100, 400))?;
    watcher.wait("a click of him who may", |seen| {
        seen.iter()
            .any(|it| matches!(it, Seen::Button(1, false, 100, 400)))
    })?;
    let other = Tampered::sign_in(scene.server.name())?;
    let refused = other.ask(&code);
    ensure!(refused.is_err(), "{refused:?}");
    let allow = named("Allow").role("button");
    wait::throughout(NOTHING, || {
        ensure!(!scene.customer.desk().shows(&allow), "there is a question");
        Ok(())
    })?;

    // Once it is over the same supporter is asked again, and what he still sends answers nothing.
    scene.customer.answer("End")?;
    supporter.wait(&mut visit, &ToViewer::Ended(EndReason::Customer))?;
    scene.supporter.wait_status(&code, "Pending")?;
    drop(watcher);
    theirs.point(10, 10)?;
    supporter.ask(&code)?;
    scene.customer.wait_question(SUPPORTER)?;
    let place = scene.customer.desk().find(&allow)?.area.middle();
    // His app may not even hear that nobody listens.
    drop(supporter.send_all(&mut visit, place));
    wait::throughout(NOTHING, || {
        ensure!(theirs.pointer()? == (10, 10), "the pointer moved");
        ensure!(scene.customer.desk().shows(&allow), "the question is gone");
        Ok(())
    })?;
    ensure!(supporter.is_cut(&mut visit), "the old way is still open");
    scene.customer.wait_question(SUPPORTER)?;

    // The person's own click does what none of his did.
    theirs.click(place.0, place.1)?;
    let _visit = supporter.enter(Grant::Control)?;
    scene.customer.wait_banner(SUPPORTER, "Full control")
}

#[test]
fn who_controls_does_not_answer_his_own_question() -> Result<()> {
    let mut scene = Scene::start("consent-own-question")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let mut supporter = Tampered::sign_in(scene.server.name())?;
    supporter.ask(&code)?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    let mut visit = supporter.enter(Grant::Control)?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;

    // What he holds down when the question opens is let go, and is no answer.
    supporter.hold_down(&mut visit)?;
    supporter.say(&mut visit, &ToHost::Record(true))?;
    supporter.wait(&mut visit, &ToViewer::Recording(Recording::Asked))?;
    let allow = named("Allow recording").role("button");
    let place = scene.customer.desk().find(&allow)?.area.middle();
    let theirs = scene.customer.desk().display();
    let before = theirs.pointer()?;
    supporter.send_all(&mut visit, place)?;
    wait::throughout(NOTHING, || {
        ensure!(theirs.pointer()? == before, "the pointer moved");
        ensure!(scene.customer.desk().shows(&allow), "the question is gone");
        Ok(())
    })?;

    // The person's own click does what none of his did.
    theirs.click(place.0, place.1)?;
    supporter.wait(&mut visit, &ToViewer::Recording(Recording::On))
}
