//! A customer with more than one monitor.

use aldis_e2e::paint::Easel;
use aldis_e2e::{
    Picture, Rect, SUPPORTER, Scene, SceneOptions, Seen, Watcher, containing, named, starting,
};
use anyhow::{Result, ensure};

const LEFT: Rect = Rect {
    x: 0,
    y: 0,
    width: 560,
    height: 700,
};

const RIGHT: Rect = Rect {
    x: 560,
    y: 60,
    width: 464,
    height: 600,
};

/// The room that the two take, of which the lower right belongs to neither.
const WHOLE: Rect = Rect {
    width: 1024,
    ..LEFT
};

/// What the toolbar of a full screen is asked for, and sent away again, with.
const TOOLBAR: &str = "ctrl+alt+shift+t";

#[test]
fn each_monitor_is_shown_and_clicked_on_by_itself() -> Result<()> {
    let mut scene = Scene::start("monitors-choice")?;
    let theirs = scene.customer.desk().display();
    theirs.add_monitor("left", LEFT, true)?;
    theirs.add_monitor("right", RIGHT, false)?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &["--fullscreen"])?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    scene.wait_same_part("left", LEFT)?;

    let area = Rect {
        x: RIGHT.x + 20,
        y: RIGHT.y + 100,
        width: 400,
        height: 450,
    };
    let theirs = scene.customer.desk().display();
    let easel = Easel::new(theirs, area)?;
    choose(&scene, "2: right")?;
    for seed in 1..=2 {
        let picture = Picture::random(area.width.try_into()?, area.height.try_into()?, seed);
        easel.show(&picture)?;
        let shown = scene.wait_same_part("right", RIGHT)?;
        ensure!(
            shown.colours() > 1000,
            "the picture is on the second monitor"
        );
    }
    drop(easel);

    let mut watcher = Watcher::open(theirs, area)?;
    scene.wait_same_part("right-watched", RIGHT)?;
    let ours = scene.supporter.desk().display();
    ours.click(200, 300)?;
    let place = (RIGHT.x + 200, RIGHT.y + 300);
    watcher.wait("a click on the second monitor", |seen| clicked(seen, place))?;
    drop(watcher);

    // Both in one picture: a click counts from the desktop's corner, on either of them.
    choose(&scene, "All monitors")?;
    scene.wait_same_part("all", WHOLE)?;
    let mut watcher = Watcher::open(theirs, area)?;
    scene.wait_same_part("all-watched", WHOLE)?;
    ours.click(place.0, place.1)?;
    watcher.wait("a click on the second of both monitors", |seen| {
        clicked(seen, place)
    })?;
    drop(watcher);

    choose(&scene, "1: left")?;
    scene.wait_same_part("left-again", LEFT)?;
    let mut watcher = Watcher::open(theirs, Rect { x: 50, ..area })?;
    scene.wait_same_part("left-watched", LEFT)?;
    ours.click(300, 400)?;
    watcher
        .wait("a click on the first monitor", |seen| {
            clicked(seen, (300, 400))
        })
        .map(drop)
}

#[test]
fn monitors_that_come_go_and_change_are_followed() -> Result<()> {
    let mut scene = Scene::start("monitors-changes")?;
    let (_code, _viewer) = scene.session("Allow")?;
    let theirs = scene.customer.desk().display();
    theirs.add_monitor("right", RIGHT, false)?;
    choose(&scene, "2: right")?;
    scene.wait_same_part("right", RIGHT)?;

    theirs.remove_monitor("right")?;
    scene.wait_same_pixels("whole")?;

    let small = Rect {
        x: 0,
        y: 0,
        width: 800,
        height: 500,
    };
    theirs.resize(small.width.try_into()?, small.height.try_into()?)?;
    scene.wait_same_part("small", small)?;
    let area = Rect {
        x: 300,
        y: 200,
        width: 400,
        height: 280,
    };
    let mut watcher = Watcher::open(theirs, area)?;
    scene.wait_same_part("small-watched", small)?;
    scene.supporter.desk().display().click(650, 450)?;
    watcher
        .wait("a click on the smaller screen", |seen| {
            clicked(seen, (650, 450))
        })
        .map(drop)
}

#[test]
fn a_screen_that_does_not_answer_is_said_and_seen_again_when_it_does() -> Result<()> {
    let mut scene = Scene::start("monitors-frozen")?;
    let (_code, _viewer) = scene.session("Allow")?;
    scene.wait_same_pixels("before")?;
    scene.customer.freeze_screen(true)?;
    let sentence = containing("does not answer");
    scene.supporter.desk().find(&sentence)?;
    let ours = scene.supporter.desk();
    ours.display()
        .picture_at_rest()?
        .save(&ours.logs().join("frozen.png"))?;
    scene.customer.freeze_screen(false)?;
    scene.supporter.desk().gone(&sentence)?;
    let easel = Easel::new(scene.customer.desk().display(), LEFT)?;
    let picture = Picture::random(LEFT.width.try_into()?, LEFT.height.try_into()?, 7);
    easel.show(&picture)?;
    let shown = scene.wait_same_pixels("after")?;
    ensure!(shown.colours() > 1000, "what was drawn later is seen");
    // Input finds its way again, too.
    let mut watcher = Watcher::open(scene.customer.desk().display(), RIGHT)?;
    scene.wait_same_pixels("after-watched")?;
    let place = (RIGHT.x + 200, RIGHT.y + 300);
    scene.supporter.desk().display().click(place.0, place.1)?;
    watcher
        .wait("a click after the pause", |seen| clicked(seen, place))
        .map(drop)
}

/// Chooses a monitor in the toolbar, which is shown only meanwhile.
fn choose(scene: &Scene, monitor: &str) -> Result<()> {
    let desk = scene.supporter.desk();
    desk.display().key(TOOLBAR)?;
    desk.press(&named("Monitor"))?;
    desk.press(&starting(monitor))?;
    desk.gone(&starting(monitor))?;
    desk.display().key(TOOLBAR)?;
    desk.gone(&named("Monitor"))
}

fn clicked(seen: &[Seen], (x, y): (i32, i32)) -> bool {
    let here = |at_x: i16, at_y: i16| (i32::from(at_x), i32::from(at_y)) == (x, y);
    seen.iter()
        .any(|it| matches!(it, Seen::Button(1, false, at_x, at_y) if here(*at_x, *at_y)))
}

#[test]
fn a_desktop_larger_than_any_picture_is_seen_shrunk_and_clicked_on_where_it_is_meant() -> Result<()>
{
    let mut options = SceneOptions::usual()?;
    (options.customer.width, options.customer.height) = (30_720, 800);
    let mut scene = Scene::start_with("monitors-huge", &options)?;
    scene.login()?;
    let code = scene.waiting_customer("Emma")?;
    let _viewer = scene.supporter.connect(&code, &["--fullscreen"])?;
    scene.customer.answer("Allow")?;
    scene.customer.wait_banner(SUPPORTER, "Full control")?;
    let theirs = scene.customer.desk().display();
    let area = Rect { x: 600, ..LEFT };
    let mut watcher = Watcher::open(theirs, area)?;
    let ours = scene.supporter.desk().display();
    let click = || ours.click(400, 300);
    watcher
        .wait("the window to be seen and clicked on", |seen| {
            // The picture may still show what was there before the window.
            click().is_ok() && clicked(seen, (800, 600))
        })
        .map(drop)
}
