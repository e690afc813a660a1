//! How coarse photographs must be so that an update is not larger than the link can take.
//!
//! Twice as coarse is about half as many bytes; how many that are depends on the photograph, so
//! the last one tells about the next.

use crate::settings::Detail;

/// Bytes of a pixel times the step's width, until a photograph has told better.
const FIRST: f32 = 2.0;

/// The most bytes that a pixel of a standing photograph takes at first sight: more would take longer
/// to code than to be made exact soon after.
const AT_FIRST: f32 = 0.16;

/// The coarsest step at which a face is still a face.
const COARSEST: f32 = 96.0;

/// A photograph that stands, or one of many in a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Still,
    Film,
}

/// Chooses the steps.
#[derive(Debug)]
pub(crate) struct Quality {
    /// The most bytes of photographs in one update, if there is a bound.
    pub(crate) budget: Option<usize>,
    stills: f32,
    films: f32,
}

impl Quality {
    pub(crate) fn new() -> Self {
        Self {
            budget: None,
            stills: FIRST,
            films: FIRST,
        }
    }

    /// The step for one of an update's photographs, which have so many pixels together; `None` for
    /// exact at once.
    pub(crate) fn step(&self, detail: Detail, kind: Kind, pixels: u64) -> Option<u8> {
        let (still, film) = detail.steps()?;
        let (finest, cost) = match kind {
            Kind::Still => (still, self.stills),
            Kind::Film => (film, self.films),
        };
        let for_link = match self.budget {
            Some(budget) => cost * pixels as f32 / budget.max(1) as f32,
            None => 0.0,
        };
        let for_haste = match kind {
            Kind::Still => cost / AT_FIRST,
            Kind::Film => 0.0,
        };
        let needed = for_link.max(for_haste);
        Some(needed.clamp(finest.into(), COARSEST) as u8)
    }

    /// A photograph of so many pixels took so many bytes.
    pub(crate) fn learn(&mut self, kind: Kind, step: u8, pixels: u64, bytes: usize) {
        let cost = match kind {
            Kind::Still => &mut self.stills,
            Kind::Film => &mut self.films,
        };
        let seen = bytes as f32 * f32::from(step) / pixels.max(1) as f32;
        *cost = f32::midpoint(*cost, seen);
    }
}
