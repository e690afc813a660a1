//! What the supporter types arrives as that text, whatever the two keyboard layouts are.

use aldis_e2e::keys::{ALT, C, CAPS_LOCK, CONTROL, F5, K, SHIFT, SUPER, T, TAB};
use aldis_e2e::{Rect, Scene, SceneOptions, Watcher, XtermFile, containing, named};
use anyhow::{Result, ensure};

/// The characters that differ most between layouts, and two accents that take dead keys.
const TEXT: &str = "@\\{}[]€ñßüéêaZ7";

/// Middle of the xterm on the customer's screen.
const XTERM: (i32, i32) = (300, 500);

/// What the customer's keyboard is like besides its layout.
#[derive(Clone, Copy, Debug)]
enum Twist {
    None,
    CapsLock,
    SecondGroup,
}

/// Types all that each supporter's layout has, into each customer's layout.
fn typed_text_arrives(test: &str, customers: &[&str], twist: Twist) -> Result<()> {
    let mut scene = Scene::start(test)?;
    let (_code, _viewer) = scene.session("Allow")?;
    let (ours, theirs) = (
        scene.supporter.desk().display(),
        scene.customer.desk().display(),
    );
    let mut xterm = XtermFile::open(scene.customer.desk())?;
    scene.wait_same_pixels("xterm")?;
    ours.click(XTERM.0, XTERM.1)?;

    for customer in customers {
        theirs.set_layout(customer)?;
        if matches!(twist, Twist::SecondGroup) {
            theirs.lock_group(1)?;
        }
        if matches!(twist, Twist::CapsLock) {
            theirs.chord(&[CAPS_LOCK])?;
        }
        for supporter in ["us", "es", "de"] {
            ours.set_layout(supporter)?;
            let text = ours.typable(TEXT)?;
            ensure!(text.len() > 8, "the layout {supporter} types {text:?}");
            let what = format!("{supporter} into {customer} ({twist:?})");
            xterm.forget()?;
            ours.type_keys(&text)?;
            xterm
                .wait_text(&text)
                .map_err(|error| error.context(what.clone()))?;
        }
        if matches!(twist, Twist::CapsLock) {
            theirs.chord(&[CAPS_LOCK])?;
        }
    }
    Ok(())
}

#[test]
fn three_layouts_into_three_layouts() -> Result<()> {
    typed_text_arrives("typing-layouts", &["us", "es", "de"], Twist::None)
}

#[test]
fn with_caps_lock_on_at_the_customers() -> Result<()> {
    typed_text_arrives("typing-caps-lock", &["us", "es", "de"], Twist::CapsLock)
}

#[test]
fn with_the_second_group_active_at_the_customers() -> Result<()> {
    typed_text_arrives(
        "typing-second-group",
        &["us,de", "de,es", "es,us"],
        Twist::SecondGroup,
    )
}

#[test]
fn with_shift_held_at_the_customers() -> Result<()> {
    let mut scene = Scene::start("typing-shift-held")?;
    let (_code, _viewer) = scene.session("Allow")?;
    let (ours, theirs) = (
        scene.supporter.desk().display(),
        scene.customer.desk().display(),
    );
    let mut xterm = XtermFile::open(scene.customer.desk())?;
    scene.wait_same_pixels("xterm")?;
    ours.click(XTERM.0, XTERM.1)?;
    theirs.set_layout("de")?;
    theirs.key_at(SHIFT, true)?;
    let typed = ours
        .type_keys("a@{7")
        .and_then(|()| xterm.wait_text("a@{7"));
    theirs.key_at(SHIFT, false)?;
    typed
}

#[test]
fn shortcuts_arrive_as_keys() -> Result<()> {
    let mut scene = Scene::start("typing-shortcuts")?;
    let (_code, _viewer) = scene.session("Allow")?;
    let (ours, theirs) = (
        scene.supporter.desk().display(),
        scene.customer.desk().display(),
    );
    let mut watcher = Watcher::open(
        theirs,
        Rect {
            x: 300,
            y: 200,
            width: 400,
            height: 300,
        },
    )?;
    scene.wait_same_pixels("watcher")?;
    ours.click(500, 350)?;

    ours.chord(&[CONTROL, C])?;
    watcher.wait_keys_down(&[CONTROL, C])?;
    watcher.forget()?;
    ours.chord(&[F5])?;
    watcher.wait_keys_down(&[F5]).map(drop)
}

#[test]
fn with_the_keyboard_grabbed_the_window_managers_keys_arrive_too() -> Result<()> {
    // No window manager at the customer's, who would take these keys there, as is right.
    let mut options = SceneOptions::usual()?;
    options.customer.window_manager = false;
    let mut scene = Scene::start_with("typing-grab", &options)?;
    let (_code, _viewer) = scene.session("Allow")?;
    let (ours, theirs) = (
        scene.supporter.desk().display(),
        scene.customer.desk().display(),
    );
    let mut watcher = Watcher::open(
        theirs,
        Rect {
            x: 300,
            y: 200,
            width: 400,
            height: 300,
        },
    )?;
    scene.wait_same_pixels("watcher")?;

    // Nobody has clicked into the viewer yet: it has the keyboard from the start.
    // The toolbar of a full screen comes when it is asked for; there is the switch for the grab.
    ours.chord(&[CONTROL, ALT, SHIFT, T])?;
    scene.supporter.desk().press(&named("Keyboard"))?;
    let canvas = scene.supporter.desk().find(&named("Remote screen"))?.area;
    ours.click(canvas.x + 500, canvas.y + 350)?;
    scene
        .supporter
        .desk()
        .find(&containing("Ctrl+Alt+Shift+K"))?;
    watcher.forget()?;
    ours.chord(&[ALT, TAB])?;
    watcher.wait_keys_down(&[ALT, TAB])?;
    watcher.forget()?;
    ours.chord(&[SUPER])?;
    watcher.wait_keys_down(&[SUPER])?;

    // The documented chord gives the keyboard back, and the customer sees nothing of its last key.
    watcher.forget()?;
    ours.chord(&[CONTROL, ALT, SHIFT, K])?;
    ours.chord(&[F5])?;
    let seen = watcher.wait_keys_down(&[F5])?;
    ensure!(
        !seen
            .iter()
            .any(|it| matches!(it, aldis_e2e::Seen::Key(K, true))),
        "the chord's K arrived: {seen:?}"
    );
    ensure!(
        !scene.supporter.desk().shows(&named("Sign in")),
        "the window is still the viewer"
    );
    Ok(())
}
