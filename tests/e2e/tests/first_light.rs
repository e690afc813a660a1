//! A supporter takes a case and helps, on two real screens, through the real windows.

use std::time::Duration;

use aldis_e2e::keys::{CONTROL, F12, SHIFT};
use aldis_e2e::paint::Easel;
use aldis_e2e::{
    PASSWORD, Picture, Rect, SUPPORTER, Scene, SceneOptions, Seen, Watcher, XtermFile, containing,
    gallery, named, starting, wait,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Long enough to see that something does not happen: many times what a key press takes to arrive.
const NOTHING: Duration = Duration::from_secs(2);

/// The one colour of a supporter's picture.
const FACE: u32 = 0x00D8_1B60;

#[test]
fn line_69_and_73_from_sign_in_to_close_through_the_windows() -> Result<()> {
    let mut scene = Scene::start("first_light-windows")?;
    let server = scene.server.name().to_owned();

    scene.supporter.open(&["--language", "en"])?;
    scene.supporter.sign_in(&server, SUPPORTER, PASSWORD)?;
    let code = scene.supporter.new_case("Emma")?;
    scene.supporter.wait_status(&code, "New")?;

    scene.customer.open(&["--language", "en"])?;
    scene.customer.ask_for_help("Emma", &code, &server)?;
    scene.customer.wait_waiting()?;
    scene.customer.desk().find(&containing(&code))?;
    scene.supporter.wait_status(&code, "Pending")?;

    scene.supporter.press_in_case(&code, "Connect")?;
    scene.customer.wait_question(SUPPORTER)?;
    scene
        .supporter
        .desk()
        .find(&containing("Waiting for the customer’s answer"))?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    scene.supporter.desk().find(&named("Remote screen"))?;
    scene
        .supporter
        .desk()
        .find(&containing("Full control").role("label"))?;
    scene
        .supporter
        .wait_status_by_command(&code, "InProgress")?;

    scene
        .supporter
        .desk()
        .press(&named("End session").role("button"))?;
    scene.customer.wait_ended()?;
    scene
        .customer
        .desk()
        .press(&named("Close").role("button"))?;
    scene.supporter.wait_status_by_command(&code, "Pending")?;
    let case = scene.supporter.case(&code)?;
    ensure!(
        case.get("duration_ms")
            .and_then(Value::as_i64)
            .is_some_and(|it| it > 0),
        "a duration in {case}"
    );

    if !scene.supporter.desk().shows(&starting(&code)) {
        scene
            .supporter
            .desk()
            .press(&named("Queue").role("button"))?;
    }
    scene.supporter.press_in_case(&code, "Close case")?;
    scene
        .supporter
        .desk()
        .press(&named("Yes, close it").role("button"))?;
    scene.supporter.wait_status(&code, "Closed")?;

    scene
        .supporter
        .desk()
        .press(&named("Sign out").role("button"))?;
    scene
        .supporter
        .desk()
        .find(&named("Sign in").role("button"))
        .map(drop)
}

#[test]
fn at_actual_size_the_scroll_bars_are_ours_and_clicks_land_where_they_are_meant() -> Result<()> {
    let mut options = SceneOptions::usual()?;
    (options.customer.width, options.customer.height) = (1600, 1000);
    let mut scene = Scene::start_with("first_light-actual-size", &options)?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &[])?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    let desk = scene.supporter.desk();
    let ours = desk.display();
    desk.press(&named("Actual size").role("button"))?;
    desk.find(&named("Fit to window").role("button"))?;
    let canvas = desk.find(&named("Remote screen"))?.area;

    let theirs = scene.customer.desk().display();
    let area = Rect {
        x: 400,
        y: 100,
        width: i32::from(theirs.width()) - 400,
        height: i32::from(theirs.height()) - 100,
    };
    let mut watcher = Watcher::open(theirs, area)?;
    let place = (canvas.x + 600, canvas.y + 200);
    ours.click(place.0, place.1)?;
    watcher.wait("a click where it is meant", |seen| {
        seen.contains(&Seen::Button(1, false, 600, 200))
    })?;
    watcher.forget()?;

    let window = desk.find(&starting("").role("frame"))?.area;
    let bar = window.x + window.width - 5;
    ours.drag((bar, canvas.y + 60), (bar, canvas.y + 260))?;
    ours.click(place.0, place.1)?;
    ours.picture_at_rest()?
        .save(&desk.logs().join("scrolled.png"))?;
    let lower = |it: &Seen| matches!(it, Seen::Button(1, false, 600, y) if *y > 220);
    let seen = watcher.wait("a click further down", |seen| seen.iter().any(lower))?;
    let others = |it: &&Seen| matches!(it, Seen::Button(_, _, x, _) if *x != 600);
    ensure!(
        seen.iter().find(others).is_none(),
        "the scroll bar was pressed, and so was the customer's screen: {seen:?}"
    );
    Ok(())
}

