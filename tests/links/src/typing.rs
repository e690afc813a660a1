//! From a key press to the pixel that it changed.

use std::thread;
use std::time::{Duration, Instant};

use aldis_links::{Echo, Scene, shows};
use aldis_wire::input::{Input, Key, NamedKey};
use anyhow::{Context as _, Result};

/// Presses and lets go.
pub(crate) fn press(scene: &Scene) {
    for pressed in [true, false] {
        // One that does not repeat itself while it is held, which a late packet makes it be.
        let key = Key::Named(NamedKey::Shift);
        scene.supporter.input(Input::Key { key, pressed });
    }
}

/// Presses so many keys, each when the one before was seen, and gives how long each took.
pub(crate) fn echoes(scene: &Scene, echo: &Echo, keys: usize) -> Result<Vec<Duration>> {
    let before = echo.keys().0;
    let mut times = Vec::new();
    for number in 1..=keys {
        // Uneven, so that no beat of the programs is met or missed every time.
        thread::sleep(Duration::from_millis(60 + (number * 37 % 50) as u64));
        let start = Instant::now();
        press(scene);
        let colour = Echo::colour(before + number);
        let seen = scene.supporter.until_seen("the key", shows(colour))?;
        times.push(seen - start);
    }
    times.sort_unstable();
    Ok(times)
}

/// The value that this part of the sorted times does not exceed.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Result<Duration> {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().context("at least one time")
}
