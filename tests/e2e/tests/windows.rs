//! Both windows hold together whatever their size, and stay where they were put.

use aldis_e2e::{Rect, SUPPORTER, Scene, Viewer, named, starting, wait};
use anyhow::{Result, ensure};

/// Buttons of the German toolbar, by how their names start: the longest of the three languages.
const BUTTONS: [&str; 8] = [
    "Verbindung: ",
    "Einladen",
    "Chat",
    "Tastatur",
    "Aufzeichnen",
    "Bild",
    "Vollbild",
    "Sitzung beenden",
];

fn session(scene: &mut Scene, language: &str) -> Result<Viewer> {
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let viewer = scene.supporter.connect(&code, &["--language", language])?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    Ok(viewer)
}

#[test]
fn no_button_of_the_toolbar_lies_over_another() -> Result<()> {
    let mut scene = Scene::start("windows-toolbar")?;
    let _viewer = session(&mut scene, "de")?;
    let desk = scene.supporter.desk();
    for width in ["1240", "960", "640"] {
        let display = desk.display();
        display.xdotool(&["search", "--name", "Aldis$", "windowsize", width, "600"])?;
        let mut areas = Vec::new();
        let apart = wait::until("buttons beside each other", wait::STEP, || {
            areas.clear();
            for name in BUTTONS {
                let button = desk.find(&starting(name).role("button"))?;
                areas.push((button.name, button.area));
            }
            let pairs = areas.iter().enumerate();
            let mut pairs = pairs
                .flat_map(|(at, one)| areas.iter().skip(at + 1).map(move |other| (one, other)));
            Ok(pairs
                .all(|(one, other)| !meet(one.1, other.1))
                .then_some(()))
        });
        ensure!(apart.is_ok(), "{width}: {areas:?}");
    }
    Ok(())
}

/// Whether two areas have a pixel in common.
fn meet(one: Rect, other: Rect) -> bool {
    let apart = |start: i32, length: i32, other: i32, others: i32| {
        start + length <= other || other + others <= start
    };
    !apart(one.x, one.width, other.x, other.width)
        && !apart(one.y, one.height, other.y, other.height)
}

#[test]
fn the_customers_bar_moves_when_it_is_dragged_and_not_after_a_click() -> Result<()> {
    let mut scene = Scene::start("windows-bar")?;
    let _viewer = session(&mut scene, "en")?;
    let desk = scene.customer.desk();
    let display = desk.display();
    let label = named("Full control").role("label");
    let place = || desk.find(&label).map(|label| (label.area.x, label.area.y));
    let before = place()?;
    let beside = (before.0 + 260, before.1);
    let (x, y) = (beside.0.to_string(), beside.1.to_string());
    for pause in ["10", "30", "80"] {
        display.xdotool(&[
            "mousemove",
            &x,
            &y,
            "click",
            "--repeat",
            "2",
            "--delay",
            pause,
            "1",
        ])?;
        display.xdotool(&["mousemove", "300", "500", "mousemove", "320", "520"])?;
        display.picture_at_rest()?;
        ensure!(place()? == before, "the bar followed the pointer");
    }

    // As slowly as a hand.
    let (step, down) = ((before.1 + 40).to_string(), (before.1 + 200).to_string());
    let pause = ["sleep", "0.1"];
    let press = ["mousemove", &x, &y, "mousedown", "1"];
    let moves = [["mousemove", &x, &step], ["mousemove", &x, &down]];
    let [first, second] = moves.map(|to| [&to[..], &pause].concat());
    let words = [&press[..], &pause, &first, &second, &["mouseup", "1"]];
    display.xdotool(&words.concat())?;
    wait::until("the bar to be moved", wait::STEP, || {
        Ok((place()?.1 > before.1 + 100).then_some(()))
    })
}
