//! A session is recorded once the customer allows it, everybody sees that, and nothing is lost.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aldis_e2e::paint::Easel;
use aldis_e2e::{
    Binaries, Picture, Rect, SUPPORTER, Scene, Viewer, Watcher, XtermFile, containing, named,
    starting, wait,
};
use aldis_record::Player;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Long enough to see that something does not happen: many times what a click takes to arrive.
const NOTHING: Duration = Duration::from_secs(2);

/// What is typed while the session is recorded.
const TYPED: &str = "these words are kept";

/// A session in a window with its toolbar, with full control.
fn session(scene: &mut Scene) -> Result<(String, Viewer)> {
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let viewer = scene.supporter.connect(&code, &["--language", "en"])?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    scene.supporter.desk().find(&named("Remote screen"))?;
    Ok((code, viewer))
}

/// The supporter asks to record, and the customer is being asked.
fn ask(scene: &Scene) -> Result<()> {
    let record = named("Record").role("button");
    scene.supporter.desk().press(&record)?;
    let question = containing("Ana would like to record this session");
    scene.customer.desk().find(&question)?;
    let asked = containing("The customer is being asked whether you may record");
    scene.supporter.desk().find(&asked).map(drop)
}

/// The customer allows it, and both sides see that.
fn allow(scene: &Scene) -> Result<()> {
    scene.customer.answer("Allow recording")?;
    scene
        .customer
        .desk()
        .find(&containing("Ana is recording"))?;
    let runs = starting("Stop recording 0:").role("button");
    scene.supporter.desk().find(&runs).map(drop)
}

/// All recordings, as a script sees them.
fn listed(scene: &Scene) -> Result<Vec<Value>> {
    let list = scene.supporter.json(&["recordings", "list", "--json"])?;
    Ok(list.as_array().context("a list")?.clone())
}

fn path_of(recording: &Value) -> Result<PathBuf> {
    let path = recording.get("path").and_then(Value::as_str);
    Ok(path.context("the recording's path")?.into())
}

/// Waits until the end of the recording shows what this part of the customer's screen shows.
fn wait_kept(scene: &Scene, file: &Path, part: Rect) -> Result<Picture> {
    let theirs = scene.customer.desk().display();
    wait::until("the recording to show the screen", wait::STEP, || {
        let real = theirs.part(part)?;
        Ok(ends_with(file, part, &real)?.then_some(real))
    })
}

/// Whether the end of the recording shows this there.
fn ends_with(file: &Path, part: Rect, real: &Picture) -> Result<bool> {
    // As long as nothing is in it.
    let Ok(mut player) = Player::open(File::open(file)?) else {
        return Ok(false);
    };
    player.seek(player.length())?;
    let frame = player.frame();
    let mut pixels = real.pixels().iter().enumerate();
    Ok(pixels.all(|(number, pixel)| {
        let (x, y) = (number % real.width(), number / real.width());
        let (x, y) = (x + part.x as usize, y + part.y as usize);
        let at = (y * frame.width() as usize + x) * 4;
        let [_, red, green, blue] = pixel.to_be_bytes();
        frame.data().get(at..at + 3) == Some(&[blue, green, red])
    }))
}