#[test]
fn the_viewer_shows_exactly_the_customers_pixels() -> Result<()> {
    let mut scene = Scene::start("first_light-pixels")?;
    let (_code, mut viewer) = scene.session("Allow")?;
    let (ours, display) = (
        scene.supporter.desk().display(),
        scene.customer.desk().display(),
    );
    let (width, height) = (i32::from(display.width()), i32::from(display.height()));
    // Around the pointers nothing is compared: they are in another corner for every picture, so
    // that every pixel of the screen is compared with two of the three.
    let corners = [(width - 1, height - 1), (0, 0), (width - 1, 0)];

    let area = Rect {
        x: 30,
        y: 60,
        width: width - 100,
        height: height - 160,
    };
    let easel = Easel::new(display, area)?;
    let ten_seconds = Duration::from_secs(10) / 3;
    for (seed, (x, y)) in (1..).zip(corners) {
        ours.point(x, y)?;
        wait::until("the pointer in its corner", wait::STEP, || {
            Ok((display.pointer()? == (x, y)).then_some(()))
        })?;
        let picture = Picture::random(area.width.try_into()?, area.height.try_into()?, seed);
        easel.show(&picture)?;
        let shown = scene.wait_same_pixels(&format!("picture-{seed}"))?;
        ensure!(
            shown.colours() > 1000,
            "the picture is on the screen that was compared"
        );
        // Still right a while later, not only in passing.
        wait::throughout(ten_seconds, || viewer.program.check_running())?;
        scene.wait_same_pixels(&format!("picture-{seed}-later"))?;
    }
    gallery::exhibit(
        area,
        gallery::POINTER,
        |picture| easel.show(picture),
        |step| scene.wait_same_pixels(step),
    )?;
    ensure!(
        viewer.stats().len() >= 5,
        "a line of statistics a second: {:?}",
        viewer.stats()
    );
    Ok(())
}

#[test]
fn the_picture_has_no_colours_when_so_wished_and_all_of_them_again() -> Result<()> {
    let mut scene = Scene::start("first_light-look")?;
    let server = scene.server.name().to_owned();
    scene.supporter.open(&["--language", "en"])?;
    scene.supporter.sign_in(&server, SUPPORTER, PASSWORD)?;
    let code = scene.supporter.new_case("Emma")?;
    scene.customer.open(&["--language", "en"])?;
    scene.customer.ask_for_help("Emma", &code, &server)?;
    scene.supporter.wait_status(&code, "Pending")?;
    scene.supporter.press_in_case(&code, "Connect")?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    let desk = scene.supporter.desk();
    desk.find(&named("Remote screen"))?;
    // The customer's wallpaper, below the toolbar and its menu.
    let display = desk.display();
    let (x, y) = (
        i32::from(display.width()) / 3,
        i32::from(display.height()) * 2 / 3,
    );
    let blue = display.pixel(x, y)?;
    ensure!(!is_grey(blue), "{blue:06x} has a colour");

    desk.press(&named("Picture").role("button"))?;
    desk.press(&named("Without colours").role("check box"))?;
    display
        .picture_at_rest()?
        .save(&desk.logs().join("look.png"))?;
    wait::until("a picture without colours", wait::STEP, || {
        Ok(is_grey(display.pixel(x, y)?).then_some(()))
    })?;
    desk.press(&named("Without colours").role("check box"))?;
    wait::until("the same colour again", wait::STEP, || {
        Ok((display.pixel(x, y)? == blue).then_some(()))
    })
}

