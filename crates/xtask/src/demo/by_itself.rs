//! The demo without a desktop: a supporter and a customer on virtual displays, with a picture of each step.

use std::fs;
use std::path::PathBuf;

use aldis_e2e::wait::Stopwatch;
use aldis_e2e::{PASSWORD, SUPPORTER, Scene, XtermFile, binaries, containing, named, wait};
use anyhow::{Context as _, Result};

use crate::table::Table;
use crate::test::seconds;

/// Pictures and times of the steps.
struct Story {
    folder: PathBuf,
    number: u32,
    clock: Stopwatch,
    times: Table,
}

impl Story {
    /// A step is done: notes its time and what both screens show.
    fn step(&mut self, scene: &Scene, name: &str, what: &str) -> Result<()> {
        self.times.row(what, seconds(self.clock.elapsed()));
        self.number += 1;
        for (who, desk) in [
            ("supporter", scene.supporter.desk()),
            ("customer", scene.customer.desk()),
        ] {
            let path = self
                .folder
                .join(format!("{:02}-{name}-{who}.png", self.number));
            desk.display().picture_at_rest()?.save(&path)?;
        }
        self.clock = Stopwatch::start();
        Ok(())
    }
}

/// Goes through a case from sign-in to its end.
pub(super) fn run() -> Result<()> {
    let folder = binaries::target().join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("emptying the folder for the pictures")?;
    }
    let clock = Stopwatch::start();
    let mut scene = Scene::start("demo")?;
    let server = scene.server.name().to_owned();
    let mut notes = XtermFile::open(scene.customer.desk())?;
    let mut story = Story {
        folder: folder.clone(),
        number: 0,
        clock,
        times: Table::default(),
    };
    story.step(&scene, "start", "server and two computers start")?;

    scene.supporter.open(&["--language", "en"])?;
    scene
        .supporter
        .desk()
        .find(&named("Sign in").role("button"))?;
    story.step(&scene, "sign-in", "supporter's app opens")?;
    scene.supporter.sign_in(&server, SUPPORTER, PASSWORD)?;
    scene
        .supporter
        .desk()
        .find(&named("New case").role("button"))?;
    story.step(&scene, "queue", "supporter signs in")?;
    let code = scene.supporter.new_case("Emma")?;
    scene.supporter.select(&code)?;
    story.step(&scene, "case", "supporter makes a case")?;

    scene.customer.open(&["--language", "en"])?;
    scene
        .customer
        .desk()
        .find(&named("Get help now").role("button"))?;
    story.step(&scene, "get-help", "customer's app opens")?;
    scene.customer.ask_for_help("Emma", &code, &server)?;
    scene.customer.wait_waiting()?;
    scene.supporter.wait_status(&code, "Pending")?;
    story.step(&scene, "waiting", "customer joins by code")?;

    scene.supporter.press_in_case(&code, "Connect")?;
    scene.customer.wait_question(SUPPORTER)?;
    story.step(&scene, "question", "supporter connects, customer is asked")?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    wait_picture(&scene)?;
    story.step(&scene, "session", "customer allows, picture is there")?;

    type_into_notes(&scene, &mut notes)?;
    story.step(
        &scene,
        "typing",
        "supporter types into the customer's notes",
    )?;

    scene.customer.answer("End")?;
    scene.customer.wait_ended()?;
    scene.supporter.desk().find(&containing("ended"))?;
    story.step(&scene, "ended", "customer ends the session")?;

    println!("{}", story.times.text(("step", "time")));
    println!(
        "demo: a case from sign-in to its end; pictures of each step in {}",
        folder.display()
    );
    Ok(())
}

/// Clicks into the remote xterm through the viewer, whose picture may be scaled, and types.
fn type_into_notes(scene: &Scene, notes: &mut XtermFile) -> Result<()> {
    let canvas = scene.supporter.desk().find(&named("Remote screen"))?.area;
    let theirs = scene.customer.desk().display();
    let (x, y) = XtermFile::place(theirs)?.middle();
    let scale = |at: i32, from: u16, start: i32, length: i32| start + at * length / i32::from(from);
    let ours = scene.supporter.desk().display();
    ours.click(
        scale(x, theirs.width(), canvas.x, canvas.width),
        scale(y, theirs.height(), canvas.y, canvas.height),
    )?;
    ours.type_text("Hello Emma, I am in your notes now.")?;
    notes.wait_text("Hello Emma, I am in your notes now.")
}

/// Waits until the viewer shows more than an empty window.
fn wait_picture(scene: &Scene) -> Result<()> {
    let canvas = scene.supporter.desk().find(&named("Remote screen"))?.area;
    wait::until("the first picture", wait::STEP, || {
        let shown = scene.supporter.desk().display().part(canvas)?;
        Ok((shown.colours() > 100).then_some(()))
    })
}