#[test]
fn what_was_recorded_outlives_the_app_and_replays() -> Result<()> {
    let mut scene = Scene::start("recording-killed")?;
    let (code, mut viewer) = session(&mut scene)?;
    let mut xterm = XtermFile::open(scene.customer.desk())?;
    let theirs = scene.customer.desk().display();
    let mut place = XtermFile::place(theirs)?;
    // It hangs over the screen's edge.
    place.height = place.height.min(i32::from(theirs.height()) - place.y);
    theirs.click(place.middle().0, place.middle().1)?;

    // While the question is open nobody but the customer can answer it.
    ask(&scene)?;
    let mut watcher = Watcher::open(
        theirs,
        Rect {
            x: 20,
            y: 20,
            width: 200,
            height: 200,
        },
    )?;
    let ours = scene.supporter.desk().display();
    let canvas = scene.supporter.desk().find(&named("Remote screen"))?.area;
    ours.click(canvas.x + canvas.width / 2, canvas.y + canvas.height / 2)?;
    ours.key("Return")?;
    ours.key("space")?;
    watcher.stays_untouched(NOTHING)?;
    ensure!(xterm.unread()?.is_empty(), "something was typed");
    drop(watcher);
    allow(&scene)?;

    theirs.click(place.middle().0, place.middle().1)?;
    ours.type_keys(TYPED)?;
    xterm.wait_text(TYPED)?;
    let running = listed(&scene)?;
    let [running] = &running[..] else {
        anyhow::bail!("{running:?}");
    };
    let file = path_of(running)?;
    let typed = wait_kept(&scene, &file, place)?;
    viewer.program.kill()?;
    // Once the link counts as lost, the customer is told that nothing is recorded any more.
    let mark = containing("Ana is recording").within(Duration::from_mins(1));
    scene.customer.desk().gone(&mark)?;

    let after = listed(&scene)?;
    let [after] = &after[..] else {
        anyhow::bail!("{after:?}");
    };
    let says = |name: &str| after.get(name).and_then(Value::as_str).unwrap_or_default();
    ensure!(
        says("case") == code && says("customer") == "Emma",
        "{after}"
    );
    ensure!(says("supporter") == SUPPORTER, "{after}");
    ensure!(
        after.get("finished") == Some(&Value::Bool(false)),
        "{after}"
    );
    ensure!(ends_with(&file, place, &typed)?, "the typed words");
    replays(&mut scene, &file)?;

    // And becomes a film.
    let film = scene.supporter.desk().home().join("film.mp4");
    let (from, to) = (file.to_string_lossy(), film.to_string_lossy());
    let done = scene
        .supporter
        .command(&["recordings", "export", &from, &to], None)?;
    ensure!(done.status.success(), "{}", done.stderr);
    let film = std::fs::read(film)?;
    ensure!(film.get(4..8) == Some(b"ftyp"), "an MP4 file");
    Ok(())
}

/// The file replays in a window of its own.
fn replays(scene: &mut Scene, file: &Path) -> Result<()> {
    let path = file.to_string_lossy();
    scene
        .supporter
        .open(&["--language", "en", "replay", &path])?;
    let desk = scene.supporter.desk();
    desk.find(&named("Recorded screen"))?;
    desk.find(&named("Recorded by Ana"))?;
    desk.find(&named("Not finished"))?;
    desk.find(&named("Pause").role("button"))?;
    desk.display().key("End")?;
    desk.find(&named("Play").role("button"))?;
    let area = desk.find(&named("Recorded screen"))?.area;
    let shown = desk.display().part(Rect {
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
    })?;
    ensure!(shown.colours() > 50, "the screen is in the window");
    scene.supporter.close();
    Ok(())
}

#[test]
fn a_declined_recording_records_nothing_and_the_session_goes_on() -> Result<()> {
    let mut scene = Scene::start("recording-declined")?;
    let (_code, _viewer) = session(&mut scene)?;
    ask(&scene)?;
    scene.customer.answer("Decline")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    let ours = scene.supporter.desk();
    ours.find(&containing("The customer declined the recording"))?;
    ensure!(
        !scene
            .customer
            .desk()
            .shows(&named("Stop recording").role("button"))
    );
    ensure!(listed(&scene)?.is_empty(), "nothing was recorded");
    // Asking again at once bothers nobody.
    ours.press(&named("Record").role("button"))?;
    wait::throughout(NOTHING, || {
        let asked = scene
            .customer
            .desk()
            .shows(&containing("would like to record"));
        ensure!(!asked, "the customer was asked again");
        Ok(())
    })
}

