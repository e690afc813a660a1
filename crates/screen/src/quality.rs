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

/// Bytes of a pixel that is made exact, until one has told better.
const FIRST_EXACT: f32 = 0.5;

/// How much more a finer photograph takes than its step tells, until one has told better.
const THAN_STILLS: f32 = 1.5;

/// The step beyond which a finer one is not worth its bytes.
const FINEST: f32 = 2.0;

/// Exact pixels that would take the link longer than so many seconds wait for finer ones,
const LONG: f32 = 0.6;

/// which take it about so long.
const FINER: f32 = 0.25;

/// The coarsest step at which a face is still a face.
const COARSEST: f32 = 96.0;

/// What is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A photograph that stands.
    Still,
    /// One of many in a film.
    Film,
    /// A photograph that was seen already, and is coded more finely.
    Finer,
}

/// Chooses the steps.
#[derive(Debug)]
pub(crate) struct Quality {
    /// The most bytes of photographs in one update, if there is a bound.
    pub(crate) budget: Option<usize>,
    /// How many bytes a second the link carries, as far as is known.
    pub(crate) rate: Option<usize>,
    stills: f32,
    films: f32,
    finer: Option<f32>,
    exact: f32,
}

impl Quality {
    pub(crate) fn new() -> Self {
        Self {
            budget: None,
            rate: None,
            stills: FIRST,
            films: FIRST,
            finer: None,
            exact: FIRST_EXACT,
        }
    }

    /// The step for one of an update's photographs, which have so many pixels together; `None` for
    /// exact at once.
    pub(crate) fn step(&self, detail: Detail, is_film: bool, pixels: u64) -> Option<u8> {
        let (still, film) = detail.steps()?;
        let (finest, cost) = if is_film {
            (film, self.films)
        } else {
            (still, self.stills)
        };
        let for_link = match self.budget {
            Some(budget) => cost * pixels as f32 / budget.max(1) as f32,
            None => 0.0,
        };
        let for_haste = if is_film { 0.0 } else { cost / AT_FIRST };
        let needed = for_link.max(for_haste);
        Some(needed.clamp(finest.into(), COARSEST) as u8)
    }

    /// The step by which so many pixels are coded again before they become exact; `None` if that
    /// does not take long, or no byte is to be spent on looks.
    pub(crate) fn finer(&self, detail: Detail, pixels: u64) -> Option<u8> {
        if !matches!(detail, Detail::Automatic | Detail::Fast) {
            return None;
        }
        let (rate, pixels) = (self.rate? as f32, pixels as f32);
        let is_long = self.exact * pixels > rate * LONG;
        let cost = self.finer.unwrap_or(self.stills * THAN_STILLS);
        let step = cost * pixels / (rate * FINER).max(1.0);
        is_long.then_some(step.clamp(FINEST, COARSEST) as u8)
    }

    /// So many exact pixels took so many bytes.
    pub(crate) fn learn_exact(&mut self, pixels: u64, bytes: usize) {
        let seen = bytes as f32 / pixels.max(1) as f32;
        self.exact = f32::midpoint(self.exact, seen);
    }

    /// A photograph of so many pixels took so many bytes.
    pub(crate) fn learn(&mut self, kind: Kind, step: u8, pixels: u64, bytes: usize) {
        let seen = bytes as f32 * f32::from(step) / pixels.max(1) as f32;
        let cost = match kind {
            Kind::Still => &mut self.stills,
            Kind::Film => &mut self.films,
            Kind::Finer => self.finer.get_or_insert(seen),
        };
        *cost = f32::midpoint(*cost, seen);
    }
}
