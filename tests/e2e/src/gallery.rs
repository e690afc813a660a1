//! What every customer's screen must be seen to show, whatever system it belongs to.

use anyhow::{Result, ensure};

use crate::picture::{Picture, Rect};

/// What a pointer may cover.
pub const POINTER: usize = 64 * 64;

/// Shows pictures of every kind with `show`, of `area`'s size, and has `same` wait until the viewer shows
/// exactly what the customer's screen does: new ones, one that scrolled, a plain one, and one from before.
///
/// Of each picture so many pixels may be covered, by a pointer or a window.
pub fn exhibit(
    area: Rect,
    covered: usize,
    mut show: impl FnMut(&Picture) -> Result<()>,
    mut same: impl FnMut(&str) -> Result<Picture>,
) -> Result<()> {
    let (width, height) = (area.width.try_into()?, area.height.try_into()?);
    let first = Picture::random(width, height, 1);
    let second = Picture::random(width, height, 2);
    let plain = Picture::new(width, height, vec![0x0033_5577; width * height])?;
    let scrolled = second.scrolled(37);
    for (name, picture) in [
        ("first", &first),
        ("second", &second),
        ("scrolled", &scrolled),
        ("plain", &plain),
        ("first-again", &first),
    ] {
        show(picture)?;
        let shown = same(name)?;
        // Otherwise two screens were compared that both lack the picture.
        ensure!(
            shown.hidden(picture, area) <= covered,
            "{name}: the picture is not on the screen that was compared"
        );
    }
    Ok(())
}
