//! The same session with a customer whose desktop is a Wayland one.

use std::cell::RefCell;

use aldis_e2e::{
    Binaries, Program, Rect, SUPPORTER, Scene, Sway, SwayOptions, containing, named, wait,
};
use aldis_e2e::{Picture, Viewer, gallery};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

const MONITOR: &str = "HEADLESS-1";
const SIZE: (u32, u32) = (1024, 700);

/// All of the monitor.
const WHOLE: Rect = Rect {
    x: 0,
    y: 0,
    width: SIZE.0.cast_signed(),
    height: SIZE.1.cast_signed(),
};

/// What the app's window covers of it, at most.
const BANNER: usize = (SIZE.0 * SIZE.1 / 2) as usize;

/// How far a pointer's picture reaches from its place.
const POINTER: i32 = 40;

#[test]
fn a_wayland_customer_is_seen_exactly_and_moved_by_nobody() -> Result<()> {
    if let Some(why) = Sway::missing() {
        println!("skipped: {why}");
        return Ok(());
    }
    let scene = Scene::start("wayland")?;
    scene.login()?;
    let case = scene.supporter.new_case_by_command("Emma")?;
    let code = case
        .get("code")
        .and_then(Value::as_str)
        .context("the new case's code")?
        .to_owned();
    let options = SwayOptions {
        monitors: &[SIZE],
        ..SwayOptions::default()
    };
    let mut sway = Sway::start("wayland", "sway", options)?.with_access()?;
    let customer = open(&sway, &scene, &code)?;
    sway.find(&containing("Waiting for a supporter"))?;
    ensure!(sway.asked() == 0, "nobody is asked before there is need");

    // Everything that is asked for is allowed, but on Wayland there are no hands.
    let viewer = allowed(&scene, &mut sway, &code, &[])?;
    let desk = scene.supporter.desk();
    desk.find(&containing("View only").role("label"))?;
    desk.find(&containing("cannot control a Wayland desktop"))?;
    desk.press(&named("End session").role("button"))?;
    sway.find(&containing("The session has ended"))?;
    scene.supporter.wait_status_by_command(&code, "Pending")?;
    ensure!(sway.asked() == 1, "the desktop has asked");
    drop(viewer);
    drop(customer);

    // Another run of the app is asked about anew.
    let mut customer = open(&sway, &scene, &code)?;
    sway.find(&containing("Waiting for a supporter"))?;
    let _viewer = allowed(&scene, &mut sway, &code, &["--fullscreen"])?;
    // The same pictures as everywhere, as the wall behind the app's window.
    let sway = RefCell::new(sway);
    let wall = RefCell::new(None);
    gallery::exhibit(
        WHOLE,
        BANNER,
        |picture| {
            *wall.borrow_mut() = Some(picture.clone());
            sway.borrow_mut().hang(MONITOR, picture)
        },
        |step| {
            let (sway, wall) = (sway.borrow(), wall.borrow());
            let wall = wall.as_ref().context("a wall")?;
            same(&scene, &sway, wall)
                .with_context(|| format!("{step}; the logs are in {}", sway.logs().display()))
        },
    )?;
    let sway = sway.into_inner();
    ensure!(sway.asked() == 2, "once for each run");
    customer.check_running()
}

fn open(sway: &Sway, scene: &Scene, code: &str) -> Result<Program> {
    let mut command = sway.command(Binaries::beside_me()?.customer()?);
    command.args(["--language", "en", "--server", scene.server.name()]);
    command.args(["--code", code]);
    sway.start_program("aldis-sos", &command)
}

/// Connects to the waiting customer, who allows everything, but cannot be controlled.
fn allowed(scene: &Scene, sway: &mut Sway, code: &str, arguments: &[&str]) -> Result<Viewer> {
    let viewer = scene.supporter.connect(code, arguments)?;
    let question = format!("{SUPPORTER} wants to see and control this computer");
    sway.find(&containing(&question))?;
    sway.press(&named("Allow").role("button"))?;
    sway.find(&containing(&format!("Connected: {SUPPORTER}")))?;
    sway.find(&containing("View only").role("label"))?;
    Ok(viewer)
}

/// Waits until the supporter sees exactly what sway shows, with this picture on the wall.
fn same(scene: &Scene, sway: &Sway, wall: &Picture) -> Result<Picture> {
    let ours = scene.supporter.desk().display();
    let mut wrong = 0;
    let result = wait::until("the same pixels on both screens", wait::STEP, || {
        let real = sway.picture(MONITOR)?;
        // The wall is hung by another program, which takes its time.
        let (x, y) = (SIZE.0 as usize - 1, SIZE.1 as usize - 1);
        if real.pixel(x, y) != wall.pixel(x, y) {
            return Ok(None);
        }
        let (our_x, our_y) = ours.pointer()?;
        let masks = [Rect::around(our_x, our_y, POINTER)];
        wrong = real.differences(&ours.part(WHOLE)?, &masks).len();
        Ok((wrong == 0).then_some(real))
    });
    result.with_context(|| {
        let logs = sway.logs();
        let saved = sway
            .picture(MONITOR)
            .and_then(|it| it.save(&logs.join("customer.png")))
            .and_then(|()| ours.part(WHOLE)?.save(&logs.join("viewer.png")));
        format!("{wrong} pixels differ ({saved:?})")
    })
}
