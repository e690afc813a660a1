//! What is played, and how it is recognised on the other display.

mod click;
mod drag;
mod idle;
mod menu;
mod scroll;
mod slides;
mod typing;
mod video;

use anyhow::{Result, bail};

use crate::canvas::{Area, Canvas};
use crate::page::Hand;
use crate::source::Source;

/// All scenes, in the order in which they are measured.
pub(crate) const NAMES: &[&str] = &[
    "typing", "click", "scroll", "drag", "video", "slides", "again", "menu", "idle",
];

/// A place that looks one way before a change and another way after it.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    /// Where.
    pub(crate) area: Area,
    /// Before.
    pub(crate) before: Canvas,
    /// After.
    pub(crate) after: Canvas,
}

/// How a change is recognised.
#[derive(Debug)]
pub(crate) enum Sight {
    /// Each by its own place.
    Patches(Vec<Patch>),
    /// Each by the same place, so only the newest can be seen.
    Turns(Vec<Patch>),
    /// By markers that all must show its number; the last places hold for all further numbers.
    Markers(Vec<Vec<(usize, usize)>>),
    /// Each by the whole screen's samples.
    Pictures(Vec<Canvas>),
}

/// Who draws.
pub(crate) trait Act: Send {
    /// Makes ready what needs time, before the change is due.
    fn prepare(&mut self, _source: &mut Source, _number: usize) -> Result<()> {
        Ok(())
    }

    /// Draws the change of this number; gives the moment.
    fn show(&mut self, source: &mut Source, number: usize) -> Result<u64>;
}

/// When changes come.
#[derive(Clone, Debug)]
pub(crate) enum Cue {
    /// At these nanoseconds from the start.
    Times(Vec<u64>),
    /// After each click, of which there are so many, the pointer being at this place.
    Clicks(usize, (usize, usize)),
}

impl Cue {
    /// How many changes there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Times(times) => times.len(),
            Self::Clicks(count, _) => *count,
        }
    }
}

/// A scene that can be played at once.
pub(crate) struct Scene {
    /// What the screen shows first.
    pub(crate) first: Canvas,
    /// When changes come.
    pub(crate) cue: Cue,
    /// Who draws them.
    pub(crate) act: Box<dyn Act>,
    /// How they are recognised.
    pub(crate) sight: Sight,
    /// How long nothing happens after the last change.
    pub(crate) rest: u64,
}

/// Makes the scene of this name; what moves in it changes so often a second.
pub(crate) fn make(name: &str, source: &mut Source, hand: &Hand, rate: u64) -> Result<Scene> {
    match name {
        "typing" => typing::make(source, hand),
        "click" => click::make(source, hand),
        "scroll" => scroll::make(source, hand, rate),
        "drag" => drag::make(source, hand, rate),
        "video" => video::make(source, hand, rate),
        "slides" => slides::make(source, 1),
        // Every picture was shown when the second round begins.
        "again" => slides::make(source, 2),
        "menu" => menu::make(source, hand),
        "idle" => Ok(idle::make(source, hand)),
        _ => bail!("there is no scene {name}; there are: {}", NAMES.join(", ")),
    }
}

/// So many moments, evenly spaced.
fn beat(count: usize, pace: u64) -> Cue {
    Cue::Times((0..count as u64).map(|number| number * pace).collect())
}

/// A second in nanoseconds.
const SECOND: u64 = 1_000_000_000;
