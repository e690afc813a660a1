//! Pictures of the supporter's window over a busy desk, on a small and on a large screen.

use aldis_e2e::{Supporter, named, starting};
use anyhow::Result;

use super::Album;
use super::office::Office;
use super::words::Words;

/// Takes them all.
pub(super) fn take(
    album: &mut Album,
    words: &Words,
    office: &mut Office,
    style: &[&str],
) -> Result<()> {
    let code = office.code.clone();
    for (window, size) in office.windows.iter_mut().zip(["small", "large"]) {
        window.open(style)?;
        window.desk().find(&starting(&code).role("button"))?;
        if size == "small" {
            album.take("desk-0-as-opened", window.desk().display())?;
        }
        window.desk().display().maximize_window("Aldis$")?;
        pictures(album, words, window, size, &code)?;
        window.close();
    }
    Ok(())
}

fn pictures(
    album: &mut Album,
    words: &Words,
    window: &Supporter,
    size: &str,
    code: &str,
) -> Result<()> {
    let desk = window.desk();
    let button = |english: &str| named(&words.say(english)).role("button");
    let mut take = |what: &str| album.take(&format!("desk-{size}-{what}"), desk.display());
    window.select(code)?;
    desk.find(&named(code).role("label"))?;
    take("1-details")?;
    desk.press(&button("History"))?;
    take("2-history")?;
    chat_tab(window, words)?;
    take("3-chat")?;
    for (key, what) in [("ctrl+k", "4-commands"), ("ctrl+n", "5-new-case")] {
        desk.display().key(key)?;
        take(what)?;
        desk.display().key("Escape")?;
    }
    for (english, what) in [
        ("Edit", "6-edit"),
        ("Assign to…", "7-assign"),
        ("Close case", "8-close"),
    ] {
        if english == "Assign to…" {
            desk.press(&button("More"))?;
        }
        desk.press(&button(english))?;
        desk.find(&button("Cancel"))?;
        take(what)?;
        desk.press(&button("Cancel"))?;
        desk.gone(&button("Cancel"))?;
    }
    desk.press(&starting("Hotline, ").role("button"))?;
    desk.press(&button("Channel settings…"))?;
    desk.find(&button("Cancel"))?;
    take("9-channel")?;
    desk.press(&button("Cancel"))
}

/// The tab is called after what is unread in it.
fn chat_tab(window: &Supporter, words: &Words) -> Result<()> {
    let chat = words.say("Chat");
    let unread = (1..9).map(|count| named(&format!("{chat} {count}")).role("button"));
    let unread = unread.into_iter().find(|tab| window.desk().shows(tab));
    let tab = unread.unwrap_or_else(|| named(&chat).role("button"));
    window.desk().press(&tab)
}
