//! Which tiles of the picture have rested for how long, and which never do.

use std::time::Duration;

use crate::cache;
use crate::frame::Frame;

/// A tile that was another photograph in so many of the last [`UPDATES`] shows a film.
const FILM: u32 = 6;

/// How many updates are remembered of each tile.
const UPDATES: u32 = 10;

/// When each tile changed last, and how often.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    changed: Vec<Duration>,
    /// A bit for each of the last updates, the newest lowest: another photograph.
    updates: Vec<u16>,
}

impl Rest {
    /// Every tile changes now.
    pub(crate) fn start(&mut self, frame: &Frame, now: Duration) {
        self.changed.clear();
        self.changed.resize(cache::count(frame), now);
        self.updates.clear();
        self.updates.resize(cache::count(frame), 0);
    }

    /// These tiles change now, and the others do not.
    pub(crate) fn disturb(&mut self, tiles: &[u16], now: Duration) {
        for updates in &mut self.updates {
            *updates = *updates << 1 & ((1 << UPDATES) - 1);
        }
        for tile in tiles {
            self.changed[usize::from(*tile)] = now;
        }
    }

    /// These tiles were photographs in this update.
    pub(crate) fn photographed(&mut self, tiles: &[u16]) {
        for tile in tiles {
            self.updates[usize::from(*tile)] |= 1;
        }
    }

    /// When this tile will have rested for `time`.
    pub(crate) fn rested_at(&self, tile: u16, time: Duration) -> Duration {
        self.changed[usize::from(tile)] + time
    }

    /// Whether this tile shows a film.
    pub(crate) fn is_film(&self, tile: u16) -> bool {
        self.updates[usize::from(tile)].count_ones() >= FILM
    }
}
