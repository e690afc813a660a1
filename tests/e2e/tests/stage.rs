//! The stage itself: before a test blames a program, its own eyes and hands must be right.

use std::time::Duration;

use aldis_e2e::keys::{C, CONTROL};
use aldis_e2e::paint::Easel;
use aldis_e2e::{Desk, DeskOptions, Picture, Rect, Seen, Watcher, XtermFile};
use anyhow::Result;

#[test]
fn a_desk_shows_what_is_drawn_and_takes_what_is_typed() -> Result<()> {
    let desk = Desk::start(
        "stage",
        "desk",
        DeskOptions {
            width: 900,
            height: 700,
            ..DeskOptions::default()
        },
    )?;
    let display = desk.display();

    let area = Rect {
        x: 20,
        y: 10,
        width: 300,
        height: 200,
    };
    let easel = Easel::new(display, area)?;
    let picture = Picture::random(300, 200, 11);
    easel.show(&picture)?;
    assert_eq!(display.part(area)?, picture);
    easel.fill(0x0012_3456)?;
    assert_eq!(display.pixel(25, 15)?, 0x0012_3456);
    drop(easel);

    let mut xterm = XtermFile::open(&desk)?;
    display.set_layout("es")?;
    assert_eq!(display.typable("@\\{}[]€ñßüé")?, "@\\{}[]€ñßüé");
    display.type_keys("@ñüé€")?;
    xterm.wait_text("@ñüé€")?;
    display.set_layout("de")?;
    display.type_keys("@ßüê{}")?;
    xterm.wait_text("@ßüê{}")?;
    display.set_layout("us")?;
    assert_eq!(display.typable("a@€ñ")?, "a@");

    let mut watcher = Watcher::open(
        display,
        Rect {
            x: 400,
            y: 20,
            width: 300,
            height: 300,
        },
    )?;
    display.chord(&[CONTROL, C])?;
    watcher.wait_keys_down(&[CONTROL, C])?;
    display.drag((450, 60), (600, 200))?;
    watcher.wait("a drag", |seen| {
        seen.contains(&Seen::Button(1, true, 450, 60))
            && seen.contains(&Seen::Button(1, false, 600, 200))
    })?;
    display.wheel(3)?;
    watcher.wait("three notches", |seen| {
        seen.iter()
            .filter(|it| matches!(it, Seen::Button(5, true, ..)))
            .count()
            == 3
    })?;
    watcher.stays_untouched(Duration::from_millis(100))?;
    Ok(())
}