fn is_grey(pixel: u32) -> bool {
    let [_, red, green, blue] = pixel.to_be_bytes();
    red == green && green == blue
}

#[test]
fn text_a_drag_and_the_wheel_arrive() -> Result<()> {
    let mut scene = Scene::start("first_light-input")?;
    let (_code, _viewer) = scene.session("Allow")?;
    let ours = scene.supporter.desk().display();

    let mut xterm = XtermFile::open(scene.customer.desk())?;
    scene.wait_same_pixels("xterm")?;
    ours.click(300, 500)?;
    ours.type_text("Hello, Emma! 123 (ok)")?;
    xterm.wait_text("Hello, Emma! 123 (ok)")?;

    let area = Rect {
        x: 500,
        y: 60,
        width: 400,
        height: 280,
    };
    let mut watcher = Watcher::open(scene.customer.desk().display(), area)?;
    scene.wait_same_pixels("watcher")?;
    ours.drag((550, 100), (780, 260))?;
    let seen = watcher.wait("the drag", |seen| {
        seen.contains(&Seen::Button(1, true, 550, 100))
            && seen.contains(&Seen::Button(1, false, 780, 260))
    })?;
    let pressed = seen
        .iter()
        .position(|it| matches!(it, Seen::Button(1, true, ..)))
        .context("pressed")?;
    let released = seen
        .iter()
        .position(|it| matches!(it, Seen::Button(1, false, ..)))
        .context("released")?;
    let moved = seen
        .get(pressed..released)
        .unwrap_or_default()
        .iter()
        .any(|it| matches!(it, Seen::Motion(..)));
    ensure!(
        moved,
        "the pointer moved while the button was down: {seen:?}"
    );

    watcher.forget()?;
    ours.wheel(3)?;
    ours.wheel(-2)?;
    ours.xdotool(&["click", "3"])?;
    let seen = watcher.wait("the right button, after all else", |seen| {
        seen.iter()
            .any(|it| matches!(it, Seen::Button(3, false, ..)))
    })?;
    ensure!(
        (notches(&seen, 5), notches(&seen, 4)) == (3, 2),
        "three notches down and two up: {seen:?}"
    );
    Ok(())
}

#[test]
fn view_only_delivers_pictures_and_no_input() -> Result<()> {
    let mut scene = Scene::start("first_light-view-only")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.viewer(&code, "View only")?;
    scene.supporter.wait_status(&code, "InProgress")?;

    let area = Rect {
        x: 300,
        y: 200,
        width: 400,
        height: 300,
    };
    let mut watcher = Watcher::open(scene.customer.desk().display(), area)?;
    scene.wait_same_pixels("view-only")?;
    let ours = scene.supporter.desk().display();
    ours.click(500, 350)?;
    ours.type_text("no")?;
    ours.wheel(2)?;
    watcher.stays_untouched(NOTHING)
}

#[test]
fn asking_to_see_only_gives_no_control_after_allow() -> Result<()> {
    let mut scene = Scene::start("first_light-asked-view-only")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene
        .supporter
        .connect(&code, &["--fullscreen", "--view-only"])?;
    scene.customer.desk().find(&containing(&format!(
        "{SUPPORTER} wants to see this computer’s screen"
    )))?;
    ensure!(
        !scene.customer.desk().shows(&named("Allow").role("button")),
        "nothing more is offered than was asked for"
    );
    scene.customer.answer("View only")?;
    scene.customer.wait_banner(SUPPORTER, "View only")?;

    let area = Rect {
        x: 300,
        y: 200,
        width: 400,
        height: 300,
    };
    let mut watcher = Watcher::open(scene.customer.desk().display(), area)?;
    scene.wait_same_pixels("asked-view-only")?;
    scene.supporter.desk().display().click(500, 350)?;
    watcher.stays_untouched(NOTHING)
}

