//! The same session with the customer's app as its Windows build, under wine.
//!
//! wine has no accessibility bridge, so here the keyboard walks to the buttons.

use std::path::PathBuf;
use std::time::Duration;

use aldis_e2e::paint::Easel;
use aldis_e2e::{Binaries, Desk, Program, Rect, SUPPORTER, Scene, gallery, wait};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Where the pictures hang.
const EXHIBITION: Rect = Rect {
    x: 200,
    y: 100,
    width: 640,
    height: 480,
};

/// Starting wine for the first time makes a whole Windows folder.
const WINE: Duration = Duration::from_mins(3);

#[test]
fn a_linux_supporter_helps_on_a_windows_build() -> Result<()> {
    let Some(app) = Binaries::customer_for_windows() else {
        println!(
            "skipped: aldis-sos.exe is not built; `cargo xtask platforms` builds it and runs this test"
        );
        return Ok(());
    };
    let scene = Scene::start("wine")?;
    scene.login()?;
    let case = scene.supporter.new_case_by_command("Emma")?;
    let code = case
        .get("code")
        .and_then(Value::as_str)
        .context("a code")?
        .to_owned();

    let desk = scene.customer.desk();
    let _notepad = wine(desk, "notepad", &["notepad.exe".into()])?;
    let notepad = wait_window(desk, "Notepad")?;
    let arguments = [
        app,
        "--server".into(),
        scene.server.name().into(),
        "--code".into(),
        code.as_str().into(),
    ];
    let mut customer = wine(desk, "aldis-sos-exe", &arguments)?;
    let result = (|| {
        wait::until("the Windows build to join", WINE, || {
            customer.check_running()?;
            Ok(
                (scene.supporter.case(&code)?.get("customer_online") == Some(&Value::Bool(true)))
                    .then_some(()),
            )
        })?;
        let app_window = wait_window(desk, "Remote support")?;

        let mut viewer = scene.supporter.connect(&code, &["--fullscreen"])?;
        allow(&scene, &code, &app_window)?;
        viewer.program.check_running()?;
        // Type into a Windows program through the viewer and see the text change its window.
        // wine knows where the pointer is only once it has moved it itself, so pixels are compared
        // after the click.
        desk.display()
            .tool("xdotool", &["windowactivate", "--sync", &notepad])?;
        let (x, y, width, height) = place(desk, &notepad)?;
        scene
            .supporter
            .desk()
            .display()
            .click(x + width / 2, y + height / 2)?;
        let before = scene.wait_same_pixels("wine-notepad")?;
        scene
            .supporter
            .desk()
            .display()
            .type_text("Hello from Linux")?;
        wait::until("the text in the Windows program", wait::STEP, || {
            let now = desk.display().picture()?;
            Ok((before.differences(&now, &[]).len() > 100).then_some(()))
        })?;
        let after = scene.wait_same_pixels("wine-typed")?;
        after.save(&desk.logs().join("typed.png"))?;
        // The same pictures as everywhere.
        let easel = Easel::new(desk.display(), EXHIBITION)?;
        gallery::exhibit(
            EXHIBITION,
            gallery::POINTER,
            |picture| easel.show(picture),
            |step| scene.wait_same_pixels(&format!("wine-{step}")),
        )?;
        drop(easel);

        scene.supporter.desk().display().close_window("Aldis")?;
        scene.supporter.wait_status(&code, "Pending")
    })();
    let saved = desk
        .display()
        .picture()?
        .save(&desk.logs().join("last.png"));
    result.with_context(|| format!("the screen is in {} ({saved:?})", desk.logs().display()))?;
    ensure!(
        customer.is_running(),
        "the customer's app ended: {}",
        customer.errors()
    );
    Ok(())
}

/// Starts a Windows program on a desk.
fn wine(desk: &Desk, name: &str, arguments: &[PathBuf]) -> Result<Program> {
    let wine = ["/usr/lib/wine/wine64", "wine64", "wine"];
    let program = wine
        .into_iter()
        .find(|it| PathBuf::from(it).is_file())
        .unwrap_or("wine");
    let mut command = desk.command(program);
    command
        .args(arguments)
        .env("WINEPREFIX", desk.home().join("wine"))
        .env("WINEARCH", "win64")
        .env("WINEDEBUG", "-all")
        // No installers of browsers and frameworks, which nobody could press away here.
        .env("WINEDLLOVERRIDES", "mscoree,mshtml=");
    desk.start_program(name, &command)
}

/// Waits for a window with this in its title and gives its number.
fn wait_window(desk: &Desk, title: &str) -> Result<String> {
    wait::until(&format!("a window called {title}"), WINE, || {
        let found = desk
            .display()
            .tool("xdotool", &["search", "--onlyvisible", "--name", title])?;
        Ok(found
            .stdout
            .lines()
            .next()
            .map(|line| line.trim().to_owned()))
    })
}

/// Where a window is: left, top, width, height.
fn place(desk: &Desk, window: &str) -> Result<(i32, i32, i32, i32)> {
    let found = desk
        .display()
        .tool("xdotool", &["getwindowgeometry", "--shell", window])?;
    let number = |key: &str| -> Result<i32> {
        let line = found
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .with_context(|| found.stdout.clone())?;
        Ok(line.parse()?)
    };
    Ok((
        number("X=")?,
        number("Y=")?,
        number("WIDTH=")?,
        number("HEIGHT=")?,
    ))
}

/// Answers the question with Allow: Tab walks to the next button, Space presses it.
fn allow(scene: &Scene, code: &str, window: &str) -> Result<()> {
    let desk = scene.customer.desk();
    let before = desk.display().picture()?;
    wait::until(&format!("{SUPPORTER}'s question"), wait::STEP, || {
        let now = desk.display().picture()?;
        Ok((before.differences(&now, &[]).len() > 2000).then_some(()))
    })?;
    desk.display()
        .picture()?
        .save(&desk.logs().join("question.png"))?;
    desk.display()
        .tool("xdotool", &["windowactivate", "--sync", window])?;
    desk.display().key("Tab")?;
    desk.display().key("space")?;
    scene.supporter.wait_status_by_command(code, "InProgress")
}
