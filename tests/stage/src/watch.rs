//! When each change is seen.

use anyhow::Result;

use crate::canvas::{Area, Canvas, brightness};
use crate::eye::Eye;
use crate::scenes::{Patch, Sight};
use crate::{clock, fidelity, marker};

/// A picture is there when no part of it is further from the real one than this, in dB.
pub(crate) const THERE: f64 = 30.0;

/// Tiles of a screen's samples, across, and rows of samples in each.
pub(crate) const TILES: (usize, usize) = (16, 8);

/// The moments at which changes were seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The first moment of each change.
    pub(crate) first: Vec<Option<u64>>,
    /// The first moment at which each whole picture was exact.
    pub(crate) exact: Vec<Option<u64>>,
}

impl Seen {
    /// Nothing seen yet of so many.
    pub(crate) fn nothing(count: usize) -> Self {
        Self {
            first: vec![None; count],
            exact: vec![None; count],
        }
    }

    /// Looks at the screen once; `played` changes have been made so far.
    pub(crate) fn look(&mut self, eye: &Eye, sight: &Sight, played: usize) -> Result<()> {
        match sight {
            Sight::Patches(patches) => self.patches(eye, patches, 0..played),
            Sight::Turns(patches) => self.patches(eye, patches, played.saturating_sub(1)..played),
            Sight::Markers(places) => self.markers(eye, places, played),
            Sight::Pictures(samples) => self.pictures(eye, samples, played),
        }
    }

    fn patches(
        &mut self,
        eye: &Eye,
        patches: &[Patch],
        numbers: std::ops::Range<usize>,
    ) -> Result<()> {
        let unseen: Vec<usize> = numbers.filter(|it| self.first[*it].is_none()).collect();
        let areas: Vec<Area> = unseen.iter().map(|it| patches[*it].area).collect();
        let shown = eye.parts(&areas)?;
        let moment = clock::now();
        for (number, shown) in unseen.into_iter().zip(shown) {
            let patch = &patches[number];
            // Nearer to the new than a quarter of the way: lossy pictures count, half-drawn ones do not.
            if distance(&shown, &patch.after) * 4 <= distance(&patch.before, &patch.after) {
                self.first[number] = Some(moment);
            }
        }
        Ok(())
    }

    fn markers(&mut self, eye: &Eye, places: &[Vec<(usize, usize)>], played: usize) -> Result<()> {
        // A marker's number is one more than the change's: zero is how the scene begins.
        let newest = self.first.iter().rposition(Option::is_some);
        let numbers = newest.map_or(0, |it| it + 1)..played;
        if numbers.is_empty() {
            return Ok(());
        }
        let moving = places.len() > 1;
        let candidates: Vec<usize> = if moving {
            numbers.clone().map(|it| it + 1).collect()
        } else {
            vec![0]
        };
        let rows: Vec<Area> = candidates
            .iter()
            .flat_map(|it| &places[*it])
            .map(|at| marker::row(*at))
            .collect();
        let shown = eye.parts(&rows)?;
        let moment = clock::now();
        let per_frame = places[0].len();
        for (candidate, shown) in candidates.into_iter().zip(shown.chunks(per_frame)) {
            let oldest = shown
                .iter()
                .map(|row| marker::read(row.row(0)).map(|it| it as usize))
                .try_fold(usize::MAX, |oldest, it| it.map(|it| oldest.min(it)));
            if let Some(number) = oldest.and_then(|it| it.checked_sub(1))
                && numbers.contains(&number)
                && (!moving || number + 1 == candidate)
            {
                self.first[number] = Some(moment);
            }
        }
        Ok(())
    }

    fn pictures(&mut self, eye: &Eye, samples: &[Canvas], played: usize) -> Result<()> {
        let Some(number) = played.checked_sub(1) else {
            return Ok(());
        };
        if self.exact[number].is_some() {
            return Ok(());
        }
        let shown = eye.sampled()?;
        let moment = clock::now();
        let worst = fidelity::worst_tile(&samples[number], &shown, TILES.0, TILES.1);
        if worst >= THERE {
            self.first[number].get_or_insert(moment);
        }
        if worst >= fidelity::EXACT {
            self.exact[number] = Some(moment);
        }
        Ok(())
    }
}

/// How different two pictures of one size are in brightness, summed up.
fn distance(a: &Canvas, b: &Canvas) -> u64 {
    (0..a.height().min(b.height()))
        .flat_map(|y| a.row(y).iter().zip(b.row(y)))
        .map(|(a, b)| u64::from(brightness(*a).abs_diff(brightness(*b))))
        .sum()
}