#[test]
fn line_18_the_question_shows_name_and_picture_and_allow_grants_control() -> Result<()> {
    let mut scene = Scene::start("first_light-line-18")?;
    let face = scene.supporter.desk().logs().join("face.png");
    Picture::new(64, 64, vec![FACE; 64 * 64])?.save(&face)?;
    scene.server.set_picture(SUPPORTER, &face)?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &["--fullscreen"])?;
    scene.customer.wait_question(SUPPORTER)?;
    let desk = scene.customer.desk();
    wait::until("the supporter's picture", wait::STEP, || {
        let shown = desk.find(&named(SUPPORTER).role("image"))?;
        let (x, y) = shown.area.middle();
        Ok((desk.display().pixel(x, y)? == FACE).then_some(()))
    })?;

    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    scene.wait_first_picture()?;
    let area = Rect {
        x: 300,
        y: 200,
        width: 400,
        height: 300,
    };
    let mut watcher = Watcher::open(scene.customer.desk().display(), area)?;
    scene.wait_same_pixels("line-18")?;
    scene.supporter.desk().display().click(500, 350)?;
    watcher
        .wait("the supporter's click", |seen| {
            seen.contains(&Seen::Button(1, false, 500, 350))
        })
        .map(drop)
}

#[test]
fn line_74_the_customer_is_asked_first_and_declines_or_grants() -> Result<()> {
    let mut scene = Scene::start("first_light-line-74")?;
    scene.login()?;
    scene.supporter.open(&["--language", "en"])?;
    let code = scene.waiting_customer("Emma")?;
    scene.supporter.wait_status(&code, "Pending")?;
    let ours = scene.supporter.desk();
    let connect = named("Connect").role("button");
    let screen = named("Remote screen");

    scene.supporter.press_in_case(&code, "Connect")?;
    scene.customer.wait_question(SUPPORTER)?;
    // The button has become the wait for an answer, and nothing is seen before there is one.
    ours.find(&containing("Waiting for the customer’s answer"))?;
    ours.gone(&connect)?;
    ensure!(!ours.shows(&screen), "nothing was allowed yet");
    scene.customer.answer("Decline")?;
    ours.find(&containing("The customer declined."))?;
    scene.customer.wait_waiting()?;
    ensure!(!ours.shows(&screen), "it was declined");

    ours.press(&named("Close").role("button"))?;
    scene.supporter.press_in_case(&code, "Connect")?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Allow")?;
    // The customer sees that it was granted; the supporter, who had asked to connect, is connected.
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    ours.find(&screen)?;
    ours.find(&named("End session").role("button")).map(drop)
}

#[test]
fn decline_means_no_picture() -> Result<()> {
    let mut scene = Scene::start("first_light-decline")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let mut viewer = scene.supporter.connect(&code, &[])?;
    scene.customer.wait_question(SUPPORTER)?;
    scene.customer.answer("Decline")?;
    scene.customer.wait_waiting()?;
    scene.supporter.wait_status(&code, "Pending")?;
    wait::until("the viewer to say so", wait::STEP, || {
        let told = scene.supporter.desk().shows(&containing("declined"));
        Ok((told || !viewer.program.is_running()).then_some(()))
    })?;
    ensure!(viewer.stats().iter().all(|line| {
        line.get("screen_bytes")
            .and_then(Value::as_i64)
            .unwrap_or(0)
            == 0
    }));
    Ok(())
}

#[test]
fn a_question_that_nobody_answers_declines_by_itself() -> Result<()> {
    let mut scene = Scene::start("first_light-no-answer")?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &[])?;
    scene.customer.wait_question(SUPPORTER)?;
    let clock = wait::Stopwatch::start();
    let waiting = containing("Waiting for a supporter").within(Duration::from_secs(75));
    scene.customer.desk().find(&waiting)?;
    ensure!(
        clock.elapsed() > Duration::from_secs(50),
        "after {:?} already",
        clock.elapsed()
    );
    scene.supporter.wait_status(&code, "Pending")
}

#[test]
fn the_hot_key_cuts_input_and_ends_the_session() -> Result<()> {
    let mut scene = Scene::start("first_light-hot-key")?;
    let (code, _viewer) = scene.session("Allow")?;
    let area = Rect {
        x: 300,
        y: 200,
        width: 400,
        height: 300,
    };
    let mut watcher = Watcher::open(scene.customer.desk().display(), area)?;
    scene.wait_same_pixels("before-the-hot-key")?;
    scene.supporter.desk().display().click(500, 350)?;
    watcher.wait("a click before the hot key", |seen| {
        seen.iter()
            .any(|it| matches!(it, Seen::Button(1, false, ..)))
    })?;

    scene
        .customer
        .desk()
        .display()
        .chord(&[CONTROL, SHIFT, F12])?;
    scene.customer.wait_ended()?;
    scene.supporter.wait_status(&code, "Pending")?;
    scene.supporter.desk().display().click(500, 350)?;
    watcher.stays_untouched(NOTHING)
}

