//! Three supporters help one customer at once, through the real windows.

use std::time::Duration;

use aldis_e2e::{Rect, SUPPORTER, Scene, Seen, Supporter, Watcher, containing, named};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

const TEST: &str = "together-three";

/// Long enough to see that something does not happen: many times what a click takes to arrive.
const NOTHING: Duration = Duration::from_secs(2);

/// Beside the customer's window, whatever its form.
const AREA: Rect = Rect {
    x: 20,
    y: 300,
    width: 240,
    height: 300,
};

#[test]
fn three_supporters_share_one_session_and_control_goes_from_hand_to_hand() -> Result<()> {
    let mut scene = Scene::start(TEST)?;
    scene.login()?;
    let (bo, cy) = (scene.colleague(TEST, "Bo")?, scene.colleague(TEST, "Cy")?);
    let code = scene.waiting_customer("Emma")?;
    scene.supporter.open(&["--language", "en"])?;
    scene.supporter.press_in_case(&code, "Connect")?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    let mut watcher = Watcher::open(scene.customer.desk().display(), AREA)?;
    let ana = &scene.supporter;
    ana.desk().find(&named("Remote screen"))?;
    arrives(&mut watcher, &scene, ana)?;

    invite(ana, &code, "Bo")?;
    invite(ana, &code, "Cy")?;
    let _at_bo = bo.connect(&code, &[])?;
    scene
        .customer
        .desk()
        .find(&containing("Bo would like to join"))?;
    ana.desk().find(&containing("being asked about Bo"))?;
    // While the prompt is open nobody moves anything.
    watcher.forget()?;
    click(&scene, ana)?;
    watcher.stays_untouched(NOTHING)?;
    scene.customer.answer("Allow to join")?;
    banner(&scene, SUPPORTER, &["Ana", "Bo"])?;
    arrives(&mut watcher, &scene, ana)?;

    // Who does not control is told so, and nothing happens.
    bo.desk().find(&named("Remote screen"))?;
    bo.desk().find(&containing("Ana controls"))?;
    watcher.forget()?;
    click(&scene, &bo)?;
    bo.desk()
        .find(&containing("Mouse and keyboard are with Ana"))?;
    watcher.stays_untouched(NOTHING)?;

    let _at_cy = cy.connect(&code, &["--fullscreen"])?;
    scene
        .customer
        .desk()
        .find(&containing("Already connected: Ana, Bo"))?;
    scene.customer.answer("Allow to join")?;
    banner(&scene, SUPPORTER, &["Ana", "Bo", "Cy"])?;
    let corner = cy.desk().display();
    corner.point((corner.width() - 1).into(), (corner.height() - 1).into())?;
    scene.wait_same_pixels_at(&cy, "three")?;
    let case = ana.case(&code)?;
    ensure!(
        case.get("supporters") == Some(&json!(["Ana", "Bo", "Cy"])),
        "all three in {case}"
    );

    ana.desk().press(&named("Bo…").role("button"))?;
    ana.desk()
        .press(&named("Hand over control").role("button"))?;
    banner(&scene, "Bo", &["Ana", "Bo", "Cy"])?;
    bo.desk().find(&containing("You control"))?;
    arrives(&mut watcher, &scene, &bo)?;
    watcher.forget()?;
    click(&scene, ana)?;
    watcher.stays_untouched(NOTHING)?;

    // The lead leaves, and the next one leads.
    ana.desk().press(&named("End session").role("button"))?;
    bo.desk().press(&named("Cy…").role("button"))?;
    bo.desk()
        .press(&named("Remove from the session").role("button"))?;
    cy.desk().find(&containing("sent you away"))?;
    scene.customer.wait_banner("Bo", "Full control")?;
    arrives(&mut watcher, &scene, &bo)?;
    scene.customer.answer("End")?;
    scene.customer.wait_ended()?;
    bo.desk()
        .find(&containing("The customer ended the session"))
        .map(drop)
}

/// Invites a colleague through the window.
fn invite(by: &Supporter, code: &str, name: &str) -> Result<()> {
    by.desk().press(&named("Invite…").role("button"))?;
    by.desk()
        .fill(&named("Colleague’s account").role("field"), name)?;
    by.desk().press(&named("Invite").role("button"))?;
    let invited = || {
        let case = by.case(code)?;
        let names = case.get("invited").and_then(Value::as_array);
        let there = names.is_some_and(|names| names.contains(&json!(name)));
        Ok(there.then_some(()))
    };
    aldis_e2e::wait::until("the invitation", aldis_e2e::wait::STEP, invited)
}

/// Waits until the customer's banner names these, and who of them controls.
fn banner(scene: &Scene, controls: &str, names: &[&str]) -> Result<()> {
    let desk = scene.customer.desk();
    desk.find(&containing(&format!("{controls} controls")))?;
    for name in names {
        desk.find(&named(name).role("label"))?;
        desk.find(&named(&format!("Send {name} away")).role("button"))?;
    }
    Ok(())
}

/// Clicks the middle of the watched area as this supporter sees it, fitted into his window.
fn click(scene: &Scene, who: &Supporter) -> Result<()> {
    let (x, y) = (AREA.x + AREA.width / 2, AREA.y + AREA.height / 2);
    let theirs = scene.customer.desk().display();
    let (width, height) = (f64::from(theirs.width()), f64::from(theirs.height()));
    let canvas = who.desk().find(&named("Remote screen"))?.area;
    ensure!(
        canvas.width > 0 && canvas.height > 0,
        "a canvas at {canvas:?}"
    );
    let factor = (f64::from(canvas.width) / width).min(f64::from(canvas.height) / height);
    let centre = |start: i32, room: i32, size: f64, at: i32| {
        f64::from(start) + (f64::from(room) - size * factor) / 2.0 + f64::from(at) * factor
    };
    let x = centre(canvas.x, canvas.width, width, x);
    let y = centre(canvas.y, canvas.height, height, y);
    who.desk().display().click(x as i32, y as i32)
}

/// A click of this supporter arrives.
fn arrives(watcher: &mut Watcher, scene: &Scene, who: &Supporter) -> Result<()> {
    watcher.forget()?;
    click(scene, who)?;
    watcher
        .wait("a click", |seen| {
            seen.iter()
                .any(|it| matches!(it, Seen::Button(1, false, ..)))
        })
        .map(drop)
        .context("a click of the one who controls")
}