#[test]
fn the_customer_stops_a_recording_and_everybody_sees_who_records() -> Result<()> {
    let mut scene = Scene::start("recording-stopped")?;
    let (code, _viewer) = session(&mut scene)?;
    ask(&scene)?;
    allow(&scene)?;
    // Who comes later sees it as well, and the customer goes on seeing it.
    let bo = scene.colleague("recording-stopped", "Bo")?;
    let invited = ["cases", "invite", &code, "--who", "Bo", "--json"];
    scene.supporter.json(&invited)?;
    let _at_bo = bo.connect(&code, &["--language", "en"])?;
    scene
        .customer
        .desk()
        .find(&containing("Bo would like to join"))?;
    scene
        .customer
        .desk()
        .find(&containing("Ana is recording"))?;
    scene.customer.answer("Allow to join")?;
    bo.desk().find(&named("records"))?;

    scene.customer.answer("Stop recording")?;
    scene
        .customer
        .desk()
        .gone(&containing("Ana is recording"))?;
    bo.desk().gone(&named("records"))?;
    let told = containing("The customer stopped the recording");
    scene.supporter.desk().find(&told)?;
    wait::until("the finished recording", wait::STEP, || {
        let list = listed(&scene)?;
        let finished = |it: &Value| it.get("finished") == Some(&Value::Bool(true));
        Ok((list.len() == 1 && list.iter().all(finished)).then_some(()))
    })?;
    scene
        .supporter
        .desk()
        .find(&named("Remote screen"))
        .map(drop)
}

#[test]
fn a_recording_is_found_and_shown_in_its_folder() -> Result<()> {
    let mut scene = Scene::start("recording-found")?;
    let (code, viewer) = session(&mut scene)?;
    ask(&scene)?;
    allow(&scene)?;
    scene.customer.answer("Stop recording")?;
    let told = containing("The customer stopped the recording");
    scene.supporter.desk().find(&told)?;
    drop(viewer);

    // On a desktop that cannot show a folder at first.
    let desk = scene.supporter.desk();
    let tools = desk.home().join("tools");
    std::fs::create_dir(&tools)?;
    let mut command = desk.command("env");
    command.arg(format!("PATH={}", tools.display()));
    command.arg(Binaries::beside_me()?.supporter()?);
    command.args(["--language", "en"]);
    let _app = desk.start_program("aldis", &command)?;
    desk.press(&named("Recordings").role("button"))?;
    let show = starting("Show in folder: Emma,").role("button");
    let more = starting("More: Emma,").role("button");
    desk.press(&more)?;
    desk.press(&show)?;
    desk.find(&containing("No program on this computer shows folders"))?;
    let opened = desk.home().join("opened");
    let opener = tools.join("xdg-open");
    let script = format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", opened.display());
    std::fs::write(&opener, script)?;
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755))?;
    desk.press(&more)?;
    desk.press(&show)?;
    desk.gone(&containing("No program on this computer shows folders"))?;
    let recordings = listed(&scene)?;
    let path = path_of(recordings.first().context("the recording")?)?;
    let folder = path
        .parent()
        .context("its folder")?
        .to_string_lossy()
        .into_owned();
    wait::until("the folder to be opened", wait::STEP, || {
        let seen = std::fs::read_to_string(&opened).unwrap_or_default();
        Ok((seen == folder).then_some(()))
    })?;

    let search = named("Search").role("field");
    desk.fill(&search, "nobody")?;
    desk.find(&named("No recording matches"))?;
    for words in ["emm", &code, "ana EMMA"] {
        desk.fill(&search, words)?;
        desk.find(&more)?;
        desk.gone(&named("No recording matches"))?;
    }

    // All of them may take less from now on.
    desk.find(&containing(" of 10.0 GB"))?;
    desk.press(&named("Queue").role("button"))?;
    desk.press(&named("Settings").role("button"))?;
    desk.press(&starting("Recordings may take 10.0 GB").role("button"))?;
    desk.press(&named("1.0 GB").role("button"))?;
    desk.press(&named("Recordings").role("button"))?;
    desk.find(&containing(" of 1.0 GB")).map(drop)
}

#[test]
fn a_hidden_window_goes_on_recording() -> Result<()> {
    let mut scene = Scene::start("recording-hidden")?;
    let (_code, _viewer) = session(&mut scene)?;
    ask(&scene)?;
    allow(&scene)?;
    let file = wait::until("the recording", wait::STEP, || {
        listed(&scene)?.first().map(path_of).transpose()
    })?;
    scene.supporter.desk().display().hide_window("Aldis$")?;
    let theirs = scene.customer.desk().display();
    let area = Rect {
        x: 200,
        y: 250,
        width: 300,
        height: 200,
    };
    let easel = Easel::new(theirs, area)?;
    for seed in 1..4 {
        easel.show(&Picture::random(300, 200, seed))?;
        wait_kept(&scene, &file, area)?;
    }
    Ok(())
}