#[test]
fn stop_control_leaves_seeing_and_end_ends() -> Result<()> {
    let mut scene = Scene::start("first_light-stop-control")?;
    let (code, _viewer) = scene.session("Allow")?;
    scene.customer.answer("Stop control")?;
    scene.customer.wait_banner(SUPPORTER, "View only")?;

    let area = Rect {
        x: 300,
        y: 200,
        width: 400,
        height: 300,
    };
    let mut watcher = Watcher::open(scene.customer.desk().display(), area)?;
    scene.wait_same_pixels("after-stop-control")?;
    scene.supporter.desk().display().click(500, 350)?;
    watcher.stays_untouched(NOTHING)?;

    scene.customer.answer("End")?;
    scene.customer.wait_ended()?;
    scene.supporter.wait_status(&code, "Pending")
}

#[test]
fn the_end_is_seen_though_another_window_was_in_front() -> Result<()> {
    let mut scene = Scene::start("first_light-end-in-front")?;
    let (_code, _viewer) = scene.session("Allow")?;
    let desk = scene.customer.desk();
    let mut command = desk.command("xterm");
    command.args([
        "-geometry",
        "200x60+0+0",
        "-fa",
        "Monospace",
        "-title",
        "Work",
    ]);
    let _work = desk.start_program("work", &command)?;
    wait::until("the other window", wait::STEP, || {
        let found = desk
            .display()
            .tool("xdotool", &["search", "--onlyvisible", "--name", "^Work$"])?;
        Ok(found.status.success().then_some(()))
    })?;
    // The customer works in it.
    desk.display().click(500, 600)?;
    desk.display().type_text("ls")?;

    let ours = scene.supporter.desk();
    ours.display().key("ctrl+alt+shift+t")?;
    ours.press(&named("End session").role("button"))?;
    scene.customer.wait_ended()?;
    let desk = scene.customer.desk();
    let button = named("Close").role("button");
    wait::until("the window in front", wait::STEP, || {
        let (x, y) = desk.find(&button)?.area.middle();
        desk.display().click(x, y)?;
        Ok((!desk.shows(&button)).then_some(()))
    })
}

#[test]
fn line_46_and_72_a_customer_without_a_code_makes_a_case_and_a_link_joins() -> Result<()> {
    let mut scene = Scene::start("first_light-no-code")?;
    scene.login()?;
    let server = scene.server.name().to_owned();
    scene.customer.open(&["--language", "en"])?;
    scene.customer.ask_for_help("Emma", "", &server)?;
    scene.customer.wait_waiting()?;
    let cases = scene.supporter.json(&["cases", "list", "--json"])?;
    let only = cases
        .get(0)
        .with_context(|| format!("one case in {cases}"))?;
    ensure!(
        only.get("customer").and_then(Value::as_str) == Some("Emma"),
        "Emma's case in {cases}"
    );
    ensure!(
        only.get("customer_online") == Some(&Value::Bool(true)),
        "Emma is online in {cases}"
    );
    scene.customer.close();

    let case = scene.supporter.new_case_by_command("Tom")?;
    let link = case
        .get("customer_link")
        .and_then(Value::as_str)
        .context("a customer link")?;
    ensure!(link.starts_with("aldis://"), "{link}");
    scene.customer.open(&[link])?;
    scene.customer.wait_waiting()?;
    let code = case.get("code").and_then(Value::as_str).context("a code")?;
    scene.supporter.wait_status(code, "Pending")
}

/// How often the wheel turned by one notch.
fn notches(seen: &[Seen], button: u8) -> usize {
    seen.iter()
        .filter(|it| matches!(it, Seen::Button(code, true, ..) if *code == button))
        .count()
}
